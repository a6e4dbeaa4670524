"""What must hold whatever happens: memory beside an array is not touched, Ctrl-C is answered, threads,
forks and signals change no result.

Each of these is a script in a process of its own, which may crash or hang without taking the tests along.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals here")


def in_a_process(code: str, timeout: float = 240, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=timeout,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stderr[-3000:]}"
    return done.stdout


# -- memory beside an array -----------------------------------------------------------------------
GUARDED = r"""
import ctypes, itertools, mmap, sys
import ml_dtypes, numpy as np, nonlin
from nonlin.arrays import run

libc = ctypes.CDLL(None, use_errno=True)
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
PAGE = mmap.PAGESIZE
ROOM = -(-600 * 8 // PAGE)
MARK = 0xA5

class Room:
    "Some pages, with one before and one after that nobody may touch, full of marks."
    def __init__(self):
        self.map = mmap.mmap(-1, (ROOM + 2) * PAGE)
        self.all = np.frombuffer(self.map, np.uint8)
        for page in (0, ROOM + 1):
            assert libc.mprotect(self.all.ctypes.data + page * PAGE, PAGE, 0) == 0
        self.inside = self.all[PAGE : (ROOM + 1) * PAGE]
        self.inside[:] = MARK
    def at(self, first, n, dtype, offset=0):
        size = n * dtype.itemsize
        self.begin = offset if first else len(self.inside) - size - offset
        return self.inside[self.begin : self.begin + size].view(dtype)
    def check_marks(self, size, what):
        end = self.begin + size
        assert (self.inside[: self.begin] == MARK).all(), what
        assert (self.inside[end:] == MARK).all(), what
        self.inside[self.begin : end] = MARK

what = sys.argv[1]
if what == "overrun":
    Room().at(False, 4, np.dtype(np.float32)).ctypes.data_as(ctypes.POINTER(ctypes.c_float))[4]
    sys.exit()

# Kernels run over memory at whose end, or before whose beginning, another page begins: input, gradient,
# both outputs and the parameters. Every length, so every way in which a loop can end.
rooms = x_room, g_room, y_room, second_room = [Room() for _ in range(4)]
parameters = Room()
KINDS = ("value", "derivative", "second", "pair", "backward", "from_output")
FORMATS = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32,
           "float64": np.float64}
for name, kind, fast in itertools.product(("leaky_relu", "tanh"), KINDS, (False, True)):
    f = nonlin.catalogue[name]
    dtype = np.dtype(FORMATS[what])
    if fast and what != "float32":
        continue
    numbers = np.array(list(f.parameters.values()))
    kernel = f.kernel(what, kind, fast=fast)
    values = np.linspace(-0.9, 0.9, 600).astype(dtype)
    values[::7] = np.inf if kind != "from_output" else 0.5  # these may take another way
    wide = 40 if what == "float64" and name == "tanh" else 601  # it is slow, and one loop for all
    lengths = [*range(wide), *range(wide, 601, 37)]
    wanted = [np.empty_like(values) for _ in range(2)]
    run(kernel, values, values, wanted[0], wanted[1], numbers)
    for n in lengths:
        for first in (False, True):
            x, g, y, second = (room.at(first, n, dtype) for room in rooms)
            p = parameters.at(first, len(numbers), np.dtype(np.float64))
            p[:], x[:], g[:] = numbers, values[:n], values[:n]
            run(kernel, x, g, y, second if kind == "pair" else None, p)
            case = (name, kind, what, fast, n, first)
            assert y.tobytes() == wanted[0][:n].tobytes(), case
            if kind == "pair":
                assert second.tobytes() == wanted[1][:n].tobytes(), case
            else:
                assert (second.view(np.uint8) == MARK).all(), case
            for room in rooms:
                room.check_marks(n * dtype.itemsize, case)
            parameters.check_marks(8 * len(numbers), case)

