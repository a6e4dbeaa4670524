"""What long audits found: a CSV file with a row for each function, part and format, and a page made of it."""

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

__all__ = ["KEPT", "Results", "shown_error", "write_page"]

_COLUMNS = (
    "function", "part", "format", "inputs", "ulp", "z", "result", "right", "not nearest", "wrong zeros",
    "wrong zero", "settled", "processor", "digest",
)  # fmt: skip
_PARTS = {"value": "f", "derivative": "f'"}
KEPT = ("float32", "float64")
"""The formats whose audits take long enough to be kept: every float32, and samples of float64."""
_AUDITOR = (
    "audit/balls.py", "audit/compare.py", "audit/inputs.py", "audit/intervals.py", "audit/judge.py",
    "audit/polynomials.py", "audit/run.py", "audit/tally.py", "audit/units.py",
    "compiler/dd.py", "compiler/wide.py", "compiler/wide_functions.py",
)  # fmt: skip


class Results:
    """Rows in a file that is replaced as a whole whenever one is added.

    A row holds as long as its digest does, which speaks of the kernel's machine code, of the processor that it is
    made for, and of the auditor; and, of a sample, where that was large enough.
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
        self._rows: dict[tuple[str, str, str], dict[str, str]] = {}
        try:
            if tuple(reader.fieldnames or ()) != _COLUMNS:
                raise ValueError
            for row in reader:
                _tally(row)
                self._rows[row["function"], row["part"], row["format"]] = row
        except (ValueError, TypeError):
            raise AuditError(f"{path} has no results of an audit: give another file") from None

    def get(
        self, f: Activation, what: str, dtype: str = "float32", samples: int = 0
    ) -> Report | None:
        """What is known of a function, if its row still holds and is of as many inputs as are asked for."""
        name = _name(f)
        row = self._rows.get((name, _PARTS[what], dtype))
        if row is None or row["digest"] != _digest(f, what, dtype):
            return None
        tally = _tally(row)
        if tally.inputs < TOTAL.get(dtype, samples):
            return None
        return Report(name, what, dtype, tally, tally.inputs, 0.0)

    def put(self, f: Activation, report: Report) -> None:
        """Add a row, or take it in the place of an older one."""
        tally, miss = report.tally, report.tally.worst
        values = (repr(miss.z), repr(miss.got), repr(miss.right)) if miss else ("", "", "")
        row = (
            report.name, _PARTS[report.what], report.dtype, str(tally.inputs), repr(tally.error), *values,
            str(tally.misrounded), str(tally.signs), repr(tally.sign.z) if tally.sign else "",
            str(tally.settled), host().cpu, _digest(f, report.what, report.dtype),
        )  # fmt: skip
        self._rows[row[:3]] = dict(zip(_COLUMNS, row, strict=True))
        text = io.StringIO()
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows.values())
        _write(self.path, text.getvalue())


def _digest(f: Activation, what: str, dtype: str) -> str:
    auditor = sources(*_AUDITOR)
    text = "\0".join([host().name, auditor, json.dumps(f.program(what).to_json())])
    code = f.kernel(dtype, what).code
    return hashlib.blake2b(text.encode() + code, digest_size=10).hexdigest()


def _name(f: Activation) -> str:
    return f.formula if f.name == "f" else f.name


def _tally(row: dict[str, str]) -> Tally:
    worst = Miss(*(float(row[k]) for k in ("z", "result", "right"))) if row["z"] else None
    zero = Miss(float(row["wrong zero"]), 0.0, 0.0) if row["wrong zero"] else None
    return Tally(
        int(row["inputs"]), float(row["ulp"]), worst, int(row["not nearest"]), int(row["wrong zeros"]), zero,
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
# How exact: every function

What the kernels for {processor} do, at the parameters' defaults. *ULP* is the largest error in units in the last place,
rounded up; 0.5 is the least that can be promised, and below 1 a result is one of the two numbers around the truth.
*at z* is where that was; *not nearest* counts the results that are not the nearest number, *wrong zeros* the zeros
with the wrong sign. How this is known: [kernels.md](kernels.md).

This page is written by the two commands below; the results stand in [audit.csv](audit.csv), too.
"""
_FLOAT32 = """
## Every float32

All {inputs:,} numbers. `nonlin audit --exhaustive --results docs/audit.csv --page docs/audit.md`
"""
_FLOAT64 = """
## A sample of float64

At least {inputs:,} numbers of all kinds, with what lies around zeros and kinks.
`nonlin audit --samples {samples} --results docs/audit.csv --page docs/audit.md`
"""
_HEAD = """
| | f: ULP | at z | not nearest | wrong zeros | f′: ULP | at z | not nearest | wrong zeros |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def write_page(path: Path, results: Results, functions: Iterable[Activation]) -> None:
    """The results that still hold, as a page in Markdown."""
    known = {_name(f): f for f in functions}
    text = _PREFACE.format(processor=host().cpu)
    for dtype, title in zip(KEPT, (_FLOAT32, _FLOAT64), strict=True):
        rows = {name: [results.get(f, what, dtype) for what in _PARTS] for name, f in known.items()}
        least = min((r.tally.inputs for row in rows.values() for r in row if r), default=0)
        if not least:
            continue
        text += title.format(inputs=least, samples=10 ** math.floor(math.log10(least))) + _HEAD
        for name, row in rows.items():
            if any(row):
                text += f"| {' | '.join([name, *(cell for r in row for cell in _cells(r))])} |\n"
    _write(path, text)


def _cells(report: Report | None) -> list[str]:
    if report is None:
        return [""] * 4
    tally = report.tally
    return [
        shown_error(tally.error),
        f"{tally.worst.z:.{9 if report.dtype == 'float32' else 17}g}" if tally.worst else "",
        f"{tally.misrounded:,}" if tally.misrounded else "",
        f"{tally.signs:,}" if tally.signs else "",
    ]  # fmt: skip
