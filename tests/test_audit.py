"""``nonlin audit``: that its judge is right, that it notices mistakes, and what it finds in the catalogue."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import ml_dtypes
import mpmath
import numpy as np
import pytest
from typer.testing import CliRunner

import nonlin
from nonlin.audit import AuditError, Judge, Miss, Tally, audit, of_kernel
from nonlin.audit.inputs import block, sample
from nonlin.audit.intervals import ELEMENTARY, ERFC, OPERATIONS, Interval, enclose
from nonlin.audit.units import DTYPES, rounded, rounded_sum, unit
from nonlin.cli import app
from nonlin.compiler.lanes import OPERATIONS as LANES
from nonlin.compiler.program import lower
from nonlin.errors import NonlinError
from nonlin.formula import parse
from nonlin.oracle import accurate


# -- the catalogue --------------------------------------------------------------------------------
@pytest.mark.parametrize("what", ["value", "derivative"])
@pytest.mark.parametrize("name", nonlin.catalogue)
def test_the_catalogue_keeps_within_the_limits(name: str, what: str) -> None:
    """A short audit: every float16 and bfloat16, some thousands of the others."""
    limits = {"float16": 0.5, "bfloat16": 0.5, "float32": 1.0, "float64": 2.0}
    for dtype, limit in limits.items():
        report = audit(
            nonlin.catalogue[name], what, dtype, samples=8000 if dtype == "float32" else 1000,
            checks=3 if dtype in ("bfloat16", "float64") else 0, workers=1,
        )  # fmt: skip
        assert report.complete
        assert report.tally.error <= limit + 1e-6, (dtype, report.tally.worst)
        assert report.tally.signs == 0, (dtype, report.tally.sign)


# -- the judge ------------------------------------------------------------------------------------
MONOTONE = {
    "exp": (-700, 700), "expm1": (-40, 700), "log": (1e-30, 1e30), "log1p": (-0.99, 1e20),
    "tanh": (-20, 20), "sinh": (-700, 700), "cosh": (-700, 700), "atan": (-1e6, 1e6),
    "erf": (-6, 6), "erfc": (-6, 26), "Phi": (-37, 8), "sigmoid": (-700, 40), "softplus": (-700, 700),
    "sech2": (-340, 340), "sqrt": (0, 1e30), "sin": (-1e6, 1e6), "cos": (-1e6, 1e6),
}  # fmt: skip


@pytest.mark.parametrize("op", MONOTONE)
def test_functions_are_better_than_their_enclosures_assume(op: str) -> None:
    """At a quarter of the assumed error at most, so that the enclosures have room."""
    rng = np.random.default_rng(3)
    low, high = MONOTONE[op]
    x = np.concatenate([rng.uniform(low, high, 150), rng.normal(0, 1, 80), rng.normal(0, 1e-9, 20)])
    x = x[(x >= low) & (x <= high)]
    if op == "sech2":
        expr = parse("1 / cosh(z)**2")
    else:
        expr = parse(f"{op}(z)")
    with np.errstate(all="ignore"):
        got = OPERATIONS[op](Interval(x, x))
        points = OPERATIONS[op](Interval(x, x.copy()))  # as two bounds that happen to be equal
    share = 0.25 * (ERFC if op in ("erf", "erfc", "Phi") else ELEMENTARY)
    for i, z in enumerate(x.tolist()):
        want = accurate(expr, z, {}, 140)
        with mpmath.workprec(200):
            assert got.low[i] <= want <= got.high[i], (op, z)
            assert points.low[i] <= want <= points.high[i], (op, z)
            middle = (mpmath.mpf(got.low[i]) + mpmath.mpf(got.high[i])) / 2
            at_the_end = {abs(got.low[i]), abs(got.high[i])} & {1.0, 2.0}  # of the range
            if abs(want) > 1e-300 and not at_the_end:
                assert abs(middle - want) <= share * abs(want), (op, z)


def test_every_operation_of_lanes_has_an_enclosure() -> None:
    internal = {"tanh_result", "sech2_result"}
    assert set(LANES) - internal <= set(OPERATIONS)


@pytest.mark.parametrize(
    "text",
    ["z * z", "z * abs(z) - z", "(z + 1) * (z - 1)", "1 / (z * z + 1)", "exp(z) - exp(-z) + z", "z**3",
     "min(z, 1) * max(z, -2)", "where(z < 0.5, sin(z), cos(3 * z))", "sqrt(z * z) * sign(z)",
     "tanh(z) * sigmoid(-z) / 3", "log(z * z + 2) ** 1.7", "erf(z) * erfc(z - 1)"],
)  # fmt: skip
def test_enclosures_hold_the_truth_and_are_narrow(text: str) -> None:
    expr = parse(text)
    x = np.concatenate([np.random.default_rng(1).normal(0, 3, 60), [0.0, -0.0, 1.0, 1e-20, -1e15]])
    low, high = enclose(lower([expr], []), x)
    for z, a, b in zip(x.tolist(), low, high, strict=True):
        want = accurate(expr, z, {}, 140)
        assert a <= want <= b, (text, z)
        assert b - a <= 1e-11 * max(1.0, abs(float(want)), z * z), (text, z, a, b)


def test_what_underflows_keeps_its_sign_in_the_enclosure() -> None:
    low, high = enclose(nonlin.silu.program("value"), np.array([-800.0, -1e30, 5e-324]))
    assert (low[:2] < 0).all() and (high[:2] <= 0).all() and low[2] >= 0


def test_cancellation_is_seen_and_settled() -> None:
    """z - tanh(z) as it stands tells nothing at small z; the verdict is right all the same."""
    judge = Judge(nonlin.define("(z + 1) * (z + 1) - z * z - 2 * z - 0.999"), "value", "float32")
    z = np.array([1e6, 3e5, -7e6])
    verdict = judge(z)
    assert verdict.right.tolist() == np.full(3, np.float32(0.001)).astype(float).tolist()


def test_the_exact_arithmetic_gives_what_rounding_took_off() -> None:
    judge = Judge(nonlin.gelu, "value", "float64")
    z = np.array([0.5, -3.3, -38.2, 1e-310, 2.0])  # two of the results are subnormal
    value, rest = judge.exact(z)
    steps = unit(value, "float64")
    for x, v, r, u in zip(z.tolist(), value.tolist(), rest.tolist(), steps.tolist(), strict=True):
        with mpmath.workprec(300):
            want = (accurate(nonlin.gelu.expression, x, {}, 200) - v) / u
            assert abs(float(want) - r) < 1e-12


def test_a_judge_that_is_wrong_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("tanh(z) * 1.0000000001", "tanh(z + 1e-30)", "where(z > 0, tanh(z), 0)"):
        judge = Judge(nonlin.tanh, "value", "float32")
        judge.__dict__["program"] = lower([parse(text)], [])
        monkeypatch.setattr(Judge, "_exact", _exact(text))
        with pytest.raises(AuditError, match=r"the oracle is wrong about tanh \(value\) at z = "):
            judge.check(np.linspace(-2.0, 2.0, 9))


def _exact(text: str) -> Any:
    from nonlin.compiler.kernel import DoubleDouble

    return DoubleDouble(f"test {text}", lambda: lower([parse(text)], []))


# -- rounding -------------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_rounding_is_to_the_nearest_with_ties_to_even(dtype: str) -> None:
    every = block(dtype, 1, 0x7F00) if dtype != "float32" else block(dtype, 1, 1 << 31)[:: 1 << 16]
    with np.errstate(invalid="ignore"):
        numbers = every.astype(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    assert rounded(numbers, dtype).tolist() == numbers.tolist()
    assert rounded(-numbers, dtype).tolist() == (-numbers).tolist()
    step = unit(numbers, dtype)
    even = (numbers / step) % 2 == 0
    for side in (1, -1):
        tie = numbers + side * step / 2
        keep = even & (unit(np.abs(tie), dtype) == step)
        assert rounded(tie[keep], dtype).tolist() == numbers[keep].tolist()
        assert (rounded(tie[keep] + side * step[keep] / 64, dtype) != numbers[keep]).all()
        nothing = np.zeros(keep.sum())
        assert rounded_sum(tie[keep], nothing, dtype).tolist() == numbers[keep].tolist()
        # A hair beyond the tie or before it, which no double shows.
        beyond = rounded_sum(tie[keep], nothing + side * 1e-9, dtype)
        assert (beyond != numbers[keep]).all()
        before = rounded_sum(tie[keep], nothing - side * 1e-9, dtype)
        assert before.tolist() == numbers[keep].tolist()


def test_rounding_beyond_the_largest() -> None:
    for dtype, target in DTYPES.items():
        most = float(ml_dtypes.finfo(target).max)
        half = float(unit(np.array([most]), dtype)[0]) / 2
        if dtype != "float64":
            values = np.array([most, most + half * 0.99, most + half, -most - half, np.inf])
            assert rounded(values, dtype).tolist() == [most, most, np.inf, -np.inf, np.inf]


@pytest.mark.parametrize("dtype", DTYPES)
def test_units(dtype: str) -> None:
    numbers = sample(dtype, 2000)
    with np.errstate(invalid="ignore"):
        numbers = numbers[np.isfinite(numbers.astype(np.float64))]
    largest = float(ml_dtypes.finfo(DTYPES[dtype]).max)
    for x, u in zip(
        numbers.tolist(), unit(numbers.astype(np.float64), dtype).tolist(), strict=True
    ):
        size = abs(Fraction(float(x)))
        if size + Fraction(u) > Fraction(largest):
            continue
        above = np.asarray(float(size)).astype(DTYPES[dtype])
        following = float(np.nextafter(above, above.dtype.type(np.inf)))
        assert Fraction(following) - size == Fraction(u), x


# -- what it notices ------------------------------------------------------------------------------
def changed(place: float, value: float) -> Callable[[Any], Any]:
    """tanh, but for one input."""

    def kernel(x: Any) -> Any:
        y = nonlin.tanh(x)
        with np.errstate(all="ignore"):
            y[(x == place) & (np.signbit(x) == np.signbit(place))] = value
            if math.isnan(place):
                y[np.isnan(x)] = value
        return y

    return kernel


@pytest.mark.parametrize(
    ("place", "value", "error"),
    [(1.0, math.nan, math.inf), (1.0, math.inf, math.inf), (math.inf, math.nan, math.inf),
     (math.nan, 0.0, math.inf), (-math.inf, 1.0, 2048.0), (1.0, 0.76171875 + 2.0**-11, 1.2552),
     (-3.0, 0.0, 2038.0)],
)  # fmt: skip
def test_one_wrong_result_is_found(place: float, value: float, error: float) -> None:
    clean = audit(nonlin.tanh, dtype="float16", workers=1)
    report = audit(nonlin.tanh, dtype="float16", kernel=changed(place, value), workers=1)
    assert clean.passed and not report.passed
    wrong = 0x3FF * 2 if math.isnan(place) else 1  # so many are NaN
    assert report.tally.misrounded == clean.tally.misrounded + wrong
    assert report.tally.error == pytest.approx(error, rel=1e-3)
    assert report.tally.worst is not None
    assert report.tally.worst.z == place or math.isnan(place)
    assert repr(report.tally.worst.got) == repr(value)


@pytest.mark.parametrize(("place", "value"), [(0.0, -0.0), (-0.0, 0.0)])
def test_the_sign_of_a_zero_counts(place: float, value: float) -> None:
    for dtype in DTYPES:
        report = audit(
            nonlin.tanh,
            dtype=dtype,
            kernel=changed(place, value),
            samples=2000,
            checks=0,
            workers=1,
        )
        assert not report.passed and report.tally.signs >= 1
        assert report.tally.sign is not None and report.tally.sign.z == 0
        assert report.tally.error <= (1 if dtype == "float32" else 0.5001)


def test_a_value_below_the_range_keeps_its_sign() -> None:
    """silu(-200) is a negative number that rounds to -0."""

    def kernel(x: Any) -> Any:
        return np.abs(nonlin.silu(x)) * np.where(nonlin.silu(x) < 0, -1, 1).astype(x.dtype)

    report = audit(nonlin.silu, dtype="float32", kernel=kernel, samples=4000, checks=0, workers=1)
    assert report.tally.signs > 100 and report.tally.error <= 1


def test_a_careless_kernel_is_measured() -> None:
    """tanh with its exponentials in float32 loses everything near 0."""

    def kernel(x: Any) -> Any:
        with np.errstate(all="ignore"):
            e = np.exp(-2 * np.abs(x))
            return np.copysign((1 - e) / (1 + e), x)

    report = audit(nonlin.tanh, kernel=kernel, samples=20_000)
    assert report.tally.error > 1e3 and not report.passed
    assert report.tally.worst is not None and abs(report.tally.worst.z) < 0.01


def test_kernels_and_callables_alike() -> None:
    kernel = of_kernel(nonlin.leaky_relu.kernel("float32"), (0.01,))
    report = audit(nonlin.leaky_relu, kernel=kernel, samples=5000, workers=1)
    assert report.passed and report.name == "leaky_relu"
    fast = of_kernel(nonlin.tanh.kernel("float32", fast=True))
    assert 0.5 < audit(nonlin.tanh, kernel=fast, samples=20_000).tally.error < 1e6


def test_a_kernel_of_another_dtype_is_refused() -> None:
    with pytest.raises(AuditError, match="the kernel gave float64 of shape"):
        audit(nonlin.tanh, kernel=lambda x: x.astype(np.float64), samples=1000)


def test_a_formula_and_its_parameters() -> None:
    f = nonlin.define("z * tanh(a * z)", a=0.7)
    report = audit(f, "derivative", samples=5000)
    assert report.passed and report.name == "z * tanh(a * z)"


# -- inputs ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", DTYPES)
def test_samples_have_every_kind_of_number(dtype: str) -> None:
    x = sample(dtype, 4000, [0.7])
    assert x.dtype == DTYPES[dtype]
    with np.errstate(invalid="ignore"):
        info, values = ml_dtypes.finfo(x.dtype), x.astype(np.float64)
    tiny, at = float(info.tiny), float(np.asarray(0.7).astype(x.dtype))
    for found in (
        np.isnan(values), np.isposinf(values), np.isneginf(values), values == 1, values == -1,
        (values > 0) & (values < tiny), (values < 0) & (values > -tiny), values == at,
        (values == 0) & np.signbit(values), (values == 0) & ~np.signbit(values),
        np.abs(values) > 1e3, values == np.nextafter(x.dtype.type(at), x.dtype.type(9)).astype(float),
    ):  # fmt: skip
        assert found.any()
    assert sample(dtype, 4000).tobytes() == sample(dtype, 4000).tobytes()
    assert sample(dtype, 4000).tobytes() != sample(dtype, 4000, seed=1).tobytes()


def test_a_large_sample_has_all_bfloat16_values() -> None:
    x = sample("float32", 250_000)
    assert set(range(1 << 16)) <= set((x.view(np.uint32) >> 16).tolist())


# -- long ones ------------------------------------------------------------------------------------
def stop_after(parts: int) -> Callable[[int, int], None]:
    seen = []

    def progress(done: int, total: int) -> None:
        seen.append(done / total)
        if len(seen) == parts:
            raise KeyboardInterrupt

    return progress


def test_an_interrupted_audit_reports_what_was_done() -> None:
    half = audit(nonlin.tanh, dtype="float16", workers=1, progress=stop_after(2))
    assert not half.complete and 0 < half.tally.inputs < half.planned == 65536


def test_every_float32_is_begun() -> None:
    report = audit(nonlin.relu, exhaustive=True, progress=stop_after(1), checks=0)
    assert report.planned == 1 << 32 and report.tally.inputs >= 1 << 22
    assert report.passed and report.tally.misrounded == 0


def test_tallies_add_up() -> None:
    a = Tally(3, 0.4, Miss(1.0, 2.0, 3.0), 1, 0, None, 2)
    b = Tally(5, math.inf, Miss(4.0, math.nan, 3.0), 2, 1, Miss(0.0, -0.0, 0.0), 0)
    for total in (a + b, b + a):
        assert (total.inputs, total.error, total.misrounded, total.signs) == (8, math.inf, 3, 1)
        assert total.worst is b.worst and total.sign is b.sign and total.settled == 2


def test_requests_that_cannot_be() -> None:
    with pytest.raises(AuditError, match=r"2\*\*64 numbers"):
        audit(nonlin.tanh, dtype="float64", exhaustive=True)
    with pytest.raises(AuditError, match="at least 1, not 0"):
        audit(nonlin.tanh, samples=0)


# -- the command ----------------------------------------------------------------------------------
def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["audit", *arguments], catch_exceptions=True)


def test_the_table() -> None:
    done = run("tanh", "z * exp(-z * z)", "--dtype", "float16,float32", "--samples", "3000")
    assert done.exit_code == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[1][:4] == ["tanh", "f", "float16", "65,536"]
    assert [row[0] for row in lines[2:5]] == ["float32", "f′", "float32"]
    assert 0.4 < float(lines[1][4]) <= 0.5
    assert done.stdout.count("z * exp(-z * z)") == 1 and "too large" not in done.stdout


def test_the_table_as_json() -> None:
    done = run("gelu", "--derivative", "--dtype", "bfloat16", "--json")
    (row,) = json.loads(done.stdout)
    assert row["name"] == "gelu" and row["what"] == "derivative" and row["inputs"] == 65536
    assert row["passed"] is True and 0 < row["ulp"] <= 0.5001
    assert float(row["worst"]["z"]) == float(row["worst"]["z"])


def test_a_failure_is_shown_and_the_status_is_1(monkeypatch: pytest.MonkeyPatch) -> None:
    original = nonlin.Activation.__call__
    monkeypatch.setattr(nonlin.Activation, "__call__", lambda f, x: -original(f, x))
    done = run("sigmoid", "--value", "--dtype", "float16")
    assert done.exit_code == 1 and "too large" in done.stdout


def test_ctrl_c_prints_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    import nonlin.audit

    real, calls = nonlin.audit.audit, []

    def first_only(*args: Any, **options: Any) -> Any:
        calls.append(args)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return real(*args, **options)

    monkeypatch.setattr(nonlin.audit, "audit", first_only)
    done = run("tanh", "--dtype", "float16")
    assert done.exit_code == 130
    assert "Interrupted" in done.stdout and "tanh" in done.stdout


def test_help_says_how_long_everything_takes() -> None:
    text = " ".join(run("--help").stdout.replace("│", " ").split())
    assert "minutes" in text and "all 2**32" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tanj",), "did you mean tan"),
        (("--dtype", "float8"), "there is no format 'float8': choose from float16, bfloat16"),
        (("--dtype", ","), "names no format"),
        (("--exhaustive", "--dtype", "float64"), "--exhaustive is for float32"),
        (("-p", "a=2"), "name the function as well"),
        (("z +",), "not a formula"),
        (("tanh", "--dtype", "float32", "--results", "a.csv"), "float32 with --exhaustive"),
        (("tanh", "--exhaustive", "--page", "a.md"), "give both"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_a_line(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert isinstance(done.exception, NonlinError)
    assert said.casefold() in str(done.exception).casefold()
