"""Demos as widgets of a notebook, by anywidget: Jupyter, JupyterLab, VS Code, Colab, marimo.

A widget is the very module that the pages load. Its traits are the demo's settings: the build writes
their names and defaults from the front end's source into ``widgets/traits.json``, and what a setting
may be is read off its default. A setting is checked here, at once; values that only the figure can
judge (a depth of a thousand) are refused there, in words.

A formula typed into a figure comes as a message and is compiled as the server does it, by a worker
that can be stopped (:mod:`nonlin.workers`).

anywidget is imported when the first widget is made, and not before.
"""

from __future__ import annotations

import asyncio
import atexit
import copy
import json
import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

import numpy as np

import nonlin
from nonlin.activation import Activation
from nonlin.errors import NonlinError
from nonlin.lesson import web_folder
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

__all__ = ["DemoError", "MissingAnywidgetError", "Setting", "demo", "demos"]

_LARGEST = 2**53  # beyond it, JavaScript's numbers are not whole any more
_GIVEN_UP = frozenset(
    {"focus", "blur"}
)  # methods of every widget that a setting may take the place of
_WIDGETS_OWN = frozenset({"layout"})  # traits of every widget that may be given, too


class DemoError(NonlinError, ValueError):
    """A demo or a setting that there is not, or a value that a setting cannot take."""


class MissingAnywidgetError(NonlinError, ImportError):
    """anywidget, which only notebooks need, is not installed; says what to install."""


@dataclass(frozen=True)
class Setting:
    """One setting of a demo: what stands in a link, in a directive, and in a widget's trait.

    Attributes
    ----------
    demo, name
        Where it belongs.
    default
        Its value if nothing is said; also what a value of it must be like.
    """

    demo: str
    name: str
    default: Any

    @property
    def kind(self) -> str:
        """What it may be, in words.

        Examples
        --------
        >>> Setting("explorer", "functions", ["relu"]).kind
        'a list of texts'
        """
        if isinstance(self.default, list):
            return f"a list of {_MANY[_items(self.default)]}"
        return _ONE[type(self.default)]

    def read(self, value: object) -> Any:
        """The value as it is sent to the figure.

        NumPy's numbers and arrays, tuples, and activations of the catalogue are taken, too.

        Raises
        ------
        DemoError
            It is of another kind.

        Examples
        --------
        >>> Setting("explorer", "z", 1.2).read(np.float32(0.5))
        0.5
        >>> Setting("explorer", "functions", ["relu"]).read((nonlin.gelu, "tanh"))
        ['gelu', 'tanh']
        >>> Setting("explorer", "z", 1.2).read("2")
        Traceback (most recent call last):
            ...
        nonlin.widgets.DemoError: z of the demo 'explorer' is a number, as 1.2, not '2'
        """
        try:
            read = _like(self.default, value)
        except _Unlike:
            as_this = f", as {self.default!r}" if self.default not in (None, [], {}, "") else ""
            raise DemoError(
                f"{self.name} of the demo {self.demo!r} is {self.kind}{as_this}, not {value!r:.80}"
            ) from None
        if self.name == "functions":
            for name in read:
                nonlin.catalogue[name]  # where there is none, the error offers the nearest ones
        return read


class _Unlike(Exception):
    """A value of another kind."""


_ONE = {
    bool: "True or False",
    int: "a number",
    float: "a number",
    str: "a text",
    dict: "a mapping from names to numbers",
    type(None): "a number, a text, True, False or None",
}
_MANY: dict[type | None, str] = {float: "numbers", str: "texts", None: "numbers or texts"}


def _items(default: Sequence[Any]) -> type | None:
    """What the items of a list are, as far as its default says."""
    if default and all(isinstance(item, str) for item in default):
        return str
    if default and all(isinstance(item, (int, float)) for item in default):
        return float
    return None


