"""Activations as data for the pages: one JSON record and one WebAssembly module, from the formula.

Run as ``python -m nonlin.describe DIR`` it writes the whole catalogue, as the build of the package
does.
"""

from __future__ import annotations

import base64
import json
import logging
import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import nonlin
from nonlin import crew, sheet
from nonlin.activation import Activation
from nonlin.art import studio
from nonlin.calculus import with_conventions
from nonlin.compiler import cache, row_kernel, row_ufunc, ufunc
from nonlin.compiler.program import lower
from nonlin.compiler.wasm import Export, build
from nonlin.expression import Expr, number
from nonlin.network import wasm as network
from nonlin.network.compiled import engine
from nonlin.notation import decimals_kept, equation
from nonlin.properties import mean_of
from nonlin.rewrites import stabilise

__all__ = ["catalogue_files", "describe", "wasm_module", "whole_catalogue", "write_files"]

_COMPUTED = (  # the slow ones first
    "engine.wasm", "catalogue.json", "catalogue.wasm", "art.json", "engine.json",
)  # fmt: skip
_FILES = (*_COMPUTED, "facts.json")
_FACTS = ("notation", "properties")
"""What is told of a function beside its figure, and nine tenths of all that is: pages fetch it by itself."""
T = TypeVar("T")
_MARK = "sources.txt"
_PROPERTIES = (
    "range", "limits", "zero_centred", "symmetry", "saturates", "monotone", "convex", "smooth",
    "max_slope", "lipschitz", "fixed_points", "dead_region", "domain",
)  # fmt: skip


def describe(
    activation: Activation, *, symbol: str | None = None, budget_s: float = 2.0
) -> dict[str, Any]:
    """Everything that the Explorer shows of an activation, as plain data."""
    first, second = (decimals_kept(stabilise(e), activation.formula) for e in activation.slopes)
    entry = activation.entry
    properties = activation.study(budget_s)
    mean = mean_of(
        activation.expression, activation.parameters, *activation.slopes, budget_s=budget_s / 2
    )
    kinks = entry.kinks
    return {
        "name": activation.name,
        "title": activation.title,
        "aliases": list(entry.aliases),
        "formula": activation.formula,
        "summary": entry.summary,
        "citation": entry.citation,
        "url": entry.url,
        "symbol": symbol or activation.name,
        "parameters": [
            {
                "name": n,
                "default": p.default,
                "min": p.low,
                "max": p.high,
                "step": _step(p.low, p.high),
            }
            for n, p in entry.parameters.items()
        ],
        "kinks": [{"at": k.at, "derivative": k.derivative, "note": k.note} for k in kinks],
        "notation": {
            key: {
                t: equation(activation.name, e, order, target=t)
                for t in ("text", "latex", "mathml")
            }
            for order, (key, e) in enumerate(
                (("f", activation.expression), ("d1", first), ("d2", second))
            )
        },
        "properties": [
            sheet.claim(p, mean) for key in _PROPERTIES if (p := properties.get(key)) is not None
        ],
        "view": {"x": [-6.0, 6.0]},
    }


def _step(low: float, high: float) -> float:
    """A round step that gives a slider some two hundred places."""
    return float(10.0 ** math.floor(math.log10((high - low) / 100))) if high > low else 0.01


def _exports(activation: Activation, symbol: str) -> dict[str, Export]:
    first, second = activation.slopes
    orders: list[Expr] = [
        activation.expression, with_conventions(first, activation.kinks), second,
    ]  # fmt: skip
    exports = {}
    for k, expr in enumerate(orders):
        program = lower([expr], activation.parameters, activation.expression)
        for t in ("f32", "f64"):
            exports[f"{symbol}_d{k}_{t}"] = Export(program, t)
    for i, (at, _) in enumerate(activation.kinks):
        exports[f"{symbol}_kink{i}_f64"] = Export(
            lower([at + number(0)], activation.parameters), "f64"
        )
    return exports


def wasm_module(
    activations: Sequence[Activation], symbols: Sequence[str] | None = None, *, rows: bool = False
) -> bytes:
    """One module with all of them; symbols default to the names.

    With ``rows`` it has softmax and its losses besides.
    """
    exports: dict[str, Export] = {}
    for activation, symbol in zip(
        activations, symbols or [a.name for a in activations], strict=True
    ):
        exports |= _exports(activation, symbol)
    return build(exports, rows=rows)


