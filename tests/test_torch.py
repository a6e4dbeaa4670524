"""nonlin.torch: values and gradients beside PyTorch's own, tensors of every layout, and what is refused."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nonlin
from nonlin.catalogue import ENTRIES
from nonlin.errors import DtypeError, FormulaError, InterchangeError, ParameterError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

import nonlin.torch as nt  # noqa: E402
from torch_numbers import DTYPES, F, each_dtype, leaf, numbers  # noqa: E402

# Ours with its parameters by position, and PyTorch's.
PEERS: dict[str, tuple[tuple[float, ...], Callable[[Any], Any]]] = {
    "sigmoid": ((), torch.sigmoid),
    "tanh": ((), torch.tanh),
    "relu": ((), F.relu),
    "leaky_relu": ((0.2,), lambda x: F.leaky_relu(x, 0.2)),
    "gelu": ((), F.gelu),
    "gelu_tanh": ((), lambda x: F.gelu(x, approximate="tanh")),
    "silu": ((), F.silu),
    "rrelu": ((0.1, 0.3), lambda x: F.rrelu(x, 0.1, 0.3)),
    "relu6": ((), F.relu6),
    "threshold": ((0.5, -1.0), lambda x: F.threshold(x, 0.5, -1.0)),
    "hardtanh": ((-0.5, 2.0), lambda x: F.hardtanh(x, -0.5, 2.0)),
    "hardsigmoid": ((), F.hardsigmoid),
    "hardswish": ((), F.hardswish),
    "hardshrink": ((0.7,), lambda x: F.hardshrink(x, 0.7)),
    "softshrink": ((0.7,), lambda x: F.softshrink(x, 0.7)),
    "tanhshrink": ((), F.tanhshrink),
    "elu": ((1.5,), lambda x: F.elu(x, 1.5)),
    "celu": ((1.5,), lambda x: F.celu(x, 1.5)),
    "selu": ((), F.selu),
    "softplus": ((2.0,), lambda x: F.softplus(x, 2.0)),
    "logsigmoid": ((), F.logsigmoid),
    "mish": ((), F.mish),
    "softsign": ((), F.softsign),
    "sin": ((), torch.sin),
    "cos": ((), torch.cos),
    "exponential": ((), torch.exp),
    "absolute": ((), torch.abs),
}  # fmt: skip


@pytest.mark.parametrize("name", PEERS)
def test_value_and_gradients_are_pytorchs(name: str) -> None:
    """In float64, the kinks among the places: PyTorch's autograd is what conventions follow."""
    given, theirs = PEERS[name]
    places = [0.0, 0.5, -0.5, 0.7, -0.7, 1.0, -1.0, 2.0, 3.0, -3.0, 6.0]
    x = leaf(torch.cat([numbers(200), torch.tensor(places, dtype=torch.float64)]))
    x2 = leaf(x)
    y, want = getattr(nt, name)(x, *given), theirs(x2)
    assert torch.allclose(y, want, rtol=1e-13, atol=1e-15)
    g = numbers(211, seed=1)
    (first,) = torch.autograd.grad(y, x, g, create_graph=True)
    (first2,) = torch.autograd.grad(want, x2, g, create_graph=True)
    rtol = 1e-7 if name == "hardsigmoid" else 1e-12  # PyTorch takes 1/6 as a float32 there
    assert torch.allclose(first, first2, rtol=rtol, atol=1e-14)
    if not first2.requires_grad or name in ("hardsigmoid", "hardswish", "elu", "celu", "selu"):
        return  # PyTorch has no second derivative, or f'' jumps at a place and it takes another side
    (second,) = torch.autograd.grad(first, x, g)
    (second2,) = torch.autograd.grad(first2, x2, g, allow_unused=True)
    if second2 is not None:
        assert torch.allclose(second, second2, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3])
def test_prelu_is_pytorchs(channels: int) -> None:
    x, w = leaf(numbers(4, 3, 5)), leaf(torch.rand(channels, dtype=torch.float64))
    x2, w2 = leaf(x), leaf(w)
    with torch.no_grad():
        x[0, :, :2] = 0.0  # at the kink, too
        x2[0, :, :2] = 0.0
    g = numbers(4, 3, 5, seed=1)
    y, y2 = nt.prelu(x, w), F.prelu(x2, w2)
    assert torch.equal(y, y2)
    first = torch.autograd.grad(y, (x, w), g, create_graph=True)
    first2 = torch.autograd.grad(y2, (x2, w2), g, create_graph=True)
    for a, b in zip(first, first2, strict=True):
        assert torch.allclose(a, b, rtol=1e-13)
    # Away from the kink, where PyTorch's second derivative takes the other side than its first.
    (mixed,) = torch.autograd.grad((first[0] * (x != 0)).sum(), w)
    (mixed2,) = torch.autograd.grad((first2[0] * (x != 0)).sum(), w2)
    assert torch.allclose(mixed, mixed2)