# The same through the front door: gaps, steps back, other byte orders, no alignment, overlaps.
f = nonlin.leaky_relu
dtype = np.dtype(FORMATS[what])
swapped = dtype.newbyteorder("S")
for n in [*range(1, 70), 255, 256, 257, 299]:
    for first in (False, True):
        for offset in (0, 1):
            for look in (lambda a: a, lambda a: a[::-1], lambda a: a[::2], lambda a: a[::-3]):
                x, y = (room.at(first, n, dtype, offset) for room in (x_room, y_room))
                x[:] = np.linspace(-4, 4, n).astype(dtype)
                before, v = x.copy(), look(x)
                want = np.where(v > 0, v, (0.01 * v.astype(float)).astype(dtype))
                assert f(v, out=look(y)) .tobytes() == f(v.copy()).tobytes()
                np.testing.assert_allclose(look(y).astype(float), want.astype(float), rtol=0.01)
                f.value_and_derivative(v), f.backward(v, v), nonlin.softmax(v), nonlin.log_softmax(v)
                assert x.tobytes() == before.tobytes()
                if what != "bfloat16":
                    assert f(v.view(swapped)).shape == v.shape
                for room in (x_room, y_room):
                    room.check_marks(n * dtype.itemsize, (n, first, offset))
        for shift in (1, 2, 5):  # an output that begins within the input
            if n > shift:
                x = x_room.at(first, n, dtype)
                x[:] = np.linspace(-4, 4, n).astype(dtype)
                want = f(x[:-shift].copy())
                assert f(x[:-shift], out=x[shift:]).tobytes() == want.tobytes()
                x_room.check_marks(n * dtype.itemsize, ("overlap", n, first, shift))
"""


@needs_signals
@pytest.mark.parametrize("format", ["float16", "bfloat16", "float32", "float64"])
def test_nothing_outside_an_array_is_read_or_written(format: str) -> None:
    in_a_process(GUARDED, 400, format)


@needs_signals
def test_the_guard_would_notice() -> None:
    done = subprocess.run([sys.executable, "-c", GUARDED, "overrun"], capture_output=True)
    assert done.returncode < 0


# -- interrupts -----------------------------------------------------------------------------------
INTERRUPTED = """
import os, signal, sys, threading, time
import ml_dtypes, numpy as np, nonlin
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs lack
signal.alarm(200)
name, kind, size, value, threads = sys.argv[1:]
nonlin.set_num_threads(int(threads))
f, n = nonlin.catalogue[name], 1 << int(size)
x = np.full(n, float(value), kind)
f(x[:5], out=x[:5])  # the code is there
asked = []
def interrupt():
    time.sleep(0.3)
    asked.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)
thread = threading.Thread(target=interrupt)
thread.start()
try:
    while True:  # so that the call cannot be over before
        f(x, out=x)
except KeyboardInterrupt:
    waited = time.perf_counter() - asked[0]
