"""Which processor code is made for, found out without loading a code generator.

x86-64 is sorted into the levels of its ABI supplement (x86-64-v2, -v3, -v4): code for a level runs on
every processor that has it, so it can be made once and kept. ``$NONLIN_CPU`` may name a lower level than
the processor has, to see what others do. Other processors are named by LLVM.
"""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from nonlin.errors import CompileError

__all__ = ["Simd", "Target", "host"]

Simd = Literal["avx512", "avx2", "neon"]
"""Instructions that quick kernels are made of."""

# System V Application Binary Interface, AMD64 supplement, table 3.1; names as in /proc/cpuinfo.
_V2 = frozenset(["cx16", "lahf_lm", "popcnt", "ssse3", "sse4_1", "sse4_2"])
_V3 = _V2 | frozenset(["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"])
_V4 = _V3 | frozenset(["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"])
_LEVELS: tuple[tuple[str, frozenset[str]], ...] = (
    ("x86-64-v4", _V4),
    ("x86-64-v3", _V3),
    ("x86-64-v2", _V2),
    ("x86-64", frozenset()),
)
_SIMD: dict[str, Simd] = {"x86-64-v4": "avx512", "x86-64-v3": "avx2"}


@dataclass(frozen=True, slots=True)
class Target:
    """A processor to make code for.

    ``cpu`` and ``features`` are LLVM's words; ``fma`` tells whether there is a fused multiply-add;
    ``flat`` whether finished code is kept as a position-independent image, which loads without LLVM;
    ``simd`` which look-ups it has, if any that quick kernels can use.
    """

    cpu: str
    features: str
    fma: bool
    flat: bool
    simd: Simd | None = None

    @property
    def name(self) -> str:
        """Identifies the target in a cache."""
        return f"{sys.platform} {self.cpu} {self.features}"


@cache
def host() -> Target:
    """This processor, or the lower level of it that ``$NONLIN_CPU`` names.

    Raises
    ------
    CompileError
        If it names none that this processor has.
    """
    wanted = os.environ.get("NONLIN_CPU")
    if sys.platform == "linux" and platform.machine() == "x86_64":
        flags = _flags()
        levels = [name for name, needed in _LEVELS if needed <= flags]
        level = wanted or levels[0]
        if level not in levels:
            raise CompileError(f"NONLIN_CPU is {level!r}; this processor runs {', '.join(levels)}")
        return Target(level, "", level in _SIMD, flat=True, simd=_SIMD.get(level))
    if wanted:
        raise CompileError(f"NONLIN_CPU is {wanted!r}; there are levels for x86-64 on Linux alone")
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    features = llvm.get_host_cpu_features()
    simd: Simd | None = None
    if platform.machine().lower() in ("arm64", "aarch64"):
        simd = "neon"
    elif features.get("fma") and features.get("avx2"):
        wide = ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")
        simd = "avx512" if all(map(features.get, wide)) else "avx2"
    fma = simd is not None or bool(features.get("fma"))
    return Target(llvm.get_host_cpu_name(), features.flatten(), fma, flat=False, simd=simd)


def _flags() -> frozenset[str]:
    """Features of the first processor; none where they cannot be read."""
    try:
        with Path("/proc/cpuinfo").open(encoding="ascii", errors="replace") as file:
            for _, line in zip(range(100), file, strict=False):
                if line.startswith("flags"):
                    return frozenset(line.split(":", 1)[1].split())
    except OSError:
        pass
    return frozenset()
