"""Activations as modules."""

from __future__ import annotations

import re
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from nonlin.activation import Activation
from nonlin.arrays import real_number
from nonlin.catalogue import Entry
from nonlin.errors import ParameterError
from nonlin.torch.functions import Function, function

__all__ = ["CatalogueModule", "Module", "PReLU", "class_name"]

_OPTIONS = frozenset({"activation", "learn", "num_parameters", "device", "dtype"})


class Module(nn.Module):
    """An activation as a module.

    Parameters
    ----------
    activation
        A name of the catalogue, a formula in z, or an :class:`nonlin.Activation`.
    learn
        Names of the parameters to be learned: they become :class:`torch.nn.Parameter`, under their
        name in ``state_dict``. The others are numbers, which are attributes too.
    num_parameters
        How many numbers a learned parameter has: one, or one for each channel.
    **parameters
        Their (first) values; for a formula all of its parameters.

    Shape: any, and the output's is the input's; with ``num_parameters`` above one (N, C, …).

    Raises
    ------
    FormulaError, ParameterError
        As :func:`nonlin.torch.function`; or ``learn`` names what is no parameter.

    Examples
    --------
    >>> import torch
    >>> m = Module("z * tanh(softplus(a * z))", a=1.5, learn="a")
    >>> m
    Module(z * tanh(softplus(a * z)), a=1.5, learn=('a',))
    >>> dict(m.state_dict())
    {'a': tensor([1.5000])}
    >>> m(torch.ones(2)).sum().backward()
    >>> m.a.grad
    tensor([0.2039])
    """

    def __init__(
        self,
        activation: str | Activation,
        *,
        learn: str | Iterable[str] = (),
        num_parameters: int = 1,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        **parameters: float,
    ) -> None:
        super().__init__()
        f = _found(activation, parameters)
        self._function = f
        self.learn = (learn,) if isinstance(learn, str) else tuple(learn)
        self.num_parameters = num_parameters
        for name in (*self.learn, *parameters):
            if name not in f.activation.parameters:
                known = ", ".join(f.activation.parameters) or "it has none"
                raise ParameterError(
                    f"{f.activation.name} has no parameter {name!r} (parameters: {known})"
                )
        if type(num_parameters) is not int or num_parameters < 1:
            raise ParameterError(
                f"num_parameters is a whole number of at least 1, not {num_parameters!r:.40}"
            )
        for name, default in f.activation.parameters.items():
            if name in _OPTIONS or hasattr(self, name):
                raise ParameterError(
                    f"a module has something else called {name}: give the parameter another name"
                )
            value = real_number(parameters.get(name, default), f"the parameter {name}")
            if name in self.learn:
                start = torch.full((num_parameters,), value, device=device, dtype=dtype)
                setattr(self, name, nn.Parameter(start))
            else:
                setattr(self, name, value)
        self._names = tuple(f.activation.parameters)

    @property
    def activation(self) -> Activation:
        """What it computes."""
        return self._function.activation

    def forward(self, input: Tensor) -> Tensor:
        """f(input), element by element."""
        return self._function(input, *[getattr(self, name) for name in self._names])

    def extra_repr(self) -> str:
        """What stands in its name's brackets."""
        shown = [] if isinstance(self, CatalogueModule) else [self.activation.formula]
        for name in self._names:
            value = getattr(self, name)
            if not isinstance(value, Tensor):
                shown.append(f"{name}={value:g}")
            elif value.numel() == 1 and value.device.type != "meta":
                shown.append(f"{name}={value.item():g}")
        if self.learn:
            shown.append(f"learn={self.learn}")
        if self.num_parameters > 1:
            shown.append(f"num_parameters={self.num_parameters}")
        return ", ".join(shown)


def _found(activation: str | Activation, parameters: dict[str, float]) -> Function:
    from nonlin.catalogue import BY_NAME

    if isinstance(activation, str) and activation not in BY_NAME:
        return function(activation, **parameters)
    return function(activation)


class CatalogueModule(Module):
    """A module of the catalogue: ``entry`` says which."""

    entry: Entry

    def __init__(
        self,
        *args: float,
        learn: str | Iterable[str] = (),
        num_parameters: int = 1,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        **parameters: float,
    ) -> None:
        names = tuple(self.entry.parameters)
        if len(args) > len(names):
            raise ParameterError(
                f"{type(self).__name__} takes these parameters: {', '.join(names) or 'none'}"
            )
        for name in names[: len(args)]:
            if name in parameters:
                raise ParameterError(f"{type(self).__name__} was given {name} twice")
        given = dict(zip(names, args, strict=False)) | parameters
        super().__init__(
            self.entry.name, learn=learn, num_parameters=num_parameters, device=device, dtype=dtype,
            **given,
        )  # fmt: skip


class PReLU(CatalogueModule):
    """PReLU with PyTorch's own arguments and ``state_dict``: ``weight`` is learned.

    >>> import torch
    >>> m = PReLU(3)
    >>> m(-torch.ones(1, 3)), m.weight.shape
    (tensor([[-0.2500, -0.2500, -0.2500]], grad_fn=<...>), torch.Size([3]))
    """

    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(
            init, learn="weight", num_parameters=num_parameters, device=device, dtype=dtype
        )

    def extra_repr(self) -> str:
        """As PyTorch's."""
        return f"num_parameters={self.num_parameters}"


def class_name(entry: Entry) -> str:
    """The name of a module: that of the entry, each word written as its title writes it.

    >>> from nonlin.catalogue import BY_NAME
    >>> [class_name(BY_NAME[n]) for n in ("gelu", "leaky_relu", "gelu_tanh", "quick_gelu", "selu")]
    ['GELU', 'LeakyReLU', 'GELUTanh', 'QuickGELU', 'SELU']
    """
    words = []
    for word in entry.name.split("_"):
        found = re.search(re.escape(word), entry.title, re.IGNORECASE)
        written = found[0] if found else word
        words.append(written[0].upper() + written[1:])
    return "".join(words)


def classes(entries: Iterable[Entry], module: str) -> dict[str, type[Module]]:
    """A class for each entry, under its name."""
    made: dict[str, type[Module]] = {}
    for entry in entries:
        name = class_name(entry)
        if name == "PReLU":
            PReLU.entry, PReLU.__module__ = entry, module
            made[name] = PReLU
            continue
        said = f"{entry.title}: {entry.formula}\n\n{entry.summary}\n\n{entry.citation}"
        made[name] = type(
            name, (CatalogueModule,), {"entry": entry, "__doc__": said, "__module__": module}
        )
    return made
