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
from functools import cache
from types import SimpleNamespace
from typing import NamedTuple

from nonlin.compiler.crew import ARGUMENTS, CHUNKS, JOB, JOB_SIZE, SLOT, SLOT_SIZE
from nonlin.errors import CompileError

__all__ = ["Crew", "Work", "crew"]

_LINE = 64
_HEAD = struct.Struct(f"<6q{JOB['first'] - 6 * 8}x{3 * ARGUMENTS}q")
_NONE = (0,) * ARGUMENTS
_BED, _FLAG, _PLACE = struct.Struct("<QQ"), struct.Struct("<i"), struct.Struct("<Q")


class _Memory:
    """Some memory that begins with a line of the cache."""

    def __init__(self, size: int) -> None:
        self.buffer = ctypes.create_string_buffer(size + _LINE)
        begin = ctypes.addressof(self.buffer)
        self.skip = -begin % _LINE
        self.at = begin + self.skip


class Work(NamedTuple):
    """A compiled function to be called for chunks of so many rows, at most :data:`nonlin.compiler.crew.CHUNKS` of them.

    ``first``, ``row`` and ``own`` are its arguments as :data:`nonlin.compiler.crew.JOB` has them; ``tells`` says whether it
    returns how many rows it has done.
    """

    function: int
    rows: int
    chunk: int
    first: Sequence[int]
    row: Sequence[int]
    own: Sequence[int] = ()
    tells: bool = False

    @property
    def chunks(self) -> int:
        return -(-self.rows // self.chunk)

    def write(self, job: _Memory, workers: int) -> None:
        """Into the memory of a job.

        Raises
        ------
        ValueError
            It has more chunks than a job has room for.
        """
        function, rows, chunk, first, row, own, tells = self
        chunks = -(-rows // chunk)
        if chunks > CHUNKS:
            raise ValueError(f"a job has at most {CHUNKS} chunks, not {chunks}")
        _HEAD.pack_into(
            job.buffer, job.skip, function, rows, chunk, chunks, workers, tells,
            *first, *_NONE[len(first) :], *row, *_NONE[len(row) :], *own, *_NONE[len(own) :],
        )  # fmt: skip


@cache
def _code() -> SimpleNamespace:
    """The compiled functions."""
    from nonlin.compiler import cache as store
    from nonlin.compiler import native
    from nonlin.compiler.crew import crew_module

    at = native.load(store.key("crew"), crew_module)
    place = ctypes.c_void_p
    return SimpleNamespace(
        share=ctypes.CFUNCTYPE(ctypes.c_int32, place, place, ctypes.c_int64)(at["share"]),
        help=ctypes.CFUNCTYPE(None, place)(at["help"]),
    )


class _Helper:
    """A thread that waits for jobs: for a moment it looks for them, and then it sleeps.

    Raises
    ------
    RuntimeError
        There can be no more threads, as when the interpreter is about to end.
    """

    def __init__(self) -> None:
        # For good: the thread looks at it as long as there is a process.
        self.slot = _Memory(SLOT_SIZE)
        self._code = _code()
        self.has_bed = self._make_bed()
        self._rest = threading.Lock()  # where there are no semaphores
        self._rest.acquire()
        threading.Thread(target=self._help, name="nonlin", daemon=True).start()

    def _make_bed(self) -> bool:
        """A semaphore, so that waking does not take the interpreter's lock; whether there are semaphores."""
        library = ctypes.CDLL(None) if os.name == "posix" else None
        places = []
        for name in ("sem_init", "sem_wait", "sem_post"):
            if not hasattr(library, name):
                return False
            places.append(ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0)
        slot = self.slot
        begin = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint)(
            places[0]
        )
        if begin(slot.at + SLOT["bed"], 0, 0) != 0:
            return False
        _BED.pack_into(slot.buffer, slot.skip + SLOT["wait"], *places[1:])
        return True

    def _help(self) -> None:
        while True:
            self._code.help(self.slot.at)
            self._rest.acquire()

    def rouse(self) -> None:
        """Wake it, where there are no semaphores; it looks for jobs again for a moment."""
        (asleep,) = _FLAG.unpack_from(self.slot.buffer, self.slot.skip + SLOT["asleep"])
        if asleep and self._rest.locked():
            self._rest.release()


class Crew:
    """Helpers of one process, for one caller at a time: whoever does not get :attr:`lock` works alone."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.lock = threading.Lock()
        self._job, self._slots = _Memory(JOB_SIZE), _Memory(_PLACE.size * CHUNKS)
        self._helpers: list[_Helper] = []
        self._roused = False
        self._full = False

    def grown(self, count: int) -> int:
        """How many helpers there are of so many wanted; they are begun when first asked for."""
        while len(self._helpers) < count and not self._full:
            try:
                helper = _Helper()
            except (RuntimeError, CompileError):
                self._full = True
                break
            place = self._slots.skip + _PLACE.size * len(self._helpers)
            _PLACE.pack_into(self._slots.buffer, place, helper.slot.at)
            self._helpers.append(helper)
            self._roused |= not helper.has_bed
        return min(count, len(self._helpers))

    def share(self, work: Work, helpers: int) -> list[tuple[int, int]]:
        """Work together with so many helpers; from where to where rows are left, where the function left some."""
        helpers = min(helpers, work.chunks - 1, len(self._helpers))
        job = self._job
        work.write(job, 1 + helpers)
        if self._roused:
            for helper in self._helpers[:helpers]:
                helper.rouse()
        if _code().share(job.at, self._slots.at, helpers):
            return []
        left = struct.unpack_from(f"<{1 + helpers}q", job.buffer, job.skip + JOB["left"])
        stops = [(at, (at // work.chunk + 1) * work.chunk) for at in left if at >= 0]
        # Perhaps nobody was there to take the rest.
        first = job.skip + JOB["taken"]
        taken = job.buffer[first : first + work.chunks]
        stops += [(k * work.chunk, (k + 1) * work.chunk) for k, it in enumerate(taken) if not it]
        return [(start, min(stop, work.rows)) for start, stop in stops]


_crews: list[Crew] = []


def crew() -> Crew:
    """Those of this process: after a fork there is none of the parent's threads."""
    if not _crews or _crews[-1].process != os.getpid():
        _crews[:] = [Crew()]
    return _crews[-1]
