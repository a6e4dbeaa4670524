"""How the experiments' figures look: paper and ink, names on the curves, and the finding as the title.

The hues are those of the pages (after Okabe and Ito, dark enough for names to be set in them), and each
function has the same one there and here. Matplotlib is imported when a figure is drawn, and no earlier.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nonlin.catalogue import ENTRIES
from nonlin.experiments._options import MissingPackageError
from nonlin.experiments._words import raised

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "INK",
    "MARKERS",
    "PAPER",
    "QUIET",
    "RULE",
    "Label",
    "heading",
    "hue",
    "label_ends",
    "log_axis",
    "page",
    "short",
    "style",
    "written",
]

PAPER, INK, QUIET, RULE = "#fbf9f4", "#1c2027", "#555c66", "#d9d4c8"
HUES = (
    "#bb4a00", "#00775a", "#0062a8", "#a83a80", "#866000", "#5140a8", "#00727f", "#8a1f3f", "#5c6700",
    "#6b4f3f",
)  # fmt: skip
MARKERS = "osD^vPXh<>"
_FAMOUS = ("sigmoid", "tanh", "relu", "gelu")
_ORDER = [*_FAMOUS, *(e.name for e in ENTRIES if e.name not in _FAMOUS)]
_SANS = ("Source Sans 3", "Source Sans Pro", "Helvetica Neue", "Arial", "Liberation Sans")
_SERIF = ("Source Serif 4", "Source Serif Pro", "Charter", "Georgia", "P052", "STIXGeneral")
_WIDTH, _EDGE = 7.4, 0.32  # inches


def hue(name: str) -> str:
    """A function's colour; a formula of one's own is drawn in ink.

    >>> hue("relu"), hue("z * z")
    ('#0062a8', '#1c2027')
    """
    return HUES[_ORDER.index(name) % len(HUES)] if name in _ORDER else INK


def style() -> AbstractContextManager[None]:
    """The look, while figures are drawn in it.

    Raises
    ------
    MissingPackageError
        Matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib import font_manager
    except ImportError:
        raise MissingPackageError(
            "figures need Matplotlib: pip install matplotlib, or pip install 'nonlin[experiments]'"
        ) from None
    there = set(font_manager.get_font_names())  # a name that is not there would be complained about
    sans = [*[f for f in _SANS if f in there][:1], "DejaVu Sans"]
    return matplotlib.rc_context(
        {
            "font.family": sans,
            "font.size": 9,
            "mathtext.fontset": "dejavusans",
            "text.color": INK,
            "figure.facecolor": PAPER,
            "axes.facecolor": PAPER,
            "axes.edgecolor": "#9a9fa6",
            "axes.linewidth": 0.7,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.labelcolor": QUIET,
            "axes.labelsize": 9,
            "axes.titlesize": 9.5,
            "axes.titlelocation": "left",
            "axes.axisbelow": True,
            "xtick.color": "#9a9fa6",
            "ytick.color": "#9a9fa6",
            "xtick.labelcolor": QUIET,
            "ytick.labelcolor": QUIET,
            "xtick.labelsize": 8.5,
            "ytick.labelsize": 8.5,
            "xtick.major.width": 0.7,
            "ytick.major.width": 0.7,
            "xtick.minor.size": 0,
            "ytick.minor.size": 0,
            "lines.linewidth": 1.7,
            "lines.solid_capstyle": "round",
            "lines.markersize": 4.2,
            "grid.color": "#ece8de",
            "grid.linewidth": 0.7,
            "svg.hashsalt": "nonlin",
        }
    )


def page(
    title: str,
    note: str = "",
    *,
    rows: int = 1,
    columns: int = 1,
    height: float = 3.1,
    left: float = 0.62,
    right: float = 0.9,
    bottom: float = 0.52,
    between: float = 0.5,
    above: float = 0.34,
    widths: Sequence[float] | None = None,
    names: Sequence[str] = (),
    everywhere: bool = False,
    **subplots: Any,
) -> tuple[Figure, list[Axes]]:
    """A figure with its sentence on top, a quieter note under it, and axes in a grid.

    Parameters
    ----------
    height
        Of one row of axes, in inches, as are the margins around and between them.
    widths
        Ratios of the columns' widths.
    names
        What will be written at the ends of the last column's curves: the right margin has room for it.
    everywhere
        Whether it will be written in every column.
    **subplots
        For ``Figure.subplots``, such as ``sharey``.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, 1), dpi=200)
    serif = _serif()
    right = max([right, *(_wide(figure, short(name), fontsize=9) + 0.2 for name in names)])
    between = max(between, right + 0.3) if everywhere else between
    room = _WIDTH - 2 * _EDGE
    headline = _wrapped(figure, title, room, fontsize=13.5, fontfamily=serif)
    remark = _wrapped(figure, note, room, fontsize=9)
    top = 0.26 + 0.245 * len(headline) + (0.08 + 0.165 * len(remark) if note else 0) + above
    tall = top + rows * height + (rows - 1) * (between + above) + bottom
    figure.set_size_inches(_WIDTH, tall)
    y = tall - 0.26

    def write(lines: Sequence[str], step: float, **font: Any) -> None:
        nonlocal y
        for line in lines:  # each by itself: Matplotlib's own steps differ from line to line
            figure.text(_EDGE / _WIDTH, y / tall, line, va="baseline", **font)
            y -= step

    y -= 0.17
    write(headline, 0.245, fontsize=13.5, fontfamily=serif)
    y += 0.245 - 0.27
    write(remark, 0.165, fontsize=9, color=QUIET)
    wide = (_WIDTH - left - right - (columns - 1) * between) / columns
    grid = figure.subplots(
        rows,
        columns,
        squeeze=False,
        width_ratios=widths,
        gridspec_kw={
            "left": left / _WIDTH,
            "right": 1 - right / _WIDTH,
            "top": 1 - top / tall,
            "bottom": bottom / tall,
            "wspace": between / wide,
            "hspace": (between + above) / height,
        },
        **subplots,
    )
    axes = [ax for row in grid for ax in row]
    for ax in axes:
        ax.tick_params(length=3)
    return figure, axes


def _serif() -> list[str]:
    from matplotlib import font_manager

    there = set(font_manager.get_font_names())
    return [*[f for f in _SERIF if f in there][:1], "STIXGeneral", "DejaVu Sans"]


def short(name: str) -> str:
    """A name as a curve bears it: of a long formula, its beginning."""
    return name if len(name) <= 22 else f"{name[:21]}…"


def _wide(figure: Figure, text: str, **font: Any) -> float:
    """A line's width in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)
    probe = figure.text(0, 0, text, **font)
    width = float(probe.get_window_extent(canvas.get_renderer()).width) / figure.dpi
    probe.remove()
    return width


