"""The cheat sheet as data: each claim with what a table sorts by, and a row for softmax."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from nonlin.properties import Property

__all__ = ["SHORT", "claim", "softmax"]

SHORT = ("step", "sigmoid", "tanh", "relu", "leaky_relu", "gelu", "silu", "softmax")
"""The rows of the sheet before it is unfolded."""

_LARGEST = sys.float_info.max
_SIDES = ("no", "left", "right", "both", "hard")
_SHARED = ("range", "saturates", "monotone", "smooth", "max_slope")


def claim(found: Property, mean: float | None) -> dict[str, Any]:
    """A property as plain data, with its ``number`` where it has one, and ``sort``.

    Claims are sorted by the lists ``sort``, the first numbers first. JSON has no infinity: the largest
    double stands for it. ``sort`` is empty where nothing is known.

    >>> import nonlin
    >>> claim(nonlin.relu.properties["range"], None)["sort"]
    [0.0, 1.7976931348623157e+308]
    """
    number = {"zero_centred": mean, "max_slope": found.value}.get(found.key)
    return {
        "key": found.key,
        "label": found.label,
        "value": found.text,
        "witness": found.witness,
        "number": _finite(number) if isinstance(number, float) else None,
        "sort": [_finite(n) for n in _order(found, mean)],
    }


def _finite(number: float) -> float:
    return min(max(float(number), -_LARGEST), _LARGEST)


def _order(found: Property, mean: float | None) -> Sequence[float]:
    value: Any = found.value
    if found.key == "zero_centred":
        return [] if mean is None else [abs(mean), mean]
    if value is None:
        return []
    match found.key:
        case "range":
            return [value[0][0], value[-1][1]]
        case "saturates":
            return [_SIDES.index(value)]
        case "monotone":  # rising strictly, rising, falling, falling strictly, constant, not
            words = ("increasing, strictly", "increasing", "decreasing", "constant", "no")
            return [next(i for i, w in enumerate(words) if found.text.startswith(w))]
        case "smooth":  # the derivatives that are continuous: -1 with a jump, 0 with a kink
            return [min((order - 1 for _, order in value), default=_LARGEST)]
        case "max_slope" | "lipschitz":
            return [value]
    return []


def softmax(functions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Softmax's row, from the described catalogue.

    With the other scores held, one output is ``sigmoid(z - log(sum of exp of the others))``: sigmoid,
    moved sideways. So what is claimed of sigmoid's range, slope and ends holds for it.
    """
    sigmoid = next(f for f in functions if f["name"] == "sigmoid")
    facts = {p["key"]: dict(p) for p in sigmoid["properties"] if p["key"] in _SHARED}
    how = "with the other scores held, each output is sigmoid(z − log Σ exp of the others): "
    for fact in facts.values():
        fact["witness"] = how + str(fact["witness"])
    facts["range"]["value"] += ", sums to 1"
    centred = {
        "key": "zero_centred",
        "label": next(p["label"] for p in sigmoid["properties"] if p["key"] == "zero_centred"),
        "value": "no",
        "witness": "n outputs sum to 1, so their mean is 1/n, and never 0",
        "number": None,
        "sort": [],
    }
    keys = ("range", "zero_centred", "saturates", "monotone", "smooth", "max_slope")
    return {
        "name": "softmax",
        "title": "Softmax",
        "summary": "Turns the scores of several classes into probabilities: multi-class output.",
        "citation": (
            "J. S. Bridle, Probabilistic interpretation of feedforward classification network outputs, "
            "with relationships to statistical pattern recognition (1990)"
        ),
        "properties": [centred if key == "zero_centred" else facts[key] for key in keys],
    }
