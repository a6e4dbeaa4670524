"""One function per property: from a :class:`~nonlin.properties.study.Study` to a claim.

Each returns ``(value, text, witness, proved)``. ``None`` as the value means "unknown": neither
proved nor refuted in the time given. A counterexample, checked at high precision, is a
proof of "no".
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import mpmath

from ..expression import Expr, Z
from ..oracle import accurate
from ..rewrites import simplify
from .budget import OutOfTime, charge
from .cells import Cell
from .forms import compose
from .signs import Signs, signs
from .study import Extreme, Study, differ, period
from .text import Interval, interval_text, num, nums, region, shown

__all__ = ["CLAIMS", "Claim", "double", "image", "limit_text", "tends", "unknown"]

Claim = tuple[object, str, str, bool]


def unknown(why: str) -> Claim:
    return None, "unknown", why, False


def limit_text(value: Any) -> str:
    return "unknown" if value is None else "none" if isinstance(value, str) else num(value)


def _plain(value: Any) -> float | str | None:
    if isinstance(value, str):
        return "none" if value == "swings" else value
    return None if value is None else double(value)


def double(value: Any) -> float:
    """The nearest double; OverflowError for a number beyond the doubles, which would be another."""
    near = float(value)
    if (near == 0 and value != 0) or (math.isinf(near) and not mpmath.isinf(value)):
        raise OverflowError
    return near


def limits(s: Study) -> Claim:
    pair = []
    for cell, side in ((s.cells[0], -1), (s.cells[-1], 1)):
        pair.append("undefined" if cell.exprs[0] is None else s.end(cell, side))
    texts = [v if v == "undefined" else limit_text(v) for v in pair]
    witness = "; ".join(tends(t, p) for t, p in zip(texts, ("−∞", "∞"), strict=True))
    known = all(v is not None for v in pair)
    return tuple(_plain(v) for v in pair), f"{texts[0]}, {texts[1]}", witness, known


def tends(text: str, place: str) -> str:
    """One limit in words."""
    if text == "none":
        return f"f(z) oscillates as z → {place}, without a limit"
    if text in ("unknown", "undefined"):
        return f"the limit as z → {place} is {text}"
    return f"f(z) → {text} as z → {place}"


def domain(s: Study) -> Claim:
    holes = [(c.lo, c.hi) for c in s.cells if c.exprs[0] is None]
    points = [c.at for c in s.cuts if c.exprs[0] is None
              and not any(lo <= c.at <= hi for lo, hi in holes)]  # fmt: skip
    if not holes and not points:
        return ((-math.inf, math.inf),), "ℝ", "f(z) has a value for every z", True
    parts: list[tuple[float, float]] = []
    for cell in s.defined:
        joins = parts and cell.left is not None and cell.left.exprs[0] is not None
        if joins and parts[-1][1] == cell.lo:
            parts[-1] = (parts[-1][0], cell.hi)
        else:
            parts.append((cell.lo, cell.hi))
    missing = [region(*h) for h in holes] + [f"z = {num(p)}" for p in points]
    # A place of its own is in the text alone: the parts are intervals.
    alone = [c.at for a, c, b in zip(s.cells, s.cuts, s.cells[1:], strict=False)
             if c.exprs[0] is not None and a.exprs[0] is None and b.exprs[0] is None]  # fmt: skip
    texts = [(lo, _domain_text(s, (lo, hi))) for lo, hi in parts]
    texts += [(at, f"{{{num(at)}}}") for at in alone]
    text = " ∪ ".join(t for _, t in sorted(texts)) or "∅"
    return tuple(parts), text, f"f(z) has no value for {shown(missing)}", True


def _domain_text(s: Study, part: tuple[float, float]) -> str:
    lo, hi = (any(c.at == x and c.exprs[0] is not None for c in s.cuts) for x in part)
    return interval_text((*part, lo, hi))


def image(s: Study) -> tuple[list[Interval], list[Extreme]] | None:
    """All values that f takes, as intervals in order, with the extremes that bound them."""
    parts: list[tuple[Any, Any, bool, bool]] = []
    extremes: list[Extreme] = []
    for cell in s.defined:
        ends = [s.extreme(cell, 0, sign) for sign in (-1, 1)]
        if ends[0] is None or ends[1] is None:
            return None
        parts.append((ends[0].value, ends[1].value, ends[0].attained, ends[1].attained))
        extremes += [e for e in ends if e is not None]
    for cut in s.cuts:
        value = s.value(cut)
        if value is not None:
            parts.append((value, value, True, True))
            extremes.append(Extreme(value, True, cut.at))
    parts.sort(key=lambda p: (p[0], not p[2]))
    merged: list[list[Any]] = []
    for lo, hi, has_lo, has_hi in parts:
        if merged:
            last = merged[-1]
            touch = not differ(lo, last[1])
            if (touch and (has_lo or last[3])) or (lo < last[1] and not touch):
                if not differ(lo, last[0]):
                    last[2] = last[2] or has_lo
                if not differ(hi, last[1]):
                    last[3] = last[3] or has_hi
                elif hi > last[1]:
                    last[1], last[3] = hi, has_hi
                continue
        merged.append([lo, hi, has_lo, has_hi])
    return [(double(a), double(b), c, d) for a, b, c, d in merged], extremes


def range_(s: Study) -> Claim:
    found = image(s)
    if found is None:
        return unknown("the extremes of f could not be proved")
    intervals, extremes = found
    if not intervals:
        return unknown("f has no value anywhere")
    points = [i[0] for i in intervals if i[0] == i[1]]
    if len(points) == len(intervals):
        texts = nums(points)
        noun = "value" if len(points) == 1 else "values"
        only = f"f takes the {noun} {shown(texts)} only"
        text = "{" + ", ".join(texts) + "}"
        return tuple(intervals), text, only, True
    text = " ∪ ".join(interval_text(i) for i in intervals)
    notes = []
    for sign, word, bound in ((-1, "minimum", intervals[0][0]), (1, "maximum", intervals[-1][1])):
        near = [e for e in extremes if e.value == bound or float(e.value) == bound]
        best = next((e for e in near if e.attained), near[0])
        name = word if best.attained else ("infimum" if sign < 0 else "supremum")
        if math.isinf(bound):
            notes.append(f"no {word}: f(z) → {num(bound)} as z → {num(best.at)}")
        elif not best.attained:
            notes.append(f"{name} {num(bound)}, approached as z → {num(best.at)} but not taken")
        elif best.flat is not None:
            notes.append(f"{word} {num(bound)} for {region(*best.flat)}")
        else:
            notes.append(f"{word} {num(bound)} at z = {num(best.at)}")
    return tuple(intervals), text, "; ".join(notes), True


def symmetry(s: Study) -> Claim:
    even = odd = True
    seen = ""
    for z in (0.37, 1.21, 2.6, 5.3, 0.83):
        s.budget.check()
        a, b = (accurate(s.f, x, None, 100) for x in (z, -z))
        if not (mpmath.isfinite(a) and mpmath.isfinite(b)):
            if mpmath.isfinite(a) != mpmath.isfinite(b):
                return "none", "none", f"only one of f(±{num(z)}) is defined", True
            continue
        gap = max(abs(a), abs(b)) * mpmath.mpf(2) ** -80
        even, odd = even and abs(a - b) <= gap, odd and abs(a + b) <= gap
        if not even and not odd:
            seen = f"f({num(z)}) = {num(a)} but f({num(-z)}) = {num(b)}"
            return "none", "none", seen, True
    at_zero = accurate(s.f, 0.0, None, 100)
    if odd and mpmath.isfinite(at_zero) and at_zero != 0 and not _hole(s, 0.0):
        odd = False
        seen = f"f(0) = {num(at_zero)} is not 0"
    for word, holds, sign in (("odd", odd, 1), ("even", even, -1)):
        if holds and _mirrored(s, sign):
            formula = "f(−z) = −f(z)" if sign > 0 else "f(−z) = f(z)"
            return word, word, f"{formula} identically", True
    if not odd and not even:
        return "none", "none", seen, True
    return unknown("symmetric at all points tried, but the formula does not show it")


def _mirrored(s: Study, sign: int) -> bool:
    n = len(s.cuts)
    for i in range((n + 1) // 2):
        a, b = s.cuts[i], s.cuts[n - 1 - i]
        if differ(a.value, -b.value):
            return False
        values = [s.value(a), s.value(b)]
        if (values[0] is None) != (values[1] is None):
            return False
        if values[1] is not None and differ(values[0], -sign * values[1]):
            return False
    cells_ = s.cells
    for i in range((len(cells_) + 1) // 2):
        left, right = cells_[i].exprs[0], cells_[len(cells_) - 1 - i].exprs[0]
        if left is None or right is None:
            if left is not right:
                return False
            continue
        reflected = compose(left, -Z)
        total = simplify(charge(reflected + right if sign > 0 else reflected - right))
        if not (total.is_zero or simplify(reflected) is simplify(-right if sign > 0 else right)):
            return False
    return True


def fixed_points(s: Study) -> Claim:
    found: list[tuple[float, float]] = []  # points and whole intervals
    notes: list[str] = []
    missing: set[float] = set()  # cuts that are not fixed themselves
    complete = True
    for cell in s.cells:
        expr = cell.exprs[0]
        if expr is not None:
            gap = simplify(charge(expr - Z))
            again = _recurring(gap, cell, s)
            if again is not None:
                return again
            try:
                signs_ = signs(gap, cell.lo, cell.hi, s.budget.part(0.4), strict=True)
            except OutOfTime:
                signs_ = Signs(gaps=[(cell.lo, cell.hi)])
            if signs_.identically_zero:
                if cell.lo in missing:
                    found.append((cell.lo, cell.hi))
                else:
                    _join(found, cell.lo, cell.hi)
            else:
                complete = complete and signs_.complete
                for root in signs_.roots:
                    if cell.lo < root.at < cell.hi:
                        found.append((root.at, root.at))
                        slope = accurate(cell.exprs[1], root.value, None, 60)  # type: ignore[arg-type]
                        notes.append(f"{num(root.at)} ({_stability(slope)})")
        cut = cell.right
        if cut is not None:
            value = s.value(cut)
            if value is not None and not differ(value, cut.value):
                fresh = not (found and found[-1][1] >= cut.at)
                _join(found, cut.at, cut.at)
                if fresh:
                    notes.append(num(cut.at))
            else:
                missing.add(cut.at)
    spans = [f for f in found if f[0] < f[1]]
    if spans:
        text = shown([_span(f, missing) for f in found])
    elif found:
        text = shown(nums([f[0] for f in found]))
    else:
        text = "none"
    if not complete:
        if not found:
            return unknown("f(z) = z could not be solved everywhere")
        return None, f"{text}, perhaps more", f"f(z) = z at {text}; not searched everywhere", False
    if spans:
        witness = f"f(z) = z for {text}"
    elif found:
        witness = f"f(z) = z at z = {shown(notes)}"
    else:
        witness = "f(z) − z never is 0"
    return tuple(found), text, witness, True


def _recurring(gap: Expr, cell: Cell, s: Study) -> Claim | None:
    """The claim where f(z) − z is periodic and comes back to 0 for ever."""
    length = period(gap)
    if length is None or (cell.left is not None and cell.right is not None):
        return None
    start = cell.hi - length if cell.left is None and cell.right is not None else cell.lo
    start = 0.0 if math.isinf(start) else start
    try:
        found = signs(
            gap, start - 0.01 * length, start + 1.01 * length, s.budget.part(0.4), strict=True
        )
    except OutOfTime:
        return None
    at = next((r.at for r in found.roots if cell.lo < r.at < cell.hi), None)
    if at is None:
        return None
    witness = f"f(z) = z at z = {num(at)}, and f(z) − z repeats itself every {num(length)}"
    return None, "infinitely many", witness, True


def _stability(slope: Any) -> str:
    size = abs(slope)
    word = "attracts" if size < 1 else "repels" if size > 1 else "neutral"
    return f"f′ = {num(slope)}, {word}"


def _join(found: list[tuple[float, float]], lo: float, hi: float) -> None:
    if found and found[-1][1] >= lo:
        found[-1] = (found[-1][0], max(hi, found[-1][1]))
    else:
        found.append((lo, hi))


def _span(f: tuple[float, float], missing: Collection[float]) -> str:
    lo, hi = f
    left, right = ("<" if end in missing else "≤" for end in f)
    if lo == hi:
        return f"z = {num(lo)}"
    if math.isinf(lo) and math.isinf(hi):
        return "every z"
    if math.isinf(hi):
        return f"every z {'>' if left == '<' else '≥'} {num(lo)}"
    return (
        f"every z {right} {num(hi)}" if math.isinf(lo) else f"{num(lo)} {left} z {right} {num(hi)}"
    )


def dead_region(s: Study) -> Claim:
    found: list[tuple[float, float]] = []
    level: Any = None  # the value just left of this cell, where f is flat there
    for cell in s.cells:
        if cell.exprs[0] is None or cell.exprs[1] is None or not cell.exprs[1].is_zero:
            level = None
            continue
        value = s.end(cell, -1)
        goes_on = level is not None and cell.left is not None and value is not None
        if goes_on and not differ(value, level) and not differ(s.value(cell.left), level):  # type: ignore[arg-type]
            found[-1] = (found[-1][0], cell.hi)
        else:
            found.append((cell.lo, cell.hi))
        level = s.end(cell, 1)
    if not found:
        return (), "none", "f′ is 0 on no interval", True
    text = shown([region(*f) for f in found])
    return tuple(found), text, f"f′ = 0 exactly for {text}", True


def f0(s: Study) -> Claim:
    value = accurate(s.f, 0.0, None, 100)
    slope = accurate(s.slope, 0.0, None, 100)
    if _hole(s, 0.0) or not mpmath.isfinite(value):
        return None, "undefined", "f has no value at 0", True
    rate = f"f′(0) = {num(slope)}" if mpmath.isfinite(slope) else "and f′(0) does not exist"
    pair = (float(value), float(slope) if mpmath.isfinite(slope) else None)
    return pair, num(value), f"f(0) = {num(value)}, {rate}", True


def _hole(s: Study, z: float) -> bool:
    """Whether f has no value at z, although the limits of arithmetic (1/∞ = 0) may give one."""
    inside = any(c.exprs[0] is None and c.lo < z < c.hi for c in s.cells)
    return inside or any(cut.exprs[0] is None and cut.value == z for cut in s.cuts)


CLAIMS: Sequence[tuple[str, str]] = (
    ("domain", "Domain"),
    ("range", "Range"),
    ("limits", "Limits at −∞ and ∞"),
    ("symmetry", "Symmetry"),
    ("zero_centred", "Zero-centred"),
    ("saturates", "Saturates"),
    ("monotone", "Monotone"),
    ("convex", "Convex"),
    ("smooth", "Smooth"),
    ("lipschitz", "Lipschitz constant"),
    ("max_slope", "Largest slope"),
    ("fixed_points", "Fixed points"),
    ("dead_region", "Dead region"),
    ("f0", "Value at 0"),
)
