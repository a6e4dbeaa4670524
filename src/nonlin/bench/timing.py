"""Times of functions that take turns."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Spread", "alternate"]

_WARM = 0.01  # seconds


@dataclass(frozen=True, slots=True)
class Spread:
    """A median, and between what the middle half lies."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, samples: list[float]) -> Spread:
        """Of some numbers.

        >>> Spread.of([1.0, 2.0, 3.0, 4.0, 100.0])
        Spread(middle=3.0, low=2.0, high=4.0)
        """
        low, middle, high = (float(q) for q in np.percentile(samples, [25, 50, 75]))
        return cls(middle, low, high)


def alternate(
    works: Mapping[str, Callable[[], Any]], *, rounds: int, seconds: float, rest: float = 0.0
) -> dict[str, Spread]:
    """Time functions in turns, each round in another order, so that a slow moment hits all alike.

    Parameters
    ----------
    rounds
        How many samples of each.
    seconds
        How long a sample takes at least: as many calls as fill that time.
    rest
        Seconds of sleep before each sample: where several libraries have threads, those look for work for some
        milliseconds after a call, on the processors of whose turn is next. Calls that do not count follow, for some
        milliseconds, in which threads wake.

    Returns
    -------
    dict
        Seconds for one call of each.
    """
    calls = {name: _calls(work, seconds) for name, work in works.items()}
    samples: dict[str, list[float]] = {name: [] for name in works}
    order, shuffle = list(works), random.Random(0).shuffle
    collecting = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            shuffle(order)
            for name in order:
                work, n = works[name], calls[name]
                work()  # its arrays are in the cache as they would be, not another's
                if rest:
                    time.sleep(rest)
                    _warm_up(work)
                start = time.perf_counter()
                for _ in range(n):
                    work()
                samples[name].append((time.perf_counter() - start) / n)
    finally:
        if collecting:
            gc.enable()
    return {name: Spread.of(times) for name, times in samples.items()}


def _warm_up(work: Callable[[], Any]) -> None:
    """Call it until code is loaded, and threads are awake."""
    work()
    done = time.perf_counter() + _WARM
    while time.perf_counter() < done:
        work()


def _calls(work: Callable[[], Any], seconds: float) -> int:
    """How many calls fill a time."""
    _warm_up(work)
    n = 1
    while True:
        start = time.perf_counter()
        for _ in range(n):
            work()
        took = time.perf_counter() - start
        if took > seconds / 4 or n >= 1 << 20:
            return max(1, int(n * seconds / max(took, 1e-9)))
        n *= 4
