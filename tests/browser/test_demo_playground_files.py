"""What the playground gives away and takes: networks as JSON, pictures, and numbers under the pointer."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nonlin

pytestmark = pytest.mark.usefixtures("silent")


def go(page: Any, server_url: str, state: str) -> None:
    page.goto("about:blank")
    page.goto(f"{server_url}demo-playground.html#ask=0&{state}")
    page.get_by_test_id("fingerprint").wait_for()


def saved(page: Any, button: str, path: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    download.value.save_as(path)
    return path


def load(page: Any, content: str, name: str = "net.json") -> str:
    """Gives a file to the page; returns what the page says."""
    page.get_by_label("Load network…").last.set_input_files(
        {"name": name, "mimeType": "application/json", "buffer": content.encode()}
    )
    said = page.get_by_test_id("file")
    said.filter(has_text=name).wait_for()
    return str(said.inner_text())


def test_a_network_survives_its_file(page: Any, server_url: str, tmp_path: Path) -> None:
    state = "layers=3,2&activations=tanh,leaky_relu&params=leaky_relu.negative_slope:0.2&speed=10"
    go(page, server_url, state)
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_test_id("step").filter(has_text=re.compile(r"[1-9]\d")).wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="One step").click()
    page.locator("button.play", has_text="Play").wait_for()
    trained = re.findall(r"\b[0-9a-f]{8}\b", page.get_by_test_id("fingerprint").inner_text())[0]
    loss = page.get_by_test_id("train-loss").inner_text()
    file = json.loads(saved(page, "Save network", tmp_path / "net.json").read_text())
    assert file["widths"] == [2, 3, 2, 1]
    leaky = {"name": "leaky_relu", "constants": {"negative_slope": 0.2}}
    assert [layer["activation"] for layer in file["layers"]] == [{"name": "tanh"}, leaky, None]

    # Python computes the same with those numbers.
    net = nonlin.Network(file["widths"], activation=["tanh", "where(z > 0, z, 0.2 * z)", None])
    for i, layer in enumerate(file["layers"]):
        net.weights[i][...] = layer["weights"]
        net.biases[i][...] = layer["biases"]
    plane = page.get_by_test_id("plane")
    plane.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    reading = page.get_by_test_id("reading").filter(has_text="x 0.50, y 0.00")
    reading.wait_for()
    score = re.search(r"score (−?[\d.]+)", reading.inner_text())
    assert score is not None
    expected = float(net.forward([0.5, 0.0])[0, 0])
    assert float(score[1].replace("−", "-")) == pytest.approx(expected, abs=6e-3)

    go(page, server_url, "layers=1")
    assert "loaded" in load(page, json.dumps(file))
    page.get_by_text(f"weights {trained}").wait_for()
    assert page.get_by_test_id("train-loss").inner_text() == loss
    page.wait_for_url(re.compile("layers=3,2"))


def test_bad_network_files_are_explained(page: Any, server_url: str, tmp_path: Path) -> None:
    go(page, server_url, "layers=2")
    good = json.loads(saved(page, "Save network", tmp_path / "net.json").read_text())

    def wrong(**changes: Any) -> str:
        return load(page, json.dumps(good | changes), f"net{len(told)}.json")

    told: list[str] = []
    told.append(load(page, "{", "half.json"))
    told.append(wrong(format="other"))
    told.append(wrong(widths=[2, 9, 1]))
    told.append(wrong(layers=[]))
    first, last = good["layers"]
    told.append(wrong(layers=[first | {"weights": [[1, 2]]}, last]))
    told.append(wrong(layers=[first | {"weights": [[1, 2], [1, None]]}, last]))
    told.append(wrong(layers=[first | {"activation": {"name": "nonsense"}}, last]))
    told.append(wrong(layers=[first, last | {"activation": {"name": "relu"}}]))
    wanted = [
        "no JSON", "nonlin playground 1", "at most 8 units", "a list of 2", "2 rows of 2 numbers",
        "layer 1, unit 2, have to be 2 finite numbers", "“nonsense”", "has to be linear",
    ]  # fmt: skip
    for text, part in zip(told, wanted, strict=True):
        assert "was not loaded" in text and part in text
    assert "the weights of the start" in page.get_by_test_id("fingerprint").inner_text()


def test_a_saved_picture_holds_the_pixels(page: Any, server_url: str, tmp_path: Path) -> None:
    go(page, server_url, "layers=2&data=blobs")
    svg = saved(page, "Save SVG", tmp_path / "plane.svg").read_text()
    image = re.search(r'<image [^>]*href="data:image/png;base64,([^"]+)"', svg)
    assert image is not None and "foreignObject" not in svg and "canvas" not in svg
    assert base64.b64decode(image[1]).startswith(b"\x89PNG")
    png = saved(page, "Save PNG", tmp_path / "plane.png").read_bytes()
    assert png.startswith(b"\x89PNG") and len(png) > 5000


def test_pictures_follow_the_theme(page: Any, server_url: str) -> None:
    page.emulate_media(color_scheme="light")
    go(page, server_url, "layers=2&activation=swish")
    activation = page.get_by_role("combobox", name="Activation")
    assert activation.input_value() == "silu"  # by one of its other names
    middle = """() => {
      const canvas = document.querySelector('[data-testid="plane"] canvas');
      const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, 100, 100, 1, 1, 0, 0, 1, 1);
      return Array.from(copy.getImageData(0, 0, 1, 1).data);
    }"""
    day = page.evaluate(middle)
    assert day[3] == 255 and sum(day[:3]) > 450
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"() => ({middle})().slice(0, 3).reduce((a, b) => a + b) < 350")


def test_numbers_under_the_pointer(page: Any, server_url: str) -> None:
    go(page, server_url, "layers=2&seed=4")
    net = nonlin.Network([2, 2, 1], activation="tanh", init="xavier", seed=4)
    hovered = page.get_by_test_id("hovered")
    edge = page.locator('[data-edge="1.0.1"]')
    edge.dispatch_event("pointerover")
    text = hovered.inner_text()
    match = re.fullmatch(r"weight (−?[\d.]+), from layer 1, unit 2 to the output", text)
    assert match, text
    assert float(match[1].replace("−", "-")) == pytest.approx(net.weights[1][0, 1], rel=1e-4)
    edge.dispatch_event("click")
    marked = page.get_by_test_id("details").locator(".marked input")
    assert marked.get_attribute("aria-label") == "the output, from layer 1, unit 2"
    edge.dispatch_event("pointerout")
    assert "Point at a unit" in hovered.inner_text()


def test_a_shared_link_gives_the_same_run(page: Any, server_url: str) -> None:
    go(page, server_url, "layers=2")
    page.get_by_role("radio", name="rings").check(force=True)
    page.get_by_role("radio", name="momentum").check(force=True)
    page.get_by_role("button", name="Another: Seed of the weights").click()
    page.get_by_role("combobox", name="Activation").select_option("silu")
    page.wait_for_url(re.compile("data=rings.*activation=silu.*seed=2.*optimizer=momentum"))
    shared = page.url.split("#")[1].removeprefix("ask=0&").replace("&ask=0", "")

    def five_steps() -> list[str]:
        for step in range(1, 6):
            page.get_by_role("button", name="One step").click()
            page.get_by_test_id("step").filter(has_text=re.compile(rf"^{step} step")).wait_for()
        return [
            page.get_by_test_id("fingerprint").inner_text(),
            page.get_by_test_id("train-loss").inner_text(),
            page.get_by_test_id("test-loss").inner_text(),
        ]

    first = five_steps()
    go(page, server_url, shared)
    assert five_steps() == first
    assert np.isfinite(float(first[1]))