def write_files(directory: Path | str) -> None:
    """Write what the pages load, and the code of common kernels into a directory.

    The kernels are those of this machine's processor; on another one they are not found, and made anew.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name, data in _compute().items():
        (directory / name).write_bytes(data)
    (directory / _MARK).write_text(_version())
    with cache.writing_to(directory / "code"):
        engine("float32")
        ufunc.load_loops()
        row_ufunc.load_row_loops()
        crew.load_code()
        for dtype in ("float32", "float64"):
            row_kernel.rows(dtype)
    _in_processes(partial(_make_code, directory / "code"), nonlin.catalogue)


def _make_code(folder: Path, name: str) -> None:
    f = nonlin.catalogue[name]
    others = ["pair", "backward", *(["from_output"] if f.output_derivative.expr else [])]
    with cache.writing_to(folder):
        for what in ("value", "derivative"):
            for dtype in ("float64", "float32"):  # the quick float32 kernels are made by the others
                assert f.kernel(dtype, what).addresses
        for what in others:
            assert f._kernel(what, "float32", "quick").addresses


def _compute() -> dict[str, bytes]:
    """The files, by name."""
    files = dict(zip(_COMPUTED, _in_processes(_file, _COMPUTED), strict=True))
    catalogue = json.loads(files["catalogue.json"])
    facts = {f["name"]: {key: f.pop(key) for key in _FACTS} for f in catalogue["functions"]}
    return files | {"catalogue.json": _json(catalogue), "facts.json": _json(facts)}


def _in_processes(function: Callable[[str], T], names: Iterable[str]) -> list[T]:
    """What a function makes of each name, by several processes where there can be processes."""
    names = list(names)
    try:
        with ProcessPoolExecutor(min(len(names), os.cpu_count() or 1)) as pool:
            return list(pool.map(function, names))
    except (OSError, NotImplementedError, BrokenProcessPool):
        return [function(name) for name in names]


def _file(name: str) -> bytes:
    activations = list(nonlin.catalogue.values())
    match name:
        case "catalogue.json":
            functions = [describe(a, budget_s=30.0) for a in activations]
            rows = [sheet.softmax(functions)]
            return _json({"version": 2, "functions": functions, "rows": rows, "sheet": sheet.SHORT})
        case "catalogue.wasm":
            return wasm_module(activations, rows=True)
        case "art.json":
            return _json(studio.describe())
        case "engine.json":
            return _json(network.describe(activations))
        case _:
            return network.build(activations)


def _version() -> str:
    """A digest of the source that the files are made from."""
    return cache.sources(
        "activation.py", "art", "calculus.py", "catalogue.py", "compiler", "describe.py", "enclosure.py",
        "expression.py", "formula.py", "network", "notation", "ops.py", "oracle.py", "properties",
        "rewrites", "rows.py", "rowwise.py", "sheet.py",
    )  # fmt: skip


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def catalogue_files() -> dict[str, bytes]:
    """What the pages load: as built with the package, else computed now and kept."""
    folder = Path(__file__).parent / "_generated"
    with suppress(OSError, ValueError):
        if (folder / _MARK).read_text() == _version():
            return {name: (folder / name).read_bytes() for name in _FILES}
    key = cache.key("catalogue", _version())
    kept = cache.load(key)
    if kept is not None:
        return {name: base64.b64decode(data) for name, data in json.loads(kept).items()}
    logging.getLogger(__name__).warning("computing the catalogue, once; this takes about a minute")
    files = _compute()
    encoded = {name: base64.b64encode(data).decode() for name, data in files.items()}
    cache.save(key, json.dumps(encoded).encode())
    return files


def whole_catalogue(files: Mapping[str, bytes] | None = None) -> dict[str, Any]:
    """What ``catalogue.json`` holds, with the facts about each function where they belong."""
    files = catalogue_files() if files is None else files
    catalogue: dict[str, Any] = json.loads(files["catalogue.json"])
    facts = json.loads(files["facts.json"])
    catalogue["functions"] = [f | facts[f["name"]] for f in catalogue["functions"]]
    return catalogue


if __name__ == "__main__":
    write_files(sys.argv[1])
