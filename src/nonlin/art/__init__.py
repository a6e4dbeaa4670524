"""Pictures from small random networks: what an activation does to a plane, as something to look at.

>>> from nonlin.art import Artwork
>>> picture = Artwork(seed=7, activation="tanh").render(32, 32)
>>> picture.shape, picture.dtype
((32, 32, 3), dtype('uint8'))
"""

from __future__ import annotations

from nonlin.art.artwork import ArtError, Artwork
from nonlin.art.palettes import PALETTES
from nonlin.art.sheet import sheet

__all__ = ["PALETTES", "ArtError", "Artwork", "sheet"]
