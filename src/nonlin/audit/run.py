"""One audit: a kernel over many inputs, each result beside the truth."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonlin.audit.compare import Comparison
from nonlin.audit.inputs import TOTAL, block, sample
from nonlin.audit.judge import AuditError, Judge
from nonlin.audit.polynomials import Piece, check, pieces
from nonlin.audit.tally import Tally, count, counted
from nonlin.audit.units import DTYPES

if TYPE_CHECKING:
    from nonlin.activation import Activation
    from nonlin.compiler.kernel import Kernel

__all__ = ["LIMITS", "SAMPLES", "Report", "audit", "of_kernel"]

Array = NDArray[Any]
LIMITS = {"float16": 0.5, "bfloat16": 0.5, "float32": 1.0, "float64": 2.0}
"""The largest error that passes, in units in the last place; at 0.5 results are correctly rounded."""
_ALLOWANCE = 1e-6  # what an enclosure may add to an error
SAMPLES = {"float32": 3_000_000, "float64": 100_000}
"""How many inputs are tried of a format too large to try them all."""
CHECKS = {"float16": 12, "bfloat16": 12, "float32": 40, "float64": 64}
"""At how many of them the judge itself is held against mpmath."""
_CHUNK = 1 << 14  # arrays that stay in the cache, and small enough not to be mapped anew each time
_PART = 1 << 22  # what is noted down at once


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit found.

    Attributes
    ----------
    what
        ``"value"`` or ``"derivative"``.
    name
        Of the function, or its formula.
    tally
        The counts.
    planned
        How many inputs there were to try; more than were tried, if it was interrupted.
    agreement
        The largest relative difference between the exact arithmetic and mpmath, where they were compared.
    """

    name: str
    what: str
    dtype: str
    tally: Tally
    planned: int
    agreement: float

    @property
    def complete(self) -> bool:
        """Whether every planned input was tried."""
        return self.tally.inputs == self.planned

    @property
    def passed(self) -> bool:
        """Whether what was tried kept within the format's limit."""
        return self.tally.error <= LIMITS[self.dtype] + _ALLOWANCE and self.tally.signs == 0


def of_kernel(kernel: Kernel, parameters: tuple[float, ...] = ()) -> Callable[[Array], Array]:
    """A compiled kernel as a function of arrays.

    >>> import nonlin
    >>> of_kernel(nonlin.relu.kernel("float32"))(np.array([-1, 2], np.float32))
    array([0., 2.], dtype=float32)
    """
    values = np.array(parameters, dtype=np.float64)

    def function(x: Array) -> Array:
        out = np.empty_like(x)
        kernel.run(x.ctypes.data, 0, out.ctypes.data, 0, x.size, values.ctypes.data)
        return out

    return function


