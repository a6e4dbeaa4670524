"""The playground in a browser: it trains as ``nonlin.Network`` does, rewinds to the same bits, and explains itself."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from figure_page import dress, violations

import nonlin

pytestmark = pytest.mark.usefixtures("silent")


@pytest.fixture
def play(page: Any, server_url: str) -> Any:
    """Opens the playground in a given state, once its first picture is there."""

    def opened(state: str = "ask=0") -> Any:
        page.goto("about:blank")
        page.goto(f"{server_url}demo-playground.html#{state}")
        page.get_by_test_id("fingerprint").wait_for()
        return page

    return opened


def loss(page: Any, which: str = "train") -> float:
    text = page.get_by_test_id(f"{which}-loss").inner_text().replace("−", "-")
    found = re.fullmatch(r"([-\d.]+)(?:×10\s*([-\d]+))?", text)
    assert found, text
    return float(found[1]) * 10.0 ** int(found[2] or 0)


def accuracy(page: Any, which: str = "train") -> float:
    return float(page.get_by_test_id(f"{which}-accuracy").inner_text().removesuffix(" %")) / 100


def steps(page: Any) -> int:
    return int(page.get_by_test_id("step").inner_text().split()[0].replace(",", ""))


def weights(page: Any) -> str:
    return re.findall(r"\b[0-9a-f]{8}\b", page.get_by_test_id("fingerprint").inner_text())[0]


def wait_for(page: Any, condition: str, timeout: float = 60_000) -> None:
    """Until a condition on the page's numbers holds; ``step`` and ``accuracy`` (in percent) are known to it."""
    page.wait_for_function(
        f"""() => {{
        const text = (name) => document.querySelector(`[data-testid="${{name}}"]`)?.textContent ?? "";
        const step = Number(text("step").replace(/[^0-9]/g, "")), accuracy = parseFloat(text("train-accuracy"));
        return {condition};
      }}""",
        timeout=timeout,
    )


def train(page: Any, until: str) -> None:
    page.get_by_role("button", name="Play", exact=True).click()
    wait_for(page, until)
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Play", exact=True).wait_for()


def points(page: Any, folder: Path) -> tuple[Any, Any]:
    """The points, as the page itself writes them into a file."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save points as CSV").click()
    path = folder / "points.csv"
    download.value.save_as(path)
    with path.open() as file:
        rows = list(csv.DictReader(file))
    x = np.array([[float(r["x"]), float(r["y"])] for r in rows], dtype=np.float32)
    return x, np.array([int(r["class"]) for r in rows])


def fingerprint(net: nonlin.Network) -> str:
    """FNV-1a over the bytes of all weights and biases."""
    value = 0x811C9DC5
    for w, b in zip(net.weights, net.biases, strict=True):
        for byte in np.concatenate([w.ravel(), b]).astype("<f4").tobytes():
            value = (value ^ byte) * 0x01000193 % 2**32
    return f"{value:08x}"


def curve(page: Any, count: int) -> dict[int, float]:
    """The first entries of the loss curve, read by keyboard as a screen reader's user reads them."""
    slider = page.get_by_role("slider", name="Step to read the losses at")
    slider.focus()
    page.keyboard.press("Home")
    found = {}
    for _ in range(count):
        text = slider.get_attribute("aria-valuetext")
        match = re.match(r"step (\d+): train ([\d.e−]+)", text)
        assert match, text
        found[int(match[1])] = float(match[2].replace("−", "-"))
        page.keyboard.press("ArrowRight")
    return found


