"""How f runs: rising or falling, bending, breaking, and how steep; see :mod:`.claims`."""

from __future__ import annotations

import math
from typing import Any

from ..calculus import derivative
from ..expression import Expr, walk
from ..oracle import accurate
from .budget import charge
from .cells import Cell, Cut
from .claims import Claim, double, limit_text, tends, unknown
from .signs import BITS
from .study import Extreme, Study, differ
from .text import num, nums, region, shown

__all__ = ["convex", "jumps", "lipschitz", "max_slope", "monotone", "saturates", "smooth"]

_GRID = (-9.3, -6.1, -4.2, -3.3, -2.6, -2.1, -1.7, -1.3, -0.9, -0.6, -0.4, -0.17, -0.03, 0.04, 0.19,
         0.45, 0.7, 1.1, 1.5, 1.9, 2.3, 2.9, 3.7, 4.6, 6.4, 9.7)  # fmt: skip


def _rates(s: Study) -> list[tuple[float, Any]]:
    """f′ at points inside the cells, for counterexamples."""
    points = []
    for cell in s.defined:
        inner = [x for x in _GRID if cell.lo < x < cell.hi]
        for z in [*inner, cell.inside(0.31), cell.inside(0.77)]:
            points.append((z, cell))
    rates = []
    for z, cell in points[:120]:
        s.budget.check()
        assert cell.exprs[1] is not None
        rates.append((z, accurate(cell.exprs[1], z, None, 60)))
    return rates


def monotone(s: Study) -> Claim:
    rates = [(z, r) for z, r in _rates(s) if math.isfinite(r)]
    up = max(rates, key=lambda p: p[1], default=None)
    down = min(rates, key=lambda p: p[1], default=None)
    if up and down and up[1] > 0 > down[1]:
        first, second = sorted((up, down))
        words = ["rises" if r > 0 else "falls" for _, r in (first, second)]
        return (False, "no", f"f {words[0]} at z = {num(first[0])} (slope {num(first[1])}) and "
                f"{words[1]} at z = {num(second[0])} (slope {num(second[1])})", True)  # fmt: skip
    steps = _steps(s)
    if steps is None:
        return unknown("the limits at a jump or a hole could not be proved")
    rising = [c for c in s.defined if c.exprs[1] is not None and not c.exprs[1].is_zero]
    has_up = bool(up and up[1] > 0)
    has_down = bool(down and down[1] < 0)
    up_jump = next((p for p, j in steps if j > 0), None)
    down_jump = next((p for p, j in steps if j < 0), None)
    if (has_up or up_jump is not None) and (has_down or down_jump is not None):
        a = f"rises at z = {num(up[0])}" if has_up and up else f"jumps up at z = {num(up_jump)}"
        if has_down and down:
            b = f"falls at z = {num(down[0])}"
        else:
            b = f"jumps down at z = {num(down_jump)}"
        return False, "no", f"f {a} and {b}", True
    sign = 1 if has_up or up_jump is not None else -1 if has_down or down_jump is not None else 0
    if sign == 0 and not rising:
        return True, "constant", "f′ = 0 everywhere and f never jumps", True
    for cell in rising:
        found = s.signs(cell, 1)
        if not found.all(sign):
            wrong = next((p for p in found.segments if p.sign == -sign), None)
            if wrong is not None:
                where_ = f"{num(wrong.lo)} < z < {num(wrong.hi)}"
                relation = "<" if sign > 0 else ">"
                return False, "no", f"f′ {relation} 0 for {where_}, unlike elsewhere", True
            return unknown("the sign of f′ could not be proved everywhere")
    flat = [c for c in s.defined if c not in rising]
    word = "increasing" if sign > 0 else "decreasing"
    relation = "≥" if sign > 0 else "≤"
    if flat:
        where_ = shown([region(c.lo, c.hi) for c in flat])
        witness = f"f′ {relation} 0 wherever it exists; f is constant for {where_}"
        return True, f"{word}, not strictly", witness, True
    witness = f"f′ {relation} 0 wherever it exists, and 0 on no interval"
    return True, f"{word}, strictly", witness, True


def _steps(s: Study) -> list[tuple[float, int]] | None:
    """What f does from cell to cell: ``(place, -1, 0 or 1)`` per half-step."""
    result: list[tuple[float, int]] = []
    last: Any = None
    for cell in s.cells:
        if cell.exprs[0] is None:
            values: list[Any] = []
        else:
            values = [s.end(cell, -1)]
        if cell.left is not None:
            at = s.value(cell.left)
            values = ([] if at is None else [at]) + values
        for v in values:
            if v is None or (isinstance(v, str) and cell.left is not None):
                return None
            if last is not None and cell.left is not None and differ(v, last):
                result.append((cell.left.at, 1 if v > last else -1))
            last = v
        if cell.exprs[0] is not None and cell.right is not None:
            last = s.end(cell, 1)
            if last is None or isinstance(last, str):
                return None
    return result


