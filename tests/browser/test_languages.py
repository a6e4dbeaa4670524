"""The German pages: German throughout, marked where they are not, and one click away from the English ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import figure_page
import pytest

import interface_texts
from nonlin.lesson.exercises import read_folder

SAID = """() => {
  const said = [];
  const foreign = "[lang=en], .math, math, code, option, .example";
  for (const each of document.querySelectorAll("body *")) {
    if (each.closest(foreign)) continue;
    for (const name of ["aria-label", "aria-valuetext", "title", "placeholder", "data-label"]) {
      if (each.hasAttribute(name)) said.push(each.getAttribute(name));
    }
    for (const node of each.childNodes) if (node.nodeType === Node.TEXT_NODE) said.push(node.data);
  }
  return said.map((text) => text.replace(/\\s+/g, " ").trim()).filter((text) => text !== "");
}"""


@pytest.fixture(autouse=True)
def _silence(page: Any) -> Iterator[None]:
    said = figure_page.listen(page)
    yield
    assert said == []


def texts(language: str) -> tuple[set[str], set[str]]:
    """The texts of a language's messages, and the longer pieces of those that values are put into."""
    whole, parts = set(), set()
    for text in interface_texts.texts(language).values():
        words, values = interface_texts.pieces(text)
        if values:
            parts |= {piece.strip() for piece in words}
        else:
            whole.add(text)
    return whole, {piece for piece in parts if len(piece) > 9}


def english_in(page: Any) -> list[str]:
    """What a page says in the words of the English messages."""
    said: list[str] = page.evaluate(SAID)
    whole, parts = (a - b for a, b in zip(texts("en"), texts("de"), strict=True))
    return [t for t in said if (len(t) > 2 and t in whole) or any(part in t for part in parts)]


def start_all(page: Any) -> None:
    """As for printing: every figure of the page starts; and somebody reads on, so that all is laid out."""
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.keyboard.press("Shift")
    page.wait_for_function("() => document.querySelector('.late, [aria-busy=true]') === null")


def test_english_would_be_found(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}explorer.html")
    page.get_by_role("slider", name="z, the input").wait_for()
    page.evaluate("document.documentElement.lang = 'de'")
    assert len(set(english_in(page))) > 15


def test_the_lesson_is_german_throughout(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}index.de.html")
    page.get_by_role("slider", name="z, die Eingabe").wait_for()
    start_all(page)
    assert page.locator("html").get_attribute("lang") == "de"
    assert page.locator("figure").count() >= 9
    assert english_in(page) == []
    # What comes from the catalogue in English says so.
    row = page.get_by_test_id("row-relu")
    assert "Die erste Wahl" in row.locator(".use > span").inner_text()
    assert row.locator(".saturates").inner_text() == "nur links"
    assert row.locator(".range").inner_text() == "[0; ∞)"
    assert "Mittel 0,40" in row.inner_text()
    titles = page.get_by_test_id("exercise").locator("h3").all_inner_texts()
    assert sorted(titles) == sorted(e.title for e in read_folder(language="de").values())
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert english_in(page) == []


def test_the_explorer_is_german_throughout(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}explorer.de.html#functions=relu,sigmoid&z=0.5&predict=1")
    page.get_by_role("slider", name="z, die Eingabe").wait_for()
    page.get_by_text("Wie steil ist").first.wait_for()
    assert english_in(page) == []
    page.goto(f"{server_url}explorer.de.html#functions=relu,nosuch&z=0.5&show_second=1")
    page.get_by_text("Im Katalog gibt es keine Funktion namens „nosuch“.").wait_for()
    page.get_by_text("Eigenschaften, jede mit ihrem Beleg").click()
    notes = page.get_by_test_id("notes")
    assert "Sättigt" in notes.inner_text() and "nur links" in notes.inner_text()
    assert "Knick bei 0" in notes.inner_text()
    summary = notes.locator(".summary")
    assert "Die erste Wahl" in summary.inner_text() and summary.get_attribute("lang") is None
    assert notes.locator(".witness").first.get_attribute("lang") == "en"
    assert english_in(page) == []
    slider = page.get_by_role("slider", name="z, die Eingabe")
    assert "ReLU 0,50, Steigung 1,00" in (slider.get_attribute("aria-valuetext") or "")


def test_what_comes_later_is_german_too(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}explorer.de.html#functions=relu&z=1&predict=1")
    page.get_by_test_id("predict").get_by_text("Wie steil ist ReLU bei z = 1?").wait_for()
    assert english_in(page) == []


def asked_for(page: Any) -> list[str]:
    """Collects names of the files of texts that a page fetches."""
    found: list[str] = []
    own = re.compile(r"/assets/(\w+\.\w+)-[\w-]+\.json$")
    page.on("request", lambda r: found.extend(own.findall(r.url)))
    return found


def test_the_first_texts_come_with_the_page(page: Any, server_url: str) -> None:
    found = asked_for(page)
    page.goto(f"{server_url}explorer.de.html")
    page.get_by_role("slider", name="z, die Eingabe").wait_for()
    assert found == []

    def changed(route: Any) -> None:
        html = route.fetch().text()
        route.fulfill(body=html.replace("z, die Eingabe", "z, was hineingeht"))

    page.route("**/explorer.de.html", changed)
    page.reload()
    page.get_by_role("slider", name="z, was hineingeht").wait_for()
    assert found == []


