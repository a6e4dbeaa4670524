"""Functions of whole rows: softmax, its logarithm, and cross-entropy on logits.

They are compiled code (:mod:`nonlin.compiler.row_loops`) that takes a row's maximum off without
rounding, so large scores do not overflow, no share loses digits to another's size, and a constant added
to all scores changes nothing (in float32, nothing but the last digit). Errors stay below two units of
the last place in float32 and float64; float16 and bfloat16 are computed in float32 and rounded once. Results have the dtype of the scores:
whole numbers become float64. Sums are added in an order that depends on nothing but the row's length, so
results do not change with the number of threads. Special rows:

* one with NaN gives NaN throughout;
* one whose maximum is +inf shares probability 1 among its +inf entries (the limit of equal large
  scores), and the others get 0;
* -inf beside a larger score gets probability 0; a row of -inf alone has no distribution and gives NaN;
* an array without rows gives an empty array, but a row needs at least one score.

Rows that lie one after another in memory are read and written where they are; others (another axis, a
step, another byte order, float16) go through a buffer, some at a time.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nonlin.arrays import as_floats, check_out, real_number
from nonlin.errors import DtypeError, ParameterError
from nonlin.interchange import takes
from nonlin.row_calls import Short
from nonlin.rowwise import Job, Losses

__all__ = ["cross_entropy", "log_softmax", "softmax"]

Array = NDArray[Any]

_PADDING = 16  # what the code for losses may read beyond a row's weights
_INT64 = 1 << 63
_PLAIN = 2.0**100  # a sum below it is no infinity in float32
_SANE = 2.0**40  # weights beyond this, or below its inverse, are for float64


_softmax, _log_softmax, _loss, _gradient = map(
    Short, ("softmax", "log_softmax", "loss", "gradient")
)


def _scores(x: ArrayLike, axis: int) -> tuple[Array, int]:
    # Asking for a dtype's name, as as_floats does, takes longer than some rows.
    if isinstance(x, np.ndarray) and type(x) is np.ndarray and x.dtype.char in "fd":
        array = x
    else:
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
    return array, axis


def _temperature(value: float) -> float:
    if type(value) is not float or not value < np.inf:
        value = real_number(value, "temperature")
    if value <= 0:
        raise ParameterError(f"temperature must be positive, not {value}")
    return value


def _along(
    short: Short, logits: ArrayLike, axis: int, temperature: float, out: Array | None
) -> Array:  # fmt: skip
    if type(axis) is int and type(temperature) is float and (axis, temperature) == (-1, 1.0):
        found = short.along(logits, out)
        if found is not None:
            return found
    kind = short.kind
    z, axis = _scores(logits, axis)
    temperature = _temperature(temperature)
    if out is None:
        native = z.dtype.isnative
        result = np.empty_like(z) if native else np.empty_like(z, z.dtype.newbyteorder("="))
    else:
        check_out(out, z)
        result = np.asarray(out)
    if axis not in (-1, z.ndim - 1):
        Job(kind, temperature).run(np.moveaxis(z, axis, -1), np.moveaxis(result, axis, -1))
    else:
        Job(kind, temperature).run(z, result)
    return result if out is None else out


@takes("logits")
def softmax(
    logits: ArrayLike, *, axis: int = -1, temperature: float = 1.0, out: Array | None = None
) -> Array:
    """exp(z_i / T) / sum_j exp(z_j / T) along an axis; same shape and dtype as ``logits``.

    J. S. Bridle, *Probabilistic interpretation of feedforward classification network outputs*
    (1990).

    Parameters
    ----------
    logits
        Scores, with at least one dimension.
    axis
        Along which the results sum to 1.
    temperature
        What scores are divided by: large ones make the results more alike.
    out
        Where to write the result, of the same shape; it may be ``logits`` itself.

    Raises
    ------
    DtypeError
        The scores are complex, text or objects, or ``out`` cannot hold real numbers.
    ParameterError
        The temperature is no positive finite number.
    ValueError
        There is no such axis, or no score along it, or ``out`` has another shape or is read-only.

    Examples
    --------
    >>> softmax([2.0, 1.0, 0.1]).round(2)
    array([0.66, 0.24, 0.1 ])
    >>> softmax([1000.0, 999.0]).round(3)
    array([0.731, 0.269])
    """
    return _along(_softmax, logits, axis, temperature, out)


@takes("logits")
def log_softmax(
    logits: ArrayLike, *, axis: int = -1, temperature: float = 1.0, out: Array | None = None
) -> Array:
    """log(softmax(logits)), without its underflow; same shape and dtype as ``logits``.

    Parameters and errors are those of :func:`softmax`.

    Examples
    --------
    >>> log_softmax([0.0, 100.0])
    array([-1.00000000e+02, -3.72007598e-44])
    """
    return _along(_log_softmax, logits, axis, temperature, out)


class _CrossEntropy:
    """-log softmax(logits)[target] of each row, and their mean or sum.

    The parameters are those of ``torch.nn.functional.cross_entropy``, with the classes along the last
    axis.

    Parameters
    ----------
    logits
        Shape (..., classes).
    targets
        Whole numbers of shape (...), from 0 to classes - 1.
    weight
        One number for each class, which its rows count; shape (classes,). The mean is then over the sum
        of the weights.
    ignore_index
        Rows with this target have no loss and a gradient of 0, and do not count. It need not be a class.
    reduction
        ``"mean"``, ``"sum"``, or ``"none"``: one loss for each row.
    label_smoothing
        From 0 to 1: how much of the target is shared out among all classes, the true one among them.
        C. Szegedy et al., *Rethinking the Inception architecture for computer vision* (2016).

    Returns
    -------
    scalar or ndarray
        In the dtype of the logits. A mean over no rows that count is NaN.

    Raises
    ------
    DtypeError
        The logits or weights are complex, text or objects, or the targets are no whole numbers.
    ParameterError
        A smoothing that is not from 0 to 1, or an ``ignore_index`` that is no whole number.
    ValueError
        A target out of range, a shape that does not match (the message names the first), or another
        reduction. Or there are no rows at all, which have no mean.

    Examples
    --------
    >>> float(cross_entropy([[100.0, 0.0]], [0]))
    3.720075976020836e-44
    >>> cross_entropy([[2.0, 0.0], [0.0, 0.0], [1.0, 3.0]], [0, -100, 1], reduction="none")
    array([0.12692801, 0.        , 0.12692801])
    """

    @takes("self", "logits", "targets")
    def __call__(
        self, logits: ArrayLike, targets: ArrayLike, *, weight: ArrayLike | None = None,
        ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0,
    ) -> Any:  # fmt: skip
        if _is_plain(weight, ignore_index, reduction, label_smoothing):
            losses = _loss.of_targets(logits, targets)
            mean = None if losses is None else _mean(losses, logits)
            if mean is not None:
                return mean
        z, dtype, given, count = _losses(
            logits, targets, weight, ignore_index, reduction, label_smoothing
        )
        Job("loss", losses=given, double=_is_wild(given)).run(z, None)
        return _reduced(given.losses, reduction, count, z.shape[:-1], dtype)

    @takes("self", "logits", "targets")
    def value_and_gradient(
        self, logits: ArrayLike, targets: ArrayLike, *, weight: ArrayLike | None = None,
        ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0,
    ) -> tuple[Any, Array]:  # fmt: skip
        """The loss, and its gradient to the logits: (softmax - onehot) / rows for a plain mean.

        With ``reduction="none"`` each row of the gradient is that of its own loss. What is 1 - p at the
        true class is the sum of the others, so nothing cancels where p is near 1.

        Examples
        --------
        >>> loss, gradient = cross_entropy.value_and_gradient([[0.0, 60.0]], [1])
        >>> gradient
        array([[ 8.75651076e-27, -8.75651076e-27]])
        """
        if _is_plain(weight, ignore_index, reduction, label_smoothing):
            found = _gradient.of_targets(logits, targets)
            mean = None if found is None else _mean(found[0], logits)
            if mean is not None:
                return mean, found[1]
        z, dtype, given, count = _losses(
            logits, targets, weight, ignore_index, reduction, label_smoothing
        )
        gradient = np.empty_like(z, dtype=dtype)
        Job("gradient", losses=given, double=_is_wild(given)).run(z, gradient)
        return _reduced(given.losses, reduction, count, z.shape[:-1], dtype), gradient

    def __repr__(self) -> str:
        return "<nonlin.cross_entropy>"

    def __reduce__(self) -> str:
        return "cross_entropy"


cross_entropy = _CrossEntropy()


def _is_plain(weight: object, ignore_index: object, reduction: object, smoothing: object) -> bool:
    """Whether nothing is said about rows but their scores and targets."""
    plain = type(ignore_index) is int and type(reduction) is str and type(smoothing) is float
    return plain and weight is None and (ignore_index, reduction, smoothing) == (-100, "mean", 0.0)


def _mean(losses: Array, logits: ArrayLike) -> Any:
    """The mean of some losses as a number of the logits' format; ``None`` where that takes care."""
    if losses[0] < 0:  # a target is no class, and the others are whatever was in memory
        return None
    total = float(np.add.reduce(losses))
    if not total < _PLAIN:
        return None
    assert isinstance(logits, np.ndarray)
    return logits.dtype.type(total / losses.size)


