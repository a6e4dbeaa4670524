"""From the text of a new formula to its first value."""

from __future__ import annotations

import os
import tempfile
import time

import numpy as np

from benchmarks.report import heading, line, spread

FORMULAS = (
    "z * tanh(softplus(z)) * {}",
    "tanh({} * z)",
    "max(0.01 * z, z) - {}",
    "z * Phi({} * z)",
    "z + sin({} * z)**2 / {}",
    "where(z > 0, z, {} * expm1(z))",
    "{} * exp(-z * z) * atan(z)",
    "z * sigmoid({} * z)",
    "min(max(z / 6 + {}, 0), 1)",
    "log1p(z * z) * sign(z) / {}",
)
ROUNDS = 5


def main() -> None:
    heading("A new formula, from text to values (LLVM and SymPy loaded)")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NONLIN_CACHE_DIR"] = folder  # nothing is found there
        import sympy  # noqa: F401

        import nonlin

        nonlin.define("z * z * z")(np.ones(8, np.float32))
        for dtype in (np.float32, np.float64):
            x = np.linspace(-4, 4, 1000).astype(dtype)
            times = []
            for i in range(ROUNDS):
                for formula in FORMULAS:
                    text = formula.replace("{}", str(1.0625 + 0.0625 * i))
                    start = time.perf_counter()
                    nonlin.define(text)(x)
                    times.append(1e3 * (time.perf_counter() - start))
            line(np.dtype(dtype).name, spread(times), "at most 50 ms")
            line("  the slowest", f"{max(times):.1f} ms")