def _wrapped(figure: Figure, text: str, inches: float, **font: Any) -> list[str]:
    """Lines of a text that fit a width, as even as they can be."""

    def broken(limit: float) -> list[str]:
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and _wide(figure, longer, **font) > limit:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    lines = broken(inches)
    limit = inches
    while len(narrower := broken(limit := limit - 0.15)) == len(lines) and limit > inches / 2:
        lines = narrower
    return lines


@dataclass(frozen=True)
class Label:
    """A name at the end of a curve."""

    x: float
    y: float
    text: str
    colour: str = INK


def label_ends(
    ax: Axes, labels: Sequence[Label], *, size: float = 9, gap: float = 11, offset: float = 6
) -> None:
    """Names beside the ends of curves, pushed apart where they would touch; limits must be final."""
    dpi = ax.figure.dpi
    labels = [l for l in labels if np.isfinite(ax.transData.transform((l.x, l.y))).all()]
    low, high = (float(v) * 72 / dpi for v in (ax.bbox.y0, ax.bbox.y1))
    order = sorted(labels, key=lambda label: label.y)
    wanted = [float(ax.transData.transform((l.x, l.y))[1]) * 72 / dpi for l in order]
    placed = _apart([min(max(w, low), high) for w in wanted], gap, low)
    for label, at, there in zip(order, wanted, placed, strict=True):
        moved = abs(there - at) > 0.8 * gap
        ax.annotate(
            short(label.text),
            (label.x, label.y),
            xytext=(offset + (6 if moved else 0), there - at),
            textcoords="offset points",
            va="center",
            color=label.colour,
            fontsize=size,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "lw": 0.6, "color": label.colour, "shrinkA": 0, "shrinkB": 2,
                "relpos": (0, 0.5),
            }
            if moved
            else None,
        )  # fmt: skip


def _apart(wanted: Sequence[float], gap: float, low: float) -> list[float]:
    """Ascending places at least ``gap`` apart and as near to the wanted ones as may be.

    >>> _apart([0.0, 1.0, 30.0], 10.0, -20.0)
    [-4.5, 5.5, 30.0]
    """
    groups: list[tuple[float, int]] = []  # mean of what is left of the wishes, members
    for i, w in enumerate(wanted):
        mean, n = w - gap * i, 1
        while groups and groups[-1][0] > mean:
            before, m = groups.pop()
            mean, n = (before * m + mean * n) / (m + n), m + n
        groups.append((mean, n))
    means = [mean for mean, n in groups for _ in range(n)]
    return [max(mean, low) + gap * i for i, mean in enumerate(means)]


def log_axis(ax: Axes, axis: str = "y", *, fine: bool = False) -> None:
    """A logarithmic axis with powers of ten as ticks, few enough to read; fine ones have 3·10ⁿ too."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    getattr(ax, f"set_{axis}scale")("log")
    which = getattr(ax, f"{axis}axis")
    which.set_major_locator(LogLocator(subs=(1.0, 3.0) if fine else (1.0,), numticks=7))
    which.set_major_formatter(FuncFormatter(lambda value, _: _power(value)))
    which.set_minor_formatter(NullFormatter())


def _power(value: float) -> str:
    """A power of ten, or three of it, as a tick has it.

    >>> _power(1.0), _power(0.01), _power(1000), _power(1e-7)
    ('1', '0.01', '1,000', '10⁻⁷')
    """
    if value <= 0:
        return ""
    exponent = math.floor(math.log10(value) + 1e-9)
    if -2 <= exponent <= 4:
        return f"{value:,.{max(-exponent, 0)}f}"
    many = round(value / 10.0**exponent)
    return f"10{raised(exponent)}" if many == 1 else f"{many}·10{raised(exponent)}"


def heading(ax: Axes, text: str, colour: str = QUIET) -> None:
    """What is measured upwards, written level at the top of the axis."""
    ax.set_title(text, color=colour, fontsize=9, pad=7)


def written(figure: Figure, form: str, description: str) -> bytes:
    """The figure as a file, ``png`` or ``svg``, which says inside what it shows; same figure, same bytes."""
    import matplotlib

    buffer = io.BytesIO()
    if form == "png":
        metadata: dict[str, Any] = {"Description": description, "Software": "nonlin"}
    else:
        metadata = {"Description": description, "Creator": "nonlin", "Date": None}
    with matplotlib.rc_context({"svg.hashsalt": "nonlin"}):
        figure.savefig(buffer, format=form, metadata=metadata, facecolor=PAPER)
    return buffer.getvalue()
