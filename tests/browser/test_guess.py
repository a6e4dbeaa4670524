"""The question before a figure: once it is answered, nothing asks it again, but whoever wants it asked can have that."""

from __future__ import annotations

import re
from typing import Any

import figure_page as figures
import pytest

pytestmark = pytest.mark.usefixtures("silent")

ASKING = ("linearity", "step", "zigzag", "vanishing", "dying", "softmax", "playground")
# What is covered, or cannot be used yet, before the guess.
HIDING = {
    "linearity": "button:disabled:not(.ask *)",
    "step": "td.gradient:text-is('?')",
    "zigzag": "table.secret",
    "vanishing": ".unknown",
    "softmax": "dd:text-is('?')",
}


def asked(page: Any, name: str, state: str = "") -> Any:
    """The question of a figure, once it is there."""
    page.emulate_media(reduced_motion="reduce")
    return figures.open_figure(page, name[1], name[0], state).locator(".ask")


@pytest.mark.parametrize("name", ASKING)
def test_a_link_holds_that_the_guess_was_made(page: Any, server_url: str, name: str) -> None:
    ask = asked(page, (name, server_url))
    hidden = page.locator(f"figure.{name}").locator(HIDING.get(name, ".none"))
    ask.locator(".options button").first.click()
    said = figures.wait_until(page, ask.locator(".verdict"), "text !== ''")
    assert hidden.count() == 0
    page.wait_for_url(re.compile(r"[#&]ask=0(&|$)"))
    ask.locator(".verdict").press("Control+z")
    assert ask.locator(".verdict").text_content() == said
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    page.locator(f"figure.{name}").wait_for()
    assert page.locator(".ask").count() == 0
    assert hidden.count() == 0


@pytest.mark.parametrize("name", HIDING)
def test_until_then_the_answer_is_hidden(page: Any, server_url: str, name: str) -> None:
    asked(page, (name, server_url)).wait_for()
    assert page.locator(f"figure.{name}").locator(HIDING[name]).count() > 0


@pytest.mark.parametrize("name", ASKING)
def test_an_address_can_have_it_asked_again(page: Any, server_url: str, name: str) -> None:
    ask = asked(page, (name, server_url))
    ask.locator(".skip").click()
    figures.wait_until(page, ask.locator(".verdict"), "text !== ''")
    page.evaluate("location.hash = 'ask=1'")
    ask.locator(".skip").wait_for()
    assert ask.locator(".verdict").text_content() == ""
    assert ask.locator("button:disabled").count() == 0


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("step", "functions=sigmoid,relu"),
        ("step", "functions=step,step"),
        ("linearity", "activation=relu"),
        ("vanishing", "depth=1"),
        ("vanishing", "activation=step&compare="),
        ("playground", "layers=3"),
    ],
)
def test_where_there_is_nothing_to_guess_nothing_is_hidden(
    page: Any, server_url: str, name: str, state: str
) -> None:
    ask = asked(page, (name, server_url), f"ask=1&{state}")
    page.locator(f"figure.{name} .toolbar, figure.{name} .right").first.wait_for()
    assert ask.count() == 0
    assert page.locator(f"figure.{name}").locator(HIDING.get(name, ".none")).count() == 0
