"""The softmax race in a browser: its numbers are Python's, and hand, keys, link and history agree."""

from __future__ import annotations

import base64
import re
from typing import Any

import mpmath
import numpy as np
import pytest
from figure_page import FRAMED, dress, violations

import nonlin
from nonlin.experiments.softmax import gradient

pytestmark = pytest.mark.usefixtures("silent")

SCORES = [2.0, 1.0, 0.1]
PROBE = """async ({ url, calls }) => {
  const data = await (await fetch(url)).arrayBuffer();
  const memory = new WebAssembly.Memory({ initial: 16 });
  const { instance } = await WebAssembly.instantiate(data, { env: { __linear_memory: memory } });
  const floats = (text) => new Float64Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const PARAMS = 0x10000, INPUT = PARAMS + 0x400, OUTPUT = INPUT + 8192 * 8;
  return calls.map(({ name, params, scores, size }) => {
    const z = floats(scores);
    new Float64Array(memory.buffer, PARAMS).set(floats(params));
    new Float64Array(memory.buffer, INPUT).set(z);
    instance.exports[`${name}_f64`](INPUT, OUTPUT, z.length, PARAMS);
    return btoa(String.fromCharCode(...new Uint8Array(memory.buffer, OUTPUT, 8 * size)));
  });
}"""


@pytest.fixture
def url(server_url: str) -> str:
    return f"{server_url}demo-softmax.html"


def go(page: Any, url: str, state: str = "ask=0") -> Any:
    """Open it in a state; return the grip of the first score."""
    page.goto("about:blank")
    page.goto(f"{url}#{state}")
    grip = page.get_by_role("slider", name="Score of A")
    grip.wait_for()
    return grip


def number(text: str) -> float:
    """As a figure writes it: −2.37×10⁻⁵."""
    plain = text.translate(str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789"))
    return float(plain.replace("×10", "e"))


def shown(page: Any, what: str, count: int = 3) -> list[float]:
    return [number(page.get_by_test_id(f"{what}-{i}").text_content()) for i in range(count)]


def agree(page: Any, scores: list[float], target: int, temperature: float = 1.0) -> None:
    p = nonlin.softmax(scores, temperature=temperature)
    assert shown(page, "p", len(scores)) == pytest.approx(list(p), abs=6e-4)
    loss, slope = nonlin.cross_entropy.value_and_gradient(
        np.array([scores]) / temperature, [target]
    )
    assert shown(page, "g", len(scores)) == pytest.approx(list(slope[0] / temperature), abs=6e-4)
    assert number(page.get_by_test_id("loss").inner_text()) == pytest.approx(loss, abs=6e-5)


def test_defaults_are_the_lessons(page: Any, url: str) -> None:
    go(page, url)
    assert shown(page, "p") == [0.659, 0.242, 0.099]
    agree(page, SCORES, 0)
    assert page.get_by_test_id("difference").inner_text() == "0"
    typed = page.get_by_test_id("naive").locator("td").all_inner_texts()
    assert typed[:6] == ["1000.00", "∞", "NaN", "999.00", "∞", "NaN"]
    well = [number(t) for t in page.get_by_test_id("good").locator("td").all_inner_texts() if t]
    assert well[2] == pytest.approx(nonlin.softmax([1000.0, 999.0])[0], abs=1e-4)


def test_keys_hand_and_field_move_a_score(page: Any, url: str) -> None:
    grip = go(page, url)
    grip.focus()
    page.keyboard.press("ArrowRight")
    assert float(grip.get_attribute("aria-valuenow")) == pytest.approx(2.1)
    assert "probability 0.6" in grip.get_attribute("aria-valuetext")
    agree(page, [2.1, 1.0, 0.1], 0)
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("PageDown")
    assert float(grip.get_attribute("aria-valuenow")) == pytest.approx(1.09)
    box = page.get_by_role("slider", name="Score of C").locator(".knob").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y + 5, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"scores=1\.09,1,[12]"))
    dragged = float(page.get_by_role("slider", name="Score of C").get_attribute("aria-valuenow"))
    assert dragged > 1
    agree(page, [1.09, 1.0, dragged], 0)
    page.get_by_label("Score of B, typed exactly").fill("-2,5")
    page.keyboard.press("Enter")
    agree(page, [1.09, -2.5, dragged], 0)
    page.get_by_role("button", name="Undo").click()
    agree(page, [1.09, 1.0, dragged], 0)
    page.keyboard.press("Control+y")
    agree(page, [1.09, -2.5, dragged], 0)


def test_temperature_class_and_number_of_scores(page: Any, url: str) -> None:
    go(page, url, "ask=0&scores=3,-1,0.5,2&temperature=2&target=1")
    agree(page, [3, -1, 0.5, 2], 1, 2.0)
    page.get_by_role("radio", name="D").check(force=True)
    agree(page, [3, -1, 0.5, 2], 3, 2.0)
    page.get_by_role("button", name="Remove the last score").click()
    agree(page, [3, -1, 0.5], 2, 2.0)
    page.get_by_role("button", name="Add a score").click()
    agree(page, [3, -1, 0.5, 0], 2, 2.0)


