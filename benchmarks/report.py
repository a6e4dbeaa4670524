"""Medians with their spread, on one line each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["heading", "line", "spread"]


def heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def spread(samples: Sequence[float], unit: str = "ms", digits: int = 1) -> str:
    """The median, and the middle half in brackets."""
    low, middle, high = np.percentile(samples, [25, 50, 75])
    return f"{middle:.{digits}f} {unit} [{low:.{digits}f} … {high:.{digits}f}]"


def line(what: str, measured: str, wanted: str = "") -> None:
    print(f"{what:44}{measured:34}{wanted}")
