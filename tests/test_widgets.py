"""Widgets: their traits are the front end's, wrong values are refused at once, formulas are compiled."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nonlin
from nonlin import widgets
from nonlin.errors import NonlinError
from nonlin.lesson.folders import web_folder
from nonlin.lesson.settings import DemoError, Setting, demos
from nonlin.widgets import MissingAnywidgetError
from nonlin.workers import Crowded, TooSlow, Unavailable

pytest.importorskip("anywidget")
BUILT = demos()
NOTEBOOK = Path(__file__).parent.parent / "docs/notebook.ipynb"


# -- traits -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BUILT)
def test_traits_are_those_of_the_front_end(name: str) -> None:
    w = nonlin.demo(name)
    synced = {key for key in w.traits(sync=True) if not key.startswith("_")}
    assert set(BUILT[name].settings) <= synced
    for key, setting in BUILT[name].settings.items():
        assert getattr(w, key) == setting.default
        setattr(w, key, setting.default)
        assert f"{key} = {setting.default!r}\n    {setting.kind}" in w.__doc__
    assert repr(w) == f"nonlin.demo({name!r})"


@pytest.mark.parametrize("name", BUILT)
def test_a_widget_holds_all_that_its_figure_needs(name: str) -> None:
    state = nonlin.demo(name).get_state()
    about = json.loads((web_folder() / "widgets/traits.json").read_text("utf-8"))[name]
    assert "export" in state["_esm"] and "import " not in state["_esm"][:200]
    assert ".nonlin" in state["_css"]
    assert [f["name"] for f in state["_catalogue"]["functions"]] == list(nonlin.catalogue)
    assert state["_wasm"][:4] == b"\0asm"
    assert ("_engine" in state) == ("_engine_about" in state) == about["engine"]
    if about["engine"]:
        assert state["_engine"][:4] == b"\0asm"
        assert "activations" in state["_engine_about"]


def test_widgets_share_nothing_that_can_change() -> None:
    one, other = nonlin.demo("explorer"), nonlin.demo("explorer")
    one.functions.append("elu")
    assert "elu" not in other.functions
    assert "elu" not in nonlin.demo("explorer").functions


def test_repr_is_code_that_makes_it_again() -> None:
    w = nonlin.demo("explorer", functions=["relu"], z=2.5, params={"elu.alpha": 0.5})
    again = eval(repr(w), {"nonlin": nonlin})
    assert repr(again) == repr(w)
    assert again.z == 2.5 and again.params == {"elu.alpha": 0.5}


def test_changes_are_told() -> None:
    w = nonlin.demo("explorer")
    heard = []
    w.observe(lambda change: heard.append((change["old"], change["new"])), "z")
    w.z = 2
    w.set_state({"z": 3.5})  # as it comes from the figure
    assert heard == [(1.2, 2), (2, 3.5)]


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("vanishing", {"depth": 2.5}, "is a whole number from 1 to 50, as 10, not 2.5"),
        ("vanishing", {"activation": "foo"}, "there is no activation 'foo'"),
        ("softmax", {"temperature": 0}, "is a number from 0.1 to 10"),
        ("explorer", {"formula": "z*tanh(zz)"}, "unknown name 'zz'"),
    ],
)
def test_values_that_no_figure_takes_are_refused(
    name: str, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(NonlinError, match=re.escape(said)):
        nonlin.demo(name, **settings)


# -- what a setting may be --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("default", "given", "read"),
    [
        (1.2, 3, 3),
        (10, 2.5, 2.5),
        (0, np.float32(0.5), 0.5),
        (0, np.int64(7), 7),
        (True, np.False_, False),
        ("relu", nonlin.gelu, "gelu"),
        ("", "z * z", "z * z"),
        (["relu"], (nonlin.swish, "tanh"), ["silu", "tanh"]),
        ([1.0], np.arange(3), [0, 1, 2]),
        ([], [-4, 4.5], [-4, 4.5]),
        ([], ("relu", 2), ["relu", 2]),
        ({}, {"elu.alpha": np.float64(1.5)}, {"elu.alpha": 1.5}),
        ({}, {"elu": {"alpha": 2}}, {"elu": {"alpha": 2}}),
        (None, None, None),
        (None, 3, 3),
        (None, "relu", "relu"),
    ],
)
def test_values_are_read_as_plain_ones(default: Any, given: Any, read: Any) -> None:
    value = Setting("d", "s", default).read(given)
    assert value == read
    assert json.loads(json.dumps(value)) == value
    assert type(value) is type(read)


@pytest.mark.parametrize(
    ("default", "given"),
    [
        (1.2, "2"),
        (1.2, True),
        (1.2, None),
        (1.2, float("nan")),
        (1.2, float("inf")),
        (1.2, 2**60),
        (1.2, 1j),
        (1.2, [1]),
        (True, 1),
        (True, "yes"),
        ("relu", 3),
        ("relu", b"relu"),
        ("relu", nonlin.define("z * z")),
        (["relu"], "relu"),
        (["relu"], ["tanh", 2]),
        (["relu"], {"relu": 1}),
        ([1.0], ["a"]),
        ([1.0], [[1.0]]),
        ([], [[1]]),
        ([], np.eye(2)),
        ({}, [("a", 1)]),
        ({}, {1: 2}),
        ({}, {"a": [1]}),
        (None, [1]),
    ],
)
def test_values_of_another_kind_are_refused(default: Any, given: Any) -> None:
    with pytest.raises(DemoError, match=r"^s of the demo 'd' is .*, not "):
        Setting("d", "s", default).read(given)


def test_a_wrong_value_is_an_error_at_once_and_changes_nothing() -> None:
    w = nonlin.demo("explorer")
    with pytest.raises(DemoError, match=r"z of the demo 'explorer' is a number, as 1.2, not 'far'"):
        w.z = "far"
    assert w.z == 1.2
    with pytest.raises(DemoError, match="show_second of the demo 'explorer' is True or False"):
        nonlin.demo("explorer", show_second=1)
    with pytest.raises(nonlin.NonlinError, match=r"no activation 'reluu'.*relu"):
        w.functions = ["reluu"]


def test_what_is_not_there_is_answered_with_what_is() -> None:
    with pytest.raises(ValueError, match=r"there is no demo 'explorr'.* mean 'explorer'\?.*demos:"):
        nonlin.demo("explorr")
    with pytest.raises(DemoError, match="there is no demo 3"):
        nonlin.demo(3)  # type: ignore[arg-type]
    for attempt in (
        lambda: nonlin.demo("explorer", layer=3),
        lambda: setattr(nonlin.demo("explorer"), "layer", 3),
    ):
        with pytest.raises(DemoError) as caught:
            attempt()
        assert "no setting 'layer': did you mean 'layers'?" in str(caught.value)
        assert all(key in str(caught.value) for key in BUILT["explorer"].settings)


def test_without_anywidget_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    widgets._widget.cache_clear()
    with pytest.raises(MissingAnywidgetError, match=r"pip install 'nonlin\[notebook\]'") as caught:
        nonlin.demo("explorer")
    assert isinstance(caught.value, ImportError) and isinstance(caught.value, nonlin.NonlinError)
    monkeypatch.undo()
    assert nonlin.demo("explorer").z == 1.2


# -- formulas ---------------------------------------------------------------------------------


class Pool:
    """Answers as it is told."""

    seconds = 10.0

    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, []  # type: ignore[var-annotated]

    def run(self, request: Any) -> Any:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """``asked(request, answer)`` gives what the figure hears."""

    def ask(content: Any, answer: Any = None) -> list[Any]:
        pool = Pool(answer)
        monkeypatch.setattr(widgets, "_pool", lambda: pool)
        w = nonlin.demo("explorer")
        heard: list[Any] = []
        w.send = heard.append
        w._handle_custom_msg(content, [])
        return heard

    yield ask


def test_a_formula_is_answered_with_its_number(asked: Any) -> None:
    answer = {"function": {"name": "f"}, "wasm": "AGFzbQ=="}
    heard = asked({"type": "define", "id": 7, "request": {"formula": "z"}}, answer)
    assert heard == [{"type": "defined", "id": 7, "answer": answer}]


@pytest.mark.parametrize(
    ("request_", "answer", "said"),
    [
        ({"formula": "z"}, Crowded(), "too many formulas"),
        ({"formula": "z"}, TooSlow(), "longer than 10 s"),
        ({"formula": "z"}, Unavailable("it ended"), "it ended"),
        ({"formula": "z"}, {"failed": True}, "mistake of ours"),
        ({"formula": 3}, None, "not of the form"),
        ({"formula": "z", "name": "../x"}, None, "no name"),
        ({"formula": "z", "what": 1}, None, "unknown part"),
        ({"formula": "z", "parameters": {"a": float("nan")}}, None, "not a finite number"),
        (None, None, "not of the form"),
    ],
)
def test_what_goes_wrong_is_told(asked: Any, request_: Any, answer: Any, said: str) -> None:
    (reply,) = asked({"type": "define", "id": 1, "request": request_}, answer)
    assert reply["id"] == 1 and "answer" not in reply
    assert said in reply["error"]["message"]
    assert set(reply["error"]) == {"message", "position", "length", "hint"}


@pytest.mark.parametrize("content", [None, "define", {}, {"type": "other"}, ["define"]])
def test_other_messages_are_no_affair_of_ours(asked: Any, content: Any) -> None:
    assert asked(content) == []


def test_a_notebooks_own_loop_stays_free(asked: Any) -> None:
    async def run() -> list[Any]:
        heard: list[Any] = asked(
            {"type": "define", "id": 2, "request": {"formula": "z"}}, {"wasm": ""}
        )
        assert heard == []  # not yet
        for _ in range(1000):
            await asyncio.sleep(0.001)
            if heard:
                break
        return heard

    assert asyncio.run(run()) == [{"type": "defined", "id": 2, "answer": {"wasm": ""}}]


# -- notebooks --------------------------------------------------------------------------------


def test_a_kernel_compiles_what_is_typed_into_a_figure() -> None:
    """A real kernel, asked over its wire as a front end asks."""
    manager = pytest.importorskip("jupyter_client.manager")
    kernels, client = manager.start_new_kernel(kernel_name="python3")
    try:
        told = client.execute_interactive(
            "import nonlin; w = nonlin.demo('explorer')", store_history=False, timeout=120
        )
        assert told["content"]["status"] == "ok", told["content"]
        said: list[str] = []
        client.execute_interactive(
            "print(w.model_id)",
            timeout=60,
            output_hook=lambda m: said.append(m["content"].get("text", "")),
        )
        model = "".join(said).strip()

        def send(content: dict[str, Any]) -> None:
            data = {"comm_id": model, "data": content}
            client.shell_channel.send(client.session.msg("comm_msg", data))

        def hear() -> Any:
            while True:
                message = client.get_iopub_msg(timeout=90)
                if message["msg_type"] == "comm_msg":
                    data = message["content"]["data"]
                    if data["method"] == "custom":
                        return data["content"]

        for serial, formula in enumerate(("z * z", "z * x")):
            request = {"formula": formula}
            content = {"type": "define", "id": serial, "request": request}
            send({"method": "custom", "content": content})
            reply = hear()
            assert (reply["type"], reply["id"]) == ("defined", serial)
            if serial == 0:
                assert reply["answer"]["function"]["formula"] == "z * z"
            else:
                assert reply["error"]["position"] == 4
    finally:
        client.stop_channels()
        kernels.shutdown_kernel(now=True)


def test_the_example_notebook_runs() -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    nbclient.NotebookClient(notebook, timeout=180, kernel_name="python3").execute()
    shown = [output for cell in code for output in cell.outputs]
    figures = [o for o in shown if "application/vnd.jupyter.widget-view+json" in o.get("data", {})]
    assert len(figures) >= 2
    said = "".join(o.get("text", "") + o.get("data", {}).get("text/plain", "") for o in shown)
    assert "0.0066" in said
