"""The engine: forward, backward and update of small networks, written as LLVM IR.

One engine serves every architecture and activation: sizes are read from memory (see
:mod:`nonlin.network.layout`), and activations are kernels of their own, called through their address
(in WebAssembly by number). The same code makes the WebAssembly engine.

A dense layer is computed for a few units and one vector of samples at a time, whose sums stay in
registers. There are no tails: a batch is filled up to whole vectors with copies of its last sample,
and the loss gives these a gradient of 0.
"""

from __future__ import annotations

from collections.abc import Callable

from nonlin.compiler.ir import Module
from nonlin.network.engine.draws import Draws
from nonlin.network.engine.layers import Layers
from nonlin.network.engine.learning import Learning
from nonlin.network.engine.losses import Losses
from nonlin.network.engine.picture import Pictures
from nonlin.network.engine.writer import Shape

__all__ = ["Shape", "write"]


def write(module: Module, shape: Shape, activate: Callable[..., None]) -> None:
    """Write the engine into a module.

    ``activate(fn, layer, pair, z, a, slope, count)`` writes the call of a layer's kernel.
    """
    for part in (Layers, Losses, Draws, Learning, Pictures):
        part(module, shape, activate).write()
