"""The settings of demos: what may stand in a link, in a directive of a lesson, in a widget's traits.

The build writes names, defaults and limits from the front end's source into ``widgets/traits.json``. What
a setting may be besides is read off its default: one whose default is a function's name holds names of functions.
Values that only the figure can judge (how many functions it can show) are refused there, in words.
"""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

import nonlin
from nonlin.activation import Activation
from nonlin.errors import NonlinError
from nonlin.lesson.folders import web_folder
from nonlin.typed_answer import activation_of

__all__ = ["Demo", "DemoError", "Setting", "demos", "find"]

_ABOUT = {
    "art": "a picture that a small random network paints, with its settings beside it",
    "dying": "ReLU units in the plane, which die when a step is too large",
    "explorer": "curves and slopes of functions, with one z to drag across them",
    "linearity": "a sheet of graph paper that goes through layers without an activation, or with one",
    "playground": "a small network that learns points in the plane, every weight in sight",
    "sheet": "all functions as a table, with their properties and what shows them",
    "softmax": "scores that race for their shares, and what overflows on the way",
    "step": "gradient descent on a neuron that ends in a step, beside others",
    "trace": "one number on its way through a network, sum by sum",
    "vanishing": "the gradient's size in each layer of a deep stack, beside another stack's",
    "zigzag": "the way that descent takes when all inputs are positive, and when they are centred",
}
# Of functions whatever their default is: "none", an empty list.
_FUNCTIONS = {"activation", "activations"}
_LARGEST = 2**53  # beyond it, JavaScript's numbers are not whole any more


class DemoError(NonlinError, ValueError):
    """A demo or a setting that there is not, or a value that a setting cannot take."""


