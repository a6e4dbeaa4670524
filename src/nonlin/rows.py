"""Functions of whole rows: softmax, its logarithm, and cross-entropy on logits.

They are computed in float64 whatever the dtype, with the row's maximum taken off first, so adding a
constant to all scores changes nothing and large scores do not overflow. Scores are what an activation
takes, and results have their dtype: whole numbers become float64. Special rows:

* one with NaN gives NaN throughout;
* one whose maximum is +inf shares probability 1 among its +inf entries (the limit of equal large
  scores), and the others get 0;
* -inf beside a larger score gets probability 0; a row of -inf alone has no distribution and gives NaN;
* an array without rows gives an empty array, but a row needs at least one score.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nonlin.arrays import as_floats, real_number
from nonlin.errors import DtypeError, ParameterError
from nonlin.interchange import takes

__all__ = ["cross_entropy", "log_softmax", "softmax"]

Array = NDArray[Any]


def _doubles(x: ArrayLike, axis: int) -> tuple[Array, np.dtype[Any], int]:
    array = as_floats(x)
    if array.ndim == 0:
        raise ValueError("scores need at least one dimension")
    try:
        axis = operator.index(axis)
    except TypeError:
        raise TypeError(f"axis is one whole number, not {axis!r:.40}") from None
    if not -array.ndim <= axis < array.ndim:
        raise ValueError(f"axis {axis} does not exist: the scores have {array.ndim} dimensions")
    if array.shape[axis] == 0:
        raise ValueError("a row needs at least one score")
    return array.astype(np.float64), array.dtype.newbyteorder("="), axis


def _rounded(values: Array, dtype: np.dtype[Any]) -> Array:
    with np.errstate(all="ignore"):  # a logarithm below float16's range is -inf, and no accident
        return values.astype(dtype, copy=False)


def _shifted(z: Array, axis: int, temperature: float) -> Array:
    """(z - max) / temperature, with +inf rows as shares of their infinite entries."""
    top = np.max(z, axis=axis, keepdims=True)
    shifted = np.asarray((z - top) / temperature)
    if temperature > 1:  # the difference may overflow where the quotient does not
        lost = np.isneginf(shifted) & np.isfinite(z)
        if lost.any():
            half = 2 * ((z / 2 - top / 2) / temperature)
            shifted = np.where(lost, half, shifted)
    full = np.isposinf(top)
    if full.any():
        shifted = np.where(full, np.where(np.isposinf(z), 0.0, -np.inf), shifted)
    return shifted


def _temperature(value: float) -> float:
    value = real_number(value, "temperature")
    if value <= 0:
        raise ParameterError(f"temperature must be positive, not {value}")
    return value


@takes("logits")
def softmax(logits: ArrayLike, *, axis: int = -1, temperature: float = 1.0) -> Array:
    """exp(z_i / T) / sum_j exp(z_j / T) along an axis; same shape and dtype as ``logits``.

    J. S. Bridle, *Probabilistic interpretation of feedforward classification network outputs*
    (1990).

    Raises
    ------
    DtypeError
        The scores are complex, text or objects.
    ParameterError
        The temperature is no positive finite number.
    ValueError
        There is no such axis, or no score along it.

    Examples
    --------
    >>> softmax([2.0, 1.0, 0.1]).round(2)
    array([0.66, 0.24, 0.1 ])
    >>> softmax([1000.0, 999.0]).round(3)
    array([0.731, 0.269])
    """
    z, dtype, axis = _doubles(logits, axis)
    temperature = _temperature(temperature)
    with np.errstate(all="ignore"):
        e = np.exp(_shifted(z, axis, temperature))
        e /= e.sum(axis=axis, keepdims=True)
    return _rounded(e, dtype)


def _log_softmax(z: Array, axis: int, temperature: float) -> Array:
    with np.errstate(all="ignore"):
        shifted = _shifted(z, axis, temperature)
        e = np.exp(shifted)
        # log(sum) = log1p(sum without one of the largest), which keeps what is below 2**-53.
        first = np.expand_dims(np.argmax(shifted, axis=axis), axis)
        np.put_along_axis(e, first, 0.0, axis=axis)
        return np.asarray(shifted - np.log1p(e.sum(axis=axis, keepdims=True)))


@takes("logits")
def log_softmax(logits: ArrayLike, *, axis: int = -1, temperature: float = 1.0) -> Array:
    """log(softmax(logits)), without its underflow; same shape and dtype as ``logits``.

    Raises what :func:`softmax` raises.

    Examples
    --------
    >>> log_softmax([0.0, 100.0])
    array([-1.00000000e+02, -3.72007598e-44])
    """
    z, dtype, axis = _doubles(logits, axis)
    return _rounded(_log_softmax(z, axis, _temperature(temperature)), dtype)


class _CrossEntropy:
    """Mean over rows of -log softmax(logits)[target].

    Parameters
    ----------
    logits
        Shape (..., classes).
    targets
        Whole numbers of shape (...), from 0 to classes - 1.

    Every row counts: no target means "leave this one out" (select the rows instead).

    Raises
    ------
    DtypeError
        The logits are complex, text or objects, or the targets are no whole numbers.
    ValueError
        A target out of range, or a shape that does not match; the message names the first. Or
        there are no rows, which have no mean.

    Examples
    --------
    >>> float(cross_entropy([[100.0, 0.0]], [0]))
    3.720075976020836e-44
    """

    @takes("self", "logits", "targets")
    def __call__(self, logits: ArrayLike, targets: ArrayLike) -> Any:
        return self._both(logits, targets)[0]

    @takes("self", "logits", "targets")
    def value_and_gradient(self, logits: ArrayLike, targets: ArrayLike) -> tuple[Any, Array]:
        """The loss, and its gradient to the logits: (softmax - onehot) / rows."""
        loss, log_p, t, dtype = self._both(logits, targets)
        with np.errstate(all="ignore"):
            p = np.exp(log_p)
            # p - 1 at the target is minus the sum of the others: no cancellation near p = 1.
            np.put_along_axis(p, t, 0.0, axis=-1)
            np.put_along_axis(p, t, 0.0 - p.sum(axis=-1, keepdims=True), axis=-1)
            p /= t.size
        return loss, _rounded(p, dtype)

    def __repr__(self) -> str:
        return "<nonlin.cross_entropy>"

    def __reduce__(self) -> str:
        return "cross_entropy"

    @staticmethod
    def _both(logits: ArrayLike, targets: ArrayLike) -> Any:
        z, dtype, _ = _doubles(logits, -1)
        t = np.asarray(targets)
        if t.shape != z.shape[:-1]:
            raise ValueError(f"targets have shape {t.shape}; these logits need {z.shape[:-1]}")
        if t.size == 0:
            raise ValueError("there are no rows")
        if t.dtype.kind not in "iu":
            raise DtypeError(f"targets are class numbers (whole numbers), not {t.dtype}")
        wrong = (t < 0) | (t >= z.shape[-1])
        if wrong.any():
            place = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise ValueError(
                f"target {int(t[place])} at {place} is out of range: classes are 0 to "
                f"{z.shape[-1] - 1}"
            )
        t = np.expand_dims(t.astype(np.intp), -1)
        log_p = _log_softmax(z, -1, 1.0)
        with np.errstate(all="ignore"):
            loss = 0.0 - np.take_along_axis(log_p, t, axis=-1).mean()  # so that none is -0.0
        return _rounded(np.asarray(loss), dtype)[()], log_p, t, dtype


cross_entropy = _CrossEntropy()
