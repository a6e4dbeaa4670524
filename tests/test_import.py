"""What importing the package, and a first call, do not import."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = [
    "sympy",
    "mpmath",
    "llvmlite",
    "starlette",
    "uvicorn",
    "typer",
    "rich",
    "PIL",
    "torch",
    "jax",
    "pandas",
    "matplotlib",
    "anywidget",
    "ipywidgets",
    "traitlets",
]


def loaded(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_import_is_light() -> None:
    assert not loaded("import nonlin").intersection(HEAVY)


@pytest.mark.parametrize("call", ["gelu([1.0])", "mish.derivative([1.0, 2.0])"])
def test_the_first_call_needs_no_algebra(call: str) -> None:
    assert "sympy" not in loaded(f"import nonlin; nonlin.{call}")


def test_the_compiler_is_not_loaded_before_it_is_used() -> None:
    script = (
        "import sys, nonlin\nprint(*[m for m in sys.modules if m.startswith('nonlin.compiler.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["nonlin.compiler.crew"]  # the layout of a job, and no more
