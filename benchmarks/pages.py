"""The pages: what they ship, and how long the Explorer's script works for one move of a drag."""

from __future__ import annotations

import gzip
import re
from typing import Any

import numpy as np

from benchmarks.report import heading, line, spread
from benchmarks.served import served_page

MOVES = 400


def _sizes() -> None:
    from nonlin.lesson import site

    files = site(server=False)

    def zipped(names: list[str]) -> float:
        return sum(len(gzip.compress(files[n], 9)) for n in names) / 1000

    def linked(page: str) -> list[str]:
        """The scripts that a page names, and those that these import at once."""
        todo = re.findall(r'(?:src|href)="(assets/[^"]+\.js)"', files[page].decode())
        seen: list[str] = []
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.append(name)
                todo += [
                    "assets/" + m for m in re.findall(r'"\./([^"]+\.js)"', files[name].decode())
                ]
        return seen

    line(
        "JavaScript of the Explorer, gzipped",
        f"{zipped(linked('explorer.html')):.1f} kB",
        "at most 60 kB",
    )
    line(
        "WebAssembly of the catalogue, gzipped",
        f"{zipped(['data/catalogue.wasm']):.1f} kB",
        "at most 60 kB",
    )


def _moves(page: Any) -> list[float]:
    """Script time per move of the pointer, in ms."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def script() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return 1e3 * next(m["value"] for m in metrics if m["name"] == "ScriptDuration")

    frame = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
    knob = page.locator(".knob").bounding_box()
    x, y = knob["x"] + knob["width"] / 2, knob["y"] - 120
    page.mouse.move(x, y)
    page.mouse.down()
    seen = set()
    times, idle = [], []
    for i in range(MOVES):
        before = script()
        page.evaluate(frame)
        between = script()
        page.mouse.move(x + 300 * np.sin(i / 15), y)
        page.evaluate(frame)
        idle.append(between - before)
        times.append(script() - between)
        seen.add(page.get_by_role("slider").first.get_attribute("aria-valuenow"))
    page.mouse.up()
    assert len(seen) > MOVES / 10, "the drag did not move z"
    return [t - float(np.median(idle)) for t in times]


def main() -> None:
    heading("Pages")
    _sizes()
    with served_page() as (page, address):
        page.goto(f"{address}explorer.html#functions=sigmoid,tanh,relu,gelu&z=0")
        page.locator(".knob").wait_for()
        times = _moves(page)
    line("script time per move of a drag", spread(times, digits=2))
    line("  99th percentile", f"{np.percentile(times, 99):.2f} ms", "at most 8 ms")
