"""Arrays of PyTorch, of JAX and of whoever speaks DLPack: the same bits as for NumPy's, and in kind.

What cannot be read in place is refused with a word on what would do, and nothing is imported for it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import nonlin
from nonlin.errors import DtypeError, InterchangeError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

Array = np.ndarray[Any, Any]
BITS = {2: np.uint16, 4: np.uint32, 8: np.uint64}
DTYPES: dict[str, Any] = {
    "float16": np.dtype(np.float16),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}
each_dtype = pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)


# -- the libraries --------------------------------------------------------------------------------
class Torch:
    kind = torch.Tensor

    @staticmethod
    def of(x: Array) -> Any:
        if x.dtype.name == "bfloat16":
            return torch.from_numpy(x.view(np.int16).copy()).view(torch.bfloat16)
        return torch.from_numpy(x.copy())

    @staticmethod
    def back(y: Any) -> Array:
        if y.dtype == torch.bfloat16:
            return y.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
        return y.numpy()


class Jax:
    def __init__(self) -> None:
        self.jax = pytest.importorskip("jax", reason="JAX is not installed")
        self.kind = self.jax.Array

    def of(self, x: Array) -> Any:
        with self.jax.enable_x64(True):
            return self.jax.numpy.asarray(x)

    def back(self, y: Any) -> Array:
        return np.asarray(y)


class Box:
    """Some library's array, which says no more of itself than DLPack asks for."""

    def __init__(self, array: Array) -> None:
        self.array = array

    def __dlpack__(self, **keywords: Any) -> Any:
        return self.array.__dlpack__(**keywords)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __array_namespace__(self) -> Any:
        class Namespace:
            from_dlpack = Box

        return Namespace


class Boxes:
    kind = Box

    def of(self, x: Array) -> Any:
        return Box(x.copy())

    def back(self, y: Any) -> Array:
        return y.array  # type: ignore[no-any-return]


@pytest.fixture(params=[Torch, Jax, Boxes], ids=["torch", "jax", "others"])
def library(request: pytest.FixtureRequest) -> Any:
    return request.param()


