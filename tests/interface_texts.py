"""The texts of the interface, as their files have them, and what one is made of: read here once more, by other means than the pages'."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

WEB = Path(__file__).resolve().parent.parent / "web"
MESSAGES = WEB / "src/messages"
LANGUAGES = sorted(path.stem for path in MESSAGES.glob("*.json"))
FREE = ("start.functions", "start.values", "figures.sheet.not")
"""Where each language has what it needs."""
_PLACE = re.compile(r"\{\s*(\w+)\s*(?:,\s*(?:number|list|plural|select)\b\s*)?")
_CASE = re.compile(r"[\s,]*(?:=\d+|\w+)\s*\{")


def texts(language: str) -> dict[str, str]:
    """All of a language, each under its path."""

    def walk(path: str, value: Any) -> dict[str, str]:
        if isinstance(value, str):
            return {path: value}
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {k: t for key, each in items for k, t in walk(f"{path}.{key}", each).items()}

    found = walk("", json.loads((MESSAGES / f"{language}.json").read_text("utf-8")))
    return {path.removeprefix("."): text for path, text in found.items()}


def pieces(text: str) -> tuple[list[str], set[str]]:
    """The words of a text, piece by piece, and the names of what is put in between."""
    words, names, at, open_places = [""], set(), 0, []
    while at < len(text):
        in_place = bool(open_places) and open_places[-1]
        if in_place and (case := _CASE.match(text, at)):
            at, words = case.end(), [*words, ""]
            open_places.append(False)
        elif not in_place and (place := _PLACE.match(text, at)):
            at, words = place.end(), [*words, ""]
            names.add(place[1])
            open_places.append(True)
        elif text[at] == "}":
            at, words = at + 1, [*words, ""]
            open_places.pop()
        else:
            assert not in_place, f"{text!r}: what is {text[at:]!r}?"
            words[-1] += text[at]
            at += 1
    assert not open_places, f"{text!r} ends too soon"
    return [each for each in words if each], names