def test_xor_is_learned_with_the_losses_that_python_has(play: Any, tmp_path: Path) -> None:
    state = "ask=0&layers=6&noise=0&samples=200&batch_size=20&test_share=0&speed=10&seed=3&lr=0.02"
    page = play(state)
    x, y = points(page, tmp_path)
    assert x.shape == (200, 2) and set(y.tolist()) == {0, 1}
    net = nonlin.Network([2, 6, 1], activation="tanh", init="xavier", seed=3)
    first = fingerprint(net)
    assert weights(page) == first
    assert "the weights of the start" in page.get_by_test_id("fingerprint").inner_text()

    history = net.train(
        x, y, loss="binary_cross_entropy", optimizer="adam", lr=0.02, epochs=40, batch_size=20,
        measure=40,
    )  # fmt: skip
    start = nonlin.Network([2, 6, 1], activation="tanh", init="xavier", seed=3)
    expected = {0: start.backward(x, y, loss="binary_cross_entropy").loss}
    expected |= {epoch.step: epoch.loss for epoch in history.epochs}

    train(page, "step >= 150 && accuracy > 98")
    seen = curve(page, 12)
    assert list(seen) == list(range(0, 120, 10))
    np.testing.assert_allclose(list(seen.values()), [expected[step] for step in seen], rtol=1e-3)
    assert accuracy(page) > 0.95

    # Back at the start: the same bits, and then the same run.
    page.get_by_role("button", name="Start over").click()
    wait_for(page, "step === 0")
    assert weights(page) == first
    train(page, "step >= 150")
    assert curve(page, 12) == seen


def test_no_hidden_layer_cannot_learn_xor(play: Any) -> None:
    page = play("")
    page.get_by_role("button", name="Yes, easily").click()
    assert "no straight line" in page.locator(".verdict").inner_text()
    page.get_by_label("Steps a frame, typed exactly").fill("100")
    train(page, "step >= 1000")
    assert accuracy(page) < 0.75


def test_own_points_by_click_and_by_keyboard(play: Any) -> None:
    page = play()
    page.get_by_role("radio", name="your own").check(force=True)
    page.get_by_text("There are no points to learn from").wait_for()
    plane = page.get_by_test_id("plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()

    def click(x: float, y: float, **how: Any) -> None:
        side = box["width"] - 40
        at = {"x": 20 + (x / 2 + 1) / 2 * side, "y": 20 + (1 - y / 2) / 2 * side}
        plane.click(position=at, **how)

    click(1, 1)
    click(-1, 1, modifiers=["Shift"])
    reading = page.get_by_test_id("reading")
    page.get_by_text("Class B at x −1.00, y 1.00. 2 points.").wait_for()
    page.wait_for_url(re.compile(r"points=a1_1b-1_1($|&)"))
    plane.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("PageDown")
    page.get_by_text(re.compile(r"At x −0\.50, y 0\.50")).wait_for()
    for _ in range(2):
        page.keyboard.press("Shift+ArrowUp")  # with Shift it goes finer, as in every figure
    page.get_by_text(re.compile(r"At x −0\.50, y 0\.51")).wait_for()
    page.get_by_text(re.compile(r"At x −?\d.*, y .*: score .*, probability of B")).wait_for()
    page.keyboard.press("b")
    page.wait_for_url(re.compile(r"points=a1_1b-1_1b[-.\d]+_[-.\d]+($|&)"))
    assert "3 points" in reading.inner_text()
    page.keyboard.press("c")
    assert page.get_by_test_id("diagram").get_by_role("gridcell").count() == 3  # three outputs now
    page.keyboard.press("Delete")
    page.keyboard.press("Delete")
    page.wait_for_url(re.compile(r"points=a1_1b-1_1($|&)"))
    page.keyboard.press("Control+z")
    page.wait_for_url(re.compile(r"points=a1_1b-1_1b"))
    # A point is dragged, not doubled.
    side = box["width"] - 40
    page.mouse.move(box["x"] + 20 + 0.75 * side, box["y"] + 20 + 0.25 * side)
    page.mouse.down()
    page.mouse.move(box["x"] + 20 + 0.75 * side, box["y"] + 20 + 0.5 * side, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"points=a1_0b-1_1b"))


