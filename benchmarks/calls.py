"""What a call costs: tanh of 64 and of 4,096 float32 numbers, beside NumPy's own and PyTorch's.

nonlin has two ways in: the activation itself, which takes whatever holds numbers, and its universal function,
which is called as NumPy's are. Into new memory and into memory that is there already; in turns, each turn
some hundred calls.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import nonlin
from benchmarks.report import heading, line, spread

ROUNDS, CALLS = 101, 500
SIZES = (64, 4096)
Call = Callable[[], object]


def _ways(x: Any, out: Any) -> dict[str, tuple[Call, Call]]:
    tanh, universal = nonlin.tanh, nonlin.tanh.ufunc
    ways: dict[str, tuple[Call, Call]] = {
        "numpy.tanh": (lambda: np.tanh(x), lambda: np.tanh(x, out=out)),
        "nonlin.tanh.ufunc": (lambda: universal(x), lambda: universal(x, out=out)),
        "nonlin.tanh": (lambda: tanh(x), lambda: tanh(x, out=out)),
    }
    try:
        import torch
    except ImportError:
        return ways
    given, result = torch.from_numpy(x), torch.from_numpy(out)
    ways["torch.tanh"] = lambda: torch.tanh(given), lambda: torch.tanh(given, out=result)
    return ways


def _time(call: Call) -> float:
    """Nanoseconds of a call, the loop's own part left out."""
    times = []
    for what in (call, lambda: None):
        start = time.perf_counter()
        for _ in range(CALLS):
            what()
        times.append(time.perf_counter() - start)
    return 1e9 * (times[0] - times[1]) / CALLS


def main() -> None:
    heading("Calls")
    for size in SIZES:
        x = np.random.default_rng(0).normal(size=size).astype(np.float32)
        out = np.empty_like(x)
        calls = {
            f"{name}(x{', out=y' * into})": pair[into]
            for name, pair in _ways(x, out).items()
            for into in (False, True)
        }
        times: dict[str, list[float]] = {name: [] for name in calls}
        for call in calls.values():
            _time(call)
        for turn in range(ROUNDS):
            names = list(calls)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                times[name].append(_time(calls[name]))
        for name, found in times.items():
            other = times["numpy.tanh(x, out=y)" if "out" in name else "numpy.tanh(x)"]
            ratio = np.median(np.array(found) / np.array(other))
            line(f"{size} numbers: {name}", spread(found, "ns", 0), f"{ratio:.2f} of NumPy's")
