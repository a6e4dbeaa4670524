"""The others, each as it is quickest: with memory of ours to write to where it takes some.

A peer is a class with a ``name``, the ``packages`` that it needs, and :meth:`Peer.make`, which gives a
function that does a case's work once, or ``None`` if the peer has no such thing. A new peer is one
class here, with ``@_peer`` above it.

What "quickest" means: PyTorch's own kernels (``torch.ops.aten``), forward and backward, without the
tape of autograd; JAX under ``jit``; ONNX Runtime with its inputs and outputs bound; numexpr and Numba
with ``out``. PyTorch's derivative is its backward kernel on a gradient of ones; those of sigmoid and tanh
take the output, which a forward pass has kept.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from nonlin.bench.cases import Case
from nonlin.bench.formulas import evaluate, table, written

__all__ = ["PEERS", "Peer", "installed"]

Work = Callable[[], Any]


class Peer:
    """Somebody to be measured beside."""

    name: ClassVar[str]
    packages: ClassVar[tuple[str, ...]]

    def __init__(self, threads: int) -> None:
        """Import it and let it use so many threads."""
        self.threads = threads

    def make(self, case: Case) -> Work | None:
        """What does the case's work once, and returns the results as something array-like."""
        raise NotImplementedError

    @classmethod
    def version(cls) -> str:
        """As its package says."""
        return importlib.metadata.version(cls.packages[0])


PEERS: dict[str, type[Peer]] = {}


def _peer(cls: type[Peer]) -> type[Peer]:
    PEERS[cls.name] = cls
    return cls


def installed() -> list[str]:
    """The peers that can be imported here."""
    return [
        name
        for name, peer in PEERS.items()
        if all(importlib.util.find_spec(package) for package in peer.packages)
    ]


@_peer
class Torch(Peer):
    name, packages = "torch", ("torch",)

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        self.torch = importlib.import_module("torch")
        self.torch.set_num_threads(threads)
        self.torch.set_grad_enabled(False)

    def make(self, case: Case) -> Work | None:
        torch, aten = self.torch, self.torch.ops.aten
        x = torch.from_numpy(case.x)
        if case.what == "rows":
            return self._rows(case, x)
        out = torch.empty_like(x)
        p = case.activation.parameters
        forward: dict[str, Work] = {
            "relu": lambda: torch.clamp_min(x, 0, out=out),
            "leaky_relu": lambda: aten.leaky_relu.out(x, p["negative_slope"], out=out),
            "sigmoid": lambda: torch.sigmoid(x, out=out),
            "tanh": lambda: torch.tanh(x, out=out),
            "elu": lambda: aten.elu.out(x, p["alpha"], out=out),
            "softplus": lambda: aten.softplus.out(x, out=out),
            "silu": lambda: aten.silu.out(x, out=out),
            "gelu": lambda: aten.gelu.out(x, out=out),
            "gelu_tanh": lambda: aten.gelu.out(x, approximate="tanh", out=out),
            "mish": lambda: aten.mish.out(x, out=out),
        }
        f = forward.get(case.activation.name)
        if case.what == "f":
            return f or self._formula(case, x)
        g = torch.from_numpy(case.gradient) if case.what == "backward" else torch.ones_like(x)
        back = self._backward(case, x, g)
        if case.what != "value_and_derivative" or back is None or f is None:
            return back
        return lambda: (f(), back())

    def _formula(self, case: Case, x: Any) -> Work:
        torch = self.torch
        operations = table(
            torch, minimum=torch.minimum, sigmoid=torch.sigmoid, erf=torch.erf, erfc=torch.erfc,
            softplus=torch.nn.functional.softplus, Phi=torch.special.ndtr,
            min=lambda a, b: _either(torch, torch.minimum, a, b),
            max=lambda a, b: _either(torch, torch.maximum, a, b),
        )  # fmt: skip
        f = case.activation
        return lambda: evaluate(f.expression, x, f.parameters, operations)

    def _backward(self, case: Case, x: Any, g: Any) -> Work | None:
        torch, aten = self.torch, self.torch.ops.aten
        out, p = torch.empty_like(x), case.activation.parameters
        given = case.what == "from_output"  # x is the output then
        kept = {"sigmoid": torch.sigmoid, "tanh": torch.tanh}.get(case.activation.name)
        y = kept(x) if kept and not given else x
        if given and case.activation.name not in ("sigmoid", "tanh", "relu", "leaky_relu", "elu"):
            return None
        backward: dict[str, Work] = {
            "relu": lambda: aten.threshold_backward.grad_input(g, x, 0, grad_input=out),
            "leaky_relu": lambda: aten.leaky_relu_backward.grad_input(
                g, x, p["negative_slope"], given, grad_input=out
            ),
            "sigmoid": lambda: aten.sigmoid_backward.grad_input(g, y, grad_input=out),
            "tanh": lambda: aten.tanh_backward.grad_input(g, y, grad_input=out),
            "elu": lambda: aten.elu_backward.grad_input(
                g, p["alpha"], 1, 1, given, x, grad_input=out
            ),
            "softplus": lambda: aten.softplus_backward.grad_input(g, x, 1, 20, grad_input=out),
            "silu": lambda: aten.silu_backward.grad_input(g, x, grad_input=out),
            "gelu": lambda: aten.gelu_backward.grad_input(g, x, grad_input=out),
            "gelu_tanh": lambda: aten.gelu_backward.grad_input(
                g, x, approximate="tanh", grad_input=out
            ),
            "mish": lambda: aten.mish_backward(g, x),
        }
        return backward.get(case.activation.name)

    def _rows(self, case: Case, x: Any) -> Work | None:
        torch = self.torch
        out, loss = torch.empty_like(x), torch.nn.functional.cross_entropy
        match case.name:
            case "softmax":
                return lambda: torch.ops.aten._softmax.out(x, 1, False, out=out)
            case "log_softmax":
                return lambda: torch.ops.aten._log_softmax.out(x, 1, False, out=out)
        t = torch.from_numpy(case.targets)
        if case.name == "cross_entropy":
            return lambda: loss(x, t)
        leaf = x.clone().requires_grad_()

        def both() -> Any:
            with torch.enable_grad():
                value = loss(leaf, t)
                (gradient,) = torch.autograd.grad(value, leaf)
            return value.detach(), gradient

        return both


