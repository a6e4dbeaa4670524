"""The playground in Chromium, with its largest network: what a frame costs in the worker and in the page.

A frame is ten steps of training, losses and statistics, a picture of the plane of 200 × 200 points, and one
of 32 × 32 for each of the 49 units. Where answers are late the plane has 100 × 100 points; how often it had
200 is shown. TensorFlow Playground's 23 ms, for pictures of 100 × 100, were measured once on the same kind
of machine, and are a constant here.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from benchmarks.report import heading, line, spread
from benchmarks.served import served_page

SECONDS = 6
STATE = "ask=0&layers=8,8,8,8,8,8&data=spirals&speed=10"
THEIRS_MS = 23.0
# Each answer of the worker, with the time from its question; and which large pictures came.
WATCH = """
window.answers = [];
const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (message, ...rest) {
  if (message?.method === "frame") {
    const asked = performance.now();
    const listen = ({ data }) => {
      if (data.id !== message.id) return;
      this.removeEventListener("message", listen);
      window.answers.push([performance.now(), performance.now() - asked, data.result?.pictures?.side ?? 0]);
    };
    this.addEventListener("message", listen);
  }
  return post.call(this, message, ...rest);
};
"""


def _scripts(events: list[dict[str, Any]], starts: list[float]) -> list[float]:
    """Script time of the page's main thread between one frame and the next, in ms."""
    main = {
        (e["pid"], e["tid"])
        for e in events
        if e.get("name") == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    names = {"FunctionCall", "HandlePostMessage", "RunMicrotasks", "FireAnimationFrame"}
    found = sorted(
        (e["ts"], e["ts"] + e["dur"], e.get("tdur", e["dur"]))
        for e in events
        if e.get("ph") == "X" and e["name"] in names and (e["pid"], e["tid"]) in main
    )
    outer, end = [], -np.inf
    for start, stop, spent in found:  # those inside another are in its time
        if start >= end:
            outer.append((start, spent))
            end = stop
    totals = np.zeros(len(starts) + 1)
    for start, spent in outer:
        totals[np.searchsorted(starts, start)] += spent / 1e3
    return [float(t) for t in totals[1:-1]]


def _measure(page: Any, address: str, activation: str) -> tuple[list[Any], list[float]]:
    page.goto("about:blank")
    page.goto(f"{address}demo-playground.html#{STATE}&activation={activation}")
    page.get_by_test_id("fingerprint").wait_for()
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(2000)
    browser = page.context.browser
    browser.start_tracing(page=page, categories=["devtools.timeline"])
    page.evaluate("window.answers = []")
    page.wait_for_timeout(SECONDS * 1000)
    answers = page.evaluate("window.answers")
    events = json.loads(browser.stop_tracing())["traceEvents"]
    frames = sorted(e["ts"] for e in events if e.get("name") == "FireAnimationFrame")
    return answers, _scripts(events, frames)


def main() -> None:
    heading("The playground: six layers of eight units, ten steps a frame")
    with served_page() as (page, address):
        page.add_init_script(WATCH)
        for activation in ("tanh", "relu"):
            answers, scripts = _measure(page, address, activation)
            times = [took for _, took, _ in answers]
            seconds = (answers[-1][0] - answers[0][0]) / 1e3
            fine = np.mean([side == 200 for *_, side in answers])
            ratio = THEIRS_MS / np.median(times)
            line(
                f"{activation}, answer of the worker", spread(times, digits=2),
                f"{ratio:.1f} × (Playground {THEIRS_MS} ms, 100²)",
            )  # fmt: skip
            line(
                f"  frames a second, {fine:.0%} of them 200²",
                f"{(len(answers) - 1) / seconds:.1f}", "60",
            )  # fmt: skip
            line("  script of the page for a frame", spread(scripts, digits=2))
            line("    99th percentile", f"{np.percentile(scripts, 99):.2f} ms", "at most 8 ms")
