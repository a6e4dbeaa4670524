"""The Activation Explorer in a browser, found by role and name as a reader's assistive technology finds it."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

Z = "z, the input"


@pytest.fixture(autouse=True)
def _no_script_errors(page: Any) -> Any:
    """A script error, or something that the content security policy refused, fails the test."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None,
    )
    yield
    assert problems == []


def go(page: Any, url: str, state: str = "") -> Any:
    """Open the Explorer in a given state; return its z slider."""
    page.goto(f"{url}#{state}" if state else url)
    slider = page.get_by_role("slider", name=Z)
    slider.wait_for()
    return slider


def z_of(slider: Any) -> float:
    return float(slider.get_attribute("aria-valuenow"))


def cells(page: Any, name: str) -> list[str]:
    """The numbers of one row: f, f′, and f′ through the layers."""
    return page.get_by_test_id(f"reading-{name}").locator("td .num").all_inner_texts()


def settled(page: Any, pattern: str) -> None:
    page.wait_for_url(re.compile(pattern))


def test_slope_far_out_is_tiny_for_sigmoid_and_one_or_zero_for_relu(
    page: Any, explorer_url: str
) -> None:
    go(page, explorer_url, "functions=sigmoid,relu&z=5")
    assert cells(page, "sigmoid")[1] == "0.0066"
    assert cells(page, "relu")[1] == "1.0000"
    field = page.get_by_label("z, typed exactly")
    field.fill("-5")
    assert cells(page, "sigmoid")[1] == "0.0066"
    assert cells(page, "relu")[:2] == ["0.0000", "0.0000"]


def test_keys_move_z_and_the_numbers_are_spoken(page: Any, explorer_url: str) -> None:
    slider = go(page, explorer_url, "functions=tanh&z=0&view=-4,4")
    slider.focus()
    page.keyboard.press("ArrowRight")
    coarse = z_of(slider)
    assert coarse > 0
    page.keyboard.press("Shift+ArrowRight")
    assert 0 < z_of(slider) - coarse < coarse
    page.keyboard.press("PageDown")
    assert z_of(slider) < 0
    page.keyboard.press("End")
    assert z_of(slider) == 4
    page.keyboard.press("Home")
    assert z_of(slider) == -4
    assert re.fullmatch(
        r"z = −4\.00, Tanh −1\.00, slope 0\.0013", slider.get_attribute("aria-valuetext")
    )


def test_dragging_the_line_moves_z_and_writes_the_link(page: Any, explorer_url: str) -> None:
    slider = go(page, explorer_url, "functions=gelu&z=0&view=-4,4")
    knob = page.locator(".explorer .knob").bounding_box()
    x, y = knob["x"] + knob["width"] / 2, knob["y"] - 120
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=5)
    page.mouse.up()
    settled(page, r"z=0\.\d")
    assert z_of(slider) > 0.3
    moved = page.url
    page.goto("about:blank")
    assert z_of(go(page, moved)) == float(re.search(r"z=([\d.]+)", moved)[1])


def test_undo_and_redo(page: Any, explorer_url: str) -> None:
    go(page, explorer_url, "functions=sigmoid,tanh")
    page.get_by_role("button", name="Remove Tanh").click()
    assert page.get_by_test_id("reading-tanh").count() == 0
    page.get_by_role("button", name="Undo").click()
    assert page.get_by_test_id("reading-tanh").count() == 1
    page.get_by_role("button", name="Redo").click()
    assert page.get_by_test_id("reading-tanh").count() == 0


def test_picker_by_keyboard_and_the_empty_state(page: Any, explorer_url: str) -> None:
    go(page, explorer_url, "functions=sigmoid")
    page.get_by_role("button", name="Remove Sigmoid").click()
    assert page.get_by_text("Nothing on show").is_visible()
    search = page.get_by_role("combobox")
    search.focus()
    search.press_sequentially("leaky")
    page.keyboard.press("Enter")
    assert page.get_by_test_id("reading-leaky_relu").count() == 1
    page.keyboard.press("Escape")
    assert search.get_attribute("aria-expanded") == "false"
    search.press_sequentially("softm")
    assert "a function of a whole row" in page.get_by_role("listbox").inner_text()


