"""Softmax and cross-entropy: shares, shifts, and p − y."""

from __future__ import annotations

import numpy as np
import pytest

import nonlin
from claims.found import result
from nonlin.experiments.softmax import gradient


def test_its_shares(claim):
    p = nonlin.softmax([2.0, 1.0, 0.1])
    claim("[2.0, 1.0, 0.1] → [0.66, 0.24, 0.10]", f"{p.round(2).tolist()}, sum {p.sum():g}")
    assert p.round(2).tolist() == [0.66, 0.24, 0.10]
    assert p == pytest.approx(np.exp([2, 1, 0.1]) / np.exp([2, 1, 0.1]).sum(), rel=1e-15)
    scores = np.random.default_rng(0).normal(0, 5, (1000, 7))
    assert nonlin.softmax(scores).sum(axis=1) == pytest.approx(np.ones(1000), rel=1e-14)


def test_the_big_score_dominates(claim):
    share = [float(nonlin.softmax([lead, 0.0, 0.0])[0]) for lead in (1, 2, 5, 10)]
    claim("the big score dominates: leads of 1, 2, 5, 10", ", ".join(f"{s:.4f}" for s in share))
    assert share == sorted(share)
    assert share[0] > 0.5
    assert share[-1] > 0.9999


def test_a_constant_changes_nothing(claim):
    scores = np.array([2.0, 1.0, 0.125])  # exact in float64 with these shifts
    off = max(
        abs(nonlin.softmax(scores + c) - nonlin.softmax(scores)).max() for c in (-4096, 1, 1000)
    )
    claim("adding a constant to all scores changes nothing", f"largest change {off:g}")
    assert off == 0


def test_naively_it_overflows(claim):
    scores = np.array([1000.0, 999.0])
    with np.errstate(all="ignore"):
        naive = np.exp(scores) / np.exp(scores).sum()
    ours = nonlin.softmax(scores)
    claim(
        "[1000, 999] overflows naively, and not here",
        f"naive {naive.tolist()}, here {ours.round(4).tolist()}",
    )
    assert np.isnan(naive).all()
    assert ours == pytest.approx([0.7310585786300049, 0.2689414213699951], rel=1e-14)
    assert np.isfinite(nonlin.cross_entropy(scores[None], [1]))


def slope(loss, scores):
    """The gradient by central differences."""
    step = 1e-6 * np.eye(len(scores))
    return np.array([(loss(scores + s) - loss(scores - s)) / 2e-6 for s in step])


def test_the_gradient_is_p_minus_y(claim):
    scores, target = np.array([0.3, -1.2, 2.0]), 1
    y = np.eye(3)[target]
    wanted = nonlin.softmax(scores) - y
    off = abs(nonlin.cross_entropy.value_and_gradient(scores[None], [target])[1][0] - wanted).max()
    claim("with cross-entropy the gradient to the scores is p − y", f"apart by {off:.0e}")
    assert off < 1e-15
    assert gradient("cross-entropy", scores, target) == pytest.approx(wanted, rel=1e-14)
    measured = slope(lambda s: float(nonlin.cross_entropy(s[None], [target])), scores)
    assert wanted == pytest.approx(measured, abs=1e-9)
    net = nonlin.Network([3, 3], activation=None, dtype="float64")
    net.weights[0][...] = np.eye(3)
    assert net.backward(scores[None], [target], loss="cross_entropy").biases[0] == pytest.approx(
        wanted
    )
    # And behind a softmax the squared error has the factor that is missing above.
    square = slope(lambda s: float(np.sum((nonlin.softmax(s) - y) ** 2)), scores)
    assert gradient("squared error", scores, target) == pytest.approx(square, abs=1e-9)


def test_squared_error_is_stuck_where_cross_entropy_is_not(claim):
    rows = {(r.loss, r.lead): r for r in result("softmax").rows}
    ours, theirs = rows["cross-entropy", 10], rows["squared error", 10]
    claim(
        "no saturation factor, unlike squared error behind a softmax",
        f"from 10 behind: gradient {ours.gradient:.2f} and {theirs.gradient:.1e}, "
        f"right after {ours.steps} and {theirs.steps:,} steps",
    )
    assert ours.gradient == pytest.approx(2**0.5, rel=0.01)
    assert theirs.gradient < 1e-3
    assert ours.steps * 100 < theirs.steps
    assert rows["squared error", 15].steps is None
