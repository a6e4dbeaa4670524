"""A measurement: cases, one process for each number of threads, and rows that come back.

How many threads a library uses is settled when it is loaded (JAX, numexpr, OpenMP), so each number has
a process of its own, which is held to as many processors where the system can do that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nonlin.bench.cases import Case
from nonlin.bench.peers import PEERS, Peer
from nonlin.bench.timing import alternate
from nonlin.errors import NonlinError

__all__ = ["BenchError", "Row", "measure", "serve"]

OURS, COPY, RELU = "nonlin", "memcpy", "ReLU"
NO_SUCH = "it has no such function"
_REST = 0.05  # seconds: after a call ONNX Runtime looks for work for up to 40 ms, OpenMP for 10
_VARIABLES = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip


class BenchError(NonlinError):
    """A benchmark that cannot be, or a process of it that ended."""


@dataclass(frozen=True)
class Row:
    """One computation at one size with one number of threads; times in ns per element.

    Attributes
    ----------
    times
        For each who did it, nonlin among them: median, lower and upper quartile.
    others
        Who did not, and why: it cannot, or gave other values.
    copy, relu
        What copying the input takes, and nonlin's ReLU on it.
    """

    what: str
    name: str
    size: int
    dtype: str
    threads: int
    times: dict[str, tuple[float, float, float]]
    others: dict[str, str]
    copy: float
    relu: float

    @property
    def ours(self) -> float:
        """nonlin's median."""
        return self.times[OURS][0]

    @property
    def best(self) -> str | None:
        """The quickest peer; ``None`` if there is none."""
        peers = [name for name in self.times if name != OURS]
        return min(peers, key=lambda name: self.times[name][0]) if peers else None

    @property
    def ratio(self) -> float | None:
        """nonlin's time over that of the best peer: below 1 is quicker."""
        return self.ours / self.times[self.best][0] if self.best else None


def measure(
    cases: Sequence[Case],
    threads: Sequence[int],
    peers: Sequence[str],
    *,
    quick: bool = False,
    progress: Callable[[int, str], None] | None = None,
) -> Iterator[Row]:
    """Measure each case with each number of threads.

    Yields
    ------
    Row
        As they come. Closing the generator ends the processes.

    Raises
    ------
    BenchError
        A process ended before it was done; the message has its last words.
    """
    done = 0
    for count in threads:
        request = {
            "threads": count, "peers": list(peers), "quick": quick,
            "cases": [[c.what, c.name, c.size, c.dtype] for c in cases],
        }  # fmt: skip
        for answer in _process(request, count):
            if "now" in answer:
                if progress:
                    progress(done, f"{answer['now']}, {count} thread{'s' * (count > 1)}")
                continue
            done += 1
            row = answer["row"]
            row["times"] = {name: tuple(times) for name, times in row["times"].items()}
            yield Row(**row)


def _process(request: dict[str, Any], threads: int) -> Iterator[dict[str, Any]]:
    import nonlin

    environment = os.environ | dict.fromkeys(_VARIABLES, str(threads))
    environment["XLA_FLAGS"] = (
        f"{environment.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen="
        f"{'true' if threads > 1 else 'false'}"
    ).strip()
    # The process finds this very package, installed or not.
    root = str(Path(nonlin.__file__).parent.parent)
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [root, environment.get("PYTHONPATH", "")])
    )
    child = subprocess.Popen(
        [sys.executable, "-c", "from nonlin.bench.session import serve; serve()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        encoding="utf-8", env=environment,
    )  # fmt: skip
    assert child.stdin and child.stdout and child.stderr
    try:
        child.stdin.write(json.dumps(request))
        child.stdin.close()
        for line in child.stdout:
            if line.startswith("{"):  # libraries may print, too
                yield json.loads(line)
        if child.wait() != 0:
            words = child.stderr.read().strip().splitlines()[-1:]
            raise BenchError(f"the measuring process ended: {''.join(words) or child.returncode}")
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()


def serve() -> None:
    """What the process runs: a request on its input, an answer a line on its output."""
    request = json.loads(sys.stdin.read())
    count = request["threads"]
    if hasattr(os, "sched_setaffinity"):
        ours = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, ours[:count])
    errors = os.dup(2)
    if not os.environ.get("NONLIN_BENCH_VERBOSE"):  # warnings of libraries would fill the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        _serve(request, count)
    except BaseException:
        os.dup2(errors, 2)
        raise


def _serve(request: dict[str, Any], count: int) -> None:
    import nonlin

    nonlin.set_num_threads(count)
    peers = [PEERS[name](count) for name in request["peers"]]
    for what, name, size, dtype in request["cases"]:
        case = Case(what, name, size, dtype)
        _say({"now": f"{name} {what} {size:,}"})
        _say({"row": asdict(_row(case, peers, count, quick=request["quick"]))})


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def _row(case: Case, peers: Sequence[Peer], threads: int, *, quick: bool) -> Row:
    import nonlin

    works, others = {OURS: case.ours()}, {}
    for peer in peers:
        try:
            work = peer.make(case)
        except LookupError as error:
            others[peer.name] = f"it lacks {error}"
            continue
        except Exception as error:
            others[peer.name] = f"{type(error).__name__}: {error}"[:200]
            continue
        if work is None:
            others[peer.name] = NO_SUCH
            continue
        try:
            good = case.agrees(_plain(work()))
        except LookupError as error:
            others[peer.name] = f"it lacks {error}"
            continue
        except Exception as error:
            others[peer.name] = f"{type(error).__name__}: {error}"[:200]
            continue
        if good:
            works[peer.name] = work
        else:
            others[peer.name] = "it gives other values"
    target, relu = np.empty_like(case.x), np.empty_like(case.x)
    works[COPY] = lambda: np.copyto(target, case.x)
    works[RELU] = lambda: nonlin.relu(case.x, out=relu)
    rounds, seconds = (5, 0.0005 * threads) if quick else (21, 0.004)
    spreads = alternate(works, rounds=rounds, seconds=seconds, rest=_REST if threads > 1 else 0)
    scale = 1e9 / case.x.size
    times = {
        name: (s.middle * scale, s.low * scale, s.high * scale)
        for name, s in spreads.items()
        if name not in (COPY, RELU)
    }
    copy, one = (spreads[name].middle * scale for name in (COPY, RELU))
    return Row(case.what, case.name, case.size, case.dtype, threads, times, others, copy, one)


def _plain(result: Any) -> Any:
    """A peer's result as arrays of NumPy, copied."""
    if isinstance(result, tuple):
        return tuple(_plain(part) for part in result)
    if hasattr(result, "numpy") and callable(result.numpy):
        return np.array(result.numpy())
    return np.array(result)
