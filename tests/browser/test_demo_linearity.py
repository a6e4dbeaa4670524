"""The linearity trap in a browser, its numbers against NumPy's and the Python engine's."""

from __future__ import annotations

import re
from typing import Any

import figure_page as figures
import numpy as np
import pytest
from numpy.typing import NDArray

import nonlin

pytestmark = pytest.mark.usefixtures("silent")

SEED = 19
LINE = [-0.75, -0.5, 0.5, 0.75]


def go(page: Any, server_url: str, state: str = "ask=0") -> Any:
    figure = figures.open_figure(page, server_url, "linearity", state)
    page.locator(".picture.large .end").first.wait_for()
    return figure


def stack(layers: int) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """The weights and biases that the figure gives its layers."""
    found = []
    for turn, stretch, shear, right, up in figures.draws("uniform", 50, SEED).reshape(10, 5):
        c, s = np.cos(1.9 * turn), np.sin(1.9 * turn)
        wide = 1.35**stretch
        rest = np.array([[1.2 * wide, 0.4 * shear], [0, 1.2 / wide]])
        found.append((np.array([[c, -s], [s, c]]) @ rest, np.array([0.6 * right, 0.6 * up])))
    return found[:layers]


def multiplied_out(layers: int) -> tuple[NDArray[Any], NDArray[Any]]:
    w, b = np.eye(2), np.zeros(2)
    for weights, bias in stack(layers):
        w, b = weights @ w, weights @ b + bias
    return w, b


def off_the_chord(page: Any) -> float:
    """By how many pixels the lines of the output are not straight."""
    lines = figures.numbers(page, "[data-testid=output] .wire")
    assert lines.shape == (18, 33, 2)
    a, b = lines[:, :1], lines[:, -1:]
    along = (b - a) / np.linalg.norm(b - a, axis=-1, keepdims=True)
    offset = lines - a
    return float(abs(offset[..., 0] * along[..., 1] - offset[..., 1] * along[..., 0]).max())


@pytest.mark.parametrize("layers", [1, 2, 10])
def test_a_stack_multiplies_out_to_one_layer(page: Any, server_url: str, layers: int) -> None:
    go(page, server_url, f"ask=0&layers={layers}")
    assert off_the_chord(page) < 0.3  # the picture has a tenth of a pixel
    page.get_by_role("button", name=re.compile("Collapse|Read it off")).click()
    page.get_by_test_id("matrices").wait_for()
    texts = page.locator(".matrix .entry").all_inner_texts()
    shown = np.array([float(t.replace("−", "-")) for t in texts])
    w, b = multiplied_out(layers)
    assert shown == pytest.approx(np.concatenate([w.ravel(), b]), abs=6e-4)
    said = page.get_by_test_id("collapse").inner_text()
    assert "rounding in float32" in said
    apart = re.search(r"largest difference over all points is (0|[\d.]+ × 10(−\d+))", said)
    assert apart and (apart[1] == "0" or int(apart[2].replace("−", "-")) <= -6)
    assert page.locator(".single").count() == 1


def test_an_activation_bends_and_is_named(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&layers=5")
    page.get_by_role("button", name="Collapse 5 layers to one").click()
    page.get_by_label("Between two layers").select_option("tanh")
    page.get_by_text("layer 1 bends").wait_for()
    assert off_the_chord(page) > 5
    assert page.get_by_test_id("matrices").count() == 0
    said = page.get_by_test_id("collapse").inner_text()
    off, apart = (float(t) for t in re.findall(r"(?:it is|up to) (\d+\.\d+)", said))

    # The same stack with Python's engine: over the grid, the sums of every layer but the last have mean 0 and deviation 1.
    net = nonlin.Network([2] * 6, activation="tanh")
    ticks = np.linspace(-1, 1, 9)
    along = np.linspace(-1, 1, 33)
    z = np.array([(t, s) for t in ticks for s in along] + [(s, t) for t in ticks for s in along])
    for layer, (w, b) in enumerate(stack(5)):
        sums = z @ w.T + b
        if layer < 4:
            scale = 1 / sums.std(axis=0)
            w, b = w * scale[:, None], (b - sums.mean(axis=0)) * scale
        net.weights[layer][...], net.biases[layer][...] = w, b
        z = np.tanh(z @ w.T + b)
    ends = np.array(
        [[[t, -1], [t, 0], [t, 1]] for t in ticks] + [[[-1, t], [0, t], [1, t]] for t in ticks]
    )
    out = net.forward(ends.reshape(-1, 2)).reshape(18, 3, 2)
    middles = np.linalg.norm(out[:, 1] - (out[:, 0] + out[:, 2]) / 2, axis=1)
    assert off == pytest.approx(middles.max(), abs=6e-3)
    f = net.forward([[0, 0], [1, 0], [0, 1]])
    one = f[0] + ends @ np.stack([f[1] - f[0], f[2] - f[0]])
    # The figure looks at more points of each line.
    assert apart >= abs(out - one).max() - 6e-3
    with pytest.raises(nonlin.errors.NetworkError, match="layer 1 bends"):
        net.collapse()


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "step", "gelu", "sin"])
def test_ten_bends_are_never_one_layer(page: Any, server_url: str, activation: str) -> None:
    """Whatever the weights: the sheet is not squashed so far that one layer seems to do as well."""
    for seed in range(4):
        page.goto("about:blank")
        go(page, server_url, f"ask=0&activation={activation}&collapsed=1&seed={seed}")
        page.get_by_text(re.compile(r"^It cannot be done: layer \d+ bends")).wait_for()