def _losses(
    logits: ArrayLike, targets: ArrayLike, weight: ArrayLike | None, ignore_index: int,
    reduction: str, label_smoothing: float,
) -> tuple[Array, np.dtype[Any], Losses, float]:  # fmt: skip
    """The scores, the dtype of results, what the compiled code is given, and what a mean divides by."""
    z, _ = _scores(logits, -1)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction is "mean", "sum" or "none", not {reduction!r:.40}')
    classes = z.shape[-1]
    ignored = _whole(ignore_index)
    t, every = _targets(targets, z.shape, ignored)
    if t.size == 0 and reduction == "mean":
        raise ValueError("there are no rows")
    weights = _weights(weight, classes)
    smoothing = label_smoothing
    if type(smoothing) is not float:
        smoothing = real_number(label_smoothing, "label_smoothing")
    if not 0 <= smoothing <= 1:
        raise ParameterError(f"label_smoothing is from 0 to 1, not {smoothing}")
    smooth = None
    if smoothing:
        smooth = np.zeros(classes + _PADDING)
        smooth[:classes] = smoothing / classes
        if weights is not None:
            smooth *= weights
    if every and weights is None:
        count = float(t.size)
    elif weights is None:
        count = float(np.count_nonzero(t != ignored))
    else:
        count = float(weights[t[t != ignored]].sum())
    count = count or math.nan  # a mean over what counts nothing is none
    scale = 1.0 / count if reduction == "mean" else 1.0
    total = 0.0 if smooth is None else float(smooth.sum())
    options = np.array([1.0, 1.0 - smoothing, scale, total, 0.0, 0.0])
    options.view(np.int64)[4] = ignored
    given = Losses(t, np.empty(t.size), weights, smooth, options)
    return z, z.dtype.newbyteorder("="), given, count


