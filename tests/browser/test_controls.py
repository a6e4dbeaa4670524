"""What controls of all figures have in common: an answer stays, the keyboard stays, and what plays goes on."""

from __future__ import annotations

import re
from typing import Any

import figure_page as figures
import pytest

pytestmark = pytest.mark.usefixtures("silent")

# An observer that tells of leaving and coming back in one report, as browsers may.
TOGETHER = """
const Observer = window.IntersectionObserver;
window.IntersectionObserver = class extends Observer {
  constructor(told, options) {
    super((entries, observer) => {
      const out = entries.map((entry) => ({ target: entry.target, isIntersecting: false }));
      told([...out, ...entries], observer);
    }, options);
  }
};
"""


def test_an_answer_stays_whatever_is_changed_then(page: Any, server_url: str) -> None:
    figures.open_figure(page, server_url, "zigzag", "ask=1")
    ask = page.locator(".ask")
    ask.get_by_role("button", name="on outputs of Sigmoid").click()
    said = figures.wait_until(page, ask.locator(".verdict"), "text.startsWith('Yes')")
    options = ask.locator(".options").inner_text()
    selects = page.locator("figure.zigzag select")
    selects.nth(0).select_option("tanh")
    selects.nth(1).select_option("sigmoid")
    page.get_by_test_id("row-steps").locator("td").nth(1).wait_for()
    assert ask.locator(".verdict").text_content() == said
    assert ask.locator(".options").inner_text() == options


@pytest.mark.parametrize(
    ("name", "state", "button"),
    [
        ("zigzag", "ask=0&lr=1.1", "Undo"),
        ("softmax", "ask=0", "Add a score"),
        ("trace", "", "Next unit →"),
    ],
)
def test_a_button_that_has_done_its_last_keeps_the_keyboard(
    page: Any, server_url: str, name: str, state: str, button: str
) -> None:
    figure = figures.open_figure(page, server_url, name, state)
    if button == "Undo":
        figure.get_by_role("slider").first.press("ArrowRight")
    last = figure.get_by_role("button", name=button, exact=True)
    last.focus()
    for _ in range(60):
        if last.get_attribute("aria-disabled") == "true":
            break
        page.keyboard.press("Enter")
    assert last.get_attribute("aria-disabled") == "true"
    assert last.evaluate("(each) => each === document.activeElement")
    before = page.url
    page.keyboard.press("Enter")  # and does nothing more
    assert page.url == before


def test_what_left_and_came_back_at_once_goes_on(page: Any, server_url: str) -> None:
    page.add_init_script(TOGETHER)
    figure = figures.open_figure(page, server_url, "vanishing", "ask=0")
    figure.get_by_role("button", name="Play", exact=True).click()
    done = figure.locator(".so-far")
    figures.wait_until(page, done, r"Number((/\d+/.exec(text) ?? ['0'])[0]) > 20")


def test_what_is_locked_says_why(page: Any, server_url: str) -> None:
    figure = figures.open_figure(page, server_url, "linearity", "ask=1")
    assert "Guess first" in figure.inner_text()
    choice = figure.locator("fieldset.choice")
    assert choice.evaluate("(each) => each.matches(':disabled')")
    opacity = choice.locator("label").first.evaluate("(each) => getComputedStyle(each).opacity")
    assert float(opacity) < 0.6
    page.locator(".ask .skip").click()
    assert "Guess first" not in figure.inner_text()
    assert not choice.evaluate("(each) => each.matches(':disabled')")


def test_what_is_below_every_double_is_no_zero(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}explorer.html#functions=sigmoid,relu&z=-100&layers=10")
    row = page.get_by_test_id("reading-sigmoid")
    row.wait_for()
    assert re.sub(r"\s", "", row.locator(".product").inner_text()) == "<10−308"
    assert row.locator(".past.low").inner_text() == "‹"
    zero = page.get_by_test_id("reading-relu")
    assert zero.locator(".product").inner_text() == "0.0000"
    assert zero.locator(".past.low").inner_text() == "0"


def test_small_numbers_in_pictures_have_their_power_of_ten(page: Any, server_url: str) -> None:
    figures.open_figure(page, server_url, "softmax", "ask=0&scores=-8,2,1")
    shown = str(page.get_by_test_id("p-0").text_content())
    assert re.fullmatch(r"\d\.\d\d×10⁻[⁰¹²³⁴⁵⁶⁷⁸⁹]+", shown), shown


def test_a_number_that_will_not_do_is_told_what_would(page: Any, server_url: str) -> None:
    figure = figures.open_figure(page, server_url, "softmax", "ask=0")
    field = figure.get_by_role("textbox", name="Temperature T, typed exactly")
    before = field.input_value()
    field.fill("0.05")
    told = figure.locator(".range")
    assert told.inner_text() == "from 0.1 to 10"
    assert field.get_attribute("aria-describedby") == told.get_attribute("id")
    page.keyboard.press("Enter")  # the number is gone, what is said stays
    assert field.input_value() == before and told.inner_text() == "from 0.1 to 10"
    field.fill("2")
    page.keyboard.press("Enter")
    assert field.input_value() == "2" and told.count() == 0


@pytest.mark.parametrize(("name", "choice"), [("vanishing", "tanh"), ("step", "tanh")])
def test_a_list_shows_what_is_chosen_however_that_came(
    page: Any, server_url: str, name: str, choice: str
) -> None:
    figure = figures.open_figure(page, server_url, name)
    chosen = figure.locator("select").first
    before = chosen.input_value()
    chosen.select_option(choice)
    page.wait_for_url(re.compile(choice))
    figure.get_by_role("button", name="Undo").click()
    page.wait_for_function(
        "([one, name]) => one.value === name", arg=[chosen.element_handle(), before]
    )
    figure.get_by_role("button", name="Redo").click()
    page.wait_for_function(
        "([one, name]) => one.value === name", arg=[chosen.element_handle(), choice]
    )
    page.goto(page.url)
    page.reload()
    figure.wait_for()
    assert figure.locator("select").first.input_value() == choice
