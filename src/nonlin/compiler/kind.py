"""What a kernel's loop does with its program."""

from __future__ import annotations

from enum import Enum

__all__ = ["Kind"]


class Kind(Enum):
    """What a kernel's loop does with its program."""

    MAP = "map"
    """out[i] = f(x[i])"""
    PAIR = "pair"
    """out[i], second[i] = f(x[i]), f'(x[i])"""
    SCALE = "scale"
    """out[i] = gradient[i] * f'(x[i])"""
