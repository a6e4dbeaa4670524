"""A network as a painter: it maps each pixel of a picture to a colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nonlin.network.engine.picture import CHUNK, INPUTS
from nonlin.network.memory import Memory
from nonlin.network.model import Network

__all__ = ["INPUTS", "Painter", "input_bits", "input_count"]

REFERENCE = 32
"""The side of the grid, the same for every picture, over which weights are standardised."""

_CHANNELS = 3


def input_bits(inputs: Sequence[str]) -> int:
    """The engine's word for what a network sees."""
    return sum(1 << INPUTS.index(name) for name in set(inputs))


def input_count(inputs: Sequence[str]) -> int:
    """How many inputs of a network that is."""
    return len(set(inputs)) + ("latent" in inputs)


class Painter:
    """Paints with a network whose outputs lie in [0, 1]: three are colours, two choose from a palette.

    Parameters
    ----------
    inputs
        What the network sees: some of ``x``, ``y``, ``r``, ``latent``.
    palette
        Shape (64, 256, 3), uint8; None for colours straight from the network.
    """

    def __init__(
        self, network: Network, inputs: Sequence[str], palette: NDArray[np.uint8] | None
    ) -> None:
        self._network, self._bits = network, input_bits(inputs)
        # One byte more, as the engine wants it.
        self._palette = None if palette is None else np.append(palette.ravel(), np.uint8(0))
        self._memory = self._lean()

    def standardise(self, balance: Sequence[tuple[float, float]], jitter: float) -> None:
        """Drive each layer with its gain and shift over the reference grid.

        Units are moved apart by ``jitter`` standard deviations, drawn from the network's seed.
        """
        engine, m, side = self._network._engine, self._network._memory, REFERENCE
        for b in m.biases[:-1]:
            engine.fill_normal(b.ctypes.data, b.size, jitter, m.address_of("random"))
        m.set_batch(side * side)
        for i, (gain, shift) in enumerate(balance):
            # Hidden layers know the latent plane too; colours are spread over the picture at its middle.
            spread = float(i < len(balance) - 1)
            engine.pixels(m.address, 0, side, side, 0.0, 0.0, spread, self._bits)
            engine.forward(m.address, 0)
            engine.standardise(m.address, i, gain, shift)

    def twin(self) -> Painter:
        """Another one with the same weights and buffers of its own, for another thread."""
        twin = Painter.__new__(Painter)
        twin.__dict__.update(self.__dict__)
        twin._memory = twin._lean()
        return twin

    def paint(
        self, out: NDArray[np.uint8], first: int, width: int, height: int,
        latent: tuple[float, float],
    ) -> None:  # fmt: skip
        """Fill ``out``, of shape (pixels, 3), with a picture's pixels from the number ``first`` on."""
        palette = 0 if self._palette is None else self._palette.ctypes.data
        self._network._engine.picture(
            self._memory.address, out.ctypes.data, palette, _CHANNELS, first, len(out), width, height,
            *latent, self._bits,
        )  # fmt: skip

    def _lean(self) -> Memory:
        """The network's memory with few buffers, and its quickest kernels."""
        net = self._network
        lean = net._memory.lean(CHUNK)
        for i, f in enumerate(net.activations):
            if f is not None:
                lean.set_layer(i, "value", f.kernel(net.dtype, coarse=True).addresses[0])
        return lean
