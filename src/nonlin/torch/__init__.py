"""nonlin's activations for PyTorch: functions and modules that autograd and torch.compile follow.

Every entry of the catalogue is a function (``gelu``) and a module (``GELU``) here, named as in PyTorch
where PyTorch has it; :func:`function` and :class:`Module` make them of a formula. Derivatives of any
order come from the formula, by the input and by the parameters.

>>> import torch
>>> import nonlin.torch as nt
>>> x = torch.tensor([-1.0, 0.0, 1.0], requires_grad=True)
>>> nt.gelu(x)
tensor([-0.1587,  0.0000,  0.8413], grad_fn=<...>)
>>> net = torch.nn.Sequential(torch.nn.Linear(3, 8), nt.PReLU(8), torch.nn.Linear(8, 1), nt.Sigmoid())
"""

from __future__ import annotations

from typing import Any

from nonlin.catalogue import BY_NAME as _BY_NAME
from nonlin.catalogue import ENTRIES as _ENTRIES
from nonlin.torch._needed import (
    MissingTorchError as MissingTorchError,
)  # first of what needs PyTorch
from nonlin.torch.functions import Function, function
from nonlin.torch.modules import Module
from nonlin.torch.modules import class_name as _class_name
from nonlin.torch.modules import classes as _classes

globals().update({e.name: function(e.name) for e in _ENTRIES})
globals().update(_classes(_ENTRIES, __name__))

__all__ = ["Function", "Module", "function"]
__all__ += [e.name for e in _ENTRIES]
__all__ += [_class_name(e) for e in _ENTRIES]


def __getattr__(name: str) -> Any:
    if name in _BY_NAME:  # an alias
        return function(name)
    import difflib

    near = difflib.get_close_matches(name, __all__, n=3, cutoff=0.7)
    hint = f": did you mean {' or '.join(near)}?" if near else ""
    raise AttributeError(f"module 'nonlin.torch' has no attribute {name!r}{hint}")
