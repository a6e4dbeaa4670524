"""The memory of one network: its parameters, its buffers, and the block of words that names them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonlin.network.compiled import SHAPES
from nonlin.network.layout import HEADER, LAYER, SETTINGS

__all__ = ["Memory"]

Array = NDArray[Any]


def _aligned(count: int, dtype: Any) -> Array:
    """Zeros that begin at a multiple of 64 bytes."""
    size = np.dtype(dtype).itemsize
    raw = np.zeros(count * size + 64, np.uint8)
    skip = -raw.ctypes.data % 64
    return raw[skip : skip + count * size].view(dtype)


class Memory:
    """What the engine reads and writes.

    Attributes
    ----------
    weights, biases, weight_gradients, bias_gradients
        Views, layer by layer, of ``parameters`` and ``gradients``.
    """

    def __init__(self, widths: Sequence[int], dtype: Any, bends: Sequence[bool]) -> None:
        self.widths, self.dtype, self.bends = tuple(widths), np.dtype(dtype), tuple(bends)
        self.lanes = SHAPES[self.dtype.name].lanes
        count = sum((a + 1) * b for a, b in zip(widths, widths[1:], strict=False))
        self.count = count
        self.words = np.zeros(len(HEADER) + len(LAYER) * (len(widths) - 1), np.int64)
        self.parameters, self.gradients, self.previous, self.moment1, self.moment2 = (
            _aligned(count, dtype) for _ in range(5)
        )
        self.settings = np.zeros(len(SETTINGS))
        self.result = np.zeros(2)
        self.kept: dict[str, Array] = {}  # arrays whose addresses are in the words
        for name in (
            "parameters", "gradients", "previous", "moment1", "moment2", "settings", "result",
        ):  # fmt: skip
            self[name] = getattr(self, name).ctypes.data
        self["layers"], self["count"] = len(widths) - 1, count
        self.weights, self.biases = self._views(self.parameters, "weights", "bias")
        self.weight_gradients, self.bias_gradients = self._views(
            self.gradients, "weights_gradient", "bias_gradient"
        )
        self.capacity = 0

    # -- words --------------------------------------------------------------------------------------
    @property
    def address(self) -> int:
        return int(self.words.ctypes.data)

    def __getitem__(self, name: str) -> int:
        return int(self.words[HEADER.index(name)])

    def __setitem__(self, name: str, value: int) -> None:
        self.words[HEADER.index(name)] = value

    def address_of(self, name: str) -> int:
        """Where a word of the header is."""
        return self.address + 8 * HEADER.index(name)

    def set_layer(self, i: int, name: str, value: int) -> None:
        self.words[len(HEADER) + len(LAYER) * i + LAYER.index(name)] = value

    def keep(self, name: str, array: Array) -> None:
        """Put an array's address into a word, and the array where it stays alive."""
        self.kept[name] = array
        self[name] = array.ctypes.data

    # -- arrays -------------------------------------------------------------------------------------
    def _views(self, flat: Array, weights: str, bias: str) -> tuple[list[Array], list[Array]]:
        at, found = 0, ([], [])  # type: tuple[int, tuple[list[Array], list[Array]]]
        for i, (a, b) in enumerate(zip(self.widths, self.widths[1:], strict=False)):
            for name, shape, views in ((weights, (b, a), found[0]), (bias, (b,), found[1])):
                size = int(np.prod(shape))
                view = flat[at : at + size].reshape(shape)
                views.append(view)
                self.set_layer(i, name, view.ctypes.data)
                at += size
            self.set_layer(i, "inputs", a)
            self.set_layer(i, "outputs", b)
        return found

    def reserve(self, batch: int) -> None:
        """Have buffers for a batch of this size."""
        stride = -(-batch // self.lanes) * self.lanes
        if stride <= self.capacity:
            return
        self.capacity = stride
        widths = self.widths
        self.x = _aligned(widths[0] * stride, self.dtype)
        self.z, self.a, self.slope, self.g = [], [], [], []  # type: list[Array], list[Array], list[Array], list[Array]
        before = self.x
        for i, width in enumerate(widths[1:]):
            z, slope, g = (_aligned(width * stride, self.dtype) for _ in range(3))
            a = _aligned(width * stride, self.dtype) if self.bends[i] else z
            self.z.append(z)
            self.a.append(a)
            self.slope.append(slope)
            self.g.append(g)
            for name, array in (("x", before), ("z", z), ("a", a), ("g", g)):
                self.set_layer(i, name, array.ctypes.data)
            self.set_layer(i, "slope", slope.ctypes.data if self.bends[i] else 0)
            before = a
        self.keep("targets", _aligned(widths[-1] * stride, self.dtype))
        self.keep("scratch", _aligned((widths[-1] + 2) * stride, np.float64))

    def set_batch(self, batch: int) -> None:
        """Make a batch of this size the current one."""
        self.reserve(batch)
        self["batch"], self["stride"] = batch, -(-batch // self.lanes) * self.lanes

    def lean(self, batch: int) -> Memory:
        """The same parameters with other buffers, for running forward alone.

        Layers share them, so that they are as small as can be: only the last one's outputs remain.
        """
        other = copy(self)
        other.words = self.words.copy()
        other.capacity = -(-batch // self.lanes) * self.lanes
        other["batch"] = other["stride"] = other.capacity
        size = max(self.widths) * other.capacity
        x, z, *outputs = (_aligned(size, self.dtype) for _ in range(4))
        other.kept = self.kept | {"lean x": x, "lean z": z}
        for i, bends in enumerate(self.bends):
            a = outputs[i % 2]
            sums = z if bends else a
            for name, array in (("x", x), ("z", sums), ("a", a)):
                other.set_layer(i, name, array.ctypes.data)
            other.set_layer(i, "slope", z.ctypes.data if bends else 0)  # not written to
            other.kept |= {f"lean {i % 2}": a}
            x = a
        return other

    def fill(self, flat: Array, rows: Array) -> None:
        """Put samples, one a row, into a buffer; copies of the last one fill it up."""
        stride, (batch, width) = self["stride"], rows.shape
        view = flat[: width * stride].reshape(width, stride)
        view[:, :batch] = rows.T
        view[:, batch:] = rows[-1][:, None]

    def rows(self, flat: Array, width: int) -> Array:
        """A copy of a buffer's samples, one a row."""
        stride = self["stride"]
        return np.ascontiguousarray(
            flat[: width * stride].reshape(width, stride)[:, : self["batch"]].T
        )
