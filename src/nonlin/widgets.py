"""Demos as widgets of a notebook, by anywidget: Jupyter, JupyterLab, VS Code, Colab, marimo.

A widget is the very module that the pages load, and its traits are the demo's settings
(:mod:`nonlin.lesson.settings`), checked as soon as they are set.

A formula typed into a figure comes as a message and is compiled as the server does it, by a worker
that can be stopped (:mod:`nonlin.workers`).

anywidget is imported when the first widget is made, and not before.
"""

from __future__ import annotations

import asyncio
import atexit
import copy
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from nonlin.errors import NonlinError
from nonlin.lesson.folders import web_folder
from nonlin.lesson.settings import Demo, DemoError, Setting, find
from nonlin.workers import (
    FAILED,
    Crowded,
    Pool,
    TooSlow,
    Unavailable,
    WrongRequest,
    checked,
    refusal,
    why_not,
)

__all__ = ["MissingAnywidgetError", "demo"]

_WIDGETS_OWN = frozenset({"layout"})  # a trait of every widget, which may be given, too
_GIVEN_UP = frozenset({"focus", "blur"})  # methods of every widget; a setting may take their place


class MissingAnywidgetError(NonlinError, ImportError):
    """anywidget, which only notebooks need, is not installed; says what to install."""


def demo(name: str, /, **settings: Any) -> Any:
    """A demo as a widget; :func:`nonlin.demo` is this.

    Raises
    ------
    DemoError
        There is no such demo, or it has no such setting, or the setting cannot have that value.
    MissingAnywidgetError
        anywidget is not installed.
    """
    known = find(name)
    for key in settings.keys() - _WIDGETS_OWN:
        known.setting(key)
    return _widget(known.name)(**settings)


@cache
def _data() -> dict[str, bytes]:
    from nonlin.describe import catalogue_files  # slow: it may have to compile the catalogue

    return catalogue_files()


@cache
def _catalogue() -> dict[str, Any]:
    from nonlin.describe import whole_catalogue

    return whole_catalogue(_data())


@cache
def _widget(name: str) -> type[Any]:
    """The class of a demo's widgets."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise MissingAnywidgetError(
            "widgets need anywidget: pip install anywidget, or pip install 'nonlin[notebook]'"
        ) from None
    known = find(name)

    class Trait(traitlets.TraitType[Any, Any]):
        """A trait whose values are read by its setting."""

        def __init__(self, setting: Setting) -> None:
            self.setting = setting
            super().__init__(help=setting.kind)
            self.tag(sync=True)

        def make_dynamic_default(self) -> Any:
            return copy.deepcopy(self.setting.default)

        def validate(self, obj: Any, value: Any) -> Any:
            return self.setting.read(value)

    class DemoWidget(anywidget.AnyWidget):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            type(self).__doc__ = _docstring(name, known)  # anywidget has made a class of its own
            self._tasks: set[asyncio.Task[None]] = set()
            self.on_msg(_hear)

        def __setattr__(self, key: str, value: Any) -> None:
            # A trait misspelt would be an attribute that nobody looks at.
            if not (key.startswith("_") or hasattr(type(self), key)):
                known.setting(key)
            super().__setattr__(key, value)

        def __repr__(self) -> str:
            changed = [
                f", {key}={getattr(self, key)!r}"
                for key, setting in known.settings.items()
                if getattr(self, key) != setting.default
            ]
            return f"nonlin.demo({name!r}{''.join(changed)})"

    for key in known.settings:
        if hasattr(anywidget.AnyWidget, key) and key not in _GIVEN_UP:
            raise DemoError(f"{key!r} of the demo {name!r} is a name that every widget has")
    folder, data = web_folder() / "widgets", _data()
    members: dict[str, Any] = {
        "__module__": __name__,
        "_esm": (folder / f"{name}.js").read_text("utf-8"),
        "_css": (folder / f"{name}.css").read_text("utf-8"),
        "_catalogue": traitlets.Dict(_catalogue()).tag(sync=True),
        "_wasm": traitlets.Bytes(data["catalogue.wasm"]).tag(sync=True),
        **{key: Trait(setting) for key, setting in known.settings.items()},
    }
    if known.engine:
        members["_engine"] = traitlets.Bytes(data["engine.wasm"]).tag(sync=True)
        members["_engine_about"] = traitlets.Dict(json.loads(data["engine.json"])).tag(sync=True)
    if known.art:
        members["_art"] = traitlets.Dict(json.loads(data["art.json"])).tag(sync=True)
    return type(name.capitalize(), (DemoWidget,), members)


def _docstring(name: str, known: Demo) -> str:
    lines = [f"The demo {name!r}. Its settings, each two-way:", ""]
    lines += [f"{s.name} = {s.default!r}\n    {s.kind}" for s in known.settings.values()]
    return "\n".join(lines)


# -- formulas ---------------------------------------------------------------------------------


@cache
def _pool() -> Pool:
    """One worker for all widgets, started when the first formula is typed."""
    pool = Pool(workers=1)
    atexit.register(pool.close)
    return pool


def _hear(widget: Any, content: Any, buffers: Any) -> None:
    """A message from a figure: the only one that it sends is a formula to be compiled."""
    if not isinstance(content, Mapping) or content.get("type") != "define":
        return
    serial = content.get("id")

    async def answer() -> None:
        loop = asyncio.get_running_loop()
        widget.send(_reply(serial, await loop.run_in_executor(None, _compile, content)))

    try:
        # A notebook's own loop stays free meanwhile, and the answer is sent from its thread.
        task = asyncio.get_running_loop().create_task(answer())
    except RuntimeError:
        widget.send(_reply(serial, _compile(content)))
    else:
        widget._tasks.add(task)
        task.add_done_callback(widget._tasks.discard)


def _reply(serial: object, answer: dict[str, Any]) -> dict[str, Any]:
    told = {"error": answer["error"]} if "error" in answer else {"answer": answer}
    return {"type": "defined", "id": serial, **told}


def _compile(content: Mapping[str, Any]) -> dict[str, Any]:
    pool = _pool()
    try:
        answer = pool.run(checked(content.get("request")))
    except WrongRequest as error:
        return refusal(error.message, hint=error.hint)
    except (Crowded, TooSlow, Unavailable) as error:
        message, hint = why_not(error, pool.seconds)
        return refusal(message, hint=hint)
    return refusal(FAILED) if "failed" in answer else answer
