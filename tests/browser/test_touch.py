"""A finger keeps what it has taken hold of: the page does not scroll away with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

# Where to put the finger, where it goes, and what of the state has to follow.
DRAGS = [
    ("linearity", "[role=slider] .knob", (5, 6), "line="),
    ("zigzag", "[role=slider]", (5, 6), "start="),
    ("softmax", "[role=slider]", (5, 6), "scores="),
    ("trace", "[role=slider]", (5, 6), "inputs="),
    ("vanishing", "[data-testid=pull]", (8, 1), "depth="),
    ("explorer", "[role=slider]", (6, 1), "z="),
]


@pytest.fixture
def phone(browser: Any) -> Iterator[Any]:
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True
    )
    yield context.new_page()
    context.close()


def drag(page: Any, x: float, y: float, step: tuple[float, float]) -> None:
    """Eight small moves of one finger, as the system reports them: the browser may take the gesture over."""
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *places: dict[str, float]) -> None:
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(places)})

    touch("touchStart", {"x": x, "y": y})
    for i in range(1, 9):
        touch("touchMove", {"x": x + i * step[0], "y": y + i * step[1]})
        page.wait_for_timeout(16)
    touch("touchEnd")


@pytest.mark.parametrize(("name", "mark", "step", "trait"), DRAGS)
def test_a_finger_drags(
    phone: Any, server_url: str, name: str, mark: str, step: tuple[float, float], trait: str
) -> None:
    phone.goto(f"{server_url}demo-{name}.html#ask=0")
    target = phone.locator(mark).first
    target.wait_for()
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    drag(phone, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, step)
    phone.wait_for_url(lambda url: trait in url, timeout=5000)


def test_a_finger_elsewhere_scrolls(phone: Any, server_url: str) -> None:
    """What keeps the finger is the mark alone, not the picture around it."""
    phone.goto(f"{server_url}demo-linearity.html#ask=0")
    picture = phone.locator(".picture.large").first
    picture.wait_for()
    box = picture.bounding_box()
    drag(phone, 200, min(box["y"] + 150, 700), (0, -20))
    phone.locator("body").wait_for()
    assert phone.evaluate("scrollY") > 40
