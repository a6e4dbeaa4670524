"""Several formulas with equals signs between them, as one MathML element."""

from __future__ import annotations

from collections.abc import Sequence

from nonlin.expression import Expr
from nonlin.notation import mathml

__all__ = ["chain"]


def chain(parts: Sequence[Expr]) -> str:
    """MathML of ``a = b = …``.

    >>> from nonlin.expression import Z
    >>> chain([Z, Z + 0]).count("<mo>=</mo>")
    1
    """
    whole = [mathml(e) for e in parts]
    head, tail = whole[0][: whole[0].index(">") + 1], "</math>"
    bodies = [w.removeprefix(head).removesuffix(tail) for w in whole]
    joined = "<mo>=</mo>".join(f"<mrow>{b}</mrow>" for b in bodies)
    return whole[0] if len(whole) == 1 else f"{head}<mrow>{joined}</mrow>{tail}"
