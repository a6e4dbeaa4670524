"""The examples of the documentation, from top to bottom, and what they print."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("name", ["arrays.md", "torch.md"])
def test_examples(name: str) -> None:
    if name == "torch.md":
        pytest.importorskip("torch", reason="PyTorch is not installed")
    blocks = re.findall(r"```pycon\n(.*?)```", (DOCS / name).read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 5
    known: dict[str, Any] = {}
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    for i, block in enumerate(blocks):
        test = doctest.DocTestParser().get_doctest(block, known, f"{name} {i}", None, None)
        printed: list[str] = []
        runner.run(test, out=printed.append, clear_globs=False)
        known = test.globs
        assert not printed, "".join(printed)
