"""Every handle and slider of every figure: how long scripts of the page work for one move of the pointer.

Each is held with the mouse and moved a hundred times, a move a frame. What counts is the processor time of
scripts in the page from one frame to the next, less what these take when nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from benchmarks.report import heading, line
from benchmarks.served import served_page

MOVES = 100
LIMIT = 8
SETTLED = 3000  # ms
HELD = "[data-demo] [role=slider]:visible, [data-demo] input[type=range]:visible"
FRAME = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"


def moves(page: Any, places: Iterable[tuple[float, float]]) -> list[float]:
    """Script time in ms for each move of the pointer, which holds something, to these places."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def script() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return 1e3 * next(m["value"] for m in metrics if m["name"] == "ScriptDuration")

    idle, times = [], []
    for x, y in places:
        before = script()
        page.evaluate(FRAME)
        between = script()
        page.mouse.move(x, y)
        page.evaluate(FRAME)
        idle.append(between - before)
        times.append(script() - between)
    session.detach()
    return [t - float(np.median(idle)) for t in times]


def _held(page: Any, handle: Any) -> list[float]:
    """The same for one handle or slider, moved back and forth."""
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    wide, high = max(box["width"] * 0.45, 40), min(box["height"], 20)
    page.mouse.move(x, y)
    page.mouse.down()
    times = moves(
        page, ((x + wide * np.sin(i / 8), y + high * np.sin(i / 11)) for i in range(MOVES))
    )
    page.mouse.up()
    return times


def main() -> None:
    from nonlin.lesson import site

    pages = [n for n in site(server=True) if n.startswith("demo-") and n.count(".") == 1]
    heading("A move of a drag, in each figure: script in the page")
    every: list[float] = []
    worst = (0.0, "")
    with served_page() as (page, address):
        for name in pages:
            page.goto(address + name)
            page.wait_for_timeout(SETTLED)
            skip = page.locator("[data-demo] .ask .skip")
            if skip.count() and skip.first.is_visible():  # what is only shown after a guess
                skip.first.click()
                page.wait_for_timeout(500)
            handles, found = page.locator(HELD), list[float]()
            count = handles.count()
            if not count:  # the cheat sheet is pressed, not dragged
                continue
            for i in range(count):
                handle = handles.nth(i)
                if handle.is_disabled():
                    continue
                times = _held(page, handle)
                found += times
                high = float(np.percentile(times, 99))
                worst = max(worst, (high, f"{name}: {handle.get_attribute('aria-label') or i}"))
            figure = name.removeprefix("demo-").removesuffix(".html")
            high = float(np.percentile(found, 99))
            line(
                f"{figure}, {count} to hold",
                f"median {np.median(found):.1f} ms, 99th percentile {high:.1f} ms",
            )
            every += found
    line("all moves, 99th percentile", f"{np.percentile(every, 99):.1f} ms", f"at most {LIMIT} ms")
    line("the one that takes longest", f"{worst[0]:.1f} ms, {worst[1]}")
