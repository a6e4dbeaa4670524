"""What the tests of single figures share: opening one, and what has to hold for each of them."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import nonlin

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = Path(os.environ.get("NONLIN_AXE") or ROOT / "web/node_modules/axe-core/axe.min.js")
SCHEMES = ("light", "dark")
WIDTHS = (360, 1280)
# What a page that is made to be framed need not have.
FRAMED = {"page-has-heading-one", "landmark-one-main", "region"}


def listen(page: Any) -> list[str]:
    """Collects what the console says, but for the browser's own note of a formula that was refused."""
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on(
        "console",
        lambda line: (
            said.append(line.text)
            if line.type in {"error", "warning"} and "status of 422" not in line.text
            else None
        ),
    )
    return said


def dress(page: Any, width: int, scheme: str) -> None:
    """A window of this width, in this theme, without motion."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})


def open_figure(page: Any, server_url: str, name: str, state: str = "ask=0") -> Any:
    """The figure NAME on its own page in a given state, once it is there."""
    page.goto("about:blank")
    page.goto(f"{server_url}demo-{name}.html#{state}")
    figure = page.locator(f"figure.{name}")
    figure.wait_for()
    return figure


def numbers(page: Any, locator: str) -> NDArray[Any]:
    """The points of every path that the locator finds, one array of x and y for each."""
    paths = page.eval_on_selector_all(locator, "all => all.map((each) => each.getAttribute('d'))")
    return np.array([[p.split(",") for p in d[1:].split("L")] for d in paths], dtype=float)


def draws(kind: str, count: int, seed: int) -> NDArray[Any]:
    """The random numbers that a figure draws from the engine."""
    init = "normal" if kind == "normal" else "lecun_uniform"
    drawn = nonlin.Network([1, count], activation=[None], init=init, seed=seed).weights[0][:, 0]
    return drawn if kind == "normal" else (drawn / np.float32(np.sqrt(3))).astype(np.float32)


def wait_until(page: Any, locator: Any, condition: str) -> str:
    """The text of an element once a condition on ``text`` holds in the page."""
    handle = locator.element_handle()
    page.wait_for_function(
        f"(each) => {{ const text = each.textContent; return {condition}; }}", arg=handle
    )
    return str(locator.text_content())


def violations(
    page: Any, scope: str | None = None, ignored: Collection[str] = frozenset()
) -> list[str]:
    """What stands in a reader's way, by axe: in the page, or within a selector alone."""
    if not AXE.is_file():
        pytest.skip("axe-core is not among the packages of web/: run npm ci there")
    page.evaluate(AXE.read_text("utf-8"))  # as evaluated code: the policy forbids inline scripts
    run = "(scope) => axe.run(...(scope ? [scope] : [])).then(({ violations }) => violations)"
    return [
        f"{v['id']}: {v['nodes'][0]['html'][:160]} ({len(v['nodes'])})"
        for v in page.evaluate(run, scope)
        if v["id"] not in ignored
    ]


def check_reading(page: Any, server_url: str, name: str, state: str) -> None:
    """At both widths and in both themes: no sideways scrolling, and nothing in a reader's way."""
    told = []
    for width in WIDTHS:
        for scheme in SCHEMES:
            dress(page, width, scheme)
            open_figure(page, server_url, name, state)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            found = violations(page, ignored={"page-has-heading-one"})
            told += [f"{width} {scheme} {each}" for each in found]
    assert told == []
