"""How Python, the engine and the browser name the words of a network in memory.

A network is described to the engine by a block of 64-bit words: a header, then one record per layer.
A word is a whole number or an address. Every matrix of samples lies feature by feature, each
feature's samples side by side, ``stride`` of them (the batch, filled up to whole vectors).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HEADER", "INITIAL", "LAYER", "LOSSES", "OPTIMIZERS", "SETTINGS", "Scale"]


@dataclass(frozen=True, slots=True)
class Scale:
    """Random weights of variance gain / (before * inputs + after * outputs + constant)."""

    gain: float
    before: float
    after: float
    constant: float
    normal: bool


HEADER = (
    "layers",
    "batch",  # samples in the current batch
    "stride",
    "loss",  # place in LOSSES
    "targets",  # [outputs][stride]
    "scratch",  # doubles, [outputs + 2][stride]
    "parameters",  # all weights and biases, one after another
    "gradients",  # the same for the gradients
    "previous",  # the parameters before the last step; after one that was taken back, the refused ones
    "moment1",
    "moment2",
    "count",  # of parameters
    "optimizer",  # place in OPTIMIZERS
    "settings",  # doubles, see SETTINGS
    "result",  # doubles: loss, squared norm of the gradient
    "data_x",  # [samples][inputs]
    "data_y",  # [samples][outputs]
    "order",  # permutation of the samples
    "samples",
    "batch_size",
    "position",  # in the permutation
    "steps",  # to do
    "history",  # doubles, two for each step: loss, squared norm of the gradient
    "shuffle",  # whether to permute anew after each pass
    "random",  # state of the generator
)
LAYER = (
    "inputs",
    "outputs",
    "weights",  # [outputs][inputs]
    "bias",
    "weights_gradient",
    "bias_gradient",
    "x",  # what comes in, [inputs][stride]
    "z",  # before the activation
    "a",  # after it; the same address as z where there is none
    "slope",  # f'(z); 0 where there is no activation
    "g",  # d loss / d z
    "value",  # kernel (or its number, in WebAssembly): a from z
    "pair",  # kernel: a and slope from z
    "value_exact",
    "pair_exact",
    "constants",  # parameters of the activation
)
SETTINGS = ("lr", "beta1", "beta2", "eps", "beta1_power", "beta2_power", "weight_decay")
LOSSES = ("squared_error", "binary_cross_entropy", "cross_entropy")
OPTIMIZERS = ("sgd", "momentum", "adam")
INITIAL: dict[str, Scale] = {
    "xavier_uniform": Scale(2, 1, 1, 0, False),
    "xavier_normal": Scale(2, 1, 1, 0, True),
    "kaiming_uniform": Scale(2, 1, 0, 0, False),
    "kaiming_normal": Scale(2, 1, 0, 0, True),
    "lecun_uniform": Scale(1, 1, 0, 0, False),
    "lecun_normal": Scale(1, 1, 0, 0, True),
    "normal": Scale(1, 0, 0, 1, True),
    "zeros": Scale(0, 0, 0, 1, False),
}
"""Sources: X. Glorot and Y. Bengio, *Understanding the difficulty of training deep feedforward neural
networks* (AISTATS 2010); K. He et al., *Delving deep into rectifiers* (ICCV 2015); Y. LeCun et al.,
*Efficient BackProp* (1998)."""