def test_a_page_without_texts_fetches_them(page: Any, server_url: str) -> None:
    def without(route: Any) -> None:
        html = route.fetch().text()
        route.fulfill(body=re.sub(r'<script type="application/json".*?</script>', "", html))

    found = asked_for(page)
    page.route("**/explorer*.html", without)
    page.goto(f"{server_url}explorer.de.html")
    page.get_by_role("slider", name="z, die Eingabe").wait_for()
    page.goto(f"{server_url}explorer.html")
    page.get_by_role("slider", name="z, the input").wait_for()
    assert found == ["start.de", "start.en"]


def test_numbers_are_typed_with_a_comma_or_a_point(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}explorer.de.html#functions=sigmoid")
    field = page.get_by_label("z, genau eingetippt")
    for typed in ("1,25", "1.25"):
        field.fill("0")
        field.press("Enter")
        field.fill(typed)
        field.press("Enter")
        page.wait_for_function("() => location.hash.includes('z=1.25')")
        assert field.input_value() == "1,25"


def test_figures_write_german_words_and_numbers(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}demo-playground.de.html")
    page.get_by_role("row", name="Schicht 1, Ausgabe, linear", exact=True).wait_for()
    page.goto(f"{server_url}demo-dying.de.html#ask=0")
    page.get_by_role("button", name="Ein Schritt").click()
    page.locator(".run-bar").get_by_text("Schritt 1, Durchgang 1").wait_for()
    rate = page.get_by_label("Lernrate, genau eingetippt")
    rate.fill("0,0015")
    rate.press("Enter")
    page.get_by_text("Rate 0,0015", exact=True).first.wait_for()
    page.goto(f"{server_url}demo-vanishing.de.html#depth=40")
    page.get_by_text(re.compile("^1 von 10[⁰¹²³⁴⁵⁶⁷⁸⁹]+$")).first.wait_for()


def test_an_exercise_answers_in_german(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}index.de.html")
    place = page.locator("#exercise-03-1-saturation")
    place.scroll_into_view_if_needed()
    first = place.get_by_test_id("question").first
    field = first.get_by_role("textbox")
    for typed, said in (
        ("0,0066", "Richtig."),
        ("-0.0066", "Die Größe stimmt, aber nicht das Vorzeichen."),
        ("0,9933", "So hoch ist die Kurve"),
        ("viel", "Keine Zahl."),
        ("7", "Vielleicht hilft ein Tipp."),
    ):
        field.fill(typed)
        field.press("Enter")
        first.get_by_test_id("feedback").get_by_text(said).wait_for()
    assert "0,00665" in read_folder(language="de")["03-1-saturation"].data["questions"][0]["right"]


def test_the_switch_keeps_what_is_on_show(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}explorer.html#functions=gelu&z=-1")
    page.get_by_role("slider", name="z, the input").wait_for()
    switch = page.get_by_role("navigation", name="Language")
    assert switch.get_by_role("link").all_inner_texts() == ["English", "Deutsch"]
    german = switch.get_by_role("link", name="Deutsch")
    assert (german.get_attribute("lang"), german.get_attribute("hreflang")) == ("de", "de")
    german.click()
    page.wait_for_url(f"{server_url}explorer.de.html#functions=gelu&z=-1")
    page.get_by_role("slider", name="z, die Eingabe").wait_for()
    here = page.get_by_role("navigation", name="Sprache").locator("[aria-current]")
    assert here.inner_text() == "Deutsch"
    page.get_by_role("link", name="Lektion").click()
    page.get_by_role("heading", name="Die Linearitätsfalle").wait_for()
    page.get_by_role("navigation", name="Sprache").get_by_role("link", name="English").click()
    page.get_by_role("heading", name="The linearity trap").wait_for()


@pytest.mark.parametrize("width", figure_page.WIDTHS)
@pytest.mark.parametrize("name", ["index.de.html", "explorer.de.html"])
def test_nothing_stands_in_the_way_of_a_reader(
    page: Any, server_url: str, name: str, width: int
) -> None:
    figure_page.dress(page, width, "light")
    page.goto(f"{server_url}{name}")
    page.get_by_role("slider", name="z, die Eingabe").wait_for()
    start_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for scheme in figure_page.SCHEMES:
        figure_page.dress(page, width, scheme)
        assert figure_page.violations(page) == []


def test_the_sheet_leads_into_the_german_explorer(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}demo-sheet.de.html")
    link = page.get_by_test_id("row-relu").get_by_role("link")
    assert link.get_attribute("href") == "explorer.de.html#functions=relu"
    page.get_by_label("Suchen").fill("beidseitig")
    page.get_by_test_id("row-relu").wait_for(state="detached")
    assert page.get_by_test_id("row-tanh").is_visible()


def test_the_studio_writes_decimal_commas_in_german(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}art.de.html")
    told = page.get_by_text("antwortet das Netz").last
    told.wait_for()
    assert "x = 0,00" in told.inner_text()
    assert not re.search(r"\d\.\d", page.locator("figure.art").inner_text())
