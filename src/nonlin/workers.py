"""Processes that compile formulas and check proofs for the server, and can be stopped when they take too long.

A formula typed by a stranger is bounded when it is parsed, but what its derivative or its
properties cost can only be found out by trying. So the work is done in a process of its own: past
the deadline it is killed and a fresh one takes its place. A worker is started by ``spawn`` and
answers in JSON, so that nothing but numbers and text comes back. One that is left alone by a
crashed server ends.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import math
import multiprocessing
import os
import queue
import re
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from nonlin.typed_answer import MOST_PARAMETERS, compile_formula, parameters_of, refusal

__all__ = [
    "FAILED",
    "Crowded",
    "Pool",
    "TooSlow",
    "Unavailable",
    "WrongRequest",
    "checked",
    "compile_formula",
    "parameters_of",
    "refusal",
    "why_not",
]

START_SECONDS = 60.0
MEMORY_BYTES = 4 << 30
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")


class TooSlow(Exception):
    """The deadline passed."""


class Crowded(Exception):
    """Too many requests are waiting already."""


class Unavailable(Exception):
    """No worker could be started, or it ended before it answered."""


FAILED = "nonlin failed at this formula; that is a mistake of ours"


def why_not(error: Exception, seconds: float) -> tuple[str, str]:
    """What to tell whoever asked a pool in vain, and what they might do."""
    if isinstance(error, Crowded):
        return "too many formulas at once", "wait for the others, then try again"
    if isinstance(error, TooSlow):
        return f"this formula took longer than {seconds:g} s", "try a simpler one"
    return str(error), "try again in a moment"


class WrongRequest(ValueError):
    """What was asked for is not of the form that a request has."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def checked(given: object) -> dict[str, Any]:
    """A request with every part of it checked, whoever it came from.

    Raises
    ------
    WrongRequest
        It is not of the form ``{"formula": "…", "name": "…", "parameters": {"…": 1.0}, "engine": true}``.

    Examples
    --------
    >>> checked({"formula": "a * z", "parameters": {"a": 2}})
    {'formula': 'a * z', 'name': None, 'parameters': {'a': 2.0}, 'engine': False}
    """
    if not isinstance(given, Mapping) or not isinstance(given.get("formula"), str):
        raise WrongRequest('the request is not of the form {"formula": "…"}')
    if unknown := sorted(set(given) - {"formula", "name", "parameters", "engine"}):
        raise WrongRequest(f"the request has an unknown part: {unknown[0]!r:.60}")
    name = given.get("name")
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise WrongRequest("that is no name", "use up to 32 letters, digits and _")
    parameters = given.get("parameters") or {}
    if not isinstance(parameters, Mapping):
        raise WrongRequest("parameters are names with numbers")
    if len(parameters) > MOST_PARAMETERS:
        raise WrongRequest(
            f"{len(parameters)} parameters are too many", f"{MOST_PARAMETERS} are the most"
        )
    values = {key: _number(key, value) for key, value in parameters.items()}
    engine = given.get("engine", False)
    if not isinstance(engine, bool):
        raise WrongRequest("engine is true or false")
    return {"formula": given["formula"], "name": name, "parameters": values, "engine": engine}


def _number(name: str, value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise WrongRequest(f"the parameter {name:.40} is not a finite number")


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """To a formula its description, to the lines of a proof (under ``"check"``) what they are worth."""
    if "check" not in request:
        return compile_formula(request)
    from nonlin.proof import answer

    return answer(request["check"])


def _serve(pipe: Connection, limit: float) -> None:
    """A worker's life: get ready, say so, then answer one request after another."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the server's affair
    _limit_memory()
    compile_formula({"formula": "z * sigmoid(z)"})  # imports, and a first run through the compiler
    _answer({"check": {"start": "tanh(z)", "goal": "z", "lines": ["sinh(z) / cosh(z)"]}})
    pipe.send_bytes(b"ready")
    with open(os.devnull, "w") as nowhere, contextlib.suppress(EOFError, OSError):
        while True:
            request = json.loads(pipe.recv_bytes())
            # Ends this process if the server, which should have killed it by then, is gone.
            faulthandler.dump_traceback_later(limit, exit=True, file=nowhere)
            try:
                answer = _answer(request)
            except Exception:
                traceback.print_exc()
                answer = {"failed": True}
            faulthandler.cancel_dump_traceback_later()
            pipe.send_bytes(json.dumps(answer, allow_nan=False).encode())


def _limit_memory() -> None:
    """Bounds what this process may ask for, where the system can do that."""
    if sys.platform == "win32":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    bound = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (bound, hard))


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, limit: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, limit), name="nonlin-compiler", daemon=True
        )
        self._ready = False
        self._process.start()
        theirs.close()

    def ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        try:
            if not self._ready:
                self._await(START_SECONDS, Unavailable("the compiler did not start"))
                self._ready = True
            self._pipe.send_bytes(json.dumps(request).encode())
            answer: dict[str, Any] = json.loads(self._await(seconds, TooSlow()))
        except (EOFError, OSError) as error:
            raise Unavailable("the compiler ended before it answered") from error
        return answer

    def _await(self, seconds: float, otherwise: Exception) -> bytes:
        if not self._pipe.poll(seconds):
            raise otherwise
        return self._pipe.recv_bytes()

    def stop(self) -> None:
        self._process.kill()
        self._process.join(5)
        self._pipe.close()


class Pool:
    """A few warm workers.

    Parameters
    ----------
    workers
        How many formulas are compiled at the same time.
    seconds
        How long one may take.
    waiting
        How many more may wait; those beyond are turned away at once.
    """

    def __init__(self, workers: int = 2, seconds: float = 10.0, waiting: int = 6) -> None:
        self.seconds = seconds
        self._limit = 2 * seconds + 1  # after which a worker ends by itself
        self._size = workers
        self._room = threading.BoundedSemaphore(workers + waiting)
        self._idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        self._all: set[_Worker] = set()
        self._lock = threading.Lock()
        self._closed = False
        for _ in range(workers):
            self._idle.put(None)  # a place without a process: one is started when it is needed

    def warm(self) -> None:
        """Start the workers now, so that the first formula need not wait for it."""
        for worker in [self._idle.get() for _ in range(self._size)]:
            self._idle.put(worker or self._start())

    def run(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """One answer, or :class:`TooSlow`, :class:`Crowded` or :class:`Unavailable`."""
        if not self._room.acquire(blocking=False):
            raise Crowded
        try:
            worker = self._idle.get(timeout=START_SECONDS)
        except queue.Empty:
            self._room.release()
            raise Unavailable("the compiler is busy") from None
        try:
            worker = worker or self._start()
            return worker.ask(request, self.seconds)
        except (TooSlow, Unavailable):
            if worker is not None:
                self._end(worker)
                worker = None
            with contextlib.suppress(Unavailable):
                worker = self._start()
            raise
        finally:
            self._idle.put(worker)
            self._room.release()

    def close(self) -> None:
        """Stop all workers, and start none from now on."""
        with self._lock:
            self._closed = True
            workers = list(self._all)
        for worker in workers:
            self._end(worker)

    def _start(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise Unavailable("the server is shutting down")
            try:
                worker = _Worker(self._limit)
            except OSError as error:
                raise Unavailable("the compiler could not be started") from error
            self._all.add(worker)
        return worker

    def _end(self, worker: _Worker) -> None:
        with self._lock:
            self._all.discard(worker)
        with contextlib.suppress(OSError):
            worker.stop()