thread.join()
# Whoever worked on the array has stopped.
parts = x[:: n // 4096].copy()
time.sleep(0.1)
assert x[:: n // 4096].tobytes() == parts.tobytes(), "somebody still writes"
x[:100] = 0.5
np.testing.assert_array_equal(f(x[:100]), f(np.full(100, 0.5, x.dtype)))
f(x[: 1 << 18], out=x[: 1 << 18])  # and threads are to be had again
print(waited)
"""
LONG = [
    pytest.param("relu", "float16", 28, "0.5", id="2^28 numbers"),
    pytest.param("mish", "float64", 24, "1.5", id="slow ones"),
    pytest.param("gelu", "float32", 26, "inf", id="ones that take the exact arithmetic"),
]


@needs_signals
@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize(("name", "kind", "size", "value"), LONG)
def test_a_long_call_is_interrupted(
    name: str, kind: str, size: int, value: str, threads: str
) -> None:
    """A moment passes (hundredths of a second on a machine with nothing else to do)."""
    if size > 27 and available_memory() < 1.5e9:
        pytest.skip("there is too little memory for 2^28 numbers")
    waited = in_a_process(INTERRUPTED, 240, name, kind, str(size), value, threads)
    assert float(waited) < 3.0


def available_memory() -> float:
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return float("inf")


@needs_signals
def test_one_interrupt_after_another() -> None:
    """Also while the threads of the first are being waited for; memory is there as long as they are."""
    in_a_process("""
import gc, os, signal, threading, time
import numpy as np, nonlin
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.alarm(100)
nonlin.set_num_threads(2)
nonlin.mish(np.ones(8))
done = False
def again_and_again():
    while not done:
        time.sleep(0.002)
        os.kill(os.getpid(), signal.SIGINT)
begun, count = False, 0
while True:
    try:
        if not begun:
            begun = True
            threading.Thread(target=again_and_again, daemon=True).start()
        while count < 60:
            count += 1
            nonlin.mish(np.full(1 << 20, 0.5))
            gc.collect()
        done = True
        time.sleep(0.1)
        break
    except KeyboardInterrupt:
        pass
x = np.linspace(-3, 3, 1 << 17)
nonlin.set_num_threads(1)
alone = nonlin.tanh(x)
nonlin.set_num_threads(2)
assert np.array_equal(nonlin.tanh(x), alone)
""")


@needs_signals
def test_a_handler_that_computes() -> None:
    """A signal's handler may call what it has interrupted, wherever it has."""
    in_a_process("""
import faulthandler, random, signal
import numpy as np, nonlin
faulthandler.dump_traceback_later(100, exit=True)
nonlin.set_num_threads(2)
large = np.linspace(-3, 3, 1 << 21, dtype=np.float32)
small = large[: 1 << 18]  # which machine code does at once
want, seen = [nonlin.tanh(x).tobytes() for x in (small, large)], []
def handler(*_):
    seen.append([nonlin.tanh(x).tobytes() for x in (small, large)] == want)
signal.signal(signal.SIGALRM, handler)
random.seed(1)
first = [nonlin.relu(x).tobytes() for x in (small, large)]
for k in range(400):
    x = (small, large)[k % 2]
    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 3e-4))
    assert nonlin.relu(x).tobytes() == first[k % 2]
signal.setitimer(signal.ITIMER_REAL, 0)
assert len(seen) > 100 and all(seen)
""")


# -- threads and forks ----------------------------------------------------------------------------
def test_many_threads_with_many_functions() -> None:
    """All at once from a cold start, small arrays and large ones, in place and not."""
    in_a_process("""
import faulthandler, threading
import numpy as np, nonlin
faulthandler.dump_traceback_later(200, exit=True)
nonlin.set_num_threads(3)
names = ["gelu", "tanh", "silu", "leaky_relu", "softplus", "sigmoid", "elu", "relu"]
x = {n: np.linspace(-5, 5, n, dtype=np.float32) for n in (7, 1000, (1 << 17) + 3)}
found, errors, barrier = {}, [], threading.Barrier(16)
def work(i):
    try:
        barrier.wait()
        for k in range(len(names)):
            f = nonlin.catalogue[names[(i + k) % len(names)]]
            mine = nonlin.define(f"({f.formula}) * {1 + i % 4}", **f.parameters)
            for n, v in x.items():
                out = v.copy()
                f(out, out=out)
                got = (out.tobytes(), f.derivative(v).tobytes(), f.backward(v, v).tobytes(),
                       *(part.tobytes() for part in f.value_and_derivative(v)))
                assert found.setdefault((f.name, n), got) == got, (f.name, n)
                got = mine(v).tobytes()
                assert found.setdefault((f.name, i % 4, n), got) == got, (f.name, i, n)
    except BaseException as error:
        errors.append(error)
threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
for t in threads:
    t.start()
for t in threads:
    t.join()
assert not errors, errors
nonlin.set_num_threads(1)
for (name, *rest), got in found.items():
    f, n = nonlin.catalogue[name], rest[-1]
    if len(rest) == 1:
        assert f(x[n]).tobytes() == got[0] == got[3]
        assert f.derivative(x[n]).tobytes() == got[1] == got[4]
""")


@needs_fork
def test_forks_while_threads_run() -> None:
    """Children of a process whose threads are at work compute what it computes, and so does it."""
    in_a_process("""
import faulthandler, os, signal, threading, warnings
import numpy as np, nonlin
warnings.simplefilter("ignore", DeprecationWarning)  # that a process with threads forks
faulthandler.dump_traceback_later(200, exit=True)
nonlin.set_num_threads(2)
x = np.linspace(-5, 5, (1 << 17) + 5, dtype=np.float32)
want = {f.name: f(x).tobytes() for f in (nonlin.tanh, nonlin.gelu)}
stop, wrong = threading.Event(), []
def work(f):
    while not stop.is_set():
        if f(x).tobytes() != want[f.name]:
            wrong.append(f.name)
threads = [threading.Thread(target=work, args=(nonlin.catalogue[n],)) for n in want]
for t in threads:
    t.start()
for k in range(8):
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        right = all(nonlin.catalogue[n](x).tobytes() == w for n, w in want.items())
        grandchild = os.fork()
        if grandchild == 0:
            os._exit(0 if nonlin.tanh(x).tobytes() == want["tanh"] else 3)
        right = right and os.waitpid(grandchild, 0)[1] == 0
        os._exit(0 if right and nonlin.define(f"z * {k} + tanh(z)")(x).shape == x.shape else 3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
stop.set()
for t in threads:
    t.join()
assert not wrong
""")


@needs_fork
def test_processes_of_a_pool() -> None:
    in_a_process("""
import faulthandler, multiprocessing, warnings
import numpy as np, nonlin
warnings.simplefilter("ignore", DeprecationWarning)
faulthandler.dump_traceback_later(200, exit=True)
nonlin.set_num_threads(2)
x = np.linspace(-5, 5, 1 << 17, dtype=np.float32)
want = nonlin.gelu(x)
with multiprocessing.get_context("fork").Pool(3) as pool:
    assert all(np.array_equal(y, want) for y in pool.map(nonlin.gelu, [x] * 6))
""")


def test_a_call_while_the_interpreter_shuts_down() -> None:
    """There are no new threads then; the caller's own does it."""
    out = in_a_process("""
import atexit
import numpy as np, nonlin
nonlin.set_num_threads(2)
x = np.linspace(-5, 5, 1 << 18, dtype=np.float32)
want = []
@atexit.register
def last():
    print(np.array_equal(nonlin.tanh(x), want[0]))
want.append(nonlin.tanh(x))
""")
    assert out == "True\n"


def test_a_thread_that_is_left_behind() -> None:
    """A program may end while a thread of it computes."""
    in_a_process("""
import threading, time
import numpy as np, nonlin
nonlin.set_num_threads(2)
x = np.linspace(-5, 5, 1 << 20)
nonlin.tanh(x[:10])
threading.Thread(target=lambda: nonlin.mish(x), daemon=True).start()
time.sleep(0.05)
""")


def test_the_cache_may_vanish_meanwhile(tmp_path: Path) -> None:
    in_a_process(
        """
import os, shutil, sys, threading
import numpy as np
os.environ["NONLIN_CACHE_DIR"] = sys.argv[1]
import nonlin
stop = threading.Event()
def remove():
    while not stop.wait(0.01):
        shutil.rmtree(sys.argv[1], ignore_errors=True)
thread = threading.Thread(target=remove)
thread.start()
x = np.array([-1.0, 2.0], np.float32)
for k in range(25):
    assert nonlin.define(f"max(z, 0) * {k}.5")(x).tolist() == [0.0, 2 * (k + 0.5)]
stop.set()
thread.join()
""",
        240,
        str(tmp_path / "cache"),
    )
