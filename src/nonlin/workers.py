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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nonlin.activation import Activation

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
MOST_PARAMETERS = 8
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


def refusal(
    message: str, position: int | None = None, length: int = 1, hint: str = ""
) -> dict[str, Any]:
    """What pages and widgets are told where there is no answer."""
    return {"error": {"message": message, "position": position, "length": length, "hint": hint}}


def parameters_of(formula: str, given: Mapping[str, float]) -> dict[str, float]:
    """The parameters of a formula: names without a given value are 1, where they look like parameters.

    A parameter is a letter, with an index if need be (``a``, ``k2``, ``c_p``), a Greek letter's name, or what a
    parameter in the catalogue is called. Any other word is more likely a slip, and so are x and t, since
    whoever writes them means z.

    Raises
    ------
    FormulaError
        There is some other word in it.

    Examples
    --------
    >>> parameters_of("a tanh(b z) + 1", {"b": 2.0})
    {'a': 1.0, 'b': 2.0}
    >>> parameters_of("z + hello", {})
    Traceback (most recent call last):
        ...
    nonlin.errors.FormulaError: unknown name 'hello': a parameter is a letter, as in a*z or k2*z, or ...
      z + hello
          ^^^^^
    """
    from nonlin.errors import FormulaError
    from nonlin.formula_hints import word_hint
    from nonlin.formula_typed import names_typed

    def may_be(name: str) -> bool:
        return name in given or _is_parameter(name)

    free: dict[str, float] = {}
    for name in names_typed(formula, may_be):
        if may_be(name):
            free[name] = 1.0
        elif name not in {"x", "t"}:  # the parser has its own word for these
            place = re.search(rf"(?<![A-Za-z0-9_]){name}(?![A-Za-z0-9_])", formula)
            raise FormulaError(
                f"unknown name {name!r:.40}", formula, place.start() if place else None, len(name),
                word_hint(name),
            )  # fmt: skip
    return free | dict(given)


def _is_parameter(name: str) -> bool:
    from nonlin.catalogue import BY_NAME
    from nonlin.formula_hints import GREEK

    if name in {"x", "t"}:
        return False
    stem = re.fullmatch(r"([A-Za-z]|[A-Za-z]+?)(\d+|_\w+)?", name)
    return (stem is not None and (len(stem[1]) == 1 or stem[1] in GREEK)) or any(
        name in entry.parameters for entry in BY_NAME.values()
    )


def compile_formula(request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one request: a function's description with its code, or what is wrong with it.

    Where the request has ``engine``, networks and pictures are to have the function, too: the answer's ``engine``
    is its code for their engine, and how strongly layers of it are driven (:mod:`nonlin.art.balance`).

    >>> compile_formula({"formula": "a * z"})["function"]["parameters"][0]["default"]
    1.0
    >>> compile_formula({"formula": "z + x"})["error"]["position"]
    4
    """
    from base64 import b64encode

    import nonlin
    from nonlin.describe import describe, wasm_module
    from nonlin.errors import FormulaError, NonlinError

    try:
        formula = request["formula"]
        values = parameters_of(formula, request.get("parameters") or {})
        if len(values) > MOST_PARAMETERS:
            many = f"{len(values)} parameters are too many"
            raise FormulaError(many, formula, hint=f"{MOST_PARAMETERS} are the most")
        name = request.get("name") or "f"
        activation = nonlin.define(formula, name, **values)
        function = describe(activation)
        code = b64encode(wasm_module([activation])).decode()
        answer = {"function": _plain(function), "wasm": code}
        if request.get("engine"):
            answer["engine"] = _for_engine(activation)
    except FormulaError as error:
        return refusal(error.message, error.position, error.length, error.hint)
    except NonlinError as error:
        return refusal(str(error))
    except (RecursionError, MemoryError, OverflowError):
        return refusal("this formula is more than can be worked out", hint="try a simpler one")
    return answer


def _for_engine(activation: Activation) -> dict[str, Any]:
    from base64 import b64encode

    from nonlin.art import studio
    from nonlin.network import wasm

    return {
        "wasm": b64encode(wasm.build_own(activation)).decode(),
        "drive": studio.drive(activation),
    }


def _plain(value: Any) -> Any:
    """The same without numbers that JSON has no notation for."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


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