def test_gradient_meter_multiplies_the_slope(page: Any, explorer_url: str) -> None:
    go(page, explorer_url, "functions=sigmoid&z=0&layers=3")
    assert cells(page, "sigmoid")[1:] == ["0.2500", "0.0156"]
    page.get_by_role("slider", name="Number of layers").focus()
    page.keyboard.press("ArrowRight")
    assert cells(page, "sigmoid")[2] == "0.0039"
    assert "after 4 layers only 0.0039" in page.get_by_test_id("sentence").inner_text()


def test_second_derivative_on_request(page: Any, explorer_url: str) -> None:
    go(page, explorer_url, "functions=tanh&z=0")
    assert len(cells(page, "tanh")) == 3
    page.get_by_role("button", name="Show f″").click()
    assert cells(page, "tanh")[2] == "0.0000"
    settled(page, "show_second=1")


def test_parameter_slider_moves_the_curve(page: Any, explorer_url: str) -> None:
    go(page, explorer_url, "functions=leaky_relu&z=-2")
    curve = page.locator(".curve.order-0").first
    before = curve.get_attribute("d")
    page.get_by_label("negative_slope, typed exactly").fill("0.2")
    page.keyboard.press("Enter")
    assert cells(page, "leaky_relu")[:2] == ["−0.4000", "0.2000"]
    assert curve.get_attribute("d") != before
    settled(page, "params=leaky_relu.negative_slope:0.2")


def test_kink_is_open_and_its_convention_is_named(page: Any, explorer_url: str) -> None:
    go(page, explorer_url, "functions=relu&z=0")
    assert page.locator(".open").count() == 2
    assert page.get_by_text("f′(0) = 0, by convention").count() == 1
    assert "there is a kink" in page.get_by_test_id("notes").inner_text()


def test_prediction_hides_the_slope_until_revealed(page: Any, explorer_url: str) -> None:
    go(page, explorer_url, "functions=sigmoid&z=0&predict=1")
    assert cells(page, "sigmoid")[1] == "?"
    assert page.locator(".curve.order-1").count() == 0
    assert page.locator(".tangent").count() == 0
    tangent = page.get_by_role("slider", name="Your tangent line")
    tangent.focus()
    for _ in range(5):
        page.keyboard.press("ArrowUp")
    assert tangent.get_attribute("aria-valuetext") == "slope 0.25"
    page.get_by_role("button", name="Reveal").click()
    assert page.get_by_test_id("verdict").inner_text().startswith("Spot on.")
    assert cells(page, "sigmoid")[1] == "0.2500"
    page.get_by_role("button", name="Another point").click()
    assert page.get_by_test_id("verdict").inner_text() == ""
    page.get_by_label("Your slope").fill("-3")
    page.keyboard.press("Enter")
    assert "Off by" in page.get_by_test_id("verdict").inner_text()


def test_a_guess_that_is_no_number_reveals_nothing(page: Any, explorer_url: str) -> None:
    go(page, explorer_url, "functions=sigmoid&z=0&predict=1")
    field, verdict = page.get_by_label("Your slope"), page.get_by_test_id("verdict")
    for text in ("abc", "", "1/0", "2 +"):
        field.fill(text)
        page.get_by_role("button", name="Reveal").click()
        assert verdict.inner_text().startswith("Not a number."), text
        assert cells(page, "sigmoid")[1] == "?" and field.input_value() == text
    field.fill("1/4")
    assert verdict.inner_text() == ""
    page.keyboard.press("Enter")
    assert verdict.inner_text().startswith("Spot on. You said 0.25")


