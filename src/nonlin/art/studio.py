"""What a page has to know to paint the same pictures: how layers are driven, and the palettes."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np

import nonlin
from nonlin.art.artwork import JITTER, OUTPUT_GAIN
from nonlin.art.balance import balance, detail
from nonlin.art.palettes import PALETTES, palette
from nonlin.network.picture import INPUTS, REFERENCE

__all__ = ["describe"]


def describe() -> dict[str, Any]:
    """Everything that :class:`nonlin.art.Artwork` takes from Python's side, as plain data.

    ``drive`` has each function's gain, shift and detail, by which the first layer has more of both; ``tables`` all palettes, shape
    (palettes, 64, 256, 3), as base64 of a zlib stream. In it each colour is told by how it differs
    from the one before, modulo 256, which packs seven times as small.

    >>> described = describe()
    >>> described["drive"]["gaussian"][:2], described["inputs"]
    ([0.5, 0.25], ['x', 'y', 'r', 'latent'])
    """
    tables = np.stack([palette(name) for name in PALETTES])
    steps = tables.copy()
    steps[:, :, 1:] -= tables[:, :, :-1]
    return {
        "version": 1,
        "drive": {name: [*balance(f), detail(f)] for name, f in nonlin.catalogue.items()},
        "output": {"activation": "sigmoid", "gain": OUTPUT_GAIN},
        "jitter": JITTER,
        "reference": REFERENCE,
        "inputs": list(INPUTS),
        "palettes": {name: list(stops) for name, stops in PALETTES.items()},
        "tables": base64.b64encode(zlib.compress(steps.tobytes(), 9)).decode(),
    }
