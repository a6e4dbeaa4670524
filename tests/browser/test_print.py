"""On paper: no figure leaves a blank, all drawings fit the sheet, and nothing is printed that only a screen can do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from figure_page import open_figure

SHEET = 703  # pixels of A4 between the margins
# Nothing is measured and drawn anew for a printer.
NO_REDRAWING = """const Own = window.ResizeObserver;
window.ResizeObserver = class extends Own {
  constructor(act) { super((...given) => { if (!window.onPaper) act(...given); }); }
};"""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("index.html", "Here is the figure trace;"),
        ("index.de.html", "Hier steht die Abbildung trace;"),
    ],
)
def test_figures_that_have_not_started_are_a_line_each(
    page: Any, server_url: str, name: str, line: str
) -> None:
    page.route("**/assets/*.js", lambda route: route.abort())
    page.goto(f"{server_url}{name}")
    assert not page.get_by_text(line).is_visible()
    page.emulate_media(media="print")
    assert page.get_by_text(line).is_visible()
    heights = "all => all.map((each) => each.offsetHeight)"
    assert max(page.eval_on_selector_all(".figure-wide:not(:has(table))", heights)) < 80
    assert page.locator("#exercise-03-1-saturation ul > li").count() == 4
    sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert 5 < len(sheets) < 14


@pytest.mark.parametrize("name", ["linearity", "zigzag", "softmax", "vanishing", "trace"])
def test_what_is_drawn_for_a_wide_window_fits_the_sheet(
    page: Any, server_url: str, name: str
) -> None:
    page.add_init_script(NO_REDRAWING)
    page.set_viewport_size({"width": 1440, "height": 900})
    figure = open_figure(page, server_url, name, "")
    figure.locator("svg[role]").first.wait_for()
    page.evaluate("window.onPaper = true")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": SHEET, "height": 1000})
    beyond = f"all => all.filter((e) => e.getBoundingClientRect().right > {SHEET} + 1).length"
    assert figure.locator("svg, table, input, select").evaluate_all(beyond) == 0
    controls = figure.locator("[type=range], .skip, .solid, .ghost, .tools")
    assert not any(each.is_visible() for each in controls.all())


def test_a_break_in_a_lesson_pushes_down_all_that_follows(page: Any, server_url: str) -> None:
    """A grid's rows keep their height where something in them is pushed onto the next sheet."""
    page.goto(server_url)
    page.emulate_media(media="print")
    figure = page.locator("figure.explorer")
    figure.wait_for()
    for each in ("main", ".prose", "figure.explorer > .body"):
        assert page.locator(each).first.evaluate("e => getComputedStyle(e).display") == "block"
