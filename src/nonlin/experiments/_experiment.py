"""What an experiment is: a question, typed options, a run, and a result that states what it found."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import typing
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from nonlin.experiments._options import ExperimentError, Options

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

    from nonlin.network import History, Network

__all__ = ["Experiment", "Progress", "Result", "column", "seeds", "silent", "train"]

Progress = Callable[[float, str], None]
"""``progress(done, what)``: the share that is done, from 0 to 1, and what comes now."""

O = TypeVar("O", bound=Options)
R = TypeVar("R")


def silent(done: float, what: str) -> None:
    """The progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Column:
    """How a field of a row is shown: its heading and a format."""

    title: str
    form: str


def column(title: str, form: str = "{}") -> Any:
    """A field of a row.

    >>> @dataclass(frozen=True)
    ... class Row:
    ...     share: float = column("share", "{:.0%}")
    >>> Row(0.5)
    Row(share=0.5)
    """
    return dataclasses.field(metadata={"column": Column(title, form)})


@dataclass(frozen=True)
class Result(ABC, Generic[R]):
    """What an experiment found.

    Attributes
    ----------
    options
        What it was run with.
    rows
        The measurements: frozen dataclasses whose fields are made by :func:`column`.
    """

    options: Any
    rows: tuple[R, ...]

    @property
    @abstractmethod
    def finding(self) -> str:
        """One sentence that says what was seen, with its number; it is computed from the rows."""

    @abstractmethod
    def draw(self) -> Figure:
        """The finding as a picture, in the style that is set."""

    def figure(self) -> Figure:
        """The finding as a picture.

        Raises
        ------
        MissingPackageError
            Matplotlib is not installed.
        """
        from nonlin.experiments._figures import style

        with style():
            return self.draw()

    def table(self) -> Table:
        """The rows for a terminal."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        shown = dataclasses.fields(typing.cast(Any, self.rows[0]))
        for f in shown:
            words = isinstance(getattr(self.rows[0], f.name), str)
            table.add_column(f.metadata["column"].title, justify="left" if words else "right")
        for row in self.rows:
            cells = ((getattr(row, f.name), f.metadata["column"].form) for f in shown)
            table.add_row(*(Text(shown_as(value, form)) for value, form in cells))
        return table

    def records(self) -> list[dict[str, Any]]:
        """The rows as plain dictionaries; what is not finite is None."""
        return [
            {name: _plain(value) for name, value in dataclasses.asdict(row).items()}  # type: ignore[call-overload]
            for row in self.rows
        ]

    def csv(self) -> str:
        """The rows as comma-separated values, with a line of names."""
        text = io.StringIO()
        records = self.records()
        writer = csv.DictWriter(text, list(records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
        return text.getvalue()


def shown_as(value: Any, form: str) -> str:
    """A cell's text: a dash stands for what does not apply."""
    return "—" if value is None else form.format(value)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True)
class Experiment(Generic[O]):
    """A claim that anybody can check.

    Attributes
    ----------
    name
        That of its file.
    title
        A few words.
    question
        What it asks.
    options
        The type of its options.
    measure
        ``measure(options, progress)`` does it.
    place
        Where it stands in the lesson; experiments are listed in this order.

    Examples
    --------
    >>> from nonlin.experiments import EXPERIMENTS
    >>> softmax = EXPERIMENTS["softmax"]
    >>> print(softmax.run(softmax.options.quick(leads=(5.0,))).finding)
    From a wrong class 5 ahead, cross-entropy (gradient 1.4) is right after 3 steps, ... after 20.
    """

    name: str
    title: str
    question: str
    options: type[O]
    measure: Callable[[O, Progress], Result[Any]]
    place: float = math.inf

    def run(self, options: O | None = None, progress: Progress = silent) -> Result[Any]:
        """Do it; same options, same rows.

        Raises
        ------
        ExperimentError
            The options belong to another experiment.
        MissingPackageError
            It needs a package that is not installed.
        KeyboardInterrupt
            It was interrupted.
        """
        options = self.options() if options is None else options
        if not isinstance(options, self.options):
            raise ExperimentError(
                f"{self.name} takes {self.options.__name__}, not {type(options).__name__}"
            )
        return self.measure(options, progress)


def train(network: Network, x: Any, y: Any, **settings: Any) -> History:
    """As :meth:`Network.train`, but an interrupt ends the whole experiment."""
    history = network.train(x, y, **settings)
    if history.stopped == "interrupted":
        raise KeyboardInterrupt
    return history


def seeds(seed: int, count: int) -> list[int]:
    """Seeds for the repetitions of an experiment.

    >>> seeds(0, 2) == seeds(0, 3)[:2], seeds(0, 1) == seeds(1, 1)
    (True, False)
    """
    return [int(s) for s in np.random.SeedSequence(seed).generate_state(count)]
