"""The Art Studio in a browser: its pictures are Python's, and hand, keys, link, file and history agree."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from figure_page import check_reading, listen, violations
from numpy.typing import NDArray
from PIL import Image

from nonlin.art import Artwork
from nonlin.art.files import KEY

NARROW = {"width": 340, "height": 700}
Pixels = NDArray[np.uint8]


@pytest.fixture(autouse=True)
def _quiet(page: Any) -> Iterator[None]:
    said = listen(page)
    page.set_viewport_size(NARROW)
    yield
    assert [line for line in said if "ERR_FAILED" not in line] == []  # by a test's own hand


def link(**settings: Any) -> str:
    """The address's fragment of these settings."""
    told = {
        k: ",".join(map(str, v)) if isinstance(v, tuple) else str(v) for k, v in settings.items()
    }
    return "#" + "&".join(f"{k}={quote(v, safe=',')}" for k, v in told.items())


def painted(page: Any, seed: int) -> Any:
    """The canvas, once a picture of this seed is finished."""
    canvas = page.locator(f'[data-testid=canvas][data-state=painted][data-seed="{seed}"]')
    canvas.wait_for()
    return canvas


def go(page: Any, server_url: str, **settings: Any) -> Any:
    page.goto("about:blank")
    page.goto(f"{server_url}art.html{link(**settings) if settings else ''}")
    return painted(page, settings.get("seed", 7))


