"""How strongly a function wants to be driven, so that a network of it is neither bland nor noise.

A layer's sums are standardised; before the function bends them a *shift* is added and they are multiplied
by a *gain*. What matters of the two is how much farther apart a layer puts points that were close, each
measured in standard deviations: its *stretch*. A straight line stretches by 1, and a stack of layers by
the product of theirs. Too little, and a picture is one soft slope, as a network of ReLUs paints it whose
kinks lie at 0; too much, and it is ripples finer than a pixel. So gain and shift are chosen for a stretch
of about two, among choices with moderate tails, whose few large outputs would else leave the rest of the
picture flat.

How points that are close come apart with depth is studied by B. Poole et al., *Exponential expressivity in
deep neural networks through transient chaos* (NeurIPS 2016).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from nonlin.activation import Activation

__all__ = ["balance", "detail", "stretch"]

_GAINS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0, 12.0)
_SHIFTS = (0.0, -0.25, 0.25, -0.5, 0.5, -0.75, 0.75, -1.0, 1.0)  # in standard deviations
# For what runs off faster than all of the catalogue: far out even a high power is nearly straight for a while.
_FINER = (1 / 64, 1 / 32, 1 / 16, 1 / 8, *_GAINS[:7])
_FARTHER = (0.0, *(sign * s for s in (0.5, 1.0, 2.0, 4.0, 8.0, 16.0) for sign in (-1, 1)))
_WILD = 10.0
_STRETCH = 1.75
_HEAVY, _TOO_HEAVY = 4.5, 8.0  # fourth moment of the standardised outputs: 3 for normal ones
_DETAILS = (3.0, 2.5, 2.0, 1.5)
_MOST = 3.5  # stretch of the first layer
_POINTS, _NEIGHBOURS = 96, 8
_APART = math.sqrt(2)  # deviation of all units' sums together, which are moved apart
_CLOSE = 0.98  # correlation of points that are close

Array = NDArray[np.float64]


def balance(f: Activation) -> tuple[float, float]:
    """The gain, and the shift that is added after it, for a function.

    Examples
    --------
    >>> import nonlin
    >>> balance(nonlin.tanh), balance(nonlin.relu)
    ((2.5, 0.0), (1.0, -0.5))
    """
    return _balance(f)


@lru_cache(maxsize=256)
def _balance(f: Activation) -> tuple[float, float]:
    found, tails = _cheapest(f, _GAINS, _SHIFTS)
    return found if tails <= _WILD else _cheapest(f, _FINER, _FARTHER)[0]


def _cheapest(
    f: Activation, gains: Sequence[float], shifts: Sequence[float]
) -> tuple[tuple[float, float], float]:
    """The best gain and shift of some, and how heavy the tails are with it."""
    best, heaviest, found = math.inf, math.inf, (1.0, 0.0)
    for shift in shifts:
        for gain in gains:
            stretched, tails = stretch(f, gain, shift * gain)
            if not math.isfinite(stretched) or stretched <= 0:
                continue
            price = (
                abs(math.log(stretched / _STRETCH))
                + 0.15 * max(0.0, math.log(tails / _HEAVY))
                + 0.6 * max(0.0, math.log(tails / _TOO_HEAVY))
                + 0.08 * abs(shift)
                + 0.01 * abs(math.log2(gain))
            )
            if price < best:
                best, heaviest, found = price, tails, (gain, shift * gain)
    return found, heaviest


@lru_cache(maxsize=256)
def detail(f: Activation) -> float:
    """By how much the first layer, which sees the plane itself, may be driven harder.

    >>> import nonlin
    >>> detail(nonlin.tanh), detail(nonlin.exponential)
    (2.5, 1.0)
    """
    gain, shift = balance(f)
    least, tails = stretch(f, gain, shift)
    for factor in _DETAILS:
        stretched, heavier = stretch(f, gain * factor, shift * factor)
        if 0.95 * least <= stretched <= max(_MOST, 1.05 * least) and heavier <= max(_HEAVY, tails):
            return factor
    return 1.0


def stretch(f: Activation, gain: float, shift: float) -> tuple[float, float]:
    """How much farther apart normal points come that were close, and the fourth moment of all units' outputs.

    Both are infinite where the function has no value, or only one.
    """
    points, close = _points()
    here, there = (np.asarray(f(x * gain + shift), np.float64) for x in (points, close))
    wide = np.asarray(f(points * (_APART * gain) + shift), np.float64)
    with np.errstate(all="ignore"):  # of functions without bounds; what comes of that is seen below
        deviation = float(here.std())
        apart = (
            float(np.mean((there - here) ** 2)) / deviation**2 if deviation >= 1e-6 else math.inf
        )
        fourth = float(np.mean(((wide - wide.mean()) / wide.std()) ** 4))
    if not (math.isfinite(apart) and math.isfinite(fourth) and fourth > 0):
        return math.inf, math.inf
    return apart / (2 * (1 - _CLOSE)), fourth


@lru_cache(maxsize=1)
def _points() -> tuple[Array, Array]:
    """Normal numbers, one a row, and for each some that are correlated with it."""
    points, own = _normal(_POINTS)[:, None], _normal(_NEIGHBOURS)[None, :]
    return points, _CLOSE * points + math.sqrt(1 - _CLOSE**2) * own


def _normal(count: int) -> Array:
    """Quantiles of the normal distribution, of deviation 1."""
    values = np.array([NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)])
    found: Array = values / values.std()
    return found
