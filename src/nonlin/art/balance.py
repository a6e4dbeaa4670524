"""How strongly a function wants to be driven, so that a network of it is neither bland nor noise.

A layer's sums are standardised; before the function bends them they are multiplied by a *gain*, and a
*shift* is added. Too small a gain, and a smooth function is as good as straight; too large a one, and
what is left is a switch, or ripples finer than a pixel. What is looked for is a moderate bend: of the
output's variance over normally distributed sums, the straight line that fits best explains three
to four fifths. An even function, of whose variance it explains none, is moved off its axis of symmetry;
functions with heavy tails, whose few large outputs would leave the rest of the picture flat, are driven
gently.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from nonlin.activation import Activation

__all__ = ["balance", "detail"]

_GAINS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
_SHIFTS = (0.0, 1.0, -1.0)
_STRAIGHTEST, _LEAST_STRAIGHT = 0.83, 0.6  # share of the variance that a line explains
_HEAVY = 4.5  # fourth moment of the standardised outputs: 3 for normal ones
_POINTS = 256


def balance(f: Activation) -> tuple[float, float]:
    """The gain and the shift for a function.

    Examples
    --------
    >>> import nonlin
    >>> balance(nonlin.tanh), balance(nonlin.sigmoid), balance(nonlin.gaussian)
    ((3.0, 0.0), (6.0, 0.0), (0.75, 1.0))
    """
    return _balance(f)


@lru_cache(maxsize=256)
def _balance(f: Activation) -> tuple[float, float]:
    normal = _normal()
    best, found = math.inf, (1.0, 0.0)
    for shift in _SHIFTS:
        for gain in _GAINS:
            price = _price(f, normal, gain, shift)
            if price < best:
                best, found = price, (gain, shift)
    return found


@lru_cache(maxsize=256)
def detail(f: Activation) -> float:
    """By how much the first layer, which sees the plane itself, may be driven harder.

    >>> import nonlin
    >>> detail(nonlin.tanh), detail(nonlin.exponential)
    (2.5, 1.0)
    """
    gain, shift = balance(f)
    for factor in (2.5, 2.0, 1.5):
        y = np.asarray(f(_normal() * gain * factor + shift), dtype=np.float64)
        if np.isfinite(y).all() and float(np.mean(((y - y.mean()) / y.std()) ** 4)) <= _HEAVY:
            return factor
    return 1.0


def _normal() -> NDArray[np.float64]:
    return np.array([NormalDist().inv_cdf((i + 0.5) / _POINTS) for i in range(_POINTS)])


def _price(f: Activation, normal: NDArray[np.float64], gain: float, shift: float) -> float:
    """How far a choice is from what is looked for; infinite where the function has no value."""
    y = np.asarray(f(normal * gain + shift), dtype=np.float64)
    if not np.isfinite(y).all():
        return math.inf
    spread = float(y.std())
    if spread < 1e-6:
        return math.inf
    u = (y - y.mean()) / spread
    straight = float(np.mean(u * normal)) ** 2
    return (
        4 * max(0.0, straight - _STRAIGHTEST)
        + 4 * max(0.0, _LEAST_STRAIGHT - straight)
        + 0.25 * max(0.0, float(np.mean(u**4)) - _HEAVY)
        + 0.1 * abs(shift)
        + 0.02 * abs(math.log2(gain))
    )
