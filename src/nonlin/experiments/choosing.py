"""Choosing: the whole catalogue on handwritten digits, with the spread from run to run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonlin.catalogue import ENTRIES
from nonlin.experiments._experiment import Experiment, Progress, Result, column, seeds, train
from nonlin.experiments._options import MissingPackageError, Options, activation_of, option
from nonlin.experiments._words import number, percent, said
from nonlin.network import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT"]

Array = NDArray[Any]
_LESSON = ("step", "sigmoid", "tanh", "relu", "leaky_relu", "gelu", "silu")


@dataclass(frozen=True)
class Choosing(Options):
    """Which functions, on which network, for how long."""

    activations: tuple[str, ...] = option(
        tuple(e.name for e in ENTRIES), "What to compare.",
        quick=("step", "sigmoid", "tanh", "relu"), activation=True,
    )  # fmt: skip
    rates: tuple[float, ...] = option(
        (0.001, 0.003, 0.01), "Learning rates (adam) to choose from, for each function by itself.",
        quick=(0.003,), low=0, high=10,
    )  # fmt: skip
    hidden: tuple[int, ...] = option(
        (32, 32, 32), "Units in each hidden layer.", low=1, high=512, repeats=True
    )
    init: str = option("he", "How the weights begin, by the names that Network knows.")
    epochs: int = option(20, "Passes of training.", quick=5, low=1, high=1000)
    runs: int = option(
        5, "Splits of the data, each with weights of its own.", quick=2, low=2, high=100
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        Network([1, 1], init=self.init)  # its error says which there are


@dataclass(frozen=True)
class Row:
    """A function at its best learning rate: on digits that it has not seen."""

    activation: str = column("activation")
    rate: float = column("learning rate", "{:g}")
    accuracy: float = column("right", "{:.2%}")
    spread: float = column("± from run to run", "{:.2%}")
    low: float = column("lowest", "{:.2%}")
    high: float = column("highest", "{:.2%}")
    loss: float = column("loss", "{:.3f}")
    broken: int = column("runs that broke", "{}")


@dataclass(frozen=True)
class Ranking(Result[Row]):
    """The functions, best first."""

    @property
    def finding(self) -> str:
        """The best, its company, ReLU and the last."""
        best, last = self.rows[0], self.rows[-1]
        near = sum(r.accuracy >= best.accuracy - best.spread for r in self.rows)
        company = (
            "no other comes"
            if near == 1
            else "1 other comes"
            if near == 2
            else f"{near - 1} others come"
        )
        start = (
            f"{_capital(said(best.activation))} reads {percent(best.accuracy, 3)} of the digits right "
            f"(± {number(100 * best.spread)})"
        )
        if len(self.rows) == 1:
            return f"{start}."
        relu = next((i for i, r in enumerate(self.rows) if r.activation == "relu"), None)
        middle = ""
        if relu not in (None, 0, len(self.rows) - 1):
            row = self.rows[relu or 0]
            middle = f"ReLU is number {(relu or 0) + 1} of {len(self.rows)} with {percent(row.accuracy, 3)}, "
        broke = " and breaks in every run" if last.broken == self.options.runs else ""
        return (
            f"{start} and {company} within that spread; {middle}{said(last.activation)} is last with "
            f"{percent(last.accuracy, 3)}{broke}."
        )

    def draw(self) -> Figure:
        """A ranking by error, in two columns; the lesson's functions stand out."""
        from nonlin.experiments._figures import page

        columns = 1 if len(self.rows) <= 20 else 2
        half = math.ceil(len(self.rows) / columns)
        note = (
            f"Share of digits read wrong: mean (dot) and range (line) of {self.options.runs} runs of "
            f"64-{'-'.join(map(str, self.options.hidden))}-10 networks, each function with the best of "
            f"{len(self.options.rates)} learning rates. Inked: the lesson’s."
        )
        figure, axes = page(
            self.finding, note, columns=columns, height=max(0.165 * half, 1.2), left=1.5, right=0.4, above=0.16,
            between=1.35,
        )  # fmt: skip
        errors = [100 * (1 - s) for r in self.rows for s in (r.low, r.high)]
        ends = max(min(errors) * 0.8, 0.1), min(max(errors) * 1.15, 100)
        for ax, start in zip(axes, range(0, len(self.rows), half), strict=False):
            self._column(ax, self.rows[start : start + half], start, half, ends)
        return figure

    def _column(
        self, ax: Axes, rows: tuple[Row, ...], start: int, half: int, ends: tuple[float, float]
    ) -> None:
        from nonlin.experiments._figures import INK, QUIET, hue, log_axis

        for place, r in enumerate(rows):
            known = r.activation in _LESSON
            colour = hue(r.activation) if known else "#8b919a"
            worst, best, mean = (max(100 * (1 - s), ends[0]) for s in (r.low, r.high, r.accuracy))
            ax.plot(
                [best, worst], [place, place], color=colour, lw=2.2 if known else 1.1, alpha=0.55
            )
            ax.plot(mean, place, "o", color=colour, ms=5 if known else 3.4, clip_on=False)
        ax.set_yticks(
            range(len(rows)),
            [f"{_capital(said(r.activation))}  {start + i + 1}" for i, r in enumerate(rows)],
        )
        for label, r in zip(ax.get_yticklabels(), rows, strict=True):
            known = r.activation in _LESSON
            label.set(color=hue(r.activation) if known else QUIET, fontsize=8)
            label.set_fontweight("bold" if known else "normal")
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.grid(axis="x")
        log_axis(ax, "x", fine=True)
        ax.set(xlim=ends, ylim=(half - 0.4, -0.6))
        ax.set_xlabel("read wrong, %", color=INK)


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:] if name.isidentifier() or " " in name else name


