"""nonlin.torch: names and signatures, and modules, which are saved, copied, moved and trained as PyTorch's are."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import nonlin
from nonlin.catalogue import ENTRIES

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

import nonlin.torch as nt  # noqa: E402
from torch_numbers import F, nn, numbers  # noqa: E402


def test_every_entry_is_a_function_and_a_module() -> None:
    assert len(set(nt.__all__)) == len(nt.__all__) == 3 + 2 * len(ENTRIES)
    for name in nt.__all__:
        assert getattr(nt, name) is not None
    for entry in ENTRIES:
        f = getattr(nt, entry.name)
        assert f.activation is nonlin.catalogue[entry.name]
        for alias in entry.aliases:
            assert getattr(nt, alias) is f


def test_modules_have_pytorchs_names() -> None:
    theirs = {n for n in dir(nn) if isinstance(getattr(nn, n), type)}
    lower = {n.lower(): n for n in theirs}
    shared = {n for n in nt.__all__ if n[0].isupper() and n.lower() in lower and n != "Module"}
    assert shared == {lower[n.lower()] for n in shared}, "a name differs in its capitals only"
    assert len(shared) >= 23


def test_it_is_found_without_importing_it() -> None:
    code = "import nonlin, sys; a = 'torch' in sys.modules; print(a, nonlin.torch.gelu.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False gelu\n"


def test_signatures() -> None:
    import inspect

    assert str(inspect.signature(nt.hardtanh)) == "(x, /, min_val=-1.0, max_val=1.0)"
    assert "Hardtanh" in nt.hardtanh.__doc__ and "smallest output" in nt.hardtanh.__doc__
    assert repr(nt.gelu) == "<nonlin.torch.gelu: z * Phi(z)>"


def saved(m: Any) -> Any:
    file = io.BytesIO()
    torch.save(m, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


MODULES: dict[str, Callable[[], Any]] = {
    "GELU": lambda: nt.GELU(),
    "LeakyReLU": lambda: nt.LeakyReLU(0.2),
    "Hardtanh": lambda: nt.Hardtanh(-2, max_val=0.5),
    "PReLU": lambda: nt.PReLU(3, 0.1),
    "swish": lambda: nt.SwishBeta(1.5, learn="beta"),
    "per channel": lambda: nt.XIELU(learn=("alpha_p", "alpha_n"), num_parameters=3),
    "formula": lambda: nt.Module("z * tanh(a * z) + b", a=1.5, b=0.5, learn="a"),
    "activation": lambda: nt.Module(nonlin.define("atan(z) * c", name="mine", c=2.0)),
}


@pytest.mark.parametrize("make", MODULES.values(), ids=MODULES)
def test_copies_of_modules(make: Any) -> None:
    m = make()
    x = numbers(5, 3, dtype=torch.float32)
    for other in (copy.deepcopy(m), copy.copy(m), pickle.loads(pickle.dumps(m)), saved(m)):
        assert type(other) is type(m) and repr(other) == repr(m)
        assert torch.equal(other(x), m(x))
        assert other.state_dict().keys() == m.state_dict().keys()
    other = make()
    with torch.no_grad():
        for p in m.parameters():
            p.mul_(2)
    other.load_state_dict(m.state_dict())
    assert torch.equal(other(x), m(x))


def test_how_modules_look() -> None:
    assert repr(nt.GELU()) == "GELU()"
    assert repr(nt.LeakyReLU(0.2)) == "LeakyReLU(negative_slope=0.2)"
    assert repr(nt.PReLU(3)) == repr(nn.PReLU(3)) == "PReLU(num_parameters=3)"
    assert repr(nt.SwishBeta(learn="beta")) == "SwishBeta(beta=1, learn=('beta',))"
    assert repr(nt.Module("a * z", a=2.0)) == "Module(a * z, a=2)"


def test_prelus_state_is_pytorchs() -> None:
    ours, theirs = nt.PReLU(4, 0.1), nn.PReLU(4, 0.3)
    ours.load_state_dict(theirs.state_dict())
    x = numbers(2, 4, 3, dtype=torch.float32)
    assert torch.equal(ours(x), theirs(x))
    theirs.load_state_dict(ours.state_dict())


def test_a_parameter_is_an_attribute() -> None:
    m = nt.LeakyReLU()
    m.negative_slope = 0.5
    assert m(torch.tensor([-2.0])).item() == -1.0
    assert m.activation is nonlin.leaky_relu


def test_learning() -> None:
    """A learned slope finds the one that made the data."""
    x = numbers(200, 2, dtype=torch.float32)
    y = F.leaky_relu(x, 0.75)
    m = nt.PReLU(2)
    optimizer = torch.optim.SGD(m.parameters(), lr=0.2)
    for _ in range(100):
        optimizer.zero_grad()
        F.mse_loss(m(x), y).backward()
        optimizer.step()
    assert torch.allclose(m.weight, torch.full((2,), 0.75), atol=1e-3)


def test_a_module_moves() -> None:
    m = nt.PReLU(2, dtype=torch.float64).to(torch.bfloat16)
    assert m.weight.dtype == torch.bfloat16
    assert m(numbers(3, 2, dtype=torch.bfloat16)).dtype == torch.bfloat16
    assert nt.PReLU(2, device="meta").weight.device.type == "meta"


def test_a_parameter_may_be_called_x() -> None:
    f = nt.function("x * z", x=3.0)
    assert f(torch.tensor([2.0])).item() == f(torch.tensor([2.0]), 3.0).item() == 6.0
    assert nt.Module("x * z", x=3.0, learn="x")(torch.tensor([2.0])).item() == 6.0
