"""The training loop: the engine takes the steps, some ten milliseconds of them at a time."""

from __future__ import annotations

import contextlib
import math
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from numbers import Real
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
_MOST_EPOCHS = 10**12


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
        if self.loss not in LOSSES:
            raise NetworkError(f"there is no loss {self.loss!r}: use one of {', '.join(LOSSES)}")
        if self.optimizer not in OPTIMIZERS:
            known = ", ".join(OPTIMIZERS)
            raise NetworkError(f"there is no optimizer {self.optimizer!r}: use one of {known}")

        def demand(name: str, fits: Callable[[Any], bool], wanted: str) -> None:
            value = getattr(self, name)
            if not fits(value):
                raise NetworkError(f"{name} is {value!r:.60}; it has to be {wanted}")

        for name in ("lr", "eps", "weight_decay"):
            demand(name, lambda v: _is_real(v) and v >= 0, "a finite number, not below 0")
        demand("momentum", _is_share, "at least 0 and below 1")
        demand(
            "betas",
            lambda v: isinstance(v, tuple | list) and len(v) == 2 and all(map(_is_share, v)),
            "two numbers, at least 0 and below 1",
        )
        most = f"a whole number from 1 to {_MOST_EPOCHS}"
        demand("epochs", lambda v: _is_whole(v) and 1 <= v <= _MOST_EPOCHS, most)
        demand("measure", lambda v: _is_whole(v) and v >= 0, "a whole number, not below 0")
        demand(
            "batch_size", lambda v: v is None or (_is_whole(v) and v >= 1),
            "a whole number, at least 1, or None",
        )  # fmt: skip
        demand("until", lambda v: v is None or callable(v), "a function of the history, or None")


def _is_real(value: Any) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond float64
        return False


def _is_share(value: Any) -> bool:
    return _is_real(value) and 0 <= value < 1


def _is_whole(value: Any) -> bool:
    return _is_real(value) and value == int(value)


def train(network: Network, x: ArrayLike, y: ArrayLike, plan: Plan) -> History:
    """See :meth:`nonlin.Network.train`."""
    rows = data.samples(x, network.widths[0], network.dtype)
    targets = data.targets(y, len(rows), network.widths[-1], plan.loss, network.dtype)
    return _Run(network, rows, targets, plan).run()


class _Run:
    def __init__(self, network: Network, rows: Array, targets: Array, plan: Plan) -> None:
        self.network, self.rows, self.targets, self.plan = network, rows, targets, plan
        count = len(rows)
        self.batch = int(min(plan.batch_size or count, count))
        self.per_epoch = -(-count // self.batch)
        self.total = int(plan.epochs) * self.per_epoch
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
        order, in_order = m.kept.get("order"), np.arange(count, dtype=np.int64)
        if (
            order is None
            or len(order) != count
            or not (plan.shuffle or np.array_equal(order, in_order))
        ):
            m.keep("order", in_order)
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
        epochs = int(self.plan.epochs)
        measure = min(int(self.plan.measure), epochs)
        if not measure:
            return [self.total]
        wanted = np.linspace(0, epochs, measure + 1).round().astype(int)
        return [e * self.per_epoch for e in sorted(set(wanted.tolist()))]

    def _steps(self, stop: int) -> bool:
        """Some steps, at most up to ``stop``; false if one came to something that is not finite."""
        m = self.network._memory
        chunk = min(stop - self.done, self._chunk)
        m["steps"] = chunk
        with _interrupts_wait():
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

    _chunk = 1

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
        step, layers = self.done + 1, range(len(network.widths) - 1)
        loss, norm = m.result

        def unfit(i: int) -> bool:
            both = m.weight_gradients[i], m.bias_gradients[i]
            return not all(np.isfinite(array).all() for array in both)

        if math.isfinite(loss) and math.isfinite(norm):  # so it was the update that was taken back
            sizes = [(a + 1) * b for a, b in zip(network.widths, network.widths[1:], strict=False)]
            refused = np.split(m.previous, np.cumsum(sizes)[:-1])
            for i in (i for i in layers if not np.isfinite(refused[i]).all()):
                return f"step {step} would give layer {i + 1} weights that are not finite"
            return f"step {step} would give the optimizer moments that are not finite"
        for i, width in enumerate(network.widths[1:]):
            for array, what in ((m.z[i], "sums"), (m.a[i], "outputs")):
                if not np.isfinite(m.rows(array, width)).all():
                    return f"at step {step} the {what} of layer {i + 1} are no longer finite"
        for i in filter(unfit, reversed(layers)):
            return f"at step {step} the gradient of layer {i + 1} is no longer finite"
        if not math.isfinite(loss):
            return f"at step {step} the loss of layer {len(layers)}'s outputs is no longer finite"
        largest = max(layers, key=lambda i: float(abs(m.weight_gradients[i]).max()))
        return f"at step {step} the gradient of layer {largest + 1} is too large to have a norm"

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


@contextlib.contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Let an interrupt (Ctrl-C) wait for the end of the block, which is never left half done."""
    came: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    try:
        if before is not None:  # None: a handler that Python cannot put back
            signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    except ValueError:  # only the main thread is interrupted
        before = None
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)
    if came:
        signal.raise_signal(signal.SIGINT)


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
