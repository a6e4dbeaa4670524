"""Where in a TOML file a key stands. ``tomllib`` keeps no places, and an author wants a line."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["line_of"]

_HEADER = re.compile(r"\s*\[\[?\s*([\w.\-]+)\s*\]\]?")
_KEY = re.compile(r"\s*([\w\-]+)\s*=")


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line, from 1, of what stands at a path in the data; of the nearest thing above it if it is not there.

    >>> line_of("a = 1\\n[[b]]\\nc = 2\\n[[b]]\\nc = 3", ("b", 1, "c"))
    5
    >>> line_of("a = 1\\n[[b]]\\nc = 2", ("b", 0, "d"))
    2
    """
    at: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    quoted = False
    for number, line in enumerate(text.splitlines(), 1):
        fences = line.count('"""') + line.count("'''")
        if quoted:
            quoted ^= fences % 2 == 1
            continue
        if header := _HEADER.match(line):
            table = ()
            names = header[1].split(".")
            for name in names[:-1]:
                table = (*table, name)
                if table in counts:
                    table = (*table, counts[table])
            table = (*table, names[-1])
            if line.lstrip().startswith("[["):
                counts[table] = counts.get(table, -1) + 1
                at.setdefault(table, number)
                table = (*table, counts[table])
            at[table] = number
        elif key := _KEY.match(line):
            at[(*table, key[1])] = number
        quoted = fences % 2 == 1
    wanted = tuple(path)
    while wanted and wanted not in at:
        wanted = wanted[:-1]
    return at.get(wanted, 1)
