"""The table of what was found is printed, by several processes as by one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one", "two"])
def test_it_is_printed(processes):
    here = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *processes]
    files = [str(here / "test_7_cheat_sheet.py"), str(here / "test_6_softmax.py")]
    done = subprocess.run(
        [*command, *files, "-k", "row or shares or constant"],
        cwd=here.parent.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    start = next(i for i, line in enumerate(lines) if "claims: what was found" in line)
    table = [line.strip() for line in lines[start + 1 :]]
    assert table[0] == "softmax"
    assert table[1].startswith("[2.0, 1.0, 0.1] → [0.66, 0.24, 0.10]")
    assert table[1].endswith("[0.66, 0.24, 0.1], sum 1")
    assert table[3] == "cheat sheet"
    assert sum("range, zero-centred" in line for line in table) == 5
