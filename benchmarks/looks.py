"""No bad picture: 1,000 seeds of every function of the catalogue at the defaults, and what falls outside.

Of each picture is measured how far its colours spread (the standard deviation of red, green and blue over
the picture, in shares of white), how many of its pixels are saturated (a channel at its very end), and how
many neighbouring pixels jump (some channel by more than a tenth). Functions that jump themselves make
pictures that do; they are marked, and only their jumps are not bounded. ``LOOKS_SEEDS`` may ask for fewer
seeds.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from numpy.typing import NDArray

import nonlin
from benchmarks.report import heading, line
from nonlin.art import Artwork

SIZE = 128
SEEDS = int(os.environ.get("LOOKS_SEEDS", "1000"))
SPREAD, SATURATED, JUMPING = (0.12, 0.35), 0.05, 0.25


def jumps(name: str) -> bool:
    """Whether a function of the catalogue jumps: the smallest step across some place is no small one."""
    x = np.linspace(-4, 4, 80_001)
    y = np.asarray(nonlin.catalogue[name](x), np.float64)
    return bool(np.abs(np.diff(y)).max() > 0.05)


def measures(name: str, seed: int) -> tuple[float, float, float]:
    picture = Artwork(seed=seed, activation=name).render(SIZE, SIZE) / 255
    steps = [np.abs(np.diff(picture, axis=axis)).max(axis=-1) for axis in (0, 1)]
    return (
        float(picture.std(axis=(0, 1)).mean()),
        float(((picture == 0) | (picture == 1)).any(axis=-1).mean()),
        float(np.mean([(step > 0.1).mean() for step in steps])),
    )


def _all(name: str) -> NDArray[np.float64]:
    nonlin.set_num_threads(1)
    return np.array([measures(name, seed) for seed in range(SEEDS)])


def main() -> None:
    heading(f"{SEEDS:,} seeds of every function, {SIZE} × {SIZE} pixels")
    print(f"{'':20}{'spread of colours':27}{'saturated':14}{'jumping':18}outside")
    outside = 0
    names = list(nonlin.catalogue)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for k, (name, found) in enumerate(zip(names, pool.map(_all, names), strict=True)):
            jumpy = jumps(name)
            low, middle, high = np.percentile(found[:, 0], [0, 50, 100])
            bad = (found[:, 0] < SPREAD[0]) | (found[:, 0] > SPREAD[1]) | (found[:, 1] > SATURATED)
            if not jumpy:
                bad |= found[:, 2] > JUMPING
            outside += int(bad.sum())
            worst, typical = found[:, 2].max(), np.median(found[:, 2])
            print(
                f"{name:20}{middle:.3f} [{low:.3f} … {high:.3f}]    "
                f"{found[:, 1].max():<14.1%}{typical:6.1%} [≤ {worst:.1%}]{'  jumps' if jumpy else '':9}"
                f"{bad.sum():4}  {' '.join(map(str, np.flatnonzero(bad)[:4]))}",
                flush=True,
            )
            print(f"{k + 1} of {len(names)}", end="\r", file=sys.stderr, flush=True)
    line("pictures outside", f"{outside} of {len(names) * SEEDS:,}", "0")
