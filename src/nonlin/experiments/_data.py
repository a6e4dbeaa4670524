"""Points in the plane with two classes, for the experiments that train on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["TASKS", "blobs", "moons", "rings", "xor"]

Array = NDArray[Any]


def _mirrored(x: Array, y: Array, flips: bool) -> tuple[Array, Array]:
    """The points and their images in both axes, so that no straight line is better than a guess."""
    images = [(x * [a, b], np.abs(y - (flips and a != b))) for a in (1, -1) for b in (1, -1)]
    return np.concatenate([i[0] for i in images]), np.concatenate([i[1] for i in images])


def xor(count: int, random: np.random.Generator) -> tuple[Array, Array]:
    """1 where the two coordinates have the same sign; symmetric in both axes.

    >>> x, y = xor(8, np.random.default_rng(0))
    >>> bool(((x[:, 0] * x[:, 1] > 0) == (y[:, 0] == 1)).all())
    True
    """
    x = random.uniform(0.1, 1, (count // 4, 2))
    points, labels = _mirrored(x, np.ones(len(x)), flips=True)
    return points, labels[:, None]


def rings(count: int, random: np.random.Generator) -> tuple[Array, Array]:
    """1 on an inner ring, 0 on an outer one; symmetric in both axes."""
    turn = random.uniform(0, np.pi / 2, count // 4)
    inner = np.arange(count // 4) % 2 == 0
    radius = np.where(inner, 0.4, 0.9) + random.normal(0, 0.06, count // 4)
    x = radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    points, labels = _mirrored(x, inner.astype(np.float64), flips=False)
    return points, labels[:, None]


def moons(count: int, random: np.random.Generator) -> tuple[Array, Array]:
    """Two crescents that reach into each other."""
    lower = np.arange(count) % 2 == 1
    turn = random.uniform(0, np.pi, count)
    x = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    x[lower] = [1.0, 0.5] - x[lower]
    x += random.normal(0, 0.12, x.shape) - [0.5, 0.25]
    return x, lower.astype(np.float64)[:, None]


def blobs(count: int, random: np.random.Generator) -> tuple[Array, Array]:
    """Two round clouds that a line tells apart."""
    second = np.arange(count) % 2 == 1
    x = random.normal(0, 0.45, (count, 2)) + np.where(second[:, None], [1.0, 0.6], [-0.6, -0.8])
    return x, second.astype(np.float64)[:, None]


TASKS: dict[str, Callable[[int, np.random.Generator], tuple[Array, Array]]] = {
    "xor": xor,
    "rings": rings,
    "moons": moons,
    "blobs": blobs,
}
