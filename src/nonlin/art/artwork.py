"""A picture as a few settings: a small random network that maps each pixel to a colour."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import nonlin
from nonlin.activation import Activation
from nonlin.art.balance import balance, detail
from nonlin.art.palettes import PALETTES, palette
from nonlin.definition import define
from nonlin.errors import NonlinError
from nonlin.network.model import Network
from nonlin.network.picture import INPUTS, Painter, input_count

__all__ = ["ArtError", "Artwork"]

MOST_PIXELS = 1 << 30
OUTPUT_GAIN = 1.65
"""How strongly the last layer is driven, whose sigmoid makes the colours."""
JITTER = 1.0
"""By how many standard deviations units are moved apart."""
_BAND = 1 << 18  # pixels of the picture that are painted at once
_PIECE = 1 << 14  # and by a thread
Pixels = NDArray[np.uint8]


class ArtError(NonlinError, ValueError):
    """Settings of a picture that there are not, a size that is too large, a file that is no picture."""


@dataclass(frozen=True)
class Artwork:
    """A picture, given by its settings; the same settings give the same picture at any size.

    Parameters
    ----------
    seed
        A whole number, from which the weights are drawn.
    activation
        A name of the catalogue or a formula; a sequence has one for each layer.
    depth, width
        Hidden layers, and units in each.
    palette
        A name of :data:`PALETTES`, or ``rgb`` for colours straight from the network.
    inputs
        What the network sees of a pixel: some of ``x``, ``y`` (the shorter side runs from -1 to 1),
        ``r`` (the distance from the middle) and ``latent``, two numbers that are the same for all
        pixels.
    latent
        These two numbers; moving them changes the picture gradually.

    Raises
    ------
    ArtError
        A setting that there is not; the message says what there is.
    FormulaError, NoSuchActivationError
        An activation that there is not.

    Notes
    -----
    Weights are normal; over a fixed reference grid each layer's sums are standardised, then driven as
    strongly as the function likes (:mod:`nonlin.art.balance`), so that no function's pictures are
    blank or noise. The idea of painting with a network that sees coordinates is K. O. Stanley's
    (Genetic Programming and Evolvable Machines 8, 2007).

    Examples
    --------
    >>> Artwork(seed=7, activation="step").render(64, 48).shape
    (48, 64, 3)
    """

    seed: int = 7
    activation: str | tuple[str, ...] = "tanh"
    depth: int = 4
    width: int = 24
    palette: str = "dusk"
    inputs: tuple[str, ...] = INPUTS
    latent: tuple[float, float] = (0.0, 0.0)
    _functions: tuple[Activation, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        change = object.__setattr__
        change(self, "seed", _whole("seed", self.seed, -(2**63), 2**63 - 1))
        change(self, "depth", _whole("depth", self.depth, 1, 12))
        change(self, "width", _whole("width", self.width, 1, 128))
        if self.palette != "rgb" and self.palette not in PALETTES:
            raise ArtError(
                f"there is no palette {self.palette!r:.40}: use rgb or one of {', '.join(PALETTES)}"
            )
        change(self, "inputs", _inputs(self.inputs))
        change(self, "latent", _latent(self.latent))
        names = _names(self.activation, self.depth)
        change(self, "activation", names[0] if len(set(names)) == 1 else names)
        functions = {name: _function(name) for name in set(names)}
        change(self, "_functions", tuple(functions[name] for name in names))

    def render(
        self,
        width: int = 512,
        height: int = 512,
        *,
        antialias: int = 1,
        progress: Callable[[float], None] | None = None,
    ) -> Pixels:
        """The picture, of shape (height, width, 3).

        Parameters
        ----------
        antialias
            So many points a pixel, along each side, are averaged.
        progress
            Called with the share that is done.
        """
        width, height, antialias = self._size(width, height, antialias)
        out = np.empty((height, width, 3), np.uint8)
        if antialias == 1:
            self._painters.fill(out, 0, (width, height), self.latent, progress)
            return out
        for top, band in self.bands(width, height, antialias=antialias):
            out[top : top + len(band)] = band
            if progress:
                progress((top + len(band)) / height)
        return out

    def bands(self, width: int, height: int, *, antialias: int = 1) -> Iterator[tuple[int, Pixels]]:
        """The picture from top to bottom, in pieces of some rows: the first row's number, and the piece."""
        width, height, antialias = self._size(width, height, antialias)
        n = antialias
        rows = max(1, _BAND // (width * n * n))
        for top in range(0, height, rows):
            count = min(rows, height - top)
            fine = self._paint(width * n, height * n, top * n, count * n)
            if n > 1:
                blocks = fine.reshape(count, n, width, n, 3)
                total = blocks.sum(axis=(1, 3), dtype=np.uint32)
                fine = ((total + n * n // 2) // (n * n)).astype(np.uint8)
            yield top, fine

    def save(
        self,
        path: str | Path,
        width: int = 1024,
        height: int | None = None,
        *,
        antialias: int = 2,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Write a PNG file with all settings inside; it appears whole or not at all."""
        from nonlin.art.files import save_png

        save_png(self, Path(path), width, width if height is None else height, antialias, progress)

    @classmethod
    def open(cls, path: str | Path) -> Artwork:
        """The settings inside a file that :meth:`save` wrote.

        Raises
        ------
        ArtError
            The file is no such picture, or its settings are none.
        """
        from nonlin.art.files import read_settings

        return read_settings(Path(path))

    def animate(
        self,
        path: str | Path,
        *,
        seconds: float = 4.0,
        fps: int = 20,
        width: int = 320,
        height: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Write a looped walk through the latent numbers: .gif, .png (APNG), .webp, or .mp4 with ffmpeg."""
        from nonlin.art.files import save_animation

        save_animation(
            self, Path(path), seconds, fps, width, width if height is None else height, progress
        )

    def varied(self, **settings: Any) -> Artwork:
        """The same picture with other settings."""
        given = {k: getattr(self, k) for k in self.settings()} | settings
        return type(self)(**given)

    def settings(self) -> dict[str, Any]:
        """Everything that determines the picture, as plain data."""
        names = ("seed", "activation", "depth", "width", "palette", "inputs", "latent")
        return {name: getattr(self, name) for name in names}

    def at(self, latent: tuple[float, float]) -> Artwork:
        """The same picture at another place of its latent plane; its weights are not drawn anew."""
        other = replace(self, latent=latent)
        if "_painters" in self.__dict__:
            other.__dict__["_painters"] = self._painters
        return other

    # -- inside -------------------------------------------------------------------------------------
    @cached_property
    def _painters(self) -> _Painters:
        outputs = 3 if self.palette == "rgb" else 2
        net = Network(
            [input_count(self.inputs), *[self.width] * self.depth, outputs],
            activation=[*self._functions, nonlin.sigmoid],
            init="normal",
            seed=self.seed,
        )
        painter = Painter(net, self.inputs, None if outputs == 3 else palette(self.palette))
        (gain, shift), *rest = map(balance, self._functions)
        more = detail(self._functions[0])
        driven = [(gain * more, shift * more), *rest, (OUTPUT_GAIN, 0.0)]
        painter.standardise(driven, JITTER)
        return _Painters(painter)

    def _paint(self, width: int, height: int, top: int, rows: int) -> Pixels:
        out = np.empty((rows, width, 3), np.uint8)
        self._painters.fill(out, top * width, (width, height), self.latent)
        return out

    def _size(self, width: int, height: int, antialias: int) -> tuple[int, int, int]:
        width, height = (
            _whole(n, v, 1, 1 << 16) for n, v in (("width", width), ("height", height))
        )
        if width * height > MOST_PIXELS:
            raise ArtError(
                f"{width} × {height} pixels are more than a picture may have, {MOST_PIXELS:,}"
            )
        return width, height, _whole("antialias", antialias, 1, 8)


class _Painters:
    """A painter for each thread that wants one."""

    def __init__(self, first: Painter) -> None:
        self._free, self._first, self._lock = [first], first, threading.Lock()

    def fill(
        self, out: Pixels, first: int, size: tuple[int, int], latent: tuple[float, float],
        progress: Callable[[float], None] | None = None,
    ) -> None:  # fmt: skip
        """Paint rows of a picture of this size, from the pixel ``first`` on; each thread takes what is next."""
        flat = out.reshape(-1, 3)
        places = range(0, len(flat), _PIECE)
        waiting, done = iter(places), 0

        def work(tell: Callable[[float], None] | None = None) -> None:
            nonlocal done
            with self.one() as painter:
                for start in waiting:
                    painter.paint(flat[start : start + _PIECE], first + start, *size, latent)
                    done += 1
                    if tell:
                        tell(min(done, len(places)) / len(places))

        helpers = min(_thread_count(), len(places)) - 1
        if not helpers:
            return work(progress)
        with ThreadPoolExecutor(helpers) as pool:
            try:
                others = [pool.submit(work) for _ in range(helpers)]
                work(progress)
            finally:
                for _ in waiting:  # nothing is left to do where this was broken off
                    pass
            for other in others:
                other.result()
        return None

    def one(self) -> _Loan:
        with self._lock:
            painter = self._free.pop() if self._free else self._first.twin()
        return _Loan(self, painter)

    def back(self, painter: Painter) -> None:
        with self._lock:
            self._free.append(painter)


@dataclass
class _Loan:
    """A painter for the time being."""

    owner: _Painters
    painter: Painter

    def __enter__(self) -> Painter:
        return self.painter

    def __exit__(self, *_: object) -> None:
        self.owner.back(self.painter)


# -- settings ----------------------------------------------------------------------------------------
def _whole(name: str, value: Any, low: int, high: int) -> int:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | np.integer)
        or not low <= value <= high
    ):
        raise ArtError(f"{name} is a whole number from {low} to {high}, not {value!r:.40}")
    return int(value)


def _inputs(given: Any) -> tuple[str, ...]:
    names = given.split(",") if isinstance(given, str) else list(given)
    if not names or any(name not in INPUTS for name in names):
        raise ArtError(f"inputs are some of {', '.join(INPUTS)}, not {given!r:.60}")
    return tuple(name for name in INPUTS if name in names)


def _latent(given: Any) -> tuple[float, float]:
    try:
        first, second = (float(v) for v in given)
    except (TypeError, ValueError):
        first = second = math.nan
    if not (abs(first) <= 100 and abs(second) <= 100):
        raise ArtError(f"latent is two numbers from -100 to 100, not {given!r:.60}")
    return first, second


def _names(given: Any, depth: int) -> tuple[str, ...]:
    if isinstance(given, Activation):
        given = given.name if given is nonlin.catalogue.get(given.name) else given.formula
    if isinstance(given, str):
        return (given,) * depth
    if not isinstance(given, Sequence) or not all(isinstance(g, str | Activation) for g in given):
        raise ArtError(f"activation is a name, a formula, or one for each layer, not {given!r:.60}")
    if len(given) != depth:
        raise ArtError(f"there are {depth} layers and {len(given)} activations")
    return tuple(_names(one, 1)[0] for one in given)


def _function(name: str) -> Activation:
    return nonlin.catalogue[name] if name.isidentifier() and name != "z" else define(name)


def _thread_count() -> int:
    from nonlin import arrays

    return arrays._threads[0]
