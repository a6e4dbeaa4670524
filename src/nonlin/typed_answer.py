"""What is answered to a formula that somebody typed, for a page or a widget to show: its function, or what is wrong."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import nonlin
from nonlin.activation import Activation
from nonlin.catalogue import BY_NAME
from nonlin.errors import FormulaError, NonlinError
from nonlin.formula_hints import GREEK, word_hint
from nonlin.formula_typed import names_typed

__all__ = ["MOST_PARAMETERS", "activation_of", "compile_formula", "parameters_of", "refusal"]

MOST_PARAMETERS = 8


def refusal(
    message: str, position: int | None = None, length: int = 1, hint: str = ""
) -> dict[str, Any]:
    """What pages and widgets are told where there is no answer."""
    return {"error": {"message": message, "position": position, "length": length, "hint": hint}}


def parameters_of(formula: str, given: Mapping[str, float]) -> dict[str, float]:
    """The parameters of a formula: names without a given value are 1, where they look like parameters.

    A parameter is a letter, with an index if need be (``a``, ``k2``, ``c_p``), a Greek letter's name, or what a
    parameter in the catalogue is called. Any other word is more likely a slip, and so are x and t, since
    whoever writes them means z.

    Raises
    ------
    FormulaError
        There is some other word in it.

    Examples
    --------
    >>> parameters_of("a tanh(b z) + 1", {"b": 2.0})
    {'a': 1.0, 'b': 2.0}
    >>> parameters_of("z + hello", {})
    Traceback (most recent call last):
        ...
    nonlin.errors.FormulaError: unknown name 'hello': a parameter is a letter, as in a*z or k2*z, or ...
      z + hello
          ^^^^^
    """

    def may_be(name: str) -> bool:
        return name in given or _is_parameter(name)

    free: dict[str, float] = {}
    for name in names_typed(formula, may_be):
        if may_be(name):
            free[name] = 1.0
        elif name not in {"x", "t"}:  # the parser has its own word for these
            place = re.search(rf"(?<![A-Za-z0-9_]){name}(?![A-Za-z0-9_])", formula)
            raise FormulaError(
                f"unknown name {name!r:.40}", formula, place.start() if place else None, len(name),
                word_hint(name),
            )  # fmt: skip
    return free | dict(given)


def _is_parameter(name: str) -> bool:
    if name in {"x", "t"}:
        return False
    stem = re.fullmatch(r"([A-Za-z]|[A-Za-z]+?)(\d+|_\w+)?", name)
    return (stem is not None and (len(stem[1]) == 1 or stem[1] in GREEK)) or any(
        name in entry.parameters for entry in BY_NAME.values()
    )


def activation_of(request: Mapping[str, Any]) -> Activation:
    """The function that a request means.

    Raises
    ------
    FormulaError
        Its formula is none.

    Examples
    --------
    >>> activation_of({"formula": "a * z"}).parameters
    {'a': 1.0}
    """
    formula = request["formula"]
    values = parameters_of(formula, request.get("parameters") or {})
    if len(values) > MOST_PARAMETERS:
        many = f"{len(values)} parameters are too many"
        raise FormulaError(many, formula, hint=f"{MOST_PARAMETERS} are the most")
    return nonlin.define(formula, request.get("name") or "f", **values)


def compile_formula(request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one request: a function's description with its code, or what is wrong with it.

    Where the request has ``engine``, networks and pictures are to have the function, too: the answer's ``engine``
    is its code for their engine, and how strongly layers of it are driven (:mod:`nonlin.art.balance`).

    >>> compile_formula({"formula": "a * z"})["function"]["parameters"][0]["default"]
    1.0
    >>> compile_formula({"formula": "z + x"})["error"]["position"]
    4
    """
    from nonlin.describe import describe, wasm_module  # slow, and a command wants only the above

    try:
        activation = activation_of(request)
        function = describe(activation)
        code = b64encode(wasm_module([activation])).decode()
        answer = {"function": _plain(function), "wasm": code}
        if request.get("engine"):
            answer["engine"] = _for_engine(activation)
    except FormulaError as error:
        return refusal(error.message, error.position, error.length, error.hint)
    except NonlinError as error:
        return refusal(str(error))
    except (RecursionError, MemoryError, OverflowError):
        return refusal("this formula is more than can be worked out", hint="try a simpler one")
    return answer


def _for_engine(activation: Activation) -> dict[str, Any]:
    from nonlin.art import studio
    from nonlin.network import wasm

    return {
        "wasm": b64encode(wasm.build_own(activation)).decode(),
        "drive": studio.drive(activation),
    }


def _plain(value: Any) -> Any:
    """The same without numbers that JSON has no notation for."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
