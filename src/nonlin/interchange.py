"""Arrays of other libraries on the processor: taken without a copy, and answered in kind.

PyTorch tensors, JAX arrays and whatever else has ``__dlpack__`` are what this is about. Their memory is
read in place; the result is of the caller's kind again. Nothing here imports PyTorch or JAX: who has an
array of theirs has imported them already.

* A kind is told by the first of a call's arrays that is not NumPy's; two kinds in one call are an error.
* What has no memory of its own to read is an error that says what would be right: another device, a
  tensor that autograd follows, a sparse one, one whose sign or conjugate is still to be taken.
* bfloat16 goes as whole numbers of 16 bits where DLPack cannot carry it to NumPy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from importlib import import_module
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from nonlin.errors import DtypeError, InterchangeError

__all__ = ["Exchange", "foreign", "memory_of_tensor", "takes"]

Array = NDArray[Any]
Function = TypeVar("Function", bound=Callable[..., Any])

_ON_THE_PROCESSOR = (1, 3)  # DLPack's numbers for ordinary memory, and for memory pinned for CUDA
_FLOATS = "use float16, bfloat16, float32 or float64"


def foreign(*values: Any) -> bool:
    """Whether one of the values is an array of another library than NumPy.

    >>> foreign(np.ones(2), [1.0], 1.0, None)
    False
    """
    for value in values:
        kind = type(value)
        if value is None or kind is np.ndarray:  # nearly always
            continue
        if hasattr(kind, "__dlpack__") and not isinstance(value, np.ndarray):
            return True
    return False


class Exchange:
    """One call's arrays: all are taken, then what the call gives is given back in their kind.

    Examples
    --------
    >>> import torch
    >>> trade = Exchange()
    >>> trade.give(trade.take(torch.ones(2), "x") + 1)
    tensor([2., 2.])
    """

    def __init__(self) -> None:
        self._first: Any = None
        self._name = ""

    def take(self, value: Any, name: str, *, tells: bool = True) -> Any:
        """A foreign array's memory as NumPy's array; what is not foreign, as it is.

        Parameters
        ----------
        name
            What the caller calls it, for errors.
        tells
            Whether it has a say in the kind of the result.

        Raises
        ------
        InterchangeError
            Its memory cannot be read, or it is of another library than the first.
        DtypeError
            Its elements are no numbers of NumPy's.
        """
        if not foreign(value):
            return value
        kind = _kind(value)
        if tells and self._first is None:
            self._first, self._name = value, name
        elif tells and _kind(self._first) != kind:
            raise InterchangeError(
                f"{self._name} is an array of {_kind(self._first)} and {name} one of {kind}: "
                "bring both to one library"
            )
        return _TAKERS.get(kind, _taken)(value, name)

    def borrow(self, out: Any) -> Any:
        """The same for the array that the result is to be written to."""
        if not foreign(out):
            return out
        if _kind(out) == "jax":
            raise InterchangeError("out is a JAX array, which cannot be written to: leave it out")
        return self.take(out, "out", tells=False)

    def give(self, result: Any, out: Any = None) -> Any:
        """A result in the kind of what was taken; ``out`` itself where it was written to."""
        if isinstance(out, tuple):
            return tuple(self.give(result, part) for part in out)
        if out is not None:
            if foreign(out) and _kind(out) == "torch":  # so that autograd sees the change
                sys.modules["torch"].autograd.graph.increment_version(out)
            return out
        if self._first is None:
            return result
        if isinstance(result, tuple):
            return tuple(self.give(part) for part in result)
        giver = _GIVERS.get(_kind(self._first), _given)
        return giver(np.asarray(result), self._first)


def takes(*names: str) -> Callable[[Function], Function]:
    """Let a function of NumPy arrays take foreign ones: its first arguments have these names.

    >>> import torch
    >>> @takes("x")
    ... def twice(x):
    ...     return 2 * x
    >>> twice(torch.ones(2, dtype=torch.bfloat16))
    tensor([2., 2.], dtype=torch.bfloat16)
    """

    def decorate(function: Function) -> Function:
        @wraps(function)
        def call(*args: Any, **keywords: Any) -> Any:
            if not foreign(*args, *keywords.values()):
                return function(*args, **keywords)
            trade = Exchange()
            taken = [trade.take(a, n) for a, n in zip(args, names, strict=False)]
            named = {k: trade.take(v, k, tells=k in names) for k, v in keywords.items()}
            return trade.give(function(*taken, *args[len(taken) :], **named))

        return cast(Function, call)

    return decorate


def _kind(value: Any) -> str:
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and isinstance(value, torch.Tensor):
        return "torch"
    if jax is not None and isinstance(value, jax.Array):
        return "jax"
    return type(value).__module__.partition(".")[0]


# -- PyTorch --------------------------------------------------------------------------------------


def _taken_from_torch(x: Any, name: str) -> Array:
    torch = sys.modules["torch"]
    if x.device.type != "cpu":
        what = "has no values" if x.device.type == "meta" else "use .cpu() first"
        raise InterchangeError(f"{name} is on {x.device}, not in the processor's memory: {what}")
    if x.layout is not torch.strided:
        raise InterchangeError(f"{name} is no dense tensor ({x.layout}): use .to_dense() first")
    if x.is_nested:
        raise InterchangeError(f"{name} is a nested tensor: call once for each of .unbind()")
    if x.is_quantized:
        raise InterchangeError(f"{name} is quantized ({x.dtype}): use .dequantize() first")
    if x.is_complex():
        raise DtypeError(f"{name} is {x.dtype}, which is complex: {_FLOATS}")
    if x.requires_grad and torch.is_grad_enabled():
        raise InterchangeError(
            f"{name} requires grad, and this call would not be recorded: use .detach() first, or the "
            "functions of nonlin.torch, which autograd follows"
        )
    if x.is_neg():
        raise InterchangeError(f"{name} is a view with the signs changed: use .resolve_neg() first")
    try:
        return memory_of_tensor(x)
    except TypeError:
        raise DtypeError(f"{name} is {x.dtype}, for which there is no kernel: {_FLOATS}") from None
    except RuntimeError as error:  # inside a transformation of torch.func, for example
        raise InterchangeError(
            f"the memory of {name} cannot be read here ({str(error).splitlines()[0]:.200}): "
            "the functions of nonlin.torch may do"
        ) from error


def memory_of_tensor(x: Any) -> Array:
    """The same memory as NumPy's array; PyTorch's own errors where that cannot be.

    >>> import torch
    >>> memory_of_tensor(torch.ones(2, dtype=torch.bfloat16))
    array([1, 1], dtype=bfloat16)
    """
    plain = x.detach()
    if x.element_size() == 2 and str(x.dtype) == "torch.bfloat16":
        array: Array = plain.view(sys.modules["torch"].int16).numpy()
        return array.view(_bfloat16())
    return cast(Array, plain.numpy())


def _given_to_torch(y: Array, like: Any) -> Any:
    torch = sys.modules["torch"]
    if y.dtype.name == "bfloat16":
        return torch.from_numpy(y.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(y)


# -- JAX ------------------------------------------------------------------------------------------


def _taken_from_jax(x: Any, name: str) -> Array:
    if isinstance(x, sys.modules["jax"].core.Tracer):
        raise InterchangeError(
            f"{name} is being traced (by jax.jit, jax.grad or the like) and has no values yet: call "
            "outside of that, or through jax.pure_callback"
        )
    _check_device(x, name)
    return np.asarray(x)  # in place, and bfloat16 too, which DLPack does not carry to NumPy


def _given_to_jax(y: Array, like: Any) -> Any:
    jax = sys.modules["jax"]
    wide = y.dtype == like.dtype == np.float64  # whole numbers become what JAX is set up for
    with _x64(jax)(True) if wide else nullcontext():
        return jax.device_put(y, like.sharding if like.committed else None)


def _x64(jax: Any) -> Any:
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64
    return import_module("jax.experimental").enable_x64


# -- others ---------------------------------------------------------------------------------------


def _taken(x: Any, name: str) -> Array:
    _check_device(x, name)
    try:
        return np.from_dlpack(x)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise InterchangeError(f"NumPy cannot read {name} by DLPack: {error}") from error


def _given(y: Array, like: Any) -> Any:
    space = getattr(like, "__array_namespace__", None)
    return y if space is None else space().from_dlpack(y)


def _check_device(x: Any, name: str) -> None:
    try:
        kind, number = x.__dlpack_device__()
    except Exception as error:  # of any class: it is another library's
        raise InterchangeError(
            f"{name} has no place of its own in memory ({str(error).splitlines()[0]:.200}): bring it "
            "to one device, the processor, first"
        ) from error
    if int(kind) not in _ON_THE_PROCESSOR:
        raise InterchangeError(
            f"{name} is on another device (DLPack's type {int(kind)}, number {number}): copy it to "
            "the processor first"
        )


def _bfloat16() -> np.dtype[Any]:
    from ml_dtypes import bfloat16

    dtype: np.dtype[Any] = np.dtype(bfloat16)
    return dtype


_TAKERS: dict[str, Callable[[Any, str], Array]] = {
    "torch": _taken_from_torch,
    "jax": _taken_from_jax,
}
_GIVERS: dict[str, Callable[[Array, Any], Any]] = {
    "torch": _given_to_torch,
    "jax": _given_to_jax,
}