def convex(s: Study) -> Claim:
    there = [i for i, cell in enumerate(s.cells) if cell.exprs[0] is not None]
    if not there:
        return unknown("f has no value on any interval")
    first, last = there[0], there[-1]
    apart = any(c.exprs[0] is None for c in s.cells[first:last])
    if apart or any(cut.exprs[0] is None for cut in s.cuts[first:last]):
        return "neither", "neither", "f is not defined everywhere", True
    bends: list[tuple[float, Any]] = []
    for cell in s.defined:
        bend = cell.exprs[2]
        assert bend is not None
        for z in [x for x in _GRID if cell.lo < x < cell.hi] + [cell.inside(0.41)]:
            s.budget.check()
            value = accurate(bend, z, None, 60)
            if math.isfinite(value):
                bends.append((z, value))
    kinks = []
    for cut, cell, side in _edges(s):
        limit = s.end(cell, side)
        if limit is None:
            return unknown("a one-sided limit could not be proved")
        if differ(limit, s.value(cut)):
            return "neither", "neither", f"f jumps at z = {num(cut.at)}", True
    for a, cut, b in zip(s.cells, s.cuts, s.cells[1:], strict=False):
        if a.exprs[0] is None or b.exprs[0] is None:
            continue
        values = [s.end(a, 1), s.value(cut), s.end(b, -1)]
        if any(v is None for v in values):
            return unknown("a one-sided limit could not be proved")
        if differ(values[0], values[1]) or differ(values[1], values[2]):
            return "neither", "neither", f"f jumps at z = {num(cut.at)}", True
        slopes = [s.end(a, 1, 1), s.end(b, -1, 1)]
        if any(v is None or isinstance(v, str) for v in slopes):
            return unknown("a one-sided slope could not be proved")
        if differ(*slopes):
            kinks.append((cut.at, slopes[1] - slopes[0], slopes))
    low = min(bends, key=lambda p: p[1], default=None)
    high = max(bends, key=lambda p: p[1], default=None)
    bent_up = [p for p in (high,) if p and p[1] > 0]
    bent_down = [p for p in (low,) if p and p[1] < 0]
    kink_up = [k for k in kinks if k[1] > 0]
    kink_down = [k for k in kinks if k[1] < 0]
    if (bent_up or kink_up) and (bent_down or kink_down):

        def say(bent: list[tuple[float, Any]], kink: list[Any], sign: str) -> str:
            if bent:
                return f"f″({num(bent[0][0])}) = {num(bent[0][1])} {sign} 0"
            at, _, (left, right) = kink[0]
            return f"the slope goes from {num(left)} to {num(right)} at z = {num(at)}"

        witness = f"{say(bent_up, kink_up, '>')} but {say(bent_down, kink_down, '<')}"
        return "neither", "neither", witness, True
    sign = 1 if bent_up or kink_up else -1 if bent_down or kink_down else 0
    for cell in s.defined:
        found = s.signs(cell, 2)
        if found.complete and not found.all(sign):
            wrong = next(p for p in found.segments if p.sign not in (0, sign))
            other = "f″ has the other sign" if sign else "f″ is not 0"
            return ("neither", "neither",
                    f"{other} for {num(wrong.lo)} < z < {num(wrong.hi)}", True)  # fmt: skip
        if not found.complete:
            return unknown("the sign of f″ could not be proved everywhere")
    if sign == 0:
        return "affine", "affine", "f″ = 0 everywhere: convex and concave at once", True
    word, relation = ("convex", "≥") if sign > 0 else ("concave", "≤")
    witness = f"f″ {relation} 0 wherever it exists"
    if kinks:
        witness += f", and the slope {'rises' if sign > 0 else 'falls'} at every kink"
    return word, word, witness, True


_PRIMES = ("f", "f′", "f″", "f‴")


