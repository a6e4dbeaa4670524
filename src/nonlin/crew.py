"""Threads that take part in large calls: started when first needed, and at hand within a microsecond while busy.

A pool of Python's threads hands a job over in some hundred microseconds, in which a processor goes through half a
million numbers. Here the waiting and the handing over are machine code (:mod:`nonlin.compiler.crew`).
"""

from __future__ import annotations

import ctypes
import os
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace

from nonlin.compiler.crew import ARGUMENTS, CHUNKS, JOB, JOB_SIZE, SLOT, SLOT_SIZE
from nonlin.errors import CompileError

__all__ = ["Crew", "Work", "crew"]

_LINE = 64
_MASK = (1 << 64) - 1
_HEAD, _ARGUMENTS = struct.Struct("<6Q"), struct.Struct(f"<{3 * ARGUMENTS}Q")
_TASK = struct.Struct("<QQ")
_NUMBER = struct.Struct("<q")


class _Memory:
    """Some memory that begins with a line of the cache."""

    def __init__(self, size: int) -> None:
        self.buffer = ctypes.create_string_buffer(size + _LINE)
        begin = ctypes.addressof(self.buffer)
        self.skip = -begin % _LINE
        self.at = begin + self.skip


@dataclass(frozen=True, slots=True)
class Work:
    """A compiled function to be called for chunks of so many rows, at most :data:`nonlin.compiler.crew.CHUNKS` of them.

    ``first``, ``row`` and ``own`` are its arguments as :data:`nonlin.compiler.crew.JOB` has them; ``tells`` says whether it
    returns how many rows it has done; ``holds`` is what has to stay in memory meanwhile.
    """

    function: int
    rows: int
    chunk: int
    first: Sequence[int]
    row: Sequence[int]
    own: Sequence[int] = ()
    tells: bool = False
    holds: object = None

    @property
    def chunks(self) -> int:
        return -(-self.rows // self.chunk)

    def write(self, job: _Memory, workers: int) -> None:
        """Into the memory of a job, of which nothing is taken yet."""
        if self.chunks > CHUNKS:
            raise ValueError(f"a job has at most {CHUNKS} chunks, not {self.chunks}")
        head = (self.function, self.rows, self.chunk, self.chunks, workers, self.tells)
        _HEAD.pack_into(job.buffer, job.skip + JOB["function"], *head)
        parts = (
            [*part, *[0] * (ARGUMENTS - len(part))] for part in (self.first, self.row, self.own)
        )
        given = (value & _MASK for part in parts for value in part)
        _ARGUMENTS.pack_into(job.buffer, job.skip + JOB["first"], *given)
        ctypes.memset(job.at + JOB["taken"], 0, self.chunks)


@cache
def _code() -> SimpleNamespace:
    """The compiled functions; ``post`` keeps the interpreter's lock, as it takes no time."""
    from nonlin.compiler import cache as store
    from nonlin.compiler import native
    from nonlin.compiler.crew import crew_module

    at = native.load(store.key("crew"), crew_module)
    place = ctypes.c_void_p
    return SimpleNamespace(
        work=ctypes.CFUNCTYPE(ctypes.c_int64, place, ctypes.c_int64)(at["work"]),
        help=ctypes.CFUNCTYPE(None, place)(at["help"]),
        post=ctypes.PYFUNCTYPE(ctypes.c_int32, place)(at["post"]),
        collect=ctypes.CFUNCTYPE(ctypes.c_int32, place)(at["collect"]),
    )


class _Helper:
    """A thread that waits for jobs: for a moment it looks for them, and then it sleeps.

    Raises
    ------
    RuntimeError
        There can be no more threads, as when the interpreter is about to end.
    """

    def __init__(self, worker: int) -> None:
        # For good: the thread looks at it as long as there is a process.
        self._slot = _Memory(SLOT_SIZE)
        self.holds: object = None
        self._worker, self._code = worker, _code()
        self._make_bed()
        self._rest = threading.Lock()  # where there are no semaphores
        self._rest.acquire()
        threading.Thread(target=self._help, name="nonlin", daemon=True).start()

    def _make_bed(self) -> None:
        """A semaphore, so that waking does not take the interpreter's lock."""
        library = ctypes.CDLL(None) if os.name == "posix" else None
        places = []
        for name in ("sem_init", "sem_wait", "sem_post"):
            if not hasattr(library, name):
                return
            places.append(ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0)
        slot = self._slot
        begin = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint)(
            places[0]
        )
        if begin(slot.at + SLOT["bed"], 0, 0) == 0:
            _TASK.pack_into(slot.buffer, slot.skip + SLOT["wait"], *places[1:])

    def _help(self) -> None:
        while True:
            self._code.help(self._slot.at)
            self._rest.acquire()

    def post(self, job: _Memory, holds: object) -> None:
        """Have it work on a job, and hold what that is about until it is done."""
        self.holds = job, holds
        _TASK.pack_into(self._slot.buffer, self._slot.skip + SLOT["job"], job.at, self._worker)
        if self._code.post(self._slot.at) and self._rest.locked():
            self._rest.release()

    def collect(self) -> int:
        """The first row that it has left undone where the function did, else -1."""
        done = self._code.collect(self._slot.at)
        self.holds = None
        if not done:
            return -1
        return int(_NUMBER.unpack_from(self._slot.buffer, self._slot.skip + SLOT["result"])[0])


class Crew:
    """Helpers of one process, for one caller at a time: whoever does not get :attr:`lock` works alone."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.lock = threading.Lock()
        self._job = _Memory(JOB_SIZE)
        self._helpers: list[_Helper] = []
        self._full = False

    def grown(self, count: int) -> int:
        """How many helpers there are of so many wanted; they are begun when first asked for."""
        while len(self._helpers) < count and not self._full:
            try:
                self._helpers.append(_Helper(1 + len(self._helpers)))
            except (RuntimeError, CompileError):
                self._full = True
        return min(count, len(self._helpers))

    def share(self, work: Work, helpers: int) -> list[tuple[int, int]]:
        """Work together with so many helpers; from where to where rows are left, where the function left some."""
        for helper in self._helpers:
            if helper.holds is not None:  # somebody was interrupted before collecting
                helper.collect()
        posted = self._helpers[: min(helpers, work.chunks - 1)]
        job, left = self._job, list[int]()
        work.write(job, 1 + len(posted))
        try:
            for helper in posted:
                helper.post(job, work.holds)
            left.append(_code().work(job.at, 0))
        finally:
            left += [helper.collect() for helper in posted]
        stops = [(at, (at // work.chunk + 1) * work.chunk) for at in left if at >= 0]
        if any(at >= 0 for at in left):  # and perhaps nobody was there to take the rest
            first = job.skip + JOB["taken"]
            taken = job.buffer[first : first + work.chunks]
            stops += [
                (k * work.chunk, (k + 1) * work.chunk) for k, it in enumerate(taken) if not it
            ]
        return [(start, min(stop, work.rows)) for start, stop in stops]


_crews: list[Crew] = []


def crew() -> Crew:
    """Those of this process: after a fork there is none of the parent's threads."""
    if not _crews or _crews[-1].process != os.getpid():
        _crews[:] = [Crew()]
    return _crews[-1]
