"""softmax, log_softmax and cross_entropy against mpmath, PyTorch and their own words."""

from __future__ import annotations

import math
import pickle
import warnings
from typing import Any

import ml_dtypes
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nonlin
from nonlin import cross_entropy, log_softmax, softmax
from nonlin.errors import DtypeError, ParameterError

Array = np.ndarray[Any, Any]
INF, NAN = math.inf, math.nan
DTYPES: dict[str, Any] = {
    "float16": np.dtype(np.float16),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}
# Half a unit of the last place for 16 bits; one of the smallest units, or two of them, for the others.
RELATIVE = {"float16": 2**-11, "bfloat16": 2**-8, "float32": 2**-23, "float64": 2 * 2**-52}
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
each_dtype = pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
both = pytest.mark.parametrize("function", [softmax, log_softmax])


def exact(row: list[float], temperature: float = 1.0) -> tuple[list[Any], list[Any]]:
    """softmax and its logarithm by their definition."""
    with mpmath.workdps(60):
        z = [mpmath.mpf(v) / mpmath.mpf(temperature) for v in row]
        total = mpmath.fsum(mpmath.exp(v) for v in z)
        # The logarithm of p = 1 - (the others) needs those as they are.
        logs = []
        for i, v in enumerate(z):
            others = mpmath.fsum(mpmath.exp(w - v) for j, w in enumerate(z) if j != i)
            logs.append(-mpmath.log1p(others))
        return [mpmath.exp(v) / total for v in z], logs


def check(got: Array, want: list[Any], slack: float = 0.0) -> None:
    """Within the rounding of its dtype, and the error that its double already had."""
    name = got.dtype.name
    info = ml_dtypes.finfo(got.dtype)
    for g, w in zip(got.astype(np.float64).tolist(), want, strict=True):
        if abs(w) > float(info.max) * (1 + RELATIVE[name]):
            assert g == math.copysign(INF, w), (g, w)
            continue
        bound = abs(w) * (RELATIVE[name] * 1.001 + slack) + float(info.smallest_subnormal) * 0.51
        assert abs(mpmath.mpf(g) - w) <= bound, (name, g, w)


ROWS: dict[str, list[float]] = {
    "plain": [0.5, -1.25, 2.0, 0.0, 1.75],
    "equal": [3.0, 3.0, 3.0],
    "one": [-7.5],
    "two": [0.0, 1.0],
    "large": [1000.0, 1000.5, 998.0],
    "far apart": [0.0, -40.0, -700.0, -745.0, -1000.0],
    "margin of 100": [0.0, 100.0],
    "opposite": [-60000.0, 60000.0],
    "small": [1e-5, -1e-5, 0.0],
}


@each_dtype
@pytest.mark.parametrize("temperature", [1.0, 0.1, 7.0])
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_against_the_definition(row: list[float], temperature: float, dtype: Any) -> None:
    x = np.array(row).astype(dtype)
    values = x.astype(np.float64).tolist()
    shares, logs = exact(values, temperature)
    # The rounding of an exponent of size k is an error of k units in the exponential.
    spread = min((max(values) - min(values)) / temperature, 745.0) * 2**-52
    got = softmax(x, temperature=temperature)
    assert got.dtype == dtype and got.shape == x.shape
    check(got, shares, spread)
    got = log_softmax(x, temperature=temperature)
    assert got.dtype == dtype and got.shape == x.shape
    check(got, logs, spread)


