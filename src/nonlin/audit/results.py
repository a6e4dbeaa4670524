"""What exhaustive audits found: a CSV file with a row for each function and part, and a page made of it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nonlin.audit.inputs import TOTAL
from nonlin.audit.judge import AuditError
from nonlin.audit.run import Report
from nonlin.audit.tally import Miss, Tally
from nonlin.compiler.cache import sources
from nonlin.compiler.target import host

if TYPE_CHECKING:
    from nonlin.activation import Activation

__all__ = ["Results", "shown_error", "write_page"]

_COLUMNS = (
    "function", "part", "ulp", "z", "result", "right", "not nearest", "wrong zeros", "wrong zero",
    "settled", "processor", "digest",
)  # fmt: skip
_PARTS = {"value": "f", "derivative": "f'"}
_INPUTS = TOTAL["float32"]


class Results:
    """Rows in a file that is replaced as a whole whenever one is added.

    A row holds as long as its digest does, which speaks of the kernel's machine code, of the processor that it is
    made for, and of the auditor.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            text = ",".join(_COLUMNS)
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise AuditError(f"{path} could not be read: {why}") from None
        reader = csv.DictReader(io.StringIO(text))
        self._rows: dict[tuple[str, str], dict[str, str]] = {}
        try:
            if tuple(reader.fieldnames or ()) != _COLUMNS:
                raise ValueError
            for row in reader:
                _tally(row)
                self._rows[row["function"], row["part"]] = row
        except (ValueError, TypeError):
            raise AuditError(f"{path} has no results of an audit: give another file") from None

    def get(self, f: Activation, what: str) -> Report | None:
        """What is known of a function, if its row still holds."""
        name = _name(f)
        row = self._rows.get((name, _PARTS[what]))
        if row is None or row["digest"] != _digest(f, what):
            return None
        return Report(name, what, "float32", _tally(row), _INPUTS, 0.0)

    def put(self, f: Activation, report: Report) -> None:
        """Add a row, or take it in the place of an older one."""
        tally, miss = report.tally, report.tally.worst
        values = (repr(miss.z), repr(miss.got), repr(miss.right)) if miss else ("", "", "")
        row = (
            report.name, _PARTS[report.what], repr(tally.error), *values, str(tally.misrounded),
            str(tally.signs), repr(tally.sign.z) if tally.sign else "", str(tally.settled),
            host().cpu, _digest(f, report.what),
        )  # fmt: skip
        self._rows[report.name, row[1]] = dict(zip(_COLUMNS, row, strict=True))
        text = io.StringIO()
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows.values())
        _write(self.path, text.getvalue())


def _digest(f: Activation, what: str) -> str:
    auditor = sources("audit", "compiler/wide.py", "compiler/wide_functions.py", "compiler/dd.py")
    text = "\0".join([host().name, auditor, json.dumps(f.program(what).to_json())])
    code = f.kernel("float32", what).code
    return hashlib.blake2b(text.encode() + code, digest_size=10).hexdigest()


def _name(f: Activation) -> str:
    return f.formula if f.name == "f" else f.name


def _tally(row: dict[str, str]) -> Tally:
    worst = Miss(*(float(row[k]) for k in ("z", "result", "right"))) if row["z"] else None
    zero = Miss(float(row["wrong zero"]), 0.0, 0.0) if row["wrong zero"] else None
    return Tally(
        _INPUTS, float(row["ulp"]), worst, int(row["not nearest"]), int(row["wrong zeros"]), zero,
        int(row["settled"]),
    )  # fmt: skip


def _write(path: Path, text: str) -> None:
    from nonlin.art.files import whole_file

    try:
        with whole_file(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise AuditError(f"{path} could not be written: {error.strerror}") from None


def shown_error(value: float) -> str:
    """An error in units in the last place, rounded up, so that none looks smaller than it is.

    >>> shown_error(0.70001), shown_error(0.0), shown_error(math.inf)
    ('0.701', '0', '∞')
    """
    if not math.isfinite(value):
        return "∞"
    if value >= 100:
        return f"{value:.3g}"
    return f"{math.ceil(value * 1000 - 1e-3) / 1000:.3f}" if value else "0"


_PREFACE = """\
# Every float32

What the kernels for {processor} do at each of the {inputs:,} numbers of float32, at the parameters' defaults. *ULP* is the
largest error in units in the last place, rounded up; 0.5 is the least that can be promised, and below 1 a result is
one of the two numbers around the truth. *at z* is where that was; *not nearest* counts the results that are not the
nearest number, *wrong zeros* the zeros with the wrong sign. How this is known: [kernels.md](kernels.md).

This page is written by `nonlin audit --exhaustive --results docs/audit.csv --page docs/audit.md`; the results
stand in [audit.csv](audit.csv), too.

| | f: ULP | at z | not nearest | wrong zeros | f′: ULP | at z | not nearest | wrong zeros |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def write_page(path: Path, results: Results, functions: Iterable[Activation]) -> None:
    """The results that still hold, as a page in Markdown."""
    lines = [_PREFACE.format(processor=host().cpu, inputs=_INPUTS)]
    for name, f in {_name(f): f for f in functions}.items():
        reports = [results.get(f, what) for what in _PARTS]
        if any(reports):
            cells = [cell for report in reports for cell in _cells(report)]
            lines.append(f"| {' | '.join([name, *cells])} |\n")
    _write(path, "".join(lines))


def _cells(report: Report | None) -> list[str]:
    if report is None:
        return [""] * 4
    tally = report.tally
    return [
        shown_error(tally.error), f"{tally.worst.z:.9g}" if tally.worst else "",
        f"{tally.misrounded:,}" if tally.misrounded else "",
        f"{tally.signs:,}" if tally.signs else "",
    ]  # fmt: skip
