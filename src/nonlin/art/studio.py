"""What a page has to know to paint the same pictures: how layers are driven, and the palettes."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np

import nonlin
from nonlin.activation import Activation
from nonlin.art.artwork import JITTER, OUTPUT_GAIN
from nonlin.art.balance import balance, detail
from nonlin.art.palettes import PALETTES, palette
from nonlin.network.picture import INPUTS, REFERENCE

__all__ = ["describe", "drive"]


def drive(f: Activation) -> list[float]:
    """A function's gain and shift, and the factor by which the first layer has more of both.

    >>> drive(nonlin.gaussian)[:2]
    [0.5, 0.25]
    """
    return [*balance(f), detail(f)]


def describe() -> dict[str, Any]:
    """Everything that :class:`nonlin.art.Artwork` takes from Python's side, as plain data.

    ``tables`` has all palettes, shape (palettes, 64, 256, 3), as base64 of a zlib stream. In it each colour is
    told by how it differs from the one before, modulo 256, which packs seven times as small.

    >>> described = describe()
    >>> described["drive"]["gaussian"][:2], described["inputs"]
    ([0.5, 0.25], ['x', 'y', 'r', 'latent'])
    """
    tables = np.stack([palette(name) for name in PALETTES])
    steps = tables.copy()
    steps[:, :, 1:] -= tables[:, :, :-1]
    return {
        "version": 1,
        "drive": {name: drive(f) for name, f in nonlin.catalogue.items()},
        "output": {"activation": "sigmoid", "gain": OUTPUT_GAIN},
        "jitter": JITTER,
        "reference": REFERENCE,
        "inputs": list(INPUTS),
        "palettes": {name: list(stops) for name, stops in PALETTES.items()},
        "tables": base64.b64encode(zlib.compress(steps.tobytes(), 9)).decode(),
    }
