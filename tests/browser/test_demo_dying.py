"""The demo of dying ReLU: its units die and come back as those of a Network of Python's do."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from figure_page import dress, violations

import nonlin

pytestmark = pytest.mark.usefixtures("silent")

POINTS, BATCH = 200, 64
STEPS = -(-POINTS // BATCH)  # in a pass


def go(page: Any, server_url: str, state: str = "ask=0") -> None:
    page.goto(f"{server_url}demo-dying.html#{state}")
    page.get_by_role("figure", name="Dying ReLU").wait_for()


def points() -> tuple[Any, Any]:
    """Two rings, evenly turned, each point moved by normal numbers that the engine draws."""
    draws = nonlin.Network([1, 2 * POINTS], activation=None, init="normal", seed=1).weights[0]
    k = np.arange(POINTS)
    inner, turn = k % 2 == 1, k * np.pi * (3 - np.sqrt(5))
    x = np.where(inner, 0.4, 0.95)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    x += 0.07 * draws.astype(np.float64).reshape(POINTS, 2)
    return x.astype(np.float32), inner.astype(np.float32)[:, None]


def network(activation: str = "relu", seed: int = 8) -> nonlin.Network:
    return nonlin.Network([2, 16, 16, 1], activation=activation, seed=seed)


def train(net: nonlin.Network, lr: float, passes: int) -> Any:
    x, y = points()
    return net.train(
        x, y, loss="binary_cross_entropy", optimizer="sgd", lr=lr, epochs=passes, batch_size=BATCH,
        measure=0,
    )  # fmt: skip


def shares(net: nonlin.Network) -> list[float]:
    """Of each hidden unit the share of points that it is active on."""
    layers = net.trace(points()[0])[:-1]
    return [float(share) for layer in layers for share in (layer.z > 0).mean(axis=0)]


def dead(page: Any) -> list[bool]:
    return [
        d == "1"
        for d in page.locator(".unit").evaluate_all("all => all.map((u) => u.dataset.dead)")
    ]


def count(page: Any) -> int:
    text = str(page.locator(".count").text_content())
    return 0 if text.startswith("all") else int(text.split()[0])


def number(text: str) -> float:
    mantissa, _, exponent = text.replace("−", "-").partition("×10")
    return float(mantissa) * 10.0 ** int(exponent or 0)


def rate(page: Any, value: str) -> None:
    page.get_by_label("Learning rate, typed exactly").fill(value)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"lr={re.escape(value)}(&|$)|^[^#]*#ask=0$"))


def step(page: Any) -> int:
    found = re.search(r"step ([\d,]+)", page.locator(".so-far").inner_text())
    assert found
    return int(found[1].replace(",", ""))


def by_steps(page: Any, steps: int) -> None:
    for _ in range(steps):
        before = step(page)
        page.get_by_role("button", name="One step").click()
        page.get_by_text(f"step {before + 1}, pass").wait_for()


def to_the_end_of(page: Any, passes: int) -> None:
    page.get_by_text(f"step {passes * STEPS}, pass {passes}", exact=True).wait_for()


def test_units_start_as_those_of_python(page: Any, server_url: str) -> None:
    go(page, server_url)
    wanted = shares(network())
    assert dead(page) == [s == 0 for s in wanted]
    assert count(page) == sum(s == 0 for s in wanted) == 0
    slider = page.get_by_role("slider", name="Unit to look at")
    slider.focus()
    for index in (1, 5, 21):
        while int(slider.get_attribute("aria-valuenow")) < index + 1:
            page.keyboard.press("ArrowRight")
        where = f"layer {index // 16 + 1}, unit {index % 16 + 1}"
        said = slider.get_attribute("aria-valuetext")
        assert said.startswith(
            f"{where}: active on {math.floor(100 * wanted[index] + 0.5)} % of the points"
        )
    page.wait_for_url(re.compile("unit=22"))


def test_a_few_steps_are_those_of_python(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&lr=3")
    by_steps(page, 2 * STEPS)
    net = network()
    train(net, 3, 2)
    assert dead(page) == [s == 0 for s in shares(net)]
    moved = max(
        float(np.abs(a - b).max())
        for a, b in zip(net.weights + net.biases, network().weights + network().biases, strict=True)
    )
    assert number(page.get_by_test_id("moved").inner_text()) == pytest.approx(moved, rel=1e-3)


def test_the_question_is_answered_by_a_run_that_then_can_be_watched(
    page: Any, server_url: str
) -> None:
    net = network()
    train(net, 10, 100)
    gone = sum(s == 0 for s in shares(net))
    assert gone >= 16
    go(page, server_url, "")
    page.get_by_role("button", name="a few fall silent").click()
    verdict = page.locator(".verdict").inner_text()
    assert verdict.startswith("Not quite.")
    assert f"{gone} of 32 units" in verdict
    to_the_end_of(page, 100)
    page.get_by_role("button", name="Play").wait_for()
    assert count(page) == gone
    page.wait_for_url(re.compile("lr=10"))

    # The rate goes back, and they stay dead: nothing can reach them.
    rate(page, "0.5")
    before = dead(page)
    by_steps(page, 3)
    assert all(now for was, now in zip(before, dead(page), strict=True) if was)


def test_start_over_goes_to_the_very_same_weights(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&lr=10")
    first = page.get_by_test_id("weights").locator("code").inner_text()
    moved = page.get_by_test_id("moved")
    assert moved.inner_text().startswith("0 ")
    page.get_by_role("button", name="Play").click()
    page.get_by_text(re.compile(r"step \d{2,}, ")).first.wait_for()
    page.get_by_label("Leaky ReLU").check(force=True)
    page.wait_for_url(re.compile("activation=leaky_relu"))
    page.get_by_role("button", name="Start over").click()
    page.get_by_text("step 0, pass 0").wait_for()
    assert moved.inner_text().startswith("0 ")
    assert page.get_by_test_id("weights").locator("code").inner_text() == first
    by_steps(page, STEPS)
    net = network("leaky_relu")
    train(net, 10, 1)
    assert dead(page) == [s == 0 for s in shares(net)]
    # Another seed, other weights.
    page.get_by_text("How it begins").click()
    page.get_by_label("Seed, typed exactly").fill("9")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("seed=9"))
    page.get_by_text("step 0, pass 0").wait_for()
    assert page.get_by_test_id("weights").locator("code").inner_text() != first


def test_pushed_biases_kill_and_leaky_units_with_adam_come_back(page: Any, server_url: str) -> None:
    go(page, server_url)
    page.get_by_role("button", name="Push all biases").click()
    page.locator(".count").filter(has_text="32 of 32 units dead").wait_for()
    net = network()
    for b in net.biases[:-1]:
        b -= 5
    assert sum(s == 0 for s in shares(net)) == 32
    assert "answers every point alike" in page.get_by_test_id("sentence").inner_text()
    page.get_by_label("Leaky ReLU").check(force=True)
    page.get_by_label("Adam").check(force=True)
    page.wait_for_url(re.compile("optimizer=adam"))
    page.get_by_role("button", name="Play").click()
    page.get_by_test_id("sentence").filter(
        has_text=re.compile(r"Of the 32 that were dead .*, ([1-9]|[12]\d)\s(is|are) back")
    ).wait_for()
    page.get_by_role("button", name="Pause").click()
    assert count(page) < 32


def test_numbers_that_leave_their_range_are_explained(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&lr=100&activation=leaky_relu")
    page.get_by_role("button", name="Play").click()
    told = page.get_by_test_id("broken")
    told.wait_for()
    net = network("leaky_relu")
    history = train(net, 100, 5)
    assert history.stopped == "not finite"
    assert f"At step {history.steps + 1} " in told.inner_text()
    assert page.get_by_role("button", name="Play").is_disabled()
    assert step(page) == history.steps
    # The last good weights are kept: they are those of Python.
    moved = max(
        float(np.abs(a - b).max())
        for a, b in zip(net.weights + net.biases, network().weights + network().biases, strict=True)
    )
    assert number(page.get_by_test_id("moved").inner_text()) == pytest.approx(moved, rel=1e-2)
    page.get_by_role("button", name="Start over").click()
    told.wait_for(state="detached")
    assert page.get_by_role("button", name="Play").is_enabled()


def test_lines_are_where_the_sums_are_zero(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&unit=3&bias=0.5")
    d = page.locator(".line.chosen").get_attribute("d")
    side = page.locator(".plane .frame").evaluate("r => r.width.baseVal.value")
    ends = re.match(r"M([-\d.]+),([-\d.]+)L([-\d.]+),([-\d.]+)", d)
    assert ends
    numbers = [float(n) for n in ends.groups()]
    net = network()
    w = net.weights[0][2].astype(np.float64)
    for px, py in (numbers[:2], numbers[2:]):
        x, y = (px / side - 0.5) * 3, (0.5 - py / side) * 3
        assert w[0] * x + w[1] * y + 0.5 == pytest.approx(0, abs=0.02 * np.hypot(*w))


def test_settings_are_undone_and_shared(page: Any, server_url: str) -> None:
    go(page, server_url)
    page.get_by_label("Adam").check(force=True)
    page.wait_for_url(re.compile("optimizer=adam"))
    page.get_by_role("button", name="Undo").click()
    assert page.get_by_label("plain (SGD)").is_checked()
    page.get_by_role("button", name="Redo").click()
    assert page.get_by_label("Adam").is_checked()
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    page.get_by_role("figure", name="Dying ReLU").wait_for()
    assert page.get_by_label("Adam").is_checked()
    slider = page.get_by_role("slider", name="Learning rate")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("lr=0.11"))


def test_a_bad_link_is_explained(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&lr=0&activation=sigmoid&units=99")
    notes = page.get_by_test_id("ignored").inner_text()
    for part in ("lr=0", "activation=sigmoid", "units=99"):
        assert part in notes
    assert page.locator(".unit").count() == 32


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_and_readable(page: Any, server_url: str, scheme: str) -> None:
    dress(page, 360, scheme)
    for state in ("", "ask=0&units=24&data=moons"):
        page.goto("about:blank")
        go(page, server_url, state)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert violations(page, "figure") == []
