"""Programs of the catalogue, lowered when the package was built, so that no call has to.

The file is a convenience: where it is missing, or speaks of another formula, programs are lowered
anew. It is written by :func:`nonlin.describe.write_files`.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from nonlin.catalogue import BY_NAME, Entry
from nonlin.compiler.program import Program

__all__ = ["WHATS", "program"]

WHATS = ("value", "derivative", "second", "pair")


@cache
def _stored() -> dict[str, Any]:
    file = resources.files("nonlin") / "_generated" / "programs.json"
    try:
        data = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def program(entry: Entry, what: str) -> Program | None:
    """The stored program, if there is one of exactly this entry."""
    if BY_NAME.get(entry.name) is not entry:
        return None
    row = _stored().get(entry.name)
    if row is None or row.get("formula") != entry.formula:
        return None
    data = row.get("derivative" if what == "backward" else what)
    return Program.from_json(data) if data else None
