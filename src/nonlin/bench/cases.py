"""What is measured: one computation on arrays of one size, by nonlin and by whoever else can do it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import nonlin

if TYPE_CHECKING:
    from nonlin.activation import Activation

__all__ = ["COLUMNS", "FUNCTIONS", "ROWS", "WHATS", "Case"]

Array = NDArray[Any]
WHATS = ("f", "derivative", "value_and_derivative", "backward", "from_output", "rows")
FUNCTIONS = (
    "relu", "leaky_relu", "sigmoid", "tanh", "elu", "softplus", "silu", "gelu", "gelu_tanh", "mish",
)  # fmt: skip
"""Measured if no others are named."""
ROWS = ("softmax", "log_softmax", "cross_entropy", "cross_entropy.value_and_gradient")
COLUMNS = 1000
"""Scores in a row."""


@dataclass(frozen=True)
class Case:
    """A computation and its arrays.

    Attributes
    ----------
    what
        One of :data:`WHATS`.
    name
        Of an activation or a formula; for rows one of :data:`ROWS`.
    size
        Elements of the input, about.
    """

    what: str
    name: str
    size: int
    dtype: str

    @cached_property
    def activation(self) -> Activation:
        """The function, for all but rows; parameters of a formula are 1."""
        from nonlin.formula import names_in

        if self.name in nonlin.catalogue:
            return nonlin.catalogue[self.name]
        return nonlin.define(self.name, None, **dict.fromkeys(names_in(self.name), 1.0))

    @property
    def possible(self) -> bool:
        """Whether there is such a computation."""
        return self.what != "from_output" or self.activation.output_derivative.expr is not None

    @cached_property
    def x(self) -> Array:
        """The input: normal with a standard deviation of 3, or the output of that; for rows a matrix of scores."""
        rng = np.random.default_rng(self.size)
        if self.what == "from_output":
            return np.asarray(self.activation(self._normal(rng, (self.size,))))
        if self.what != "rows":
            return self._normal(rng, (self.size,))
        columns = min(COLUMNS, self.size)
        return self._normal(rng, (max(1, self.size // columns), columns))

    def _normal(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return (3 * rng.standard_normal(shape, dtype=np.float32)).astype(self.dtype)

    @cached_property
    def gradient(self) -> Array:
        """What is multiplied with f' in a backward pass."""
        return self._normal(np.random.default_rng(self.size + 1), self.x.shape)

    @cached_property
    def targets(self) -> Array:
        """The right class of each row."""
        rows, classes = self.x.shape
        return np.asarray(np.random.default_rng(2).integers(0, classes, rows))

    @cached_property
    def wanted(self) -> tuple[Array, ...]:
        """The results in float64, for the check that a peer computes the same."""
        with np.errstate(all="ignore"):
            return _tuple(self._call(self.x.astype(np.float64), self.gradient.astype(np.float64)))

    def _call(self, x: Array, g: Array) -> Any:
        match self.what:
            case "f":
                return self.activation(x)
            case "derivative":
                return self.activation.derivative(x)
            case "value_and_derivative":
                return self.activation.value_and_derivative(x)
            case "backward":
                return self.activation.backward(g, x)
            case "from_output":
                return self.activation.derivative_from_output(x)
        if self.name.startswith("cross_entropy"):
            both = self.name.endswith("gradient")
            loss = nonlin.cross_entropy
            return loss.value_and_gradient(x, self.targets) if both else loss(x, self.targets)
        return getattr(nonlin, self.name)(x)

    def ours(self) -> Callable[[], Any]:
        """What nonlin does, into memory that is there already where it can be given."""
        x, g = self.x, self.gradient
        out = np.empty_like(x)
        if self.what == "rows":
            function = getattr(nonlin, self.name, None)
            if function is not None and self.name.endswith("softmax"):
                if "out" in inspect.signature(function).parameters:
                    return lambda: function(x, out=out)
            return lambda: self._call(x, g)
        f = self.activation
        match self.what:
            case "f":
                return lambda: f(x, out=out)
            case "derivative":
                return lambda: f.derivative(x, out=out)
            case "backward":
                return lambda: f.backward(g, x, out=out)
            case "from_output":
                return lambda: f.derivative_from_output(x, out=out)
        if "out" in inspect.signature(f.value_and_derivative).parameters:
            pair: Any = f.value_and_derivative
            outs = (out, np.empty_like(x))
            return lambda: pair(x, out=outs)
        return lambda: f.value_and_derivative(x)

    def agrees(self, got: Any) -> bool:
        """Whether results are those of this computation, as far as single precision goes.

        Up to 1e-4 of max(1, abs(value)), times the gradient in a backward pass: it is whether this is the
        same function; how exactly is not judged here.
        """
        got = _tuple(got)
        if len(got) != len(self.wanted):
            return False
        scale = 1.0 if self.what != "backward" else np.maximum(1.0, np.abs(self.gradient))
        for a, b in zip(got, self.wanted, strict=True):
            values = np.asarray(a, dtype=np.float64)
            if values.shape != b.shape:
                return False
            close = np.abs(values - b) <= 1e-4 * np.maximum(scale, np.abs(b))
            if not bool(np.all(close | (np.isnan(values) & np.isnan(b)) | (values == b))):
                return False
        return True


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(map(np.asarray, value if isinstance(value, tuple) else (value,)))
