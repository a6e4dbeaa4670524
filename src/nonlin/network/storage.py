"""Networks in files, in the safetensors format, with everything that training needs to go on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nonlin.activation import Activation, define
from nonlin.catalogue import BY_NAME
from nonlin.errors import NetworkError, NonlinError

if TYPE_CHECKING:
    from nonlin.network.model import Network

__all__ = ["load", "save"]

_FORMAT = "nonlin network 1"


def save(network: Network, path: Path) -> None:
    """Write a file; one that is there is replaced only by a whole one."""
    from safetensors.numpy import save as packed

    m = network._memory
    tensors: dict[str, Any] = {
        "training.moment1": m.moment1,
        "training.moment2": m.moment2,
        "training.settings": m.settings,
        "training.random": np.array([m["random"]]),
        "training.position": np.array([m["position"]]),
    }
    if "order" in m.kept:
        tensors["training.order"] = m.kept["order"]
    for i, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        tensors[f"layers.{i}.weight"], tensors[f"layers.{i}.bias"] = w, b
    description = {
        "format": _FORMAT,
        "widths": network.widths,
        "init": network.init,
        "seed": int(network.seed),
        "dtype": network.dtype.name,
        "optimizer": network.optimizer,
        "activations": [_described(f) for f in network.activations],
    }
    content = packed(
        {k: np.ascontiguousarray(v).copy() for k, v in tensors.items()},
        {"nonlin": json.dumps(description)},
    )
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def load(kind: type[Network], path: Path) -> Network:
    """Read a file."""
    content = path.read_bytes()
    try:
        from safetensors.numpy import load as unpacked

        tensors = unpacked(content)
        size = int.from_bytes(content[:8], "little")
        described = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["nonlin"])
        if described["format"] != _FORMAT:
            raise NetworkError(f"its format is {described['format']!r}")
        network = kind(
            described["widths"],
            activation=[_activation(a) for a in described["activations"]],
            init=described["init"],
            seed=described["seed"],
            dtype=described["dtype"],
        )
        _restore(network, tensors, described["optimizer"])
    except NonlinError as error:
        raise NetworkError(f"{path} cannot be read: {error}") from error
    except Exception as error:  # whatever a damaged file makes the reader do
        raise NetworkError(f"{path} is no network of nonlin's") from error
    return network


def _restore(network: Network, tensors: dict[str, Any], optimizer: str) -> None:
    m = network._memory
    for i, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        for array, name in ((w, "weight"), (b, "bias")):
            found = tensors[f"layers.{i}.{name}"]
            if found.shape != array.shape or found.dtype != array.dtype:
                raise NetworkError(f"layers.{i}.{name} is {found.dtype} of shape {found.shape}")
            array[...] = found
    m.moment1[...], m.moment2[...] = tensors["training.moment1"], tensors["training.moment2"]
    m.settings[...] = tensors["training.settings"]
    m["random"] = int(tensors["training.random"][0])
    order = tensors.get("training.order")
    if order is not None:
        if sorted(order.tolist()) != list(range(len(order))):
            raise NetworkError("training.order is no permutation")
        m.keep("order", np.ascontiguousarray(order, np.int64))
    m["position"] = min(
        max(int(tensors["training.position"][0]), 0), 0 if order is None else len(order)
    )
    network.optimizer = optimizer


def _described(f: Activation | None) -> dict[str, Any] | None:
    return {"name": f.name, "formula": f.formula, "parameters": f.parameters} if f else None


def _activation(described: dict[str, Any] | None) -> Activation | None:
    if described is None:
        return None
    entry = BY_NAME.get(described["name"])
    if entry is not None and entry.formula == described["formula"]:
        import nonlin

        known = nonlin.catalogue[entry.name]
        if known.parameters == described["parameters"]:
            return known
    return define(described["formula"], described["name"], **described["parameters"])
