"""The training loop: the engine takes the steps, some ten milliseconds of them at a time."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from nonlin.errors import NetworkError
from nonlin.network import data
from nonlin.network.history import Epoch, History
from nonlin.network.layout import LOSSES, OPTIMIZERS, SETTINGS

if TYPE_CHECKING:
    from nonlin.network.model import Array, Network

__all__ = ["Plan", "measure", "train"]

_WATCHED = 1000
_SATURATED = 0.05
_CHUNK_S = 0.03  # so that an interrupt is answered and a bar moves
_LONGEST_CHUNK = 1 << 16


@dataclass(frozen=True)
class Plan:
    """The settings of one call of :meth:`nonlin.Network.train`."""

    loss: str
    optimizer: str
    lr: float
    epochs: int
    batch_size: int | None
    momentum: float
    betas: tuple[float, float]
    eps: float
    weight_decay: float
    shuffle: bool
    measure: int
    progress: bool
    until: Callable[[History], bool] | None

    def __post_init__(self) -> None:
        def demand(fits: bool, name: str, wanted: str) -> None:
            if not fits:
                raise NetworkError(f"{name} is {getattr(self, name)}; it has to be {wanted}")

        if self.loss not in LOSSES:
            raise NetworkError(f"there is no loss {self.loss!r}: use one of {', '.join(LOSSES)}")
        if self.optimizer not in OPTIMIZERS:
            known = ", ".join(OPTIMIZERS)
            raise NetworkError(f"there is no optimizer {self.optimizer!r}: use one of {known}")
        demand(math.isfinite(self.lr) and self.lr >= 0, "lr", "a finite number, not below 0")
        demand(self.epochs >= 1, "epochs", "at least 1")
        demand(self.batch_size is None or self.batch_size >= 1, "batch_size", "at least 1, or None")
        demand(0 <= self.momentum < 1, "momentum", "at least 0 and below 1")
        demand(all(0 <= b < 1 for b in self.betas), "betas", "two numbers, at least 0 and below 1")
        demand(math.isfinite(self.eps) and self.eps >= 0, "eps", "a finite number, not below 0")
        demand(
            math.isfinite(self.weight_decay) and self.weight_decay >= 0, "weight_decay",
            "a finite number, not below 0",
        )  # fmt: skip
        demand(self.measure >= 0, "measure", "at least 0")


def train(network: Network, x: ArrayLike, y: ArrayLike, plan: Plan) -> History:
    """See :meth:`nonlin.Network.train`."""
    rows = data.samples(x, network.widths[0], network.dtype)
    targets = data.targets(y, len(rows), network.widths[-1], plan.loss, network.dtype)
    return _Run(network, rows, targets, plan).run()


class _Run:
    def __init__(self, network: Network, rows: Array, targets: Array, plan: Plan) -> None:
        self.network, self.rows, self.targets, self.plan = network, rows, targets, plan
        count = len(rows)
        self.batch = min(plan.batch_size or count, count)
        self.per_epoch = -(-count // self.batch)
        self.total = plan.epochs * self.per_epoch
        self.history = History()
        self.records: list[Array] = []
        self.done = 0
        self._set_up()

    def _set_up(self) -> None:
        plan, network, m = self.plan, self.network, self.network._memory
        beta1 = plan.momentum if plan.optimizer == "momentum" else plan.betas[0]
        if network.optimizer != plan.optimizer:
            network.optimizer = plan.optimizer
            m.moment1[...] = m.moment2[...] = 0
            m.settings[SETTINGS.index("beta1_power")] = 1.0
            m.settings[SETTINGS.index("beta2_power")] = 1.0
        given = {
            "lr": plan.lr, "beta1": beta1, "beta2": plan.betas[1], "eps": plan.eps,
            "weight_decay": plan.weight_decay,
        }  # fmt: skip
        for name, value in given.items():
            m.settings[SETTINGS.index(name)] = value
        count = len(self.rows)
        m.keep("data_x", self.rows)
        m.keep("data_y", self.targets)
        order = m.kept.get("order")
        if order is None or len(order) != count:
            m.keep("order", np.arange(count, dtype=np.int64))
            m["position"] = count
        m["samples"], m["batch_size"] = count, self.batch
        m["shuffle"] = int(plan.shuffle and self.batch < count)
        m["optimizer"] = OPTIMIZERS.index(plan.optimizer)
        m["loss"] = LOSSES.index(plan.loss)
        m.reserve(self.batch)
        m.keep("history", np.empty(2 * _LONGEST_CHUNK))

    def run(self) -> History:
        history = self.history
        stops = self._measuring_points()
        try:
            with self._bar() as advance:
                for stop in stops:
                    while self.done < stop:
                        if not self._steps(stop):
                            return self._finish("not finite", self._what_broke())
                        advance(self.done)
                    if self.plan.measure:
                        history.epochs.append(self._measured())
                        if self.plan.until is not None and self.plan.until(history):
                            return self._finish("until", "the condition was met")
        except KeyboardInterrupt:
            return self._finish("interrupted", "interrupted; what was learned so far is kept")
        return self._finish("finished", "every epoch was done")

    def _measuring_points(self) -> list[int]:
        """Steps at which to look, in ascending order; the last is the end."""
        wanted = np.linspace(0, self.plan.epochs, self.plan.measure + 1).round().astype(int)
        epochs = sorted(
            {*wanted.tolist(), self.plan.epochs} - (set() if self.plan.measure else {0})
        )
        return [int(e) * self.per_epoch for e in epochs]

    def _steps(self, stop: int) -> bool:
        """Some steps, at most up to ``stop``; false if one came to something that is not finite."""
        m = self.network._memory
        chunk = min(stop - self.done, self._chunk)
        m["steps"] = chunk
        started = time.perf_counter()
        taken = int(self.network._engine.train(m.address))
        spent = time.perf_counter() - started
        failed = taken < chunk
        self.records.append(m.kept["history"][: 2 * (taken + failed)].copy())
        self.done += taken
        if spent < _CHUNK_S / 2 and chunk == self._chunk:
            self._chunk = min(2 * chunk, _LONGEST_CHUNK)
        elif spent > 2 * _CHUNK_S:
            self._chunk = max(chunk // 2, 1)
        return not failed

    _chunk = 16

    def _measured(self) -> Epoch:
        return measure(
            self.network, self.rows[:_WATCHED], self.targets[:_WATCHED], self.plan.loss,
            self.done // self.per_epoch, self.done,
        )  # fmt: skip

    def _finish(self, stopped: str, message: str) -> History:
        history = self.history
        both = np.concatenate([np.empty(0), *self.records]).reshape(-1, 2)
        history.loss, history.gradient_norm = both[:, 0].copy(), np.sqrt(both[:, 1])
        history.stopped = stopped
        history.message = f"{message}, after {self.done} of {self.total} steps"
        return history

    def _what_broke(self) -> str:
        """Which layer of the batch at hand came to something that is not finite."""
        m, network = self.network._memory, self.network
        step = self.done + 1
        for i, width in enumerate(network.widths[1:]):
            for array, what in ((m.z[i], "sums"), (m.a[i], "outputs")):
                if not np.isfinite(m.rows(array, width)).all():
                    return f"at step {step} the {what} of layer {i + 1} are no longer finite"
        for i in reversed(range(len(network.widths) - 1)):
            if not np.isfinite(m.weight_gradients[i]).all():
                return f"at step {step} the gradient of layer {i + 1} is no longer finite"
        return f"at step {step} the loss or the gradient's norm is no longer finite"

    @contextlib.contextmanager
    def _bar(self) -> Iterator[Callable[[int], Any]]:
        if not self.plan.progress:
            yield lambda done: None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("training", total=self.total)
            yield lambda done: bar.update(task, completed=done)


def measure(
    network: Network, rows: Array, targets: Array, loss: str, epoch: int = 0, step: int = 0
) -> Epoch:
    """The network's state, measured on some samples."""
    m = network._memory
    gradients = network.backward(rows, targets, loss=loss)
    saturation, sparsity, dead = [], [], []
    for i, width in enumerate(network.widths[1:]):
        a = m.rows(m.a[i], width)
        slope = m.rows(m.slope[i], width) if m.bends[i] else np.ones_like(a)
        saturation.append(float(np.mean(abs(slope) < _SATURATED)))
        sparsity.append(float(np.mean(a == 0)))
        dead.append(int(np.sum((slope == 0).all(axis=0))))
    outputs = m.rows(m.a[-1], network.widths[-1])
    accuracy = None
    if loss == "binary_cross_entropy":
        accuracy = float(np.mean((outputs > 0) == (targets > 0.5)))
    elif loss == "cross_entropy":
        accuracy = float(np.mean(outputs.argmax(axis=1) == targets.argmax(axis=1)))
    return Epoch(
        epoch, step, gradients.loss, accuracy, gradients.norms, tuple(saturation), tuple(sparsity),
        tuple(dead),
    )  # fmt: skip