def pixels(canvas: Any) -> Pixels:
    data = canvas.evaluate("(each) => each.toDataURL()").split(",")[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def agree(found: Pixels, art: Artwork, edges: float = 2e-4, antialias: int = 1) -> None:
    """Within 1/255, but for a share of the pixels that rounding has put into the next colour."""
    wanted = art.render(found.shape[1], found.shape[0], antialias=antialias)
    off = np.abs(found.astype(int) - wanted.astype(int)).max(axis=2) > 1
    assert found.std() > 5
    assert off.mean() <= edges, (art, off.mean())


@pytest.mark.parametrize(
    "activation", ["step", "relu", "tanh", "sin", "sin(2*z)", "max(z, 0.1*z)", "z*exp(-z*z)"]
)
def test_twenty_seeds_are_pythons_pictures(page: Any, server_url: str, activation: str) -> None:
    go(page, server_url, activation=activation, seed=100)
    for seed in range(100, 120):
        page.evaluate("(hash) => { location.hash = hash; }", link(activation=activation, seed=seed))
        edges = 1e-3 if activation == "step" else 2e-4
        agree(pixels(painted(page, seed)), Artwork(seed=seed, activation=activation), edges)


@pytest.mark.parametrize(
    "settings",
    [
        {"seed": -3, "palette": "rgb"},
        {"seed": 2**53 - 1, "activation": ("sin", "tanh", "gelu"), "depth": 3, "palette": "okabe"},
        {"seed": 1, "inputs": ("y", "latent"), "latent": (1.25, -2.5), "width": 1, "depth": 1},
        {"seed": 2, "inputs": ("r",), "width": 128, "depth": 5, "palette": "ink"},
        {"seed": 3, "activation": "exponential", "width": 7, "palette": "signal"},
        {"seed": 4, "activation": ("z*tanh(2*z)", "gelu", "max(z, -0.2*z)", "z*tanh(2*z)", "z")}
        | {"depth": 5},
        {"seed": 5, "activation": "where(z > 0, z, 0.3*sin(4*z))", "palette": "rgb"},
        {
            "seed": 6,
            "activation": "log(1 + z*z) * Phi(z)",
            "depth": 3,
        },  # needs the exact arithmetic
    ],
    ids=str,
)
def test_every_setting_means_what_it_means_in_python(
    page: Any, server_url: str, settings: dict[str, Any]
) -> None:
    agree(pixels(go(page, server_url, **settings)), Artwork(**settings), 1e-3)


def test_randomise_by_button_and_key_keeps_the_activation_and_can_be_undone(
    page: Any, server_url: str
) -> None:
    before = pixels(go(page, server_url, activation="step"))
    page.get_by_role("button", name="Randomise").click()
    page.wait_for_url(re.compile(r"#seed=\d+&activation=step&latent="))
    first = page.url
    page.get_by_role("slider", name="The picture").focus()
    page.keyboard.press("r")
    page.wait_for_url(lambda url: url != first and "seed=" in url)
    painted(page, int(re.search(r"seed=(\d+)", page.url)[1]))
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(first)
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(pixels(painted(page, 7)), before)
    page.get_by_role("button", name="Redo").click()
    page.wait_for_url(first)


def test_a_link_redraws_the_picture_in_another_window(
    page: Any, server_url: str, browser: Any
) -> None:
    go(page, server_url, activation="sin")
    page.get_by_role("button", name="Randomise").click()
    page.get_by_role("radio", name="lagoon").check(force=True)
    page.wait_for_url(re.compile("palette=lagoon"))
    seed = int(re.search(r"seed=(\d+)", page.url)[1])
    drawn = pixels(painted(page, seed))
    context = browser.new_context(viewport=NARROW)
    other = context.new_page()
    other.goto(page.url)
    np.testing.assert_array_equal(pixels(painted(other, seed)), drawn)
    context.close()


def test_a_saved_file_has_its_settings_inside(page: Any, server_url: str, tmp_path: Path) -> None:
    art = Artwork(seed=11, activation=("tanh", "step"), depth=2, latent=(0.5, -1.0))
    go(page, server_url, seed=11, activation=("tanh", "step"), depth=2, latent=(0.5, -1))
    page.get_by_label("Width of the file").fill("300")
    page.get_by_label("Height of the file").fill("200")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    path = tmp_path / "page.png"
    download.value.save_as(path)
    assert Artwork.open(path) == art
    agree(np.asarray(Image.open(path)), art, 1e-3, antialias=2)
    art.save(tmp_path / "python.png", 32)
    texts = [Image.open(p).info[KEY] for p in (path, tmp_path / "python.png")]
    assert texts[0] == texts[1]


def test_a_size_that_cannot_be_saved_is_refused(page: Any, server_url: str) -> None:
    go(page, server_url)
    page.get_by_label("Width of the file").fill("90000")
    page.get_by_role("button", name="Save PNG").click()
    page.get_by_text("A side has 16 to 8192 pixels here").wait_for()


def test_arrows_move_over_the_picture_and_the_numbers_are_the_networks(
    page: Any, server_url: str
) -> None:
    go(page, server_url)
    slider = page.get_by_role("slider", name="The picture")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    for _ in range(5):
        page.keyboard.press("ArrowUp")
    page.get_by_text("At x = 0.40, y = −0.20").first.wait_for()
    told = slider.get_attribute("aria-valuetext")
    net = Artwork()._painters._first._network
    side = page.get_by_test_id("canvas").evaluate("(each) => each.width")
    x, y = ((2 * int(share * side) + 1 - side) / side for share in (0.7, 0.4))
    sample = np.array([[x, y, np.hypot(x, y), 0, 0]], np.float32)
    wanted = net.forward(sample)[0]
    said = [float(n) for n in re.findall(r"(?:colour|shade) (\d\.?\d*)", told)]
    np.testing.assert_allclose(said, wanted, atol=0.011)


def test_breeding_picks_a_variation(page: Any, server_url: str) -> None:
    go(page, server_url)
    page.get_by_role("slider", name="The picture").focus()
    page.keyboard.press("b")
    sheet = page.get_by_test_id("sheet")
    assert sheet.get_by_role("button").count() == 8
    sheet.get_by_role("button", name=re.compile("^palette ")).click()
    page.wait_for_url(re.compile("palette="))
    chosen = re.search(r"palette=(\w+)", page.url)[1]
    agree(pixels(painted(page, 7)), Artwork(palette=chosen), 1e-3)
    assert sheet.get_by_role("button").count() == 8


def test_play_walks_through_the_latent_plane_and_stays_where_it_is_stopped(
    page: Any, server_url: str
) -> None:
    go(page, server_url)
    page.get_by_role("button", name="Play").click()
    page.locator("[data-testid=canvas][data-state=moving]").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.wait_for_url(re.compile("latent="))
    latent = re.search(r"latent=([-\d.]+),([-\d.]+)", page.url)
    art = Artwork(latent=(float(latent[1]), float(latent[2])))
    agree(pixels(painted(page, 7)), art)


def test_the_gallery_is_kept_and_takes_no_nonsense(page: Any, server_url: str) -> None:
    go(page, server_url, seed=5, activation="sin")
    page.get_by_role("slider", name="The picture").focus()
    page.keyboard.press("k")
    page.get_by_role("button", name="Show the kept picture: sin, seed 5").wait_for()
    stored = json.loads(page.evaluate("localStorage.getItem('nonlin-gallery')"))
    assert Artwork(**{k: tuple(v) if isinstance(v, list) else v for k, v in stored[0].items()})
    stored += [{"seed": 1}, "x", {**stored[0], "depth": 10**9}, {**stored[0], "seed": 6}]
    page.evaluate("(text) => localStorage.setItem('nonlin-gallery', text)", json.dumps(stored))
    go(page, server_url)
    gallery = page.get_by_test_id("gallery")
    assert gallery.get_by_role("listitem").count() == 2
    gallery.get_by_role("button", name="Show the kept picture: sin, seed 6").click()
    agree(pixels(painted(page, 6)), Artwork(seed=6, activation="sin"))
    gallery.get_by_role("button", name="Forget sin, seed 6").click()
    assert gallery.get_by_role("listitem").count() == 1


def test_without_storage_the_gallery_lasts_as_long_as_the_page(page: Any, server_url: str) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked'); } });"
    )
    go(page, server_url)
    page.get_by_role("button", name="Keep").click()
    page.get_by_text("these last until the page is closed").wait_for()