def audit(
    f: Activation,
    what: str = "value",
    dtype: str = "float32",
    *,
    kernel: Callable[[Array], Array] | None = None,
    exhaustive: bool = False,
    samples: int | None = None,
    checks: int | None = None,
    workers: int = 2,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Compare a kernel of ``f`` with the truth.

    Parameters
    ----------
    what
        ``"value"`` for f, ``"derivative"`` for f'.
    kernel
        What is judged: any function from an array of the dtype to one of the same shape and dtype.
        If not given, what calling ``f`` runs.
    exhaustive
        Try every number of the format; float64 has too many.
    samples
        How many inputs to try otherwise, of float32 and float64; the others are always all tried.
    checks
        At how many inputs to hold the judge against mpmath.
    progress
        Called with how many inputs are done, and of how many.

    Returns
    -------
    Report
        Of what was done, if Ctrl-C (``KeyboardInterrupt``) ended it early.

    Raises
    ------
    AuditError
        float64 was to be exhausted, a number of samples is not positive, or the judge was found wrong.

    Examples
    --------
    >>> import nonlin
    >>> report = audit(nonlin.tanh, dtype="float16", workers=1)
    >>> report.tally.inputs, report.tally.misrounded, report.passed
    (65536, 0, True)
    """
    if exhaustive and dtype == "float64":
        raise AuditError(
            "float64 has 2**64 numbers, too many to try them all: leave out exhaustive"
        )
    if samples is not None and samples < 1:
        raise AuditError(f"the number of samples must be at least 1, not {samples}")
    judge = Judge(f, what, dtype)
    if kernel is None:
        kernel = f if what == "value" else f.derivative
    whole = exhaustive or dtype not in SAMPLES
    if whole:
        size, inputs = TOTAL[dtype], None
    else:
        places = sorted(judge.kinks)
        inputs = sample(dtype, samples or SAMPLES[dtype], places, seed)
        size = inputs.size
    agreement = judge.check(_some(dtype, inputs, CHECKS[dtype] if checks is None else checks, seed))
    cut: list[Piece] = []
    if exhaustive and dtype == "float32":
        cut = pieces(judge)
        check(judge, cut, CHECKS[dtype] if checks is None else checks, seed)
    work = _Work(judge, kernel, inputs, cut)
    tally = Tally()
    step = _PART if size > 64 * _PART else max(_CHUNK, size // (4 * workers))
    parts = list(range(-(-size // step)))
    stop = threading.Event()

    def part(i: int) -> Tally | None:
        return work.run(i * step, min((i + 1) * step, size), stop)

    with ThreadPoolExecutor(workers) as pool:
        waiting: set[Future[Tally | None]] = set()
        try:
            while parts or waiting:
                while parts and len(waiting) < 2 * workers:
                    waiting.add(pool.submit(part, parts.pop(0)))
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ready:
                    tally += future.result() or Tally()
                    if progress:
                        progress(tally.inputs, size)
        except BaseException as error:
            stop.set()
            if not isinstance(error, KeyboardInterrupt):
                raise
    name = f.formula if f.name == "f" else f.name
    return Report(name, what, dtype, tally, size, agreement)


def _some(dtype: str, inputs: Array | None, size: int, seed: int) -> NDArray[np.float64]:
    """Inputs for the check of the judge: of those that are tried."""
    rng = np.random.default_rng(seed + 1)
    if inputs is None:
        inputs = sample(dtype, 64 * size, seed=seed)
    return rng.choice(inputs, size, replace=False).astype(np.float64)


@dataclass(frozen=True)
class _Work:
    judge: Judge
    kernel: Callable[[Array], Array]
    inputs: Array | None
    cut: list[Piece]

    def run(self, start: int, stop: int, ended: threading.Event) -> Tally | None:
        """Count the inputs from one place to another; ``None`` if that was ended in between."""
        if self.cut:
            return self.quickly(start, stop, ended)
        total = Tally()
        for at in range(start, stop, _CHUNK):
            if ended.is_set():
                return None
            end = min(at + _CHUNK, stop)
            x = block(self.judge.dtype, at, end) if self.inputs is None else self.inputs[at:end]
            total += self.judged(x, self.results(x))
        return total

    def quickly(self, start: int, stop: int, ended: threading.Event) -> Tally | None:
        """The same of bit patterns, by polynomials; the judge gets what these leave in doubt."""
        total, doubts, waiting = Tally(), list[tuple[Array, Array]](), 0
        first = bisect_right(self.cut, start, key=lambda piece: piece.stop)
        for piece in self.cut[first:]:
            if piece.start >= stop:
                break
            size = _CHUNK if piece.unknown else 2 * _CHUNK
            for at in range(max(piece.start, start), min(piece.stop, stop), size):
                if ended.is_set():
                    return None
                x = block("float32", at, min(at + size, piece.stop, stop))
                y = self.results(x)
                found = Comparison.of(piece, x, y)
                total += counted(piece, x, y, found)
                if found.doubts.size:
                    doubts.append((x[found.doubts], y[found.doubts]))
                    waiting += found.doubts.size
                if waiting >= _CHUNK:
                    total += self.judged(*map(np.concatenate, zip(*doubts, strict=True)))
                    doubts, waiting = [], 0
        if doubts:
            total += self.judged(*map(np.concatenate, zip(*doubts, strict=True)))
        return total

    def results(self, x: Array) -> Array:
        y, dtype = self.kernel(x), self.judge.dtype
        if y.shape != x.shape or y.dtype != DTYPES[dtype]:
            raise AuditError(f"the kernel gave {y.dtype} of shape {y.shape} for {dtype}")
        return np.ascontiguousarray(y)

    def judged(self, x: Array, y: Array) -> Tally:
        with np.errstate(all="ignore"):
            z, got = x.astype(np.float64), y.astype(np.float64)
        return count(z, got, self.judge(z), self.judge.dtype)
