"""Softmax: p − y against squared error, from an output that is confidently wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import nonlin
from nonlin.experiments._experiment import Experiment, Progress, Result, column
from nonlin.experiments._options import Options, option
from nonlin.experiments._words import counted, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "gradient"]

Array = NDArray[Any]
_LOSSES = ("cross-entropy", "squared error")
_COLOURS = {"cross-entropy": "#0062a8", "squared error": "#bb4a00"}


@dataclass(frozen=True)
class Softmax(Options):
    """How wrong the start is, and how descent goes on from it."""

    leads: tuple[float, ...] = option(
        (0.0, 2.0, 5.0, 10.0, 15.0), "By how much a wrong class's score leads.", low=0, high=500
    )
    classes: int = option(3, "Classes.", low=2, high=1000)
    lr: float = option(1.0, "Learning rate of the scores.", low=1e-6, high=1000)
    steps: int = option(30_000, "Steps at most.", quick=3000, low=1, high=10_000_000)
    noise: float = option(0.01, "Spread of what is added to the first scores.", low=0, high=10)


@dataclass(frozen=True)
class Row:
    """One descent on one sample's scores."""

    loss: str = column("loss")
    lead: float = column("lead of a wrong class", "{:g}")
    right: float = column("p of the true class", "{:.3g}")
    gradient: float = column("gradient", "{:.3g}")
    steps: int | None = column("steps until it is right", "{:,}")


@dataclass(frozen=True)
class Descents(Result[Row]):
    """The descents; ``curves`` has the true class's probability, step by step, from the largest lead
    that both losses can be seen to come back from."""

    curves: Mapping[str, Array] = field(repr=False)
    shown: float

    @property
    def finding(self) -> str:
        """Gradients and steps from the largest lead but one (10, unless asked otherwise)."""
        lead = self.shown
        rows = {r.loss: r for r in self.rows if r.lead == lead}
        ours, theirs = (rows[loss] for loss in _LOSSES)
        tried = self.options.steps
        late = f"is not after {tried:,}" if theirs.steps is None else f"after {theirs.steps:,}"
        soon = f"not right after {counted(tried, 'step')}"
        if ours.steps is not None:
            soon = f"right after {counted(ours.steps, 'step')}"
        return (
            f"From a wrong class {lead:g} ahead, cross-entropy (gradient {number(ours.gradient)}) is "
            f"{soon}, squared error (gradient {number(theirs.gradient)}) {late}."
        )

    def draw(self) -> Figure:
        """The first gradient over the lead, and the way back."""
        from nonlin.experiments._figures import Label, heading, label_ends, log_axis, page

        note = (
            f"Gradient descent on the {self.options.classes} scores of one sample, learning rate "
            f"{self.options.lr:g}; squared error is taken behind the softmax."
        )
        figure, (left, right) = page(
            self.finding, note, columns=2, height=2.8, right=0.4, between=1.45
        )
        log_axis(left)
        ends = []
        for loss in _LOSSES:
            mine = [r for r in self.rows if r.loss == loss]
            leads, sizes = [r.lead for r in mine], [r.gradient for r in mine]
            marker = "o" if loss == _LOSSES[0] else "s"
            left.plot(leads, sizes, color=_COLOURS[loss], marker=marker, clip_on=False)
            ends.append(Label(leads[-1], sizes[-1], loss, _COLOURS[loss]))
        left.set(xlabel="lead of a wrong class’s score", xlim=(0, None))
        left.margins(y=0.08)
        heading(left, "first gradient, ‖dloss/dscores‖")
        label_ends(left, ends)
        log_axis(right, "x")
        longest = 4 * max(map(len, self.curves.values()))
        for loss, curve in self.curves.items():
            drawn = np.append(curve, np.full(longest - len(curve), curve[-1]))
            right.plot(np.arange(1, longest + 1), drawn, color=_COLOURS[loss])
            rise = 1 + int(np.searchsorted(drawn, 0.5)) if drawn[-1] > 0.5 else longest
            early = rise < 30
            right.annotate(
                loss,
                (rise, 0.6 if early else 0.3),
                xytext=(6 if early else -5, 0),
                textcoords="offset points",
                ha="left" if early else "right",
                color=_COLOURS[loss],
            )
        right.set(ylim=(0, 1.02), xlim=(1, longest), xlabel="step", yticks=[0, 0.25, 0.5, 0.75, 1])
        heading(right, f"p of the true class, from {self.shown:g} behind")
        return figure


def gradient(loss: str, scores: Array, target: int) -> Array:
    """Of a loss of softmax(scores) against a class, to the scores.

    Behind a softmax the squared error's, 2 p (e − p·e) with e = p − y, carries the softmax's own slopes,
    which go to 0 with every p that goes to 0 or 1; cross-entropy's has lost them.

    >>> gradient("cross-entropy", np.array([0.0, 0.0]), 0)
    array([-0.5,  0.5])
    >>> gradient("squared error", np.array([0.0, 0.0]), 0)
    array([-0.5,  0.5])
    """
    p = nonlin.softmax(scores)
    error = p.copy()
    error[target] = -np.sum(np.delete(p, target))  # p − 1 without its cancellation
    if loss == "cross-entropy":
        return error
    return np.asarray(2 * p * (error - p @ error))


def measure(options: Softmax, progress: Progress) -> Descents:
    """Descend from every lead with both losses."""
    random = np.random.default_rng(options.seed)
    jitter = options.noise * random.normal(size=options.classes)
    leads = sorted(set(options.leads))
    rows: list[Row] = []
    ways: dict[tuple[float, str], Array] = {}
    for lead in leads:
        for loss in _LOSSES:
            progress(len(rows) / (2 * len(leads)), f"{loss} from {lead:g} behind")
            start = jitter.copy()
            start[-1] += lead
            first = float(np.linalg.norm(gradient(loss, start, 0)))
            steps, way = _descent(loss, start, options)
            rows.append(Row(loss, lead, float(nonlin.softmax(start)[0]), first, steps))
            ways[lead, loss] = way
    back = [lead for lead in leads if all(r.steps is not None for r in rows if r.lead == lead)]
    shown = back[-1] if back else leads[-1]
    return Descents(options, tuple(rows), {loss: ways[shown, loss] for loss in _LOSSES}, shown)


def _descent(loss: str, start: Array, options: Softmax) -> tuple[int | None, Array]:
    """Steps until the true class leads, and its probability up to some steps after that."""
    scores, found, chances = start.copy(), None, []
    for step in range(options.steps + 1):
        chances.append(float(nonlin.softmax(scores)[0]))
        if found is None and scores[0] >= np.max(scores):
            found = step
        if found is not None and (chances[-1] > 0.99 or step > 4 * found + 50):
            break
        scores -= options.lr * gradient(loss, scores, 0)
    return found, np.array(chances)


EXPERIMENT = Experiment(
    name="softmax",
    title="Softmax and cross-entropy",
    question="Does the loss behind a softmax decide how fast a wrong answer is mended?",
    options=Softmax,
    measure=measure,
    place=8,
)