def test_what_a_link_gets_wrong_is_said(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}art.html#activation=sinn&depth=900&palette=mud")
    agree(pixels(painted(page, 7)), Artwork())
    told = page.get_by_test_id("ignored").inner_text()
    assert "depth" in told and "mud" in told and "sinn" in told


# -- formulas of one's own ----------------------------------------------------------------------------


def write(page: Any, formula: str) -> Any:
    """Types a formula into the studio's field, and has it painted; the field."""
    field = page.get_by_label("Your own activation function")
    if not field.is_visible():
        page.get_by_role("button", name="Your formula").click()
    field.fill(formula)
    page.keyboard.press("Enter")
    return field


def test_a_typed_formula_paints_and_the_link_has_it(
    page: Any, server_url: str, browser: Any
) -> None:
    before = pixels(go(page, server_url))
    write(page, "sin(2*z)")
    page.wait_for_url(re.compile(re.escape("#activation=sin(2*z)") + "$"))
    drawn = pixels(painted(page, 7))
    agree(drawn, Artwork(activation="sin(2*z)"))
    # It is in the list now, and another layer can have it beside others.
    assert page.get_by_role("combobox", name="Activation").input_value() == "sin(2*z)"
    assert page.get_by_role("img", name="The curve of sin(2*z)").locator(".curve").count() == 1
    page.get_by_role("button", name="Undo").click()
    np.testing.assert_array_equal(pixels(painted(page, 7)), before)
    page.get_by_role("button", name="Redo").click()
    page.wait_for_url(re.compile("activation"))
    context = browser.new_context(viewport=NARROW)
    other = context.new_page()
    other.goto(page.url)
    np.testing.assert_array_equal(pixels(painted(other, 7)), drawn)
    context.close()


def test_a_formula_for_one_layer(page: Any, server_url: str) -> None:
    go(page, server_url, depth=3)
    page.get_by_role("button", name="each layer its own").click()
    page.get_by_role("button", name="Your formula").click()
    page.get_by_role("combobox", name="for").select_option("layer 2")
    write(page, "max(z, 0.1*z)")
    page.wait_for_url(re.compile("activation="))
    names = ("tanh", "max(z, 0.1*z)", "tanh")
    assert page.get_by_role("combobox", name="Layer 2").input_value() == names[1]
    drawn = pixels(painted(page, 7))
    agree(drawn, Artwork(activation=names, depth=3))
    page.goto("about:blank")
    page.goto(f"{server_url}art.html{link(depth=3, activation=names)}")
    np.testing.assert_array_equal(pixels(painted(page, 7)), drawn)


def test_a_formula_that_is_none_is_marked_and_the_picture_stays(page: Any, server_url: str) -> None:
    before = pixels(go(page, server_url, activation="sin"))
    address = page.url
    field = write(page, "sin(2*z) + tanj(z)")
    page.get_by_text("unknown function 'tanj'").wait_for()
    marked = field.evaluate("(each) => each.value.slice(each.selectionStart, each.selectionEnd)")
    assert marked == "tanj" and field.get_attribute("aria-invalid") == "true"
    np.testing.assert_array_equal(pixels(painted(page, 7)), before)
    assert page.url == address
    assert page.get_by_role("combobox", name="Activation").input_value() == "sin"
    # A name is taken for what it names.
    write(page, "swish")
    page.wait_for_url(re.compile("activation=silu"))
    write(page, "reluu")
    page.get_by_text("There is no function called “reluu”").wait_for()
    assert "activation=silu" in page.url