def _break(s: Study, a: Cell, cut: Cut, b: Cell) -> tuple[int, Any, Any] | str | None:
    """The lowest order at which the two sides of a cut differ, with both values."""
    left, right = a.exprs[0], b.exprs[0]
    assert left is not None and right is not None
    at = s.value(cut)
    values = [s.end(a, 1), s.end(b, -1)]
    if at is None:
        return None
    if any(v is None for v in values):
        return "unknown"
    if differ(*values) or differ(values[0], at):
        return 0, values[0], values[1]
    if left is right:
        x = accurate(left, cut.point, None, BITS)
        if math.isfinite(x) and s.end(a, 1, 1) == s.end(b, -1, 1) is not None:
            return None
    for order in range(1, 9):
        s.budget.check()
        if order <= 2:
            values = [s.end(a, 1, order), s.end(b, -1, order)]
        else:
            left, right = (derivative(charge(e)) for e in (left, right))
            values = [s._limit(left, cut, 1), s._limit(right, cut, -1)]
        if order == 2:
            assert a.exprs[2] is not None and b.exprs[2] is not None
            left, right = a.exprs[2], b.exprs[2]
        if any(v is None for v in values):
            return "unknown"
        infinite = not isinstance(values[0], str) and math.isinf(values[0])
        if differ(*values) or infinite or isinstance(values[0], str):
            return order, values[0], values[1]
    return "unknown"


def _edges(s: Study) -> list[tuple[Cut, Cell, int]]:
    """Where the domain ends with a place that belongs to it: that, the cell beside it, and which end of the cell it is."""
    result = []
    for a, cut, b in zip(s.cells, s.cuts, s.cells[1:], strict=False):
        if cut.exprs[0] is not None and (a.exprs[0] is None) != (b.exprs[0] is None):
            result.append((cut, b, -1) if a.exprs[0] is None else (cut, a, 1))
    return result


def _end_break(s: Study, cut: Cut, cell: Cell, side: int) -> tuple[int, Any, Any] | str | None:
    """As :func:`_break` at an edge: the lowest order of which there is no one-sided value, or another than the limit."""
    limit, expr = s.end(cell, side), cell.exprs[0]
    if limit is None or expr is None:
        return "unknown"
    if isinstance(limit, str) or differ(limit, s.value(cut)):
        return 0, limit, limit
    if not any(_branches(node) for node in walk(expr)):
        return None
    for order in range(1, 9):
        s.budget.check()
        if order > 2:
            expr = derivative(charge(expr))
            value = s._limit(expr, cut, side)
        else:
            expr = cell.exprs[order]
            if expr is None:
                return "unknown"
            value = s.end(cell, side, order)
        if value is None:
            return "unknown"
        if isinstance(value, str) or math.isinf(value):
            return order, value, value
    return "unknown"


def _branches(node: Expr) -> bool:
    """Whether it may have no derivatives where it still has a value, at the end of its domain."""
    return node.op == "sqrt" or (
        node.op == "pow" and not (node.args[1].is_number and node.args[1].fraction.denominator == 1)
    )


def smooth(s: Study) -> Claim:
    found: list[tuple[float, int]] = []
    notes: list[str] = []
    doubtful = False
    for cut, cell, side in _edges(s):
        end = _end_break(s, cut, cell, side)
        if isinstance(end, str):
            doubtful = True
        elif end is not None and end[0] == 0:
            found.append((cut.at, 0))
            alone = f"f({num(cut.at)}) = {num(s.value(cut))} stands alone"
            notes.append(f"{alone}, the limit there is {limit_text(end[1])}")
        elif end is not None:
            found.append((cut.at, end[0]))
            name = _PRIMES[end[0]] if end[0] < 4 else f"derivative {end[0]}"
            notes.append(f"{name} is unbounded at z = {num(cut.at)}")
    for a, cut, b in zip(s.cells, s.cuts, s.cells[1:], strict=False):
        if a.exprs[0] is None or b.exprs[0] is None:
            continue
        broken = _break(s, a, cut, b)
        if broken is None:
            continue
        if isinstance(broken, str):
            doubtful = True
            continue
        order, left, right = broken
        found.append((cut.at, order))
        name = _PRIMES[order] if order < 4 else f"derivative {order}"
        if differ(left, right):
            sides = f"from {limit_text(left)} to {limit_text(right)}"
            notes.append(f"{name} jumps {sides} at z = {num(cut.at)}")
        elif order == 0:
            alone = f"f({num(cut.at)}) = {num(s.value(cut))} stands alone"
            notes.append(f"{alone}, the limit there is {num(left)}")
        else:
            notes.append(f"{name} is unbounded at z = {num(cut.at)}")
    if not found:
        if doubtful:
            return unknown("the derivatives on both sides of a switch agree as far as compared")
        holes = any(c.exprs[0] is None for c in s.cells)
        holes = holes or any(c.exprs[0] is None for c in s.cuts)
        tail = "where f is defined" if holes else "everywhere"
        return (), "C∞", f"f has derivatives of every order {tail}", True
    least = min(order for _, order in found)
    at = shown(nums([x for x, order in found if order == least]))
    if least == 0:
        text = f"no: jumps at {at}"
    elif least == 1:
        text = f"no: kink at {at}"
    else:
        name = _PRIMES[least] if least < 4 else "a higher derivative"
        text = f"C{'¹²³⁴⁵⁶⁷⁸'[least - 2]}: {name} breaks at {at}"
    return tuple(found), text, shown(notes), not doubtful


