"""How the two operators are derived and batched, told to PyTorch twice.

As rules of the operators for what is compiled, and as :class:`torch.autograd.Function` for what runs at
once: there the transformations of ``torch.func`` and forward mode need them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from nonlin.torch import operators

__all__ = ["value"]

Rest = Sequence[Any]  # values, key, order, by, wanted
Operator = Callable[..., Any]
_HALVES = (torch.float16, torch.bfloat16)


def value(x: Tensor, parameters: Tensor | None, values: Sequence[float], text: str,
          wanted: Sequence[int]) -> Tensor:  # fmt: skip
    """f(x), for autograd to follow; arguments as in :mod:`nonlin.torch.operators`."""
    f: Operator = operators.apply if torch.compiler.is_compiling() else _Apply.apply
    y: Tensor = f(x, parameters, values, text, 0, [], wanted)
    return y


def _at_once(function: type[torch.autograd.Function], *args: Any) -> Tensor:
    f: Operator = function.apply
    y: Tensor = f(*args)
    return y


def _more(rest: Rest, *, order: int = 0, by: Sequence[int] = ()) -> Rest:
    """The rest of the arguments for further derivatives."""
    values, text, before, others, wanted = rest
    return values, text, before + order, sorted([*others, *by]), wanted


# -- backwards ------------------------------------------------------------------------------------
def _remember_apply(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, parameters, *ctx.rest = inputs
    ctx.save_for_backward(x, parameters)


def _remember_scale(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    g, x, parameters, *ctx.rest = inputs
    ctx.save_for_backward(g, x, parameters)


def _apply_backward(scale: Operator, ctx: Any, grad: Tensor) -> tuple[Any, ...]:
    x, parameters = ctx.saved_tensors
    to_x = to_parameters = None
    if ctx.needs_input_grad[0]:
        to_x = scale(grad, x, parameters, *_more(ctx.rest, order=1))
    if parameters is not None and ctx.needs_input_grad[1]:
        to_parameters = _to_parameters(scale, grad, x, parameters, ctx.rest)
    return to_x, to_parameters, None, None, None, None, None


def _scale_backward(scale: Operator, ctx: Any, grad: Tensor) -> tuple[Any, ...]:
    g, x, parameters = ctx.saved_tensors
    to_g = to_x = to_parameters = None
    if ctx.needs_input_grad[0]:
        to_g = scale(grad, x, parameters, *ctx.rest)
    if ctx.needs_input_grad[1]:
        to_x = scale(grad * g, x, parameters, *_more(ctx.rest, order=1))
    if parameters is not None and ctx.needs_input_grad[2]:
        to_parameters = _to_parameters(scale, grad * g, x, parameters, ctx.rest)
    return to_g, to_x, to_parameters, None, None, None, None, None


def _to_parameters(
    scale: Operator, grad: Tensor, x: Tensor, parameters: Tensor, rest: Rest
) -> Tensor:
    """The gradient to the parameters: products in float32 at least, sums in float64."""
    if x.dtype in _HALVES:
        grad, x = grad.float(), x.float()
    rows = []
    for i in range(parameters.shape[0]):
        if i not in rest[-1]:
            rows.append(torch.zeros_like(parameters[i]))
            continue
        part = scale(grad, x, parameters, *_more(rest, by=[i]))
        if parameters.shape[1] == 1:
            rows.append(part.sum(dtype=torch.float64).reshape(1))
        else:
            others = [axis for axis in range(x.ndim) if axis != 1]
            rows.append(part.sum(dim=others, dtype=torch.float64))
    return torch.stack(rows)


operators.apply.register_autograd(
    partial(_apply_backward, operators.scale), setup_context=_remember_apply
)
operators.scale.register_autograd(
    partial(_scale_backward, operators.scale), setup_context=_remember_scale
)


# -- forwards -------------------------------------------------------------------------------------
def _along_parameters(
    g: Tensor | None, x: Tensor, parameters: Tensor, tangent: Tensor, rest: Rest
) -> Tensor:
    """What a change of the parameters adds to the result."""
    total = torch.zeros_like(x)
    for i in rest[-1]:
        further = _more(rest, by=[i])
        if g is None:
            part = _at_once(_Apply, x, parameters, *further)
        else:
            part = _at_once(_Scale, g, x, parameters, *further)
        row = tangent[i].to(x.dtype)
        if len(row) > 1:
            row = row.reshape(1, -1, *[1] * (x.ndim - 2))
        elif x.ndim == 0:
            row = row[0]
        total = total + part * row
    return total


# -- vmap -----------------------------------------------------------------------------------------
def _over_batches(op: Operator, count: int, info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
    """The rule of an operator whose first ``count`` arguments are alike: x, or g and x."""
    tensors, parameters, rest = list(args[:count]), args[count], args[count + 1 :]
    for i, dim in enumerate(in_dims[:count]):
        t = tensors[i]
        tensors[i] = t.expand(info.batch_size, *t.shape) if dim is None else t.movedim(dim, 0)
    if in_dims[count] is not None:  # a set of parameters for each
        each = zip(*tensors, parameters.movedim(in_dims[count], 0), strict=True)
        return torch.stack([op(*parts, *rest) for parts in each]), 0
    if parameters is None or parameters.shape[1] == 1:
        return op(*tensors, parameters, *rest), 0
    flat = [t.flatten(0, 1) for t in tensors]  # channels stay the second axis
    return op(*flat, parameters, *rest).unflatten(0, tensors[0].shape[:2]), 0


operators.apply.register_vmap(partial(_over_batches, operators.apply, 1))
operators.scale.register_vmap(partial(_over_batches, operators.scale, 2))


# -- all of it, for what runs at once -------------------------------------------------------------
class _Apply(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, parameters: Tensor | None, *rest: Any) -> Tensor:
        y: Tensor = operators.apply(x, parameters, *rest)
        return y

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _remember_apply(ctx, inputs, output)
        ctx.save_for_forward(*inputs[:2])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return _apply_backward(_Scale.apply, ctx, grad)

    @staticmethod
    def jvp(ctx: Any, along_x: Tensor | None, along_parameters: Tensor | None, *_: Any) -> Any:
        x, parameters = ctx.saved_tensors
        total = torch.zeros_like(x)
        if along_x is not None:
            total = _at_once(_Scale, along_x, x, parameters, *_more(ctx.rest, order=1))
        if along_parameters is not None:
            total = total + _along_parameters(None, x, parameters, along_parameters, ctx.rest)
        return total

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        return _over_batches(_Apply.apply, 1, info, in_dims, *args)


class _Scale(torch.autograd.Function):
    @staticmethod
    def forward(g: Tensor, x: Tensor, parameters: Tensor | None, *rest: Any) -> Tensor:
        y: Tensor = operators.scale(g, x, parameters, *rest)
        return y

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _remember_scale(ctx, inputs, output)
        ctx.save_for_forward(*inputs[:3])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return _scale_backward(_Scale.apply, ctx, grad)

    @staticmethod
    def jvp(
        ctx: Any, along_g: Tensor | None, along_x: Tensor | None, along_parameters: Tensor | None,
        *_: Any,
    ) -> Any:  # fmt: skip
        g, x, parameters = ctx.saved_tensors
        total = torch.zeros_like(x)
        if along_g is not None:
            total = total + _at_once(_Scale, along_g, x, parameters, *ctx.rest)
        if along_x is not None:
            total = total + _at_once(_Scale, g * along_x, x, parameters, *_more(ctx.rest, order=1))
        if along_parameters is not None:
            total = total + _along_parameters(g, x, parameters, along_parameters, ctx.rest)
        return total

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        return _over_batches(_Scale.apply, 2, info, in_dims, *args)