def test_csv_good_and_bad(play: Any) -> None:
    page = play("ask=0&data=own&layers=4")
    page.get_by_role("button", name="Paste CSV").click()
    field = page.get_by_label("Points as lines of x, y, class")
    field.fill("x,y,class\n1,1,yes\n1,one,no\n2,3\n\n4,5,\n")
    page.get_by_role("button", name="Use these points").click()
    errors = page.get_by_test_id("csv").inner_text()
    assert "Line 3: y is “one”" in errors
    assert "Line 4 has 2 parts" in errors
    assert "Line 6: the class is missing" in errors
    assert field.get_attribute("aria-invalid") == "true"
    field.fill("1,1,a\n1,2,b\n1,3,c\n1,4,d")
    page.get_by_role("button", name="Use these points").click()
    page.get_by_text("There are 4 classes (a, b, c, d); three are the most.").wait_for()
    field.fill("x;y;class\n10,5;1;yes\n-20;1;no\n3;0,25;yes")
    page.get_by_role("button", name="Use these points").click()
    page.get_by_text("3 points read; “no” is class A, “yes” is class B.").wait_for()
    page.wait_for_url(re.compile(r"points=b10\.5_1a-20_1b3_\.25($|&)"))
    page.get_by_role("button", name="Scale them to fit").click()
    page.wait_for_url(re.compile(r"points=b1\.8_"))


def test_points_too_many_for_a_link(play: Any) -> None:
    page = play("ask=0&data=own&layers=2")
    page.get_by_role("button", name="Paste CSV").click()
    lines = [f"{i / 700:.4f},{-i / 500:.4f},{i % 2}" for i in range(700)]
    page.get_by_label("Points as lines of x, y, class").fill("\n".join(lines))
    page.get_by_role("button", name="Use these points").click()
    assert "the link leaves them out" in page.get_by_test_id("too-long").inner_text()
    assert "points=" not in page.url
    assert "700 points read" in page.get_by_test_id("csv").inner_text()


def test_a_loss_that_overflows_is_explained_and_cured(play: Any) -> None:
    page = play("ask=0&layers=8,8,8&activation=relu&lr=1000&optimizer=sgd&loss=squared_error")
    page.get_by_role("button", name="Play", exact=True).click()
    alert = page.get_by_test_id("trouble")
    alert.wait_for()
    told = alert.inner_text()
    assert re.search(r"Step \d+ could not be taken", told)
    assert re.search(r"(layer \d|output|loss)", told)
    assert "learning rate, 1000, is far too large" in told
    assert "ReLU has no upper limit" in told
    page.locator("button.play[aria-disabled='true']", has_text="Play").wait_for()
    # The last good weights are kept, and the curves have no gap.
    fields = page.get_by_test_id("details").get_by_role("textbox")
    values = [f.replace("−", "-") for f in (fields.nth(i).input_value() for i in range(9))]
    assert np.isfinite([float(v) for v in values]).all()
    path = page.get_by_test_id("curve").locator("path.line.train").get_attribute("d")
    assert path.count("M") == 1 and "NaN" not in path
    alert.get_by_role("button").click()
    wait_for(page, "step === 0")
    assert page.get_by_test_id("trouble").count() == 0
    train(page, "step >= 20")
    assert loss(page) < 10


def test_an_activation_for_each_layer(play: Any) -> None:
    page = play("ask=0&layers=3,2")
    page.get_by_role("button", name="An activation for each layer").click()
    page.get_by_label("Activation of layer 2").select_option("leaky_relu")
    page.wait_for_url(re.compile(r"activations=tanh,leaky_relu"))
    page.get_by_label("Leaky ReLU: negative_slope, typed exactly").fill("0.2")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"params=leaky_relu.negative_slope:0.2"))
    page.get_by_role("gridcell", name="layer 2, unit 1").click()
    heading = page.get_by_test_id("details").get_by_role("heading")
    assert heading.text_content() == "layer 2, unit 1 (Leaky ReLU)"
    names = page.get_by_test_id("diagram").locator("text.head").all_text_contents()
    assert names == ["Tanh", "Leaky ReLU", "output"]
    # The layer really bends less: of its least sum, z, a fifth is left.
    cells = page.get_by_test_id("details").locator("td .num")
    z, a = (float(cells.nth(i).inner_text().replace("−", "-")) for i in (1, 4))
    if z < 0:
        assert a == pytest.approx(0.2 * z, abs=2e-4)
    shared = page.url
    again = play(shared.split("#")[1])
    assert again.get_by_label("Activation of layer 2").input_value() == "leaky_relu"


