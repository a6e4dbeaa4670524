"""Palettes: a few colours each, blended in OKLab (B. Ottosson, 2020)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["PALETTES", "palette"]

PALETTES: dict[str, tuple[str, ...]] = {
    "ink": ("#14161c", "#4d5563", "#a9adb3", "#f4f1ea"),
    "dusk": ("#141433", "#4a2a66", "#a8446f", "#ee7f5b", "#fbe0a8"),
    "lagoon": ("#06202c", "#0b5563", "#2f9c95", "#a6dcbc", "#fbf6e3"),
    "ember": ("#120a0c", "#5a1220", "#c03a23", "#f2a03c", "#fff3cf"),
    "meadow": ("#10251d", "#2d5d3a", "#7fa650", "#e3d98a", "#fdf7e4"),
    "signal": ("#0b2f5c", "#4c8cc4", "#f2efe6", "#e79a4f", "#7a2f06"),
    "okabe": ("#000000", "#0072b2", "#009e73", "#f0e442", "#ffffff"),
    "plum": ("#1a0f24", "#5b2a6e", "#b86aa9", "#f0c3cf", "#fff7f2"),
}
"""From dark to light, so that they can be told apart without colour; ``signal`` runs from blue to
orange, and ``okabe`` through colours of Okabe and Ito's set."""

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


_SHADES, _COLOURS = 64, 256
_DEPTH = 0.34  # how far apart the darkest and the lightest shade are, in OKLab's lightness


@lru_cache(maxsize=32)
def palette(name: str) -> NDArray[np.uint8]:
    """The colours of a palette in all their shades, shape (64, 256, 3).

    >>> palette("ink")[32, [0, 255]].tolist()
    [[21, 23, 29], [244, 241, 234]]
    """
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in PALETTES[name]]) / 255
    linear = np.where(stops <= 0.04045, stops / 12.92, ((stops + 0.055) / 1.055) ** 2.4)
    lab = np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T
    at = np.linspace(0, len(stops) - 1, _COLOURS)
    blended = np.stack([np.interp(at, np.arange(len(stops)), lab[:, k]) for k in range(3)], axis=1)
    shades = np.repeat(blended[None], _SHADES, axis=0)
    shades[..., 0] += np.linspace(-0.5, 0.5, _SHADES)[:, None] * _DEPTH
    # No shade is lighter than the lightest colour: else light colours would all end in white.
    shades[..., 0] = np.clip(shades[..., 0], 0.1, lab[:, 0].max())
    back = _within(shades)
    srgb = np.where(back <= 0.0031308, back * 12.92, 1.055 * back ** (1 / 2.4) - 0.055)
    table: NDArray[np.uint8] = np.ascontiguousarray(np.rint(srgb * 255).astype(np.uint8))
    table.setflags(write=False)
    return table


_LOWEST, _HIGHEST = 0.0005, 0.993  # of light that is neither nothing nor all a screen can give


def _within(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear RGB, as colourful as a screen can show it: lightness and hue stay, so no shade is clipped."""

    def linear(share: NDArray[np.float64]) -> NDArray[np.float64]:
        paler = lab * np.concatenate([np.ones_like(share), share, share], axis=-1)
        found: NDArray[np.float64] = (paler @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(
            _TO_LMS
        ).T
        return found

    share = np.ones_like(lab[..., :1])
    step = 0.5
    for _ in range(10):
        light = linear(share)
        inside = ((light >= _LOWEST) & (light <= _HIGHEST)).all(axis=-1, keepdims=True)
        share = np.minimum(1.0, share + np.where(inside, step, -step))
        step /= 2
    return np.clip(linear(share), _LOWEST, _HIGHEST)
