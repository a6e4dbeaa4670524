"""Threads that take part in calls: whatever they do or fail to do, every element is computed, once it is asked for."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from time import sleep
from typing import Any

import numpy as np
import pytest

import nonlin
from nonlin import crew as crew_module
from nonlin.arrays import address, at_once, workers_for
from nonlin.compiler.crew import CHUNKS, COUNT, SPREAD_FROM
from nonlin.compiler.kernel import Kernel
from nonlin.crew import Crew, Work, crew

FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 12)


class Counted:
    """A function that takes down what it is called with."""

    def __init__(self, refuses_from: int = 1 << 60) -> None:
        self.calls: list[tuple[int, ...]] = []
        self.refuses_from = refuses_from
        self.function: Any = FUNCTION(self._call)

    def _call(self, *arguments: int) -> int:
        self.calls.append(arguments)
        start, count = arguments[0], arguments[COUNT]
        return min(count, max(self.refuses_from - start, 0))

    def work(self, rows: int, chunk: int, **more: Any) -> Work:
        place = ctypes.cast(self.function, ctypes.c_void_p).value or 0
        return Work(place, rows, chunk, first=(0, 100, -1), row=(1, 8, 0), own=(0, 0, 0, 5), **more)


@pytest.mark.parametrize("helpers", [0, 1, 2, 4])
@pytest.mark.parametrize(("rows", "chunk"), [(1, 1), (100, 7), (64, 8), (1000, 1)])
def test_each_chunk_is_done_once(helpers: int, rows: int, chunk: int) -> None:
    mine, counted = Crew(), Counted()
    assert mine.grown(helpers) == helpers
    for _ in range(20):
        counted.calls.clear()
        assert mine.share(counted.work(rows, chunk), helpers) == []
        starts = range(0, rows, chunk)
        assert sorted(call[0] for call in counted.calls) == list(starts)
        for start, at, same, own, count, *rest in counted.calls:
            assert (at, same, count) == (100 + 8 * start, -1, min(chunk, rows - start))
            assert own in {5 * worker for worker in range(helpers + 1)} and not any(rest)


def test_helpers_take_their_part() -> None:
    mine, counted, seen = Crew(), Counted(), set()
    mine.grown(1)
    for _ in range(3000):
        mine.share(counted.work(50, 1), 1)
        seen |= {call[3] for call in counted.calls}
        if seen == {0, 5}:
            break
    assert seen == {0, 5}


@pytest.mark.parametrize("refuses_from", [0, 1, 7, 8, 93, 99])
@pytest.mark.parametrize("helpers", [0, 1, 3])
def test_what_a_function_leaves_is_told(refuses_from: int, helpers: int) -> None:
    mine, counted = Crew(), Counted(refuses_from)
    mine.grown(helpers)
    left = mine.share(counted.work(100, 8, tells=True), helpers)
    rows = sorted(row for start, stop in left for row in range(start, stop))
    assert rows == list(range(refuses_from, 100))


def test_a_helper_that_gets_no_processor_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", lambda self: None)
    mine, counted = Crew(), Counted(50)
    assert mine.grown(1) == 1
    assert mine.share(counted.work(40, 8), 1) == []
    assert len(counted.calls) == 5
    rows = {row for ends in mine.share(counted.work(100, 8, tells=True), 1) for row in range(*ends)}
    assert rows == set(range(50, 100))


def test_without_threads_one_works_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    nobody = Crew()
    monkeypatch.setattr("nonlin.arrays.crew", nobody)
    monkeypatch.setattr("nonlin.arrays._threads", [4])
    x = np.linspace(-9, 9, 1 << 19, dtype=np.float32)
    assert nobody.grown(3) == 0
    np.testing.assert_allclose(nonlin.tanh(x), np.tanh(x), rtol=3e-7)
    np.testing.assert_allclose(nonlin.softmax(x.reshape(512, -1)).sum(-1), 1, rtol=1e-5)


def test_without_semaphores_a_lock_wakes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew_module._Helper, "_make_bed", lambda self: False)
    mine, counted, seen = Crew(), Counted(), set()
    mine.grown(1)
    helper, slept = mine._helpers[0], 0
    for _ in range(1000):  # it may take longer to wake than a call takes
        sleep(0.003)
        slept += crew_module._FLAG.unpack_from(helper.slot.buffer, helper.slot.skip + 64)[0]
        counted.calls.clear()
        mine.share(counted.work(1000, 1), 1)
        seen |= {call[3] for call in counted.calls}
        if slept > 20 and seen == {0, 5}:
            break
    assert seen == {0, 5} and slept > 20


def test_kernels_finish_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an element needs the exact arithmetic, which was not loaded yet."""
    z = np.linspace(-3, 3, 1 << 18, dtype=np.float32)
    z[:: 1 << 12] = 1e30  # a cosine that lanes cannot know
    for threads in (2, 3):
        f = nonlin.define(f"z * cos(z) + {threads}/7")
        monkeypatch.setattr("nonlin.arrays._threads", [threads])
        got = f(z)
        monkeypatch.setattr("nonlin.arrays._threads", [1])
        assert got.tobytes() == f(z).tobytes()


