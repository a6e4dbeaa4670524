"""Small dense networks on a compiled engine.

>>> import nonlin
>>> net = nonlin.Network([2, 8, 1], activation="tanh", seed=1)
>>> net.forward([[0.0, 1.0]]).shape
(1, 1)
"""

from nonlin.network.history import Epoch, History
from nonlin.network.model import Gradients, LayerTrace, Network

__all__ = ["Epoch", "Gradients", "History", "LayerTrace", "Network"]