def test_the_output_bias_is_shown_and_can_be_typed(play: Any, tmp_path: Path) -> None:
    page = play("ask=0&layers=2&test_share=0&samples=50&seed=5")
    x, y = points(page, tmp_path)
    net = nonlin.Network([2, 2, 1], activation="tanh", init="xavier", seed=5)
    kind = "binary_cross_entropy"
    assert loss(page) == pytest.approx(net.backward(x, y, loss=kind).loss, abs=1e-5)
    field = page.get_by_label("the output, bias", exact=True)
    assert float(field.input_value()) == 0
    field.fill("1.5")
    page.keyboard.press("Enter")
    page.get_by_text("edited by hand").wait_for()
    net.biases[1][0] = 1.5
    assert loss(page) == pytest.approx(net.backward(x, y, loss=kind).loss, abs=1e-5)
    assert weights(page) == fingerprint(net)
    # A weight of a hidden unit, found by keyboard.
    page.get_by_role("gridcell", name="the output").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    weight = page.get_by_label("layer 1, unit 2, from y")
    assert float(weight.input_value().replace("−", "-")) == pytest.approx(
        net.weights[0][1, 1], rel=1e-5
    )
    weight.fill("-2")
    weight.press("Enter")
    net.weights[0][1, 1] = -2
    wanted = fingerprint(net)
    page.get_by_text(f"weights {wanted}").wait_for()
    weight.fill("much")
    assert weight.get_attribute("aria-invalid") == "true"
    weight.press("Escape")
    page.get_by_role("button", name="Start over").click()
    page.get_by_text("the weights of the start").wait_for()


def test_three_classes_learn_with_softmax(play: Any) -> None:
    page = play("ask=0&data=blobs&classes=3&layers=4&noise=0.05&speed=10")
    cells = page.get_by_test_id("diagram").get_by_role("gridcell")
    assert [cells.nth(i).get_attribute("aria-label").split(",")[0] for i in range(4, 7)] == [
        "output A", "output B", "output C",
    ]  # fmt: skip
    train(page, "step >= 50 && accuracy > 95")


def test_undo_and_a_bad_link(play: Any) -> None:
    page = play("ask=0&layers=4,9&data=moons&lr=-1&activation=nonsense&points=xyz&batch_size=7")
    told = page.get_by_test_id("ignored").inner_text()
    for part in ("layers=4,9", "data=moons", "lr=-1", "activation=nonsense", "points=xyz"):
        assert part in told
    assert page.get_by_label("Batch size, typed exactly").input_value() == "7"
    page.get_by_role("button", name="Add a hidden layer").click()
    page.get_by_role("button", name="Add a unit to layer 1").click()
    page.wait_for_url(re.compile("layers=5"))
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(re.compile("layers=4"))
    page.get_by_role("button", name="Redo").click()
    page.wait_for_url(re.compile("layers=5"))
    assert page.get_by_role("gridcell").count() == 6


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_accessible_and_no_wider_than_the_window(play: Any, scheme: str, width: int) -> None:
    page = play("about:blank")
    dress(page, width, scheme)
    play(
        "layers=8,8,8,8,8,8&data=own&points=a1_1b-1_-1c0_100&activations=tanh,relu,gelu,silu,elu,mish"
    )
    page.get_by_role("button", name="Paste CSV").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page, "figure") == []


# -- formulas of one's own ----------------------------------------------------------------------------


def write(page: Any, formula: str) -> Any:
    field = page.get_by_label("Your own activation function")
    if not field.is_visible():
        page.get_by_role("button", name="Your formula").click()
    field.fill(formula)
    page.keyboard.press("Enter")
    return field


