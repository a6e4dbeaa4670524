"""Which inputs are tried: every one of a format, or a sample in which every kind of number occurs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonlin.audit.units import DTYPES
from nonlin.compiler.formats import FORMATS

__all__ = ["TOTAL", "block", "sample"]

Array = NDArray[Any]
_UNSIGNED: dict[str, Any] = {
    "float16": np.uint16, "bfloat16": np.uint16, "float32": np.uint32, "float64": np.uint64,
}  # fmt: skip
TOTAL = {"float16": 1 << 16, "bfloat16": 1 << 16, "float32": 1 << 32}
"""How many bit patterns a format has, where they can all be tried."""


def block(dtype: str, start: int, stop: int) -> Array:
    """The numbers whose bit patterns are from ``start`` to before ``stop``; NaN among them.

    >>> block("float16", 0x3C00, 0x3C02)
    array([1.   , 1.001], dtype=float16)
    """
    return np.arange(start, stop, dtype=_UNSIGNED[dtype]).view(DTYPES[dtype])


def sample(dtype: str, size: int, kinks: Sequence[float] = (), seed: int = 0) -> Array:
    """About ``size`` inputs.

    A quarter each are random bit patterns, uniform on [-110, 110], normal around 0, and magnitudes
    spread evenly over the exponents from 2**-30 to 2**12. With them come subnormals, the 256 neighbours
    on either side of 0, 1, -1 and every kink, all bfloat16 values (where ``size`` has room for them),
    the largest numbers, infinities and NaN.
    """
    rng = np.random.default_rng(seed)
    unsigned, target = _UNSIGNED[dtype], DTYPES[dtype]
    quarter = max(size // 4, 64)
    last = np.iinfo(unsigned).max
    with np.errstate(all="ignore"):
        parts = [
            rng.integers(0, last, quarter, dtype=unsigned, endpoint=True).view(target),
            rng.uniform(-110, 110, quarter).astype(target),
            rng.normal(0, 3, quarter).astype(target),
            (rng.choice((-1.0, 1.0), quarter) * 2.0 ** rng.uniform(-30, 12, quarter)).astype(
                target
            ),
            _subnormals(rng, dtype, quarter // 16),
            np.array([np.inf, -np.inf, np.nan, -np.nan]).astype(target),
        ]
        ends = np.array([np.iinfo(unsigned).max >> 1], dtype=unsigned)  # a NaN with all its bits
        parts.append(ends.view(target))
        places = [0.0, 1.0, -1.0, *kinks]
        parts += [_neighbours(float(p), dtype, 256 if size > 20_000 else 16) for p in places]
        if size > 200_000 and dtype != "float16":
            every = np.arange(1 << 16, dtype=np.uint16).view(DTYPES["bfloat16"])
            parts.append(every.astype(np.float32).astype(target))
    return np.concatenate(parts)


def _subnormals(rng: np.random.Generator, dtype: str, size: int) -> Array:
    unsigned, target = _UNSIGNED[dtype], DTYPES[dtype]
    first_normal = 1 << FORMATS[dtype].significand - 1
    bits = rng.integers(0, first_normal, max(size, 16), dtype=unsigned).view(target)
    signs = rng.choice((-1.0, 1.0), bits.size).astype(target)
    return np.asarray(np.copysign(bits, signs))


def _neighbours(place: float, dtype: str, count: int) -> Array:
    """A number's neighbours in the format, on both sides; at 0 of either sign."""
    unsigned, target = _UNSIGNED[dtype], DTYPES[dtype]
    at = int(np.array(abs(place)).astype(target).view(unsigned))
    bits = np.arange(max(at - count, 0), at + count + 1, dtype=unsigned)
    side: Array = bits.view(target)
    if place == 0:
        return np.concatenate([side, -side])
    return np.asarray(-side) if place < 0 else side
