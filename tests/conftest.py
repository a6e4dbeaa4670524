"""What tests need everywhere; and what they have measured, as tables after the run: the claims' numbers, the kernels' errors."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import nonlin

Claim = Callable[..., None]


@pytest.fixture(autouse=True, scope="session")
def interrupts() -> Iterator[None]:
    """Ctrl+C works, for us and for the programs we start: a shell's background jobs are born ignoring it."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """``threads(n)`` has large arrays done by n threads, until the test ends."""
    yield nonlin.set_num_threads
    nonlin.set_num_threads(os.cpu_count() or 1)


@pytest.fixture
def claim(record_property: Callable[[str, object], None]) -> Claim:
    """``claim(what, found)`` puts a line into the table; ``only`` says where a claim ends being true."""

    def note(what: str, found: str, only: str = "") -> None:
        record_property("claim", [what, found, only])

    return note


# Here and not in claims/: where tests run in several processes, the one that prints has loaded no other
# conftest. What a test has recorded comes to it with the test's report.
def pytest_terminal_summary(terminalreporter: Any) -> None:
    _print_errors(terminalreporter)
    _print_claims(terminalreporter)


def _recorded(terminalreporter: Any, wanted: str) -> list[tuple[Any, Any]]:
    """What tests have recorded under a name, each with its report, in the order of the files."""
    found = [
        (report, value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == wanted
    ]
    return sorted(found, key=lambda pair: pair[0].location[:2])


def _print_errors(terminalreporter: Any) -> None:
    rows = sorted((value for _, value in _recorded(terminalreporter, "ulp")), key=lambda v: v[:2])
    if not rows:
        return
    terminalreporter.section("largest error in units of the last place")
    dtypes = list(rows[0][2])
    terminalreporter.write_line(f"{'':28}" + "".join(f"{d:>10}" for d in dtypes))
    for name, order, errors in rows:
        shown = "".join(f"{errors[d]:10.3f}" for d in dtypes)
        terminalreporter.write_line(f"{name:24}{order:4}{shown}")


def _print_claims(terminalreporter: Any) -> None:
    lines = [
        (report.location[:2], report.failed, *value)
        for report, value in _recorded(terminalreporter, "claim")
    ]
    if not lines:
        return
    terminalreporter.section("claims: what was found")
    width = min(max(len(what) for _, _, what, _, _ in lines), 74)
    section = ""
    for (file, _), failed, what, found, only in lines:
        if file != section:
            section = file
            terminalreporter.write_line(
                Path(file).stem.split("_", 2)[-1].replace("_", " "), bold=True
            )
        mark = "FALSE" if failed else "half true" if only else ""
        terminalreporter.write_line(f"  {what:<{width}}  {found}" + (f"  [{mark}]" if mark else ""))
        if only:
            terminalreporter.write_line(f"  {'':<{width}}  {only}")
