"""Starting: the import, and the first call of a function of the catalogue, each in a new process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from benchmarks.report import heading, line, spread

ROUNDS = 15
FUNCTIONS = ("relu", "silu", "gelu", "mish", "tanh", "softplus")
_IMPORT = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
_CALL = """
import time, numpy, nonlin
x = numpy.linspace(-4, 4, 1000).astype({dtype!r})
t = time.perf_counter()
nonlin.{name}(x)
print(time.perf_counter() - t)
"""


def _timed(code: str, environment: dict[str, str]) -> float:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return 1e3 * float(done.stdout)


def main() -> None:
    heading("Start")
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}  # byte code, as once installed
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for module in ("numpy", "nonlin"):
            _timed(_IMPORT.format(module), environment)
        pairs = [
            [_timed(_IMPORT.format(m), environment) for m in ("numpy", "nonlin")]
            for _ in range(ROUNDS)
        ]
        line("import numpy", spread([a for a, _ in pairs]))
        line("import nonlin", spread([b for _, b in pairs]))
        line("  ratio", spread([b / a for a, b in pairs], "×", 2), "at most 1.3")
        for dtype in ("float32", "float64"):
            _timed(_CALL.format(name="relu", dtype=dtype), environment)
            calls = [
                _timed(_CALL.format(name=name, dtype=dtype), environment)
                for _ in range(3)
                for name in FUNCTIONS
            ]
            line(f"first call, {dtype}", spread(calls), "at most 40 ms")
            line("  the slowest", f"{max(calls):.1f} ms")
