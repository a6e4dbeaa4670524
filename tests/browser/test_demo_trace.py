"""Trace in a browser: every number on the way is that of a network in Python with the same weights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from figure_page import FRAMED, dress, violations

import nonlin

pytestmark = pytest.mark.usefixtures("silent")

WIDTHS = [2, 3, 2, 1]
ACTIVATIONS = ["relu", "relu", "sigmoid"]
WEIGHTS = [
    0.5, -1, -0.6, 0.8, 1.2, 0.4, 0.1, 0.2, -0.3, 0.8, -0.5, 0.6, -1.2, 0.4, 1, 0.1, 0.5, 1.5, -0.7, -0.2,
]  # fmt: skip


@pytest.fixture
def url(server_url: str) -> str:
    return f"{server_url}demo-trace.html"


def go(page: Any, url: str, state: str = "") -> None:
    page.goto("about:blank")
    page.goto(f"{url}#{state}")
    page.get_by_role("slider", name="Input x1").wait_for()


def network(
    widths: Sequence[int] = WIDTHS,
    activations: Sequence[str] = ACTIVATIONS,
    weights: Sequence[float] = WEIGHTS,
) -> nonlin.Network:
    net = nonlin.Network(list(widths), activation=list(activations))
    rest = list(weights)
    for w, b in zip(net.weights, net.biases, strict=True):
        w[:] = np.reshape(rest[: w.size], w.shape)
        b[:] = rest[w.size : w.size + b.size]
        rest = rest[w.size + b.size :]
    return net


def number(page: Any, name: str) -> float:
    """A number of the sum, shown with every digit."""
    return float(page.get_by_test_id(name).inner_text().replace("−", "-"))


def held(page: Any, layer: int, unit: int) -> str:
    return str(page.get_by_test_id(f"value-{layer}-{unit}").text_content())


def test_every_sum_and_output_is_pythons(page: Any, url: str) -> None:
    go(page, url, "digits=1")
    found = network().trace([[1, -0.5]])
    for layer, expected in enumerate(found):
        for unit, (z, a) in enumerate(zip(expected.z[0], expected.a[0], strict=True)):
            assert held(page, layer, unit) == f"{a:.2f}"
            assert number(page, "z") == pytest.approx(float(z), rel=3e-7)
            assert number(page, "result") == pytest.approx(float(a), rel=3e-7)
            rows = page.get_by_test_id("sum").locator("tbody tr")
            terms = [
                float(rows.nth(i).locator("td").last.inner_text().replace("−", "-"))
                for i in range(expected.terms.shape[2])
            ]
            np.testing.assert_allclose(terms, expected.terms[0, unit], rtol=1e-6, atol=1e-9)
            following = page.get_by_role("button", name="Next unit")
            if following.is_enabled():
                later = page.locator(".value.unknown").all_text_contents()
                assert set(later) == {"?"}
                following.click()
    assert page.get_by_text("unit 6 of 6").is_visible()


def test_backward_gradients_are_pythons(page: Any, url: str) -> None:
    go(page, url, "digits=1&mode=backward&inputs=1,0.7&targets=0.25")
    expected = network().backward([[1, 0.7]], [[0.25]])
    assert float(page.get_by_test_id("loss").inner_text()) == pytest.approx(expected.loss, abs=6e-5)
    for layer in (2, 1, 0):
        for unit in reversed(range(WIDTHS[layer + 1])):
            wanted = float(expected.biases[layer][unit])
            assert number(page, "result") == pytest.approx(wanted, rel=1e-5, abs=1e-9)
            page.get_by_role("button", name="Next unit").click(force=True, no_wait_after=True)
    assert "gradient stops here" in page.get_by_test_id("sentence").inner_text() or wanted != 0


def test_small_numbers_fit_and_stay_what_they_are(page: Any, url: str) -> None:
    weights = [*WEIGHTS[:17], 0.05, 0.03, -0.2]
    go(page, url, f"mode=backward&all=1&weights={','.join(map(str, weights))}")
    expected = network(weights=weights).backward([[1, -0.5]], [[1]])
    small = 0
    for layer, slopes in enumerate(expected.biases):
        for unit, slope in enumerate(slopes):
            shown = float(held(page, layer, unit).replace("−", "-"))
            tiny = 0 < abs(slope) < 0.01
            small += tiny
            assert shown == pytest.approx(float(slope), rel=0.06, abs=0 if tiny else 6e-3)
    assert small


def test_keys_walk_and_a_click_chooses(page: Any, url: str) -> None:
    go(page, url)
    page.get_by_test_id("unit-0-0").focus()
    page.keyboard.press("ArrowRight")
    page.locator('[data-testid="unit-0-1"]:focus').wait_for()
    page.keyboard.press("ArrowDown")
    page.locator('[data-testid="unit-0-2"]:focus').wait_for()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("End")
    page.locator('[data-testid="unit-2-0"]:focus').wait_for()
    page.get_by_test_id("unit-1-1").click()
    assert page.get_by_role("heading", name="Unit k₂").is_visible()
    assert held(page, 2, 0) == "?"
    page.get_by_role("button", name="All numbers at once").click()
    assert held(page, 2, 0) != "?"
    page.wait_for_url(re.compile("step=4&all=1"))


def test_inputs_and_weights_by_hand_key_and_field(page: Any, url: str) -> None:
    go(page, url, "digits=1")
    grip = page.get_by_role("slider", name="Input x1")
    grip.focus()
    page.keyboard.press("ArrowRight")
    weights = list(WEIGHTS)
    wait = page.get_by_test_id("z")

    def expect(inputs: list[float]) -> None:
        z = float(network(weights=weights).trace([inputs])[0].z[0, 0])
        page.wait_for_function(
            "z => Math.abs(Number(document.querySelector('[data-testid=z]').innerText.replace('−', '-')) - z) < 1e-6",
            arg=z,
        )
        assert wait.is_visible()

    expect([1.1, -0.5])
    page.get_by_label("Weight from x₂ to h₁").fill("0,25")
    page.keyboard.press("Enter")
    weights[1] = 0.25
    expect([1.1, -0.5])
    page.get_by_label("Bias of h₁").press("ArrowUp")
    weights[6] = 0.2
    expect([1.1, -0.5])
    box = page.get_by_role("slider", name="Input x2").locator(".knob").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    page.mouse.up()
    second = float(page.get_by_role("slider", name="Input x2").get_attribute("aria-valuenow"))
    assert second > 0
    expect([1.1, second])
    link = page.url
    go(page, link.split("#")[0], link.split("#")[1])
    expect([1.1, second])
    page.get_by_label("Bias of h₁").fill("3")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Undo").click()
    expect([1.1, second])


def test_another_network_is_drawn_by_its_seed(page: Any, url: str) -> None:
    go(page, url, "widths=3,4,4,2&activations=tanh,gelu,identity&inputs=1,-1,0.5&seed=7&all=1")
    drawn = nonlin.Network([3, 4, 4, 2], activation="tanh", init="xavier_uniform", seed=7)
    parts = [p.ravel() for wb in zip(drawn.weights, drawn.biases, strict=True) for p in wb]
    rounded = np.floor(np.concatenate(parts).astype(float) * 10 + 0.5) / 10
    net = network([3, 4, 4, 2], ["tanh", "gelu", "identity"], rounded)
    outputs = net.trace([[1, -1, 0.5]])[-1].a[0]
    for unit in range(2):
        assert float(held(page, 2, unit).replace("−", "-")) == pytest.approx(
            float(outputs[unit]), abs=6e-3
        )
    page.get_by_text("The network: 3–4–4–2").click()
    page.get_by_role("button", name="Add a layer").click()
    page.get_by_test_id("unit-3-1").wait_for()
    page.get_by_role("button", name="Undo").click()
    assert page.get_by_test_id("unit-3-1").count() == 0


def test_a_wrong_link_is_explained(page: Any, url: str) -> None:
    go(page, url, "widths=2,9,1&activations=relu,sigmoud&step=2")
    told = page.get_by_test_id("ignored").inner_text()
    assert "widths" in told and "sigmoud" in told
    assert page.get_by_text("unit 3 of 6").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_readable_by_everybody(page: Any, url: str, width: int, scheme: str) -> None:
    dress(page, width, scheme)
    for state in ("step=3", "widths=6,6,6,6,6&all=1&mode=backward&digits=1&step=9"):
        go(page, url, state)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page, ignored=FRAMED) == []