@pytest.mark.parametrize("name", ["sigmoid", "gelu", "silu", "mish", "elu", "softplus"])
@each_dtype
def test_each_format(name: str, dtype: Any) -> None:
    """To the last bit what the array API gives, forwards and backwards."""
    x = leaf(numbers(257, dtype=dtype))
    g = numbers(257, dtype=dtype, seed=1)
    f = nonlin.catalogue[name]
    y = getattr(nt, name)(x)
    assert y.dtype == dtype
    assert torch.equal(y, f(x.detach()))
    (grad,) = torch.autograd.grad(y, x, g)
    assert grad.dtype == dtype
    assert torch.equal(grad, f.backward(g, x.detach()))


def away_from_kinks(f: nonlin.Activation, n: int) -> Any:
    """Places where finite differences mean something: no jump of f, f' or f'' nearby."""
    places = {0.0}
    for entry in ENTRIES:
        if entry.name == f.name:
            values = entry.parameters.values()
            places |= {v for p in values for v in (p.default, -p.default)}
    places |= {-3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 6.0}
    x = np.random.default_rng(7).uniform(-4, 4, 40 * n)
    near = np.min(np.abs(x[:, None] - np.array(sorted(places))), axis=1)
    return torch.from_numpy(x[near > 0.05][:n].copy())


@pytest.mark.parametrize("name", nonlin.catalogue)
def test_gradients_of_the_whole_catalogue(name: str) -> None:
    """To z and to every parameter, twice, against finite differences."""
    f = nonlin.catalogue[name]
    x = away_from_kinks(f, 6).requires_grad_()
    inputs = [x] + [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in
                    f.parameters.values()]  # fmt: skip
    assert torch.autograd.gradcheck(getattr(nt, name), inputs)
    assert torch.autograd.gradgradcheck(getattr(nt, name), inputs, atol=1e-4)