def test_more_threads_than_a_job_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has so many processors; whoever asks for them gets fewer."""
    monkeypatch.setattr("nonlin.arrays._threads", [1 << 20])
    assert workers_for(1 << 40) * 6 <= CHUNKS
    assert (workers_for(0), workers_for(1 << 40, parts=3)) == (1, 3)
    mine, counted = Crew(), Counted()
    with pytest.raises(ValueError, match="at most 1024 chunks, not 1025"):
        mine.share(counted.work(1025, 1), 0)
    assert mine.share(counted.work(1024, 1), 0) == [] and len(counted.calls) == 1024


def test_a_second_caller_works_alone(threads: Callable[[int], None]) -> None:
    x = np.linspace(-9, 9, 1 << 21, dtype=np.float32)
    threads(1)
    want = nonlin.tanh(x), nonlin.softmax(x.reshape(-1, 1024))
    threads(3)
    nonlin.tanh(x)
    crew._put("busy", 1)
    try:
        assert crew.share(Counted().work(40, 8), 1) == [(0, 40)]
        assert np.array_equal(nonlin.tanh(x), want[0])
        assert np.array_equal(nonlin.softmax(x.reshape(-1, 1024)), want[1])
        short = x[: 1 << 18]
        assert all(np.array_equal(nonlin.tanh(short), want[0][: 1 << 18]) for _ in range(4))
    finally:
        crew._put("busy", 0)


# -- calls of kernels by machine code -------------------------------------------------------------
def spread(mine: Crew, function: Any, n: int) -> int:
    """As a universal function's loop calls it, for a kernel of some addresses."""
    call = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, *[ctypes.c_int64] * 9)
    place = ctypes.cast(function, ctypes.c_void_p).value or 0
    return int(call(crew_module.code().spread)(mine.at, place, n, 4, 1000, 0, 2000, 0, 77, 88))


@pytest.mark.parametrize("helpers", [1, 2, 5])
@pytest.mark.parametrize("n", [SPREAD_FROM, SPREAD_FROM + 1, 123_457, 1 << 20])
def test_every_element_is_somebodys(helpers: int, n: int) -> None:
    mine, counted = Crew(), Counted()
    mine.limit(mine.grown(helpers))
    for _ in range(20):
        counted.calls.clear()
        if not spread(mine, counted.function, n):
            continue
        assert 2 <= len(counted.calls) <= 6 * (helpers + 1)
        done = 0
        for x, gradient, out, second, count, params, exact, *_ in sorted(counted.calls):
            assert (x, gradient, out, second) == (1000 + 4 * done, 0, 2000 + 4 * done, 0)
            assert (params, exact) == (77, 88)
            done += count
        assert done == n


def test_nobody_is_woken_for_little() -> None:
    """Who calls now and then is helped every eighth time, and with much work each time."""
    mine, counted = Crew(), Counted()
    assert spread(mine, counted.function, 1 << 20) == 0 and not counted.calls
    mine.limit(mine.grown(1))

    def helped() -> int:
        """How often in 16 calls, between which a helper that gets a processor goes to sleep."""
        count = 0
        for _ in range(16):
            sleep(0.01)
            count += spread(mine, counted.function, SPREAD_FROM)
        return count

    assert any(helped() <= 4 for _ in range(20))  # on a busy machine it sometimes gets none
    assert spread(mine, counted.function, 1 << 18) == 1
    mine.limit(0)
    assert spread(mine, counted.function, 1 << 20) == 0


