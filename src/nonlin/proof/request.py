"""The checker as pages ask it: a request of plain data in, an answer of plain data out.

The server answers ``POST /api/check`` with this, and a page without a server calls it in
WebAssembly; so both give one answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nonlin.errors import FormulaError, NonlinError
from nonlin.proof.lines import MOST_LINES, MOST_WRONG, check_proof

__all__ = ["RequestError", "answer", "answer_text", "read_request"]

_MOST_TEXT = 1000


class RequestError(NonlinError, ValueError):
    """A request that is not of the form that is asked for."""


def read_request(given: object) -> dict[str, Any]:
    """A request, every part of it checked.

    >>> read_request({"start": "z", "goal": "2z/2", "lines": []})
    {'start': 'z', 'goal': '2z/2', 'lines': [], 'wrong': []}
    """
    if not isinstance(given, Mapping):
        raise RequestError('the request is not of the form {"start": …, "goal": …, "lines": […]}')
    if unknown := sorted(set(given) - {"start", "goal", "lines", "wrong"}):
        raise RequestError(f"the request has an unknown part: {unknown[0]!r:.60}")
    read: dict[str, Any] = {}
    for key in ("start", "goal"):
        read[key] = _text(key, given.get(key))
    for key, most in (("lines", MOST_LINES), ("wrong", MOST_WRONG)):
        items = given.get(key, [])
        if not isinstance(items, (list, tuple)):
            raise RequestError(f"{key} is not a list of texts")
        if len(items) > most:
            raise RequestError(f"{len(items)} {key} are too many: {most} are the most")
        read[key] = [_text(key, item) for item in items]
    return read


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise RequestError(f"{key}: text is wanted")
    if len(value) > _MOST_TEXT:
        raise RequestError(f"{key}: a line has at most {_MOST_TEXT} characters")
    return value


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """What :func:`nonlin.proof.check_proof` says to a request, or what is wrong with it.

    >>> answer({"start": "z", "goal": "z", "lines": ["2z"]})["lines"][0]["verdict"]
    'different'
    >>> answer({"start": "z +", "goal": "z", "lines": []})["error"]["position"]
    2
    """
    try:
        return check_proof(**read_request(request))
    except FormulaError as error:
        told = (error.message, error.position, error.length, error.hint)
    except NonlinError as error:
        told = (str(error), None, 1, "")
    except (RecursionError, MemoryError, OverflowError):
        told = ("this is more than can be worked out", None, 1, "try a simpler line")
    return {"error": dict(zip(("message", "position", "length", "hint"), told, strict=True))}


def answer_text(request: str) -> str:
    """The same from JSON to JSON."""
    return json.dumps(answer(json.loads(request)), ensure_ascii=False, allow_nan=False)
