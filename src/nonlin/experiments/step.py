"""Descent on a step: a derivative of 0 everywhere moves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonlin.experiments._data import moons
from nonlin.experiments._experiment import Experiment, Progress, Result, column, seeds, train
from nonlin.experiments._options import Options, activation_of, option
from nonlin.experiments._words import counted, listed, number, said
from nonlin.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT"]

_NEURON, _HIDDEN = "one neuron", "hidden layer"


@dataclass(frozen=True)
class Step(Options):
    """What is fitted, and for how long."""

    activations: tuple[str, ...] = option(
        ("step", "sigmoid", "tanh", "relu"), "What the neuron ends in.", activation=True
    )
    units: int = option(8, "Units of the hidden layer.", low=1, high=512)
    samples: int = option(100, "Points on two crescents, with targets 0 and 1.", low=2, high=10_000)
    steps: int = option(300, "Steps of gradient descent.", quick=100, low=1, high=100_000)
    lr: float = option(0.2, "Learning rate.", low=0, high=100)
    runs: int = option(
        11, "Networks of each kind; the middle one counts.", quick=3, low=1, high=200
    )


@dataclass(frozen=True)
class Row:
    """Networks of one kind: medians of the loss; of slope and movement, the largest of all."""

    network: str = column("network")
    activation: str = column("activation")
    before: float = column("loss before", "{:.4f}")
    after: float = column("after", "{:.4f}")
    gradient: float = column("largest gradient of the first layer", "{:.3g}")
    moved: float = column("how far its weights moved", "{:.3g}")


@dataclass(frozen=True)
class Descents(Result[Row]):
    """The losses; ``curves`` has their medians, step by step."""

    curves: Mapping[tuple[str, str], NDArray[Any]] = field(repr=False)

    @property
    def finding(self) -> str:
        """What moved and what did not."""
        neurons = [r for r in self.rows if r.network == _NEURON]
        stuck = [r for r in neurons if r.moved == 0]
        moving = [r for r in neurons if r.moved > 0]
        steps = self.options.steps
        parts = []
        who = listed([said(r.activation) for r in stuck], "or")
        if stuck:
            parts.append(
                f"a neuron that ends in a {who} stays at its loss of {number(stuck[0].after)}"
            )
        if moving:
            shown = [f"{number(r.after)} ({said(r.activation)})" for r in moving]
            parts.append(f"{'others get' if stuck else 'neurons get'} to {listed(shown)}")
        sentence = f"In {counted(steps, 'step')} of descent {', '.join(parts)}"
        hidden = {r.activation: r for r in self.rows if r.network == _HIDDEN}
        still = [hidden[r.activation] for r in stuck if r.activation in hidden]
        if still and all(r.moved == 0 for r in still):
            sentence += (
                f"; hidden units with a {who} do not move either, and leave all learning to the layer "
                f"that reads them ({number(still[0].after)})"
            )
        return sentence + "."

    def draw(self) -> Figure:
        """Loss over steps, for the neuron and for the hidden layer."""
        from nonlin.experiments._figures import Label, heading, hue, label_ends, log_axis, page

        note = (
            f"Squared error, median of {self.options.runs} networks that learn to tell two crescents apart. "
            f"Right: {self.options.units} hidden units, read by a linear one, which can learn."
        )
        names = [said(r.activation) for r in self.rows]
        figure, axes = page(
            self.finding,
            note,
            columns=2,
            height=2.7,
            right=0.8,
            names=names,
            everywhere=True,
            sharey=True,
        )
        shown = np.concatenate([c[np.isfinite(c)] for c in self.curves.values()])
        for ax, network in zip(axes, (_NEURON, _HIDDEN), strict=True):
            log_axis(ax, fine=True)
            log_axis(ax, "x")
            last = self.options.steps + 1
            ax.set(xlim=(1, last), ylim=(0.7 * shown.min(), 1.3 * shown.max()))
            ax.set_xlabel("step of descent")
            heading(
                ax,
                f"loss of {'one neuron' if network == _NEURON else 'hidden units and their reader'}",
            )
            ends = []
            for (kind, name), curve in self.curves.items():
                if kind == network:
                    width = 2.8 if name == "step" else 1.7
                    ax.plot(np.arange(1, last + 1), curve, color=hue(name), lw=width)
                    ends.append(Label(last, float(curve[-1]), said(name), hue(name)))
            ax.tick_params(labelleft=True)
            label_ends(ax, ends)
        return figure


def measure(options: Step, progress: Progress) -> Descents:
    """Fit every kind with the same points."""
    x, y = moons(options.samples, np.random.default_rng(options.seed))
    rows, curves = [], {}
    kinds = [(n, a) for n in (_NEURON, _HIDDEN) for a in options.activations]
    for i, (kind, name) in enumerate(kinds):
        progress(i / len(kinds), f"{kind}: {said(name)}")
        f = activation_of(name)
        losses, gradients, moves = [], [], []
        for seed in seeds(options.seed, options.runs):
            if kind == _NEURON:
                network = Network([2, 1], activation=[f], init="xavier", seed=seed)
            else:
                network = Network([2, options.units, 1], activation=f, init="xavier", seed=seed)
            loss, gradient, moved = _descent(network, x, y, options)
            losses.append(loss)
            gradients.append(gradient)
            moves.append(moved)
        middle = np.median(losses, axis=0)
        curves[kind, name] = middle
        largest = float(np.max(gradients)), float(np.max(moves))
        rows.append(Row(kind, name, float(middle[0]), float(middle[-1]), *largest))
    return Descents(options, tuple(rows), curves)


def _descent(
    network: Network, x: NDArray[Any], y: NDArray[Any], options: Step
) -> tuple[NDArray[Any], float, float]:
    """Losses from step to step, the first layer's largest gradient, and how far its weights moved."""
    start = network.weights[0].copy()
    history = train(network, x, y, optimizer="sgd", lr=options.lr, epochs=options.steps, measure=25)
    loss = np.append(history.loss, network.backward(x, y).loss)
    if len(loss) <= options.steps or history.stopped == "not finite":  # it ended at infinity
        loss = np.append(history.loss, np.full(options.steps + 1 - len(history.loss), np.inf))
    gradient = float(np.max(history.column("gradient_norm")[:, 0]))
    return loss, gradient, float(np.linalg.norm((network.weights[0] - start).astype(np.float64)))


EXPERIMENT = Experiment(
    name="step",
    title="Descent on a step",
    question="Can a neuron learn that ends in a step?",
    options=Step,
    measure=measure,
    place=2,
)
