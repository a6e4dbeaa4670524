"""How numbers, intervals and places are written in a claim."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import mpmath

__all__ = ["Interval", "interval_text", "num", "nums", "region", "shown"]

Interval = tuple[float, float, bool, bool]  # from, to, whether each end belongs to it


def num(x: Any, digits: int = 6) -> str:
    """Six significant digits with a true minus sign: ``−0.169971``, ``∞``, ``2.5e−9``."""
    value = float(x)
    if math.isinf(value) and mpmath.isinf(x):
        return "∞" if value > 0 else "−∞"
    if math.isinf(value) or (value == 0 and x != 0):  # beyond the doubles
        short = mpmath.nstr(mpmath.mpf(x), digits)
    else:
        short = f"{value + 0.0:.{digits}g}"
    return re.sub(r"e([+-])0*(\d)", lambda m: f"e{m[1].strip('+')}{m[2]}", short).replace("-", "−")


def nums(xs: Sequence[Any]) -> list[str]:
    """Each as :func:`num` writes it, with more digits where different ones would look the same.

    >>> nums([1, 2.5]), nums([3 - 1e-7, 3 + 1e-7])
    (['1', '2.5'], ['2.9999999', '3.0000001'])
    """
    different = len(set(xs))
    for digits in (6, 9, 12, 17):
        texts = [num(x, digits) for x in xs]
        if len(set(texts)) >= different:
            break
    return texts


def interval_text(interval: Interval) -> str:
    """``[0, ∞)``, ``{1}``, ``ℝ``."""
    lo, hi, has_lo, has_hi = interval
    if lo == hi:
        return f"{{{num(lo)}}}"
    if lo == -math.inf and hi == math.inf:
        return "ℝ"
    return f"{'[' if has_lo else '('}{', '.join(nums((lo, hi)))}{']' if has_hi else ')'}"


def region(lo: float, hi: float) -> str:
    """``z < 0``, ``z > 1``, ``0 < z < 1`` or ``every z``."""
    if math.isinf(lo) and math.isinf(hi):
        return "every z"
    if math.isinf(lo):
        return f"z < {num(hi)}"
    return f"z > {num(lo)}" if math.isinf(hi) else " < z < ".join(nums((lo, hi)))


def shown(items: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; long lists are cut."""
    if len(items) > 6:
        items = [*items[:5], f"{len(items) - 5} more"]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
