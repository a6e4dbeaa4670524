"""The Art Studio in Chromium: how long a picture of 512 × 512 takes there, and its first, coarse view.

The network is of 4 layers with 24 units; as many workers paint as there are cores, at most four. In
another picture weights are drawn and standardised anew; along the latent slider they are the same. While
it plays, every picture takes what time a frame has, and counts.
"""

from __future__ import annotations

import os
from typing import Any

from benchmarks.report import heading, line, spread
from benchmarks.served import served_page

SIDE = 512
ROUNDS = 30
SECONDS = 4
ACTIVATIONS = ("step", "relu", "tanh", "gelu", "sin")
# Hands on how long each picture took, and its first view, as soon as it is there.
WATCH = """
([hash, seed]) => new Promise((done) => {
  const canvas = document.querySelector('[data-testid=canvas]');
  canvas.dataset.first = canvas.dataset.ms = '';
  const watcher = new MutationObserver(() => {
    if (canvas.dataset.state !== 'painted' || canvas.dataset.ms === '') return;
    watcher.disconnect();
    done([Number(canvas.dataset.first), Number(canvas.dataset.ms)]);
  });
  watcher.observe(canvas, { attributes: true });
  location.hash = hash;
})
"""
COUNT = """
(seconds) => new Promise((done) => {
  const canvas = document.querySelector('[data-testid=canvas]');
  let count = 0;
  new MutationObserver((all) => { count += all.filter((one) => one.attributeName === 'data-ms').length; })
    .observe(canvas, { attributes: true });
  setTimeout(() => done(count / seconds), 1000 * seconds);
})
"""


def _picture(page: Any, activation: str, seed: int, latent: float) -> tuple[float, float]:
    state = f"#activation={activation}&seed={seed}&latent={latent:.3f},0.1"
    first, whole = page.evaluate(WATCH, [state, seed])
    return first, whole


def _measure(page: Any, address: str, activation: str) -> None:
    page.goto("about:blank")
    page.goto(f"{address}demo-art.html#activation={activation}")
    page.locator("[data-testid=canvas][data-state=painted]").wait_for()
    page.evaluate(
        "(side) => { const box = document.querySelector('.picture').style;"
        "box.width = box.height = box.minHeight = `${side}px`; box.aspectRatio = 'auto'; }",
        SIDE,
    )
    page.locator(f"[data-testid=canvas][width='{SIDE}'][data-state=painted]").wait_for()
    for k in range(8):  # the first pictures show how fast the engines are
        _picture(page, activation, k, 0.05)
    others = [_picture(page, activation, 100 + k, 0.1) for k in range(ROUNDS)]
    along = [_picture(page, activation, 99, 0.02 * k) for k in range(ROUNDS)]
    for what, all_ in (("another seed", others), ("along the latent slider", along)):
        line(f"{activation}, {what}: first view", spread([first for first, _ in all_]))
        line(f"{activation}, {what}: all of it", spread([whole for _, whole in all_]), "< 120 ms")
    page.get_by_role("button", name="Play", exact=True).click()
    line(f"{activation}, while it plays", f"{page.evaluate(COUNT, SECONDS):.0f} pictures a second")


def main() -> None:
    heading(f"The studio: {SIDE} × {SIDE} in Chromium, {os.cpu_count()} cores")
    with served_page() as (page, address):
        for activation in ACTIVATIONS:
            _measure(page, address, activation)