def _targets(targets: ArrayLike, shape: tuple[int, ...], ignored: int) -> tuple[Array, bool]:
    """Class numbers as int64, one after another, and whether it is clear that none is ignored."""
    t = np.asarray(targets)
    if t.shape != shape[:-1]:
        raise ValueError(f"targets have shape {t.shape}; these logits need {shape[:-1]}")
    if t.size and t.dtype.kind not in "iu":
        raise DtypeError(f"targets are class numbers (whole numbers), not {t.dtype}")
    every = not 0 <= ignored < shape[-1]
    if t.size and (t.min() < 0 or t.max() >= shape[-1]):
        every = False
        wrong = ((t < 0) | (t >= shape[-1])) & (t != ignored)
        if wrong.any():
            place = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise ValueError(
                f"target {int(t[place])} at {place} is out of range: classes are 0 to "
                f"{shape[-1] - 1}"
            )
    return np.ascontiguousarray(t, dtype=np.int64).reshape(-1), every


def _whole(ignore_index: int) -> int:
    try:
        number = operator.index(ignore_index)
    except TypeError:
        raise ParameterError(
            f"ignore_index is one whole number, not {ignore_index!r:.40}"
        ) from None
    if not -_INT64 <= number < _INT64:
        raise ParameterError(f"ignore_index {number} does not fit into 64 bits")
    return number


def _weights(weight: ArrayLike | None, classes: int) -> Array | None:
    """Class weights as float64, longer than a row."""
    if weight is None:
        return None
    given = as_floats(weight)
    if given.shape != (classes,):
        raise ValueError(f"weight has shape {given.shape}; these logits need ({classes},)")
    weights = np.zeros(classes + _PADDING)
    weights[:classes] = given
    if not np.isfinite(weights).all():
        place = int(np.flatnonzero(~np.isfinite(weights))[0])
        raise ValueError(f"weight {weights[place]} at {place} is not finite")
    return weights


def _is_wild(given: Losses) -> bool:
    """Whether the gradient's factors may be beyond what float32 can hold."""
    if given.weights is None:
        scale = abs(float(given.options[2]))
        return scale > 0 and not 1 / _SANE <= scale <= _SANE
    factors = np.abs(given.weights)
    factors = factors[factors > 0]
    return bool(factors.size and (factors.max() > _SANE or factors.min() < 1 / _SANE))


def _reduced(
    losses: Array, reduction: str, count: float, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Any:
    if reduction != "none" and dtype.char in "fd":
        total = float(losses.sum())
        if (
            abs(total) < _PLAIN and count >= 1
        ):  # the same as below, which takes some microseconds more
            one: Any = dtype.type
            return one(total / count if reduction == "mean" else total)
    with np.errstate(all="ignore"):  # rounding is what was asked for
        if reduction == "none":
            return losses.reshape(shape).astype(dtype)[()]
        total = losses.sum()
        if reduction == "mean":
            total = np.divide(total, count)
        return np.asarray(total).astype(dtype)[()]