def _either(library: Any, op: Any, a: Any, b: Any) -> Any:
    """min or max of an array and a number, for a library that wants two arrays."""
    like = a if hasattr(a, "dtype") else b
    a, b = (v if hasattr(v, "dtype") else library.full_like(like, v) for v in (a, b))
    return op(a, b)


@_peer
class Jax(Peer):
    name, packages = "jax", ("jax",)

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        self.jax = importlib.import_module("jax")
        self.jax.config.update("jax_enable_x64", True)

    def make(self, case: Case) -> Work | None:
        jax, jnp, nn = self.jax, self.jax.numpy, self.jax.nn
        x = jax.device_put(case.x)
        if case.what == "rows":
            return self._rows(case, x)
        if case.what == "from_output":
            return None
        p = case.activation.parameters
        named: dict[str, Callable[[Any], Any]] = {
            "relu": nn.relu,
            "leaky_relu": lambda z: nn.leaky_relu(z, p["negative_slope"]),
            "sigmoid": nn.sigmoid,
            "tanh": jnp.tanh,
            "elu": lambda z: nn.elu(z, p["alpha"]),
            "softplus": nn.softplus,
            "silu": nn.silu,
            "gelu": lambda z: nn.gelu(z, approximate=False),
            "gelu_tanh": lambda z: nn.gelu(z, approximate=True),
            "mish": nn.mish,
        }
        special = jax.scipy.special
        operations = table(
            jnp, sigmoid=nn.sigmoid, softplus=nn.softplus, erf=special.erf, erfc=special.erfc,
            Phi=special.ndtr,
        )  # fmt: skip
        a = case.activation
        f = named.get(a.name) or (lambda z: evaluate(a.expression, z, a.parameters, operations))

        def back(z: Any, g: Any) -> Any:
            return jax.vjp(f, z)[1](g)[0]

        def both(z: Any) -> Any:
            value, pull = jax.vjp(f, z)
            return value, pull(jnp.ones_like(z))[0]

        match case.what:
            case "f":
                return self._ready(f, x)
            case "derivative":
                return self._ready(lambda z: back(z, jnp.ones_like(z)), x)
            case "backward":
                return self._ready(back, x, jax.device_put(case.gradient))
        return self._ready(both, x)

    def _ready(self, f: Callable[..., Any], *args: Any) -> Work:
        jitted, wait = self.jax.jit(f), self.jax.block_until_ready
        return lambda: wait(jitted(*args))

    def _rows(self, case: Case, x: Any) -> Work:
        jax, nn = self.jax, self.jax.nn
        if case.name.endswith("softmax"):
            return self._ready(getattr(nn, case.name), x)
        t = jax.device_put(case.targets)

        def loss(z: Any) -> Any:
            picked = jax.numpy.take_along_axis(nn.log_softmax(z), t[:, None], 1)
            return -picked.mean()

        return self._ready(loss if case.name == "cross_entropy" else jax.value_and_grad(loss), x)