def _steepest(s: Study, sign: int) -> Extreme | None:
    """The supremum of f′ (sign 1) or its infimum (-1) over all cells."""
    best: Extreme | None = None
    for cell in s.defined:
        one = s.extreme(cell, 1, sign)
        if one is None:
            return None
        if best is None:
            best = one
        elif differ(one.value, best.value):
            best = one if (one.value - best.value) * sign > 0 else best
        elif one.attained and not best.attained:
            best = one
    return best


def _where_steep(e: Extreme) -> str:
    if e.flat is not None:
        return f"for {region(*e.flat)}"
    return f"at z = {num(e.at)}" if e.attained else f"approached as z → {num(e.at)}"


def jumps(s: Study) -> list[float] | None:
    result = []
    for cut, cell, side in _edges(s):
        limit = s.end(cell, side)
        if limit is None or isinstance(limit, str):
            return None
        if differ(limit, s.value(cut)):
            result.append(cut.at)
    for a, cut, b in zip(s.cells, s.cuts, s.cells[1:], strict=False):
        if a.exprs[0] is None or b.exprs[0] is None:
            continue
        if cut.exprs[0] is None:  # a hole: f jumps across it, or runs away beside it
            sides = [s.end(a, 1), s.end(b, -1)]
            if any(isinstance(v, str) for v in sides):
                return None
            if None not in sides and all(map(math.isfinite, sides)) and differ(*sides):
                result.append(cut.at)
            continue
        values = [s.end(a, 1), s.value(cut), s.end(b, -1)]
        if any(v is None for v in values):
            return None
        if differ(values[0], values[1]) or differ(values[1], values[2]):
            result.append(cut.at)
    return result


def max_slope(s: Study) -> Claim:
    best = _steepest(s, 1)
    if best is None:
        return unknown("the largest f′ could not be proved")
    text = num(best.value)
    return double(best.value), text, f"largest f′ {text}, {_where_steep(best)}", True


def lipschitz(s: Study) -> Claim:
    places = jumps(s)
    if places:
        return math.inf, "∞", f"f jumps at z = {num(places[0])}", True
    both = [_steepest(s, 1), _steepest(s, -1)]
    known = [e for e in both if e is not None]
    for e in known:
        if math.isinf(e.value):
            return math.inf, "∞", f"|f′(z)| → ∞ as z → {num(e.at)}", True
    if len(known) < 2 or places is None:
        return unknown("the largest |f′| could not be proved")
    there = [i for i, cell in enumerate(s.cells) if cell.exprs[0] is not None]
    if there[-1] - there[0] >= len(there):
        return unknown("f is not defined on an interval, across which the slope says nothing")
    top, bottom = known
    falls = -bottom.value > abs(top.value) and differ(-bottom.value, abs(top.value))
    steeper = bottom if falls else top
    value = abs(steeper.value)
    return double(value), num(value), f"largest |f′| {num(value)}, {_where_steep(steeper)}", True


def saturates(s: Study) -> Claim:
    sides: list[str] = []
    notes: list[str] = []
    ends = ((s.cells[0], -1, "left", "−∞"), (s.cells[-1], 1, "right", "∞"))
    for cell, side, name, place in ends:
        if cell.exprs[0] is None:
            continue
        value, slope = s.end(cell, side), s.end(cell, side, 1)
        if isinstance(value, str) or (value is not None and math.isinf(value)):
            notes.append(tends(limit_text(value), place))
            continue
        if value is None or slope is None:
            return unknown(f"the limit at {place} could not be proved")
        if isinstance(slope, str) or slope != 0:
            notes.append(tends(limit_text(slope), place).replace("f(z)", "f′(z)"))
            continue
        sides.append(name)
        notes.append(f"f(z) → {num(value)} and f′(z) → 0 as z → {place}")
    witness = "; ".join(notes) or "f is not defined far out"
    flat = all(c.exprs[1] is not None and c.exprs[1].is_zero for c in s.defined)
    if flat and len(s.defined) > 1 and jumps(s):
        return "hard", "hard", "f′ = 0 wherever it exists: no slope at all to descend on", True
    if len(sides) == 2:
        return "both", "both sides", witness, True
    if sides:
        return sides[0], f"{sides[0]} side only", witness, True
    return "no", "no", witness, True