def test_a_typed_formula_learns_as_in_python(play: Any, tmp_path: Path) -> None:
    rest = "noise=0&samples=200&batch_size=20&test_share=0&speed=10&seed=3&lr=0.02"
    page = play(f"ask=0&layers=6&{rest}")
    x, y = points(page, tmp_path)
    write(page, "a*z + sin(2*z)")
    page.wait_for_url(re.compile(r"activation=a\*z%2Bsin|activation=a\*z\+%2B\+sin"))
    page.get_by_label("a*z + sin(2*z): a, typed exactly").fill("0.5")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"params="))
    own = nonlin.define("a*z + sin(2*z)", a=0.5)
    net = nonlin.Network([2, 6, 1], activation=own, init="xavier", seed=3)
    history = net.train(
        x, y, loss="binary_cross_entropy", optimizer="adam", lr=0.02, epochs=10, batch_size=20,
        measure=10,
    )  # fmt: skip
    train(page, "step >= 60")
    seen = curve(page, 6)
    expected = {epoch.step: epoch.loss for epoch in history.epochs}
    for step in set(seen) & set(expected):
        assert seen[step] == pytest.approx(expected[step], rel=1e-3)
    assert len(set(seen) & set(expected)) >= 5

    # The link has formula and parameter: the same run in another window.
    play(page.url.split("#")[1])
    train(page, "step >= 60")
    assert curve(page, 6) == seen


def test_a_bad_formula_leaves_the_network_as_it_is(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}demo-playground.html#ask=0&layers=3,3")
    page.get_by_test_id("fingerprint").wait_for()
    before, address = weights(page), page.url
    field = write(page, "z * tanj(z)")
    page.get_by_text("unknown function 'tanj'").wait_for()
    assert field.get_attribute("aria-invalid") == "true"
    assert (weights(page), page.url) == (before, address)
    page.get_by_role("button", name="An activation for each layer").click()
    page.get_by_role("combobox", name="for").select_option("layer 2")
    write(page, "max(z, 0.1*z)")
    page.wait_for_url(re.compile("activations=tanh,max"))
    assert page.get_by_label("Activation of layer 2").input_value() == "max(z, 0.1*z)"
    # A link whose formula is none: the network is the usual one, and the formula stands where it can be mended.
    page.goto("about:blank")
    page.goto(f"{server_url}demo-playground.html#ask=0&layers=3&activation=sin(z")
    page.get_by_text("a bracket is never closed").wait_for()
    assert page.get_by_label("Your own activation function").input_value() == "sin(z"
    page.get_by_test_id("fingerprint").wait_for()
    assert page.get_by_role("combobox", name="Activation").input_value() == "tanh"


def test_a_network_with_a_formula_in_a_file(play: Any, tmp_path: Path) -> None:
    page = play("ask=0&layers=3&activation=sin(2*z)")
    page.get_by_role("combobox", name="Activation").wait_for()
    train(page, "step >= 20")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save network").click()
    path = tmp_path / "network.json"
    download.value.save_as(path)
    file = json.loads(
        path.read_text()
    )  # what the page showed may be a frame older than what was saved
    net = nonlin.Network(file["widths"], activation=["sin(2*z)", None])
    for i, layer in enumerate(file["layers"]):
        net.weights[i][...], net.biases[i][...] = layer["weights"], layer["biases"]
    page = play("ask=0")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Load network").click()
    chooser.value.set_files(path)
    page.get_by_text("network.json: loaded").wait_for()
    assert weights(page) == fingerprint(net)
    assert page.get_by_role("combobox", name="Activation").input_value() == "sin(2*z)"


@pytest.mark.parametrize("language", ["", ".de"])
def test_without_points_the_chart_is_empty_and_says_so(
    page: Any, server_url: str, language: str
) -> None:
    page.goto(f"{server_url}demo-playground{language}.html#ask=0&data=own")
    page.get_by_test_id("fingerprint").wait_for()
    chart = page.get_by_test_id("curve")
    numbers = [float(text.replace(",", ".")) for text in chart.locator("text").all_text_contents()]
    assert max(numbers) == 10 and 1.0 in numbers  # ten steps below, losses from 0 to 1 beside
    assert re.search(r"no points|keine Punkte", chart.get_attribute("aria-valuetext"))
    assert re.search(
        r"Click into the plane|Klicke in die Ebene", page.get_by_test_id("summary").inner_text()
    )
