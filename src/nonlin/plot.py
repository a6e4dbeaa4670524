"""Plots of an activation and its derivative: in braille dots for the terminal, or as a PNG.

Both show f as a solid line and f' as a broken one over the same axes, so that neither needs colour
to be told from the other, and neither draws a line across a jump.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonlin.activation import Activation

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

__all__ = ["Curve", "Scene", "png", "scene", "terminal"]

Floats = NDArray[np.float64]
_SAMPLES = 1201
_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


@dataclass(frozen=True)
class Curve:
    """A function sampled over a window, in pieces between its jumps and gaps."""

    name: str
    pieces: tuple[tuple[Floats, Floats], ...]
    dashed: bool


@dataclass(frozen=True)
class Scene:
    """What is drawn, in the units of the function."""

    x: tuple[float, float]
    y: tuple[float, float]
    curves: tuple[Curve, ...]


def scene(f: Activation, *, x: tuple[float, float] = (-6.0, 6.0), name: str | None = None) -> Scene:
    """f and f' over a window, with a range of y in which both can be seen."""
    name = name or f.name
    xs = np.linspace(*x, _SAMPLES)
    with np.errstate(all="ignore"):
        values, slopes = f(xs), f.derivative(xs)
        y = _window(np.concatenate([values, slopes]))
        curves = (
            Curve(name, _pieces(f, xs, values, y), dashed=False),
            Curve(f"{name}′", _pieces(f.derivative, xs, slopes, y), dashed=True),
        )
    return Scene(x, y, curves)


def _window(values: Floats) -> tuple[float, float]:
    """The range of the values, without the far ends of a pole."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    inner_low, inner_high = (float(q) for q in np.quantile(finite, (0.05, 0.95)))
    inner = max(inner_high - inner_low, 1e-12)
    low, high = max(low, inner_low - 6 * inner), min(high, inner_high + 6 * inner)
    low, high = min(low, 0.0), max(high, 0.0)
    if high == low:
        return -1.0, 1.0
    margin = 0.06 * (high - low)
    return low - margin, high + margin


def _pieces(
    f: Callable[[Any], Any], xs: Floats, ys: Floats, window: tuple[float, float]
) -> tuple[tuple[Floats, Floats], ...]:
    """The curve, cut where it has no value and where it jumps."""
    whole = window[1] - window[0]
    near = np.clip(ys, window[0] - 4 * whole, window[1] + 4 * whole)
    steps = np.abs(np.diff(near))
    cuts = {0, len(xs)}
    for i in range(len(xs) - 1):
        if not (np.isfinite(ys[i]) and np.isfinite(ys[i + 1])) or (
            steps[i] > 0.02 * whole and _jumps(f, float(xs[i]), float(xs[i + 1]), steps[i])
        ):
            cuts.add(i + 1)
    ends = sorted(cuts)
    pairs = zip(ends, ends[1:], strict=False)
    return tuple((xs[a:b], near[a:b]) for a, b in pairs if np.isfinite(ys[a:b]).all())


def _jumps(f: Callable[[Any], Any], low: float, high: float, step: float) -> bool:
    """Whether a step stays as large when the interval around it is halved time and again."""
    left, right = float(f(low)), float(f(high))
    for _ in range(30):
        middle = (low + high) / 2
        value = float(f(middle))
        if not math.isfinite(value):
            return True
        if abs(value - left) > abs(right - value):
            high, right = middle, value
        else:
            low, left = middle, value
        if abs(right - left) < 0.5 * step:
            return False
    return True


# -- the terminal ----------------------------------------------------------------------------


def terminal(
    drawn: Scene, width: int, *, colours: Sequence[str] = ("", ""), plain: bool = False
) -> list[list[tuple[str, str]]]:
    """The plot as lines of (text, style).

    Parameters
    ----------
    width
        Columns that it may take; 24 at least.
    colours
        Styles of f and f'.
    plain
        Only ASCII: for terminals that have no braille.
    """
    width = max(width, 24)
    ticks = _ticks(*drawn.y, 4)
    left = max(len(_short(t)) for t in ticks) + 1
    columns, rows = width - left - 1, min(max(width // 5, 8), 20)
    across, down = (1, 1) if plain else (2, 4)
    dots = np.zeros((len(drawn.curves), rows * down, columns * across), dtype=bool)
    for layer, curve in zip(dots, drawn.curves, strict=True):
        _raster(layer, drawn, curve, 5 if plain else 6)
    lines = []
    at_row = {_row(t, drawn.y, rows): _short(t) for t in ticks}
    zero = _row(0.0, drawn.y, rows)
    for row in range(rows):
        line = [(f"{at_row.get(row, ''):>{left - 1}} ", "dim"), ("|" if plain else "│", "dim")]
        for column in range(columns):
            cell = dots[:, row * down : (row + 1) * down, column * across : (column + 1) * across]
            line.append(_cell(cell, plain, on_axis=row == zero, colours=colours))
        lines.append(_joined(line))
    lines.append([(" " * left + _x_labels(drawn.x, columns + 1), "dim")])
    legend: list[tuple[str, str]] = [(" " * left, "")]
    marks = ("*", ".") if plain else ("━━", "╍╍")
    for curve, mark, colour in zip(drawn.curves, marks, colours, strict=True):
        legend += [(f"{mark} ", colour), (f"{curve.name}   ", "")]
    if plain:
        legend = [(text.replace("′", "'"), style) for text, style in legend]
    return [*lines, legend]


def _raster(layer: NDArray[np.bool_], drawn: Scene, curve: Curve, period: int) -> None:
    """Sets the dots that a curve touches."""
    height, width = layer.shape
    (x0, x1), (y0, y1) = drawn.x, drawn.y
    for xs, ys in curve.pieces:
        if len(xs) == 1:
            xs, ys = np.repeat(xs, 2), np.repeat(ys, 2)
        px = (xs - x0) / (x1 - x0) * (width - 1)
        py = (y1 - ys) / (y1 - y0) * (height - 1)
        for i in range(len(px) - 1):
            n = 2 + int(max(abs(px[i + 1] - px[i]), min(abs(py[i + 1] - py[i]), 4.0 * height)))
            columns = np.rint(np.linspace(px[i], px[i + 1], n)).astype(int)
            rows = np.rint(np.linspace(py[i], py[i + 1], n)).astype(int)
            seen = (rows >= 0) & (rows < height)
            if curve.dashed:
                seen &= (columns % period) < period // 2
            layer[rows[seen], columns[seen]] = True


def _cell(
    cell: NDArray[np.bool_], plain: bool, *, on_axis: bool, colours: Sequence[str]
) -> tuple[str, str]:
    on = [bool(layer.any()) for layer in cell]
    first = next((i for i, each in enumerate(on) if each), None)
    if first is None:
        return ("-" if plain else "─", "dim") if on_axis else (" ", "")
    if plain:
        return "*."[first], colours[first]
    # One cell has one colour: where the curves meet it is f's.
    both: list[list[bool]] = np.any(cell, axis=0).tolist()
    code = sum(
        bit
        for bits, row in zip(_BRAILLE, both, strict=True)
        for bit, on_ in zip(bits, row, strict=True)
        if on_
    )
    return chr(0x2800 + code), colours[first]


def _joined(line: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same line with neighbours of one style as one piece."""
    pieces: list[tuple[str, str]] = []
    for text, style in line:
        if pieces and pieces[-1][1] == style:
            pieces[-1] = (pieces[-1][0] + text, style)
        else:
            pieces.append((text, style))
    return pieces


