"""Contact sheets: many small pictures in one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from nonlin.art.artwork import Artwork

__all__ = ["sheet"]

_PAPER = 251


def sheet(
    artworks: Sequence[Artwork],
    columns: int,
    *,
    size: int = 160,
    gap: int = 8,
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.uint8]:
    """Pictures in rows of ``columns``, each ``size`` pixels square, as one array (height, width, 3).

    >>> sheet([Artwork(seed=s) for s in range(5)], 3, size=16, gap=2).shape
    (38, 56, 3)
    """
    rows = -(-len(artworks) // columns)
    step = size + gap
    out = np.full((rows * step + gap, columns * step + gap, 3), _PAPER, np.uint8)
    for i, art in enumerate(artworks):
        top, left = (gap + step * k for k in divmod(i, columns))
        out[top : top + size, left : left + size] = art.render(size, size, antialias=2)
        if progress:
            progress((i + 1) / len(artworks))
    return out