def same(a: Any, b: Any) -> bool:
    """Of one shape and dtype, and equal bit by bit; NaNs are alike."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    nan = np.isnan(a) & np.isnan(b)
    bits = BITS[a.dtype.itemsize]
    equal = np.ascontiguousarray(a).view(bits) == np.ascontiguousarray(b).view(bits)
    return bool(np.all(nan | equal.reshape(a.shape)))


def numbers(dtype: Any, shape: tuple[int, ...] = (6, 7)) -> Array:
    x = np.random.default_rng(3).normal(0, 3, shape)
    if x.size > 3:
        x.flat[:4] = np.inf, -np.inf, np.nan, -0.0
    return x.astype(dtype)


f = nonlin.leaky_relu
CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "value": lambda x, g: f(x),
    "with a parameter": lambda x, g: f(x, negative_slope=0.5),
    "derivative": lambda x, g: f.derivative(x),
    "second derivative": lambda x, g: nonlin.mish.second_derivative(x),
    "both": lambda x, g: nonlin.tanh.value_and_derivative(x),
    "backward": lambda x, g: f.backward(g, x),
    "from the output": lambda x, g: nonlin.sigmoid.derivative_from_output(x),
    "defined": lambda x, g: nonlin.define("z * tanh(a * z)", a=0.5)(x, a=2.0),
    "softmax": lambda x, g: nonlin.softmax(x, axis=0),
    "softmax by name": lambda x, g: nonlin.softmax(logits=x, temperature=2.0),
    "log_softmax": lambda x, g: nonlin.log_softmax(x),
}


@each_dtype
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_same_bits_and_the_same_kind(call: Any, dtype: Any, library: Any) -> None:
    if isinstance(library, Boxes) and dtype.name == "bfloat16":
        pytest.skip("DLPack does not carry bfloat16 to NumPy")
    x, g = numbers(dtype), numbers(dtype)[::-1].copy()
    got, want = call(library.of(x), library.of(g)), call(x, g)
    if not isinstance(want, tuple):
        got, want = (got,), (want,)
    for a, b in zip(got, want, strict=True):
        assert isinstance(a, library.kind)
        assert same(library.back(a), b)


@each_dtype
def test_cross_entropy(dtype: Any, library: Any) -> None:
    if isinstance(library, Boxes) and dtype.name == "bfloat16":
        pytest.skip("DLPack does not carry bfloat16 to NumPy")
    z = np.random.default_rng(0).normal(0, 3, (5, 4)).astype(dtype)
    t = np.array([0, 3, 1, 2, 2])
    want, slope = nonlin.cross_entropy.value_and_gradient(z, t)
    for targets in (library.of(t), t):
        loss, gradient = nonlin.cross_entropy.value_and_gradient(library.of(z), targets)
        assert isinstance(loss, library.kind) and isinstance(gradient, library.kind)
        assert library.back(loss) == want and library.back(loss).shape == ()
        assert np.allclose(library.back(gradient).astype(float), slope.astype(float))
    assert library.back(nonlin.cross_entropy(library.of(z), library.of(t))) == want


@each_dtype
def test_tensors_are_read_in_place(dtype: Any) -> None:
    """No copy is made of a whole tensor, nor of one that skips or lies the other way round."""
    from nonlin.interchange import Exchange

    whole = Torch.of(numbers(dtype, (8, 6)))
    for x in (whole, whole.t(), whole[1::2, ::3], whole[2], whole[0, 0], whole[:, :1].expand(8, 4)):
        seen = Exchange().take(x, "x")
        assert seen.ctypes.data == x.data_ptr()
        assert seen.shape == tuple(x.shape) and seen.dtype == dtype
        assert seen.strides == tuple(s * dtype.itemsize for s in x.stride())
        assert same(Torch.back(nonlin.tanh(x)), nonlin.tanh(seen))


@each_dtype
def test_jax_arrays_are_read_in_place(dtype: Any) -> None:
    from nonlin.interchange import Exchange

    x = Jax().of(numbers(dtype))
    assert Exchange().take(x, "x").ctypes.data == x.unsafe_buffer_pointer()


def test_shapes(library: Any) -> None:
    for shape in ((), (0,), (3, 0, 2), (1,), (2, 1, 3)):
        x = numbers(np.float32, shape)
        y = nonlin.gelu(library.of(x))
        assert isinstance(y, library.kind)
        assert same(library.back(y), nonlin.gelu(x))


@pytest.mark.parametrize("kind", ["bool", "uint8", "int32", "int64"])
def test_whole_numbers_become_float64(kind: str) -> None:
    x = torch.arange(4).to(getattr(torch, kind))
    assert nonlin.tanh(x).dtype == torch.float64
    assert torch.equal(nonlin.tanh(x), torch.from_numpy(nonlin.tanh(x.numpy())))


# -- out ------------------------------------------------------------------------------------------
@each_dtype
def test_out(dtype: Any) -> None:
    x = numbers(dtype)
    for make in (torch.empty_like, lambda t: torch.empty(t.shape[::-1], dtype=t.dtype).t()):
        tensor = Torch.of(x)
        out = make(tensor)
        version = out._version
        assert nonlin.mish(tensor, out=out) is out
        assert same(Torch.back(out), nonlin.mish(x))
        assert out._version > version, "autograd would not notice"
    assert nonlin.mish(tensor, out=tensor) is tensor
    assert same(Torch.back(tensor), nonlin.mish(x))


def test_out_and_x_of_different_kinds() -> None:
    x, out = numbers(np.float32), torch.empty(6, 7)
    assert nonlin.relu(x, out=out) is out
    assert same(out.numpy(), nonlin.relu(x))
    target = np.empty_like(x)
    assert nonlin.relu(torch.from_numpy(x), out=target) is target
    assert same(target, nonlin.relu(x))


def test_out_has_to_fit() -> None:
    x = torch.ones(3)
    with pytest.raises(ValueError, match="out has shape"):
        nonlin.relu(x, out=torch.empty(4))
    with pytest.raises(DtypeError, match="cannot be written to int64"):
        nonlin.relu(x, out=torch.empty(3, dtype=torch.int64))
    with pytest.raises(InterchangeError, match="out requires grad"):
        nonlin.relu(x, out=torch.empty(3, requires_grad=True))


def test_a_jax_array_is_no_place_to_write_to() -> None:
    x = Jax().of(numbers(np.float32))
    with pytest.raises(InterchangeError, match="out is a JAX array, which cannot be written to"):
        nonlin.relu(x, out=x)


# -- kinds together -------------------------------------------------------------------------------
def test_numpy_and_numbers_go_with_any(library: Any) -> None:
    x = numbers(np.float32)
    for g in (np.ones_like(x), 2.0, [1.0] * 7):
        for y in (nonlin.tanh.backward(library.of(x), g), nonlin.tanh.backward(g, library.of(x))):
            assert isinstance(y, library.kind)
    assert library.back(nonlin.tanh.backward(2.0, library.of(x))).dtype == np.float32


def test_two_kinds_in_one_call() -> None:
    x = numbers(np.float32)
    with pytest.raises(InterchangeError, match=r"x is an array of .* and grad_output one of torch"):
        nonlin.tanh.backward(torch.ones(6, 7), Box(x))


def test_parameters_without_dimensions() -> None:
    x = numbers(np.float32)
    for slope in (
        torch.tensor(0.5),
        torch.tensor(0.5, dtype=torch.bfloat16),
        Jax().of(np.array(0.5)),
    ):
        assert same(f(x, negative_slope=slope), f(x, negative_slope=0.5))
    with pytest.raises(nonlin.errors.ParameterError, match="one real number"):
        f(x, negative_slope=torch.ones(2))


# -- what cannot be read --------------------------------------------------------------------------
def negative() -> Any:
    x = torch.ones(3, dtype=torch.complex64).conj().imag
    assert x.is_neg()
    return x


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "requires grad": (
        lambda: torch.ones(3, requires_grad=True), InterchangeError, r"\.detach\(\).*nonlin\.torch",
    ),
    "parameter": (lambda: torch.nn.Parameter(torch.ones(3)), InterchangeError, "x requires grad"),
    "sparse": (lambda: torch.eye(3).to_sparse(), InterchangeError, r"\.to_dense\(\)"),
    "compressed": (lambda: torch.eye(3).to_sparse_csr(), InterchangeError, r"\.to_dense\(\)"),
    "complex": (lambda: torch.ones(3, dtype=torch.complex64), DtypeError, "float64"),
    "conjugate": (lambda: torch.ones(3, dtype=torch.complex64).conj(), DtypeError, "complex"),
    "negative": (negative, InterchangeError, r"\.resolve_neg\(\)"),
    "meta": (lambda: torch.ones(3, device="meta"), InterchangeError, "x is on meta.*no values"),
    "float8": (lambda: torch.ones(3).to(torch.float8_e4m3fn), DtypeError, "float8_e4m3fn.*float64"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused(case: Any) -> None:
    make, error, message = case
    x = make()
    calls = [nonlin.relu, nonlin.relu.derivative, nonlin.relu.value_and_derivative]
    for call in calls:
        with pytest.raises(error, match=f"(?s){message}"):
            call(x)
    with pytest.raises(error, match="grad_output"):
        nonlin.relu.backward(x, np.ones(3))
    with pytest.raises(error, match="logits"):
        nonlin.softmax(x)


def test_another_device() -> None:
    """Tensors that only say where they would be: no other device is needed for that."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        x = torch.empty(3, device="cuda")
    with pytest.raises(InterchangeError, match=r"x is on cuda:0, not in .*: use \.cpu\(\) first"):
        nonlin.relu(x)

    class Elsewhere(Box):
        def __dlpack_device__(self) -> tuple[int, int]:
            return (2, 1)

    with pytest.raises(InterchangeError, match=r"another device .*type 2, number 1"):
        nonlin.relu(Elsewhere(np.ones(3)))


