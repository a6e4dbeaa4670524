"""An export opened as a file, and the same on a web server of someone's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from nonlin.lesson import demos, export, site

Z = "z, the input"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export, in a folder whose name has to be escaped in an address."""
    target = tmp_path_factory.mktemp("somewhere") / "my site #1"
    export(site(server=False), target)
    return target


@pytest.fixture
def said(page: Any) -> Iterator[list[str]]:
    """What the console says; nothing, in the end."""
    lines: list[str] = []
    page.on("pageerror", lambda error: lines.append(f"error: {error}"))
    page.on("console", lambda line: lines.append(f"{line.type}: {line.text}"))
    yield lines
    assert lines == []


@pytest.mark.parametrize("name", ["index.html", "explorer.html"])
def test_pages_start_from_a_file(page: Any, folder: Path, said: list[str], name: str) -> None:
    page.goto(f"{(folder / name).as_uri()}#z=0")
    slider = page.get_by_role("slider", name=Z)
    slider.wait_for()
    knob = page.locator(".explorer .knob").bounding_box()
    x, y = knob["x"] + knob["width"] / 2, knob["y"] - 120
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=5)
    page.mouse.up()
    page.wait_for_function("() => location.hash !== '#z=0'")
    moved = float(slider.get_attribute("aria-valuenow"))
    assert moved > 0.3
    page.reload()  # the address holds it, as anywhere
    slider.wait_for()
    assert float(slider.get_attribute("aria-valuenow")) == moved
    page.evaluate("document.fonts.ready")
    assert page.evaluate("[...document.fonts].filter((f) => f.status === 'error').length") == 0


def test_pages_lead_to_each_other(page: Any, folder: Path, said: list[str]) -> None:
    page.goto((folder / "index.html").as_uri())
    page.get_by_role("slider", name=Z).wait_for()
    page.get_by_role("link", name="Explorer", exact=True).click()
    page.get_by_role("heading", name="Activation Explorer").wait_for()
    page.get_by_role("button", name="Your formula").click()
    assert "static copy" in page.get_by_test_id("formula").inner_text()
    # Pictures and networks say the same, and a link's formula is told with what can paint it.
    page.goto((folder / "art.html").as_uri() + "#activation=sin(2*z)")
    page.get_by_text('nonlin art "sin(2*z)"').wait_for()
    page.get_by_role("button", name="Your formula").click()
    page.get_by_text("This is a static copy of the page: nothing here").wait_for()
    page.goto((folder / "demo-playground.html").as_uri() + "#ask=0&activation=sin(2*z)")
    page.get_by_text("The link holds a formula, sin(2*z)").wait_for()
    page.get_by_role("button", name="Your formula").click()
    page.get_by_text("static copy").wait_for()
    page.goto((folder / "explorer.html").as_uri())
    page.get_by_role("link", name="Lesson", exact=True).click()
    page.get_by_role("heading", name="The linearity trap").wait_for()


def test_formulas_of_a_lesson_are_in_its_figures(
    page: Any, tmp_path: Path, said: list[str]
) -> None:
    lesson = tmp_path / "mine.md"
    lesson.write_text(
        "# Mine\n\n:::demo explorer functions=relu formula=z*tanh(z) z=1\n\n"
        ":::demo playground ask=false activation=z*tanh(z) layers=3\n\n"
        ":::demo art activation=z*tanh(z)\n"
    )
    target = tmp_path / "site"
    export(site(server=False, lesson=lesson), target)
    page.goto((target / "index.html").as_uri())
    page.locator(".explorer").get_by_text("your formula").first.wait_for()
    page.get_by_text("0.7616").first.wait_for()  # tanh(1)
    for name in ("playground", "art"):
        figure = page.locator(f"[data-demo={name}]")
        figure.scroll_into_view_if_needed()
        figure.get_by_text("z*tanh(z)").first.wait_for(state="attached")
    # Another formula still wants a running nonlin, in the same page.
    page.goto((target / "demo-playground.html").as_uri() + "#ask=0&activation=sin(2*z)")
    page.get_by_text("The link holds a formula, sin(2*z)").wait_for()
    page.goto((target / "demo-playground.html").as_uri() + "#ask=0&layers=3&activation=z*tanh(z)")
    page.reload()
    page.locator("[data-demo=playground]").get_by_text("z*tanh(z)").first.wait_for(state="attached")
    assert page.get_by_text("The link holds a formula").count() == 0


