"""Imports inside the package point down the layers, and every module has a layer."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import nonlin

ROOT = Path(nonlin.__file__).parent
LAYERS: list[set[str]] = [
    {"effort", "errors", "ops", "expression", "forks"},
    {"formula", "formula_hints", "formula_typed", "catalogue"},
    {"rewrites", "calculus", "oracle", "enclosure", "properties", "notation"},
    {"compiler", "proof"},
    {
        "activation",
        "arrays",
        "crew",
        "definition",
        "interchange",
        "row_calls",
        "rows",
        "rowwise",
        "ufuncs",
    },
    {"", "network", "torch"},
    {"experiments", "art", "audit"},
    {"bench"},
    {"describe", "sheet", "typed_answer"},
    {"lesson"},
    {
        "cli",
        "cli_art",
        "cli_audit",
        "cli_bench",
        "cli_experiment",
        "cli_table",
        "server",
        "workers",
        "plot",
        "widgets",
        "__main__",
    },
]
LEVEL = {name: i for i, layer in enumerate(LAYERS) for name in layer}
MODULES = sorted(p.relative_to(ROOT) for p in ROOT.rglob("*.py"))


def part(module: Path) -> str:
    name = module.parts[0].removesuffix(".py")
    return "" if name == "__init__" else name


def imports(module: Path) -> set[str]:
    """First part, below the package, of everything that a module imports from the package."""
    tree = ast.parse((ROOT / module).read_text())
    package = ["nonlin", *module.parts[:-1]]
    found = set()
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{stem}.{a.name}" for a in node.names] if stem == "nonlin" else [stem]
        for name in names:
            if name.split(".")[0] == "nonlin":
                first = [*name.split("."), ""][1]
                found.add(first if first in LEVEL else "")
    return found


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_imports_point_down(module: Path) -> None:
    own = part(module)
    assert own in LEVEL, f"{module} is in no layer: add it to the list here and to the architecture"
    for other in imports(module):
        assert LEVEL[other] <= LEVEL[own], f"{module} imports {other or 'nonlin'}, which lies above"
