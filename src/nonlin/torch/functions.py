"""Activations as functions of tensors."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from nonlin.activation import Activation, of_catalogue
from nonlin.arrays import real_number
from nonlin.catalogue import BY_NAME
from nonlin.definition import define
from nonlin.errors import DtypeError, InterchangeError, ParameterError
from nonlin.torch import operators
from nonlin.torch.gradients import value as value_of

__all__ = ["Function", "function"]


class Function:
    """An activation as a function of a tensor, which autograd follows.

    ``f(x, *parameters, **parameters)``: parameters in the catalogue's order or by name, each a number or
    a tensor. A tensor has one element, or one for each channel (``x.shape[1]``, as for PReLU).

    Attributes
    ----------
    activation
        What it computes.

    Examples
    --------
    >>> import torch
    >>> import nonlin.torch as nt
    >>> x = torch.tensor([-1.0, 2.0], requires_grad=True)
    >>> nt.leaky_relu(x, 0.1).sum().backward()
    >>> x.grad
    tensor([0.1000, 1.0000])
    """

    def __init__(self, activation: Activation) -> None:
        self.activation = activation
        self._key = operators.key(activation)
        self._names = tuple(activation.parameters)
        self._defaults = tuple(activation.parameters.values())
        self.__name__ = activation.name
        self.__doc__ = _documentation(activation)
        self.__signature__ = _signature(activation.parameters)

    def __call__(self, x: Tensor, /, *args: float | Tensor, **parameters: float | Tensor) -> Tensor:
        """f(x), of x's shape, dtype and layout.

        Raises
        ------
        DtypeError
            x is not of float16, bfloat16, float32 or float64.
        InterchangeError
            x or a parameter is no dense tensor in the processor's memory.
        ParameterError
            No such parameter, or neither a finite number nor a tensor of a fitting shape.
        """
        _check(x, "x")
        given: list[Any] = list(self._defaults)
        if len(args) > len(given):
            raise ParameterError(
                f"{self.__name__} takes {_counted(len(given))} after x, not {len(args)}"
            )
        given[: len(args)] = args
        for name, value in parameters.items():
            if name not in self._names:
                known = ", ".join(self._names) if self._names else "it has none"
                raise ParameterError(
                    f"{self.__name__} has no parameter {name!r} (parameters: {known})"
                )
            place = self._names.index(name)
            if place < len(args):
                raise ParameterError(f"{self.__name__} was given the parameter {name} twice")
            given[place] = value
        tensors = [i for i, value in enumerate(given) if isinstance(value, Tensor)]
        if not tensors:
            if not torch.compiler.is_compiling() and given:
                given = [self._number(i, value) for i, value in enumerate(given)]
            return value_of(x, None, given, self._key, [])
        stacked = self._stacked(x, given)
        return value_of(x, stacked, [], self._key, tensors)

    def _number(self, place: int, value: Any) -> float:
        return real_number(value, f"the parameter {self._names[place]}")

    def _stacked(self, x: Tensor, given: list[Any]) -> Tensor:
        """Parameters as one tensor of float64, shape (parameters, 1) or (parameters, channels)."""
        rows = []
        channels = 1
        for i, value in enumerate(given):
            if not isinstance(value, Tensor):
                number = value if torch.compiler.is_compiling() else self._number(i, value)
                rows.append(torch.full((1,), number, dtype=torch.float64))
                continue
            name = self._names[i]
            _check(value, f"the parameter {name}")
            count = value.numel()
            if count != 1:
                if value.ndim != 1:
                    raise ParameterError(
                        f"the parameter {name} has shape {tuple(value.shape)}: one number, or one for "
                        "each channel"
                    )
                if x.ndim < 2 or x.shape[1] != count:
                    have = f"{x.shape[1]} (x.shape[1])" if x.ndim > 1 else "no channels"
                    raise ParameterError(
                        f"the parameter {name} has numbers for {count} channels, and x has {have}"
                    )
                channels = count
            rows.append(value.reshape(-1).to(torch.float64))
        return torch.stack([row.expand(channels) for row in rows])

    def __repr__(self) -> str:
        return f"<nonlin.torch.{self.__name__}: {self.activation.formula}>"

    def __reduce__(self) -> Any:
        return function, (self.activation,)


_made: dict[str, Function] = {}


def function(activation: str | Activation, /, **parameters: float) -> Function:
    """An activation as a function of tensors.

    Parameters
    ----------
    activation
        A name of the catalogue, a formula in z, or an :class:`nonlin.Activation`.
    **parameters
        The parameters of a formula, with their defaults.

    Raises
    ------
    FormulaError
        The text is neither a name nor a formula.
    ParameterError
        Parameters go with a formula only; or a default is no finite number.

    Examples
    --------
    >>> import torch
    >>> f = function("z * tanh(softplus(a * z))", a=1.5)
    >>> f(torch.zeros(2)), f(torch.ones(1), a=torch.tensor(2.0))
    (tensor([0., 0.]), tensor([0.9720]))
    >>> function("gelu") is function("gelu")
    True
    """
    if isinstance(activation, Function):
        activation = activation.activation
    if isinstance(activation, str):
        known = activation in BY_NAME
        if known and parameters:
            raise ParameterError(
                f"{activation} has defaults of its own: give {next(iter(parameters))} when it is called"
            )
        found = of_catalogue(activation) if known else define(activation, None, **parameters)
    elif isinstance(activation, Activation):
        if parameters:
            raise ParameterError(
                "an activation has parameters of its own: give them when it is called"
            )
        found = activation
    else:
        raise TypeError(
            f"an activation is a name, a formula or an Activation, not {type(activation).__name__}"
        )
    if BY_NAME.get(found.name) is not found.entry:
        return Function(found)
    # setdefault, so that two threads at once get one object.
    return _made.get(found.name) or _made.setdefault(found.name, Function(found))


def _check(x: Any, name: str) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{name} is no tensor but {type(x).__name__}: use torch.as_tensor, or nonlin's own "
            "functions, which take arrays"
        )
    if x.dtype not in operators.FORMATS:
        raise DtypeError(
            f"{name} is {x.dtype}, for which there is no kernel: use float16, bfloat16, float32 or "
            "float64"
        )
    if x.device.type not in ("cpu", "meta"):
        raise InterchangeError(
            f"{name} is on {x.device}; nonlin computes on the processor: use .cpu(), and torch.nn "
            "for other devices"
        )
    if x.layout is not torch.strided:
        raise InterchangeError(f"{name} is no dense tensor ({x.layout}): use .to_dense() first")


def _counted(n: int) -> str:
    return "no parameters" if n == 0 else "one parameter" if n == 1 else f"{n} parameters"


def _signature(parameters: Mapping[str, float]) -> inspect.Signature:
    both, only = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY
    return inspect.Signature(
        [inspect.Parameter("z" if "x" in parameters else "x", only)]  # z can be no parameter
        + [inspect.Parameter(name, both, default=value) for name, value in parameters.items()]
    )


def _documentation(f: Activation) -> str:
    lines = [f"{f.title}: {f.formula}", "", f.entry.summary]
    lines += [f"{n}: {p.meaning}" for n, p in f.entry.parameters.items() if p.meaning]
    return "\n".join([*lines, "", f.entry.citation]).rstrip()
