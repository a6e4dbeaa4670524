"""Networks: layers of weights with an activation between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import nonlin
from nonlin.activation import Activation
from nonlin.definition import define
from nonlin.errors import NetworkError
from nonlin.network import data, initial
from nonlin.network.compiled import engine
from nonlin.network.history import History
from nonlin.network.layout import LOSSES
from nonlin.network.memory import Memory

__all__ = ["Gradients", "LayerTrace", "Network"]

Array = NDArray[Any]
_WIDEST = 4096


@dataclass(frozen=True, slots=True)
class LayerTrace:
    """What one layer makes of some samples.

    Attributes
    ----------
    terms
        Shape (samples, outputs, inputs): weight times input, the terms of each sum.
    z
        Shape (samples, outputs): the sums, biases included.
    a
        The outputs, f(z).
    slope
        f'(z).
    """

    terms: Array
    z: Array
    a: Array
    slope: Array


@dataclass(frozen=True, slots=True)
class Gradients:
    """A loss and its derivatives.

    Attributes
    ----------
    loss
        The loss over all samples.
    weights, biases
        Per layer, arrays of the shapes of the weights and the biases.
    """

    loss: float
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    @property
    def norms(self) -> tuple[float, ...]:
        """Per layer, the Euclidean norm of the gradient of its weights and biases."""
        return tuple(map(_norm, self.weights, self.biases))


def _norm(*arrays: Array) -> float:
    largest = max(float(abs(a).max()) for a in arrays)
    if not (0 < largest < np.inf):
        return largest
    # In shares of the largest, whose squares do not overflow.
    squares = sum(float(np.square(a / np.float64(largest)).sum()) for a in arrays)
    return float(largest * np.sqrt(squares))


class Network:
    """A stack of dense layers.

    Parameters
    ----------
    widths
        Numbers of units from the inputs to the outputs, for example ``[2, 8, 8, 1]``.
    activation
        A name of the catalogue, a formula, an :class:`~nonlin.Activation` or None (linear): one for
        all layers but the last, which is linear; or a sequence with one for each layer.
    init
        How the weights begin: ``xavier`` (``glorot``), ``he`` (``kaiming``), ``lecun``, each also with
        ``_uniform`` or ``_normal``; ``orthogonal``, ``normal``, ``zeros``. Biases begin at 0.
    seed
        Same seed, same weights and same order of samples, to the bit.
    dtype
        float32 or float64.

    Raises
    ------
    NetworkError
        A width, an initialisation or a dtype that there is not.
    FormulaError, NoSuchActivationError
        An activation that there is not.

    Examples
    --------
    >>> import nonlin
    >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> net = nonlin.Network([2, 8, 1], activation="tanh", seed=3)
    >>> history = net.train(x, y, loss="binary_cross_entropy", lr=0.05, epochs=300)
    >>> (net.forward(x)[:, 0] > 0).tolist()
    [False, True, True, False]
    """

    def __init__(
        self,
        widths: Sequence[int],
        *,
        activation: Any = "relu",
        init: str = "he",
        seed: int = 0,
        dtype: Any = np.float32,
    ) -> None:
        self.widths = _widths(widths)
        self.dtype = _dtype(dtype)
        self.activations = _activations(activation, len(self.widths) - 1)
        self.init, self.seed = init, seed
        self._engine = engine(self.dtype.name)
        self._memory = Memory(self.widths, self.dtype, [f is not None for f in self.activations])
        self._memory["random"] = _seed(seed)
        self.optimizer = ""
        self._load_kernels()
        self.reset()

    def reset(self) -> None:
        """Draw new initial weights (the next ones of the seed's sequence); forget the optimizer."""
        found = initial.scale(self.init)
        if found is not None:
            self._engine.initialise(
                self._memory.address, found.gain, found.before, found.after, found.constant,
                int(found.normal),
            )  # fmt: skip
        else:
            for w, b in zip(self.weights, self.biases, strict=True):
                w[...] = initial.orthogonal(self._normal(w.shape))
                b[...] = 0
        self._memory["position"] = self._memory["samples"]  # the next pass is a whole one
        self.optimizer = ""

    @property
    def weights(self) -> tuple[Array, ...]:
        """Per layer, an array of shape (outputs, inputs); write into it to set them."""
        return tuple(self._memory.weights)

    @property
    def biases(self) -> tuple[Array, ...]:
        """Per layer, an array of shape (outputs,); write into it to set them."""
        return tuple(self._memory.biases)

    def __repr__(self) -> str:
        names = [f.name if f else "linear" for f in self.activations]
        same = len(set(names[:-1])) == 1 and names[-1] == "linear"
        return (
            f"<Network {'-'.join(map(str, self.widths))}, {names[0] if same else ', '.join(names)}>"
        )

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        # A copy has memory of its own; addresses and compiled code stay behind.
        from nonlin.network.storage import from_bytes, to_bytes

        return from_bytes, (type(self), to_bytes(self))

    # -- running ------------------------------------------------------------------------------------
    def forward(self, x: ArrayLike) -> Array:
        """Outputs, of shape (samples, outputs), for x of shape (samples, inputs) or (inputs,).

        Raises
        ------
        NetworkError
            x has another shape, is empty, or holds something that is no finite number.
        """
        self._run(x, slopes=False)
        return self._memory.rows(self._memory.a[-1], self.widths[-1])

    def trace(self, x: ArrayLike) -> list[LayerTrace]:
        """Every sum with its terms, every output and every slope, layer by layer."""
        rows = self._run(x, slopes=True)
        m, result, incoming = self._memory, [], rows
        for i, width in enumerate(self.widths[1:]):
            z, a = m.rows(m.z[i], width), m.rows(m.a[i], width)
            slope = m.rows(m.slope[i], width) if m.bends[i] else np.ones_like(z)
            terms = incoming[:, None, :] * m.weights[i][None]
            result.append(LayerTrace(terms, z, a, slope))
            incoming = a
        return result

    def backward(
        self, x: ArrayLike, targets: ArrayLike, *, loss: str = "squared_error"
    ) -> Gradients:
        """The loss and its gradient with respect to every weight and bias.

        Parameters
        ----------
        targets
            Shape (samples, outputs). For ``cross_entropy`` also class numbers, shape (samples,).
        loss
            ``squared_error`` (mean over all outputs), ``binary_cross_entropy`` (the outputs are
            logits; mean over all outputs) or ``cross_entropy`` (of the softmax of the outputs; mean
            over samples); as PyTorch's MSELoss, BCEWithLogitsLoss and CrossEntropyLoss.

        Raises
        ------
        NetworkError
            Shapes that do not fit, values that are not finite, classes out of range.
        """
        self._prepare(x, targets, loss)
        self._engine.forward(self._memory.address, 1)
        self._engine.backward(self._memory.address)
        m = self._memory
        return Gradients(
            float(m.result[0]),
            tuple(w.copy() for w in m.weight_gradients),
            tuple(b.copy() for b in m.bias_gradients),
        )

    def train(
        self,
        x: ArrayLike,
        y: ArrayLike,
        *,
        loss: str = "squared_error",
        optimizer: str = "adam",
        lr: float = 0.01,
        epochs: int = 100,
        batch_size: int | None = None,
        momentum: float = 0.9,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        shuffle: bool = True,
        measure: int = 50,
        progress: bool = False,
        until: Callable[[History], bool] | None = None,
    ) -> History:
        """Learn from samples; called again it goes on where it was.

        Parameters
        ----------
        x, y, loss
            As for :meth:`backward`.
        optimizer
            ``sgd``, ``momentum`` or ``adam``, as PyTorch's SGD and Adam.
        batch_size
            Samples per step; None for all of them.
        shuffle
            Whether each pass takes the samples in a new order.
        measure
            How often, over the whole run, the network is measured for ``History.epochs``.
        progress
            Show a progress bar on the standard error stream.
        until
            Called after each measurement; training ends when it returns true.

        Returns
        -------
        History
            Also where training was interrupted (Ctrl-C), or came to a loss that is not finite: the
            network then has its last good weights, and ``History.message`` says what happened.

        Raises
        ------
        NetworkError
            As :meth:`backward`, or a setting out of range. Nothing has been changed then.
        """
        from nonlin.network.training import Plan, train

        plan = Plan(
            loss, optimizer, lr, epochs, batch_size, momentum, betas, eps, weight_decay, shuffle,
            measure, progress, until,
        )  # fmt: skip
        return train(self, x, y, plan)

    def collapse(self) -> tuple[Array, Array]:
        """The one matrix and vector that a stack without a bend amounts to, in float64.

        An activation that is a straight line (``"2*z + 1"``) is no bend.

        Raises
        ------
        NetworkError
            A layer bends; the message names it.
        """
        lines = [(1.0, 0.0) if f is None else _line(f) for f in self.activations]
        for i, (f, line) in enumerate(zip(self.activations, lines, strict=True)):
            if f is not None and line is None:
                raise NetworkError(
                    f"layer {i + 1} bends ({f.name}: {f.formula}), so no single matrix does the same"
                )
        w, b = np.eye(self.widths[0]), np.zeros(self.widths[0])
        for weights, biases, line in zip(self.weights, self.biases, lines, strict=True):
            slope, start = line or (1.0, 0.0)
            w = slope * (weights.astype(np.float64) @ w)
            b = slope * (weights.astype(np.float64) @ b + biases) + start
        return w, b

    def save(self, path: str | Path) -> None:
        """Write weights and the state of training to a file in the safetensors format."""
        from nonlin.network.storage import save

        save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Network:
        """Read what :meth:`save` wrote: training goes on as if it had not stopped, to the bit.

        Raises
        ------
        NetworkError
            The file is not one of these.
        """
        from nonlin.network.storage import load

        return load(cls, Path(path))

    # -- inside -------------------------------------------------------------------------------------
    def _run(self, x: ArrayLike, *, slopes: bool) -> Array:
        rows = data.samples(x, self.widths[0], self.dtype)
        m = self._memory
        m.set_batch(len(rows))
        m.fill(m.x, rows)
        self._engine.forward(m.address, int(slopes))
        return rows

    def _prepare(self, x: ArrayLike, y: ArrayLike, loss: str) -> None:
        if loss not in LOSSES:
            raise NetworkError(f"there is no loss {loss!r}: use one of {', '.join(LOSSES)}")
        rows = data.samples(x, self.widths[0], self.dtype)
        wanted = data.targets(y, len(rows), self.widths[-1], loss, self.dtype)
        m = self._memory
        m.set_batch(len(rows))
        m.fill(m.x, rows)
        m.fill(m.kept["targets"], wanted)
        m["loss"] = LOSSES.index(loss)

    def _load_kernels(self) -> None:
        for i, f in enumerate(self.activations):
            if f is None:
                continue
            for stem, what in (("value", "value"), ("pair", "pair")):
                loop, exact = f.kernel(self.dtype, what, fast=True).addresses
                self._memory.set_layer(i, stem, loop)
                self._memory.set_layer(i, f"{stem}_exact", exact)
            constants = np.array(list(f.parameters.values()) or [0.0], dtype=np.float64)
            self._memory.kept[f"constants {i}"] = constants
            self._memory.set_layer(i, "constants", constants.ctypes.data)

    def _normal(self, shape: tuple[int, ...]) -> Array:
        result = np.empty(shape, self.dtype)
        state = self._memory.address_of("random")
        self._engine.fill_normal(result.ctypes.data, result.size, 1.0, state)
        return result


# -- arguments ------------------------------------------------------------------------------------


def _widths(widths: Sequence[int]) -> tuple[int, ...]:
    try:
        given = None if isinstance(widths, str | bytes) else list(widths)
    except TypeError:
        given = None
    if given is None:
        raise NetworkError(f"widths are whole numbers, as in [2, 8, 1], not {widths!r:.60}")
    if len(given) < 2:
        raise NetworkError("a network has at least two widths: its inputs and its outputs")
    for i, w in enumerate(given):
        if not isinstance(w, Real) or isinstance(w, bool) or not 1 <= w <= _WIDEST or w != int(w):
            raise NetworkError(
                f"widths[{i}] is {w!r:.40}; a layer has a whole number of units, 1 to {_WIDEST}"
            )
    return tuple(map(int, given))


def _dtype(dtype: Any) -> np.dtype[Any]:
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = str(dtype)[:40]
    if name not in ("float32", "float64"):
        raise NetworkError(f"a network computes in float32 or float64, not {name}")
    found: np.dtype[Any] = np.dtype(name)  # in the processor's byte order
    return found


def _seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise NetworkError(f"a seed is a whole number, not {seed!r:.40}")
    folded = int(seed) % (1 << 64)
    return folded - (1 << 64) if folded >= 1 << 63 else folded


def _activations(given: Any, layers: int) -> list[Activation | None]:
    if isinstance(given, str | Activation) or given is None:
        one = _activation(given)
        return [one] * (layers - 1) + [None]
    try:
        each = list(given)
    except TypeError:
        raise NetworkError(f"{given!r:.60} is no activation") from None
    if len(each) != layers:
        raise NetworkError(f"there are {layers} layers and {len(each)} activations")
    return [_activation(one) for one in each]


def _activation(given: Any) -> Activation | None:
    """None stands for a layer that does not bend."""
    from nonlin.expression import Z

    if given is None:
        return None
    if isinstance(given, str):
        plain = given.isidentifier() and given != "z"
        given = nonlin.catalogue[given] if plain else define(given)
    if not isinstance(given, Activation):
        raise NetworkError(f"{given!r:.60} is no activation")
    return None if given.expression is Z else given


def _line(f: Activation) -> tuple[float, float] | None:
    """Slope and value at 0 of an activation that is proved to be one straight line."""
    claims = f.properties
    everywhere = claims["domain"].value == ((-np.inf, np.inf),)
    if not (everywhere and claims["convex"].value == "affine" and claims["convex"].proved):
        return None
    return float(f.derivative(1.0)), float(f(0.0))