def test_without_gradients_a_parameter_is_a_tensor() -> None:
    x = torch.nn.Parameter(torch.ones(3))
    with torch.no_grad():
        y = nonlin.tanh(x)
    assert torch.equal(y, torch.from_numpy(nonlin.tanh(np.ones(3, np.float32))))
    assert not y.requires_grad


def test_inside_a_transformation() -> None:
    with pytest.raises(InterchangeError, match=r"nonlin\.torch"):
        torch.func.vmap(nonlin.relu)(torch.ones(2, 3))
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    x = jax.numpy.ones(3)
    for call in (jax.jit(nonlin.relu), jax.grad(lambda v: nonlin.relu(v).sum())):
        with pytest.raises(InterchangeError, match="x is being traced"):
            call(x)
    shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
    y = jax.jit(lambda v: jax.pure_callback(nonlin.relu, shape, v))(x)  # as the error advises
    assert np.asarray(y).tolist() == [1.0, 1.0, 1.0]


def test_one_that_fails_to_export() -> None:
    class Broken(Box):
        def __dlpack__(self, **keywords: Any) -> Any:
            raise BufferError("not today")

    with pytest.raises(InterchangeError, match="cannot read x by DLPack: not today"):
        nonlin.relu(Broken(np.ones(2)))


# -- weight ---------------------------------------------------------------------------------------
def test_nothing_is_imported_for_it() -> None:
    code = """
import sys, nonlin
class Box:
    def __init__(self, a): self.a = a
    def __dlpack__(self, **k): return self.a.__dlpack__(**k)
    def __dlpack_device__(self): return (1, 0)
import numpy as np
assert nonlin.relu(Box(np.ones(2))).tolist() == [1.0, 1.0]
print({"torch", "jax"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_memory_lives_as_long_as_the_result() -> None:
    """The result has memory of its own, and the tensor's is let go."""
    import gc
    import weakref

    x = torch.ones(1000)
    alive = weakref.ref(x)
    y = nonlin.identity(x)
    assert y.data_ptr() != x.data_ptr()
    del x
    gc.collect()
    assert alive() is None
    assert torch.equal(y, torch.ones(1000))
