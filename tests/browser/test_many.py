"""A lesson with many figures: the first starts first, and all of them start."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from nonlin.server import create_app

MANY = 6


@pytest.fixture(scope="module")
def many_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A lesson of one's own, served by ``nonlin --lesson``'s application."""
    path: Path = tmp_path_factory.mktemp("lesson") / "many.md"
    figure = "\n\nWords.\n\n:::demo explorer functions=relu,gelu\n\n"
    path.write_text("# Many\n" + figure * MANY + "\n\n## The end\n", "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(create_app(lesson=path), port=port, log_level="warning", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < end and thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(20)


def test_the_first_is_there_before_the_last_and_all_come(page: Any, many_url: str) -> None:
    page.add_init_script(
        """
        window.order = [];
        new MutationObserver(() => {
          document.querySelectorAll('[data-demo]').forEach((place, i) => {
            if (place.classList.contains('nonlin') && !window.order.includes(i)) window.order.push(i);
          });
        }).observe(document, { subtree: true, childList: true, attributeFilter: ['class'] });
        window.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
        }).observe({ type: 'layout-shift', buffered: true });
        """
    )
    page.goto(many_url)
    page.wait_for_function(f"() => document.querySelectorAll('figure').length === {MANY}")
    assert page.evaluate("window.order") == list(range(MANY))
    assert page.evaluate("window.shift") < 0.1
    assert page.locator(".late").count() == 0


def test_the_rest_waits_for_somebody_who_reads_on(page: Any, many_url: str) -> None:
    page.goto(many_url)
    page.locator("figure").first.wait_for()
    page.wait_for_timeout(1500)
    assert page.locator("figure").count() < MANY
    waiting = page.locator("[data-demo]:not([data-begun]) .late").last
    assert waiting.evaluate("e => getComputedStyle(e).visibility") == "hidden"
    page.keyboard.press("Shift")
    page.wait_for_function(
        f"() => document.querySelectorAll('figure').length === {MANY}", timeout=5000
    )


def test_a_figure_far_down_starts_when_it_is_gone_to(page: Any, many_url: str) -> None:
    page.add_init_script("window.requestIdleCallback = () => 0")  # never any time
    page.goto(many_url)
    page.locator("figure").first.wait_for()
    places = page.locator("[data-demo]")
    assert places.last.locator("figure").count() == 0
    places.last.scroll_into_view_if_needed()
    places.last.locator("figure").wait_for()
    assert page.locator("figure").count() < MANY
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(f"() => document.querySelectorAll('figure').length === {MANY}")
