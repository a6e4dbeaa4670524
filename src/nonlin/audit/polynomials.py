"""The float32 line cut into pieces, on each a polynomial with a proved bound of its error.

A piece is a range of bit patterns, no wider than a binade. The coefficients are Taylor's at the middle of it,
and the bound is the sum of what is not known of them, of the remainder (the next coefficient over the whole
piece) and of the rounding of Horner's rule. A piece whose bound is too large is cut into four, down to
:data:`LEAST` numbers; what then has none, as around a kink, is left to the judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nonlin.audit.balls import Ball, expand
from nonlin.audit.intervals import Interval, enclose
from nonlin.audit.judge import AuditError
from nonlin.audit.units import rounded, unit

if TYPE_CHECKING:
    from nonlin.audit.judge import Judge

__all__ = ["DEGREE", "GUARD", "LEAST", "Piece", "check", "pieces"]

Doubles = NDArray[np.float64]
DEGREE = 9
LEAST = 1 << 14
"""Numbers in the smallest pieces."""
GUARD = 2.0**10
"""By how much a unit in the last place is larger than the bound where a comparison is worth its while."""
_FINE = 2.0**-14
"""A bound, in units in the last place, that is small enough for a piece."""
_FAR = 2.0**40
"""Further out functions have waves or do not change any more: there is no kink to be cut out."""
_SLOW = 1e-280
"""Numbers below the range of doubles take a processor a hundred times as long; so far from it none comes up."""
_TOGETHER = 1024
_SAMPLES = np.linspace(-1.0, 1.0, 9)
_MORE = 1 + 2.0**-40
_PLUS, _MINUS = 0, 0x80000000
_NO_ZERO = 0x7FFFFFFF  # a NaN, which needs no telling


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of bit patterns, and what is known of the function there.

    Attributes
    ----------
    start, stop
        The first pattern, and the one after the last.
    coefficients
        Of the polynomial in t = (z - centre) / step, the constant first; empty where ``constant`` holds, or
        where nothing is known.
    bound
        The function is no further than that from the polynomial as doubles compute it.
    zeros
        Bit patterns of the zeros that are a doubt where they are a result.
    constant
        The infinity that all results are, or NaN for a piece of these; otherwise ``None``.
    """

    start: int
    stop: int
    centre: float = 0.0
    step: float = 1.0
    coefficients: tuple[float, ...] = ()
    bound: float = 0.0
    zeros: tuple[int, int] = (_PLUS, _MINUS)
    constant: float | None = None

    @property
    def unknown(self) -> bool:
        """Whether the judge has to look at all of it."""
        return not self.coefficients and self.constant is None

    def __call__(self, z: Doubles) -> Doubles:
        """The polynomial's values."""
        t, value = (z - self.centre) / self.step, np.zeros_like(z)
        for c in reversed(self.coefficients):
            value = value * t + c
        return value


