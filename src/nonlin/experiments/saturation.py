"""Saturation: how much slope an activation has left far from 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nonlin.experiments._experiment import Experiment, Progress, Result, column
from nonlin.experiments._options import Options, activation_of, option
from nonlin.experiments._words import listed, number, said

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT"]

_GRID = np.linspace(-12, 12, 4801)


@dataclass(frozen=True)
class Saturation(Options):
    """What to look at, and how far out."""

    activations: tuple[str, ...] = option(
        ("sigmoid", "tanh", "relu", "leaky_relu"), "Whose slopes.", activation=True
    )
    at: tuple[float, ...] = option(
        (0.0, 2.0, 5.0, 10.0), "Distances from 0; both sides are measured.", low=0, high=700
    )


@dataclass(frozen=True)
class Row:
    """One function at one place."""

    activation: str = column("activation")
    z: float = column("z", "{:g}")
    value: float = column("f(z)", "{:.6g}")
    slope: float = column("f′(z)", "{:.4g}")
    share: float | None = column("of the largest slope", "{:.2%}")


@dataclass(frozen=True)
class Slopes(Result[Row]):
    """The slopes."""

    @property
    def finding(self) -> str:
        """What is left of the slopes at the last place but one (5, unless asked otherwise)."""
        places = sorted({r.z for r in self.rows if r.z > 0})[-2:]
        at = places[0] if places else 0.0
        there = {(r.activation, r.z): r for r in self.rows if abs(r.z) == at}
        fallen, other = [], []
        for name in dict.fromkeys(r.activation for r in self.rows):
            left, right = there[name, -at], there[name, at]
            both = number(left.slope), number(right.slope)
            if both[0] == both[1] and (right.share or 0) < 0.5:
                fallen.append(f"{both[0]} for {said(name)}")
            elif both[0] == both[1]:
                other.append(f"{said(name)} has {both[0]}")
            elif any("left" in part for part in other):
                other.append(f"{said(name)} {both[0]} and {both[1]}")
            else:
                other.append(f"{said(name)} has {both[0]} on the left and {both[1]} on the right")
        start = f"At z = {'±' * (at > 0)}{at:g} "
        if not fallen:
            return f"{start}{listed(other)}."
        rest = f", while {listed(other)}" if other else ""
        return f"{start}the slope has fallen to {listed(fallen)}{rest}."

    def draw(self) -> Figure:
        """|f′| over z, on an axis where an exponential decay is a straight line."""
        from nonlin.experiments._figures import Label, heading, hue, label_ends, log_axis, page

        note = "The axis is logarithmic, because through layers slopes multiply."
        names = list(dict.fromkeys(r.activation for r in self.rows))
        figure, (ax,) = page(
            self.finding, note, right=0.9, height=3.3, names=[said(n) for n in names]
        )
        low = 1e-5
        log_axis(ax)
        ax.set(xlim=(-10, 10), ylim=(low, 3), xlabel="z", xticks=[-10, -5, 0, 5, 10])
        heading(ax, "size of the slope, |f′(z)|")
        ends, gone = [], []
        for i, name in enumerate(names):
            with np.errstate(all="ignore"):
                size = np.abs(activation_of(name).derivative(_GRID))
            # Two may lie on each other, so from the fourth on they are dashed; and no line at a jump.
            size = np.where((size > 0) & (np.abs(np.gradient(size)) < 0.2), size, np.nan)
            ax.plot(_GRID, size, color=hue(name), ls="-" if i < 3 else (0, (4, 2.5)), lw=2)
            inside = np.flatnonzero((np.abs(_GRID) <= 10) & (size >= 1.4 * low))
            if len(inside):
                x, y = float(_GRID[inside[-1]]), float(size[inside[-1]])
                ends.append(Label(x, y, said(name), hue(name)))
            if np.isnan(size[_GRID < -1]).all():
                gone.append(f"{said(name)}: 0")
        label_ends(ax, ends)
        ax.text(-9.7, 1.3 * low, listed(gone), color=hue("relu"), va="bottom")
        return figure


def measure(options: Saturation, progress: Progress) -> Slopes:
    """Evaluate the derivatives."""
    rows = []
    for name in options.activations:
        f = activation_of(name)
        with np.errstate(all="ignore"):
            largest = float(np.nanmax(np.abs(f.derivative(_GRID))))
        for z in sorted({s * d + 0.0 for d in options.at for s in (-1, 1)}):
            with np.errstate(all="ignore"):
                slope = float(f.derivative(z))
            rows.append(
                Row(name, z, float(f(z)), slope, abs(slope) / largest if largest > 0 else None)
            )
    return Slopes(options, tuple(rows))


EXPERIMENT = Experiment(
    name="saturation",
    title="Saturation",
    question="How much slope is left far from 0?",
    options=Saturation,
    measure=measure,
    place=3,
)
