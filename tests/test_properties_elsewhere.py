"""Properties of formulas with poles, holes, jumps and odd domains: proved only where true."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest

import nonlin
from nonlin.effort import effort

FORMULAS = [
    "1/z", "4/z", "1/z**2", "1/z**3", "2/z+1", "1/(z-1)", "z/(z**2-1)", "1/(z**2+1e-6)", "(z+1)/(z-2)",
    "z+1/z", "z-1/z", "1/(exp(z)-1)", "1/(z*(z-1))", "exp(1/z)", "exp(-1/z**2)", "abs(z)/z",
    "z**2/z", "sin(z)/z", "(exp(z)-1)/z", "z/abs(z)*sqrt(abs(z))", "log(z)", "log(abs(z))",
    "z*log(z)", "z*log(abs(z))", "log1p(z)", "sqrt(z)", "sqrt(z-1)", "z**0.5", "z**1.5", "z**-0.5",
    "z**z", "2**z", "abs(z)**z", "sqrt(1-z**2)", "sqrt(z**2-1)", "1/sqrt(1-z**2)", "log(1-z**2)",
    "where(z>1,z,where(z<-1,z,0))", "where(z>=1,z,where(z<=-1,z,0))", "where(z>0,1/z,z)",
    "where(z>0,z,-1)", "where(z>0,1,where(z<0,-1,0))", "where(z==0,1,z)", "where(z>0,log(z),z)",
    "where(z<0,z,z+1)", "sign(z)*sqrt(abs(z))", "sign(z)*z**2", "1/(1+exp(z))", "1/cosh(z)",
    "sinh(z)", "exp(z)", "exp(z**2)", "exp(-z**2)", "z*exp(-z)", "max(z,1/z)", "min(z,z**3)",
    "abs(abs(z)-1)", "tanh(1/z)", "atan(1/z)", "z**3-z",
    # small, large and narrow
    "z+1e-40*sin(1e30*z)", "exp(-(1e6*(z-0.123))**2)", "z+exp(-(1e6*(z-0.123))**2)", "tanh(1e8*z)",
    "tanh(1e8*(z-0.3))+1e-3*z", "1e200*tanh(1e-200*z)", "z+1e-3*sin(1000*z)", "z+1.01e-3*sin(1000*z)",
    "tanh(z)-1e-9*z", "sigmoid(z)-sigmoid(z-1e-9)", "max(z,0)-1e-15*z",
    "where(abs(z-3)<1e-7,-1,z)", "where(abs(z-pi)<1e-12,5,sin(z))", "abs(z-0.1)*1e-12+z",
    # wobbling, and nearly monotone
    "sin(z)+1.0000001*z", "sin(z)+0.9999999*z", "z-sin(z)", "z+sin(z)**2/2", "sin(z**2)", "sin(1/z)",
    "z*sin(1/z)", "z**2*sin(1/z)", "where(z==0,1,sin(z)/z)", "abs(sin(3*z))", "min(sin(z),0)+z",
    "sin(10*z)*exp(-z**2/100)", "cos(z)*tanh(z)", "exp(sin(z))", "z*sin(z)**2", "z*sin(z)**2+z",
    # fast
    "exp(exp(z))", "exp(-exp(-z))", "z*exp(-exp(z))", "tanh(exp(exp(z)))", "log(1+exp(exp(z)))",
    "exp(exp(exp(z)))-exp(exp(exp(z)))", "exp(-exp(z))*exp(exp(z))", "log(log(z))", "z*exp(z**2)",
    # holes that could be filled, half lines, pieces
    "(z**2-1)/(z-1)", "z/(1-exp(-z))", "(1-cos(z))/z**2", "log1p(z)/z", "tanh(z)/tanh(z)", "exp(log(z))",
    "sqrt(log(z))", "sqrt(z+1)+sqrt(1-z)", "sqrt(sin(z))", "sqrt(z**2)",
    "where(z>0,z,where(z>=0,5,-1))", "where(z>=1,where(z<=1,7,0),0)", "where(z**2<2,z**2-2,0)",
    "where(z<0,1/z,z)", "where(z==0,0,1/z)", "where(z>0,sqrt(z),z)", "where(z<1,1/(1-z),0)",
    "where(log(z)>0,z,-1)", "where(1/z>2,1,z)", "where(sqrt(z-1)<2,log(z),z)",
    "min(max(z,z**2),z**3)", "max(min(z,-1),1)", "log(cosh(z))-abs(z)", "(z**2-2)**2", "z**2*(z-1e-12)**2",
]  # fmt: skip
PLACES = np.concatenate([np.linspace(-9.97, 9.97, 4001), np.linspace(-1.01, 1.01, 2001)])
_known: dict[str, Any] = {}


def of(formula: str) -> tuple[Any, Any, Any, Any]:
    """Its properties, places where it has a value, the values and the slopes there."""
    if formula not in _known:
        f = nonlin.define(formula)
        z = np.unique(np.append(PLACES, [-2.0, -1.0, 0.0, 1.0, 2.0]))
        y, slope = f(z), f.derivative(z)
        # At infinity of f there is no value, although the arithmetic gives one.
        ok = np.isfinite(y)
        _known[formula] = f.properties, z[ok], y[ok], slope[ok]
    return _known[formula]  # type: ignore[no-any-return]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_proved_lipschitz_constant_bounds_every_chord(formula: str) -> None:
    properties, z, y, _ = of(formula)
    claim = properties["lipschitz"]
    if not claim.proved or claim.value is None or math.isinf(claim.value):
        return
    apart = np.diff(z) > 1e-9  # else it is the last bit that is measured
    chords = (np.abs(np.diff(y)) / np.diff(z))[apart]
    assert chords.max() <= claim.value * (1 + 1e-6) + 1e-9, claim.text


@pytest.mark.parametrize("formula", FORMULAS)
def test_proved_fixed_points_are_all_and_only_those(formula: str) -> None:
    properties, z, y, _ = of(formula)
    claim = properties["fixed_points"]
    if not claim.proved or claim.value is None:
        return
    spans = [(p, p) if isinstance(p, float) else p for p in claim.value]
    domain = properties["domain"].value
    assert isinstance(domain, tuple)
    there = np.array([any(lo <= x <= hi for lo, hi in domain) for x in z])
    closed = set("[]") & set(properties["domain"].text)
    holes = [end for part in domain for end in part if not closed]  # as 0 in exp(-1/z**2)
    there &= ~np.isin(z, holes)
    z, y = z[there], y[there]
    gap = y - z
    if formula == "z+exp(-(1e6*(z-0.123))**2)":  # not a double's width above z, but above it
        gap += 1e-300
    for i in np.flatnonzero((gap == 0) & (np.abs(z) < 1e6)):
        assert any(lo - 1e-9 <= z[i] <= hi + 1e-9 for lo, hi in spans), (z[i], claim.text)
    # A change of sign between neighbours without a jump is a fixed point between them.
    step = np.abs(np.diff(y)) < 0.05
    for i in np.flatnonzero((gap[:-1] * gap[1:] < 0) & step & (np.diff(z) < 0.01)):
        if any(z[i] < hole < z[i + 1] for hole in holes):
            continue
        assert any(lo <= z[i + 1] and hi >= z[i] for lo, hi in spans), (z[i], claim.text)


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_proved_range_holds_every_value(formula: str) -> None:
    properties, _, y, _ = of(formula)
    claim = properties["range"]
    if not claim.proved or claim.value is None:
        return
    ends = [e for part in claim.value for e in (part if isinstance(part, tuple) else (part,))]
    numbers = [float(e) for e in ends if isinstance(e, int | float) and not isinstance(e, bool)]
    slack = 1e-9 * (1 + np.abs(y).max())
    if numbers:
        assert min(numbers) - slack <= y.min(), claim.text
        assert max(numbers) + slack >= y.max(), claim.text


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_proved_direction_is_that_of_the_slopes(formula: str) -> None:
    properties, z, y, _ = of(formula)
    claim = properties["monotone"]
    if not claim.proved or not claim.text.startswith(("increasing", "decreasing")):
        return
    rises = np.diff(y) if claim.text.startswith("increasing") else -np.diff(y)
    assert rises.min() >= -1e-9 * (1 + np.abs(y).max()), (claim.text, z[np.argmin(rises)])


@pytest.mark.parametrize(
    "formula", ["1/z", "1/z**2", "1/z**3", "z/(z**2-1)", "2/z+1", "1/(z-1)", "where(z>0,1/z,z)"]
)
def test_no_mean_is_claimed_of_a_divergent_integral(formula: str) -> None:
    assert not of(formula)[0]["zero_centred"].proved


@pytest.mark.parametrize(
    ("formula", "name", "text"),
    [
        ("1/z", "fixed_points", "−1 and 1"),
        ("4/z", "fixed_points", "−2 and 2"),
        ("where(z>1,z,where(z<-1,z,0))", "fixed_points", "every z < −1, z = 0 and every z > 1"),
        ("where(z>=1,z,where(z<=-1,z,0))", "fixed_points", "every z ≤ −1, z = 0 and every z ≥ 1"),
        ("abs(z)/z", "lipschitz", "∞"),
        ("where(z==0,1,z)", "fixed_points", "every z < 0 and every z > 0"),
        ("sqrt(z**2-1)", "domain", "(−∞, −1] ∪ [1, ∞)"),
        # as small as it may be, a step is a step and a value a value
        ("where(z<-80,0,z*sigmoid(z))", "smooth", "no: jumps at −80"),
        ("where(z<-80,0,z*sigmoid(z))", "lipschitz", "∞"),
        ("where(z>0,1e-40,0)", "range", "{0, 1e−40}"),
        ("where(z>0,1e-40,0)", "monotone", "increasing, not strictly"),
        ("1e-200*tanh(z)", "range", "(−1e−200, 1e−200)"),
        ("(1+1e-300*exp(-z**2))-1", "range", "(0, 1e−300]"),
        ("where(z>100,exp(-z),0)", "monotone", "no"),
        # what is 0 only as far as an irrational place is known is 0
        ("(z**2-2)**2", "range", "[0, ∞)"),
        ("where(z**2<2,z**2-2,0)", "range", "[−2, 0]"),
        ("where(z>1e300,1,0)", "limits", "0, 1"),
        # no mean where the integral diverges, and none seen between the nodes of a quadrature
        ("z*exp(z**2)", "zero_centred", "undefined"),
        ("exp(z**2/2)", "zero_centred", "undefined"),
        ("z*exp(z**2/3)", "zero_centred", "yes"),
        ("1e-13*z**2-1e-20", "zero_centred", "unknown"),
        ("exp(-(1e6*(z-0.123))**2)", "zero_centred", "no"),
        ("exp(-(1e6*(z-0.123))**2)", "fixed_points", "unknown"),  # one is near exp(-1.5e10)
        ("where(z==1,7,0)", "zero_centred", "yes"),
        # between 0 and 2z; above sqrt(z)
        ("z*sin(z)**2", "limits", "none, none"),
        ("z*sin(z)**2+z", "limits", "unknown, unknown"),
        ("where(z>0,z*sin(z)+z+sqrt(z),0)", "limits", "0, unknown"),
        ("exp(exp(z))", "limits", "1, ∞"),
        ("exp(exp(z))-exp(z)", "limits", "1, unknown"),
        ("log(log(z))", "convex", "concave"),
        ("sqrt(log(z))", "convex", "concave"),
        ("z/log(z)", "f0", "undefined"),
        ("exp(log(z))", "f0", "undefined"),
        ("atan(z)+atan(1/z)", "symmetry", "odd"),
        ("max(min(z,-1),1)", "dead_region", "every z"),
        ("sqrt(z**2)", "range", "[0, ∞)"),
        ("log(1+z)", "range", "ℝ"),
        # on the left as on the right, nothing is known of a sine but near 0
        ("where(z>pi/4,1,sin(z)/cos(z))", "domain", "unknown"),
        ("where(z>0,1,1/sin(z-1))", "domain", "unknown"),
        # the same on every machine: work is counted, and what repeats itself is searched once
        ("where(z>0,0,z+sin(2*z))", "fixed_points", "infinitely many"),
        ("z+sin(z)", "fixed_points", "infinitely many"),
        ("sin(z)+cos(z)", "limits", "none, none"),
        ("sin(pi*z)", "range", "[−1, 1]"),
        ("sin(pi*z)", "fixed_points", "−0.736484, 0 and 0.736484"),
        # next to a hole, where intervals see nothing
        ("tanh(z)/z", "range", "(0, 1)"),
        ("(z**3-1)/(z-1)", "range", "[0.75, ∞)"),
        ("expm1(z)/z", "monotone", "increasing, strictly"),
        ("z/sinh(z)", "fixed_points", "0.881374"),
        # smaller than the oracle can tell, or than a double
        ("where(z>1000,exp(-exp(z)),0)", "range", "unknown"),
        ("where(z>20,exp(exp(-exp(z)))-1,0)", "range", "unknown"),
        ("where(z>sqrt(2),2+1e-45,z+2-sqrt(2))", "lipschitz", "∞"),
        ("z*exp(-exp(z))", "range", "(−∞, 0.0972601]"),
        # a comparison is false where a side has no value
        ("where(log(z)>0,z,-1)", "domain", "ℝ"),
        ("where(log(z)>0,z,-1)", "range", "{−1} ∪ (1, ∞)"),
        ("where(log(z)<0,1,0)", "dead_region", "z < 0, 0 < z < 1 and z > 1"),
        ("where(sqrt(z)<=1,1,0)", "limits", "0, 0"),
    ],
)
def test_known_answers(formula: str, name: str, text: str) -> None:
    assert of(formula)[0][name].text == text


@pytest.mark.parametrize(
    "formula", ["where(z>0,0,z+sin(2*z))", "sin(z**2)", "z*sin(z)", "sin(pi*z)"]
)
def test_answers_do_not_depend_on_time(formula: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once with a clock that stands still, once after everything has been seen before, once by a slow clock."""
    f = nonlin.define(formula)
    real = time.monotonic
    spent, answers = [], []
    for clock in (lambda: 0.0, lambda: 0.0, lambda: real() / 20):
        before = effort.spent
        with monkeypatch.context() as other:
            other.setattr(time, "monotonic", clock)
            answers.append(f.study(1.0))
        spent.append(effort.spent - before)
    assert answers[0] == answers[1] == answers[2]
    assert spent[0] == spent[1] == spent[2]


def test_what_has_values_at_scattered_points_is_not_understood() -> None:
    """z**z is real at −1 and at no place near it."""
    assert float(nonlin.define("z**z")(-1.0)) == -1
    assert not of("z**z")[0]["domain"].proved
