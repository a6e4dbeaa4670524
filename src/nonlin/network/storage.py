"""Networks in files, in the safetensors format, with everything that training needs to go on."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import nonlin
from nonlin.activation import Activation
from nonlin.catalogue import BY_NAME, Kink
from nonlin.definition import define
from nonlin.errors import NetworkError, NonlinError
from nonlin.network.layout import OPTIMIZERS, SETTINGS

if TYPE_CHECKING:
    from nonlin.network.model import Network

__all__ = ["from_bytes", "load", "save", "to_bytes"]

_FORMAT = "nonlin network 1"


def save(network: Network, path: Path) -> None:
    """Write a file; one that is there is replaced only by a whole one."""
    content = to_bytes(network)
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(path.parent))
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def load(kind: type[Network], path: Path) -> Network:
    """Read a file."""
    content = path.read_bytes()
    try:
        return from_bytes(kind, content)
    except NonlinError as error:
        raise NetworkError(f"{path} cannot be read: {error}") from error
    except Exception as error:  # whatever a damaged file makes the reader do
        raise NetworkError(f"{path} is no network of nonlin's, or damaged") from error


def to_bytes(network: Network) -> bytes:
    """The content of a file."""
    from safetensors.numpy import save as packed

    m = network._memory
    tensors: dict[str, Any] = {
        **_parameters(network),
        "training.moment1": m.moment1,
        "training.moment2": m.moment2,
        "training.settings": m.settings,
        "training.random": np.array([m["random"]]),
        "training.position": np.array([m["position"]]),
    }
    if "order" in m.kept:
        tensors["training.order"] = m.kept["order"]
    for name, array in tensors.items():
        if not np.isfinite(array).all():  # load would refuse it
            raise NetworkError(
                f"{name} holds numbers that are not finite; such a network is not saved"
            )
    description = {
        "format": _FORMAT,
        "widths": network.widths,
        "init": network.init,
        "seed": int(network.seed),
        "dtype": network.dtype.name,
        "optimizer": network.optimizer,
        "activations": [_described(f) for f in network.activations],
    }
    return packed(
        {k: np.ascontiguousarray(v).copy() for k, v in tensors.items()},
        {"nonlin": json.dumps(description)},
    )


def from_bytes(kind: type[Network], content: bytes) -> Network:
    """A network from the content of a file."""
    from safetensors.numpy import load as unpacked

    tensors = unpacked(content)
    size = int.from_bytes(content[:8], "little")
    described = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["nonlin"])
    if described["format"] != _FORMAT:
        raise NetworkError(f"its format is {described['format']!r:.60}")
    return _made(kind, described, tensors)


def _parameters(network: Network) -> dict[str, Any]:
    found = {}
    for i, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        found[f"layers.{i}.weight"], found[f"layers.{i}.bias"] = w, b
    return found


def _made(kind: type[Network], described: dict[str, Any], tensors: dict[str, Any]) -> Network:
    widths = described["widths"]
    for i, (before, after) in enumerate(zip(widths, widths[1:], strict=False)):
        # Ahead of anything of a size that only the description claims.
        _tensor(tensors, f"layers.{i}.weight", (after, before), described["dtype"])
    network = kind(
        widths,
        activation=[_activation(a) for a in described["activations"]],
        init=described["init"],
        seed=described["seed"],
        dtype=described["dtype"],
    )
    m, optimizer = network._memory, described["optimizer"]
    if optimizer not in ("", *OPTIMIZERS):
        raise NetworkError(f"there is no optimizer {optimizer!r:.60}")
    state = {
        "training.moment1": m.moment1, "training.moment2": m.moment2,
        "training.settings": m.settings,
    }  # fmt: skip
    for name, array in {**_parameters(network), **state}.items():
        array[...] = _tensor(tensors, name, array.shape, array.dtype.name)
    if (m.moment2 < 0).any():
        raise NetworkError("training.moment2 holds numbers below 0")
    if not all(0 <= m.settings[SETTINGS.index(f"beta{k}_power")] <= 1 for k in (1, 2)):
        raise NetworkError("training.settings holds powers that are not from 0 to 1")
    m["random"] = int(_tensor(tensors, "training.random", (1,), "int64")[0])
    position = int(_tensor(tensors, "training.position", (1,), "int64")[0])
    order = tensors.get("training.order")
    count = 0
    if order is not None:
        count = len(order)
        order = _tensor(tensors, "training.order", (count,), "int64")
        if not np.array_equal(np.sort(order), np.arange(count)):
            raise NetworkError("training.order is no permutation")
        m.keep("order", np.ascontiguousarray(order).copy())
    if not 0 <= position <= count:
        raise NetworkError(f"training.position is {position}; there are {count} samples")
    m["samples"], m["position"] = count, position
    network.optimizer = optimizer
    return network


def _tensor(tensors: dict[str, Any], name: str, shape: tuple[int, ...], dtype: str) -> Any:
    found = tensors.get(name)
    if found is None:
        raise NetworkError(f"it lacks {name}")
    if found.shape != shape or found.dtype != dtype:
        raise NetworkError(
            f"{name} is {found.dtype} of shape {found.shape}, not {dtype} of {shape}"
        )
    if not np.isfinite(found).all():
        raise NetworkError(f"{name} holds numbers that are not finite")
    return found


def _described(f: Activation | None) -> dict[str, Any] | None:
    if f is None:
        return None
    kinks = [[k.at, k.derivative] for k in f.entry.kinks]
    return {"name": f.name, "formula": f.formula, "parameters": f.parameters, "kinks": kinks}


def _activation(described: dict[str, Any] | None) -> Activation | None:
    if described is None:
        return None
    entry = BY_NAME.get(described["name"])
    known = nonlin.catalogue[entry.name] if entry else None
    if known is not None and _described(known) == described:
        return known
    made = define(described["formula"], described["name"], **described["parameters"])
    kinks = tuple(Kink(at, slope, "") for at, slope in described["kinks"])
    return Activation(dataclasses.replace(made.entry, kinks=kinks))
