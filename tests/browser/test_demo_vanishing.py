"""The demo of vanishing gradients: its numbers are those of a Network of Python's with the same seed."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np
import pytest
from figure_page import dress, violations

import nonlin
from nonlin.network import Gradients

pytestmark = pytest.mark.usefixtures("silent")

SAMPLES = 64
DEPTH = "Depth of the stack"


def go(page: Any, server_url: str, state: str = "ask=0") -> Any:
    page.goto(f"{server_url}demo-vanishing.html#{state}")
    figure = page.get_by_role("figure", name="Vanishing gradients")
    figure.wait_for()
    return figure


def normal(count: int, seed: int) -> np.ndarray[Any, Any]:
    draws = nonlin.Network([1, count], activation=None, init="normal", seed=seed)
    return np.asarray(draws.weights[0][:, 0])


def stack(
    activation: str = "sigmoid", depth: int = 10, width: int = 32, seed: int = 0, biases: float = 0,
    init: str = "xavier_uniform",
) -> tuple[nonlin.Network, Any, Any]:  # fmt: skip
    """The network that the demo makes, and what it is to learn."""
    draws = normal(SAMPLES * (width + 1), seed + 1_000_000)
    x, y = draws[: SAMPLES * width].reshape(SAMPLES, width), draws[SAMPLES * width :][:, None]
    widths = [width] * (depth + 1) + [1]
    net = nonlin.Network(widths, activation=activation, init=init, seed=seed)
    pushes = normal(depth * width, seed + 2_000_000).reshape(depth, width)
    for b, push in zip(net.biases[:-1], pushes, strict=True):
        b += np.float32(biases) * push
    return net, x, y


def counted(page: Any, selector: str, count: int) -> None:
    """Waits until there are so many."""
    from playwright.sync_api import expect

    expect(page.locator(selector)).to_have_count(count)


def number(text: str) -> float:
    """What Num and the sentences write: 6.47×10−5, with thin spaces or without."""
    text = re.sub(r"\s", "", text).replace("−", "-").replace("^", "")
    mantissa, _, exponent = text.partition("×10")
    return float(mantissa) * 10.0 ** int(exponent or 0)


def row(page: Any, name: str) -> list[float]:
    """Last layer, first layer, first ÷ last, factor a layer, loss."""
    texts = page.get_by_test_id(f"reading-{name}").locator("td .num").all_inner_texts()
    return [number(t) for t in texts]


def expected(gradients: Gradients, depth: int) -> list[float]:
    first, last = gradients.norms[0], gradients.norms[depth - 1]
    share = first / last
    return [last, first, share, share ** (1 / (depth - 1)), gradients.loss]


def near(found: list[float], wanted: list[float]) -> None:
    assert found == pytest.approx(wanted, rel=6e-3, abs=6e-4)


def test_bars_are_there_at_once_with_the_numbers_of_python(page: Any, server_url: str) -> None:
    go(page, server_url)
    for name in ("sigmoid", "relu"):
        net, x, y = stack(name)
        near(row(page, name), expected(net.backward(x, y), 10))
    assert page.locator(".bar").count() == 10
    heights = [
        float(h)
        for h in page.locator(".bar").evaluate_all(
            "all => all.map((b) => b.getAttribute('height'))"
        )
    ]
    norms = stack("sigmoid")[0].backward(*stack("sigmoid")[1:]).norms[:10]
    # Bars on one log scale: a straight line through any two of them fits the others.
    slope = (heights[9] - heights[0]) / math.log10(norms[9] / norms[0])
    for height, norm in zip(heights, norms, strict=True):
        assert height == pytest.approx(heights[0] + slope * math.log10(norm / norms[0]), abs=0.5)


def test_training_is_the_training_of_python(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&depth=4&width=16&lr=0.02")
    for step in range(1, 4):
        page.get_by_role("button", name="One step").click()
        page.get_by_text(f"step {step}", exact=True).first.wait_for()
    for name in ("sigmoid", "relu"):
        net, x, y = stack(name, depth=4, width=16)
        net.train(x, y, optimizer="sgd", lr=0.02, epochs=3, measure=0)
        near(row(page, name), expected(net.backward(x, y), 4))
    page.get_by_role("button", name="Start over").click()
    page.get_by_text("step 0", exact=True).first.wait_for()
    net, x, y = stack("sigmoid", depth=4, width=16)
    near(row(page, "sigmoid"), expected(net.backward(x, y), 4))


def test_depth_is_pulled_by_mouse_and_by_keys(page: Any, server_url: str) -> None:
    go(page, server_url)
    handle = page.get_by_role("slider", name=DEPTH)
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageUp")
    assert handle.get_attribute("aria-valuetext") == "21 layers"
    counted(page, ".bar, .hollow", 21)
    page.get_by_role("button", name="Undo").click()
    counted(page, ".bar", 10)
    page.get_by_role("button", name="Redo").click()
    counted(page, ".bar, .hollow", 21)
    box = page.get_by_test_id("pull").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.42, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 4, y, steps=6)
    page.mouse.up()
    page.wait_for_url(re.compile("depth=50"))
    counted(page, ".bar, .hollow", 50)
    net, x, y_ = stack("sigmoid", depth=50)
    near(row(page, "sigmoid")[2:4], expected(net.backward(x, y_), 50)[2:4])


def test_a_layer_is_looked_at_by_key_and_by_pointer(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&layer=3&compare=")
    net, x, y = stack()
    slopes = [layer.slope for layer in net.trace(x)]
    norms = net.backward(x, y).norms

    def shown(layer: int) -> None:
        detail = page.get_by_test_id("layer")
        detail.get_by_text(f"Layer {layer}", exact=True).wait_for()
        gradient, mean, flat = detail.locator(".num").all_inner_texts()
        s = np.abs(slopes[layer - 1])
        near([number(gradient), number(mean)], [norms[layer - 1], float(s.mean())])
        assert int(flat.rstrip(" %")) == pytest.approx(100 * (s < 0.05).mean(), abs=1)

    shown(3)
    slider = page.get_by_role("slider", name="Layer to look at")
    slider.focus()
    page.keyboard.press("ArrowRight")
    shown(4)
    assert "layer 4; Sigmoid: gradient" in slider.get_attribute("aria-valuetext")
    page.locator(".bar").nth(8).hover(force=True)
    shown(9)
    page.wait_for_url(re.compile("layer=4"))


def test_the_question_knows_its_answer_from_the_run(page: Any, server_url: str) -> None:
    go(page, server_url, "")
    assert page.locator(".bar").count() == 1
    assert "?" in page.get_by_test_id("reading-sigmoid").inner_text()
    net, x, y = stack()
    share = expected(net.backward(x, y), 10)[2]
    assert round(math.log10(share)) == -6
    page.get_by_role("button", name="a hundred-millionth").click()
    verdict = page.locator(".verdict").inner_text()
    assert verdict.startswith("Not quite.")
    assert page.locator("button.right").inner_text().startswith("a millionth")
    assert page.locator(".bar").count() == 10


def test_the_dotted_line_falls_by_the_largest_slope(page: Any, server_url: str) -> None:
    go(page, server_url)
    facts = json.loads(page.request.get(f"{server_url}data/facts.json").body())["sigmoid"]
    slope = float(next(p["value"] for p in facts["properties"] if p["key"] == "max_slope"))
    assert slope == 0.25
    line = page.locator(".ideal").evaluate("l => l.y1.baseVal.value - l.y2.baseVal.value")
    labels = page.locator(".plot .grid").evaluate_all("all => all.map((l) => l.y1.baseVal.value)")
    texts = page.locator(".plot .grid + text").all_text_contents()
    decades = [0 if t == "1" else int(t.removeprefix("10").replace("−", "-")) for t in texts]
    decade = (labels[-1] - labels[0]) / (decades[0] - decades[-1])
    assert line / decade == pytest.approx(-9 * math.log10(slope), rel=1e-3)
    assert "0.25, once a layer" in page.get_by_test_id("sentence").inner_text()


def test_what_is_gone_is_said_and_drawn_hollow(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&activation=step&compare=")
    assert page.locator(".hollow").count() == 10
    assert page.locator(".zero").all_text_contents() == ["0"] * 10
    assert "No layer of Step has any gradient" in page.get_by_test_id("sentence").inner_text()
    page.goto("about:blank")
    go(page, server_url, "ask=0&depth=50&biases=3&compare=")
    net, x, y = stack(depth=50, biases=3)
    gone = sum(n < 1e-30 for n in net.backward(x, y).norms[:50])
    assert gone > 5
    counted(page, ".bar, .hollow", 50)
    assert page.locator(".hollow").count() == gone
    assert f"in {gone} of 50 layers" in page.get_by_test_id("sentence").inner_text()


def test_tanh_lets_through_what_biases_take_away(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&activation=tanh&depth=30")
    assert row(page, "tanh")[2] > 0.1
    assert "give the biases a spread" in page.get_by_test_id("sentence").inner_text()
    page.get_by_label("Random biases, spread, typed exactly").fill("1")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("biases=1"))
    net, x, y = stack("tanh", depth=30, biases=1)
    wanted = expected(net.backward(x, y), 30)
    assert wanted[2] < 1e-4
    page.get_by_text("reaches the first through Tanh").first.wait_for()
    near(row(page, "tanh"), wanted)


def test_an_exploding_run_is_explained(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&activation=relu&compare=&lr=100")
    page.get_by_role("button", name="Play").click()
    sentence = page.get_by_test_id("sentence").filter(has_text="no longer a finite number")
    sentence.wait_for()
    found = re.search(r"at step (\d+)", sentence.inner_text())
    assert found
    step = int(found[1])
    net, x, y = stack("relu")
    history = net.train(x, y, optimizer="sgd", lr=100, epochs=50, measure=0)
    assert history.stopped == "not finite"
    assert step == history.steps + 1
    assert page.get_by_role("button", name="Play").is_disabled()


def test_a_bad_link_is_explained(page: Any, server_url: str) -> None:
    go(page, server_url, "ask=0&depth=0&activation=nonsense&init=he&width=7.5")
    notes = page.get_by_test_id("ignored").inner_text()
    for part in ("depth=0", "activation=nonsense", "width=7.5"):
        assert part in notes
    assert "init" not in notes
    assert page.get_by_label("Weights begin as").input_value() == "kaiming_normal"
    assert page.locator(".bar").count() == 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_and_readable(page: Any, server_url: str, scheme: str) -> None:
    dress(page, 360, scheme)
    for state in ("", "ask=0&depth=50"):
        page.goto("about:blank")
        go(page, server_url, state)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert violations(page, "figure") == []
