"""What an audit has counted, and how a block of results is counted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonlin.audit.units import rounded, unit

if TYPE_CHECKING:
    from nonlin.audit.compare import Comparison
    from nonlin.audit.judge import Verdict
    from nonlin.audit.polynomials import Piece

__all__ = ["Miss", "Tally", "count", "counted"]

Doubles = NDArray[np.float64]
_NOTHING = 1e-250  # what bounds of a 0 with a sign differ by


@dataclass(frozen=True, slots=True)
class Miss:
    """One result beside the right one."""

    z: float
    got: float
    right: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over some inputs; those of two disjoint sets of inputs add up.

    Attributes
    ----------
    inputs
        How many there were.
    error
        The largest error in units in the last place; infinite where a result is NaN and should not be,
        or the other way round, or wrongly infinite or finite.
    worst
        Where that was.
    misrounded
        How many results are not the correctly rounded one.
    signs
        How many zeros have the wrong sign; ``sign`` is one of them.
    settled
        How many inputs the exact arithmetic had to settle.
    """

    inputs: int = 0
    error: float = 0.0
    worst: Miss | None = None
    misrounded: int = 0
    signs: int = 0
    sign: Miss | None = None
    settled: int = 0

    def __add__(self, other: Tally) -> Tally:
        more = other if other.error > self.error else self
        return Tally(
            self.inputs + other.inputs, more.error, more.worst,
            self.misrounded + other.misrounded, self.signs + other.signs, self.sign or other.sign,
            self.settled + other.settled,
        )  # fmt: skip


def count(z: Doubles, got: Doubles, truth: Verdict, dtype: str) -> Tally:
    """Count a block of results: ``got`` beside the truth, all as doubles (exact for each format)."""
    right = truth.right
    with np.errstate(all="ignore"):
        if dtype == "float64":
            error = np.abs((got - right) / unit(right, dtype) - truth.rest)
        else:
            step = unit(truth.low, dtype)
            error = np.maximum(np.abs(got - truth.low), np.abs(got - truth.high)) / step
    same = got == right
    special = ~(np.isfinite(got) & np.isfinite(right))
    if special.any():
        both = np.isnan(got) & np.isnan(right)
        error[special] = np.where((same | both)[special], 0.0, math.inf)
        same |= both
    worst = int(np.argmax(error))
    largest = float(error[worst])
    if largest < _NOTHING:
        largest = 0.0
    signs = _wrong_signs(got, truth)
    first = int(signs[0]) if signs.size else 0

    def miss(i: int) -> Miss:
        return Miss(float(z[i]), float(got[i]), float(right[i]))

    return Tally(
        z.size, largest, miss(worst) if largest else None,
        int(z.size - np.count_nonzero(same)), int(signs.size),
        miss(first) if signs.size else None, truth.settled,
    )  # fmt: skip


def counted(piece: Piece, x: NDArray[Any], y: NDArray[Any], found: Comparison) -> Tally:
    """The tally of a block that a polynomial has judged, but for the doubts."""
    inputs = x.size - found.doubts.size
    if found.error < _NOTHING:
        return Tally(inputs, misrounded=found.misrounded)
    z, got = (v[found.worst : found.worst + 1].astype(np.float64) for v in (x, y))
    right = rounded(piece(z), "float32")
    return Tally(
        inputs, found.error, Miss(float(z[0]), float(got[0]), float(right[0])), found.misrounded
    )


def _wrong_signs(got: Doubles, truth: Verdict) -> NDArray[np.intp]:
    """Where a result rightly rounds to 0 but has not the sign of what was rounded.

    Where the truth is 0 itself, or its sign is not known, either zero will do.
    """
    zeros = np.flatnonzero((got == 0) & (truth.right == 0))
    if not zeros.size:
        return zeros
    low, high, minus = truth.low[zeros], truth.high[zeros], np.signbit(got[zeros])
    wrong = (minus & (low >= 0) & (high > 0)) | (~minus & (high <= 0) & (low < 0))
    return zeros[wrong]
