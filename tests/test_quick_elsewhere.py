"""Quick kernels of processors with smaller registers, run on one with larger ones: right, and the same for all neighbours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nonlin.compiler.target import host

LEVEL = "x86-64-v3"

CHECKS = f"""
import sys
import numpy as np, nonlin
from nonlin.compiler.target import host
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_quick as here
assert (host().cpu, host().simd) == ({LEVEL!r}, "avx2")
np.seterr(all="ignore")
f = nonlin.define(sys.argv[1]) if "z" in sys.argv[1] else nonlin.catalogue[sys.argv[1]]
x = here.places(7)
for what, call in (("value", f), ("derivative", f.derivative)):
    assert here.apart(call(x), here.plain(f, what, x)) <= 1, what
    print("avx2.permd" in f.kernel("float32", what).ir)
both = f.value_and_derivative(x)
assert np.array_equal(both[0], f(x), equal_nan=True)
assert np.array_equal(both[1], f.derivative(x), equal_nan=True)
whole = f(x)
for n in range(100):
    assert np.array_equal(f(x[n : 3 * n]), whole[n : 3 * n], equal_nan=True), n
"""


@pytest.mark.skipif(host().cpu != "x86-64-v4", reason="this processor does not choose")
@pytest.mark.parametrize(
    "formula",
    ["sigmoid", "tanh", "elu", "softplus", "lisht", "where(z > 0, z, 0.3 * expm1(z / 0.3))"],
)
def test_eight_floats_in_a_register(formula: str, tmp_path: Path) -> None:
    """AVX2; the test of the look-ups of AArch64 is test_quick.py on such a processor."""
    done = subprocess.run(
        [sys.executable, "-c", CHECKS, formula], capture_output=True, text=True,
        env={**os.environ, "NONLIN_CPU": LEVEL, "NONLIN_CACHE_DIR": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout == "True\nTrue\n", done.stderr[-2000:]


@pytest.mark.parametrize("level", ["x86-64-v9", "skylake", "x86-64-v4 "])
def test_a_processor_that_there_is_not(level: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import nonlin; nonlin.relu([1.0])"], capture_output=True, text=True,
        env={**os.environ, "NONLIN_CPU": level},
    )  # fmt: skip
    assert f"NONLIN_CPU is {level!r}; " in done.stderr and "CompileError" in done.stderr
