"""The catalogue: activation functions as data, each written once, as a formula with its source.

To add one, append an :class:`Entry` to :data:`ENTRIES`; everything else that nonlin says or
computes about it is derived. How entries are written:

* The formula is the one of the literature, in its readable form. Numerical care is the compiler's
  business, so ``gelu`` is ``z * Phi(z)`` and not the form that happens to round well.
* Names of functions and parameters are those of ``torch.nn.functional`` where it has the function;
  the names that JAX, Keras and others use are aliases.
* A :class:`Kink` stands at every point where the function has no derivative, and says which value
  the derivative is given there: that of PyTorch's autograd where PyTorch has the function. A point
  where only f'' jumps (``celu`` at 0) is no kink.
* ``output_derivative`` writes f' in terms of the output y; it holds at the kinks too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["BY_NAME", "ENTRIES", "Entry", "Kink", "Parameter"]


@dataclass(frozen=True, slots=True)
class Kink:
    """A point without a derivative, and the value agreed on there; both formulas in the parameters."""

    at: str
    derivative: str
    note: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: its default, the range of its slider, and what it does."""

    default: float
    low: float
    high: float
    meaning: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One activation function.

    Attributes
    ----------
    formula
        In the language of :mod:`nonlin.formula`.
    output_derivative
        f' as a formula in the output ``y`` and the parameters, or None where there is none.
    requires
        Conditions on the parameters under which the entry holds, such as ``"beta > 0"``.
    """

    name: str
    title: str
    formula: str
    summary: str
    citation: str
    url: str | None = None
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    kinks: tuple[Kink, ...] = ()
    aliases: tuple[str, ...] = ()
    output_derivative: str | None = None
    requires: tuple[str, ...] = ()


P, K = Parameter, Kink
_SLOPE = P(0.01, 0.0, 1.0, "slope for negative inputs")
_ALPHA = P(1.0, 0.1, 3.0, "negated limit at minus infinity")
_BETA = P(1.0, 0.1, 10.0, "sharpness: the larger, the closer to ReLU")
_LAMBD = P(0.5, 0.0, 3.0, "half-width of the dead zone")
_TORCH, _RELU = "PyTorch's autograd gives 0.", "0, as for ReLU."
_LEFT = "PyTorch's autograd takes the slope of the left piece."
_CLIP = "0, as PyTorch has it where hardtanh begins to clip."
_PYTORCH = "A. Paszke et al., 2019, PyTorch: An Imperative Style, High-Performance Deep Learning Library, NeurIPS"
_DOCS = "https://docs.pytorch.org/docs/stable/generated/torch.nn."
_ARXIV = "https://arxiv.org/abs/"
_DOI = "https://doi.org/"

# fmt: off
ENTRIES: tuple[Entry, ...] = (
    # -- the ones to know ---------------------------------------------------------------------
    Entry("step", "Step", "where(z >= 0, 1, 0)",
          "The yes-or-no unit of the perceptron; its derivative is 0, so gradient descent cannot train through it.",
          "F. Rosenblatt, 1958, The perceptron: a probabilistic model for information storage and organization in the brain, Psychological Review 65", _DOI + "10.1037/h0042519",
          kinks=(K("0", "0", "A jump: 0, the derivative on both sides of it."),), aliases=("heaviside", "binary_step"), output_derivative="0"),
    Entry("sigmoid", "Sigmoid", "sigmoid(z)",
          "Turns a score into a probability: binary output units, and the gates of LSTM and GRU cells.",
          "D. E. Rumelhart, G. E. Hinton and R. J. Williams, 1986, Learning representations by back-propagating errors, Nature 323", _DOI + "10.1038/323533a0",
          aliases=("logistic", "expit"), output_derivative="y * (1 - y)"),
    Entry("tanh", "Tanh", "tanh(z)",
          "A sigmoid centred on zero, the usual choice inside recurrent networks.",
          "Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, 1998, Efficient BackProp, in Neural Networks: Tricks of the Trade", _DOI + "10.1007/3-540-49430-8_2",
          output_derivative="1 - y**2"),
    Entry("relu", "ReLU", "max(z, 0)",
          "The default for hidden layers: as cheap as one comparison, and the gradient passes untouched where z > 0.",
          "V. Nair and G. E. Hinton, 2010, Rectified Linear Units Improve Restricted Boltzmann Machines, ICML", "https://icml.cc/Conferences/2010/papers/432.pdf",
          kinks=(K("0", "0", "0 in PyTorch, JAX and TensorFlow alike."),), output_derivative="where(y > 0, 1, 0)"),
    Entry("leaky_relu", "Leaky ReLU", "where(z > 0, z, negative_slope * z)",
          "A ReLU that keeps a small slope on the left, so that a silent unit can recover; common in GAN discriminators.",
          "A. L. Maas, A. Y. Hannun and A. Y. Ng, 2013, Rectifier Nonlinearities Improve Neural Network Acoustic Models, ICML Workshop on Deep Learning for Audio, Speech and Language Processing", "https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf",
          {"negative_slope": _SLOPE}, (K("0", "negative_slope", _LEFT),), ("lrelu",), "where(y > 0, 1, negative_slope)", ("negative_slope > 0",)),
    Entry("gelu", "GELU", "z * Phi(z)",
          "Weighs the input by the chance that a standard normal lies below it; hidden layers of BERT and of many transformers.",
          "D. Hendrycks and K. Gimpel, 2016, Gaussian Error Linear Units (GELUs)", _ARXIV + "1606.08415"),
    Entry("silu", "SiLU / Swish", "z * sigmoid(z)",
          "A smooth relative of ReLU: EfficientNet uses it as it is, LLaMA inside its gated layers.",
          "S. Elfwing, E. Uchibe and K. Doya, 2017, Sigmoid-Weighted Linear Units for Neural Network Function Approximation in Reinforcement Learning", _ARXIV + "1702.03118",
          aliases=("swish", "sil")),
    # -- rectifiers ---------------------------------------------------------------------------
    Entry("prelu", "PReLU", "where(z > 0, z, weight * z)",
          "A leaky ReLU that learns its slope, from the ImageNet networks of He and others.",
          "K. He, X. Zhang, S. Ren and J. Sun, 2015, Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet Classification, ICCV", _ARXIV + "1502.01852",
          {"weight": P(0.25, 0.0, 1.0, "the slope for negative inputs, learned in the original")}, (K("0", "weight", _LEFT),), (), "where(y > 0, 1, weight)", ("weight > 0",)),
    Entry("rrelu", "RReLU (evaluation)", "where(z > 0, z, (lower + upper) / 2 * z)",
          "A leaky ReLU whose slope is drawn at random in training; this is the form used afterwards, with the mean slope.",
          "B. Xu, N. Wang, T. Chen and M. Li, 2015, Empirical Evaluation of Rectified Activations in Convolutional Network", _ARXIV + "1505.00853",
          {"lower": P(0.125, 0.0, 1.0, "smallest slope drawn in training"), "upper": P(1 / 3, 0.0, 1.0, "largest slope drawn in training")},
          (K("0", "(lower + upper) / 2", _LEFT),), (), "where(y > 0, 1, (lower + upper) / 2)", ("lower + upper > 0",)),
    Entry("relu6", "ReLU6", "min(max(z, 0), 6)",
          "A ReLU cut off at 6, kind to low-precision arithmetic; the activation of MobileNet.",
          "A. Krizhevsky, 2010, Convolutional Deep Belief Networks on CIFAR-10, University of Toronto", "https://www.cs.toronto.edu/~kriz/conv-cifar10-aug2010.pdf",
          kinks=(K("0", "0", _TORCH), K("6", "0", _TORCH)), aliases=("relu_6",), output_derivative="where(0 < y < 6, 1, 0)"),
    Entry("threshold", "Threshold", "where(z > threshold, z, value)",
          "Passes what exceeds the threshold and replaces the rest; with value 0 the thresholded ReLU of zero-bias autoencoders.",
          "K. Konda, R. Memisevic and D. Krueger, 2014, Zero-bias autoencoders and the benefits of co-adapting features", _ARXIV + "1402.3337",
          {"threshold": P(1.0, -3.0, 3.0, "inputs above it pass"), "value": P(0.0, -3.0, 3.0, "what takes the place of the others")},
          (K("threshold", "0", _TORCH),), ("thresholded_relu",), "where(y > threshold, 1, 0)", ("value <= threshold",)),
    Entry("relu_squared", "Squared ReLU", "max(z, 0)**2",
          "ReLU squared, which an automatic search found to make language models train faster (Primer).",
          "D. R. So, W. Mańke, H. Liu, Z. Dai, N. Shazeer and Q. V. Le, 2021, Primer: Searching for Efficient Transformers for Language Modeling, NeurIPS", _ARXIV + "2109.08668",
          aliases=("relu2", "squared_relu"), output_derivative="2 * sqrt(y)"),
    Entry("star_relu", "StarReLU", "s * max(z, 0)**2 + b",
          "A squared ReLU with mean 0 and variance 1 on standard normal inputs; the activation of the MetaFormer baselines.",
          "W. Yu, C. Si, P. Zhou, M. Luo, Y. Zhou, J. Feng, S. Yan and X. Wang, 2022, MetaFormer Baselines for Vision", _ARXIV + "2210.13452",
          {"s": P(0.8944, 0.1, 2.0, "scale"), "b": P(-0.4472, -2.0, 2.0, "shift")}, output_derivative="2 * sqrt(s * (y - b))", requires=("s > 0",)),
    Entry("nlrelu", "NLReLU", "log(beta * max(z, 0) + 1)",
          "The logarithm of a ReLU, meant to even out the scales of a deep convolutional network's layers.",
          "Y. Liu, J. Zhang, C. Gao, J. Qu and L. Ji, 2019, Natural-Logarithm-Rectified Activation Function in Convolutional Neural Networks", _ARXIV + "1908.03682",
          {"beta": P(1.0, 0.1, 5.0, "how soon the logarithm bends")}, (K("0", "0", _RELU),), (), "where(y > 0, beta * exp(-y), 0)", ("beta > 0",)),
    Entry("absolute", "Absolute value", "abs(z)",
          "Keeps the size and forgets the sign; a rectifier of early convolutional object recognisers.",
          "K. Jarrett, K. Kavukcuoglu, M. Ranzato and Y. LeCun, 2009, What is the best multi-stage architecture for object recognition?, ICCV", _DOI + "10.1109/ICCV.2009.5459469",
          kinks=(K("0", "0", _TORCH),), aliases=("abs",)),
    Entry("plu", "PLU", "max(alpha * (z + c) - c, min(alpha * (z - c) + c, z))",
          "Three straight pieces in the place of tanh, whose gradient never vanishes.",
          "A. Nicolae, 2018, PLU: The Piecewise Linear Unit Activation Function", _ARXIV + "1809.09534",
          {"alpha": P(0.1, 0.0, 1.0, "slope of the outer pieces"), "c": P(1.0, 0.1, 3.0, "where the outer pieces begin")},
          (K("-c", "1", "The slope of the middle piece, our choice."), K("c", "1", "The slope of the middle piece, our choice.")), (), "where(abs(y) > c, alpha, 1)", ("0 < alpha < 1", "c > 0")),
    # -- clipped and shrinking ----------------------------------------------------------------
    Entry("hardtanh", "Hardtanh", "min(max(z, min_val), max_val)",
          "A straight line between two walls, a cheap stand-in for tanh.",
          "R. Collobert, 2004, Large Scale Machine Learning, PhD thesis, Université Paris VI", _DOCS + "Hardtanh.html",
          {"min_val": P(-1.0, -3.0, 0.0, "smallest output"), "max_val": P(1.0, 0.0, 3.0, "largest output")},
          (K("min_val", "0", _TORCH), K("max_val", "0", _TORCH)), ("hard_tanh",), "where(min_val < y < max_val, 1, 0)", ("min_val < max_val",)),
    Entry("hardsigmoid", "Hardsigmoid", "min(max(z + 3, 0), 6) / 6",
          "A sigmoid of three straight pieces, for networks on phones (MobileNetV3).",
          "A. Howard et al., 2019, Searching for MobileNetV3, ICCV", _ARXIV + "1905.02244",
          kinks=(K("-3", "0", _TORCH), K("3", "0", _TORCH)), aliases=("hard_sigmoid",), output_derivative="where(0 < y < 1, 1 / 6, 0)"),
    Entry("hardswish", "Hardswish", "z * min(max(z + 3, 0), 6) / 6",
          "SiLU with a sigmoid of straight pieces, for networks on phones (MobileNetV3).",
          "A. Howard et al., 2019, Searching for MobileNetV3, ICCV", _ARXIV + "1905.02244",
          kinks=(K("-3", "0", _TORCH), K("3", "1", "PyTorch's autograd gives 1.")), aliases=("hard_swish", "hard_silu", "hardsilu")),
    Entry("sparse_sigmoid", "Sparse sigmoid", "min(max((z + 1) / 2, 0), 1)",
          "The derivative of sparse_plus: a sigmoid that reaches 0 and 1; BinaryConnect calls it hard sigmoid.",
          "M. Courbariaux, Y. Bengio and J.-P. David, 2015, BinaryConnect: Training Deep Neural Networks with binary weights during propagations, NeurIPS", _ARXIV + "1511.00363",
          kinks=(K("-1", "0", _CLIP), K("1", "0", _CLIP)), output_derivative="where(0 < y < 1, 1 / 2, 0)"),
    Entry("hardshrink", "Hardshrink", "where(abs(z) > lambd, z, 0)",
          "Sets small values to zero and leaves the others alone: hard thresholding, from wavelet denoising.",
          "D. L. Donoho and I. M. Johnstone, 1994, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81", _DOI + "10.1093/biomet/81.3.425",
          {"lambd": _LAMBD}, (K("-lambd", "0", _TORCH), K("lambd", "0", _TORCH)), ("hard_shrink",), "where(y == 0, 0, 1)", ("lambd > 0",)),
    Entry("softshrink", "Softshrink", "where(z > lambd, z - lambd, where(z < -lambd, z + lambd, 0))",
          "Pulls every value towards zero by lambd: soft thresholding, the step of sparse coding.",
          "D. L. Donoho, 1995, De-noising by soft-thresholding, IEEE Transactions on Information Theory 41", _DOI + "10.1109/18.382009",
          {"lambd": _LAMBD}, (K("-lambd", "0", _TORCH), K("lambd", "0", _TORCH)), ("soft_shrink",), "where(y == 0, 0, 1)", ("lambd > 0",)),
    Entry("tanhshrink", "Tanhshrink", "z - tanh(z)",
          "What tanh takes away: flat around zero, the identity shifted by 1 further out.",
          _PYTORCH, _DOCS + "Tanhshrink.html", aliases=("tanh_shrink",)),
    # -- exponential units --------------------------------------------------------------------
    Entry("elu", "ELU", "where(z > 0, z, alpha * expm1(z))",
          "A ReLU with a smooth, saturating left side, which brings the mean of the outputs nearer to zero.",
          "D.-A. Clevert, T. Unterthiner and S. Hochreiter, 2015, Fast and Accurate Deep Network Learning by Exponential Linear Units (ELUs), ICLR 2016", _ARXIV + "1511.07289",
          {"alpha": _ALPHA}, (K("0", "alpha", _LEFT + " With alpha = 1 there is no kink."),), (), "where(y > 0, 1, y + alpha)", ("alpha > 0",)),
    Entry("celu", "CELU", "where(z > 0, z, alpha * expm1(z / alpha))",
          "An ELU whose slope at 0 is 1 whatever alpha is.",
          "J. T. Barron, 2017, Continuously Differentiable Exponential Linear Units", _ARXIV + "1704.07483",
          {"alpha": _ALPHA}, output_derivative="where(y > 0, 1, 1 + y / alpha)", requires=("alpha > 0",)),
    Entry("selu", "SELU", "1.0507009873554804934193349852946 * where(z > 0, z, 1.6732632423543772848170429916717 * expm1(z))",
          "An ELU scaled so that, layer after layer, means stay near 0 and variances near 1.",
          "G. Klambauer, T. Unterthiner, A. Mayr and S. Hochreiter, 2017, Self-Normalizing Neural Networks, NeurIPS", _ARXIV + "1706.02515",
          kinks=(K("0", "1.0507009873554804934193349852946 * 1.6732632423543772848170429916717", _LEFT),),
          output_derivative="where(y > 0, 1.0507009873554804934193349852946, y + 1.0507009873554804934193349852946 * 1.6732632423543772848170429916717)"),
    Entry("isrlu", "ISRLU", "where(z >= 0, z, z / sqrt(1 + alpha * z**2))",
          "ELU's shape from an inverse square root in the place of the exponential.",
          "B. Carlile, G. Delamarter, P. Kinney, A. Marti and B. Whitney, 2017, Improving Deep Learning by Inverse Square Root Linear Units (ISRLUs)", _ARXIV + "1710.09967",
          {"alpha": P(1.0, 0.1, 5.0, "the left limit is -1 / sqrt(alpha)")}, output_derivative="where(y >= 0, 1, (1 - alpha * y**2)**(3 / 2))", requires=("alpha > 0",)),
    Entry("elu_plus_one", "ELU + 1", "where(z > 0, z + 1, exp(z))",
          "A positive feature map that stands in for the exponential in linear attention.",
          "A. Katharopoulos, A. Vyas, N. Pappas and F. Fleuret, 2020, Transformers are RNNs: Fast Autoregressive Transformers with Linear Attention, ICML", _ARXIV + "2006.16236",
          output_derivative="min(y, 1)"),
    Entry("elish", "ELiSH", "where(z >= 0, z, expm1(z)) * sigmoid(z)",
          "SiLU on the right, ELU times sigmoid on the left; found by a genetic search.",
          "M. Basirat and P. M. Roth, 2018, The Quest for the Golden Activation Function", _ARXIV + "1808.00783"),
    Entry("hard_elish", "HardELiSH", "where(z >= 0, z, expm1(z)) * max(0, min(1, (z + 1) / 2))",
          "ELiSH with a sigmoid of straight pieces.",
          "M. Basirat and P. M. Roth, 2018, The Quest for the Golden Activation Function", _ARXIV + "1808.00783",
          kinks=(K("-1", "0", "The gate's slope is taken as 0 where it clips."), K("1", "1", "The gate's slope is taken as 0 where it clips.")), aliases=("hardelish",)),
    Entry("xielu", "xIELU", "where(z > 0, alpha_p * z**2 + beta * z, alpha_n * (expm1(z) - z) + beta * z)",
          "The integral of a scaled and shifted ELU: a squared ReLU whose slope may be negative on the left; for language models.",
          "A. H. Huang and I. Schlag, 2024, Deriving Activation Functions Using Integration", _ARXIV + "2411.13010",
          {"alpha_p": P(0.8, 0.1, 2.0, "curvature on the right, learned in the original"), "alpha_n": P(0.8, 0.1, 2.0, "curvature on the left, learned in the original"), "beta": P(0.5, 0.0, 1.0, "slope at 0")}),
    # -- soft rectifiers ----------------------------------------------------------------------
    Entry("softplus", "Softplus", "softplus(beta * z) / beta",
          "A smooth ReLU, and the way to make an output positive (PyTorch's threshold is a numerical device that is not needed here).",
          "C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau and R. Garcia, 2000, Incorporating Second-Order Functional Knowledge for Better Option Pricing, NeurIPS", "https://proceedings.neurips.cc/paper/2000/hash/44968aece94f667e4095002d140b5896-Abstract.html",
          {"beta": _BETA}, aliases=("soft_plus",), output_derivative="-expm1(-beta * y)", requires=("beta > 0",)),
    Entry("shifted_softplus", "Shifted softplus", "softplus(z) - log(2)",
          "A softplus moved down to pass through 0; the activation of SchNet, for molecules.",
          "K. T. Schütt et al., 2017, SchNet: A continuous-filter convolutional neural network for modeling quantum interactions, NeurIPS", _ARXIV + "1706.08566",
          aliases=("ssp",), output_derivative="1 - exp(-y) / 2"),
    Entry("squareplus", "Squareplus", "(z + sqrt(z**2 + b)) / 2",
          "A softplus made of a square root alone.",
          "J. T. Barron, 2021, Squareplus: A Softplus-Like Algebraic Rectifier", _ARXIV + "2112.11687",
          {"b": P(4.0, 0.1, 10.0, "width of the bend; 4 gives 1 at z = 0")}, output_derivative="y**2 / (y**2 + b / 4)", requires=("b > 0",)),
    Entry("sparse_plus", "Sparse plus", "where(z <= -1, 0, where(z < 1, (z + 1)**2 / 4, z))",
          "A ReLU with its corner rounded by a parabola, which makes the outputs exactly sparse.",
          "J. Bradbury et al., 2018, JAX: composable transformations of Python+NumPy programs", "https://docs.jax.dev/en/latest/_autosummary/jax.nn.sparse_plus.html",
          output_derivative="where(y >= 1, 1, sqrt(y))"),
    Entry("logsigmoid", "LogSigmoid", "log(sigmoid(z))",
          "The logarithm of a probability, for likelihood losses.",
          _PYTORCH, _DOCS + "LogSigmoid.html", aliases=("log_sigmoid",), output_derivative="-expm1(y)"),
    # -- gated by a sigmoid or the like -------------------------------------------------------
    Entry("gelu_tanh", "GELU (tanh form)", "0.5 * z * (1 + tanh(sqrt(2 / pi) * (z + 0.044715 * z**3)))",
          "GELU's approximation by a tanh, the form of GPT-2 and the default in JAX.",
          "D. Hendrycks and K. Gimpel, 2016, Gaussian Error Linear Units (GELUs)", _ARXIV + "1606.08415",
          aliases=("gelu_new", "gelu_approximate")),
    Entry("quick_gelu", "Quick GELU", "z * sigmoid(1.702 * z)",
          "GELU's approximation by a sigmoid, the form of the CLIP models.",
          "D. Hendrycks and K. Gimpel, 2016, Gaussian Error Linear Units (GELUs)", _ARXIV + "1606.08415",
          aliases=("gelu_quick", "gelu_sigmoid")),
    Entry("swish_beta", "Swish with beta", "z * sigmoid(beta * z)",
          "Between z / 2 at beta = 0 and ReLU at large beta; found by an automatic search.",
          "P. Ramachandran, B. Zoph and Q. V. Le, 2017, Searching for Activation Functions", _ARXIV + "1710.05941",
          {"beta": P(1.0, 0.0, 10.0, "sharpness of the gate, learned in the original")}, aliases=("silu_beta",)),
    Entry("e_swish", "E-swish", "beta * z * sigmoid(z)",
          "SiLU made steeper by a factor.",
          "E. Alcaide, 2018, E-swish: Adjusting Activations to Different Network Depths", _ARXIV + "1801.07145",
          {"beta": P(1.375, 1.0, 2.0, "the factor, between 1 and 2 in the original")}, aliases=("eswish",)),
    Entry("dsilu", "dSiLU", "sigmoid(z) * (1 + z * (1 - sigmoid(z)))",
          "The derivative of SiLU, used as an overshooting sigmoid in reinforcement learning.",
          "S. Elfwing, E. Uchibe and K. Doya, 2017, Sigmoid-Weighted Linear Units for Neural Network Function Approximation in Reinforcement Learning", _ARXIV + "1702.03118"),
    Entry("aria2", "ARiA-2", "z * (1 + exp(-beta * z))**(-alpha)",
          "Swish with a Richards curve as its gate, to control how deep the dip is.",
          "N. Patwardhan, M. Ingalhalikar and R. Walambe, 2018, ARiA: Utilizing Richard's Curve for Controlling the Non-monotonicity of the Activation Function in Deep Neural Nets", _ARXIV + "1805.08878",
          {"alpha": P(1.5, 0.1, 3.0, "exponent of the gate"), "beta": P(2.0, 0.1, 5.0, "sharpness of the gate")}, requires=("alpha > 0", "beta > 0")),
    Entry("mish", "Mish", "z * tanh(softplus(z))",
          "A smooth gate with a dip below zero; the backbone of YOLOv4 uses it.",
          "D. Misra, 2019, Mish: A Self Regularized Non-Monotonic Activation Function", _ARXIV + "1908.08681"),
    Entry("tanhexp", "TanhExp / TeLU", "z * tanh(exp(z))",
          "Mish without the softplus, made for small vision networks.",
          "X. Liu and X. Di, 2020, TanhExp: A Smooth Activation Function with High Convergence Speed for Lightweight Neural Networks", _ARXIV + "2003.09855",
          aliases=("telu",)),
    Entry("serf", "Serf", "z * erf(softplus(z))",
          "Mish with erf in the place of tanh.",
          "S. Nag and M. Bhattacharyya, 2021, SERF: Towards better training of deep neural networks using log-Softplus ERror activation Function", _ARXIV + "2108.09598"),
    Entry("logish", "Logish", "z * log(1 + sigmoid(z))",
          "A gate that takes the logarithm of a shifted sigmoid, for image classifiers.",
          "H. Zhu, H. Zeng, J. Liu and X. Zhang, 2021, Logish: A new nonlinear nonmonotonic activation function for convolutional neural network, Neurocomputing 458", _DOI + "10.1016/j.neucom.2021.06.067"),
    Entry("smish", "Smish", "z * tanh(log(1 + sigmoid(z)))",
          "Logish with a tanh around its gate, for image classifiers.",
          "X. Wang, H. Ren and A. Wang, 2022, Smish: A Novel Activation Function for Deep Learning Methods, Electronics 11", _DOI + "10.3390/electronics11040540"),
    Entry("phish", "Phish", "z * tanh(z * Phi(z))",
          "A gate made of tanh and GELU, proposed for classifiers.",
          "P. Naveen, 2022, Phish: A Novel Hyper-Optimizable Activation Function, TechRxiv", _DOI + "10.36227/techrxiv.17283824.v2"),
    Entry("golu", "GoLU", "z * exp(-exp(-z))",
          "Gates by the Gompertz curve, which is steeper on the left than on the right.",
          "I. Das, M. Safari, S. Adriaensen and F. Hutter, 2025, Gompertz Linear Units: Leveraging Asymmetry for Enhanced Learning Dynamics", _ARXIV + "2502.03654"),
    Entry("sinlu", "SinLU", "(z + a * sin(b * z)) * sigmoid(z)",
          "SiLU with a sine wave on its line.",
          "A. Paul, R. Bandyopadhyay, J. H. Yoon, Z. W. Geem and R. Sarkar, 2022, SinLU: Sinu-Sigmoidal Linear Unit, Mathematics 10", _DOI + "10.3390/math10030337",
          {"a": P(1.0, 0.0, 3.0, "height of the wave, learned in the original"), "b": P(1.0, 0.1, 5.0, "frequency of the wave, learned in the original")}),
    Entry("lisht", "LiSHT", "z * tanh(z)",
          "Even in z, and never negative: a smooth absolute value.",
          "S. K. Roy, S. Manna, S. R. Dubey and B. B. Chaudhuri, 2019, LiSHT: Non-Parametric Linearly Scaled Hyperbolic Tangent Activation Function for Neural Networks", _ARXIV + "1901.05894"),
    # -- sigmoids -----------------------------------------------------------------------------
    Entry("softsign", "Softsign", "z / (1 + abs(z))",
          "A tanh that saturates slowly, by a power and not an exponential.",
          "D. L. Elliott, 1993, A better activation function for artificial neural networks, Institute for Systems Research, University of Maryland, TR 93-8", _DOCS + "Softsign.html",
          aliases=("soft_sign", "elliott"), output_derivative="(1 - abs(y))**2"),
    Entry("arctan", "Arctan", "atan(z)",
          "An S-curve between -pi/2 and pi/2 that saturates slowly.",
          "N. Pervan Akman, T. Tümer Sivri and A. Berkol, 2025, The Impact of Irrationals on the Range of Arctan Activation Function for Deep Learning Models, International Journal of Engineering Technologies 9", _DOI + "10.19072/ijet.1394093",
          aliases=("atan",), output_derivative="cos(y)**2"),
    Entry("isru", "ISRU", "z / sqrt(1 + alpha * z**2)",
          "A tanh from an inverse square root, for recurrent networks.",
          "B. Carlile, G. Delamarter, P. Kinney, A. Marti and B. Whitney, 2017, Improving Deep Learning by Inverse Square Root Linear Units (ISRLUs)", _ARXIV + "1710.09967",
          {"alpha": P(1.0, 0.1, 5.0, "the limits are ±1 / sqrt(alpha)")}, output_derivative="(1 - alpha * y**2)**(3 / 2)", requires=("alpha > 0",)),
    Entry("lecun_tanh", "LeCun's tanh", "1.7159 * tanh(2 / 3 * z)",
          "A tanh scaled so that ±1 maps to ±1, with its largest curvature there.",
          "Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, 1998, Efficient BackProp, in Neural Networks: Tricks of the Trade", _DOI + "10.1007/3-540-49430-8_2",
          aliases=("scaled_tanh",), output_derivative="2 / 3 * (1.7159 - y**2 / 1.7159)"),
    Entry("penalized_tanh", "Penalized tanh", "where(z > 0, tanh(z), a * tanh(z))",
          "A leaky tanh: the left side is flattened by a factor.",
          "B. Xu, R. Huang and M. Li, 2016, Revise Saturated Activation Functions", _ARXIV + "1602.05980",
          {"a": P(0.25, 0.0, 1.0, "factor for negative inputs")}, (K("0", "a", "The slope of the left piece, as for leaky ReLU."),), (), "where(y > 0, 1 - y**2, a - y**2 / a)", ("a > 0",)),
    Entry("sqnl", "SQNL", "where(abs(z) < 2, z - z * abs(z) / 4, sign(z))",
          "A tanh of two parabolas, for hardware without an exponential.",
          "A. Wuraola and N. Patel, 2018, SQNL: A New Computationally Efficient Activation Function, IJCNN", _DOI + "10.1109/IJCNN.2018.8489043",
          output_derivative="sqrt(1 - abs(y))"),
    Entry("probit", "Probit", "Phi(z)",
          "The standard normal's distribution function: binary output under a probit model.",
          "G. S. da S. Gomes and T. B. Ludermir, 2008, Redes Neurais Artificiais com Funções de Ativação Complemento Log-Log e Probit para Aproximar Funções na Presença de Observações Extremas, Learning and Nonlinear Models 6", _DOI + "10.21528/LNLM-vol6-no2-art4",
          aliases=("normal_cdf",)),
    Entry("cloglog", "Complementary log-log", "1 - exp(-exp(z))",
          "A lopsided sigmoid for rare events, from survival analysis.",
          "G. S. da S. Gomes and T. B. Ludermir, 2008, Redes Neurais Artificiais com Funções de Ativação Complemento Log-Log e Probit para Aproximar Funções na Presença de Observações Extremas, Learning and Nonlinear Models 6", _DOI + "10.21528/LNLM-vol6-no2-art4"),
    Entry("laplace", "Laplace (Mega)", "(1 + erf((z - sqrt(1 / 2)) * sqrt(2 * pi))) / 2",
          "A bounded stand-in for the squared ReLU in the attention of Mega.",
          "X. Ma et al., 2022, Mega: Moving Average Equipped Gated Attention, ICLR 2023", _ARXIV + "2209.10655"),
    Entry("symlog", "Symlog", "where(z < 0, -log(1 - z), log(1 + z))",
          "A logarithm for both signs, which squeezes rewards of any scale in DreamerV3.",
          "D. Hafner, J. Pasukonis, J. Ba and T. Lillicrap, 2023, Mastering Diverse Domains through World Models", _ARXIV + "2301.04104",
          output_derivative="exp(-abs(y))"),
    Entry("sign", "Sign", "sign(z)",
          "The step of binarized networks, trained with a made-up gradient because its own is 0.",
          "M. Courbariaux, I. Hubara, D. Soudry, R. El-Yaniv and Y. Bengio, 2016, Binarized Neural Networks: Training Deep Neural Networks with Weights and Activations Constrained to +1 or -1", _ARXIV + "1602.02830",
          kinks=(K("0", "0", _TORCH),), aliases=("signum",), output_derivative="0"),
    # -- waves, bumps and the rest ------------------------------------------------------------
    Entry("identity", "Identity", "z",
          "No activation at all: the output unit for regression, and what the linearity trap is about.",
          "B. Widrow and M. E. Hoff, 1960, Adaptive Switching Circuits, IRE WESCON Convention Record", "https://docs.jax.dev/en/latest/_autosummary/jax.nn.identity.html",
          aliases=("linear",), output_derivative="1"),
    Entry("exponential", "Exponential", "exp(z)",
          "Makes a rate or a scale positive, as in Poisson regression.",
          "F. Chollet et al., 2015, Keras", "https://keras.io/api/layers/activations/",
          aliases=("exp",), output_derivative="y"),
    Entry("square", "Square", "z**2",
          "The only nonlinearity that homomorphic encryption does cheaply (CryptoNets).",
          "R. Gilad-Bachrach, N. Dowlin, K. Laine, K. Lauter, M. Naehrig and J. Wernsing, 2016, CryptoNets: Applying Neural Networks to Encrypted Data with High Throughput and Accuracy, ICML", "https://proceedings.mlr.press/v48/gilad-bachrach16.html",
          aliases=("quadratic",)),
    Entry("bent_identity", "Bent identity", "(sqrt(z**2 + 1) - 1) / 2 + z",
          "The identity with a gentle bend; E3x offers it for equivariant networks.",
          "O. T. Unke and H. Maennel, 2024, E3x: E(3)-Equivariant Deep Learning Made Easy", "https://e3x.readthedocs.io/stable/_autosummary/e3x.nn.activations.bent_identity.html"),
    Entry("multiquadric", "Multiquadric", "sqrt(1 + z**2)",
          "A radial basis function that grows with the distance, from the mapping of terrain.",
          "R. L. Hardy, 1971, Multiquadric equations of topography and other irregular surfaces, Journal of Geophysical Research 76", _DOI + "10.1029/JB076i008p01905"),
    Entry("gaussian", "Gaussian", "exp(-z**2)",
          "The bump of radial basis function networks.",
          "D. S. Broomhead and D. Lowe, 1988, Multivariable Functional Interpolation and Adaptive Networks, Complex Systems 2", "https://www.complex-systems.com/abstracts/v02_i03_a05/",
          aliases=("rbf",)),
    Entry("sin", "Sine", "sin(omega * z)",
          "The wave of SIREN, networks that store images and sounds; its authors take omega = 30.",
          "V. Sitzmann, J. N. P. Martel, A. W. Bergman, D. B. Lindell and G. Wetzstein, 2020, Implicit Neural Representations with Periodic Activation Functions, NeurIPS", _ARXIV + "2006.09661",
          {"omega": P(1.0, 0.1, 30.0, "frequency")}, aliases=("sine", "siren")),
    Entry("cos", "Cosine", "cos(z)",
          "Random Fourier features: a layer of random weights and cosines imitates a kernel machine.",
          "A. Rahimi and B. Recht, 2007, Random Features for Large-Scale Kernel Machines, NeurIPS", "https://proceedings.neurips.cc/paper/2007/hash/013a006f03dbc5392effeb8f18fda755-Abstract.html",
          aliases=("cosine",)),
    Entry("gcu", "GCU", "z * cos(z)",
          "A growing cosine: one unit of it can learn XOR.",
          "M. M. Noel, L. Arunkumar, A. Trivedi and P. Dutta, 2021, Growing Cosine Unit: A Novel Oscillatory Activation Function That Can Speedup Training and Reduce Parameters in Convolutional Neural Networks", _ARXIV + "2108.12943",
          aliases=("growing_cosine",)),
    Entry("snake", "Snake", "z + sin(a * z)**2 / a",
          "The identity with a ripple, for periodic signals; the vocoder BigVGAN uses it.",
          "L. Ziyin, T. Hartwig and M. Ueda, 2020, Neural Networks Fail to Learn Periodic Functions and How to Fix It, NeurIPS", _ARXIV + "2006.08195",
          {"a": P(1.0, 0.1, 10.0, "frequency of the ripple")}, requires=("a > 0",)),
)
# fmt: on

BY_NAME: dict[str, Entry] = {n: e for e in ENTRIES for n in (e.name, *e.aliases)}
"""Every entry under its name and under each of its aliases."""
