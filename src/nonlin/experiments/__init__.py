"""The lesson's claims as experiments: each file here is one, and that is all it takes to add another.

A file whose name does not begin with an underscore holds a module with ``EXPERIMENT``. The others are
what experiments share.

>>> from nonlin.experiments import EXPERIMENTS
>>> print(EXPERIMENTS["saturation"].question)
How much slope is left far from 0?
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from nonlin.experiments._experiment import Experiment, Progress, Result
from nonlin.experiments._options import ExperimentError, MissingPackageError, Options

__all__ = [
    "EXPERIMENTS",
    "Experiment",
    "ExperimentError",
    "MissingPackageError",
    "Options",
    "Progress",
    "Result",
]


class _Experiments(Mapping[str, Experiment[Any]]):
    """Name to experiment, in the order of the lesson; a module is imported when it is asked for."""

    def __getitem__(self, name: str) -> Experiment[Any]:
        if name not in _names():
            near = difflib.get_close_matches(name, _names(), 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self)}"
            raise NoSuchExperimentError(f"there is no experiment {name!r}: {hint}")
        found = importlib.import_module(f"{__name__}.{name}").EXPERIMENT
        assert isinstance(found, Experiment)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(_names(), key=lambda name: (self[name].place, name)))

    def __len__(self) -> int:
        return len(_names())

    def __contains__(self, name: object) -> bool:
        return name in _names()

    def __repr__(self) -> str:
        return f"<nonlin.experiments.EXPERIMENTS: {', '.join(self)}>"


class NoSuchExperimentError(ExperimentError, KeyError):
    """A name that no experiment has; the message offers the nearest one."""

    def __str__(self) -> str:  # KeyError would quote the message
        return str(self.args[0]) if self.args else ""


@cache
def _names() -> tuple[str, ...]:
    found = (m.name for m in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


EXPERIMENTS: Mapping[str, Experiment[Any]] = _Experiments()