def test_next_to_nothing_is_not_nothing(page: Any, explorer_url: str) -> None:
    go(page, explorer_url, "functions=sigmoid&z=5&predict=1")
    page.get_by_label("Your slope").fill("0")
    page.keyboard.press("Enter")
    said = page.get_by_test_id("verdict").inner_text()
    assert said.startswith("Close. You said 0.00; the slope is 0.0066")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/2", 0.5), ("-1.5", -1.5), ("−1,5", -1.5), ("1 - 0.73", 0.27), ("pi/2", math.pi / 2), ("π", math.pi),
        ("1/(1+e^-1)", 1 / (1 + math.exp(-1))), ("e/(1+e)", math.e / (1 + math.e)), ("(1/4)^3", 1 / 64),
        ("-0.2^2", -0.04), ("2^-1", 0.5), ("6.6e-1", 0.66), ("6.6·10⁻¹", 0.66), ("6.6x10^-1", 0.66), ("66%", 0.66),
        ("sqrt(2)", math.sqrt(2)), ("√2", math.sqrt(2)), ("2·(1+0.5)", 3.0), ("2**-1", 0.5), ("--1", 1.0), ("= 3", 3.0),
        (".5", 0.5), ("5.", 5.0), ("1,5e0", 1.5),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(
    page: Any, explorer_url: str, text: str, value: float
) -> None:
    slider = go(page, explorer_url, "functions=tanh&z=1")
    field = page.get_by_label("z, typed exactly").or_(page.locator(".z-field input")).first
    field.fill(text)
    assert field.get_attribute("aria-invalid") != "true"
    assert float(slider.get_attribute("aria-valuenow")) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        "1+",
        "(1",
        "1)",
        "2 3 x",
        "1..2",
        "1/0",
        "exp(1)",
        "1e400",
        "2(3)",
        "e1",
        "sqrt",
        "^2",
    ],
)
def test_what_is_no_number_leaves_z_alone(page: Any, explorer_url: str, text: str) -> None:
    slider = go(page, explorer_url, "functions=tanh&z=1")
    field = page.locator(".z-field input")
    field.fill(text)
    assert field.get_attribute("aria-invalid") == "true"
    assert float(slider.get_attribute("aria-valuenow")) == 1.0


def test_zoom_pan_and_reset(page: Any, explorer_url: str) -> None:
    slider = go(page, explorer_url, "functions=tanh&z=0")
    wide = float(slider.get_attribute("aria-valuemax"))
    page.get_by_role("button", name="Zoom in").click()
    assert float(slider.get_attribute("aria-valuemax")) < wide
    box = page.get_by_test_id("figure").bounding_box()
    page.mouse.move(box["x"] + 120, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 60, steps=4)
    page.mouse.up()
    settled(page, "view=")
    page.get_by_role("button", name="Reset view").click()
    assert float(slider.get_attribute("aria-valuemax")) == wide


def test_a_bad_link_is_explained_and_the_rest_of_it_used(page: Any, explorer_url: str) -> None:
    slider = go(
        page, explorer_url, "functions=tanh,nonsense&z=abc&layers=2.5&what=1&view=3,1&focus=%3Cb%3E"
    )
    notes = page.get_by_test_id("ignored").inner_text()
    for part in ("nonsense", "z=abc", "layers = 2.5", "what=1", "view"):
        assert part in notes
    assert page.get_by_test_id("reading-tanh").count() == 1
    assert z_of(slider) == 1.2


def test_enormous_z(page: Any, explorer_url: str) -> None:
    go(page, explorer_url, "functions=sigmoid,relu&z=1e300")
    assert cells(page, "sigmoid")[:2] == ["1.0000", "0.0000"]
    assert page.get_by_text("is out of view").is_visible()


def test_typed_formula_and_the_place_of_an_error(page: Any, explorer_url: str) -> None:
    go(page, explorer_url, "functions=relu&z=1")
    page.get_by_role("button", name="Your formula").click()
    field = page.get_by_label("Your own activation function")
    field.fill("z * tanh(softplus(z)")
    page.keyboard.press("Enter")
    page.locator("[aria-invalid=true]").wait_for()
    field.fill("z * z")
    page.keyboard.press("Enter")
    page.get_by_test_id("reading-yours").wait_for()
    assert cells(page, "yours")[:2] == ["1.0000", "2.0000"]
    settled(page, "formula=")
    # As one writes; and a word that is nothing known is no parameter.
    field.fill("a z^2")
    page.keyboard.press("Enter")
    page.get_by_label("your formula: a", exact=True).wait_for()
    assert cells(page, "yours")[:2] == ["1.0000", "2.0000"]
    field.fill("z^2 + hello")
    page.keyboard.press("Enter")
    page.get_by_test_id("formula").get_by_text("unknown name 'hello'").wait_for()
    assert field.evaluate("e => [e.selectionStart, e.selectionEnd]") == [6, 11]


def test_unreadable_kernels_are_explained_in_the_page(page: Any, explorer_url: str) -> None:
    page.route("**/catalogue.wasm", lambda route: route.fulfill(status=200, body=b"nonsense"))
    page.goto(explorer_url)
    page.get_by_role("alert").wait_for()
    assert "could not start" in page.get_by_role("alert").inner_text()