@pytest.mark.parametrize("name", demos())
def test_every_demo_starts_from_a_file(page: Any, folder: Path, said: list[str], name: str) -> None:
    page.goto((folder / f"demo-{name}.html").as_uri())
    page.locator("figure, [role=alert]").first.wait_for()
    assert page.locator("[role=alert], .late").count() == 0


@pytest.mark.parametrize(
    ("name", "told", "check"),
    [
        ("index.html", "open the page from a web server", "Check"),
        ("index.de.html", "von einem Webserver", "Prüfen"),
    ],
)
def test_a_proof_in_a_file_says_that_it_needs_a_server(
    page: Any, folder: Path, said: list[str], name: str, told: str, check: str
) -> None:
    page.goto((folder / name).as_uri())
    proof = page.locator("#exercise-03-3-tanh")
    proof.scroll_into_view_if_needed()
    note = proof.get_by_test_id("python")
    note.wait_for()
    assert told in note.inner_text() and "python -m http.server" in note.inner_text()
    proof.get_by_role("textbox").fill("2σ(2z) - 1")
    proof.get_by_role("button", name=check).click()
    alert = proof.get_by_role("alert")
    alert.wait_for()
    assert "Webserver" in alert.inner_text() or "web server" in alert.inner_text()
    assert "Worker" not in proof.inner_text()
    assert proof.locator("progress").count() == 0
    # The other exercises work.
    asked = page.locator("#exercise-03-2-by-hand").get_by_test_id("question").first
    asked.get_by_role("textbox").fill("1/2")
    asked.get_by_role("textbox").press("Enter")
    assert "right" in (asked.get_by_test_id("feedback").get_attribute("class") or "")


def test_a_figure_that_does_not_come_says_so(page: Any, folder: Path) -> None:
    page.add_init_script("Object.defineProperty(globalThis, 'nonlinData', { set() {}, get() {} })")
    page.goto((folder / "explorer.html").as_uri())
    page.get_by_role("alert").wait_for()
    assert "could not start" in page.get_by_role("alert").inner_text()


def test_without_its_script_a_page_tells_after_a_while(page: Any, server_url: str) -> None:
    page.route("**/assets/page-*.js", lambda route: route.abort())
    page.goto(f"{server_url}explorer.html")
    late = page.locator(".late")
    room = page.locator("[data-demo]").bounding_box()
    assert room["height"] >= 800
    assert not late.is_visible()
    late.wait_for(state="visible", timeout=30_000)
    assert "has not started" in late.inner_text()


@pytest.fixture(scope="module")
def own_server(folder: Path) -> Iterator[str]:
    """A plain web server, in a folder of which the export is a part."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Nothing."""

    handler = partial(Quiet, directory=str(folder.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/my%20site%20%231/"
    server.shutdown()
    server.server_close()


def test_on_a_web_server_nothing_is_loaded_twice(
    page: Any, own_server: str, said: list[str]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{own_server}index.html")
    page.get_by_role("slider", name=Z).wait_for()
    page.wait_for_load_state("networkidle")
    names = [url.removeprefix(own_server) for url in asked]
    # Every figure that computes has a worker of its own, and each worker asks for its script.
    names = [name for name in names if not name.startswith("assets/worker-")]
    assert len(set(names)) == len(names)
    assert "assets/start.js" in names and "data/catalogue.wasm" in names
    assert not {"assets/page.js", "data/file.js"} & set(names)
    assert not [name for name in names if name.startswith("http")]