def _x_labels(span: tuple[float, float], width: int) -> str:
    places = [" "] * width
    taken = -1
    for tick in _ticks(*span, max(2, width // 10)):
        text = _short(tick)
        start = round((tick - span[0]) / (span[1] - span[0]) * (width - 1)) - len(text) // 2
        start = min(max(start, 0), width - len(text))
        if start > taken:
            places[start : start + len(text)] = text
            taken = start + len(text)
    return "".join(places).rstrip()


def _row(value: float, span: tuple[float, float], rows: int) -> int:
    return min(rows - 1, max(0, int((span[1] - value) / (span[1] - span[0]) * rows)))


def _ticks(low: float, high: float, count: int) -> list[float]:
    """Round numbers in a range, about ``count`` of them."""
    rough = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)] or [low]


def _short(value: float) -> str:
    return f"{value:.6g}" if abs(value) > 1e-12 else "0"


# -- the picture -----------------------------------------------------------------------------

_PAPER, _INK, _GREY, _RULE = "#fbf9f4", "#1c2027", "#555c66", "#d9d4c8"
_HUE, _LIGHT = "#0062a8", "#5b9bd0"
_OVER = 3  # drawn this many times as large, then reduced: smooth lines


def png(drawn: Scene, title: str, *, width: int = 960) -> bytes:
    """The plot as a PNG picture, ``width`` pixels wide.

    Raises
    ------
    ImportError
        Pillow is not installed.
    """
    from PIL import Image, ImageDraw

    height, unit = round(width * 0.62), width / 960 * _OVER
    image = Image.new("RGB", (width * _OVER, height * _OVER), _PAPER)
    draw = ImageDraw.Draw(image)
    box = (70 * unit, 64 * unit, width * _OVER - 110 * unit, height * _OVER - 52 * unit)
    _axes(draw, drawn, box, unit)
    for curve in reversed(drawn.curves):
        _line(draw, drawn, curve, box, unit)
    _names(draw, drawn, box, unit)
    _text(draw, (70 * unit, 30 * unit), title, 22 * unit, _INK, "lm")
    out = io.BytesIO()
    image.resize((width, height), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


Box = tuple[float, float, float, float]


def _place(drawn: Scene, box: Box, x: float, y: float) -> tuple[float, float]:
    left, top, right, bottom = box
    (x0, x1), (y0, y1) = drawn.x, drawn.y
    return (
        left + (x - x0) / (x1 - x0) * (right - left),
        top + (y1 - y) / (y1 - y0) * (bottom - top),
    )


def _text(
    draw: ImageDraw, at: tuple[float, float], text: str, size: float, fill: str, anchor: str
) -> None:
    from PIL import ImageFont

    # The font that comes with Pillow has only the plain forms of these.
    text = text.replace("′", "'").replace("−", "-")
    draw.text(at, text, fill=fill, font=ImageFont.load_default(size), anchor=anchor)


def _axes(draw: ImageDraw, drawn: Scene, box: Box, unit: float) -> None:
    left, top, right, bottom = box
    for tick in _ticks(*drawn.x, 8):
        x, _ = _place(drawn, box, tick, 0.0)
        draw.line([(x, top), (x, bottom)], fill=_GREY if tick == 0 else _RULE, width=round(unit))
        _text(draw, (x, bottom + 20 * unit), _short(tick), 15 * unit, _GREY, "mm")
    for tick in _ticks(*drawn.y, 5):
        _, y = _place(drawn, box, 0.0, tick)
        draw.line([(left, y), (right, y)], fill=_GREY if tick == 0 else _RULE, width=round(unit))
        _text(draw, (left - 10 * unit, y), _short(tick), 15 * unit, _GREY, "rm")
    _text(draw, (right + 14 * unit, bottom + 20 * unit), "z", 16 * unit, _INK, "lm")


def _line(draw: ImageDraw, drawn: Scene, curve: Curve, box: Box, unit: float) -> None:
    fill = _LIGHT if curve.dashed else _HUE
    width = round((2.6 if curve.dashed else 3.6) * unit)
    for xs, ys in curve.pieces:
        points = [_place(drawn, box, float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
        for part in (_fewer(each, 0.4) for each in _within(points, box)):
            for dash in _dashes(part, 11 * unit, 7 * unit) if curve.dashed else [part]:
                draw.line(dash, fill=fill, width=width, joint="curve")


Points = list[tuple[float, float]]


def _within(points: Points, box: Box) -> list[Points]:
    """The parts of a line between the top and the bottom of the box."""
    _, top, _, bottom = box
    parts: list[Points] = [[]]
    for (xa, ya), (xb, yb) in zip(points, points[1:], strict=False):
        ends = [0.0, 1.0]
        if ya != yb:
            ends += [t for t in ((top - ya) / (yb - ya), (bottom - ya) / (yb - ya)) if 0 < t < 1]
        ends.sort()
        for s, t in zip(ends, ends[1:], strict=False):
            if not top <= ya + (s + t) / 2 * (yb - ya) <= bottom:
                continue
            start = (xa + s * (xb - xa), ya + s * (yb - ya))
            if not parts[-1] or math.dist(parts[-1][-1], start) > 1e-6:
                parts.append([start])
            parts[-1].append((xa + t * (xb - xa), ya + t * (yb - ya)))
    return [part for part in parts if len(part) > 1]


def _fewer(points: Points, slack: float) -> Points:
    """The same line with as few corners as can be, since short strokes would look ragged."""
    if len(points) < 3:
        return points
    (xa, ya), (xb, yb) = points[0], points[-1]
    length = math.dist(points[0], points[-1]) or 1.0
    off = [abs((xb - xa) * (ya - y) - (xa - x) * (yb - ya)) / length for x, y in points]
    far = max(range(len(points)), key=off.__getitem__)
    if off[far] <= slack:
        return [points[0], points[-1]]
    return [*_fewer(points[: far + 1], slack)[:-1], *_fewer(points[far:], slack)]


def _dashes(points: Points, on: float, off: float) -> list[Points]:
    """A line cut into dashes by its length."""
    dashes: list[Points] = [[points[0]]]
    left, drawing = on, True
    for a, b in zip(points, points[1:], strict=False):
        here, length = 0.0, math.dist(a, b)
        while length - here >= left:
            here += left
            at = (a[0] + here / length * (b[0] - a[0]), a[1] + here / length * (b[1] - a[1]))
            if drawing:
                dashes[-1].append(at)
            else:
                dashes.append([at])
            drawing = not drawing
            left = on if drawing else off
        left -= length - here
        if drawing:
            dashes[-1].append(b)
    return [dash for dash in dashes if len(dash) > 1]


def _names(draw: ImageDraw, drawn: Scene, box: Box, unit: float) -> None:
    """Names at the right ends of the curves, apart from each other."""
    _, top, right, bottom = box
    places: list[list[Any]] = []
    for curve in drawn.curves:
        if curve.pieces:
            xs, ys = curve.pieces[-1]
            y = _place(drawn, box, float(xs[-1]), float(ys[-1]))[1]
            places.append([min(max(y, top + 8 * unit), bottom - 8 * unit), curve])
    places.sort(key=lambda place: place[0])
    for above, below in zip(places, places[1:], strict=False):
        gap = 20 * unit - (below[0] - above[0])
        if gap > 0:
            above[0] -= gap / 2
            below[0] += gap / 2
    for y, curve in places:
        name = curve.name if len(curve.name) <= 12 else ("f'(z)" if curve.dashed else "f(z)")
        _text(draw, (right + 8 * unit, y), name, 16 * unit, _HUE, "lm")
