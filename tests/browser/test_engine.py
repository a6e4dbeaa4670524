"""The engine in a real browser trains as Python's does."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import nonlin
from nonlin.lesson.folders import web_folder
from nonlin.lesson.pages import Bundle
from nonlin.network.wasm import build_own

STEPS = 200
PROBE = """
async ({chunk, data, network, training, x, y, count, steps}) => {
  const { Engine } = await import(chunk);
  const description = await (await fetch(data + 'engine.json')).json();
  const bytes = await (await fetch(data + 'engine.wasm')).arrayBuffer();
  const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const engine = await Engine.load(bytes, description);
  const net = await engine.network({ ...network, seed: BigInt(network.seed) });
  const first = Array.from(net.weights(0));
  net.learnFrom(floats(x), floats(y), count, training);
  const run = net.train(steps);
  const outputs = Array.from(net.forward(floats(x).slice(0, 4 * network.widths[0]), 4));
  net.reset();
  const again = Array.from(net.weights(0));
  return { first, again, loss: Array.from(run.loss), taken: run.taken,
           norm: Array.from(run.gradientNorm), outputs };
}
"""
CHANGES = """
async ({chunk, data, x, y}) => {
  const { Engine } = await import(chunk);
  const description = await (await fetch(data + 'engine.json')).json();
  const engine = await Engine.load(await (await fetch(data + 'engine.wasm')).arrayBuffer(), description);
  const activations = [{name: 'leaky_relu', constants: {negative_slope: 0.5}}, {name: 'tanh'}, null];
  const net = await engine.network({ widths: [2, 5, 3, 1], activations, init: 'he', seed: 3n, capacity: 64 });
  const rows = (n) => [Float32Array.from(x.slice(0, 2 * n)), Float32Array.from(y.slice(0, n)), n];
  const training = { loss: 'squared_error', optimizer: 'sgd', lr: 0.05, batchSize: 10, shuffle: true };
  const list = (values) => Array.from(values);
  const refusal = (what) => { try { what(); return null; } catch (error) { return error.message; } };
  const early = refusal(() => net.configure({ lr: 1 }));

  // One step, whose gradient stays to be read; then the state before it is put back.
  net.learnFrom(...rows(64), { ...training, batchSize: 64 });
  const before = net.parameters.slice();
  const step = net.train(1);
  const one = {
    before: list(before), after: list(net.parameters), norm: step.gradientNorm[0], norms: net.gradientNorms(),
    gradients: [0, 1, 2].map((i) => [list(net.weightGradients(i)), list(net.biasGradients(i))]),
  };
  net.setParameters(before);
  const restored = list(net.parameters);

  // Other data, batches and settings, again and again: no more memory than the largest needs.
  const bytes = [];
  for (let k = 0; k < 40; k++) {
    net.learnFrom(...rows(k % 2 ? 40 : 64), { ...training, batchSize: 1 + k % 13 });
    net.train(20);
    bytes.push(net.parameters.buffer.byteLength);
  }
  // A run whose learning rate changes on the way, twice from the start.
  const run = () => {
    net.reset();
    net.learnFrom(...rows(64), { ...training, optimizer: 'momentum' });
    const first = net.train(9);
    net.configure({ lr: 0.01 });
    const second = net.train(9);
    net.configure({ optimizer: 'adam', batchSize: 64 });
    return [first, second, net.train(3)].flatMap((steps) => list(steps.loss));
  };
  const runs = [run(), run()];
  // The same steps without an account of each.
  net.reset();
  const kept = [net.train(11).taken, ...net.parameters];
  net.reset();
  const silent = [net.advance(11), ...net.parameters];
  const small = await engine.network({ widths: [2, 1], activations: [null], capacity: 4 });
  return {
    early, one, restored, bytes, runs, kept, silent,
    parameter: refusal(() => net.setParameters(new Float32Array(3))),
    batch: refusal(() => small.learnFrom(...rows(9), { ...training, batchSize: 5 })),
    few: refusal(() => net.learnFrom(new Float32Array(3), new Float32Array(3), 3, training)),
    constant: await engine.network({ widths: [2, 1], activations: [{ name: 'tanh', constants: { slope: 1 } }],
      capacity: 1 }).then(() => null, (error) => error.message),
  };
}
"""
VALUES = """
async ({chunk, data, z, names, formulas}) => {
  const { Engine } = await import(chunk);
  const description = await (await fetch(data + 'engine.json')).json();
  const engine = await Engine.load(await (await fetch(data + 'engine.wasm')).arrayBuffer(), description);
  const x = Float32Array.from(z, Number);
  const found = {};
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const own = (formulas ?? []).map(({ code, ...each }) => ({ ...each, module: new WebAssembly.Module(bytes(code)) }));
  for (const { name, constants } of formulas ?? description.activations) {
    if (names && !names.includes(name)) continue;
    const net = await engine.network({ widths: [1, 1], activations: [{ name, constants }], own, capacity: x.length });
    net.setParameters([1, 0]);
    const alone = Array.from(net.forward(x, x.length), String); // as text: JSON has no NaN
    net.forward(x, x.length, true);
    const [both, slope] = ['a', 'slope'].map((what) => Array.from(net.layer(0, what), String));
    found[name] = { alone, both, slope };
  }
  return found;
}
"""

RUNS: dict[str, dict[str, Any]] = {
    "tanh, full batch, adam": {
        "widths": [2, 8, 8, 1], "activation": "tanh", "loss": "binary_cross_entropy", "optimizer": "adam",
        "lr": 0.02, "batch": None,
    },
    "relu, batches of ten with a rest, momentum": {
        "widths": [2, 4, 2, 1], "activation": "relu", "loss": "squared_error", "optimizer": "momentum",
        "lr": 0.01, "batch": 10,
    },
    "mish and gelu, three classes, sgd": {
        "widths": [2, 9, 5, 3], "activation": ["mish", "gelu", None], "loss": "cross_entropy",
        "optimizer": "sgd", "lr": 0.1, "batch": 64,
    },
    "leaky_relu with its parameter, one sample at a time": {
        "widths": [2, 3, 1], "activation": "leaky_relu", "loss": "squared_error", "optimizer": "adam",
        "lr": 0.003, "batch": 1,
    },
}  # fmt: skip


@pytest.fixture
def place(server_url: str) -> dict[str, str]:
    """Where a page finds the engine."""
    chunk = Bundle.read((web_folder() / ".vite/manifest.json").read_text("utf-8")).engine
    return {"chunk": f"{server_url}{chunk}", "data": f"{server_url}data/"}


def packed(array: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype=np.float32).tobytes()).decode()


@pytest.mark.parametrize("name", RUNS)
def test_same_run_in_the_browser(
    page: Any, server_url: str, place: dict[str, str], name: str
) -> None:
    run = RUNS[name]
    rng = np.random.default_rng(4)
    x = rng.normal(size=(123, 2)).astype(np.float32)
    inside = (x**2).sum(axis=1) < 1
    classes = run["widths"][-1]
    y: np.ndarray[Any, Any] = inside.astype(np.float32)[:, None]
    if classes > 1:
        y = np.eye(classes, dtype=np.float32)[inside + 2 * (x[:, 0] > 1) * ~inside]
    net = nonlin.Network(run["widths"], activation=run["activation"], init="he", seed=7)
    first = net.weights[0].copy()
    batch = run["batch"] or len(x)
    epochs = -(-STEPS // -(-len(x) // batch))
    history = net.train(
        x, y, loss=run["loss"], optimizer=run["optimizer"], lr=run["lr"], epochs=epochs,
        batch_size=batch, measure=0,
    )  # fmt: skip
    assert history.stopped == "finished"

    page.goto(server_url)
    names = [f.name if f else None for f in net.activations]
    answer = page.evaluate(
        PROBE,
        {
            **place, "x": packed(x),
            "y": packed(y), "count": len(x), "steps": history.steps,
            "network": {
                "widths": run["widths"], "activations": names, "init": "he", "seed": "7",
                "capacity": 128,
            },
            "training": {
                "loss": run["loss"], "optimizer": run["optimizer"], "lr": run["lr"],
                "batchSize": batch, "beta1": 0.9,
            },
        },
    )  # fmt: skip
    assert answer["taken"] == history.steps
    np.testing.assert_array_equal(np.float32(answer["first"]), first.ravel())
    assert answer["again"] == answer["first"]
    # Sums are rounded in another order, and here and there with a fused multiply-add.
    np.testing.assert_allclose(answer["loss"][:20], history.loss[:20], rtol=1e-5)
    np.testing.assert_allclose(answer["norm"][:20], history.gradient_norm[:20], rtol=1e-4)
    np.testing.assert_allclose(answer["loss"], history.loss, rtol=2e-3, atol=1e-6)
    np.testing.assert_allclose(
        np.reshape(answer["outputs"], (4, classes)), net.forward(x[:4]), rtol=1e-2, atol=1e-3
    )


def test_changes_between_steps(page: Any, server_url: str, place: dict[str, str]) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(64, 2)).astype(np.float32)
    y = np.sin(x[:, :1] * 2).astype(np.float32)
    leaky = "where(z > 0, z, 0.5 * z)"
    net = nonlin.Network([2, 5, 3, 1], activation=[leaky, "tanh", None], init="he", seed=3)
    expected = net.backward(x, y, loss="squared_error")
    page.goto(server_url)
    answer = page.evaluate(CHANGES, {**place, "x": x.ravel().tolist(), "y": y.ravel().tolist()})

    one = answer["one"]
    parts = [p.ravel() for wb in zip(net.weights, net.biases, strict=True) for p in wb]
    np.testing.assert_array_equal(np.float32(one["before"]), np.concatenate(parts))
    slopes = []
    for i, (weights, biases) in enumerate(one["gradients"]):
        np.testing.assert_allclose(weights, expected.weights[i].ravel(), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(biases, expected.biases[i], rtol=1e-4, atol=1e-6)
        slopes += [*weights, *biases]
    np.testing.assert_allclose(one["norms"], expected.norms, rtol=1e-4)
    np.testing.assert_allclose(one["norm"], np.linalg.norm(slopes), rtol=1e-6)
    moved = np.array(one["before"]) - 0.05 * np.array(slopes)
    np.testing.assert_allclose(one["after"], moved, rtol=1e-6, atol=1e-7)
    assert answer["restored"] == one["before"]

    assert len(set(answer["bytes"])) == 1
    first, second = answer["runs"]
    assert first == second and len(first) == 21 and np.isfinite(first).all()

    assert answer["silent"] == answer["kept"] and answer["kept"][0] == 11
    assert "learnFrom" in answer["early"]
    assert answer["parameter"] == "the network has 37 parameters, not 3"
    assert "larger than the capacity" in answer["batch"]
    assert answer["few"] == "3 samples need 6 inputs and 3 targets"
    assert answer["constant"] == "tanh has no parameter slope"


def check_values(found: Any, functions: Mapping[str, nonlin.Activation]) -> None:
    z = _places()
    assert set(found) == set(functions)
    for name, f in functions.items():
        value, slope = f.value_and_derivative(z.astype(np.float64))
        with np.errstate(over="ignore"):
            value, slope = value.astype(np.float32), slope.astype(np.float32)
        for key, wanted in (("alone", value), ("both", value), ("slope", slope)):
            got = np.array(found[name][key], dtype=np.float32)
            scale = np.maximum(1, abs(wanted))
            with np.errstate(invalid="ignore"):
                near = abs(got - wanted) <= 1e-5 * scale
            same = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
            wrong = ~(near | same)
            assert not wrong.any(), (name, key, z[wrong], got[wrong], wanted[wrong])


def _places() -> NDArray[np.float32]:
    rng = np.random.default_rng(6)
    large = [1e3, 1e6, 1e7, 1e12, 1e30, 3e38]
    few = [0.0, 60.0, -60.0, 89.0, -89.0, np.nan]
    return np.concatenate([rng.normal(size=40) * 3, few, large, np.negative(large)]).astype("<f4")


def test_every_activation(page: Any, server_url: str, place: dict[str, str]) -> None:
    """Values and slopes of all of them, also where the fast arithmetic has to give up."""
    page.goto(server_url)
    found = page.evaluate(VALUES, {**place, "z": [str(v) for v in _places()]})
    check_values(found, nonlin.catalogue)


def test_formulas_in_modules_of_their_own(
    page: Any, server_url: str, place: dict[str, str]
) -> None:
    """The same of functions that the engine has not: it asks for each by its number."""
    functions = {
        "z*tanh(2*z)": nonlin.define("z*tanh(2*z)"),
        "max(a*z, z) + b*sin(z)": nonlin.define("max(a*z, z) + b*sin(z)", a=0.25, b=-0.5),
        "log(1 + z*z) - atan(z)": nonlin.define("log(1 + z*z) - atan(z)"),
        "z": nonlin.define("z"),
    }
    formulas = [
        {"name": name, "constants": dict(f.parameters), "code": base64.b64encode(build_own(f)).decode()}
        for name, f in functions.items()
    ]  # fmt: skip
    page.goto(server_url)
    found = page.evaluate(VALUES, {**place, "z": [str(v) for v in _places()], "formulas": formulas})
    check_values(found, functions)


def test_tanh(page: Any, server_url: str, place: dict[str, str]) -> None:
    """It is written for speed: as exact as all of them, never beyond 1, and its slope is of its value."""
    small = 10.0 ** np.arange(-37, 0)
    z = np.concatenate([np.linspace(0, 12, 1200), small, [9.09, 9.1, 9.11, 1e9, np.inf]])
    z = np.concatenate([z, -z, [np.nan]]).astype(np.float32)
    page.goto(server_url)
    shown = [str(v).replace("inf", "Infinity") for v in z]  # as JavaScript reads it
    found = page.evaluate(VALUES, {**place, "z": shown, "names": ["tanh"]})
    alone, both, slope = (np.float32(found["tanh"][key]) for key in ("alone", "both", "slope"))
    np.testing.assert_array_equal(alone, both)
    assert np.isnan([both[-1], slope[-1]]).all()
    z, both, slope = (v[:-1].astype(np.float64) for v in (z, both, slope))
    np.testing.assert_allclose(both, np.tanh(z), rtol=6e-7)
    np.testing.assert_allclose(slope, 1 - both**2, rtol=0, atol=1e-7)
    assert abs(both).max() == 1 and slope.min() == 0
    far = abs(z) >= 9.1
    assert (abs(both[far]) == 1).all() and (slope[far] == 0).all()
