"""Tables of numbers for a terminal: where it is too narrow, whole columns go, never digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

__all__ = ["Column", "console", "fitted"]


@dataclass(frozen=True)
class Column:
    """A heading, whether it is of words, and how soon it can be spared: 1 goes first, 0 never."""

    title: str
    words: bool = False
    spared: int = 0


def console() -> Console:
    """Where tables go; into a file or a pipe they are as wide as they are."""
    screen = Console(highlight=False, emoji=False)
    return screen if screen.is_terminal else Console(highlight=False, emoji=False, width=200)


def fitted(
    screen: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]],
    styles: Sequence[str] | None = None,
) -> Table:  # fmt: skip
    """The table with as many columns as the screen has room for.

    Examples
    --------
    >>> narrow = Console(width=14)
    >>> narrow.print(fitted(narrow, [Column("name", True), Column("a", spared=1), Column("b")],
    ...                     [["long name", "1.5", "2.5"]]))
    name         b
    long name  2.5
    """
    kept = list(range(len(columns)))
    while True:
        table = _table(columns, rows, styles, kept)
        wide = Measurement.get(screen, screen.options.update(max_width=1000), table).maximum
        left_out = [i for i in kept if columns[i].spared]
        if wide - 2 <= screen.width or not left_out:
            return table
        kept.remove(min(left_out, key=lambda i: columns[i].spared))


def _table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], styles: Sequence[str] | None,
    kept: Sequence[int],
) -> Table:  # fmt: skip
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for i in kept:
        table.add_column(
            columns[i].title, style="bold" if i == 0 else "", no_wrap=True,
            justify="left" if columns[i].words else "right",
        )  # fmt: skip
    for row, style in zip(rows, styles or [""] * len(rows), strict=True):
        table.add_row(*(Text(row[i]) for i in kept), style=style)
    return table