def test_a_sheet_that_was_squashed_to_a_point_is_called_so(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&activation=threshold&collapsed=1&seed=4")
    page.get_by_text(
        re.compile("^Squashed to a point: what is left of the sheet spans 0 ")
    ).wait_for()
    assert page.get_by_text("One layer does the work").count() == 0


def test_the_line_is_dragged_and_its_images_follow(page: Any, server_url: str) -> None:
    go(page, server_url)
    image = page.locator("[data-testid=output] .line")
    handle = page.get_by_role("slider", name="Solid end of the line")
    before = image.get_attribute("d")
    box = handle.locator(".knob").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"line="))
    page.wait_for_function(
        "([el, d]) => el.getAttribute('d') !== d", arg=[image.element_handle(), before]
    )
    moved = handle.get_attribute("aria-valuetext")

    shared = page.url
    go(page, server_url, shared.split("#")[1])
    assert handle.get_attribute("aria-valuetext") == moved

    go(page, server_url)
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    assert handle.get_attribute("aria-valuetext") == "x −0.70, y −0.49"
    page.get_by_role("button", name="Undo").click()
    assert handle.get_attribute("aria-valuetext") == "x −0.75, y −0.50"
    handle.focus()
    page.keyboard.press("Control+y")
    assert handle.get_attribute("aria-valuetext") == "x −0.70, y −0.49"


def test_layers_and_weights_can_be_chosen_by_keys(page: Any, server_url: str) -> None:
    go(page, server_url)
    slider = page.get_by_role("slider", name="Layers")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_text("output, after 9 layers").wait_for()
    assert page.locator(".picture").count() == 10
    page.wait_for_url(re.compile("layers=9"))
    page.get_by_role("button", name="Other weights").click()
    page.wait_for_url(re.compile("seed=20"))


def test_the_answer_is_hidden_until_asked_for(page: Any, server_url: str) -> None:
    go(page, server_url, "layers=4")
    assert page.locator(".veil").count() == 3
    assert page.get_by_role("button", name="Collapse 4 layers to one").is_disabled()
    page.get_by_role("button", name=re.compile("A straight grid")).click()
    assert page.locator(".veil").count() == 0
    assert page.get_by_text("That is all there is.").is_visible()


@pytest.mark.parametrize("task", ["xor", "rings"])
def test_a_linear_stack_learns_nothing_and_a_bend_does(
    page: Any, server_url: str, task: str
) -> None:
    go(page, server_url, f"ask=0&layers=3&task={task}")
    learn = page.get_by_test_id("learn")
    deep, bent = page.get_by_test_id("loss-deep"), page.get_by_test_id("loss-bent")
    step = learn.get_by_role("button", name="One step")
    deep.filter(has_text=re.compile(r"loss \d")).wait_for()  # its networks are there
    for count in (1, 2, 3):
        step.click()
        learn.get_by_text(re.compile(rf"^{count} steps?$")).wait_for()

    u, v = (figures.draws("uniform", 100, SEED).reshape(50, 2).T + np.float32(1)) / np.float32(2)
    inner = np.arange(50) % 2 == 0
    radius, turn = np.where(inner, 0.3, 0.8) + 0.2 * u, v * np.pi / 2
    x = 0.1 + 0.9 * np.stack([u, v]) if task == "xor" else radius * [np.cos(turn), np.sin(turn)]
    signs = [(a, b) for a in (1, -1) for b in (1, -1)]
    points = np.concatenate([x.T * s for s in signs])
    y = np.concatenate([np.full(50, a == b) if task == "xor" else inner for a, b in signs])
    for shown, widths, activation in ((deep, [2, 8, 8, 1], None), (bent, [2, 8, 1], "tanh")):
        net = nonlin.Network(widths, activation=activation, init="xavier", seed=SEED)
        history = net.train(
            points, y[:, None], loss="binary_cross_entropy", optimizer="adam", lr=0.02, epochs=4
        )
        number = float(re.search(r"loss (\d\.\d+)", shown.text_content())[1])
        assert number == pytest.approx(history.loss[3], abs=1e-3)

    learn.get_by_role("button", name="Play").click()
    figures.wait_until(page, bent, "parseFloat(text.slice(5)) < 0.3")
    assert float(deep.text_content()[5:10]) == pytest.approx(np.log(2), abs=0.003)
    assert "no better than a guess" in deep.text_content()
    learn.get_by_role("button", name="Start over").click()
    learn.get_by_text(re.compile("^0 steps$")).wait_for()


def test_a_bad_link_is_explained(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&layers=99&activation=nonsense&line=1,2,3,4")
    said = page.get_by_test_id("ignored").inner_text()
    assert "layers=99" in said and "activation=nonsense" in said and "line=1,2,3,4" in said
    assert page.get_by_text("output, after 10 layers").is_visible()


@pytest.mark.parametrize(
    "state", ["layers=10", "ask=0&collapsed=1&task=xor", "ask=0&collapsed=1&activation=relu"]
)
def test_nothing_stands_in_a_readers_way(page: Any, server_url: str, state: str) -> None:
    figures.check_reading(page, server_url, "linearity", state)
