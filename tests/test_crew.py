"""Threads that take part in calls: whatever they do or fail to do, every element is computed, once it is asked for."""

from __future__ import annotations

import ctypes
import os
import threading
from typing import Any

import numpy as np
import pytest

import nonlin
from nonlin import crew as crew_module
from nonlin.crew import Crew, crew

ADD = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 12)


def compiled(returned: int = 0) -> tuple[Any, int, list[tuple[int, ...]]]:
    """A function for helpers, its address, and the arguments that it has been called with."""
    seen: list[tuple[int, ...]] = []

    def body(*arguments: int) -> int:
        seen.append(arguments)
        return returned

    function = ADD(body)
    return function, ctypes.cast(function, ctypes.c_void_p).value or 0, seen


def test_each_call_is_made_once_with_its_arguments() -> None:
    mine = Crew()
    assert mine.grown(2) == 2
    _, at, seen = compiled(returned=7)
    done: list[int | None] = []
    for _ in range(50):
        done += mine.share(lambda: None, [(at, (1, 2, 3)), (at, tuple(range(12)))], None)
    assert set(done) <= {7, None}
    assert len(seen) == done.count(7)
    assert set(seen) <= {(1, 2, 3, *[0] * 9), tuple(range(12))}


def test_a_call_that_nobody_begins_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        threading.Thread, "start", lambda self: None
    )  # a helper that gets no processor
    mine = Crew()
    assert mine.grown(1) == 1
    _, at, seen = compiled()
    assert mine.share(lambda: None, [(at, ())], None) == [None]
    assert not seen


def test_without_threads_one_works_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    monkeypatch.setattr(crew_module, "_crews", [])
    monkeypatch.setattr("nonlin.arrays._threads", [4])
    x = np.linspace(-9, 9, 1 << 19, dtype=np.float32)
    assert crew().grown(3) == 0
    np.testing.assert_allclose(nonlin.tanh(x), np.tanh(x), rtol=3e-7)
    np.testing.assert_allclose(nonlin.softmax(x.reshape(512, -1)).sum(-1), 1, rtol=1e-5)


def test_what_was_not_begun_is_computed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it, or what is left where the exact arithmetic was not loaded yet."""
    x = np.linspace(-9, 9, 1 << 19, dtype=np.float32)
    want, wanted = nonlin.tanh(x), nonlin.log_softmax(x.reshape(512, -1))
    monkeypatch.setattr("nonlin.arrays._threads", [2])
    for result in (None, 0, 100):

        def share(
            self: Crew, mine: Any, calls: Any, holds: Any, result: int | None = result
        ) -> Any:
            mine()
            return [result for _ in calls]

        monkeypatch.setattr(Crew, "share", share)
        # What a helper says it has done is believed: here it has not, and that much is missing.
        missing = np.count_nonzero(nonlin.tanh(x) != want)
        assert missing <= 100 * (result or 0)
        if result is None:
            assert np.array_equal(nonlin.log_softmax(x.reshape(512, -1)), wanted)


def test_an_error_in_ones_own_part_waits_for_the_others() -> None:
    mine = Crew()
    mine.grown(1)
    _, at, seen = compiled()
    for _ in range(20):
        with pytest.raises(KeyboardInterrupt):
            mine.share(lambda: (_ for _ in ()).throw(KeyboardInterrupt), [(at, (1,))], None)
        assert mine._helpers[0]._holds is None
    before = len(seen)
    mine._helpers[0].post((at, (2,)), "held")  # and then nobody collects
    mine.share(lambda: None, [(at, (3,))], None)
    assert len(seen) <= before + 2


def test_a_second_caller_works_alone() -> None:
    x = np.linspace(-9, 9, 1 << 19, dtype=np.float32)
    want = nonlin.tanh(x)
    with crew().lock:
        assert np.array_equal(nonlin.tanh(x), want)


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_results_do_not_depend_on_threads(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x = (np.random.default_rng(0).standard_normal((1 << 19) + 7) * 40).astype(np.float32)
    x[:: 1 << 15] = [-np.inf, np.nan, np.inf, 3e38] * 4 + [0.0]
    g = x[::-1].copy()
    want = nonlin.mish(x), nonlin.mish.backward(g, x), *nonlin.mish.value_and_derivative(x)
    monkeypatch.setattr("nonlin.arrays._threads", [threads])
    got = nonlin.mish(x), nonlin.mish.backward(g, x), *nonlin.mish.value_and_derivative(x)
    for a, b in zip(want, got, strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_has_a_crew_of_its_own() -> None:
    parent = crew()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"other" if crew() is not parent else b"same")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 9) == b"other"
    assert crew() is parent
