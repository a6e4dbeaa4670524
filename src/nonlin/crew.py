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

from nonlin.compiler.crew import (
    ARGUMENTS,
    BUSY,
    CHUNKS,
    CREW,
    CREW_SIZE,
    DONE,
    JOB,
    JOB_SIZE,
    SLOT,
    SLOT_SIZE,
)
from nonlin.errors import CompileError

__all__ = ["Crew", "Work", "code", "crew", "load_code", "spreading"]

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
        chunks = self.chunks
        if chunks > CHUNKS:
            raise ValueError(f"a job has at most {CHUNKS} chunks, not {chunks}")
        _HEAD.pack_into(
            job.buffer, job.skip, function, rows, chunk, chunks, workers, tells,
            *first, *_NONE[len(first) :], *row, *_NONE[len(row) :], *own, *_NONE[len(own) :],
        )  # fmt: skip


def load_code() -> dict[str, int]:
    """The addresses of the functions, by name: from the cache, or compiled and kept there."""
    from nonlin.compiler import cache as store
    from nonlin.compiler import native
    from nonlin.compiler.crew import crew_module

    return native.load(store.key("crew"), crew_module)


@cache
def code() -> SimpleNamespace:
    """The same to be called; ``spread`` is for machine code."""
    at, place = load_code(), ctypes.c_void_p
    return SimpleNamespace(
        share=ctypes.CFUNCTYPE(ctypes.c_int32, place, place)(at["share"]),
        help=ctypes.CFUNCTYPE(None, place)(at["help"]),
        spread=at["spread"],
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
        self._code = code()
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
        give_way = getattr(library, "sched_yield", None)
        if give_way:
            place = ctypes.cast(give_way, ctypes.c_void_p).value or 0
            _PLACE.pack_into(slot.buffer, slot.skip + SLOT["yield"], place)
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
    """Helpers of one process, for one caller at a time: whoever finds it busy works alone."""

    def __init__(self) -> None:
        self._memory = _Memory(CREW_SIZE)
        self._helpers: list[_Helper] = []
        self._ready = 0
        self._to_rouse = self._full = False
        self._growing = threading.RLock()  # again for handlers of signals
        self._own = threading.local()

    @property
    def at(self) -> int:
        """Where its memory is, for machine code; the same in a forked child."""
        return self._memory.at

    def grown(self, count: int) -> int:
        """How many helpers there are of so many wanted; they are begun when first asked for."""
        if self._ready < count and not self._full:
            with self._growing:
                while self._ready < count and not self._full:
                    self._grow()
        return min(count, self._ready)

    def _grow(self) -> None:
        try:
            self._helpers.append(_Helper())
        except (RuntimeError, CompileError):
            self._full = True
        # All of them, as a signal's handler may have begun one just now.
        for i, helper in enumerate(self._helpers):
            self._put("slots", helper.slot.at, i)
        self._to_rouse = not all(helper.has_bed for helper in self._helpers)
        self._ready = len(self._helpers)

    @property
    def wakes(self) -> bool:
        """Whether machine code can wake the helpers, so that :meth:`limit` may let them take part."""
        return not self._to_rouse

    def limit(self, count: int) -> None:
        """At most so many take part in what is spread from now on, however many there are."""
        self._put("helpers", min(count, self._ready))

    def empty(self) -> None:
        """Forget all helpers: a forked child has none of its parent's threads."""
        self._helpers, self._ready = [], 0
        self._to_rouse = self._full = False
        self._growing, self._own = threading.RLock(), threading.local()
        self._put("helpers", 0)
        self._put("busy", 0)

    def _put(self, field: str, value: int, index: int = 0) -> None:
        place = self._memory.skip + CREW[field] + _PLACE.size * index
        _PLACE.pack_into(self._memory.buffer, place, value)

    def share(self, work: Work, helpers: int) -> list[tuple[int, int]]:
        """Work together with so many helpers; from where to where rows are left.

        Some are left where the function leaves some, and all where the crew has another caller.
        """
        # A signal's handler that shares meanwhile does not find this one's memory.
        job: _Memory = self._own.__dict__.pop("job", None) or _Memory(JOB_SIZE)
        helpers = min(helpers, work.chunks - 1, self._ready)
        work.write(job, 1 + helpers)
        if self._to_rouse:
            for helper in self._helpers[:helpers]:
                helper.rouse()
        answer = code().share(self.at, job.at)
        if answer == DONE:
            self._own.job = job
            return []
        if answer == BUSY:
            return [(0, work.rows)]
        left = struct.unpack_from(f"<{1 + helpers}q", job.buffer, job.skip + JOB["left"])
        stops = [(at, (at // work.chunk + 1) * work.chunk) for at in left if at >= 0]
        # Perhaps nobody was there to take the rest.
        first = job.skip + JOB["taken"]
        taken = job.buffer[first : first + work.chunks]
        stops += [(k * work.chunk, (k + 1) * work.chunk) for k, it in enumerate(taken) if not it]
        return [(start, min(stop, work.rows)) for start, stop in stops]


crew = Crew()
"""That of this process."""


def spreading() -> tuple[int, int]:
    """Addresses for kernels that are called by machine code: of ``spread``, and of the crew; 0 if there is no code."""
    try:
        return int(code().spread), crew.at
    except CompileError:
        return 0, 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=crew.empty)