def pieces(judge: Judge) -> list[Piece]:
    """All of the line, zeros, infinities and NaN too, in the order of bit patterns."""
    found: list[Piece] = []
    waiting: list[tuple[int, int]] = []
    for sign in (0, 1 << 31):
        binades = [1, *range(1 << 23, 256 << 23, 1 << 23)]
        waiting += [(sign + a, sign + b) for a, b in zip(binades, binades[1:], strict=False)]
        infinity = sign + (255 << 23)
        found += [
            Piece(sign, sign + 1),
            Piece(infinity, infinity + 1),
            Piece(infinity + 1, sign + (1 << 31), constant=float("nan")),
        ]
    while waiting:
        now, waiting = waiting[:_TOGETHER], waiting[_TOGETHER:]
        for (start, stop), piece in zip(now, _attempt(judge, now), strict=True):
            if piece is not None:
                found.append(piece)
            else:
                quarter = max(-(-(stop - start) // 4), LEAST)
                waiting += [(a, min(a + quarter, stop)) for a in range(start, stop, quarter)]
    return list(_joined(sorted(found, key=lambda piece: piece.start)))


def _joined(found: list[Piece]) -> Iterator[Piece]:
    """Neighbours of which nothing is known are one piece."""
    last = found[0]
    for piece in found[1:]:
        if last.unknown and piece.unknown:
            last = Piece(last.start, piece.stop)
        else:
            yield last
            last = piece
    yield last


def _attempt(judge: Judge, ranges: list[tuple[int, int]]) -> Iterator[Piece | None]:
    """A piece for each range, or ``None`` where smaller ones may have better bounds."""
    starts, stops = np.array(ranges, dtype=np.uint32).T
    with np.errstate(all="ignore"):
        a, b = (bits.view(np.float32).astype(np.float64) for bits in (starts.copy(), stops - 1))
        low, high = np.minimum(a, b), np.maximum(a, b)
        flat = enclose(judge.program, Interval(low, high), judge.parameters)
        centre, reach = 0.5 * (low + high), 0.5 * (high - low)
        step = np.exp2(np.ceil(np.log2(np.maximum(reach, 2.0**-150))))
        right, other = (rounded(side, "float32") for side in flat)
        table, bound = _polynomials(judge, centre, reach, step)
        _flatten(table, bound, flat)
        fine = _fine(table, bound, stops - starts <= LEAST)
        signs = _signs(judge, flat, (low, centre, high))
        # No bound shrinks quicker with the piece than the last power of t, but for a wide enclosure's folly.
        smallest = (LEAST / (stops - starts)) ** (2.0 * DEGREE)
        # Results that are zeros, and no telling which: smaller pieces know.
        size = np.maximum(-flat.low, flat.high)
        fine &= ~((signs == 2) & (size < 2.0**-149) & (stops - starts > LEAST))
        hopeless = np.isfinite(bound) & (bound * smallest > np.abs(table).max(axis=0) + 2.0**-100)
        hopeless |= (stops - starts <= LEAST) | (
            (np.abs(centre) > _FAR) & ~(bound < np.abs(table).max(axis=0))
        )
    for i, (start, stop) in enumerate(ranges):
        if np.isinf(right[i]) and right[i] == other[i]:
            yield Piece(start, stop, constant=float(right[i]))
        elif fine[i]:
            yield Piece(
                start, stop, float(centre[i]), float(step[i]), tuple(table[:, i].tolist()),
                float(bound[i]), _doubtful(int(signs[i])),
            )  # fmt: skip
        else:
            yield Piece(start, stop) if hopeless[i] else None


def _polynomials(
    judge: Judge, centre: Doubles, reach: Doubles, step: Doubles
) -> tuple[Doubles, Doubles]:
    """Coefficients, shape (DEGREE + 1, pieces), and bounds; of the degree whose bound is the least."""
    both = Ball(np.concatenate([centre, centre]), np.concatenate([0 * reach, reach]))
    found = expand(judge.program, both, np.concatenate([step, step]), DEGREE + 1, judge.parameters)
    size = centre.size
    zero = np.zeros(size)
    points = [(c.m[:size], c.r[:size]) for c in found]
    points += [(zero, zero)] * (DEGREE + 2 - len(points))
    sizes = [np.abs(c.m[size:]) + c.r[size:] for c in found]
    sizes += [zero] * (DEGREE + 2 - len(sizes))
    best, table = np.full(size, np.inf), np.full((DEGREE + 1, size), np.nan)
    lost = zero
    for n in range(DEGREE + 1):
        lost = lost + points[n][1]
        rows = np.array([points[k][0] if k <= n else zero for k in range(DEGREE + 1)])
        bound = (lost + sizes[n + 1] + _rounding(rows)) * _MORE
        better = bound < best
        best = np.where(better, bound, best)
        table = np.where(better, rows, table)
    slow = (np.abs(table) < _SLOW) & (table != 0)
    best = best + np.where(slow, np.abs(table), 0.0).sum(axis=0) * _MORE
    best = np.where(best > 0, np.maximum(best, _SLOW), best)
    return np.where(slow, 0.0, table), best


def _rounding(table: Doubles) -> Doubles:
    """What Horner's rule may lose, with or without fused multiply-adds.

    A step of it loses nothing where its result has at most 53 bits: t is a multiple of 2**-24 of size 1.
    """
    lost, size = np.zeros(table.shape[1]), np.zeros(table.shape[1])
    last = np.full(table.shape[1], np.inf)  # a number of which the sum so far is a multiple
    for c in table[::-1]:
        size = size + np.abs(c)
        last = np.minimum(_last_bit(c), last * 2.0**-24)
        exact = (size <= 2.0**53 * last) & ((last > 2.0**-1000) | (size == 0))
        lost = lost + np.where(exact, 0.0, size * 2.0**-51)
    return lost


def _last_bit(x: Doubles) -> Doubles:
    """The largest power of two of which x is a multiple; infinite for 0."""
    fraction, exponent = np.frexp(x)
    whole = (fraction * 2.0**53).astype(np.int64)
    lowest = (whole & -whole).astype(np.float64)
    return np.where(x == 0, np.inf, np.ldexp(lowest, exponent - 53))


def _flatten(table: Doubles, bound: Doubles, flat: Interval) -> None:
    """Where the function hardly changes, a constant is better."""
    middle = 0.5 * flat.low + 0.5 * flat.high
    half = np.maximum(flat.high - middle, middle - flat.low) * _MORE
    half = np.where(np.abs(middle) < _SLOW, half + np.abs(middle), half)
    middle = np.where(np.abs(middle) < _SLOW, 0.0, middle)
    half = np.where(half > 0, np.maximum(half, _SLOW), half)
    better = half < bound
    table[:, better] = 0.0
    table[0, better] = middle[better]
    bound[better] = half[better]


def _fine(table: Doubles, bound: Doubles, last: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether bounds are small beside a unit in the last place nearly everywhere on a piece; at the last attempt,
    whether they are of use on half of it."""
    values = np.zeros((_SAMPLES.size, bound.size))
    for c in table[::-1]:
        values = values * _SAMPLES[:, None] + c
    steps = unit(np.maximum(np.abs(values) - bound, 0.0), "float32")
    good = np.count_nonzero(bound <= _FINE * steps, axis=0) >= _SAMPLES.size - 1
    some = np.count_nonzero(bound * GUARD <= steps, axis=0) > _SAMPLES.size // 2
    return np.asarray(np.isfinite(bound) & (good | (last & some)))


def _signs(judge: Judge, flat: Interval, places: tuple[Doubles, ...]) -> NDArray[np.int64]:
    """1 or -1 where the function has that sign on a piece, 0 where either zero will do, 2 where it is a doubt.

    Where terms cancel far below the range, the enclosure cannot tell the sign of any number, and to the judge
    either zero is right; so it is on the piece if that is so at its ends and its middle.
    """
    low, high = flat
    signs = np.where(low >= 0, 1, np.where(high <= 0, -1, 2))
    lost = (low < 0) & (high > 0) & (high - low < 1e-200)
    for z in places:
        near = enclose(judge.program, z, judge.parameters)
        lost &= (near.low < 0) & (near.high > 0)
    return np.where(lost | ((low == 0) & (high == 0)), 0, signs)


def _doubtful(sign: int) -> tuple[int, int]:
    """Zeros that cannot be told to be right."""
    return {
        0: (_NO_ZERO, _NO_ZERO), 1: (_MINUS, _MINUS), -1: (_PLUS, _PLUS), 2: (_PLUS, _MINUS),
    }[sign]  # fmt: skip


def check(judge: Judge, found: Sequence[Piece], count: int, seed: int = 0) -> None:
    """Hold polynomials against mpmath, each at a number of its piece.

    Raises
    ------
    AuditError
        The truth is further away than the bound.
    """
    import mpmath

    rng = np.random.default_rng(seed)
    curved = [piece for piece in found if any(piece.coefficients[1:])]
    flat = [piece for piece in found if piece.coefficients and not any(piece.coefficients[1:])]
    for i in range(count):
        among = flat if not curved or (flat and i % 4 == 3) else curved
        if not among:
            return
        piece = among[int(rng.integers(len(among)))]
        bits = rng.integers(piece.start, piece.stop, 1).astype(np.uint32)
        z = bits.view(np.float32).astype(np.float64)
        if float(z[0]) in judge.kinks:
            continue
        value, want = float(piece(z)[0]), judge.truth(float(z[0]))
        with mpmath.workprec(300):
            if not abs(want - value) <= piece.bound:
                raise AuditError(
                    f"the polynomial for {judge.f.name} ({judge.what}) is wrong at z = {float(z[0])!r}: "
                    f"it gives {value!r} within {piece.bound:.3g}, and the truth is {mpmath.nstr(want, 20)}"
                )
