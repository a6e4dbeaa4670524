"""Initial weights, by their standard names.

The plain names mean what they mean in Keras: glorot is uniform, he and lecun are normal. Orthogonal
weights are A. Saxe's et al., *Exact solutions to the nonlinear dynamics of learning in deep linear neural
networks* (ICLR 2014); for the others see :data:`nonlin.network.layout.INITIAL`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonlin.errors import NetworkError
from nonlin.network.layout import INITIAL, Scale

__all__ = ["known", "orthogonal", "scale"]

ALIASES = {
    "xavier": "xavier_uniform",
    "glorot": "xavier_uniform",
    "glorot_uniform": "xavier_uniform",
    "glorot_normal": "xavier_normal",
    "he": "kaiming_normal",
    "he_normal": "kaiming_normal",
    "he_uniform": "kaiming_uniform",
    "kaiming": "kaiming_normal",
    "lecun": "lecun_normal",
}


def known() -> list[str]:
    """Every name of an initialisation."""
    return [*INITIAL, "orthogonal", *ALIASES]


def scale(name: str) -> Scale | None:
    """How weights are drawn; None for orthogonal ones.

    Raises
    ------
    NetworkError
        There is no such initialisation.
    """
    if name not in known():
        raise NetworkError(
            f"there is no initialisation {name!r:.60}: use one of {', '.join(known())}"
        )
    return INITIAL.get(ALIASES.get(name, name))


def orthogonal(draws: NDArray[Any]) -> NDArray[np.float64]:
    """From normal draws, a matrix of that shape whose rows or columns are orthonormal."""
    a = draws.astype(np.float64)
    tall = a if a.shape[0] >= a.shape[1] else a.T
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))  # so that it is uniform over the orthogonal matrices
    return q if tall is a else np.ascontiguousarray(q.T)