@each_dtype
@pytest.mark.parametrize("shape", [(7,), (4, 6), (2, 3, 5), (2, 1, 3, 4)])
def test_any_axis_against_torch(shape: tuple[int, ...], dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(3).normal(0, 4, shape).astype(dtype)
    theirs = torch.tensor(x.astype(np.float64))
    for axis in range(-len(shape), len(shape)):
        for ours, other in ((softmax, torch.softmax), (log_softmax, torch.log_softmax)):
            got, want = ours(x, axis=axis), other(theirs, axis).numpy()
            assert got.dtype == dtype and got.shape == shape
            np.testing.assert_allclose(
                got.astype(np.float64),
                want,
                rtol=1.01 * RELATIVE[dtype.name] + 4e-15,
                # PyTorch's logarithm near 0 is as good as a number near 1 is.
                atol=max(float(ml_dtypes.finfo(dtype).smallest_subnormal) / 2, 1e-15),
            )


@both
def test_the_last_axis_is_the_default(function: Any) -> None:
    x = np.random.default_rng(1).normal(size=(3, 4))
    assert np.array_equal(function(x), function(x, axis=-1))
    assert np.array_equal(function(x, axis=0), function(x.T).T)


@both
def test_any_memory(function: Any) -> None:
    x = np.random.default_rng(2).normal(size=(6, 8)).astype(np.float32)
    want = function(x)
    swapped = x.astype(">f4")
    for same in (np.asfortranarray(x), swapped, np.repeat(x, 2, axis=1)[:, ::2]):
        got = function(same)
        assert np.array_equal(got, want) and got.dtype == np.float32 and got.dtype.isnative
    backwards = function(x[::-1, ::-1])[::-1, ::-1]  # whose sums run the other way
    np.testing.assert_allclose(backwards, want, rtol=2**-23)
    x.flags.writeable = False
    assert np.array_equal(function(x), want)


@both
@pytest.mark.parametrize("x", [[1, 2, 4], [True, False, True], np.array([1, 2], "u1"), range(3)])
def test_whole_numbers_become_float64(x: Any, function: Any) -> None:
    got = function(x)
    assert got.dtype == np.float64
    assert np.array_equal(got, function(np.array(x, dtype=np.float64)))


@both
@given(
    st.lists(st.floats(-300, 300), min_size=1, max_size=9), st.sampled_from([-64.0, 0.0, 1024.0])
)
@settings(max_examples=60, deadline=None)
def test_a_constant_on_all_scores_changes_nothing(
    function: Any, row: list[float], constant: float
) -> None:
    x = np.array(row).round(6).astype(np.float16).astype(np.float64)  # so that adding is exact
    np.testing.assert_array_equal(function(x + constant), function(x))


# -- ends of the range ----------------------------------------------------------------------------
def test_scores_at_the_end_of_the_range() -> None:
    top = np.finfo(np.float64).max
    assert softmax([top, -top]).tolist() == [1.0, 0.0]
    assert log_softmax([top, -top]).tolist() == [0.0, -INF]
    assert softmax([top, top, 0.0]).tolist() == [0.5, 0.5, 0.0]
    # The difference is beyond the range, its quotient by the temperature is not.
    hot = log_softmax([1.5e308, -1.5e308, 0.0], temperature=1e308)
    check(hot, exact([1.5e308, -1.5e308, 0.0], 1e308)[1])
    check(softmax([1.5e308, -1.5e308], temperature=1e308), exact([1.5e308, -1.5e308], 1e308)[0])


def test_temperatures_at_the_end_of_the_range() -> None:
    assert softmax([1.0, 1.0, 0.0], temperature=5e-324).tolist() == [0.5, 0.5, 0.0]
    assert log_softmax([1.0, 0.0], temperature=5e-324).tolist() == [0.0, -INF]
    assert softmax([1.0, 2.0], temperature=1.7e308).tolist() == [0.5, 0.5]


def test_what_is_below_the_rounding_of_one_is_kept() -> None:
    assert log_softmax([0.0, 40.0])[1] == -math.exp(-40)
    assert log_softmax(np.array([0.0, 40.0], np.float32))[1] == np.float32(-math.exp(-40))
    assert cross_entropy([[0.0, 700.0]], [1]) == pytest.approx(math.exp(-700), rel=1e-13)


@each_dtype
def test_special_rows(dtype: Any) -> None:
    """As the module says: each special row, and an ordinary one beside it that takes no harm."""
    third = [1 / 3] * 3
    rows = [
        ([NAN, 0, 1], [NAN] * 3), ([NAN, INF, 0], [NAN] * 3), ([NAN, -INF, -INF], [NAN] * 3),
        ([INF, 0, 1], [1, 0, 0]), ([INF, 0, INF], [0.5, 0, 0.5]), ([INF, INF, INF], third),
        ([INF, -INF, 5], [1, 0, 0]), ([-INF, 0, 0], [0, 0.5, 0.5]), ([-INF, -INF, 3], [0, 0, 1]),
        ([-INF, -INF, -INF], [NAN] * 3), ([2, 2, 2], third),
    ]  # fmt: skip
    x = np.array([r for r, _ in rows], np.float64).astype(dtype)
    want = np.array([w for _, w in rows], np.float64)
    with np.errstate(divide="ignore"):
        logs = np.log(want)
    for t in (0.5, 1.0, 3.0):
        got = softmax(x, temperature=t)
        assert got.dtype == dtype
        np.testing.assert_array_equal(got.astype(np.float64), want.astype(dtype).astype(np.float64))
        got = log_softmax(x, temperature=t).astype(np.float64)
        np.testing.assert_allclose(got, logs, rtol=1.01 * RELATIVE[dtype.name])


@both
def test_no_rows_and_no_scores(function: Any) -> None:
    for shape, axis in (((0, 3), -1), ((2, 0, 3), 2), ((3, 0), 0)):
        got = function(np.zeros(shape, np.float16), axis=axis)
        assert got.shape == shape and got.dtype == np.float16
    for shape, axis in (((0,), 0), ((3, 0), 1), ((0, 3), 0), ((0, 0), 1)):
        with pytest.raises(ValueError, match="at least one score"):
            function(np.zeros(shape), axis=axis)
    with pytest.raises(ValueError, match="at least one score"):
        function([])


# -- what is refused ------------------------------------------------------------------------------
@both
@pytest.mark.parametrize("axis", [2, -3, 100])
def test_an_axis_that_is_not_there(axis: int, function: Any) -> None:
    with pytest.raises(ValueError, match=f"axis {axis} does not exist.* 2 dimensions"):
        function(np.zeros((2, 3)), axis=axis)


@both
@pytest.mark.parametrize("axis", [None, 1.0, "1", (0, 1)])
def test_an_axis_that_is_no_number(axis: Any, function: Any) -> None:
    with pytest.raises(TypeError, match="axis is one whole number"):
        function(np.zeros((2, 3)), axis=axis)
    assert function(np.zeros((2, 3)), axis=np.int64(0)).shape == (2, 3)


@both
def test_one_number_is_no_row(function: Any) -> None:
    for x in (1.0, np.float32(1), np.zeros(())):
        with pytest.raises(ValueError, match="at least one dimension"):
            function(x)


STRANGE = [np.zeros(2, complex), np.array([None, 1.0]), ["a", "b"], np.zeros(2, "M8[s]"),
           np.zeros(2, [("a", "f4")]), None, [10**400], np.zeros(2, ml_dtypes.float8_e5m2)]  # fmt: skip


@both
@pytest.mark.parametrize("x", STRANGE, ids=lambda x: str(getattr(x, "dtype", type(x).__name__)))
def test_scores_that_are_no_real_numbers(x: Any, function: Any) -> None:
    with pytest.raises(DtypeError):
        function(x)


@both
@pytest.mark.parametrize("t", [0.0, -1.0, INF, NAN, True, "1", None, 1j, [1.0], 10**400],
                         ids=lambda t: type(t).__name__)  # fmt: skip
def test_temperatures_that_are_no_positive_numbers(t: Any, function: Any) -> None:
    with pytest.raises(ParameterError, match="temperature"):
        function([1.0, 2.0], temperature=t)


@both
@pytest.mark.parametrize("t", [2, np.float32(2), np.int8(2), ml_dtypes.bfloat16(2), np.array(2.0)])
def test_temperatures_of_any_kind(t: Any, function: Any) -> None:
    assert np.array_equal(
        function([1.0, 2.0], temperature=t), function([1.0, 2.0], temperature=2.0)
    )


def test_no_warning_is_ever_given() -> None:
    top = 3e38
    rows = [[top, -top, 0.0], [NAN, INF, -INF], [-INF] * 3, [INF] * 3, [0.0, -1e-40, 90000.0]]
    for state in ("warn", "raise"):
        with warnings.catch_warnings(), np.errstate(all=state):
            warnings.simplefilter("error")
            for dtype in DTYPES.values():
                x = np.array(rows, np.float32).astype(np.float64)
                with np.errstate(all="ignore"):
                    x = x.astype(dtype)
                for t in (1e-30, 1.0, 1e30):
                    softmax(x, temperature=t)
                    log_softmax(x, temperature=t)
                cross_entropy.value_and_gradient(x, [0, 1, 2, 0, 1])


# -- cross-entropy --------------------------------------------------------------------------------
@each_dtype
@pytest.mark.parametrize("shape", [(5,), (1, 2), (40, 10), (3, 4, 5)])
def test_cross_entropy_against_torch(shape: tuple[int, ...], dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    x = rng.normal(0, 5, shape).astype(dtype)
    t = rng.integers(0, shape[-1], shape[:-1])
    logits = torch.tensor(x.astype(np.float64).reshape(-1, shape[-1]), requires_grad=True)
    want = torch.nn.functional.cross_entropy(logits, torch.tensor(t.reshape(-1)))
    want.backward()
    loss, gradient = cross_entropy.value_and_gradient(x, t)
    assert cross_entropy(x, t) == loss
    assert type(loss) is dtype.type
    assert gradient.dtype == dtype and gradient.shape == shape
    unit = RELATIVE[dtype.name]
    assert float(loss) == pytest.approx(want.item(), rel=1.01 * unit + 1e-14)
    np.testing.assert_allclose(
        gradient.astype(np.float64),
        logits.grad.numpy().reshape(shape),
        rtol=1.01 * unit + 1e-12,
        atol=float(ml_dtypes.finfo(dtype).smallest_subnormal),
    )


def test_cross_entropy_with_a_large_margin() -> None:
    loss, gradient = cross_entropy.value_and_gradient([[0.0, 60.0], [60.0, 0.0]], [1, 1])
    assert loss == 30.0
    tiny = math.exp(-60)  # 1 - p at the target: below the rounding of 1, and still there
    np.testing.assert_allclose(gradient, [[tiny / 2, -tiny / 2], [0.5, -0.5]], rtol=1e-14)
    assert cross_entropy(np.array([[0.0, 60000.0]], np.float16), [0]) == np.float16(60000)
    assert cross_entropy(np.array([[-6e4, 6e4]], np.float16), [0]) == np.float16(INF)


def test_a_certain_row_costs_nothing() -> None:
    for row in ([0.0, 1000.0], [-INF, 0.0], [3.0, INF]):
        loss = cross_entropy([row], [1])
        assert loss == 0 and math.copysign(1, loss) == 1  # not -0.0


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_a_mean_over_classes_that_count_nothing(smoothing: float) -> None:
    loss, gradient = cross_entropy.value_and_gradient(
        [[1.0, 2.0]], [1], weight=[1.0, 0.0], label_smoothing=smoothing
    )
    assert math.isnan(loss) and np.isnan(gradient).all()  # as PyTorch has it


def test_cross_entropy_of_special_rows() -> None:
    assert cross_entropy([[0.0, -INF]], [1]) == INF
    loss, gradient = cross_entropy.value_and_gradient([[0.0, -INF], [0.0, 0.0]], [1, 0])
    assert loss == INF and gradient.tolist() == [[0.5, -0.5], [-0.25, 0.25]]
    loss, gradient = cross_entropy.value_and_gradient([[NAN, 0.0], [0.0, 0.0]], [0, 0])
    assert math.isnan(loss) and np.isnan(gradient[0]).all()
    assert gradient[1].tolist() == [-0.25, 0.25]
    assert cross_entropy([[INF, INF, 0.0]], [0]) == math.log(2)


@given(
    st.lists(st.lists(st.floats(-30, 30), min_size=3, max_size=3), min_size=1, max_size=5),
    st.data(),
)
@settings(max_examples=40, deadline=None)
def test_rows_of_the_gradient_add_up_to_nothing(
    rows: list[list[float]], data: st.DataObject
) -> None:
    t = [data.draw(st.integers(0, 2)) for _ in rows]
    _, gradient = cross_entropy.value_and_gradient(rows, t)
    assert np.abs(gradient.sum(axis=-1)).max() <= 3e-16
    hot = np.eye(3)[t]
    np.testing.assert_allclose(gradient, (softmax(rows) - hot) / len(rows), atol=1e-15)


def test_a_single_row_needs_no_second_axis() -> None:
    loss = cross_entropy([1.0, 2.0, 3.0], 2)
    assert loss == cross_entropy([[1.0, 2.0, 3.0]], [2])
    with pytest.raises(ValueError, match=r"target 3 at \(\) is out of range"):
        cross_entropy([1.0, 2.0, 3.0], 3)


@pytest.mark.parametrize("kind", ["b", "B", "h", "H", "i", "I", "q", "Q", ">i4"])
def test_targets_are_whole_numbers_of_any_size(kind: str) -> None:
    x = np.random.default_rng(5).normal(size=(3, 4))
    assert cross_entropy(x, np.array([0, 3, 1], kind)) == cross_entropy(x, [0, 3, 1])


@pytest.mark.parametrize(
    ("targets", "first"),
    [([0, 3, -1], r"3 at \(1,\)"), ([0, -1, 2], r"-1 at \(1,\)"), ([-101, 0, 0], r"-101 at \(0,\)"),
     (np.array([0, 0, 2**64 - 1], np.uint64), r"18446744073709551615 at \(2,\)")],
)  # fmt: skip
def test_targets_out_of_range(targets: Any, first: str) -> None:
    for call in (cross_entropy, cross_entropy.value_and_gradient):
        with pytest.raises(ValueError, match=f"target {first} is out of range: classes are 0 to 2"):
            call(np.zeros((3, 3)), targets)


@pytest.mark.parametrize("targets", [[0.0, 1.0], [True, False], ["0", "1"], [None, 1], [1j, 0]])
def test_targets_that_are_no_whole_numbers(targets: Any) -> None:
    with pytest.raises(DtypeError, match="whole numbers"):
        cross_entropy(np.zeros((2, 3)), targets)


@pytest.mark.parametrize("targets", [0, [0], [[0], [1]], [0, 1, 2], [[0, 1]], []])
def test_targets_of_another_shape(targets: Any) -> None:
    with pytest.raises(ValueError, match=r"targets have shape .* these logits need"):
        cross_entropy(np.zeros((2, 3)), targets)


def test_logits_that_are_none() -> None:
    with pytest.raises(ValueError, match="there are no rows"):
        cross_entropy(np.zeros((0, 3)), [])
    with pytest.raises(ValueError, match="at least one score"):
        cross_entropy(np.zeros((2, 0)), [0, 0])
    with pytest.raises(ValueError, match="at least one dimension"):
        cross_entropy(1.0, [0])
    for x in STRANGE:
        with pytest.raises(DtypeError):
            cross_entropy(x, [0])


def test_cross_entropy_can_be_shown_and_sent() -> None:
    assert repr(cross_entropy) == "<nonlin.cross_entropy>"
    assert pickle.loads(pickle.dumps(cross_entropy)) is nonlin.cross_entropy


def test_the_input_is_left_alone() -> None:
    x = np.array([[1.0, INF, NAN], [1.0, 2.0, 3.0]])
    before = x.copy()
    softmax(x), log_softmax(x), cross_entropy.value_and_gradient(x, [0, 1])
    np.testing.assert_array_equal(x, before)