def test_third_derivatives() -> None:
    x = leaf(numbers(50))
    found = []
    for f in (nt.gelu, F.gelu):
        y = f(x)
        for _ in range(3):
            (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        found.append(y)
    assert torch.allclose(*found, rtol=1e-10, atol=1e-12)


def test_forward_mode_and_batches() -> None:
    x, w = leaf(numbers(2, 3, 2)), leaf(torch.rand(3, dtype=torch.float64))
    a, v = leaf(torch.tensor(1.3, dtype=torch.float64)), leaf(numbers(4))
    for f, inputs in ((nt.prelu, (x, w)), (nt.softplus, (v, a)), (nt.softplus, (leaf(v[0]), a))):
        assert torch.autograd.gradcheck(
            f, inputs, check_forward_ad=True, check_batched_grad=True,
            check_batched_forward_grad=True,
        )  # fmt: skip
        assert torch.autograd.gradgradcheck(
            f, inputs, check_fwd_over_rev=True, check_batched_grad=True
        )


def test_a_formula() -> None:
    f = nt.function("z * tanh(softplus(a * z))", a=1.5)
    x, a = leaf(numbers(6)), leaf(torch.tensor([0.7], dtype=torch.float64))
    assert torch.allclose(f(x), x * torch.tanh(F.softplus(1.5 * x)), rtol=1e-13)
    assert torch.autograd.gradcheck(f, (x, a))
    assert torch.autograd.gradgradcheck(f, (x, a))
    assert f(x, a=2).equal(f(x, 2.0)) and f(x, a=a.detach()).equal(f(x, 0.7))


def test_conventions_of_ones_own() -> None:
    from nonlin.catalogue import Entry, Kink, Parameter

    entry = Entry("mine", "Mine", "abs(a * z)", "", "", parameters={"a": Parameter(1, 0, 2, "")},
                  kinks=(Kink("0", "a / 4", ""),))  # fmt: skip
    f = nt.function(nonlin.Activation(entry))
    x, a = torch.zeros(3, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    (g,) = torch.autograd.grad(f(x, a).sum(), x, create_graph=True)
    assert g.tolist() == [0.5] * 3
    (h,) = torch.autograd.grad(g.sum(), a)
    assert h.item() == 0.75


def test_only_what_is_wanted() -> None:
    """A parameter that is a number has no gradient, and one that needs none gets none."""
    x, a = numbers(5), leaf(torch.tensor(0.5, dtype=torch.float64))
    nt.xielu(x, alpha_n=a).sum().backward()
    want = np.sum(np.expm1(x.numpy()) - x.numpy(), where=x.numpy() <= 0)
    assert np.isclose(a.grad.item(), want)
    y = nt.xielu(leaf(x), 0.8, a.detach())
    y.sum().backward()


def test_halves_are_added_up_in_more() -> None:
    """20 000 products of bfloat16: summed in that format they would stop at 256."""
    x = -torch.ones(20_000, dtype=torch.bfloat16)
    w = torch.tensor([0.25], requires_grad=True)
    nt.prelu(x, w).backward(torch.ones_like(x))
    assert w.grad.item() == -20_000


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "contiguous": lambda x: x,
    "transposed": lambda x: x.transpose(0, 2),
    "channels last": lambda x: x[:, :, :, None].to(memory_format=torch.channels_last),
    "sliced": lambda x: x[::2, :, 1:4:2],
    "expanded": lambda x: x[:, :1].expand(6, 3, 4),
    "one for all": lambda x: x[0, 0, 0].expand(2, 3),
    "offset": lambda x: x[1:],
    "no dimensions": lambda x: x[0, 0, 0],
    "empty": lambda x: x[:0],
    "empty inside": lambda x: x[:, :0],
}


@each_dtype
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_layouts(layout: Any, dtype: Any) -> None:
    whole = numbers(6, 3, 4, dtype=dtype)
    x = leaf(whole)
    view = layout(x)
    y = nt.gelu(view)
    want = nonlin.gelu(layout(whole).contiguous())
    assert torch.equal(y, want)
    assert y.stride() == torch.empty_like(view).stride()
    y.sum().backward()  # whose gradient is one number for all
    x2 = leaf(whole)
    slope = nonlin.gelu.derivative(layout(whole).contiguous())
    layout(x2).backward(slope)
    assert torch.allclose(x.grad, x2.grad, rtol=0.02 if dtype in DTYPES[:2] else 1e-5)


def test_a_misaligned_tensor() -> None:
    memory = bytearray(4 * 8 + 1)
    x = torch.from_numpy(np.frombuffer(memory, np.uint8, offset=1)).view(torch.uint8)
    y = torch.frombuffer(memory, dtype=torch.float32, offset=1, count=8)
    y.copy_(numbers(8, dtype=torch.float32))
    assert y.data_ptr() % 4 and x.data_ptr() == y.data_ptr()
    assert torch.equal(nt.gelu(y), nt.gelu(y.clone()))


def test_views_that_put_off_a_sign() -> None:
    x = torch.tensor([1 + 2j, -3 + 1j]).conj().imag
    assert x.is_neg()
    assert nt.relu(x).tolist() == [0.0, 0.0] and nt.relu(-x).tolist() == [2.0, 1.0]


def test_in_place_changes_are_noticed() -> None:
    x = leaf(numbers(3))
    z = x * 1
    y = nt.gelu(z).sum()
    z.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_the_input_is_left_alone_and_the_output_is_new() -> None:
    x = numbers(5)
    before = x.clone()
    y = nt.identity(x)
    assert torch.equal(y, x) and y.data_ptr() != x.data_ptr() and torch.equal(x, before)


@pytest.mark.parametrize("weight", ["float32", "float64", "bfloat16"])
def test_parameters_of_another_format(weight: str) -> None:
    x, w = leaf(numbers(4, 3, dtype=torch.float32)), leaf(torch.rand(3).to(getattr(torch, weight)))
    y = nt.prelu(x, w)
    y.sum().backward()
    assert y.dtype == torch.float32 and w.grad.dtype == w.dtype and x.grad.dtype == x.dtype
    assert torch.allclose(y, F.prelu(x.detach(), w.detach().float()))


def test_threads() -> None:
    f = nt.function("z * sigmoid(a * z) + 0.5625", a=1.25)
    x = numbers(1000, dtype=torch.float32)
    results: list[Any] = [None] * 8
    barrier = threading.Barrier(8)

    def work(i: int) -> None:
        barrier.wait()
        mine = leaf(x)
        f(mine).sum().backward()
        results[i] = mine.grad

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    want = f.activation.derivative(x)
    assert all(torch.equal(r, want) for r in results)


WRONG: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "no tensor": (lambda: nt.gelu([1.0]), TypeError, "no tensor but list.*as_tensor"),
    "numpy": (lambda: nt.gelu(np.ones(2)), TypeError, "no tensor but ndarray"),
    "whole": (lambda: nt.gelu(torch.ones(2, dtype=torch.int64)), DtypeError, "int64.*use float16"),
    "complex": (lambda: nt.gelu(torch.ones(2) * 1j), DtypeError, "complex64"),
    "sparse": (lambda: nt.gelu(torch.eye(2).to_sparse()), InterchangeError, r"to_dense\(\)"),
    "unknown": (lambda: nt.gelu(torch.ones(2), a=1), ParameterError, "has no parameter 'a'"),
    "too many": (lambda: nt.leaky_relu(torch.ones(2), 1, 2), ParameterError, "takes one parameter"),
    "none taken": (lambda: nt.gelu(torch.ones(2), 1), ParameterError, "takes no parameters"),
    "twice": (
        lambda: nt.elu(torch.ones(2), 1, alpha=1), ParameterError, "given the parameter alpha twice",
    ),
    "not finite": (lambda: nt.elu(torch.ones(2), float("nan")), ParameterError, "must be finite"),
    "text": (lambda: nt.elu(torch.ones(2), "1"), ParameterError, "one real number, not str"),
    "channels": (
        lambda: nt.prelu(torch.ones(2, 4), torch.ones(3)), ParameterError, "3 channels.*has 4",
    ),
    "no channels": (
        lambda: nt.prelu(torch.ones(3), torch.ones(3)), ParameterError, "x has no channels",
    ),
    "two axes": (
        lambda: nt.prelu(torch.ones(3, 4), torch.ones(1, 4)), ParameterError, r"shape \(1, 4\)",
    ),
    "whole weight": (
        lambda: nt.prelu(torch.ones(3), torch.tensor(1)), DtypeError, "the parameter weight is",
    ),
    "no formula": (lambda: nt.function("z +"), FormulaError, "z"),
    "no activation": (lambda: nt.function(3), TypeError, "a name, a formula or an Activation"),
    "defaults": (lambda: nt.function("elu", alpha=2), ParameterError, "defaults of its own"),
    "no such": (lambda: nt.gelo, AttributeError, "did you mean gelu"),
    "no such class": (lambda: nt.Gelu, AttributeError, "did you mean"),
    "learned": (lambda: nt.GELU(learn="a"), ParameterError, "has no parameter 'a'"),
    "too many to a module": (lambda: nt.LeakyReLU(1, 2), ParameterError, "negative_slope"),
    "twice to a module": (lambda: nt.ELU(1, alpha=2), ParameterError, "given alpha twice"),
    "no count": (lambda: nt.PReLU(0), ParameterError, "at least 1, not 0"),
    "taken": (
        lambda: nt.Module("training * z", training=1.0), ParameterError, "something else called",
    ),
    "unknown to a module": (
        lambda: nt.Module("mish", a=1.0), ParameterError, "mish has no parameter 'a'",
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_errors_say_what_would_be_right(case: Any) -> None:
    call, error, message = case
    with pytest.raises(error, match=f"(?s){message}"):
        call()


def test_another_device() -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        x = torch.empty(3, device="cuda")
        for call in (nt.gelu, nt.GELU(), lambda v: nt.prelu(torch.ones(3), v)):
            with pytest.raises(InterchangeError, match=r"on cuda:0; .*use \.cpu\(\)"):
                call(x)


def test_a_tensor_without_values() -> None:
    y = nt.gelu(torch.empty(3, 4, device="meta", dtype=torch.float16))
    assert y.device.type == "meta" and y.shape == (3, 4) and y.dtype == torch.float16


def test_without_pytorch() -> None:
    code = """
import sys
sys.modules["torch"] = None
import nonlin
for look in (lambda: __import__("nonlin.torch"), lambda: nonlin.torch):
    try:
        look()
    except ImportError as error:
        print(type(error).__name__, "pip install 'nonlin[torch]'" in str(error))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "MissingTorchError True\n" * 2
