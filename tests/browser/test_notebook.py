"""Widgets in a browser: their own module in a small host that does what anywidget's front end does.

The host's page allows no more than a notebook must: modules and workers from Blob addresses, styles. The
model speaks the protocol of ipywidgets with a real widget in Python.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import nonlin
from nonlin.errors import FormulaError

comm = pytest.importorskip("comm")
pytest.importorskip("anywidget")

from nonlin.lesson.folders import web_folder  # noqa: E402

BUILT = json.loads((web_folder() / "widgets/traits.json").read_text("utf-8"))
POLICY = (
    "default-src 'none'; script-src blob: 'wasm-unsafe-eval'; worker-src blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:"
)
HOST = """
async ({ esm, css, state, bytes }) => {
  for (const [name, text] of Object.entries(bytes)) {
    // As widgets get them: a view into a larger buffer.
    const raw = Uint8Array.from(' '.repeat(8) + atob(text), (c) => c.charCodeAt(0));
    state[name] = new DataView(raw.buffer, 8);
  }
  const listeners = [], changed = new Set();
  const fire = (event, ...args) => listeners.filter((l) => l[0] === event).forEach((l) => l[1](...args));
  const put = (values) => {
    const fresh = Object.entries(values).filter(([k, v]) => JSON.stringify(state[k]) !== JSON.stringify(v));
    for (const [k, v] of fresh) state[k] = v;
    for (const [k] of fresh) fire(`change:${k}`);
    if (fresh.length > 0) fire('change');
    return fresh.map(([k]) => k);
  };
  const outbox = [];
  const model = {
    get: (name) => state[name],
    set: (name, value) => put({ [name]: value }).forEach((k) => changed.add(k)),
    save_changes: () => {
      if (changed.size > 0) outbox.push({ method: 'update', state: Object.fromEntries([...changed].map((k) => [k, state[k]])), buffer_paths: [] });
      changed.clear();
    },
    on: (event, callback) => listeners.push([event, callback]),
    off: (event, callback) => {
      for (let i = listeners.length; i-- > 0;) if (listeners[i][0] === event && (!callback || listeners[i][1] === callback)) listeners.splice(i, 1);
    },
    send: (content) => outbox.push({ method: 'custom', content }),
  };
  const style = document.createElement('style');
  style.textContent = css;
  document.head.append(style);
  const address = URL.createObjectURL(new Blob([esm], { type: 'text/javascript' }));
  const { default: widget } = await import(address);
  URL.revokeObjectURL(address);
  const el = document.createElement('div');
  document.body.append(el);
  const cleanup = await widget.render({ model, el });
  window.host = {
    listeners, el, cleanup,
    take: () => JSON.parse(JSON.stringify(outbox.splice(0))),
    receive: (message) => message.method === 'update' ? put(message.state) : fire('msg:custom', message.content, []),
  };
}
"""


class Comm(comm.base_comm.BaseComm):
    """A wire whose far end is the page."""

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
    ) -> None:
        if msg_type == "comm_msg" and data["method"] != "echo_update":
            self.__dict__.setdefault("sent", []).append(data)


class Notebook:
    """A page with one widget in it."""

    def __init__(self, page: Any, widget: Any) -> None:
        self.page, self.widget = page, widget
        self.workers: list[Any] = []
        self.said: list[str] = []
        page.on("worker", lambda worker: self.workers.append(worker))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("console", lambda line: self.said.append(f"{line.type}: {line.text}"))
        page.route(
            "**/*",
            lambda route: route.fulfill(
                body="<!doctype html><html lang=en><title>notebook</title><body>",
                content_type="text/html",
                headers={"Content-Security-Policy": POLICY},
            ),
        )
        page.goto("http://notebook.test/")
        state = widget.get_state()
        raw = {k: base64.b64encode(v).decode() for k, v in state.items() if isinstance(v, bytes)}
        plain = {k: v for k, v in state.items() if k in BUILT[name_of(widget)]["traits"]}
        plain |= {k: state[k] for k in ("_catalogue", "_engine_about", "_art") if k in state}
        page.evaluate(
            HOST, {"esm": state["_esm"], "css": state["_css"], "state": plain, "bytes": raw}
        )
        page.locator("figure, [role=alert]").first.wait_for()

    def exchange(self) -> None:
        """Carries what either side has to say to the other."""
        for message in self.page.evaluate("host.take()"):
            self.widget.comm.handle_msg({"content": {"data": message}, "buffers": []})
        sent = self.widget.comm.__dict__.setdefault("sent", [])
        while sent:
            self.page.evaluate("(message) => { host.receive(message); }", sent.pop(0))

    def until(self, what: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not what():
            assert time.monotonic() < end, "it did not happen"
            self.exchange()
            self.page.evaluate("new Promise((done) => requestAnimationFrame(() => done()))")


def name_of(widget: Any) -> str:
    return str(type(widget).__name__).lower()


@pytest.fixture
def notebook(page: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Notebook]]:
    monkeypatch.setattr(comm, "create_comm", lambda **options: Comm(**options))
    made: list[Notebook] = []

    def make(name: str, **settings: Any) -> Notebook:
        made.append(Notebook(page, nonlin.demo(name, **settings)))
        return made[-1]

    yield make
    for each in made:
        assert each.said == []


@pytest.mark.parametrize("name", BUILT)
def test_a_widget_starts_and_leaves_nothing_behind(
    notebook: Callable[..., Notebook], name: str
) -> None:
    shown = notebook(name)
    assert shown.page.locator("[role=alert]").count() == 0
    assert shown.page.locator("figure").first.bounding_box()["height"] > 100
    # What it was given is what it holds: nothing was set right, and nothing is said of a link.
    shown.exchange()
    for key, setting in BUILT[name]["traits"].items():
        assert getattr(shown.widget, key) == setting
    assert "link" not in shown.page.locator("[role=status]").all_inner_texts()
    shown.page.evaluate("host.cleanup()")
    assert shown.page.evaluate("host.el.childElementCount") == 0
    assert shown.page.evaluate("host.listeners.length") == 0


def test_python_knows_that_the_guess_was_made(notebook: Callable[..., Notebook]) -> None:
    shown = notebook("softmax")
    skip = shown.page.locator(".skip")
    skip.click()
    shown.until(lambda: shown.widget.ask is False)
    assert skip.count() == 0
    shown.widget.ask = True
    shown.exchange()
    skip.wait_for()


def test_networks_train_in_a_worker(notebook: Callable[..., Notebook]) -> None:
    training = [name for name, about in BUILT.items() if about["engine"]]
    if not training:
        pytest.skip("no demo of this build trains a network")
    shown = notebook(training[0])
    play = shown.page.get_by_role("button", name="Play")
    if play.count():
        play.first.click()
    shown.until(lambda: bool(shown.workers))
    assert shown.workers[0].url.startswith("blob:")


def test_a_drag_moves_the_trait_and_the_trait_the_figure(
    notebook: Callable[..., Notebook],
) -> None:
    shown = notebook("explorer", functions=["gelu"], z=0, view=[-4, 4])
    w, page = shown.widget, shown.page
    heard: list[float] = []
    w.observe(lambda change: heard.append(change["new"]), "z")
    knob = page.locator(".knob").bounding_box()
    x, y = knob["x"] + knob["width"] / 2, knob["y"] - 120
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=5)
    page.mouse.up()
    shown.until(lambda: bool(w.z != 0))
    slider = page.get_by_role("slider", name="z, the input")
    assert w.z == float(slider.get_attribute("aria-valuenow")) > 0.2
    assert heard[-1] == w.z

    w.z = -1.5
    shown.until(lambda: slider.get_attribute("aria-valuenow") == "-1.5")
    w.functions = ["tanh", nonlin.relu]
    shown.until(lambda: bool(page.get_by_test_id("reading-relu").count()))
    assert page.get_by_test_id("reading-gelu").count() == 0
    page.get_by_role("button", name="Undo").click()
    shown.until(lambda: bool(w.functions == ["gelu"]))


def test_a_typed_formula_is_compiled_by_python(notebook: Callable[..., Notebook]) -> None:
    shown = notebook("explorer", functions=["relu"], z=1)
    page = shown.page
    page.get_by_role("button", name="Your formula").click()
    field = page.get_by_label("Your own activation function")
    field.fill("z * tanj(z)")
    page.keyboard.press("Enter")
    shown.until(lambda: bool(page.locator("[aria-invalid=true]").count()))
    assert "tanj" in page.get_by_test_id("formula").inner_text()
    field.fill("a * z * z")
    page.keyboard.press("Enter")
    shown.until(lambda: bool(page.get_by_test_id("reading-yours").count()))
    shown.until(lambda: bool(shown.widget.formula == "a * z * z"))
    numbers = page.get_by_test_id("reading-yours").locator("td .num").all_inner_texts()
    assert numbers[:2] == ["1.0000", "2.0000"]
    assert page.get_by_role("button", name="Copy link").count() == 0


def test_a_typed_formula_paints_and_trains(notebook: Callable[..., Notebook]) -> None:
    shown = notebook("art", width=8)
    page = shown.page
    page.get_by_role("button", name="Your formula").click()
    page.get_by_label("Your own activation function").fill("max(z, 0.1*z)")
    page.keyboard.press("Enter")
    shown.until(lambda: bool(shown.widget.activation == "max(z, 0.1*z)"))
    page.locator("[data-testid=canvas][data-state=painted]").wait_for()
    with pytest.raises(FormulaError, match="something is missing after an operator"):
        shown.widget.activation = "sin(z) +"
    assert shown.widget.activation == "max(z, 0.1*z)"
    page.evaluate("host.cleanup(); document.body.replaceChildren()")


def test_a_widgets_network_takes_a_formula_from_python(notebook: Callable[..., Notebook]) -> None:
    shown = notebook("playground", layers=[3], activation="z*tanh(2*z)", ask=False)
    page = shown.page
    shown.until(lambda: bool(page.get_by_test_id("fingerprint").count()))
    heads = page.get_by_test_id("diagram").locator("text.head")
    assert heads.all_text_contents()[0] == "z*tanh(2*z)"
    before = page.get_by_test_id("fingerprint").inner_text()
    page.get_by_role("button", name="Play", exact=True).click()
    shown.until(lambda: bool(page.get_by_test_id("fingerprint").inner_text() != before))