def test_a_narrow_page_does_not_scroll_sideways(page: Any, explorer_url: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    go(page, explorer_url, "functions=sigmoid,tanh,relu,gelu,leaky_relu&show_second=1&z=-3.14159")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_drag_of_z_draws_no_curve_anew(page: Any, explorer_url: str) -> None:
    slider = go(page, explorer_url, "functions=sigmoid,tanh,relu,gelu,leaky_relu&z=0")
    page.evaluate(
        """() => {
        window.redrawn = 0;
        new MutationObserver((all) => { window.redrawn += all.length; }).observe(
          document.querySelector(".plot"), { subtree: true, attributeFilter: ["d"] });
      }"""
    )
    knob = page.locator(".explorer .knob").bounding_box()
    x, y = knob["x"] + knob["width"] / 2, knob["y"] - 120
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(x + step, y)
    page.mouse.up()
    assert z_of(slider) > 0.2
    assert page.evaluate("window.redrawn") == 0


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("z", [5.05, 3.2, 1.2, -2])
def test_names_make_way_for_points_and_numbers(
    page: Any, explorer_url: str, width: int, z: float
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    go(page, explorer_url, f"functions=sigmoid,tanh,relu,gelu&z={z}")
    boxes = """(all) => all.map((each) => {
      const { left, right, top, bottom } = each.getBoundingClientRect();
      return { text: each.textContent, left, right, top, bottom };
    })"""
    names = page.locator(".panel text.name").evaluate_all(boxes)
    others = page.locator("path.mark, text.value").evaluate_all(boxes)
    assert len(names) >= 7 and len(others) >= 8
    for name in names:
        for other in others:
            apart = (
                name["right"] <= other["left"] or other["right"] <= name["left"]
                or name["bottom"] <= other["top"] + 4 or other["bottom"] <= name["top"] + 4
            )  # fmt: skip
            assert apart, (name, other)


def test_an_equation_is_as_large_as_its_room_allows(page: Any, explorer_url: str) -> None:
    go(page, explorer_url)
    page.get_by_role("button", name="Your formula").click()
    field = page.get_by_label("Your own activation function")
    notes = page.get_by_test_id("notes")
    sizes = "(all) => all.map((each) => parseFloat(getComputedStyle(each).fontSize))"
    field.fill("z/2*(1+tanh(0.7978*(z+0.044715*z**3)))")
    field.press("Enter")
    notes.get_by_text("0.044715").first.wait_for()
    assert "8943" not in notes.inner_text()  # decimals stay decimals in the derivative
    math = notes.locator(".math")
    fits = "(node) => node.scrollWidth <= node.clientWidth + 1 || node.tabIndex === 0"
    assert math.nth(1).evaluate(fits)
    field.fill("x^2")
    field.press("Enter")
    page.wait_for_function("""() =>
      document.querySelectorAll(".notes .math")[1]?.textContent.endsWith("2\\u2062z")
    """)
    first, second = math.evaluate_all(sizes)
    assert first == second


@pytest.mark.parametrize("z", [-1.0, -0.4, 0.3])
def test_what_is_by_convention_is_not_written_over(page: Any, explorer_url: str, z: float) -> None:
    """At 0 there is no slope of ReLU; the label that says so keeps clear of the slope's at z."""
    go(page, explorer_url, f"functions=relu,gelu&z={z}")
    page.locator("text.convention").wait_for()
    boxes = page.eval_on_selector_all(
        "text.convention, text.value",
        "all => all.map((each) => { const b = each.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; })",
    )
    first, *others = sorted(
        boxes, key=lambda box: -(box[2] - box[0])
    )  # the convention's is longest
    assert others
    for left, top, right, bottom in others:
        apart = right < first[0] or first[2] < left or bottom < first[1] + 3 or first[3] - 3 < top
        assert apart


def test_a_long_derivative_is_set_smaller_and_has_no_shade(page: Any, explorer_url: str) -> None:
    """Where all of it is in view there is nothing to cover: a notebook's paper is not ours."""
    page.goto(f"{explorer_url}#formula=z*tanh(softplus(a*z))&focus=yours")
    page.locator(".notation .math").nth(1).locator("math").wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.notation .math')].every("
        "(each) => each.querySelector('math') && each.scrollWidth <= each.clientWidth"
        " && getComputedStyle(each).backgroundImage === 'none')"
    )