def test_where_machine_code_cannot_wake_them_python_does(
    monkeypatch: pytest.MonkeyPatch, threads: Callable[[int], None]
) -> None:
    monkeypatch.setattr(crew_module._Helper, "_make_bed", lambda self: False)
    mine = Crew()
    monkeypatch.setattr("nonlin.arrays.crew", mine)
    threads(2)
    x = np.linspace(-9, 9, 1 << 19, dtype=np.float32)
    monkeypatch.setattr("nonlin.arrays._processors", 2)
    want = nonlin.tanh(x)
    assert not mine.wakes and at_once[0] < x.size
    assert spread(mine, Counted().function, 1 << 20) == 0
    assert np.array_equal(nonlin.tanh(x), want)


def test_arrays_of_a_dtype_met_before_are_spread(threads: Callable[[int], None]) -> None:
    """To the same results, whichever way they go."""
    x = np.linspace(-9, 9, 1 << 19, dtype=np.float32)
    g = x[::-1].copy()
    threads(1)
    want = nonlin.mish(x), nonlin.mish.backward(g, x), *nonlin.mish.value_and_derivative(x)
    threads(2)
    for _ in range(5):
        got = nonlin.mish(x), nonlin.mish.backward(g, x), *nonlin.mish.value_and_derivative(x)
        assert all(map(np.array_equal, want, got))
    assert at_once[0] > x.size
    assert not at_once[0] > (1 << 21), "signals would wait"


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
    x = np.linspace(-9, 9, 1 << 19, dtype=np.float32)
    want = nonlin.tanh(x)
    assert crew.grown(1) == 1
    crew._put("busy", 1)  # as if some other thread called just now
    try:
        child = os.fork()
        if child == 0:
            left = crew._ready, *crew._helpers
            right = all(np.array_equal(nonlin.tanh(x), want) for _ in range(4))
            os._exit(0 if left == (0,) and right and crew.grown(1) == 1 else 1)
    finally:
        crew._put("busy", 0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert crew._ready >= 1


def run_part(kernel: Kernel, arrays: list[Any], start: int, stop: int, values: Any) -> None:
    places = [0 if a is None else address(a) + 4 * start for a in arrays]
    kernel.run(*places, *[0] * (4 - len(places)), stop - start, address(values))


@pytest.mark.parametrize("name", nonlin.catalogue)
def test_results_do_not_depend_on_how_an_array_is_cut(name: str) -> None:
    """For who takes part is settled by the moment: rare elements fall into other blocks at each cut."""
    f, n = nonlin.catalogue[name], 1 << 16
    rng = np.random.default_rng(3)
    any_ = rng.integers(0, 1 << 32, n, dtype=np.uint32).view(np.float32)
    usual = rng.normal(0, 3, n).astype(np.float32)
    values = f._default_values
    for what in ("value", "derivative", "pair", "backward"):
        kernel = f._kernel(what, "float32", "quick")
        assert kernel.addresses
        for share, offset in ((0.02, 0), (0.5, 3)):
            x = np.where(rng.random(n) < share, any_, usual)[offset:]
            whole, cut = ([np.empty(n, np.float32)[offset:] for _ in range(2)] for _ in range(2))

            given = [x, x[::-1].copy() if what == "backward" else None]
            results = 2 if what == "pair" else 1
            run_part(kernel, [*given, *whole[:results]], 0, x.size, values)
            for start in range(0, x.size, 8192):
                stop = min(start + 8192, x.size)
                run_part(kernel, [*given, *cut[:results]], start, stop, values)
            for a, b in list(zip(whole, cut, strict=True))[:results]:
                np.testing.assert_array_equal(a, b, f"{what}, {share}")
                assert np.array_equal(np.signbit(a) & ~np.isnan(a), np.signbit(b) & ~np.isnan(b))