def measure(options: Choosing, progress: Progress) -> Ranking:
    """Train everything, choose each function's learning rate by data set aside for it, and test."""
    x, y = _digits()
    folds: list[tuple[int, tuple[Array, Array, Array]]] = []
    for seed in seeds(options.seed, options.runs):
        order = np.random.default_rng(seed).permutation(len(x))
        learned, chosen, tested = np.split(order, [int(0.55 * len(x)), int(0.7 * len(x))])
        folds.append((seed, (learned, chosen, tested)))
    rows, total = [], len(options.activations) * len(options.rates) * options.runs
    done = 0
    for name in options.activations:
        tried = []
        for rate in options.rates:
            runs = []
            for seed, parts in folds:
                progress(done / total, f"{said(name)}, learning rate {rate:g}")
                done += 1
                runs.append(_one(name, rate, seed, (x, y), parts, options))
            tried.append((float(np.mean([r[0] for r in runs])), rate, runs))
        _, rate, runs = min(tried, key=lambda t: t[0])
        right = [r[2] for r in runs]
        rows.append(
            Row(
                name, rate, float(np.mean(right)), float(np.std(right, ddof=1)), min(right), max(right),
                float(np.mean([r[1] for r in runs])), sum(not math.isfinite(r[1]) for r in runs),
            )
        )  # fmt: skip
    rows.sort(key=lambda r: (-r.accuracy, r.loss, r.activation))
    return Ranking(options, tuple(rows))


def _one(
    name: str, rate: float, seed: int, data: tuple[Array, Array], parts: tuple[Array, Array, Array],
    options: Choosing,
) -> tuple[float, float, float]:  # fmt: skip
    """Loss on what the rate is chosen by; loss and share of right answers on the test."""
    x, y = data
    learned, chosen, tested = parts
    network = Network(
        [64, *options.hidden, 10], activation=activation_of(name), init=options.init, seed=seed
    )
    history = train(
        network, x[learned], y[learned], loss="cross_entropy", lr=rate, batch_size=32,
        epochs=options.epochs, measure=0,
    )  # fmt: skip
    if history.stopped == "not finite":
        return math.inf, math.inf, 0.0
    losses = [network.backward(x[p], y[p], loss="cross_entropy").loss for p in (chosen, tested)]
    right = float(np.mean(network.forward(x[tested]).argmax(axis=1) == y[tested]))
    return losses[0], losses[1], right


def _digits() -> tuple[Array, Array]:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingPackageError(
            "the digits come with scikit-learn: pip install scikit-learn, "
            "or pip install 'nonlin[experiments]'"
        ) from None
    x, y = load_digits(return_X_y=True)
    return ((x - x.mean()) / x.std()).astype(np.float32), y


EXPERIMENT = Experiment(
    name="choosing",
    title="Choosing",
    question="Which activation learns handwritten digits best, and by how much?",
    options=Choosing,
    measure=measure,
    place=9,
)
