"""The zig-zag in a browser: its paths and its numbers against NumPy's own descent."""

from __future__ import annotations

import re
from typing import Any

import figure_page as figures
import numpy as np
import pytest
from numpy.typing import NDArray

import nonlin

pytestmark = pytest.mark.usefixtures("silent")

WANTED = np.array([1.5, -0.5])


def go(page: Any, server_url: str, state: str = "ask=0") -> Any:
    figure = figures.open_figure(page, server_url, "zigzag", state)
    page.get_by_test_id("row-steps").locator("td").nth(1).wait_for()
    return figure


def row(page: Any, name: str) -> list[float]:
    texts = page.get_by_test_id(f"row-{name}").locator("td").all_inner_texts()
    return [float(re.sub("[^0-9.]", "", text) or "nan") for text in texts]


def inputs(name: str, seed: int = 1) -> NDArray[Any]:
    raw = figures.draws("normal", 800, seed).reshape(400, 2)
    return np.asarray(getattr(nonlin, name)(raw), dtype=np.float64)


def descent(x: NDArray[Any], start: NDArray[Any], lr: float) -> NDArray[Any]:
    """All samples at once, until 1 % of the way is left."""
    matrix = x.T @ x / len(x)
    path = [start]
    while len(path) <= 3000 and np.linalg.norm(path[-1] - WANTED) >= 0.01 * np.linalg.norm(
        start - WANTED
    ):
        path.append(path[-1] - 2 * lr * matrix @ (path[-1] - WANTED))
    return np.array(path)


@pytest.mark.parametrize("lr, start", [(1.6, (0, 0)), (0.3, (2, 0.8)), (1.0, (-0.5, -1.5))])
def test_both_descents_are_numpys(
    page: Any, server_url: str, lr: float, start: tuple[float, float]
) -> None:
    go(page, server_url, f"ask=0&lr={lr}&start={start[0]},{start[1]}")
    shown = [row(page, name) for name in ("steps", "detour", "sign", "stretch", "limit")]
    for side, name in enumerate(("sigmoid", "tanh")):
        x = inputs(name)
        path = descent(x, np.array(start, dtype=float), lr)
        moves = np.diff(path, axis=0)
        low, high = np.linalg.eigvalsh(x.T @ x / len(x))
        length = np.linalg.norm(moves, axis=1).sum() / np.linalg.norm(path[0] - WANTED)
        one_sign = (moves.prod(axis=1) >= 0).mean()
        truth = [len(moves), length, 100 * one_sign, np.sqrt(high / low), 1 / high]
        tolerances = [1, 0.02, 3, 0.06, 0.006]
        for found, true, tolerance in zip(shown, truth, tolerances, strict=True):
            assert found[side] == pytest.approx(true, abs=tolerance)


def test_a_path_is_drawn_where_it_goes(page: Any, server_url: str) -> None:
    go(page, server_url)
    for side, name in enumerate(("sigmoid", "tanh")):
        d = page.locator(".way").nth(side).get_attribute("d")
        box = page.locator(".panel .paper").nth(side)
        left, top, size = (float(box.get_attribute(a)) for a in ("x", "y", "width"))
        pixels = np.array([p.split(",") for p in d[1:].split("L")], dtype=float)
        weights = np.stack(
            [(pixels[:, 0] - left) / size * 3 - 0.75, 1 - (pixels[:, 1] - top) / size * 3], axis=1
        )
        truth = descent(inputs(name), np.zeros(2), 1.6)
        assert abs(len(weights) - len(truth)) <= 1
        common = min(len(weights), len(truth))
        assert weights[:common] == pytest.approx(truth[:common], abs=2e-3)


def test_one_sample_of_positive_inputs_moves_both_weights_one_way(
    page: Any, server_url: str
) -> None:
    go(page, server_url)
    page.get_by_role("radio", name="one").check()
    page.wait_for_url(re.compile("batch=1"))
    figures.wait_until(
        page, page.get_by_test_id("row-sign").locator("td").nth(0), "text === '100 %'"
    )
    assert row(page, "sign")[1] < 60
    steps = row(page, "steps")
    assert steps[0] > 3 * steps[1]


def test_too_high_a_rate_is_explained(page: Any, server_url: str) -> None:
    go(page, server_url)
    field = page.get_by_label("Learning rate, typed exactly")
    field.fill("2")
    field.press("Enter")
    said = figures.wait_until(page, page.get_by_test_id("said"), "text.includes('overshoots')")
    assert "Sigmoid each step overshoots" in said and "Tanh descent takes" in said
    assert page.get_by_test_id("row-steps").locator("td").first.inner_text() == "never"


def test_the_start_is_dragged_in_either_picture(page: Any, server_url: str) -> None:
    go(page, server_url)
    left = page.get_by_role("slider", name="Start of descent, inputs from Sigmoid")
    right = page.get_by_role("slider", name="Start of descent, inputs from Tanh")
    box = right.locator(".knob").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y - 60, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile("start="))
    moved = right.get_attribute("aria-valuetext")
    assert moved == left.get_attribute("aria-valuetext") != "first weight 0.00, second weight 0.00"
    shared = page.url.split("#")[1]
    go(page, server_url, shared)
    assert left.get_attribute("aria-valuetext") == moved

    go(page, server_url)
    left.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowLeft")
    assert right.get_attribute("aria-valuetext") == "first weight −0.01, second weight 0.10"
    page.keyboard.press("Control+z")
    assert right.get_attribute("aria-valuetext") == "first weight 0.00, second weight 0.00"
    page.keyboard.press("Control+y")
    assert right.get_attribute("aria-valuetext") == "first weight −0.01, second weight 0.10"


def test_it_can_be_played_and_other_inputs_chosen(page: Any, server_url: str) -> None:
    go(page, server_url)
    most = int(row(page, "steps")[0])
    page.get_by_role("button", name="Start over").click()
    page.get_by_text(f"step 0 of {most}").wait_for()
    page.get_by_role("button", name="One step").click()
    page.get_by_text(f"step 1 of {most}").wait_for()
    assert page.locator(".way").first.get_attribute("d").count("L") == 1
    page.get_by_role("button", name="Play").click()
    figures.wait_until(page, page.locator(".run-bar .so-far"), "parseInt(text.slice(5)) >= 3")
    page.get_by_label("Right: inputs from").select_option("relu")
    page.wait_for_url(re.compile("inputs=sigmoid,relu"))
    page.get_by_role("slider", name="Start of descent, inputs from ReLU").wait_for()


def test_the_paths_are_hidden_until_asked_for(page: Any, server_url: str) -> None:
    go(page, server_url, "lr=1.6")
    assert page.locator(".way").count() == 0
    assert page.get_by_test_id("row-steps").locator("td").first.inner_text() == "?"
    page.get_by_role("button", name="on outputs of Sigmoid").click()
    assert page.locator(".way").count() == 2
    assert "Yes. On outputs of Sigmoid" in page.locator(".ask .verdict").inner_text()


def test_a_bad_link_is_explained(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&inputs=sigmoid&batch=7&lr=-1")
    said = page.get_by_test_id("ignored").inner_text()
    assert "inputs=sigmoid" in said and "batch=7" in said and "lr=-1" in said


@pytest.mark.parametrize("state", ["lr=1.6", "ask=0&batch=16&lr=0.6"])
def test_nothing_stands_in_a_readers_way(page: Any, server_url: str, state: str) -> None:
    figures.check_reading(page, server_url, "zigzag", state)
