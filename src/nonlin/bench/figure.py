"""The ratios as a picture: a row for each function, a mark for each size, left of the line is quicker."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nonlin.experiments import _figures as look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nonlin.bench.session import Row

__all__ = ["draw", "sentence"]

_TITLES = {
    "f": "f(z)",
    "derivative": "f′(z)",
    "value_and_derivative": "f(z) and f′(z) together",
    "backward": "a gradient times f′(z)",
    "from_output": "f′ from f(z)",
    "rows": "rows of 1000",
}
_MARKS = "osD^v<>Ph"


def sentence(rows: Sequence[Row]) -> str:
    """What was found, with its numbers."""
    ratios = [r.ratio for r in rows if r.ratio is not None]
    if not ratios:
        return "No peer here does any of this."
    quicker = sum(ratio < 1 for ratio in ratios)
    middle = statistics.median(ratios)
    return (
        f"nonlin is quicker than the best peer in {quicker} of {len(ratios)} measurements; "
        f"the median ratio is {middle:.2f}."
    )


def draw(rows: Sequence[Row], form: str, versions: Mapping[str, str]) -> bytes:
    """The figure as a file, ``png`` or ``svg``.

    Raises
    ------
    MissingPackageError
        Matplotlib is not installed.
    """
    shown = [r for r in rows if r.ratio is not None]
    panels = list(dict.fromkeys((r.what, r.threads) for r in shown))
    names = {
        p: list(dict.fromkeys(r.name for r in shown if (r.what, r.threads) == p)) for p in panels
    }
    sizes = sorted({r.size for r in shown})
    peers = ", ".join(f"{name} {version}" for name, version in versions.items())
    note = (
        f"Time of nonlin over that of the quickest peer, {rows[0].dtype}; the name beside a row is the "
        f"quickest at its largest size. Medians of turns in one run. {peers}."
    )
    most = max((len(n) for n in names.values()), default=1)
    with look.style():
        figure, axes = look.page(
            sentence(rows), note, rows=max(len(panels), 1), height=0.3 + 0.21 * most, left=1.9,
            right=1.5, bottom=0.75, sharex=True, above=0.42, between=0.16,
        )  # fmt: skip
        for ax, panel in zip(axes, panels, strict=False):
            chosen = [r for r in shown if (r.what, r.threads) == panel]
            _panel(ax, chosen, names[panel], sizes)
            what, threads = panel
            several = f", {threads} thread{'s' * (threads > 1)}"
            look.heading(ax, _TITLES[what] + several)
        if panels:
            axes[-1].set_xlabel("slower than the best peer  →", loc="right")
            _legend(axes[0], sizes)
        return look.written(figure, form, f"{sentence(rows)} {note}")


def _panel(ax: Axes, rows: Sequence[Row], names: Sequence[str], sizes: Sequence[int]) -> None:
    look.log_axis(ax, "x", fine=True)
    ax.axvline(1.0, color=look.INK, linewidth=0.9, zorder=1)
    ax.set_yticks(range(len(names)), [_label(n) for n in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y")
    for r in rows:
        y = names.index(r.name)
        place = sizes.index(r.size)
        ax.plot(
            [r.ratio or 1.0], [y], _MARKS[place % len(_MARKS)], color=look.hue(r.name), zorder=3,
            markerfacecolor=look.PAPER if place < len(sizes) / 2 else look.hue(r.name),
        )  # fmt: skip
    for y, name in enumerate(names):
        largest = max((r for r in rows if r.name == name), key=lambda r: r.size)
        ax.annotate(
            largest.best or "", (1.0, y), xycoords=("axes fraction", "data"), xytext=(8, 0),
            textcoords="offset points", va="center", color=look.QUIET, fontsize=8.5,
        )  # fmt: skip


def _label(name: str) -> str:
    return name.replace(".value_and_gradient", " + gradient") if "." in name else look.short(name)


def _legend(ax: Axes, sizes: Sequence[int]) -> None:
    """Which mark is which size: beside the first panel's title."""
    from matplotlib.lines import Line2D

    marks = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=_MARKS[i % len(_MARKS)],
            color=look.QUIET,
            markerfacecolor=look.PAPER if i < len(sizes) / 2 else look.QUIET,
            label=_count(n),
        )
        for i, n in enumerate(sizes)
    ]
    ax.legend(
        handles=marks, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(marks), frameon=False,
        fontsize=8.5, handletextpad=0.1, columnspacing=0.9, borderaxespad=0.2,
    )  # fmt: skip


def _count(n: int) -> str:
    """A size, powers of two from 1024 on as such.

    >>> _count(64), _count(65536), _count(1000)
    ('64', '2¹⁶', '1000')
    """
    from nonlin.experiments._words import raised

    if n >= 1024 and n & (n - 1) == 0:
        return f"2{raised(n.bit_length() - 1)}"
    return str(n)
