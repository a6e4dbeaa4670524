"""Initial weights, by their standard names.

Sources: X. Glorot and Y. Bengio, *Understanding the difficulty of training deep feedforward neural
networks* (AISTATS 2010); K. He et al., *Delving deep into rectifiers* (ICCV 2015); Y. LeCun et al.,
*Efficient BackProp* (1998); A. Saxe et al., *Exact solutions to the nonlinear dynamics of learning in
deep linear neural networks* (ICLR 2014). The plain names mean what they mean in Keras and PyTorch:
glorot is uniform, he and lecun are normal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonlin.errors import NetworkError

__all__ = ["INITIAL", "initial_weights"]

Draw = Callable[[int, float], NDArray[Any]]
"""``draw(count, scale)``: numbers from the engine's generator."""

_ALIASES = {
    "xavier": "xavier_uniform",
    "glorot": "xavier_uniform",
    "glorot_uniform": "xavier_uniform",
    "glorot_normal": "xavier_normal",
    "he": "kaiming_normal",
    "he_normal": "kaiming_normal",
    "he_uniform": "kaiming_uniform",
    "kaiming": "kaiming_normal",
    "lecun": "lecun_normal",
}
# Variance of a weight, from the numbers of units before and after.
_VARIANCE: dict[str, Callable[[int, int], float]] = {
    "xavier": lambda before, after: 2 / (before + after),
    "kaiming": lambda before, after: 2 / before,
    "lecun": lambda before, after: 1 / before,
    "normal": lambda before, after: 1.0,
}
INITIAL = (
    "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "lecun_uniform",
    "lecun_normal", "orthogonal", "normal", "zeros", *_ALIASES,
)  # fmt: skip


def initial_weights(name: str, before: int, after: int, uniform: Draw, normal: Draw) -> Any:
    """Weights of shape (after, before).

    ``uniform`` draws from [-scale, scale], ``normal`` with standard deviation ``scale``.

    Raises
    ------
    NetworkError
        There is no such initialisation.
    """
    known = _ALIASES.get(name, name)
    shape, count = (after, before), after * before
    if known == "zeros":
        return np.zeros(shape)
    if known == "orthogonal":
        return _orthogonal(normal(count, 1.0).reshape(shape).astype(np.float64))
    stem, _, kind = known.partition("_")
    if known not in INITIAL:
        raise NetworkError(f"there is no initialisation {name!r}: use one of {', '.join(INITIAL)}")
    deviation = math.sqrt(_VARIANCE[stem](before, after))
    if kind == "uniform":
        return uniform(count, deviation * math.sqrt(3)).reshape(shape)
    return normal(count, deviation).reshape(shape)


def _orthogonal(a: NDArray[np.float64]) -> NDArray[np.float64]:
    tall = a if a.shape[0] >= a.shape[1] else a.T
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))  # so that it is uniform over the orthogonal matrices
    return q if tall is a else np.ascontiguousarray(q.T)
