"""The pages as a whole: nothing from elsewhere, nothing in the console, and the numbers of Python."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np
import pytest
from figure_page import dress, violations

import nonlin

SLIDER = "z, the input"

PROBE = """async ({ url, calls }) => {
  const data = await (await fetch(url)).arrayBuffer();
  const memory = new WebAssembly.Memory({ initial: 16 });
  const { instance } = await WebAssembly.instantiate(data, { env: { __linear_memory: memory } });
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const PARAMS = 0x10000, INPUT = PARAMS + 0x400, OUTPUT = INPUT + 8192 * 8;
  return calls.map(({ name, params, input, count, size }) => {
    new Uint8Array(memory.buffer).set(bytes(params), PARAMS);
    new Uint8Array(memory.buffer).set(bytes(input), INPUT);
    instance.exports[name](INPUT, OUTPUT, count, PARAMS);
    return btoa(String.fromCharCode(...new Uint8Array(memory.buffer, OUTPUT, count * size)));
  });
}"""


def watch(page: Any) -> tuple[list[str], set[str]]:
    """What the console says, and which addresses are asked for."""
    said: list[str] = []
    asked: set[str] = set()
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on(
        "console",
        lambda line: said.append(line.text) if line.type in {"error", "warning"} else None,
    )
    page.on("request", lambda request: asked.add(request.url))
    return said, asked


@pytest.mark.parametrize("name", ["index.html", "explorer.html"])
def test_a_page_is_silent_and_asks_no_other_host(page: Any, server_url: str, name: str) -> None:
    said, asked = watch(page)
    page.goto(f"{server_url}{name}")
    page.get_by_role("slider", name=SLIDER).wait_for()
    page.wait_for_load_state("networkidle")
    assert said == []
    assert len(asked) > 5
    foreign = [u for u in asked if not u.startswith((server_url, "data:", "blob:"))]
    assert foreign == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["index.html", "explorer.html"])
def test_nothing_stands_in_the_way_of_a_reader(
    page: Any, server_url: str, name: str, width: int, scheme: str
) -> None:
    dress(page, width, scheme)
    page.goto(f"{server_url}{name}")
    page.get_by_role("slider", name=SLIDER).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []


def test_dark_and_light_differ_and_the_switch_is_remembered(page: Any, server_url: str) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(server_url)
    paper = "getComputedStyle(document.body).backgroundColor"
    night = page.evaluate(paper)
    page.get_by_role("button", name="Switch to the light theme").click()
    day = page.evaluate(paper)
    assert day != night
    page.goto(f"{server_url}explorer.html")
    page.get_by_role("slider", name=SLIDER).wait_for()
    assert page.evaluate(paper) == day


def test_the_figure_comes_before_the_prose(page: Any, lesson_url: str) -> None:
    page.goto(lesson_url)
    page.get_by_role("slider", name=SLIDER).wait_for()
    figure = page.locator("[data-demo]").first.bounding_box()
    heading = page.get_by_role("heading", name="The linearity trap").bounding_box()
    assert figure["y"] < 400
    assert figure["y"] < heading["y"]


def test_links_between_the_pages(page: Any, lesson_url: str) -> None:
    page.goto(lesson_url)
    page.get_by_role("link", name="Explorer", exact=True).click()
    page.get_by_role("heading", name="Activation Explorer").wait_for()
    page.get_by_role("link", name="Lesson", exact=True).click()
    page.get_by_role("heading", name="The linearity trap").wait_for()


def test_numbers_stated_in_the_lesson() -> None:
    assert f"{nonlin.sigmoid.derivative(5.0):.4f}" == "0.0066"
    assert f"{nonlin.sigmoid.derivative(-5.0):.4f}" == "0.0066"
    assert nonlin.sigmoid.derivative(0.0) == 0.25
    assert 0.9e-6 < 0.25**10 < 1.0e-6
    assert list(nonlin.relu.derivative([5.0, -5.0])) == [1.0, 0.0]
    assert 0.0001 < nonlin.tanh.derivative(5.0) < 0.0002
    z = np.linspace(-8, 8, 101)
    np.testing.assert_allclose(nonlin.tanh(z), 2 * nonlin.sigmoid(2 * z) - 1, atol=1e-15)
    for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
        total = float(a + b)
        assert nonlin.relu(total) - 2 * nonlin.relu(total - 1) == (a != b)


def _inputs(dtype: type) -> np.ndarray[Any, Any]:
    """Ordinary numbers, far tails, kinks and their neighbours, zeros, infinities, NaN."""
    rng = np.random.default_rng(20)
    special = [0.0, -0.0, math.inf, -math.inf, math.nan, 1e-30, -1e-30, 1e30, -1e30]
    kinks: np.ndarray[Any, Any] = np.array([-6, -3, -2, -1, -0.5, 0, 0.5, 1, 2, 3, 6], dtype=dtype)
    near = [np.nextafter(kinks, dtype(s * 100)) for s in (1, -1)]
    parts = [special, kinks, *near, rng.normal(0, 3, 200), rng.uniform(-40, 40, 200)]
    return np.concatenate([np.asarray(p, dtype=dtype) for p in parts])


def _text(array: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(array.tobytes()).decode()


@pytest.mark.parametrize("precision", ["f32", "f64"])
def test_webassembly_gives_the_bits_of_python(
    page: Any, explorer_url: str, server_url: str, precision: str
) -> None:
    """Every function of the catalogue with f' and f'', to the last bit; a NaN is a NaN.

    For float32 they are those of Python's plain kernels: there is no AVX-512 in a browser.
    """
    dtype: type = np.float32 if precision == "f32" else np.float64
    page.goto(explorer_url)
    functions = json.loads(page.request.get(f"{server_url}data/catalogue.json").body())["functions"]
    assert [f["name"] for f in functions] == list(nonlin.catalogue)
    xs = _inputs(dtype)
    calls = [
        {
            "name": f"{f['symbol']}_d{order}_{precision}",
            "params": _text(np.array([p["default"] for p in f["parameters"]], dtype=np.float64)),
            "input": _text(xs),
            "count": len(xs),
            "size": xs.itemsize,
        }
        for f in functions
        for order in range(3)
    ]
    answers = page.evaluate(PROBE, {"url": f"{server_url}data/catalogue.wasm", "calls": calls})
    wrong = []
    for i, answer in enumerate(answers):
        activation = nonlin.catalogue[functions[i // 3]["name"]]
        order = i % 3
        kernel = activation._kernel(("value", "derivative", "second")[order], dtype.__name__)
        values = np.array(list(activation.parameters.values()), dtype=np.float64)
        ours = np.empty_like(xs)
        kernel.run(xs.ctypes.data, 0, ours.ctypes.data, 0, xs.size, values.ctypes.data)
        theirs: np.ndarray[Any, Any] = np.frombuffer(base64.b64decode(answer), dtype=dtype)
        bits = f"u{xs.itemsize}"
        same = (ours.view(bits) == theirs.view(bits)) | (np.isnan(ours) & np.isnan(theirs))
        if not same.all():
            at = int(np.flatnonzero(~same)[0])
            wrong.append(f"{calls[i]['name']}({xs[at]!r}): {theirs[at]!r}, not {ours[at]!r}")
    assert wrong == []


@pytest.mark.parametrize("name", ["index.html", "explorer.html", "art.html", "demo-step.html"])
def test_the_first_tab_leads_past_the_head(page: Any, server_url: str, name: str) -> None:
    page.goto(f"{server_url}{name}")
    page.locator("figure").first.wait_for()
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="To the text")
    assert link.evaluate("e => e === document.activeElement")
    box = link.bounding_box()
    assert box["x"] >= 0 and box["y"] >= 0 and box["height"] > 20
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.tagName === 'MAIN'")


@pytest.mark.parametrize("width", [360, 1280])
def test_the_list_of_sections(page: Any, server_url: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(server_url)
    contents = page.get_by_role("navigation", name="In this lesson")
    link = contents.get_by_role("link", name="The linearity trap")
    assert not link.is_visible()
    contents.get_by_text("In this lesson").click()
    link.click()
    page.wait_for_function(
        "() => Math.abs(document.querySelector('#the-linearity-trap').getBoundingClientRect().top) < 200"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_answered_question_keeps_the_keyboard(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}demo-linearity.html")
    page.get_by_role("button", name="Just show me").press("Enter")
    page.wait_for_function("() => document.activeElement.classList.contains('verdict')")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('figure') !== null")


def test_menus_begin_with_what_the_lesson_tells_about(page: Any, server_url: str) -> None:
    page.goto(f"{server_url}demo-vanishing.html#ask=0")
    page.locator("figure select").first.wait_for()
    for menu in page.locator(".function-select select").all():
        groups = menu.locator("optgroup")
        assert groups.count() == 2
        taught = groups.first.locator("option").all_inner_texts()
        assert {"Sigmoid", "Tanh", "ReLU"} <= set(taught) and len(taught) < 10
        others = groups.last.locator("option").all_inner_texts()
        assert len(others) > 40 and not set(others) & set(taught)
        assert [o.lower()[0] for o in others] == sorted(o.lower()[0] for o in others)


@pytest.mark.parametrize(
    "name", ["explorer.de.html", "art.de.html", "demo-step.de.html", "demo-vanishing.html"]
)
def test_large_letters_on_a_phone_do_not_widen_the_page(
    page: Any, server_url: str, name: str
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{server_url}{name}")
    page.locator("figure").first.wait_for()
    for size in (130, 150, 200):
        page.evaluate(
            f"""() => {{
              const sheet = new CSSStyleSheet();
              sheet.replaceSync("html {{ font-size: {size}% }}");
              document.adoptedStyleSheets = [sheet];
              return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            }}"""
        )
        page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")


def test_rows_of_buttons_begin_where_the_figure_begins(page: Any, server_url: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{server_url}explorer.de.html")
    row = page.locator(".taking")
    row.wait_for()
    lefts, tops = row.evaluate(
        """(row) => {
          const edge = row.getBoundingClientRect().left;
          const boxes = [...row.querySelectorAll("button")].map((each) => each.getBoundingClientRect());
          const tops = new Set(boxes.map(({ top }) => top));
          const first = (top) => boxes.find((box) => box.top === top).left - edge;
          const padding = parseFloat(getComputedStyle(row.querySelector("button")).paddingLeft);
          return [[...tops].map((top) => first(top) + padding), tops.size];
        }"""
    )
    assert tops > 1
    assert all(abs(left) < 1 for left in lefts)
