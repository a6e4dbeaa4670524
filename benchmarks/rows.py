"""softmax, log_softmax and cross-entropy over rows, beside PyTorch, JAX, ONNX Runtime, NumPy and SciPy.

float32, scores of N(0, 3), 2**18 of them a call (2**20 with two threads), into memory that is there already
where a library can do that. A busy machine takes the processor away for milliseconds, so calls are short
and many, in turns, each after one that is not timed, and what counts is each one's quickest tenth:
nonlin's time, and the ratio of the quickest other's to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from benchmarks.report import heading, line

LENGTHS = (10, 100, 1000, 30_000)
SCORES = {1: 1 << 18, 2: 1 << 20}
ROUNDS = {1: 60, 2: 20}
Call = Callable[[], object]


def _ours(x: Any, t: Any, out: Any, threads: int) -> dict[str, Call]:
    import nonlin

    nonlin.set_num_threads(threads)
    loss = nonlin.cross_entropy
    return {
        "softmax": lambda: nonlin.softmax(x, out=out),
        "log_softmax": lambda: nonlin.log_softmax(x, out=out),
        "cross_entropy": lambda: loss(x, t),
        "with gradient": lambda: loss.value_and_gradient(x, t),
    }


def _torch(x: Any, t: Any, out: Any, threads: int) -> dict[str, Call]:
    import torch

    torch.set_num_threads(threads)
    logits, targets, result = torch.from_numpy(x), torch.from_numpy(t), torch.from_numpy(out)
    learned = torch.from_numpy(x).clone().requires_grad_()

    def both() -> None:
        learned.grad = None
        torch.nn.functional.cross_entropy(learned, targets).backward()

    return {
        "softmax": lambda: torch._softmax(logits, -1, False, out=result),
        "log_softmax": lambda: torch._log_softmax(logits, -1, False, out=result),
        "cross_entropy": lambda: torch.nn.functional.cross_entropy(logits, targets),
        "with gradient": both,
    }


def _jax(x: Any, t: Any, out: Any, threads: int) -> dict[str, Call]:
    import jax
    import jax.numpy as jnp

    logits, targets = jnp.asarray(x), jnp.asarray(t)

    def loss(z: Any) -> Any:
        return -jnp.take_along_axis(jax.nn.log_softmax(z), targets[:, None], axis=-1).mean()

    made = {
        "softmax": jax.jit(jax.nn.softmax),
        "log_softmax": jax.jit(jax.nn.log_softmax),
        "cross_entropy": jax.jit(loss),
        "with gradient": jax.jit(jax.value_and_grad(loss)),
    }
    return {
        name: partial(lambda f: jax.block_until_ready(f(logits)), f) for name, f in made.items()
    }


def _onnx(x: Any, t: Any, out: Any, threads: int) -> dict[str, Call]:
    import onnxruntime
    from onnx import TensorProto, helper

    def session(operation: str) -> Call:
        ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, x.shape) for n in "xy"]
        node = helper.make_node(operation, ["x"], ["y"], axis=-1)
        graph = helper.make_graph([node], "graph", ends[:1], ends[1:])
        opset = [helper.make_opsetid("", 13)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=8)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        made = onnxruntime.InferenceSession(model.SerializeToString(), options)
        ends = made.io_binding()
        ends.bind_input("x", "cpu", 0, np.float32, x.shape, x.ctypes.data)
        ends.bind_output("y", "cpu", 0, np.float32, x.shape, out.ctypes.data)
        kept = x, out  # the session knows only their addresses
        return lambda: made.run_with_iobinding(ends) or kept

    return {"softmax": session("Softmax"), "log_softmax": session("LogSoftmax")}


def _numpy(x: Any, t: Any, out: Any, threads: int) -> dict[str, Call]:
    def softmax() -> None:
        np.subtract(x, x.max(axis=-1, keepdims=True), out=out)
        np.exp(out, out=out)
        np.divide(out, out.sum(axis=-1, keepdims=True), out=out)

    return {"softmax": softmax}


def _scipy(x: Any, t: Any, out: Any, threads: int) -> dict[str, Call]:
    from scipy import special

    return {
        "softmax": lambda: special.softmax(x, axis=-1),
        "log_softmax": lambda: special.log_softmax(x, axis=-1),
    }


PEERS: dict[str, Callable[[Any, Any, Any, int], dict[str, Call]]] = {
    "torch": _torch, "jax": _jax, "onnxruntime": _onnx, "numpy": _numpy, "scipy": _scipy,
}  # fmt: skip


def _accuracy() -> None:
    import nonlin

    rng = np.random.default_rng(1)
    worst: dict[str, float] = {}
    x = rng.normal(0, 3, (512, 1000)).astype(np.float32)
    t = np.zeros(len(x), np.int64)
    z = x.astype(np.longdouble)
    z -= z.max(axis=-1, keepdims=True)
    e = np.exp(z)
    want = e / e.sum(axis=-1, keepdims=True)
    unit = np.spacing(want.astype(np.float32)).astype(np.float64)
    got = {"nonlin": np.asarray(nonlin.softmax(x))}
    for name, make in PEERS.items():
        with suppress(ImportError):
            out = np.empty_like(x)
            result = make(x, t, out, 1)["softmax"]()
            got[name] = out if name in ("torch", "onnxruntime", "numpy") else np.asarray(result)
    for name, p in got.items():
        worst[name] = float((np.abs(p - want) / unit).max())
    shown = ", ".join(f"{name} {u:.1f}" for name, u in worst.items())
    line("softmax, rows of 1000, largest error", shown + " ULP")


def main() -> None:
    heading("Rows: ns for each score, float32; the best other, and how many times ours it takes")
    _accuracy()
    for threads in (1, 2):
        for n in LENGTHS:
            rng = np.random.default_rng(0)
            x = rng.normal(0, 3, (max(SCORES[threads] // n, 2), n)).astype(np.float32)
            t = rng.integers(0, n, len(x))
            ours = _ours(x, t, np.empty_like(x), threads)
            others: dict[str, dict[str, Call]] = {}
            for peer, make in PEERS.items():
                with suppress(ImportError):
                    others[peer] = make(x, t, np.empty_like(x), threads)
            for what, call in ours.items():
                calls = {"nonlin": call}
                calls |= {peer: made[what] for peer, made in others.items() if what in made}
                times: dict[str, list[float]] = {name: [] for name in calls}
                for _ in range(ROUNDS[threads]):  # in turns, so that a slow moment hits all
                    for name, run in calls.items():
                        run()
                        start = time.perf_counter()
                        run()
                        times[name].append(1e9 * (time.perf_counter() - start) / x.size)
                typical = {name: float(np.quantile(v, 0.1)) for name, v in times.items()}
                mine = typical.pop("nonlin")
                best = min(typical, key=lambda name: typical[name])
                ratio = f"{best} {typical[best]:.2f}, {typical[best] / mine:.2f} × nonlin's"
                line(f"{what}, rows of {n}, threads {threads}", f"{mine:.2f} ns", ratio)
