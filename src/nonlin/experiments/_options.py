"""Options of an experiment: a frozen dataclass whose fields know their help, limits and quick value."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import nonlin
from nonlin.activation import Activation
from nonlin.errors import NonlinError

__all__ = [
    "ExperimentError",
    "MissingPackageError",
    "Options",
    "Setting",
    "activation_of",
    "option",
]


_WORDS = {
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    str: ("a name", "names"),
}


class ExperimentError(NonlinError, ValueError):
    """An experiment that there is not, or an option that it cannot take; says what is allowed."""


class MissingPackageError(ExperimentError, ImportError):
    """A package that only the experiments need is not installed; says what to install."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What an option is for and what it may be.

    Attributes
    ----------
    help
        For the command line.
    quick
        The value that stands in for the default in a quick run.
    low, high
        Ends of the range of a number (of each, where there are several); both belong to it.
    choices
        The only words allowed.
    activation
        Whether words are names of activations, or formulas.
    repeats
        Whether the same value may stand twice among several; if not, once counts.
    """

    help: str
    quick: Any = None
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    activation: bool = False
    repeats: bool = False


def option(
    default: Any,
    help: str,
    *,
    quick: Any = None,
    low: float = -math.inf,
    high: float = math.inf,
    choices: Sequence[str] = (),
    activation: bool = False,
    repeats: bool = False,
) -> Any:
    """A field of :class:`Options`; the parameters are those of :class:`Setting`."""
    setting = Setting(help, quick, low, high, tuple(choices), activation, repeats)
    return dataclasses.field(default=default, kw_only=True, metadata={"setting": setting})


@dataclass(frozen=True)
class Options:
    """Base of every experiment's options; each has the seed.

    Values are checked when they are given. Their types are int, float, bool, str and tuples of one of
    these.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class Walk(Options):
    ...     steps: int = option(1000, "How far.", quick=10, low=1)
    >>> Walk.from_text({"steps": "20"})
    Walk(seed=0, steps=20)
    >>> Walk.quick(seed=1)
    Walk(seed=1, steps=10)
    >>> Walk(steps=0)
    Traceback (most recent call last):
    nonlin.experiments._options.ExperimentError: steps is 0; it has to be a whole number, at least 1
    """

    seed: int = option(0, "Where the random numbers begin.", low=0, high=2**31)

    def __post_init__(self) -> None:
        for name, kind, setting in self.settings():
            value = getattr(self, name)
            several, one = _kind(kind)
            if several:
                if isinstance(value, list | tuple):
                    value = tuple(value if setting.repeats else dict.fromkeys(value))
                    object.__setattr__(self, name, value)
                if not isinstance(value, tuple) or not value:
                    raise _wrong(name, value, kind, setting)
            for item in value if several else (value,):
                if not _fits(item, one, setting):
                    raise _wrong(name, value, kind, setting)
                if setting.activation:
                    activation_of(item)

    @classmethod
    def settings(cls) -> list[tuple[str, Any, Setting]]:
        """Name, type and setting of each option."""
        hints = typing.get_type_hints(cls)
        return [(f.name, hints[f.name], f.metadata["setting"]) for f in dataclasses.fields(cls)]

    @classmethod
    def quick(cls, **given: Any) -> Self:
        """Small enough for a first look; what is given counts all the same."""
        quick = {n: s.quick for n, _, s in cls.settings() if s.quick is not None}
        return cls(**quick | given)

    @classmethod
    def from_text(cls, given: Mapping[str, str | bool], *, quick: bool = False) -> Self:
        """Options as they are typed: lists with commas between their items.

        Raises
        ------
        ExperimentError
            There is no such option, or the text is no value of it.
        """
        known = {name: (kind, setting) for name, kind, setting in cls.settings()}
        values: dict[str, Any] = {}
        for name, text in given.items():
            if name not in known:
                raise ExperimentError(f"there is no option {name!r}; there are {', '.join(known)}")
            values[name] = text if isinstance(text, bool) else _parsed(name, text, *known[name])
        return cls.quick(**values) if quick else cls(**values)


def activation_of(text: str) -> Activation:
    """The activation that a name or a formula means.

    >>> float(activation_of("z * tanh(z)")(0.0))
    0.0
    """
    if text.isidentifier() and text != "z":
        return nonlin.catalogue[text]
    return nonlin.define(text)


def allowed(kind: Any, setting: Setting) -> str:
    """What an option may be, in words."""
    several, one = _kind(kind)
    if setting.choices:
        what = ("some of " if several else "one of ") + ", ".join(setting.choices)
    elif setting.activation:
        what = "names or formulas" if several else "a name of the catalogue or a formula in z"
    elif one is bool:
        what = "true or false"
    else:
        what = _WORDS[one][several]
        if math.isfinite(setting.low) and math.isfinite(setting.high):
            what += f", {setting.low:.15g} to {setting.high:.15g}"
        elif math.isfinite(setting.low):
            what += f", at least {setting.low:.15g}"
    return what + (", with commas between" if several else "")


def _kind(kind: Any) -> tuple[bool, type]:
    """Whether a type stands for several values, and the type of one."""
    if typing.get_origin(kind) is tuple:
        return True, typing.get_args(kind)[0]
    return False, kind


def _fits(item: Any, one: type, setting: Setting) -> bool:
    if one is float and type(item) is int:
        return _fits(float(item), one, setting)
    if not isinstance(item, one) or (isinstance(item, bool) and one is not bool):
        return False
    if setting.choices and item not in setting.choices:
        return False
    return not isinstance(item, int | float) or (
        math.isfinite(item) and setting.low <= item <= setting.high
    )


def _wrong(name: str, value: Any, kind: Any, setting: Setting) -> ExperimentError:
    shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return ExperimentError(f"{name} is {shown:.60}; it has to be {allowed(kind, setting)}")


def _parsed(name: str, text: str, kind: Any, setting: Setting) -> Any:
    several, one = _kind(kind)
    items = _items(text) if several else [text.strip()]
    try:
        if one is bool:
            values: list[Any] = [{"true": True, "false": False}[i.casefold()] for i in items]
        else:
            values = [one(i) for i in items]
    except (ValueError, KeyError):
        raise _wrong(name, text, kind, setting) from None
    return tuple(values) if several else values[0]


def _items(text: str) -> list[str]:
    """Split at the commas that stand in no brackets, so that formulas stay whole.

    >>> _items("relu, max(z, 0)")
    ['relu', 'max(z, 0)']
    """
    items, depth = [""], 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            items.append("")
        else:
            items[-1] += c
    return [i for item in items if (i := item.strip())]