def test_adding_to_all_changes_nothing_but_what_is_typed_naively(page: Any, url: str) -> None:
    go(page, url, "ask=0&shift=1000&typed=own")
    agree(page, SCORES, 0)
    moved = number(page.get_by_test_id("difference").inner_text().split("\n")[0].split(" ")[0])
    assert 0 <= moved < 10
    assert "rounding" in page.get_by_test_id("difference").inner_text()
    assert "NaN" in page.get_by_test_id("naive").inner_text()
    assert "NaN" not in page.get_by_test_id("good").inner_text()
    page.get_by_label("Add to all, typed exactly").fill("3")
    page.keyboard.press("Enter")
    assert "NaN" not in page.get_by_test_id("naive").inner_text()


def test_squared_error_saturates_and_cross_entropy_does_not(page: Any, url: str) -> None:
    go(page, url, "ask=0&scores=-8,4,0&squared=1")
    theirs = gradient("squared error", np.array([-8.0, 4.0, 0.0]), 0)
    assert shown(page, "g")[0] == pytest.approx(-1, abs=1e-3)
    assert number(page.get_by_test_id("s-0").text_content()) == pytest.approx(theirs[0], rel=1e-2)
    assert "hardly feels" in page.get_by_test_id("sentence").inner_text()


def test_a_guess_comes_first(page: Any, url: str) -> None:
    go(page, url, "")
    assert page.get_by_test_id("p-0").count() == 0
    page.get_by_role("button", name="About 2.7 times").click()
    assert page.get_by_text("Right. It is 2.718 times").is_visible()
    assert shown(page, "p") == [0.659, 0.242, 0.099]


def test_what_a_link_gets_wrong_is_said(page: Any, url: str) -> None:
    go(page, url, "ask=0&scores=1,2,x&temperature=0")
    told = page.get_by_test_id("ignored").inner_text()
    assert "scores" in told and "temperature=0" in told
    agree(page, SCORES, 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_readable_by_everybody(page: Any, url: str, width: int, scheme: str) -> None:
    dress(page, width, scheme)
    go(page, url, "ask=0&squared=1&scores=2,1,0.1,4,-3,1")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page, ignored=FRAMED) == []


def test_row_functions_of_the_module_are_those_of_python(
    page: Any, url: str, server_url: str
) -> None:
    """To 13 digits, as the module rounds z - max; squared error, whose terms may cancel, to 12."""
    rng = np.random.default_rng(2)
    calls, wanted, limits = [], [], []
    for _ in range(120):
        n = int(rng.integers(2, 7))
        z = rng.normal(size=n) * rng.choice([1, 8, 60, 400])
        t = int(rng.integers(n))
        temperature = float(rng.choice([0.5, 1, 2.5]))
        p = nonlin.softmax(z, temperature=temperature)
        loss, slope = nonlin.cross_entropy.value_and_gradient(z[None], [t])
        with np.errstate(all="ignore"):
            e = np.exp(z)
            naive = np.concatenate([e, [e.sum()], e / e.sum()])
        for name, params, expected, limit in (
            ("softmax", [temperature], p, 1000.0),
            ("naive_softmax", [1.0], naive, 3.0),
            ("cross_entropy", [1.0, t], np.concatenate([[loss], slope[0]]), 1000.0),
            ("squared_error", [1.0, t], _squared(z, t), 4000.0),
        ):
            packed = [base64.b64encode(np.array(v, float).tobytes()).decode() for v in (params, z)]
            calls.append(
                {"name": name, "params": packed[0], "scores": packed[1], "size": len(expected)}
            )
            wanted.append(expected)
            limits.append(limit)
    go(page, url)
    answers = page.evaluate(PROBE, {"url": f"{server_url}data/catalogue.wasm", "calls": calls})
    assert any(np.isnan(w).any() for w in wanted)
    for one, answer, expected, limit in zip(calls, answers, wanted, limits, strict=True):
        found: np.ndarray[Any, Any] = np.frombuffer(base64.b64decode(answer))
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
        ok = np.isfinite(expected)
        np.testing.assert_array_equal(found[~ok], expected[~ok])
        off = np.abs(found[ok] - expected[ok]) / np.spacing(np.abs(expected[ok]))
        assert off.max(initial=0) <= limit, (one["name"], off.max())


def _squared(z: np.ndarray[Any, Any], target: int) -> np.ndarray[Any, Any]:
    """Σ (p − y)² and its gradient, with digits to lose."""
    with mpmath.workdps(400):
        e = [mpmath.exp(mpmath.mpf(float(v))) for v in z]
        total = sum(e)
        p = [v / total for v in e]
        d = [v - (i == target) for i, v in enumerate(p)]
        drift = sum(a * b for a, b in zip(p, d, strict=True))
        slope = [2 * a * (b - drift) for a, b in zip(p, d, strict=True)]
        return np.array([float(v) for v in [sum(v * v for v in d), *slope]])
