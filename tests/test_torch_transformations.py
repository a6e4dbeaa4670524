"""nonlin.torch: what PyTorch does to functions: vmap, checkpoints, compilation, export."""

from __future__ import annotations

import io
import shutil
from typing import Any

import pytest

import nonlin

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

import nonlin.torch as nt  # noqa: E402
from torch_numbers import leaf, nn, numbers  # noqa: E402


def test_vmap() -> None:
    x, w = numbers(4, 3, 5), torch.rand(3, dtype=torch.float64)
    assert torch.equal(torch.func.vmap(nt.gelu, 1, 2)(x), nt.gelu(x).movedim(1, 2))
    per_sample = torch.func.vmap(lambda v: nt.prelu(v[None], w)[0])
    assert torch.equal(per_sample(x), nt.prelu(x, w))
    slopes = torch.rand(4, dtype=torch.float64)
    each = torch.func.vmap(lambda v, a: nt.leaky_relu(v, a))(x, slopes)
    assert torch.equal(
        each, torch.stack([nt.leaky_relu(v, a) for v, a in zip(x, slopes, strict=True)])
    )
    shared = torch.func.vmap(lambda a: nt.leaky_relu(x, a))(slopes)
    assert torch.equal(shared, torch.stack([nt.leaky_relu(x, a) for a in slopes]))


def test_functional_derivatives() -> None:
    x = numbers(6)
    each = torch.func.vmap(torch.func.grad(nt.mish))(x)
    assert torch.allclose(each, torch.from_numpy(nonlin.mish.derivative(x.numpy())), rtol=1e-14)
    hessian = torch.func.hessian(lambda v: nt.mish(v).sum())(x)
    want = torch.from_numpy(nonlin.mish.second_derivative(x.numpy()))
    assert torch.allclose(hessian, torch.diag(want), rtol=1e-13)


def test_checkpointing() -> None:
    from torch.utils.checkpoint import checkpoint

    x, x2 = leaf(numbers(5)), leaf(numbers(5))
    checkpoint(nt.gelu, x, use_reentrant=False).sum().backward()
    nt.gelu(x2).sum().backward()
    assert torch.equal(x.grad, x2.grad)


def test_pytorchs_own_check_of_operators() -> None:
    from nonlin.torch import operators

    x, p = leaf(numbers(2, 3)), leaf(torch.tensor([[0.5]], dtype=torch.float64))
    for parameters, values in ((None, [0.5]), (p, [])):
        rest = (parameters, values, "leaky_relu", 0, [], [0])
        torch.library.opcheck(operators.apply, (x, *rest))
        torch.library.opcheck(operators.scale, (leaf(x), x, *rest))


BACKENDS = [
    "aot_eager",
    pytest.param(
        "inductor",
        marks=pytest.mark.skipif(
            shutil.which("g++") is None and shutil.which("clang++") is None,
            reason="there is no C++ compiler, which Inductor needs",
        ),
    ),
]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4, 6), nt.PReLU(6), nt.Softplus(2.0), nn.Linear(6, 3), nt.GELU(),
            nt.Module("z * tanh(a * z) + b", a=1.25, b=0.5, learn="a"),
        )  # fmt: skip

    def forward(self, x: Any, slope: float) -> Any:
        return nt.leaky_relu(self.layers(x), negative_slope=slope).t()


@pytest.mark.parametrize("backend", BACKENDS)
def test_compile(backend: str) -> None:
    """The whole graph at once, forwards and backwards, also for sizes and numbers that change."""
    torch.manual_seed(0)
    net = Net()
    compiled = torch.compile(net, fullgraph=True, backend=backend)
    for n, slope in ((5, 0.25), (7, 0.25), (9, 0.5), (9, 0.75)):
        x = numbers(n, 4, dtype=torch.float32)
        found = []
        for f in (compiled, net):
            net.zero_grad()
            mine = leaf(x)
            y = f(mine, slope)
            y.square().sum().backward()
            found.append([y.detach(), mine.grad, *(p.grad.clone() for p in net.parameters())])
        for a, b in zip(*found, strict=True):
            assert torch.allclose(a, b, rtol=1e-4, atol=1e-5)
            assert a.stride() == b.stride()
    torch._dynamo.reset()


def test_export() -> None:
    program = torch.export.export(nn.Sequential(nn.Linear(2, 2), nt.GELU()), (torch.ones(1, 2),))
    targets = {str(n.target) for n in program.graph.nodes}
    assert "nonlin.apply.default" in targets
    x = numbers(1, 2, dtype=torch.float32)
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    again, x = torch.export.load(file).module(), numbers(1, 2, dtype=torch.float32)
    assert torch.equal(again(x), program.module()(x))
