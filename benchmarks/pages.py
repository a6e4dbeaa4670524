"""The pages: what they ship, how soon they start, and how long a script works for one move of a drag.

A start is measured with an empty cache on a processor slowed down four times, as a modest phone is: from
the request of the page to two frames after its first figure can be held. Each start has a browser's profile
of its own. Nothing is asked of the page meanwhile: waiting for something in it would have the browser read
a large script of the driver's, and listening to its requests would have V8 read ours twice.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.drags import moves
from benchmarks.report import heading, line, spread
from benchmarks.served import served_page

MOVES = 400
STARTS = 9
SLOWER = 4
WATCHED = 3000  # ms
TRANSFERRED = """
performance.getEntries().filter((entry) => 'encodedBodySize' in entry)
  .map((entry) => [entry.name, entry.encodedBodySize])
"""
PAGES = {"the lesson": "index.html", "the Explorer": "explorer.html"}
TEXTS = ("start", "figures", "later")  # inside the page, fetched with a figure, and when asked for
WATCH = """
(() => {
  const found = (window.found = { shift: 0 });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) found.shift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
  const look = () => {
    if (!document.querySelector('[data-demo] [role=slider], [data-demo] input[type=range]')) return;
    observer.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => { found.start = performance.now(); }));
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { childList: true, subtree: true });
})();
"""


def _sizes() -> None:
    from nonlin.lesson import site
    from nonlin.lesson.folders import web_folder

    files = site(server=True)
    manifest = json.loads((web_folder() / ".vite/manifest.json").read_text("utf-8"))

    def zipped(names: list[str]) -> float:
        return sum(len(gzip.compress(files[n], 9)) for n in names) / 1000

    def started(page: str, later: bool = False) -> list[str]:
        """The scripts of a page once all its demos run: what these import at once, and their workers.

        With ``later`` also what they fetch when a reader asks for it.
        """
        demos = set(re.findall(r'data-demo="([a-z]+)"', files[page].decode()))

        def wanted(key: str) -> bool:
            return not re.search(r"demos/\w+/index\.ts$", key)

        todo = ["src/page.ts", *(f"src/demos/{name}/index.ts" for name in demos)]
        seen: dict[str, list[str]] = {}
        while todo:
            key = todo.pop()
            if key not in seen:
                chunk = manifest[key]
                scripts = [name for name in chunk.get("assets", ()) if name.endswith(".js")]
                seen[key] = [chunk["file"], *scripts]
                todo += chunk.get("imports", ())
                if later:
                    todo += filter(wanted, chunk.get("dynamicImports", ()))
        return sorted({name for names in seen.values() for name in names})

    for name, page, limit in (
        ("Explorer", "explorer.html", 60),
        ("whole lesson", "index.html", 120),
    ):
        line(
            f"JavaScript of the {name}, gzipped",
            f"{zipped(started(page)):.1f} kB",
            f"at most {limit} kB",
        )
        line("  with all that may be asked for", f"{zipped(started(page, later=True)):.1f} kB")
    for language in ("en", "de"):
        *parts, later = (manifest[f"src/messages/{language}.json#{part}"]["file"] for part in TEXTS)
        line(f"texts of the lesson, gzipped ({language})", f"{zipped(parts):.1f} kB")
        line("  with all that may be asked for", f"{zipped([*parts, later]):.1f} kB")
    line(
        "WebAssembly of the catalogue, gzipped",
        f"{zipped(['data/catalogue.wasm']):.1f} kB",
        "at most 60 kB",
    )


def _moves(page: Any) -> list[float]:
    """Script time per move of a drag in the Explorer, in ms."""
    seen = set()

    def places() -> Iterator[tuple[float, float]]:
        for i in range(MOVES):
            yield x + 300 * np.sin(i / 15), y
            seen.add(page.get_by_role("slider").first.get_attribute("aria-valuenow"))

    knob = page.locator(".knob").bounding_box()
    x, y = knob["x"] + knob["width"] / 2, knob["y"] - 120
    page.mouse.move(x, y)
    page.mouse.down()
    times = moves(page, places())
    page.mouse.up()
    assert len(seen) > MOVES / 10, "the drag did not move z"
    return times


def _start(browser: Any, address: str) -> dict[str, float]:
    """One start of a page that has never been there before."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(WATCH)
    page.goto(address)
    page.wait_for_timeout(WATCHED)
    found = page.evaluate("window.found")
    sizes: list[list[Any]] = page.evaluate(TRANSFERRED)
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    context.close()
    scripts = sum(size for name, size in sizes if name.endswith(".js"))
    return {
        "start": found["start"],
        "shift": found["shift"],
        "script": 1e3 * metrics["ScriptDuration"],
        "layout": 1e3 * (metrics["LayoutDuration"] + metrics["RecalcStyleDuration"]),
        "js": scripts / 1000,
        "all": sum(size for _, size in sizes) / 1000,
    }


def _starts(browser: Any, address: str) -> None:
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in PAGES}
    for turn in range(STARTS + 1):
        for name, path in PAGES.items():
            run = _start(browser, address + path)
            if turn:  # the first finds nothing compressed yet
                runs[name].append(run)

    def of(name: str, what: str) -> list[float]:
        return [run[what] for run in runs[name]]

    for name in PAGES:
        heading(f"Starting {name}, processor {SLOWER} × slower")
        line("first figure can be held", spread(of(name, "start"), digits=0), "at most 1000 ms")
        line("script", spread(of(name, "script"), digits=0))
        line("styles and layout", spread(of(name, "layout"), digits=0))
        line(
            "JavaScript transferred, gzipped",
            f"{np.median(of(name, 'js')):.1f} kB",
            "at most 120 kB",
        )
        line("transferred in all", f"{np.median(of(name, 'all')):.0f} kB")
        line("layout shift", f"{max(of(name, 'shift')):.3f}", "at most 0.1")


def main() -> None:
    heading("Pages")
    _sizes()
    with served_page() as (page, address):
        _starts(page.context.browser, address)
        heading("Dragging in the Explorer")
        page.goto(f"{address}explorer.html#functions=sigmoid,tanh,relu,gelu&z=0")
        page.locator(".knob").wait_for()
        times = _moves(page)
    line("script time per move of a drag", spread(times, digits=2))
    line("  99th percentile", f"{np.percentile(times, 99):.2f} ms", "at most 8 ms")
