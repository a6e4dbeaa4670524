"""The experiments' results, each made once in a process."""

from __future__ import annotations

from functools import cache
from typing import Any

from nonlin.experiments import EXPERIMENTS

# Fewer repetitions than a person gets: each process makes its own.
_FEWER = {"vanishing": {"runs": 3}, "dying": {"runs": 5}, "linearity": {"runs": 3}}


@cache
def result(name: str, **options: Any) -> Any:
    """What an experiment finds; options other than the defaults are to be hashable."""
    experiment = EXPERIMENTS[name]
    return experiment.run(experiment.options(**_FEWER.get(name, {}) | options))
