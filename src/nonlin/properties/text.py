"""How numbers, intervals and places are written in a claim."""

from __future__ import annotations

import math
import re
from typing import Any

__all__ = ["Interval", "interval_text", "num", "region", "shown"]

Interval = tuple[float, float, bool, bool]  # from, to, whether each end belongs to it


def num(x: Any) -> str:
    """Six significant digits with a true minus sign: ``−0.169971``, ``∞``, ``2.5e−9``."""
    value = float(x)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0 and x != 0:
        return "−0" if x < 0 else "0"  # below every double
    short = f"{value + 0.0:.6g}"
    return re.sub(r"e([+-])0*(\d)", lambda m: f"e{m[1].strip('+')}{m[2]}", short).replace("-", "−")


def interval_text(interval: Interval) -> str:
    """``[0, ∞)``, ``{1}``, ``ℝ``."""
    lo, hi, has_lo, has_hi = interval
    if lo == hi:
        return f"{{{num(lo)}}}"
    if lo == -math.inf and hi == math.inf:
        return "ℝ"
    return f"{'[' if has_lo else '('}{num(lo)}, {num(hi)}{']' if has_hi else ')'}"


def region(lo: float, hi: float) -> str:
    """``z < 0``, ``z > 1``, ``0 < z < 1`` or ``every z``."""
    if math.isinf(lo) and math.isinf(hi):
        return "every z"
    if math.isinf(lo):
        return f"z < {num(hi)}"
    return f"z > {num(lo)}" if math.isinf(hi) else f"{num(lo)} < z < {num(hi)}"


def shown(items: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; long lists are cut."""
    if len(items) > 6:
        items = [*items[:5], f"{len(items) - 5} more"]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
