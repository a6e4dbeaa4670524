"""Samples and targets, checked before the engine sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nonlin.errors import NetworkError

__all__ = ["samples", "targets"]


def samples(x: ArrayLike, width: int, dtype: Any) -> NDArray[Any]:
    """x as a contiguous array of shape (samples, width), of finite numbers."""
    array = _numbers(x, "x")
    if array.ndim == 1 and (width != 1 or array.shape == (1,)):
        array = array[None]
    elif array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] != width:
        raise NetworkError(f"x has shape {np.shape(x)}; the network takes (samples, {width})")
    return _finite(array, "x", dtype)


def targets(y: ArrayLike, count: int, width: int, loss: str, dtype: Any) -> NDArray[Any]:
    """y as an array of shape (samples, width); class numbers become rows with one 1."""
    array = _numbers(y, "targets")
    if array.ndim == 0:
        array = array[None]
    if loss == "cross_entropy" and array.ndim == 1 and (width > 1 or len(array) == count):
        return _one_hot(array, count, width, dtype)
    if array.ndim == 1:
        array = array[:, None] if width == 1 else array[None]
    if array.shape != (count, width):
        wanted = f"({count}, {width})"
        if loss == "cross_entropy":
            wanted += f", or {count} class numbers"
        raise NetworkError(f"the targets have shape {np.shape(y)}; wanted is {wanted}")
    array = _finite(array, "targets", dtype)
    if loss != "squared_error" and ((array < 0) | (array > 1)).any():
        row = int(np.argwhere(((array < 0) | (array > 1)).any(axis=1))[0, 0])
        raise NetworkError(f"{loss} wants targets between 0 and 1; row {row} is {array[row]}")
    if loss == "cross_entropy":
        sums = array.sum(axis=1, dtype=np.float64)
        bad = np.flatnonzero(abs(sums - 1) > 1e-3)
        if len(bad):
            raise NetworkError(
                f"the probabilities of a row sum to 1; those of row {bad[0]} to {sums[bad[0]]:.4g}"
            )
        # The gradient is that of probabilities that sum to 1, so they have to, to the last bit.
        array = (array / sums[:, None]).astype(dtype)
    return array


def _numbers(values: ArrayLike, name: str) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise NetworkError(f"{name} is no array: {error}") from None
    if array.dtype.kind not in "biuf":
        raise NetworkError(f"{name} holds {array.dtype}; real numbers are wanted")
    if array.size == 0:
        raise NetworkError(f"{name} is empty (shape {array.shape})")
    return array


def _finite(given: NDArray[Any], name: str, dtype: Any) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        array = np.require(given, dtype, ["C_CONTIGUOUS", "ALIGNED"])
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        row, column = map(int, bad[0])
        value = given[row, column]
        why = f", which {array.dtype} cannot hold" if np.isfinite(value) else ""
        more = f"; {len(bad)} numbers are not finite" if len(bad) > 1 else ""
        raise NetworkError(f"{name}[{row}, {column}] is {value}{why}{more}")
    return array


def _one_hot(labels: NDArray[Any], count: int, width: int, dtype: Any) -> NDArray[Any]:
    if len(labels) != count:
        raise NetworkError(f"there are {count} samples and {len(labels)} class numbers")
    if labels.dtype.kind == "f" and (labels != np.floor(labels)).any():
        raise NetworkError("class numbers are whole; for probabilities give one row a sample")
    bad = np.flatnonzero((labels < 0) | (labels >= width))
    if len(bad):
        raise NetworkError(
            f"targets[{bad[0]}] is class {labels[bad[0]]}; the network has classes 0 to {width - 1}"
        )
    result = np.zeros((count, width), dtype)
    result[np.arange(count), labels.astype(np.int64)] = 1
    return result
