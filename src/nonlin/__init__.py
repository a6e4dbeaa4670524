"""nonlin: a laboratory for activation functions.

>>> import nonlin
>>> nonlin.gelu([-1.0, 0.0, 1.0])
array([-0.15865525,  0.        ,  0.84134475])
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import nonlin.catalogue as _data
from nonlin.activation import Activation, define, set_num_threads
from nonlin.errors import NonlinError, NoSuchActivationError
from nonlin.rows import cross_entropy, log_softmax, softmax

__version__ = "0.1.0"


class _Catalogue(Mapping[str, Activation]):
    """Name to activation; aliases are found too, but not listed."""

    def __init__(self) -> None:
        self._made: dict[str, Activation] = {}

    def __getitem__(self, name: str) -> Activation:
        entry = _data.BY_NAME.get(name)
        if entry is None:
            raise NoSuchActivationError(_unknown(name))
        if entry.name not in self._made:
            self._made[entry.name] = Activation(entry)
        return self._made[entry.name]

    def __iter__(self) -> Iterator[str]:
        return (e.name for e in _data.ENTRIES)

    def __len__(self) -> int:
        return len(_data.ENTRIES)

    def __repr__(self) -> str:
        return f"<nonlin.catalogue: {len(self)} activations>"


def _unknown(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(str(name), _data.BY_NAME, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "nonlin.catalogue lists them"
    return f"there is no activation {name!r}: {hint}"


catalogue: Mapping[str, Activation] = _Catalogue()


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module 'nonlin' has no attribute {name!r}")
    return catalogue[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *_data.BY_NAME})


if TYPE_CHECKING:
    from nonlin import errors as errors

__all__ = [
    "Activation",
    "NonlinError",
    "catalogue",
    "cross_entropy",
    "define",
    "log_softmax",
    "set_num_threads",
    "softmax",
]