def test_a_long_column_leaves_no_hole_and_breeding_is_seen(page: Any, server_url: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    go(page, server_url)
    write(page, "x + y/z")
    page.get_by_text("there are two variables in it").wait_for()
    tools = page.get_by_role("group", name="Tools").bounding_box()
    slider = page.get_by_role("slider", name="latent 1").bounding_box()
    assert 0 < slider["y"] - (tools["y"] + tools["height"]) < 60
    breed = page.get_by_role("button", name="Breed")
    breed.click()
    page.wait_for_function("""() => {
      const { top, bottom } = document.querySelector('[data-testid="sheet"]').getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight + 1;
    }""")
    assert breed.get_attribute("aria-pressed") == "true"


def test_a_link_with_a_bad_formula_leaves_the_last_good_picture(page: Any, server_url: str) -> None:
    before = pixels(go(page, server_url, activation="sin(2*z)", seed=9))
    page.evaluate("location.hash = '#seed=9&activation=sin(2*z'")
    field = page.get_by_label("Your own activation function")
    page.locator("[aria-invalid=true]").wait_for()
    assert field.input_value() == "sin(2*z"
    np.testing.assert_array_equal(pixels(painted(page, 9)), before)
    page.goto("about:blank")
    page.goto(f"{server_url}art.html#activation=tanh,z %2B,sin")
    page.locator("[aria-invalid=true]").wait_for()
    assert field.input_value() == "z +"
    agree(pixels(painted(page, 7)), Artwork())


def test_parameters_become_numbers(page: Any, server_url: str) -> None:
    go(page, server_url)
    write(page, "max(a*z, z) - b")
    page.get_by_text("choose one each for a, b").wait_for()
    assert "activation" not in page.url
    page.get_by_label("Number for a").fill("-0.25")
    page.get_by_label("Number for b").fill("0.5")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("activation="))
    agree(pixels(painted(page, 7)), Artwork(activation="max((-0.25)*z, z) - 0.5"))


def test_the_formula_field_is_readable_by_everybody(page: Any, server_url: str) -> None:
    go(page, server_url, activation="sin(2*z)")
    page.get_by_role("button", name="each layer its own").click()
    write(page, "sin(2*z) + tanj(a*z)")
    page.locator("[aria-invalid=true]").wait_for()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    write(page, "max(a*z, z)")
    page.get_by_text("choose one for a").wait_for()
    assert violations(page) == []


def test_a_formula_in_file_and_gallery(page: Any, server_url: str, tmp_path: Path) -> None:
    names = ("max(z, 0.1*z)", "2*sin(z)")
    art = Artwork(seed=11, activation=names, depth=2)
    go(page, server_url, seed=11, activation=names, depth=2)
    page.get_by_label("Width of the file").fill("120")
    page.get_by_label("Height of the file").fill("90")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    path = tmp_path / "page.png"
    download.value.save_as(path)
    assert Artwork.open(path) == art
    art.save(tmp_path / "python.png", 32)
    texts = [Image.open(p).info[KEY] for p in (path, tmp_path / "python.png")]
    assert texts[0] == texts[1]
    page.get_by_role("button", name="Keep").click()
    go(page, server_url)
    gallery = page.get_by_test_id("gallery")
    gallery.locator("canvas[data-state=painted]").wait_for()
    gallery.get_by_role("button", name="Show the kept picture").click()
    agree(pixels(painted(page, 11)), art)


def test_without_the_server_nothing_is_lost(page: Any, server_url: str) -> None:
    before = pixels(go(page, server_url))
    page.route("**/api/define", lambda route: route.abort())
    write(page, "sin(2*z)")
    page.get_by_text("The program behind this page does not answer").wait_for()
    np.testing.assert_array_equal(pixels(painted(page, 7)), before)
    page.unroute("**/api/define")
    write(page, "sin(2*z)")
    page.wait_for_url(re.compile("activation="))


def test_readable_by_everybody(page: Any, server_url: str) -> None:
    check_reading(page, server_url, "art", "activation=tanh,sin,relu,step&palette=rgb")
