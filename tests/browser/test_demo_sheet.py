"""The cheat sheet in a browser: sorted, filtered, unfolded, explained, printed on one page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from figure_page import FRAMED, dress, violations

import nonlin

pytestmark = pytest.mark.usefixtures("silent")

SHORT = ["Step", "Sigmoid", "Tanh", "ReLU", "Leaky ReLU", "GELU", "SiLU / Swish", "Softmax"]
EVERY = len(nonlin.catalogue) + 1


@pytest.fixture
def url(server_url: str) -> str:
    return f"{server_url}demo-sheet.html"


def go(page: Any, url: str, state: str = "") -> None:
    page.goto("about:blank")
    page.goto(f"{url}#{state}")
    page.get_by_test_id("sheet").wait_for()


def titles(page: Any) -> list[str]:
    return [t.strip() for t in page.locator("tbody th[scope=row]").all_inner_texts()]


def test_cells_are_the_properties(page: Any, url: str) -> None:
    go(page, url)
    assert titles(page) == SHORT
    for name in ("step", "relu", "gelu"):
        known = nonlin.catalogue[name].study(30.0)
        cells = page.get_by_test_id(f"row-{name}").locator("td").all_inner_texts()
        keys = ("range", "zero_centred", "saturates", "monotone", "smooth", "max_slope")
        for cell, key in zip(cells, keys, strict=False):
            assert cell.startswith(known[key].text)
    assert "mean 0.40" in page.get_by_test_id("row-relu").inner_text()
    assert "sums to 1" in page.get_by_test_id("row-softmax").inner_text()
    curves = page.locator("tbody .curve")
    assert curves.count() == len(SHORT) - 1
    assert all(len(d) > 20 for d in curves.evaluate_all("c => c.map(e => e.getAttribute('d'))"))


def test_sorting_goes_up_down_and_back(page: Any, url: str) -> None:
    go(page, url)
    head = page.get_by_role("columnheader", name="Largest slope")
    button = head.get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert titles(page)[:3] == ["Step", "Sigmoid", "Softmax"]
    button.click()
    assert head.get_attribute("aria-sort") == "descending"
    assert titles(page)[0] == "GELU"
    page.wait_for_url(re.compile("sort=max_slope&down=1"))
    assert "by largest slope, largest first" in page.get_by_role("status").all_inner_texts()[0]
    button.click()
    assert titles(page) == SHORT
    page.get_by_role("button", name="Undo").click()
    assert titles(page)[0] == "GELU"


def test_finding_and_unfolding(page: Any, url: str) -> None:
    go(page, url)
    page.get_by_role("button", name=f"All {EVERY}").click()
    assert len(titles(page)) == EVERY
    page.get_by_label("Find").fill("shrink")
    assert titles(page) == ["Hardshrink", "Softshrink", "Tanhshrink"]
    page.wait_for_url(re.compile("filter=shrink"))
    page.get_by_label("Find").fill("zzz")
    assert page.get_by_text("No function matches “zzz”").is_visible()
    go(page, url, "filter=LLaMA")
    assert "SiLU / Swish" in titles(page)


def test_the_name_of_a_column_finds_what_has_it(page: Any, url: str) -> None:
    go(page, url, "all=1&filter=saturates")
    found = set(titles(page))
    for entry in nonlin.catalogue.values():
        claim = entry.study(30.0)["saturates"].text
        if not claim.startswith(("no", "unknown")):
            assert entry.title in found, (entry.title, claim)
    assert "Leaky ReLU" not in found
    page.get_by_label("Find").fill("saturates both sides")
    assert "Sigmoid" in titles(page) and "ReLU" not in titles(page)


def test_a_search_knows_not(page: Any, url: str) -> None:
    go(page, url, "all=1")
    find = page.get_by_label("Find")

    def found(text: str) -> set[str]:
        find.fill(text)
        return set(titles(page))

    known = {e.title: e.study(30.0) for e in nonlin.catalogue.values()}
    monotone = found("monotone")
    assert {"Tanh", "ReLU"} <= monotone and not {"GELU", "Mish", "Sine"} & monotone
    for text in ("not monotone", "non-monotone", "NOT monotone"):
        rest = found(text)
        assert {"GELU", "Mish", "Sine"} <= rest and not rest & monotone
        assert len(rest) + len(monotone) == EVERY
    for title, facts in known.items():
        if facts["monotone"].text.startswith("no"):
            assert title not in monotone, title
    centred = found("zero-centred")
    assert "Tanh" in centred and "Sigmoid" not in centred
    assert centred == found("zero centred") and not centred & found("not zero-centred")
    bounded = found("bounded")
    for title, facts in known.items():
        assert (title in bounded) == ("∞" not in facts["range"].text) or title == "Laplace (Mega)"
    assert {"Sigmoid", "Tanh", "Step"} <= found("bounded monotone")
    assert found("not") == set(titles(page)) and "GELU" in found("elu")


@pytest.mark.parametrize("language", ["", ".de"])
@pytest.mark.parametrize("width", [1024, 1280])
def test_no_column_is_cut(page: Any, server_url: str, width: int, language: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{server_url}demo-sheet{language}.html#all=1")
    page.get_by_test_id("sheet").wait_for()
    inside, whole = page.locator(".box").evaluate("e => [e.clientWidth, e.scrollWidth]")
    assert whole <= inside


def test_reasons_and_the_explorer(page: Any, url: str) -> None:
    go(page, url)
    why = page.get_by_role("button", name="why? ReLU", exact=True)
    why.click()
    assert why.get_attribute("aria-expanded") == "true"
    reasons = page.get_by_test_id("why-relu").inner_text()
    assert nonlin.relu.properties["range"].witness in reasons
    page.wait_for_url(re.compile("why=relu"))
    page.get_by_role("link", name="Leaky ReLU").click()
    page.get_by_test_id("reading-leaky_relu").wait_for()


def test_a_wrong_link_is_explained(page: Any, url: str) -> None:
    go(page, url, "sort=colour&all=2")
    told = page.get_by_test_id("ignored").inner_text()
    assert "sort=colour" in told and "all=2" in told
    assert titles(page) == SHORT


@pytest.mark.parametrize("state", ["", "all=1"])
def test_it_prints_on_one_page(page: Any, url: str, state: str) -> None:
    go(page, url, state)
    margin = dict.fromkeys(("top", "bottom", "left", "right"), "12mm")
    document = page.pdf(format="A4", margin=margin)
    assert len(re.findall(rb"/Type\s*/Page[^s]", document)) == 1
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1032})  # A4 within these margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    shown = page.locator("tbody th[scope=row] :is(a, .who > span:last-child)")
    assert shown.last.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") > 7


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_readable_by_everybody(page: Any, url: str, width: int, scheme: str) -> None:
    dress(page, width, scheme)
    go(page, url, "why=relu&sort=range")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page, ignored=FRAMED) == []