@dataclass(frozen=True)
class Setting:
    """One setting of a demo: what stands in a link, in a directive, and in a widget's trait.

    Attributes
    ----------
    demo, name
        Where it belongs.
    default
        Its value if nothing is said; also what a value of it must be like.
    takes_formulas
        Whether what is a function's name in it may be a formula, too.
    takes
        What the figure takes, as its source says (``Takes`` in web/src/lib/state.svelte.ts); empty where that
        depends on more.
    """

    demo: str
    name: str
    default: Any
    takes_formulas: bool = False
    takes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What it may be, in words.

        Examples
        --------
        >>> Setting("explorer", "functions", ["relu"]).kind
        'a list of texts'
        >>> demos()["vanishing"].setting("depth").kind, demos()["softmax"].setting("scores").kind
        ('a whole number from 1 to 50', 'a list of 2 to 6 numbers from -1000 to 1000')
        """
        match self.takes:
            case {"oneOf": names}:
                return f"one of {', '.join(filter(None, names))}"
            case {"whole": [low, high]}:
                return f"a whole number from {low} to {high}"
            case {"number": [low, high]}:
                return f"a number from {low} to {high}"
            case {"numbers": [fewest, most, low, high]}:
                count = fewest if fewest == most else f"{fewest} to {most}"
                return f"a list of {count} numbers from {low} to {high}"
        if isinstance(self.default, list):
            return f"a list of {_MANY[_items(self.default)]}"
        return _ONE[type(self.default)]

    @property
    def written(self) -> str:
        """Its default as a directive has it.

        Examples
        --------
        >>> Setting("explorer", "functions", ["relu", "gelu"]).written
        'relu,gelu'
        """
        if isinstance(self.default, list):
            return ",".join(map(str, self.default))
        if isinstance(self.default, dict):
            return ",".join(f"{key}:{value}" for key, value in self.default.items())
        if self.default is None:
            return ""
        return str(self.default).lower() if isinstance(self.default, bool) else str(self.default)

    def read(self, value: object) -> Any:
        """The value as it is sent to the figure.

        NumPy's numbers and arrays, tuples, and activations of the catalogue are taken, too.

        Raises
        ------
        DemoError
            It is of another kind, or beyond what the figure takes.

        Examples
        --------
        >>> Setting("explorer", "z", 1.2).read(np.float32(0.5))
        0.5
        >>> Setting("explorer", "functions", ["relu"]).read((nonlin.gelu, "swish"))
        ['gelu', 'silu']
        >>> Setting("explorer", "z", 1.2).read("2")
        Traceback (most recent call last):
            ...
        nonlin.lesson.settings.DemoError: z of the demo 'explorer' is a number, as 1.2, not '2'
        """
        try:
            read = self._within(_like(self.default, value))
        except _Unlike:
            as_this = f", as {self.default!r}" if self.default not in (None, [], {}, "") else ""
            raise DemoError(
                f"{self.name} of the demo {self.demo!r} is {self.kind}{as_this}, not {value!r:.80}"
            ) from None
        formulas = self.formulas(read)
        for formula in formulas:
            activation_of({"formula": formula})  # what is wrong with it is the error's to say
        names = [n for n in self._functions(read) if n not in formulas and n != self.default]
        # Where there is none, the error offers the nearest ones; not all figures know a function's other names.
        own = {name: nonlin.catalogue[name].name for name in names}
        if isinstance(read, list):
            return [own.get(item, item) for item in read]
        return own.get(read, read) if isinstance(read, str) else read

    def _within(self, value: Any) -> Any:
        """A value of the right kind, if the figure takes it."""
        match self.takes:
            case {"oneOf": names}:
                fits = value in names
            case {"whole": [low, high]}:
                fits = value == int(value) and low <= value <= high
            case {"number": [low, high]}:
                fits = low <= value <= high
            case {"numbers": [fewest, most, low, high]}:
                fits = fewest <= len(value) <= most and all(low <= item <= high for item in value)
            case _:
                fits = True
        if not fits:
            raise _Unlike
        return value

    def formulas(self, value: Any) -> list[str]:
        """The formulas in a value, which have to be compiled.

        Examples
        --------
        >>> demos()["art"].setting("activation").formulas("tanh,max(z, 0)")
        ['max(z, 0)']
        """
        if self.name == "formula":
            return [value] if isinstance(value, str) and value else []
        # As nonlin.art.Artwork and the pages tell them from names (web/src/lib/net/isFormula.ts).
        names = self._functions(value) if self.takes_formulas else []
        return [name for name in names if name == "z" or not name.isidentifier()]

    def _functions(self, value: Any) -> list[str]:
        """The names of functions, and formulas, in a value. In a text, commas stand between several."""
        default = self.default if isinstance(self.default, list) else [self.default]
        named = default and all(isinstance(d, str) and d in nonlin.catalogue for d in default)
        if not named and self.name not in _FUNCTIONS:
            return []
        texts = _listed(value) if isinstance(value, str) else value
        return [text for text in texts if isinstance(text, str) and text]


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


def _listed(text: str) -> list[str]:
    """The parts between commas; one within brackets belongs to its formula."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


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
class Demo:
    """One demo, as far as Python knows it.

    Attributes
    ----------
    settings
        By name.
    about
        What is to be seen in it.
    engine
        Whether it has networks, and needs the engine for that.
    art
        Whether it paints, and needs what is known about that.
    """

    name: str
    settings: Mapping[str, Setting]
    engine: bool
    art: bool
    about: str = ""

    def setting(self, name: str) -> Setting:
        """One of its settings.

        Examples
        --------
        >>> demos()["explorer"].setting("layer")
        Traceback (most recent call last):
            ...
        nonlin.lesson.settings.DemoError: the demo 'explorer' has no setting 'layer': did you mean ...
        """
        if name not in self.settings:
            there = _offer(name, "settings", self.settings)
            raise DemoError(f"the demo {self.name!r} has no setting {name!r:.60}{there}")
        return self.settings[name]


@cache
def demos() -> Mapping[str, Demo]:
    """Every demo, by name.

    Examples
    --------
    >>> demos()["explorer"].settings["z"].default
    1.2
    """
    about = json.loads((web_folder() / "widgets/traits.json").read_text("utf-8"))
    return MappingProxyType(
        {
            name: Demo(
                name,
                {
                    key: Setting(name, key, default, each["formulas"], each["takes"].get(key, {}))
                    for key, default in each["traits"].items()
                },
                each["engine"],
                each["art"],
                _ABOUT.get(name, ""),
            )
            for name, each in sorted(about.items())
        }
    )


def find(name: str) -> Demo:
    """The demo of that name, or an error that lists those there are.

    Examples
    --------
    >>> find("explorr")
    Traceback (most recent call last):
        ...
    nonlin.lesson.settings.DemoError: there is no demo 'explorr': did you mean 'explorer'? ...
    """
    found = demos().get(name) if isinstance(name, str) else None
    if found is None:
        raise DemoError(f"there is no demo {name!r:.60}{_offer(name, 'demos', demos())}")
    return found


def _offer(wrong: object, what: str, there: Mapping[str, Any]) -> str:
    near = get_close_matches(str(wrong), there, n=1)
    return (f": did you mean {near[0]!r}?" if near else "") + f" ({what}: {', '.join(there)})"
