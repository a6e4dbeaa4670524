"""Dying ReLU: what kills units, and what brings them back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonlin.experiments._data import moons
from nonlin.experiments._experiment import Experiment, Progress, Result, column, seeds, train
from nonlin.experiments._options import Options, activation_of, option
from nonlin.experiments._words import listed, percent, said
from nonlin.network import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT"]

Array = NDArray[Any]
_RATE, _BIAS = "learning rate", "first bias"
_LOOKS = 20  # how often the dead are counted while the network trains on
_OPTIMIZERS = ("sgd", "adam")


@dataclass(frozen=True)
class Dying(Options):
    """What may kill units, and who is to bring them back."""

    rates: tuple[float, ...] = option(
        (0.1, 0.3, 1.0, 3.0, 5.0, 10.0), "Learning rates to begin with.", quick=(0.1, 10.0),
        low=0, high=1000,
    )  # fmt: skip
    biases: tuple[float, ...] = option(
        (0.0, -0.5, -1.0, -2.0, -3.0, -5.0), "First biases of the hidden units.",
        quick=(0.0, -2.0), low=-100, high=100,
    )  # fmt: skip
    cure: str = option("leaky_relu", "What the units are changed into.", activation=True)
    hidden: tuple[int, ...] = option(
        (32,), "Units in each hidden layer.", low=1, high=512, repeats=True
    )
    lr: float = option(
        0.1, "Learning rate where it is not the cause (adam: a tenth).", low=0, high=10
    )
    epochs: int = option(100, "Passes in which units may die.", quick=20, low=1, high=10_000)
    after: int = option(500, "Passes in which they may come back.", quick=40, low=20, high=100_000)
    samples: int = option(200, "Points on two crescents.", low=4, high=10_000)
    runs: int = option(10, "Networks of each kind.", quick=2, low=1, high=200)


@dataclass(frozen=True)
class Row:
    """A hidden layer after its epochs with ReLU, and its dead units at the end of those that followed."""

    cause: str = column("cause")
    value: float = column("value", "{:g}")
    layer: int = column("layer")
    dead: float = column("dead", "{:.1%}")
    low: float = column("lowest", "{:.0%}")
    high: float = column("highest", "{:.0%}")
    units: int = column("of units", "{:,}")
    back_sgd: float | None = column("back: ReLU, sgd", "{:.1%}")
    back_adam: float | None = column("ReLU, adam", "{:.1%}")
    cured_sgd: float | None = column("cure, sgd", "{:.1%}")
    cured_adam: float | None = column("cure, adam", "{:.1%}")


@dataclass(frozen=True)
class Deaths(Result[Row]):
    """The counts; ``curves`` has the shares that came back of all that had died, look by look."""

    curves: Mapping[tuple[str, str], Array] = field(repr=False)

    def returned(self, way: str) -> float:
        """Of all units that had died, the share that a way (``cured_adam``, ...) brought back."""
        counted = [(r.dead * r.units, getattr(r, way)) for r in self.rows]
        died = sum(n for n, _ in counted)
        return sum(n * share for n, share in counted if share) / died if died else 0.0

    @property
    def finding(self) -> str:
        """What killed how many, and how many came back in which way."""
        parts = []
        for cause in (_RATE, _BIAS):
            mine = [r for r in self.rows if r.cause == cause and r.layer == 1]
            if mine:
                # The gentlest setting stands first, whatever the order it was given in.
                gentle, harsh = (f(mine, key=lambda r: abs(r.value)) for f in (min, max))
                beside = f" ({_signed(gentle.value)}: {percent(gentle.dead)})" * (
                    harsh is not gentle
                )
                parts.append(
                    f"a {cause} of {_signed(harsh.value)} kills {percent(harsh.dead)} of the ReLU units{beside}"
                )
        causes = _capital(listed(parts))
        if not any(r.dead for r in self.rows):
            return f"{causes}."
        stay = [percent(self.returned(f"back_{o}")) for o in _OPTIMIZERS]
        cured = [percent(self.returned(f"cured_{o}")) for o in _OPTIMIZERS]
        back = stay[0] if stay[0] == stay[1] else f"{stay[0]} (sgd) or {stay[1]} (adam)"
        return (
            f"{causes}; {back} of the dead come back with ReLU, and {cured[0]} (sgd) or {cured[1]} (adam) "
            f"as {said(self.options.cure)}."
        )

    def draw(self) -> Figure:
        """Deaths over their causes, and the way back."""
        from nonlin.experiments._figures import Label, heading, hue, label_ends, page

        note = (
            f"Networks 2-{'-'.join(map(str, self.options.hidden))}-1 on two crescents, mean and range of "
            f"{self.options.runs}. A unit is dead when its sum is negative for every sample. Right: all "
            "that had died, trained on at an ordinary rate."
        )
        cure = said(self.options.cure)
        figure, axes = page(
            self.finding,
            note,
            columns=3,
            height=2.6,
            between=0.32,
            names=[f"{cure}, adam"],
        )
        for ax, cause in zip(axes, (_RATE, _BIAS), strict=False):
            self._deaths(ax, cause)
        ax = axes[2]
        ends: list[Label] = []
        places = np.linspace(0, self.options.after, _LOOKS + 1)
        for (activation, optimizer), curve in self.curves.items():
            line = "-" if optimizer == "adam" else (0, (4, 2))
            ax.plot(places, 100 * curve, color=hue(activation), ls=line)
            same = [c[-1] for (a, _), c in self.curves.items() if a == activation]
            text = said(activation) if len(set(same)) == 1 else f"{said(activation)}, {optimizer}"
            if text not in [label.text for label in ends]:
                ends.append(Label(float(places[-1]), float(100 * curve[-1]), text, hue(activation)))
        ax.set(xlim=(0, places[-1]), ylim=(-2, 102), xlabel="passes afterwards")
        ax.set_yticks([0, 50, 100])
        ax.set_yticklabels(["", "", ""])
        heading(ax, "dead that are back, %")
        label_ends(ax, ends, gap=13)
        return figure

    def _deaths(self, ax: Axes, cause: str) -> None:
        from nonlin.experiments._figures import heading, hue, log_axis

        rows = sorted(
            (r for r in self.rows if r.cause == cause and r.layer == 1), key=lambda r: -abs(r.value)
        )
        values = [r.value for r in rows]
        if cause == _RATE and min(values, default=0) > 0:
            log_axis(ax, "x", fine=True)
        dead = np.array([[100 * s for s in (r.dead, r.low, r.high)] for r in rows]).reshape(-1, 3)
        ax.fill_between(values, dead[:, 1], dead[:, 2], color=hue("relu"), alpha=0.15, lw=0)
        ax.plot(values, dead[:, 0], color=hue("relu"), marker="o")
        ax.set(ylim=(-2, 102), yticks=[0, 50, 100], xlabel=cause)
        heading(ax, "dead ReLU units, %")


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def measure(options: Dying, progress: Progress) -> Deaths:
    """Kill, then train on in four ways: with ReLU or its cure, with sgd or adam."""
    x, y = moons(options.samples, np.random.default_rng(options.seed))
    causes = [(_RATE, v) for v in options.rates] + [(_BIAS, v) for v in options.biases]
    ways = [(a, o) for a in ("relu", options.cure) for o in _OPTIMIZERS]
    rows, total, died = [], dict.fromkeys(ways, np.zeros(_LOOKS + 1)), 0
    for k, (cause, value) in enumerate(causes):
        dead: list[list[Array]] = []
        back: dict[tuple[str, str], list[Array]] = {way: [] for way in ways}
        for i, seed in enumerate(seeds(options.seed, options.runs)):
            progress((k + i / options.runs) / len(causes), f"{cause} {value:g}")
            network = Network([2, *options.hidden, 1], activation="relu", seed=seed)
            if cause == _BIAS:
                network.biases[0][...] = value
            _train(network, x, y, "sgd", value if cause == _RATE else options.lr, options.epochs)
            silent = _silent(network, x)
            dead.append(silent)
            if any(s.any() for s in silent):
                for way in ways:
                    back[way].append(_back(network, silent, way, seed, x, y, options))
        for layer in range(len(options.hidden)):
            shares = [float(s[layer].mean()) for s in dead]
            gone = sum(int(s[layer].sum()) for s in dead)
            counts = {w: sum(b[layer] for b in back[w]) if back[w] else None for w in ways}
            died += gone
            for way, count in counts.items():
                total[way] = total[way] + (0 if count is None else count)
            ends = [float(counts[w][-1]) / gone if gone else None for w in ways]  # type: ignore[index]
            spread = float(np.mean(shares)), min(shares), max(shares)
            rows.append(
                Row(cause, value, layer + 1, *spread, options.hidden[layer] * options.runs, *ends)
            )
    return Deaths(options, tuple(rows), {w: t / max(died, 1) for w, t in total.items()})


def _train(network: Network, x: Array, y: Array, optimizer: str, lr: float, epochs: int) -> None:
    train(
        network, x, y, loss="binary_cross_entropy", optimizer=optimizer, lr=lr, batch_size=20,
        epochs=epochs, measure=0,
    )  # fmt: skip


def _silent(network: Network, x: Array) -> list[Array]:
    """Per hidden layer, which units have no positive sum for any sample."""
    with np.errstate(all="ignore"):
        layers = network.trace(x)[:-1]
    return [np.asarray((layer.z <= 0).all(axis=0)) for layer in layers]


def _back(
    network: Network, dead: list[Array], way: tuple[str, str], seed: int, x: Array, y: Array,
    options: Dying,
) -> Array:  # fmt: skip
    """Per hidden layer and look, how many of the dead have come back, in a copy that trains on."""
    activation, optimizer = way
    copy = Network(network.widths, activation=activation_of(activation), seed=seed)
    for mine, other in zip(
        copy.weights + copy.biases, network.weights + network.biases, strict=True
    ):
        mine[...] = other
    counts = np.zeros((len(dead), _LOOKS + 1))
    lr = options.lr if optimizer == "sgd" else options.lr / 10
    passes = np.diff(np.linspace(0, options.after, _LOOKS + 1).round().astype(int))
    for look, epochs in enumerate(passes, 1):
        _train(copy, x, y, optimizer, lr, int(epochs))
        for layer, silent in enumerate(_silent(copy, x)):
            counts[layer, look] = np.sum(dead[layer] & ~silent)
    return counts


EXPERIMENT = Experiment(
    name="dying",
    title="Dying ReLU",
    question="What kills ReLU units, and what brings them back?",
    options=Dying,
    measure=measure,
    place=7,
)
