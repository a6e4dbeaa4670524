"""The array API: results do not depend on an array's size, the number of threads, or a fork."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nonlin
from array_calls import (
    Call,
    backward,
    each_dtype,
    in_a_process,
    same,
    sample,
    value,
    value_and_derivative,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # NumPy's; none may come


BLOCK, PAGE, SPLIT = 256, 4096, 1 << 16
SIZES = sorted(
    {n for b in (8, 16, 64, BLOCK, 2 * BLOCK, PAGE, SPLIT, 2 * SPLIT) for n in (b - 1, b, b + 1)}
    | {1, 2, 3, 2 * SPLIT + 3, 3 * SPLIT - 1}
)


@each_dtype
@pytest.mark.parametrize("name", ["relu", "tanh"])
def test_sizes(name: str, dtype: Any, threads: Callable[[int], None]) -> None:
    """Around the length of a vector, of a block, and what one thread takes."""
    f = nonlin.catalogue[name]
    period = sample(dtype, 251)  # a prime, so that each number meets each place in a block
    want = f(period)
    threads(3)
    for n in SIZES:
        assert same(f(np.resize(period, n)), np.resize(want, n)), n


@each_dtype
@pytest.mark.parametrize("call", [value, backward, value_and_derivative])
def test_threads_change_nothing(call: Call, dtype: Any, threads: Callable[[int], None]) -> None:
    x = sample(dtype, 3 * SPLIT + 1)
    threads(1)
    alone = call(nonlin.relu, x)
    for n in (2, 3, 64):
        threads(n)
        assert same(call(nonlin.relu, x), alone), n


def test_threads_work_in_place(threads: Callable[[int], None]) -> None:
    x = sample(np.dtype(np.float32), 3 * SPLIT + 1)
    want = nonlin.tanh(x)
    threads(3)
    nonlin.tanh(x, out=x)
    assert same(x, want)


@pytest.mark.parametrize("n", [0, -1, 1.5, 2.0, "2", None, True, np.float64(2), [2], math.nan])
def test_a_wrong_number_of_threads(n: Any) -> None:
    with pytest.raises(ValueError, match="whole number of at least 1"):
        nonlin.set_num_threads(n)


@pytest.mark.parametrize("n", [1, 2, 10**6, np.int64(2), np.uint8(1)])
def test_a_right_number_of_threads(n: Any, threads: Callable[[int], None]) -> None:
    threads(n)
    x = sample(np.dtype(np.float32), 2 * SPLIT)
    assert same(nonlin.relu(x), np.concatenate([nonlin.relu(x[:SPLIT]), nonlin.relu(x[SPLIT:])]))


def test_several_threads_at_once(threads: Callable[[int], None]) -> None:
    """All begin with a function that none has compiled; the number of threads changes meanwhile."""
    f = nonlin.define("z * sigmoid(a * z) + 0.28125 * tanh(z)", a=1.5)
    small, large = sample(np.dtype(np.float16), 333), sample(np.dtype(np.float32), 2 * SPLIT + 3)
    count = 6
    barrier = threading.Barrier(count + 1)
    results: list[Any] = [None] * count

    def work(i: int) -> None:
        barrier.wait()
        results[i] = [f(small), f.derivative(small), f(large), f(large, a=0.5), f(small)]

    workers = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for w in workers:
        w.start()
    barrier.wait()
    for n in (2, 1, 3, 2) * 5:
        threads(n)
    for w in workers:
        w.join()
    want = [f(small), f.derivative(small), f(large), f(large, a=0.5), f(small)]
    for got in results:
        assert got is not None and all(map(same, got, want))


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@needs_fork
def test_after_a_fork() -> None:
    """The child has none of its parent's threads, and computes all the same; so does the parent."""
    in_a_process(f"""
import os, signal, warnings
import numpy as np, nonlin
warnings.simplefilter("ignore", DeprecationWarning)  # that a process with threads forks
signal.alarm(60)
nonlin.set_num_threads(3)
x = np.linspace(-4, 4, {3 * SPLIT + 5}, dtype=np.float32)
want = nonlin.tanh(x).tobytes()
child = os.fork()
right = nonlin.tanh(x).tobytes() == want and nonlin.silu(x[:9]).shape == (9,)
if child == 0:
    os._exit(0 if right else 3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert right
""")


@needs_fork
def test_a_fork_while_another_thread_compiles() -> None:
    """The child must not wait for a thread that only its parent has."""
    in_a_process("""
import os, signal, threading, time, warnings
import numpy as np, nonlin
warnings.simplefilter("ignore", DeprecationWarning)  # that a process with threads forks
signal.alarm(100)
x, stop = np.ones(3, np.float32), threading.Event()
def compile_again_and_again():
    n = time.time_ns()
    while not stop.is_set():
        n += 1
        nonlin.define(f"tanh(z) * {n}")(x)
worker = threading.Thread(target=compile_again_and_again)
worker.start()
for k in range(5):
    time.sleep(0.1)
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        f = nonlin.define(f"z * {k + 2} + {time.time_ns()} - {time.time_ns()}")
        os._exit(0 if f(x).shape == (3,) else 3)
    status = os.waitpid(child, 0)[1]
    if status:
        os._exit(4)
stop.set()
worker.join()
""")
