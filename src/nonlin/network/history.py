"""What happened while a network learned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Epoch", "History"]


@dataclass(frozen=True, slots=True)
class Epoch:
    """The state of a network after a pass over the data (``epoch`` 0: before the first).

    Attributes
    ----------
    epoch, step
        Passes and steps of the optimizer so far.
    loss
        Over the samples that are watched (at most a thousand).
    accuracy
        Share of right answers; None where the loss is ``squared_error``.
    gradient_norm
        Per layer, the Euclidean norm of the gradient of its weights and biases.
    saturation
        Per layer, the share of slopes f'(z) with size below 0.05.
    sparsity
        Per layer, the share of outputs that are exactly 0.
    dead
        Per layer, how many units have slope 0 for every watched sample.
    """

    epoch: int
    step: int
    loss: float
    accuracy: float | None
    gradient_norm: tuple[float, ...]
    saturation: tuple[float, ...]
    sparsity: tuple[float, ...]
    dead: tuple[int, ...]


@dataclass
class History:
    """What happened during a call of :meth:`Network.train`.

    Attributes
    ----------
    loss, gradient_norm
        float64 arrays, one number for each step: over the step's batch, before the step was taken.
    epochs
        Measurements of the whole network.
    stopped
        ``"finished"``, ``"interrupted"`` (by the user), ``"until"`` (the condition was met) or
        ``"not finite"``.
    message
        One sentence that says what happened.
    """

    loss: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    gradient_norm: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    epochs: list[Epoch] = field(default_factory=list)
    stopped: str = "finished"
    message: str = ""

    @property
    def steps(self) -> int:
        """Steps that were taken."""
        return len(self.loss) - (self.stopped == "not finite")

    def column(self, name: str) -> NDArray[Any]:
        """One measurement over the epochs: of shape (epochs,), or (epochs, layers)."""
        return np.array([getattr(e, name) for e in self.epochs], dtype=np.float64)

    def __repr__(self) -> str:
        last = f", loss {self.loss[-1]:.4g}" if len(self.loss) else ""
        return f"<History: {self.steps} steps{last}, {self.stopped}>"
