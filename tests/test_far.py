"""Sines far out and sums that cancel: right on float32, and on the way that is ten times as quick."""

from __future__ import annotations

import numpy as np
import pytest

import nonlin
from nonlin.audit.judge import Judge
from nonlin.audit.tally import count
from nonlin.compiler.far import has_far_sines
from nonlin.compiler.kernel import Kernel

RNG = np.random.default_rng(3)
FAR = (RNG.choice([-1, 1], 4000) * np.exp2(RNG.uniform(8, 127.9, 4000))).astype(np.float32)
# The floats closest to multiples of pi/2, by continued fractions of 2**n / pi.
CLOSE = np.array([m * 2.0**e for m, e in ((16367173, 72), (10741887, 11), (10057457, 62), (11617958, 17),
                                          (9012376, 53))], dtype=np.float32)  # fmt: skip


def judged(f: nonlin.Activation, what: str, z: np.ndarray) -> float:
    y = {"value": f, "derivative": f.derivative}[what](z)
    truth = Judge(f, what, "float32")(z.astype(np.float64))
    tally = count(z.astype(np.float64), y.astype(np.float64), truth, "float32")
    assert tally.signs == 0
    return tally.error


@pytest.mark.parametrize("what", ["value", "derivative"])
@pytest.mark.parametrize(
    "formula",
    ["sin(z)", "cos(z)", "z*cos(z)", "z + sin(z)**2", "sin(3*z)", "sin(z/7)", "sin(0.3*z)", "sin(z + 1)",
     "sigmoid(z)*sin(-z)", "sin(z**2)"],
)  # fmt: skip
def test_far_out(formula: str, what: str) -> None:
    assert judged(nonlin.define(formula), what, np.concatenate([FAR, -FAR, CLOSE])) < 1


@pytest.mark.parametrize("a", [1.0, 2.5, 0.3, 1e-3, 300.0])
def test_far_out_for_any_parameter(a: float) -> None:
    """Exact products with it are reduced at once; the others are the exact arithmetic's."""
    f = nonlin.define("z + sin(a*z)/a", a=a)
    for what in ("value", "derivative"):
        assert judged(f, what, FAR) < 1


def test_which_sines_are_reduced_at_once() -> None:
    def has(formula: str) -> bool:
        return has_far_sines(nonlin.define(formula).program("value"))

    assert all(map(has, ["sin(z)", "z*cos(2*z)", "z + sin(z/2)**2", "sin(z**2)"]))
    assert not any(map(has, ["tanh(z)", "sin(z**3)", "sin(pi*z)", "sin(z + 1)"]))


@pytest.mark.parametrize(
    "formula",
    ["1 + cos(z)", "sin(z)**2 - 1", "(z - 1)*exp(z - 1) - (z - 1)", "z**2 - 2*z*sqrt(2) + 2", "cosh(z) - 2*cosh(1)*cosh(z/2)**2",
     "sqrt(z**2 + 1) - z", "exp(z) - exp(1)*z", "log(z**2 + 1) - log(2) - (z - 1)", "tanh(z) - 1", "exp(z*z) - sin(z)"],
)  # fmt: skip
@pytest.mark.parametrize("what", ["value", "derivative"])
def test_sums_that_cancel(formula: str, what: str) -> None:
    """Also where a function touches zero, and beside that."""
    f = nonlin.define(formula)
    zeros = [0.0, 1.0, *(np.pi / 2 * np.arange(1, 12)), np.sqrt(2)]
    near = [np.float32(z).view(np.int32) + np.arange(-300, 300, dtype=np.int32) for z in zeros]
    z = np.concatenate([np.array(near).ravel().view(np.float32), FAR[np.abs(FAR) < 1e6]])
    for sign in (1, -1):
        assert judged(f, what, sign * z) < 1


@pytest.mark.parametrize(
    "formula",
    ["where(sqrt(z**2 + 1) - z < 1e-20, 3, z)", "where(min(z - sqrt(2), 9) <= 0, 1, 2)",
     "where(tanh(sqrt(z**2 + 1) - z) <= 0.1, z, -z)"],
)  # fmt: skip
def test_what_is_compared_is_never_unknown(formula: str) -> None:
    """A comparison with NaN is false; the results would be wrong, and no element be asked for again."""
    z = np.concatenate(
        [
            np.float32(np.sqrt(2)) * np.ones(1, np.float32),
            np.geomspace(1e-3, 1e6, 999).astype(np.float32),
        ]
    )
    assert judged(nonlin.define(formula), "value", z) < 1


def test_a_sum_lost_in_a_larger_one_stays_on_the_lanes() -> None:
    """sqrt(z**2 + 1) - 1 cancels, but beside z that does not show."""
    f = nonlin.bent_identity
    kernel = Kernel(f._recipe("value"), lambda: f.program("value"), "float32")
    x = np.geomspace(1e-30, 1e-3, 1000).astype(np.float32)
    y, asked = np.empty_like(x), []
    kernel._load_exact = lambda: asked.append(1) or Kernel._load_exact(kernel)  # type: ignore[method-assign]
    kernel.run(x.ctypes.data, 0, y.ctypes.data, 0, x.size, 0)
    assert not asked
    np.testing.assert_allclose(y, x, rtol=1e-3)
