"""Rounding to a format, and its units in the last place, on arrays of doubles.

Written with NumPy from the format's numbers alone, so that it shares nothing with the code under test.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonlin.compiler.formats import FORMATS

__all__ = ["DTYPES", "rounded", "rounded_sum", "unit"]

Doubles = NDArray[np.float64]


def _dtypes() -> dict[str, Any]:
    import ml_dtypes

    return {
        "float16": np.dtype(np.float16),
        "bfloat16": np.dtype(ml_dtypes.bfloat16),
        "float32": np.dtype(np.float32),
        "float64": np.dtype(np.float64),
    }


DTYPES = _dtypes()
"""NumPy's dtype for each format."""

_EXPONENT = np.int64(0x7FF << 52)


def unit(value: Doubles, name: str) -> Doubles:
    """The unit in the last place of the format at a value.

    >>> unit(np.array([1.0, 0.75, 1e-45]), "float32").tolist() == [2.0**-23, 2.0**-24, 2.0**-149]
    True
    """
    form = FORMATS[name]
    power = (value.view(np.int64) & _EXPONENT).view(np.float64)
    lowest = form.lowest - form.significand + 1
    if name == "float64":  # the units of small numbers cannot be got by a product
        exponent = np.maximum((power.view(np.int64) >> 52) - 1023, -1022) - 52
        return np.asarray(np.ldexp(1.0, exponent.astype(np.int32)))
    return np.asarray(np.maximum(power * 2.0 ** (1 - form.significand), 2.0**lowest))


def rounded(value: Doubles, name: str) -> Doubles:
    """The nearest number of the format, ties to even, beyond the largest infinity; as doubles.

    >>> rounded(np.array([2049.0, 65519.0, 65520.0]), "float16").tolist()
    [2048.0, 65504.0, inf]
    """
    form = FORMATS[name]
    if name == "float64":
        return value
    if name == "float32":
        with np.errstate(all="ignore"):
            return value.astype(np.float32).astype(np.float64)
    step = unit(value, name)
    with np.errstate(invalid="ignore"):
        near = np.copysign(np.rint(value / step) * step, value)
    near = np.where(np.abs(near) > form.largest, np.copysign(np.inf, value), near)
    return np.where(np.isfinite(value), near, value)


def rounded_sum(value: Doubles, rest: Doubles, name: str) -> Doubles:
    """The same of a double and a fraction of its last place, rounded once.

    The sum is first rounded to an odd last bit, which keeps on which side of a tie it lies (S. Boldo and
    G. Melquiond, *Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to
    odd*, IEEE Trans. Computers 57, 2008).
    """
    if name == "float64":
        return value
    bits = value.view(np.int64)
    toward = np.where((rest < 0) == (value < 0), 0, -1)  # whole steps cut towards 0
    odd = (bits + toward) | 1
    plain = (rest == 0) | (value == 0) | ~np.isfinite(value)
    return rounded(np.where(plain, bits, odd).view(np.float64), name)
