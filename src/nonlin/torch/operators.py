"""Two operators of PyTorch, which are closed under differentiation.

``nonlin::apply(x)`` is a partial derivative of an activation, f itself among them, element by element;
``nonlin::scale(g, x)`` is g times that, in one pass over memory. The gradient of either is made of the
same two with one derivative more, so any number of backward passes is a chain of them, and each of the
derivatives is the formula's (:func:`nonlin.calculus.partial_derivative`).

An activation travels as text (:func:`key`), not as an object: a graph that PyTorch has stored finds it
again in another process. Its parameters are either numbers, ``values``, or one float64 tensor of shape
(parameters, 1) or (parameters, channels); channels are the second axis of x, as in PyTorch's PReLU.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from nonlin.activation import Activation, of_catalogue
from nonlin.arrays import run
from nonlin.calculus import partial_derivative
from nonlin.catalogue import BY_NAME, Entry, Kink, Parameter
from nonlin.interchange import memory_of_tensor

if TYPE_CHECKING:
    from nonlin.compiler.kernel import Kernel
    from nonlin.compiler.program import Program

__all__ = ["FORMATS", "apply", "key", "scale"]

FORMATS: dict[torch.dtype, str] = {
    torch.float16: "float16",
    torch.bfloat16: "bfloat16",
    torch.float32: "float32",
    torch.float64: "float64",
}
_HALVES = (torch.float16, torch.bfloat16)


# -- activations as text --------------------------------------------------------------------------
def key(f: Activation) -> str:
    """Text that stands for an activation, in this process and in any other.

    >>> import nonlin
    >>> key(nonlin.swish), key(nonlin.define("a * z", a=2.0))
    ('silu', '["f", "a * z", {"a": 2.0}, []]')
    """
    if BY_NAME.get(f.name) is f.entry:
        return f.entry.name
    kinks = [[k.at, k.derivative] for k in f.entry.kinks]
    return json.dumps([f.name, f.formula, f.parameters, kinks])


@lru_cache(None)
@lru_cache(None)
def _activation(text: str) -> Activation:
    if not text.startswith("["):
        return of_catalogue(text)
    name, formula, parameters, kinks = json.loads(text)
    return Activation(
        Entry(
            name, name, formula, summary="", citation="",
            parameters={k: Parameter(v, v, v, "") for k, v in parameters.items()},
            kinks=tuple(Kink(at, value, "") for at, value in kinks),
        )
    )  # fmt: skip


@lru_cache(None)
def _kernel(text: str, dtype: torch.dtype, order: int, by: tuple[int, ...], scaled: bool) -> Kernel:
    f = _activation(text)
    if not by and (order, scaled) in _KNOWN:
        return f._kernel(_KNOWN[order, scaled], FORMATS[dtype])
    from nonlin.compiler.kernel import Kernel
    from nonlin.compiler.kind import Kind

    names = [list(f.parameters)[i] for i in by]
    recipe = repr((f._recipe("partial"), order, names))
    program = partial(_program, text, order, names)
    return Kernel(recipe, program, FORMATS[dtype], Kind.SCALE if scaled else Kind.MAP)


_KNOWN = {
    (0, False): "value",
    (1, False): "derivative",
    (2, False): "second",
    (1, True): "backward",
}


def _program(text: str, order: int, names: Sequence[str]) -> Program:
    from nonlin.compiler.program import lower

    f = _activation(text)
    wanted = partial_derivative(f.expression, order, names, f.kinks)
    return lower([wanted], f.parameters, f.expression)


# -- running --------------------------------------------------------------------------------------
def _computed(
    g: Tensor | None, x: Tensor, parameters: Tensor | None, values: Sequence[float], text: str,
    order: int, by: Sequence[int],
) -> Tensor:  # fmt: skip
    kernel = _kernel(text, x.dtype, order, tuple(by), g is not None)
    y = torch.empty_like(x)
    if not x.numel():
        return y
    if parameters is not None and parameters.shape[1] > 1:
        return y.copy_(_by_channel(kernel, g, x, parameters))
    if parameters is None:
        numbers = np.array(values, dtype=np.float64)
        known = None if by else _KNOWN.get((order, g is not None))
        if known:
            kernel = _activation(text)._kernel_for(known, FORMATS[x.dtype], x.numel(), numbers)
    else:
        numbers = memory_of_tensor(parameters.contiguous())
    x = _like(y, x)
    at_g = None if g is None else memory_of_tensor(_like(y, g))
    run(kernel, memory_of_tensor(x), at_g, memory_of_tensor(y), None, numbers)
    return y


def _by_channel(kernel: Kernel, g: Tensor | None, x: Tensor, parameters: Tensor) -> Tensor:
    def channels_first(t: Tensor) -> Any:
        return memory_of_tensor(t.movedim(1, 0).contiguous())

    y = torch.empty_like(x.movedim(1, 0), memory_format=torch.contiguous_format)
    at_x, at_y = channels_first(x), memory_of_tensor(y)
    at_g = None if g is None else channels_first(g)
    columns = memory_of_tensor(parameters.t().contiguous())
    for i, numbers in enumerate(columns):
        run(kernel, at_x[i], None if at_g is None else at_g[i], at_y[i], None, numbers)
    return y.movedim(0, 1)


def _like(y: Tensor, x: Tensor) -> Tensor:
    """x laid out as y is, which leaves no gaps; x itself where it is so already."""
    if x.stride() == y.stride() and x.data_ptr() % x.element_size() == 0:
        return x
    return torch.empty_like(y).copy_(x)


def _apply(
    x: Tensor, parameters: Tensor | None, values: Sequence[float], text: str, order: int,
    by: Sequence[int], wanted: Sequence[int],
) -> Tensor:  # fmt: skip
    return _computed(None, x, parameters, values, text, order, by)


def _scale(
    g: Tensor, x: Tensor, parameters: Tensor | None, values: Sequence[float], text: str, order: int,
    by: Sequence[int], wanted: Sequence[int],
) -> Tensor:  # fmt: skip
    return _computed(g, x, parameters, values, text, order, by)


_ARGUMENTS = (
    "Tensor x, Tensor? parameters, float[] values, str key, int order, int[] by, int[] wanted"
)
apply = torch.library.custom_op(
    "nonlin::apply", _apply, mutates_args=(), device_types="cpu", schema=f"({_ARGUMENTS}) -> Tensor"
)
"""``apply(x, parameters, values, key, order, by, wanted)``: derived ``order`` times by z and once by each
parameter of ``by``; ``wanted`` are the parameters whose gradient a backward pass has to give."""
scale = torch.library.custom_op(
    "nonlin::scale", _scale, mutates_args=(), device_types="cpu",
    schema=f"(Tensor g, {_ARGUMENTS}) -> Tensor",
)  # fmt: skip
"""``scale(g, x, …)``: g times the same, in one pass."""


@apply.register_fake
def _(x: Tensor, *rest: Any) -> Tensor:
    return torch.empty_like(x)


@scale.register_fake
def _(g: Tensor, x: Tensor, *rest: Any) -> Tensor:
    return torch.empty_like(x)
