"""Networks in files: training goes on to the bit, and a file that is no network says so."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import nonlin
from nonlin import Network
from nonlin.catalogue import Kink
from nonlin.errors import NetworkError

Array = np.ndarray[Any, Any]
pytestmark = pytest.mark.filterwarnings("error")
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
each_optimizer = pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])


def samples(count: int, width: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)


def bits(net: Network) -> bytes:
    return b"".join(a.tobytes() for a in (*net.weights, *net.biases))


def kept(net: Network, path: Path) -> Network:
    net.save(path)
    return Network.load(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "net.safetensors"


# -- to the bit -----------------------------------------------------------------------------------
@each_optimizer
@each_dtype
@pytest.mark.parametrize("batch_size", [None, 7])
def test_training_goes_on(optimizer: str, dtype: str, batch_size: int | None, path: Path) -> None:
    x, y = samples(40, 3), samples(40, 2, seed=1)
    settings: dict[str, Any] = {"optimizer": optimizer, "batch_size": batch_size, "lr": 0.02}
    once, twice = (Network([3, 8, 2], activation="silu", dtype=dtype, seed=9) for _ in range(2))
    whole = once.train(x, y, epochs=10, **settings)
    first = twice.train(x, y, epochs=5, **settings)
    twice = kept(twice, path)
    second = twice.train(x, y, epochs=5, **settings)
    assert bits(once) == bits(twice)
    for name in ("loss", "gradient_norm"):
        halves = np.concatenate([getattr(first, name), getattr(second, name)])
        assert getattr(whole, name).tobytes() == halves.tobytes()


@each_optimizer
def test_from_the_middle_of_a_pass(optimizer: str, path: Path) -> None:
    """There a run is left that comes to a number that is not finite, or that is interrupted."""
    x, y = samples(40, 3), samples(40, 2, seed=1)
    bad = x.copy()
    bad[17] = 3e38
    net = Network([3, 8, 2], activation="relu", seed=9)
    settings: dict[str, Any] = {"optimizer": optimizer, "batch_size": 4}
    assert net.train(bad, y, **settings).steps % 10 > 0
    loaded = kept(net, path)
    losses = [n.train(x, y, epochs=2, **settings).loss.tobytes() for n in (net, loaded)]
    assert losses[0] == losses[1] and bits(net) == bits(loaded)


@each_dtype
def test_everything_is_kept(dtype: str, path: Path) -> None:
    seed = 2**70 - 3
    net = Network([2, 5, 3, 4], activation="gelu", dtype=dtype, init="lecun_uniform", seed=seed)
    net.train(samples(10, 2), samples(10, 4), optimizer="momentum", epochs=2)
    x, loaded = samples(20, 2), kept(net, path)
    for name in ("widths", "activations", "dtype", "init", "seed", "optimizer"):
        assert getattr(loaded, name) == getattr(net, name), name
    assert bits(loaded) == bits(net)
    assert loaded.forward(x).tobytes() == net.forward(x).tobytes()
    for n in (net, loaded):
        n.reset()
    assert bits(loaded) == bits(net)


def test_a_new_network(path: Path) -> None:
    net = Network([2, 3, 1], seed=4)
    loaded = kept(net, path)
    x, y = samples(10, 2), samples(10, 1)
    for n in (net, loaded):
        n.train(x, y, epochs=3, batch_size=3)
    assert bits(loaded) == bits(net)


def test_saving_changes_nothing(path: Path) -> None:
    nets = [Network([2, 4, 1], seed=1) for _ in range(2)]
    x, y = samples(20, 2), samples(20, 1)
    for net in nets:
        for _ in range(3):
            net.train(x, y, epochs=2, batch_size=6)
            if net is nets[0]:
                net.save(path)
                Network.load(path).train(x, y, epochs=1)
    assert bits(nets[0]) == bits(nets[1])


@each_dtype
def test_formulas_and_parameters(dtype: str, path: Path) -> None:
    mine = nonlin.define("a * tanh(b * z) + c", "mine", a=0.1, b=-2.5e-7, c=1 / 3)
    every = [mine, "z * sin(z)", None, nonlin.leaky_relu, "swish"]
    net = Network([3, 4, 5, 4, 3, 2], activation=every, dtype=dtype, seed=2)
    loaded, x = kept(net, path), samples(30, 3)
    assert [f and (f.name, f.formula, f.parameters) for f in loaded.activations] == [
        ("mine", "a * tanh(b * z) + c", {"a": 0.1, "b": -2.5e-7, "c": 1 / 3}),
        ("f", "z * sin(z)", {}),
        None,
        ("leaky_relu", nonlin.leaky_relu.formula, {"negative_slope": 0.01}),
        ("silu", nonlin.silu.formula, {}),
    ]
    assert loaded.activations[3] is nonlin.leaky_relu
    assert loaded.forward(x).tobytes() == net.forward(x).tobytes()
    for a, b in zip(net.trace(x), loaded.trace(x), strict=True):
        assert a.slope.tobytes() == b.slope.tobytes()


def test_conventions_at_kinks(path: Path) -> None:
    """A formula of one's own may have the catalogue's name and formula, and yet another slope."""
    own = nonlin.define("max(z, 0)", "relu")
    steep = nonlin.Activation(dataclasses.replace(own.entry, kinks=(Kink("0", "7", "mine"),)))
    net = Network([1, 1, 1, 1], activation=[own, steep, nonlin.relu])
    for w in net.weights:
        w[...] = 1
    slopes = [layer.slope.item() for layer in net.trace([0.0])]
    assert slopes[1:] == [7.0, 0.0]
    assert [layer.slope.item() for layer in kept(net, path).trace([0.0])] == slopes


def test_others_can_read_it(path: Path) -> None:
    net = Network([3, 4, 2], seed=1)
    net.save(str(path))
    tensors = load_file(path)
    for i in range(2):
        np.testing.assert_array_equal(tensors[f"layers.{i}.weight"], net.weights[i])
        np.testing.assert_array_equal(tensors[f"layers.{i}.bias"], net.biases[i])
    assert bits(Network.load(str(path))) == bits(net)


def test_a_subclass(path: Path) -> None:
    class Mine(Network):
        pass

    Network([2, 1]).save(path)
    assert type(Mine.load(path)) is Mine


# -- files that are no networks -------------------------------------------------------------------
FOREIGN: dict[str, bytes] = {
    "empty": b"",
    "text": b"weights: none\n" * 40,
    "zeros": bytes(4096),
    "json": json.dumps({"widths": [2, 1]}).encode(),
    "huge header": (1 << 60).to_bytes(8, "little") + b"{}",
    "header that is no object": (2).to_bytes(8, "little") + b"[]",
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files(name: str, path: Path) -> None:
    path.write_bytes(FOREIGN[name])
    with pytest.raises(NetworkError, match=f"{re.escape(str(path))} is no network of nonlin's"):
        Network.load(path)


def test_other_files_of_the_same_format(path: Path) -> None:
    for metadata in (None, {"format": "pt"}, {"nonlin": "{}"}, {"nonlin": "[1"}, {"nonlin": "3"}):
        save_file({"layers.0.weight": np.zeros((1, 2))}, path, metadata)
        with pytest.raises(NetworkError, match="is no network of nonlin's"):
            Network.load(path)


@pytest.fixture
def whole(path: Path) -> bytes:
    """The content of a good file, which is at ``path``."""
    net = Network([2, 3, 1], activation="relu", seed=1)
    net.train(samples(5, 2), samples(5, 1), epochs=2, batch_size=2)
    net.save(path)
    return path.read_bytes()


def test_truncated_files(path: Path, whole: bytes) -> None:
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(NetworkError, match="is no network of nonlin's, or damaged"):
            Network.load(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(NetworkError, match="damaged"):
        Network.load(path)


def test_damaged_files(path: Path, whole: bytes) -> None:
    """Any byte may be wrong: there is a network of numbers that are finite, or a NetworkError."""
    errors = 0
    rng = np.random.default_rng(1)
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            net = Network.load(path)
        except NetworkError as error:
            assert str(path) in str(error)
            errors += 1
        else:
            assert all(np.isfinite(a).all() for a in (*net.weights, *net.biases))
            assert net.train(samples(5, 2), samples(5, 1), epochs=1, batch_size=2).stopped in (
                "finished", "not finite",
            )  # fmt: skip
    assert len(whole) / 3 < errors < len(whole)


def rewritten(path: Path, change: Callable[[dict[str, Array], dict[str, Any]], None]) -> None:
    with safe_open(path, "numpy") as file:
        described = json.loads(file.metadata()["nonlin"])
    tensors = load_file(path)
    change(tensors, described)
    save_file(tensors, path, {"nonlin": json.dumps(described)})


def put(name: str, value: Any) -> Callable[[dict[str, Array], dict[str, Any]], None]:
    return lambda tensors, described: tensors.update({name: np.asarray(value)})


def say(**what: Any) -> Callable[[dict[str, Array], dict[str, Any]], None]:
    return lambda tensors, described: described.update(what)


def spoil(name: str, value: float) -> Callable[[dict[str, Array], dict[str, Any]], None]:
    def change(tensors: dict[str, Array], described: dict[str, Any]) -> None:
        tensors[name].flat[-1] = value

    return change


def drop(name: str) -> Callable[[dict[str, Array], dict[str, Any]], None]:
    return lambda tensors, described: (tensors.pop(name), None)[1]


F32 = np.float32
WRONG: dict[str, tuple[Callable[[dict[str, Array], dict[str, Any]], None], str]] = {
    "transposed": (
        put("layers.0.weight", np.zeros((2, 3), F32)),
        r"layers.0.weight is float32 of shape \(2, 3\), not float32 of \(3, 2\)",
    ),
    "one weight": (put("layers.0.weight", np.zeros((1, 1), F32)), r"of shape \(1, 1\)"),
    "one bias": (
        put("layers.0.bias", np.zeros(1, F32)),
        r"layers.0.bias is float32 of shape \(1,\), not float32 of \(3,\)",
    ),
    "other dtype": (
        put("layers.1.weight", np.zeros((1, 3))),
        "layers.1.weight is float64 of shape",
    ),
    "other widths": (say(widths=[2, 4, 1]), r"layers.0.weight is .*, not float32 of \(4, 2\)"),
    "more layers": (say(widths=[2, 3, 1, 1]), "it lacks layers.2.weight"),
    "fewer layers": (say(widths=[2, 3], activations=[None]), r"training.moment1 is .*\(13,\)"),
    "claims of gigabytes": (say(widths=[4096] * 1000), "layers.0.weight is"),
    "no layers": (say(widths=[2]), "at least two widths"),
    "other activations": (say(activations=[None]), "there are 2 layers and 1 activations"),
    "no formula": (
        say(activations=[None, {"name": "f", "formula": "t", "parameters": {}, "kinks": []}]),
        "unknown name 't'",
    ),
    "other dtype described": (say(dtype="float64"), "layers.0.weight is float32"),
    "no optimizer": (say(optimizer="lion"), "there is no optimizer 'lion'"),
    "no initialisation": (say(init="best"), "there is no initialisation 'best'"),
    "later format": (say(format="nonlin network 2"), "its format is 'nonlin network 2'"),
    "NaN": (
        spoil("layers.0.weight", math.nan),
        "layers.0.weight holds numbers that are not finite",
    ),
    "infinite bias": (
        spoil("layers.1.bias", math.inf),
        "layers.1.bias holds numbers that are not f",
    ),
    "NaN moment": (spoil("training.moment1", math.nan), "training.moment1 holds numbers"),
    "negative square": (spoil("training.moment2", -1), "training.moment2 holds numbers below 0"),
    "one moment": (put("training.moment1", np.zeros(1, F32)), "training.moment1 is float32 of sh"),
    "NaN setting": (spoil("training.settings", math.nan), "training.settings holds numbers"),
    "impossible powers": (put("training.settings", np.full(7, 3.0)), "powers that are not from 0"),
    "few settings": (put("training.settings", np.zeros(3)), r"training.settings is .*\(3,\)"),
    "no state": (drop("training.random"), "it lacks training.random"),
    "many states": (put("training.random", np.zeros(2, np.int64)), "training.random is int64 of"),
    "no order": (drop("training.order"), "training.position is 5; there are 0 samples"),
    "no permutation": (put("training.order", np.array([0, 1, 1, 3, 4])), "is no permutation"),
    "beyond the samples": (put("training.order", np.array([0, 1, 2, 3, 9])), "is no permutation"),
    "order of floats": (put("training.order", np.arange(5.0)), "training.order is float64"),
    "beyond the end": (
        put("training.position", np.array([6])),
        "training.position is 6; there are 5",
    ),
    "before the start": (put("training.position", np.array([-1])), "training.position is -1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_content(name: str, path: Path, whole: bytes) -> None:
    change, message = WRONG[name]
    rewritten(path, lambda tensors, described: None)
    Network.load(path)  # what is refused is the change, not the rewriting
    rewritten(path, change)
    started = time.monotonic()
    with pytest.raises(NetworkError, match=message) as caught:
        Network.load(path)
    assert str(caught.value).startswith(f"{path} cannot be read: ")
    assert time.monotonic() - started < 5


# -- writing --------------------------------------------------------------------------------------
def test_weights_that_are_not_finite_are_not_saved(path: Path, whole: bytes) -> None:
    """They could not be read again; the good file stays."""
    for value in (math.nan, math.inf):
        net = Network([2, 3, 1], seed=1)
        net.weights[1][0, 2] = value
        with pytest.raises(
            NetworkError, match=r"layers.1.weight holds numbers that are not finite"
        ):
            net.save(path)
        assert path.read_bytes() == whole and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("broken", ["replace", "write_bytes"])
def test_a_failure_leaves_the_old_file(
    broken: str, path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(old: Path, new: Path) -> None:
        raise OSError("no more room")

    def write_bytes(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError("no more room")

    if broken == "replace":
        monkeypatch.setattr(os, "replace", replace)
    else:
        monkeypatch.setattr(Path, "write_bytes", write_bytes)
    with pytest.raises(OSError, match="no more room"):
        Network([2, 3, 1], seed=2).save(path)
    assert path.read_bytes() == whole and list(path.parent.iterdir()) == [path]


def test_readers_see_whole_files_only(path: Path) -> None:
    """While others write them over and over again."""
    nets = [Network([20, 60, 20], seed=s) for s in range(3)]
    possible = {bits(net) for net in nets}
    nets[0].save(path)
    ended = threading.Event()

    def write(net: Network) -> None:
        while not ended.is_set():
            net.save(path)

    writers = [threading.Thread(target=write, args=(net,)) for net in nets]
    for writer in writers:
        writer.start()
    try:
        seen = {bits(Network.load(path)) for _ in range(60)}
    finally:
        ended.set()
        for writer in writers:
            writer.join()
    assert seen <= possible and len(seen) > 1
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no such folder.*missing'"):
        Network([2, 1]).save(tmp_path / "missing" / "net")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=re.escape(path.name)):
        Network.load(path)


def test_a_folder_in_the_file_s_place(path: Path) -> None:
    path.mkdir()
    with pytest.raises(OSError):
        Network([2, 1]).save(path)
    with pytest.raises(OSError):
        Network.load(path)
    assert list(path.parent.iterdir()) == [path] and list(path.iterdir()) == []


def test_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    net = Network([2, 1], seed=3)
    net.save("net")
    assert bits(Network.load("net")) == bits(net)
    assert [p.name for p in tmp_path.iterdir()] == ["net"]
