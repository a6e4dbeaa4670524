"""nonlin: a laboratory for activation functions.

>>> import nonlin
>>> nonlin.gelu([-1.0, 0.0, 1.0])
array([-0.15865525,  0.        ,  0.84134475])
"""

from __future__ import annotations

from collections.abc import Iterator as _Iterator
from collections.abc import Mapping as _Mapping
from typing import TYPE_CHECKING
from typing import Any as _Any

import nonlin.catalogue as _data
from nonlin import errors
from nonlin.activation import Activation
from nonlin.activation import of_catalogue as _of_catalogue
from nonlin.arrays import set_num_threads
from nonlin.definition import define
from nonlin.errors import NonlinError
from nonlin.rows import cross_entropy, log_softmax, softmax

if TYPE_CHECKING:
    from nonlin.network import Network

__version__ = "0.1.0"


class _Catalogue(_Mapping[str, Activation]):
    """Name to activation; aliases are found too, but not listed."""

    def __getitem__(self, name: str) -> Activation:
        return _of_catalogue(name)

    def __iter__(self) -> _Iterator[str]:
        return (e.name for e in _data.ENTRIES)

    def __len__(self) -> int:
        return len(_data.ENTRIES)

    def __repr__(self) -> str:
        return f"<nonlin.catalogue: {len(self)} activations>"

    def __reduce__(self) -> str:
        return "catalogue"


catalogue: _Mapping[str, Activation] = _Catalogue()


def demo(name: str, /, **settings: _Any) -> _Any:
    """One of the lesson's figures as a widget for a notebook; needs ``pip install "nonlin[notebook]"``.

    Parameters
    ----------
    name
        The demo: ``"explorer"``, for example; an error about another name lists them all.
    settings
        Its settings, as they stand in a link to it: numbers, texts, lists, True and False.

    Returns
    -------
    anywidget.AnyWidget
        A widget with one trait for each setting, two-way: ``w.z`` follows what is dragged, ``w.z = 2``
        moves the figure, and ``w.observe`` tells of changes. ``help(w)`` lists them.

    Raises
    ------
    NonlinError
        There is no such demo or setting (a ``ValueError``), or anywidget is not installed (an
        ``ImportError``).

    Examples
    --------
    >>> import nonlin
    >>> w = nonlin.demo("explorer", functions=["sigmoid", "relu"], z=5)
    >>> w.z = -5
    >>> w
    nonlin.demo('explorer', functions=['sigmoid', 'relu'], z=-5)
    """
    from importlib import import_module

    # By its name: widgets lie layers above this package, and nothing is imported before it is wanted.
    return import_module("nonlin.widgets").demo(name, **settings)


def __getattr__(name: str) -> _Any:
    if name == "Network":
        from nonlin.network import Network

        return Network
    if name == "torch":
        from importlib import import_module

        return import_module("nonlin.torch")
    if name.startswith("_"):
        raise AttributeError(f"module 'nonlin' has no attribute {name!r}")
    return catalogue[name]


def __dir__() -> list[str]:
    # Not every global: submodules come and go with what happens to be imported.
    special = (n for n in globals() if n.startswith("__"))
    return sorted({*special, *__all__, *_data.BY_NAME})


__all__ = [
    "Activation",
    "Network",
    "NonlinError",
    "catalogue",
    "cross_entropy",
    "define",
    "demo",
    "errors",
    "log_softmax",
    "set_num_threads",
    "softmax",
]
