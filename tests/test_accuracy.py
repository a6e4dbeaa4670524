"""The accuracy table: every catalogue function, dtype and order against mpmath.

Inputs are random bit patterns, far tails, subnormals, the kinks and their neighbours, signed zeros,
infinities and NaN. The oracle is the formula of the catalogue in mpmath, at a precision that is
raised until it settles; for f' it is a central difference of that with a tiny step at high precision,
so it knows nothing of our derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import ml_dtypes
import mpmath
import numpy as np
import pytest

import nonlin
from nonlin.formula import parse
from nonlin.oracle import accurate, evaluate

DTYPES: dict[str, Any] = {
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
    "float32": np.float32,
    "float64": np.float64,
}
ALLOWED = {"float16": 0.51, "bfloat16": 0.51, "float32": 1.0, "float64": 4.0}
SIGNIFICAND = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
LOWEST = {"float16": -14, "bfloat16": -126, "float32": -126, "float64": -1022}
COUNT = 60


def kinks(f: nonlin.Activation) -> list[float]:
    return [float(accurate(at, 0.0, f.parameters)) for at, _ in f.kinks]


def inputs(f: nonlin.Activation, dtype: Any) -> np.ndarray[Any, Any]:
    """Finite inputs of every kind."""
    rng = np.random.default_rng(20)
    info = ml_dtypes.finfo(dtype)
    unsigned = {2: np.uint16, 4: np.uint32, 8: np.uint64}[np.dtype(dtype).itemsize]
    bits = rng.integers(0, np.iinfo(unsigned).max, COUNT, dtype=unsigned, endpoint=True).view(dtype)
    edges = [0.0, -0.0, float(info.tiny), float(info.smallest_subnormal), float(info.max)]
    tails = [0.5, 1, 2, 5, 9, 12.5, 17, 20, 30, 37.5, 60, 88, 100, 104, 300, 700, 744.5, 1e4]
    near = rng.normal(0, 3, COUNT)
    small = rng.normal(0, 1, 10) * 2.0 ** -rng.integers(1, 14, 10).astype(float)
    points = np.concatenate([near, small, edges, tails, np.negative(edges), np.negative(tails)])
    with np.errstate(over="ignore"):
        values = [bits, points.astype(dtype)]
        for k in kinks(f):
            at = np.asarray([k]).astype(dtype)
            values += [at, np.nextafter(at, at + 1), np.nextafter(at, at - 1)]
    everything = np.concatenate(values)
    return everything[np.isfinite(everything.astype(np.float64))]


def slope(f: nonlin.Activation, z: float) -> mpmath.mpf | None:
    """f' by a central difference; None at a point where f is not smooth."""
    expr, params = f.expression, f.parameters
    scale = 0 if z == 0 else min(0, max(-1080, math.frexp(z)[1]))  # small beside any period
    before: mpmath.mpf | None = None
    for bits in (1200, 1600, 2400, 3800, 5000, 9600):
        with mpmath.workprec(bits):
            # What a step leaves out is 2**-200 of the slope, and another step leaves out something else.
            h = mpmath.ldexp(1, scale - 100 - bits // 32)
            x = mpmath.mpf(z)
            high, low = (evaluate(expr, at, params, bits) for at in (x + h, x - h))
            now, noise = (high - low) / (2 * h), mpmath.ldexp(abs(high) + abs(low), -bits) / h
            if before is not None and (
                (now == before != 0) or 0 < abs(now - before) <= abs(now) * mpmath.mpf(2) ** -80
            ):
                return now
            if before is not None and max(abs(now), abs(before), noise) < mpmath.ldexp(1, -1200):
                return now  # nothing in any format, however many bits it takes to see more of it
            before = now
    return before if before == 0 else None


def error(got: float, want: mpmath.mpf, dtype: str) -> float:
    """Distance in units of the last place of the dtype at the true value."""
    if want != want:
        return 0.0 if math.isnan(got) else math.inf
    limit = mpmath.mpf(float(ml_dtypes.finfo(DTYPES[dtype]).max))
    unit_at_top = mpmath.ldexp(1, int(mpmath.log(limit, 2)) + 1 - SIGNIFICAND[dtype])
    if abs(want) >= limit + unit_at_top / 2:
        return 0.0 if math.isinf(got) and (got > 0) == (want > 0) else math.inf
    if not math.isfinite(got):
        return math.inf
    if want == 0:
        return 0.0 if got == 0 else math.inf
    exponent = max(int(mpmath.floor(mpmath.log(abs(want), 2))), LOWEST[dtype])
    unit = mpmath.ldexp(1, exponent - SIGNIFICAND[dtype] + 1)
    with mpmath.workprec(200):
        return float(abs(mpmath.mpf(got) - want) / unit)


def cases() -> Iterator[Any]:
    for name in nonlin.catalogue:
        for order in ("f", "f'"):
            yield pytest.param(name, order, id=f"{name} {order}")


@pytest.mark.parametrize(("name", "order"), list(cases()))
def test_every_dtype_is_within_its_bound(
    name: str, order: str, record_property: Callable[[str, object], None]
) -> None:
    f = nonlin.catalogue[name]
    at_kinks = set(kinks(f))
    row: dict[str, float] = {}
    oracle: dict[float, mpmath.mpf | None] = {}
    for dtype, kind in DTYPES.items():
        x = inputs(f, kind)
        got = (f(x) if order == "f" else f.derivative(x)).astype(np.float64)
        worst, where = 0.0, 0.0
        for z, y in zip(x.astype(np.float64).tolist(), got.tolist(), strict=True):
            if z not in oracle:
                if order == "f":
                    oracle[z] = accurate(f.expression, z, f.parameters, 130)
                else:
                    oracle[z] = None if z in at_kinks else slope(f, z)
            want = oracle[z]
            if want is None:
                continue
            e = error(y, want, dtype)
            if e > worst:
                worst, where = e, z
        row[dtype] = worst
        assert worst <= ALLOWED[dtype], f"{name} {order} {dtype}: {worst:.3g} ULP at z = {where!r}"
    record_property("ulp", [name, order, row])  # a line of the table after the run


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", nonlin.catalogue)
def test_kinks_take_their_convention(name: str, dtype: str) -> None:
    f = nonlin.catalogue[name]
    for (at, value), k in zip(f.kinks, f.entry.kinks, strict=True):
        z = float(accurate(at, 0.0, f.parameters))
        x = np.asarray(z).astype(DTYPES[dtype])
        if float(x) == z:
            want = np.asarray(float(accurate(value, 0.0, f.parameters))).astype(DTYPES[dtype])
            assert float(f.derivative(x)) == float(want), (name, k)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", nonlin.catalogue)
def test_nan_stays_nan(name: str, dtype: str) -> None:
    f = nonlin.catalogue[name]
    x = np.array([math.nan, 1.0]).astype(DTYPES[dtype])
    for y in (f(x), f.derivative(x)):
        assert np.isnan(y.astype(np.float64)).tolist()[0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", nonlin.catalogue)
def test_infinities_give_limits(name: str, dtype: str) -> None:
    """f(±inf) is the limit that the properties found, where there is one."""
    f = nonlin.catalogue[name]
    limits = f.properties["limits"].value
    assert limits is not None
    for z, limit in zip((-math.inf, math.inf), limits, strict=True):  # type: ignore[call-overload]
        got = float(f(np.asarray(z).astype(DTYPES[dtype])))
        if isinstance(limit, float | int):
            want = float(np.asarray(float(limit)).astype(DTYPES[dtype]))
            assert got == want or math.isclose(got, want, rel_tol=4e-16), (z, got, want)
        else:
            assert math.isnan(got), (z, got, limit)


def test_named_limits() -> None:
    for dtype in DTYPES.values():
        low, high = np.asarray(-math.inf).astype(dtype), np.asarray(math.inf).astype(dtype)
        for f in (nonlin.silu, nonlin.gelu, nonlin.gelu_tanh, nonlin.mish):
            assert float(f(low)) == 0
            assert math.copysign(1, float(f(low))) == -1
            assert float(f(high)) == math.inf
            assert float(f.derivative(low)) == 0
            assert float(f.derivative(high)) == 1
    assert float(nonlin.sigmoid(np.float32(-100))) == pytest.approx(3.78e-44, rel=0.02)


def test_the_oracle_is_the_formula() -> None:
    """Spot values known from tables, so that the oracle itself stands on something else."""
    known = {"z * Phi(z)": (1.0, 0.84134474606854293), "tanh(z)": (0.5, 0.46211715726000976)}
    for text, (z, value) in known.items():
        assert float(accurate(parse(text), z)) == pytest.approx(value, rel=1e-15)
