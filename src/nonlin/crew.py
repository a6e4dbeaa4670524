"""Threads that take part in large calls: started when first needed, and at hand within a microsecond while busy.

A pool of Python's threads hands a job over in some hundred microseconds, in which a processor goes through half a
million numbers. Here the waiting and the handing over are machine code (:mod:`nonlin.compiler.crew`).
"""

from __future__ import annotations

import ctypes
import os
import struct
import threading
from collections.abc import Callable, Sequence
from functools import cache
from types import SimpleNamespace

from nonlin.compiler import cache as store
from nonlin.compiler import native
from nonlin.compiler.crew import ARGUMENTS, FIELDS, SIZE, crew_module
from nonlin.errors import CompileError

__all__ = ["Call", "Crew", "crew"]

_LINE = 64
_JOB = struct.Struct(f"<{1 + ARGUMENTS}Q")
_RESULT = struct.Struct("<q")

Call = tuple[int, Sequence[int]]
"""The address of a function, and its arguments: addresses and whole numbers."""


@cache
def _code() -> SimpleNamespace:
    """The functions of a slot; ``post`` keeps the interpreter's lock, as it takes no time."""
    at = native.load(store.key("crew"), crew_module)
    slot = ctypes.c_void_p
    return SimpleNamespace(
        help=ctypes.CFUNCTYPE(None, slot)(at["help"]),
        post=ctypes.PYFUNCTYPE(ctypes.c_int32, slot)(at["post"]),
        collect=ctypes.CFUNCTYPE(ctypes.c_int32, slot)(at["collect"]),
    )


class _Helper:
    """A thread that waits for jobs: for a moment in machine code, and then for a lock to open.

    Raises
    ------
    RuntimeError
        There can be no more threads, as when the interpreter is about to end.
    """

    def __init__(self) -> None:
        # The memory stays for good: the thread looks at it as long as there is a process.
        self._memory = ctypes.create_string_buffer(SIZE + _LINE)
        begin = ctypes.addressof(self._memory)
        self._skip = -begin % _LINE
        self._slot = begin + self._skip
        self._holds: object = None
        self._code = _code()
        self._rest = threading.Lock()
        self._rest.acquire()
        threading.Thread(target=self._help, name="nonlin", daemon=True).start()

    def _help(self) -> None:
        while True:
            self._code.help(self._slot)
            self._rest.acquire()

    def post(self, call: Call, holds: object) -> None:
        """Have a function called; what it works on is held until it is done."""
        if self._holds is not None:  # somebody was interrupted between posting and collecting
            self.collect()
        function, arguments = call
        self._holds = holds
        given = (*arguments, *[0] * (ARGUMENTS - len(arguments)))
        _JOB.pack_into(self._memory, self._skip + FIELDS["function"], function, *given)
        if self._code.post(self._slot) and self._rest.locked():
            self._rest.release()

    def collect(self) -> int | None:
        """What the function returned, or ``None`` if it had not been begun and will not be."""
        done = self._code.collect(self._slot)
        self._holds = None
        if not done:
            return None
        (result,) = _RESULT.unpack_from(self._memory, self._skip + FIELDS["result"])
        return int(result)


class Crew:
    """Helpers of one process, for one caller at a time: whoever does not get :attr:`lock` works alone."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.lock = threading.Lock()
        self._helpers: list[_Helper] = []
        self._full = False

    def grown(self, count: int) -> int:
        """How many helpers there are of so many wanted; they are begun when first asked for."""
        while len(self._helpers) < count and not self._full:
            try:
                self._helpers.append(_Helper())
            except (RuntimeError, CompileError):
                self._full = True
        return min(count, len(self._helpers))

    def share(
        self, mine: Callable[[], object], calls: Sequence[Call], holds: object
    ) -> list[int | None]:
        """Do one's own part while helpers make a call each; what they return, ``None`` where one was not begun.

        ``holds`` is kept as long as any of them may be at work, whatever happens here.
        """
        posted: list[_Helper] = []
        found: list[int | None] = []
        try:
            for helper, call in zip(self._helpers, calls, strict=False):
                posted.append(helper)
                helper.post(call, holds)
            mine()
        finally:
            found += [helper.collect() for helper in posted]
        return found


_crews: list[Crew] = []


def crew() -> Crew:
    """Those of this process: after a fork there is none of the parent's threads."""
    if not _crews or _crews[-1].process != os.getpid():
        _crews[:] = [Crew()]
    return _crews[-1]
