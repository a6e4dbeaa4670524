"""Which processor code is made for, found out without loading a code generator.

x86-64 is sorted into the levels of its ABI supplement (x86-64-v2, -v3, -v4): code for a level runs on
every processor that has it, so it can be made once and kept. Other processors are named by LLVM.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Target", "host"]

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


@dataclass(frozen=True, slots=True)
class Target:
    """A processor to make code for.

    ``cpu`` and ``features`` are LLVM's words; ``fma`` tells whether there is a fused multiply-add;
    ``flat`` whether finished code is kept as a position-independent image, which loads without LLVM.
    """

    cpu: str
    features: str
    fma: bool
    flat: bool

    @property
    def name(self) -> str:
        """Identifies the target in a cache."""
        return f"{sys.platform} {self.cpu} {self.features}"


@cache
def host() -> Target:
    """This processor."""
    if sys.platform == "linux" and platform.machine() == "x86_64":
        flags = _flags()
        level = next(name for name, needed in _LEVELS if needed <= flags)
        return Target(level, "", level in ("x86-64-v3", "x86-64-v4"), flat=True)
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    features = llvm.get_host_cpu_features()
    fma = bool(features.get("fma")) or platform.machine().lower() in ("arm64", "aarch64")
    return Target(llvm.get_host_cpu_name(), features.flatten(), fma, flat=False)


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
