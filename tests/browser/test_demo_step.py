"""Descent on a step in a browser: every loss and weight against the Python engine's, step by step."""

from __future__ import annotations

import re
from typing import Any

import figure_page as figures
import numpy as np
import pytest
from numpy.typing import NDArray

import nonlin

pytestmark = pytest.mark.usefixtures("silent")


def go(page: Any, server_url: str, state: str = "ask=0") -> Any:
    figure = figures.open_figure(page, server_url, "step", state)
    page.get_by_test_id("neuron-0").wait_for()
    return figure


def cells(page: Any, copy: int) -> list[float]:
    """Loss, size of the gradient, weight and bias of one copy."""
    texts = page.get_by_test_id(f"neuron-{copy}").locator("td").all_inner_texts()
    plain = [re.sub(r"×10(−?\d+)", r"e\1", t).replace("−", "-") for t in texts]
    return [float(t) for t in plain]


def progress_of(page: Any) -> int:
    return int(re.search(r"step (\d+)", page.locator(".run-bar .so-far").inner_text())[1])


def points(seed: int = 1) -> tuple[NDArray[Any], NDArray[Any]]:
    x = np.float32(3) * figures.draws("uniform", 60, seed)
    noise = figures.draws("normal", 60, seed + 1)
    return x[:, None], (x + 0.5 * noise.astype(np.float64) > 1.1).astype(np.float32)[:, None]


def test_the_step_stands_still_and_the_others_fall(page: Any, server_url: str) -> None:
    go(page, server_url)
    progress = page.locator(".run-bar .so-far")
    page.get_by_role("button", name="Play").click()
    figures.wait_until(page, progress, "parseInt(text.slice(5)) > 60")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="One step").click()
    done, found = -1, []
    while progress_of(page) != done:  # a round that had begun may still come to its end
        done, found = progress_of(page), [cells(page, copy) for copy in range(3)]
    x, y = points()
    for copy, name in enumerate(("step", "sigmoid", "relu")):
        net = nonlin.Network([1, 1], activation=[name], init="xavier", seed=1)
        before = net.backward(x, y).loss
        net.train(x, y, loss="squared_error", optimizer="sgd", lr=0.2, epochs=done)
        after = net.backward(x, y)
        loss, gradient, weight, bias = found[copy]
        assert loss == pytest.approx(after.loss, abs=2e-4)
        assert gradient == pytest.approx(after.norms[0], abs=2e-4)
        assert weight == pytest.approx(net.weights[0][0, 0], abs=2e-3)
        assert bias == pytest.approx(net.biases[0][0], abs=2e-3)
        if name == "step":
            assert gradient == 0 and loss == pytest.approx(before, abs=1e-4)
            assert page.get_by_test_id("neuron-0").locator("td").nth(1).inner_text() == "0"
        else:
            assert loss < before / 2
    said = page.get_by_test_id("said").inner_text()
    assert "Step is at 0.233 with a gradient of exactly 0" in said
    assert "Sigmoid went down" in said and "ReLU went down" in said


def test_starting_over_gives_the_very_same_weights(page: Any, server_url: str) -> None:
    go(page, server_url)
    start = [cells(page, copy) for copy in range(3)]
    page.get_by_role("button", name="One step").click()
    page.get_by_text("step 1 of 600").wait_for()
    first = [cells(page, copy) for copy in range(3)]
    assert first[0] == start[0] and first[1] != start[1]
    page.get_by_role("button", name="Start over").click()
    page.get_by_text("step 0 of 600").wait_for()
    assert [cells(page, copy) for copy in range(3)] == start
    page.get_by_role("button", name="One step").click()
    page.get_by_text("step 1 of 600").wait_for()
    assert [cells(page, copy) for copy in range(3)] == first


def test_other_functions_and_rates_by_keyboard(page: Any, server_url: str) -> None:
    go(page, server_url)
    select = page.get_by_label("Curve of copy 2 of the neuron")
    select.select_option("sign")
    page.wait_for_url(re.compile("functions=step,sign,relu"))
    figures.wait_until(
        page, page.get_by_test_id("neuron-1").locator("td").nth(1), "text.trim() === '0'"
    )
    select.focus()
    page.keyboard.press("Control+z")
    page.wait_for_url(re.compile("^((?!functions).)*$"))
    slider = page.get_by_role("slider", name="Learning rate")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"lr=0\.21"))
    shared = page.url.split("#")[1]
    go(page, server_url, shared)
    assert page.get_by_label("Learning rate, typed exactly").input_value() == "0.21"


def test_a_loss_that_breaks_is_explained(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&functions=square&lr=10")
    page.get_by_role("button", name="Play").click()
    figures.wait_until(page, page.get_by_test_id("said"), "text.includes('no longer a number')")


def test_it_asks_first_and_then_runs(page: Any, server_url: str) -> None:
    go(page, server_url, "lr=0.2")
    assert page.get_by_role("button", name="Play").count() == 0
    page.get_by_role("button", name="Sigmoid").click()
    assert "No, that one learns. Step stands still" in page.locator(".ask .verdict").inner_text()
    figures.wait_until(page, page.locator(".run-bar .so-far"), "parseInt(text.slice(5)) > 5")


def test_a_bad_link_is_explained(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&functions=nonsense&lr=0&seed=x")
    said = page.get_by_test_id("ignored").inner_text()
    assert "functions=nonsense" in said and "lr=0" in said and "seed=x" in said


@pytest.mark.parametrize("state", ["lr=0.2", "ask=0"])
def test_nothing_stands_in_a_readers_way(page: Any, server_url: str, state: str) -> None:
    figures.check_reading(page, server_url, "step", state)