@_peer
class OnnxRuntime(Peer):
    name, packages = "onnxruntime", ("onnxruntime", "onnx")
    _OPS: ClassVar[dict[str, tuple[str, dict[str, Any]]]] = {
        "relu": ("Relu", {}), "leaky_relu": ("LeakyRelu", {"alpha": 0.01}), "sigmoid": ("Sigmoid", {}),
        "tanh": ("Tanh", {}), "elu": ("Elu", {}), "softplus": ("Softplus", {}), "silu": ("Silu", {}),
        "gelu": ("Gelu", {}), "gelu_tanh": ("Gelu", {"approximate": "tanh"}), "mish": ("Mish", {}),
        "softmax": ("Softmax", {"axis": 1}), "log_softmax": ("LogSoftmax", {"axis": 1}),
    }  # fmt: skip

    def make(self, case: Case) -> Work | None:
        name = case.name if case.what == "rows" else case.activation.name
        if case.what not in ("f", "rows") or name not in self._OPS:
            return None
        runtime = importlib.import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.log_severity_level = 3
        model = self._model(*self._OPS[name], case)
        session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        binding, out = session.io_binding(), np.empty_like(case.x)
        wrap = runtime.OrtValue.ortvalue_from_numpy
        binding.bind_ortvalue_input("x", wrap(case.x))
        result = wrap(out)
        binding.bind_ortvalue_output("y", result)

        def work() -> Any:
            session.run_with_iobinding(binding)
            return result

        return work

    @staticmethod
    def _model(op: str, attributes: dict[str, Any], case: Case) -> bytes:
        onnx = importlib.import_module("onnx")
        helper = onnx.helper
        kind = helper.np_dtype_to_tensor_dtype(case.x.dtype)
        ends = [helper.make_tensor_value_info(n, kind, list(case.x.shape)) for n in ("x", "y")]
        nodes = [helper.make_node(op, ["x"], ["y"], **attributes)]
        if op == "Silu":  # which it joins by itself
            nodes = [
                helper.make_node("Sigmoid", ["x"], ["s"]),
                helper.make_node("Mul", ["x", "s"], ["y"]),
            ]
        graph = helper.make_graph(nodes, "one", [ends[0]], [ends[1]])
        opset = [helper.make_opsetid("", 20)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=10)
        return bytes(model.SerializeToString())


@_peer
class NumPy(Peer):
    name, packages = "numpy", ("numpy",)

    def make(self, case: Case) -> Work | None:
        if case.what != "f":
            return None
        x, out, f = case.x, np.empty_like(case.x), case.activation
        match f.name:
            case "relu":
                return lambda: np.maximum(x, 0, out=out)
            case "tanh":
                return lambda: np.tanh(x, out=out)
        operations = table(np)
        return lambda: evaluate(f.expression, x, f.parameters, operations)


@_peer
class SciPy(Peer):
    name, packages = "scipy", ("scipy",)

    def make(self, case: Case) -> Work | None:
        special = importlib.import_module("scipy.special")
        x, out = case.x, np.empty_like(case.x)
        if case.what == "rows":
            if not case.name.endswith("softmax"):
                return None
            return lambda: getattr(special, case.name)(x, axis=1)
        if case.what != "f":
            return None
        match case.activation.name:
            case "sigmoid":
                return lambda: special.expit(x, out=out)
            case "gelu":
                return lambda: np.multiply(special.ndtr(x, out=out), x, out=out)
            case "silu":
                return lambda: np.multiply(special.expit(x, out=out), x, out=out)
        return None


@_peer
class NumExpr(Peer):
    name, packages = "numexpr", ("numexpr",)

    def make(self, case: Case) -> Work | None:
        if case.what != "f":
            return None
        numexpr = importlib.import_module("numexpr")
        numexpr.set_num_threads(self.threads)
        f = case.activation
        text = written(f.expression, f.parameters)
        z, out = case.x, np.empty_like(case.x)
        numexpr.evaluate(text, {"z": z}, out=out, casting="same_kind")
        return lambda: numexpr.re_evaluate({"z": z})


@_peer
class Numba(Peer):
    """Loops as one writes them, with ``fastmath`` and SIMD left to LLVM."""

    name, packages = "numba", ("numba",)

    def make(self, case: Case) -> Work | None:
        import math

        if case.what != "f":
            return None
        numba = importlib.import_module("numba")
        numba.set_num_threads(self.threads)
        p = case.activation.parameters
        one, zero, half = (case.x.dtype.type(v) for v in (1.0, 0.0, 0.5))
        slope = case.x.dtype.type(p.get("negative_slope", 0.0))
        root = case.x.dtype.type(math.sqrt(0.5))
        bodies: dict[str, Callable[[Any], Any]] = {
            "relu": lambda z: max(z, zero),
            "leaky_relu": lambda z: z if z > zero else slope * z,
            "sigmoid": lambda z: one / (one + math.exp(-z)),
            "tanh": lambda z: math.tanh(z),
            "elu": lambda z: z if z > zero else math.expm1(z),
            "softplus": lambda z: max(z, zero) + math.log1p(math.exp(-abs(z))),
            "silu": lambda z: z / (one + math.exp(-z)),
            "gelu": lambda z: z * half * math.erfc(-z * root),
        }
        body = bodies.get(case.activation.name)
        if body is None:
            return None
        element = numba.njit(fastmath=True)(body)
        out = np.empty_like(case.x)

        def loop(x: Any, y: Any) -> None:
            for i in numba.prange(x.size):
                y[i] = element(x[i])

        compiled = numba.njit(fastmath=True, parallel=self.threads > 1)(loop)

        def work() -> Any:
            compiled(case.x, out)
            return out

        return work