def _like(default: object, value: object) -> Any:
    match default:
        case bool():
            return _flag(value)
        case int() | float():
            return _number(value)
        case str():
            return _text(value)
        case list():
            if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, np.ndarray)):
                raise _Unlike
            kinds: dict[type | None, Callable[[object], Any]]
            kinds = {str: _text, float: _number, None: _plain}
            read = kinds[_items(default)]
            return [read(item) for item in value]
        case dict():
            return _table(value)
        case _:
            return None if value is None else _plain(value)


def _flag(value: object) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise _Unlike


def _number(value: object) -> int | float:
    if isinstance(value, (bool, np.bool_)):
        raise _Unlike
    if isinstance(value, numbers.Integral) and abs(int(value)) <= _LARGEST:
        return int(value)
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        number = float(value)
        if math.isfinite(number):
            return number
    raise _Unlike


def _text(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Activation) and nonlin.catalogue.get(value.name) is value:
        return value.name
    raise _Unlike


def _plain(value: object) -> Any:
    """One item of a list that says nothing about its items."""
    for read in (_flag, _number, _text):
        with suppress(_Unlike):
            return read(value)
    raise _Unlike


def _table(value: object) -> dict[str, Any]:
    """Names with numbers: ``{"elu.alpha": 0.5}``, or by function ``{"elu": {"alpha": 0.5}}``."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise _Unlike
    return {
        name: _table(item) if isinstance(item, Mapping) else _plain(item)
        for name, item in value.items()
    }


@dataclass(frozen=True)
class _Demo:
    """What the build says of a demo."""

    settings: Mapping[str, Setting]
    engine: bool  # whether it trains networks


@cache
def _built() -> dict[str, _Demo]:
    about = json.loads((web_folder() / "widgets/traits.json").read_text("utf-8"))
    return {
        name: _Demo(
            {key: Setting(name, key, default) for key, default in demo["traits"].items()},
            demo["engine"],
        )
        for name, demo in sorted(about.items())
    }


def demos() -> dict[str, dict[str, Setting]]:
    """Every demo with its settings, by name.

    Examples
    --------
    >>> demos()["explorer"]["z"].default
    1.2
    """
    return {name: dict(each.settings) for name, each in _built().items()}


def demo(name: str, /, **settings: Any) -> Any:
    """A demo as a widget; :func:`nonlin.demo` is this.

    Raises
    ------
    DemoError
        There is no such demo, or it has no such setting, or the setting cannot have that value.
    MissingAnywidgetError
        anywidget is not installed.
    """
    known = _built().get(name) if isinstance(name, str) else None
    if known is None:
        raise DemoError(f"there is no demo {name!r:.60}{_offer(name, 'demos', _built())}")
    for key in settings:
        if key not in known.settings and key not in _WIDGETS_OWN:
            raise _no_setting(name, key)
    return _widget(name)(**settings)


def _no_setting(demo: str, name: str) -> DemoError:
    there = _offer(name, "settings", _built()[demo].settings)
    return DemoError(f"the demo {demo!r} has no setting {name!r:.60}{there}")


def _offer(wrong: object, what: str, there: Mapping[str, Any]) -> str:
    near = get_close_matches(str(wrong), there, n=1)
    return (f": did you mean {near[0]!r}?" if near else "") + f" ({what}: {', '.join(there)})"


@cache
def _data() -> dict[str, bytes]:
    from nonlin.describe import catalogue_files  # slow: it may have to compile the catalogue

    return catalogue_files()


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
    known = _built()[name]

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
                raise _no_setting(name, key)
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
        "_catalogue": traitlets.Dict(json.loads(data["catalogue.json"])).tag(sync=True),
        "_wasm": traitlets.Bytes(data["catalogue.wasm"]).tag(sync=True),
        **{key: Trait(setting) for key, setting in known.settings.items()},
    }
    if known.engine:
        members["_engine"] = traitlets.Bytes(data["engine.wasm"]).tag(sync=True)
        members["_engine_about"] = traitlets.Dict(json.loads(data["engine.json"])).tag(sync=True)
    return type(name.capitalize(), (DemoWidget,), members)


def _docstring(name: str, known: _Demo) -> str:
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
