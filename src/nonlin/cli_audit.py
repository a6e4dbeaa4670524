"""``nonlin audit``: how far the results are from the truth."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from nonlin.cli_table import Column, console, fitted
from nonlin.errors import NonlinError

if TYPE_CHECKING:
    from nonlin.activation import Activation
    from nonlin.audit import Miss, Report
    from nonlin.audit.results import Results

__all__ = ["audit"]

_SHOWN = {"value": "f", "derivative": "f′"}
_ALL = "float16,bfloat16,float32,float64"


def audit(
    function: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME|FORMULA]...",
            help="Of the catalogue, or a formula in z; the whole catalogue if not given.",
        ),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter's value."),
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(metavar="NAME,…", help="Formats; all four if not given.")
    ] = None,
    exhaustive: Annotated[
        bool,
        typer.Option(
            "--exhaustive",
            help="Every float32: all 2**32, which a core does in some 20 seconds (f of tanh) to some "
            "minutes. Ctrl-C ends it and prints what was done.",
        ),
    ] = False,
    samples: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100_000_000,
            help="Inputs of float32 (3,000,000) and float64 (100,000). Of float16 and bfloat16 all "
            "are tried, always.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another one, other inputs.")] = 0,
    derivative: Annotated[
        bool, typer.Option("--derivative", help="Only f'; f and f' if not given.")
    ] = False,
    value: Annotated[bool, typer.Option("--value", help="Only f.")] = False,
    threads: Annotated[int | None, typer.Option(min=1, max=256, help="All cores.")] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Keep what is found of every float32, or of samples of float64, here, a row for each f "
            "and f'; rows that still hold are not found again.",
        ),
    ] = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE.md", help="Write the results as a page, too.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON in place of the table.")] = False,
) -> None:
    """The largest errors of f and f' in units in the last place (ULP), and where they are.

    Each result is compared with the truth, which NumPy in interval arithmetic, an exact arithmetic and
    mpmath establish between them. The status is 1 where an error is above 0.5 (float16, bfloat16), 1
    (float32) or 2 (float64), or a zero has the wrong sign.

    Examples: nonlin audit gelu; nonlin audit tanh silu --dtype float32 --exhaustive --value;
    nonlin audit "z * tanh(exp(z))"; nonlin audit --dtype float64 --samples 1000000
    """
    from nonlin.audit.results import Results, write_page

    kept_by_default = "float32" if exhaustive else "float64"
    formats = _formats(dtype or (kept_by_default if results else _ALL))
    if exhaustive and "float32" not in formats:
        raise NonlinError("--exhaustive is for float32: leave it out, or name float32 in --dtype")
    if page and not results:
        raise NonlinError("--page shows what --results has kept: give both")
    if results and (parameter or not {*formats} <= {"float64", *(["float32"] * exhaustive)}):
        raise NonlinError(
            "--results keeps what is found of float64, and of float32 with --exhaustive, at the "
            "parameters' defaults: give neither another --dtype nor -p"
        )
    whats = ["value"] * (value or not derivative) + ["derivative"] * (derivative or not value)
    functions = _functions(function or [], parameter or [])
    jobs = [(f, what, form) for f in functions for what in whats for form in formats]
    kept = Results(results) if results else None
    reports, ended = _run(jobs, exhaustive, samples, seed, threads, kept)
    if page and kept:
        write_page(page, kept, [*_functions([], []), *functions])
    if as_json:
        print(json.dumps([_record(r) for r in reports], ensure_ascii=False, indent=2))
    else:
        _print(reports, ended)
    if ended:
        raise typer.Exit(130)
    if not all(r.passed for r in reports):
        raise typer.Exit(1)


def _formats(text: str) -> list[str]:
    from nonlin.compiler.formats import FORMATS

    chosen = [part.strip() for part in text.split(",") if part.strip()]
    for name in chosen:
        if name not in FORMATS:
            raise NonlinError(f"there is no format {name!r}: choose from {', '.join(FORMATS)}")
    if not chosen:
        raise NonlinError(f"--dtype names no format: choose from {', '.join(FORMATS)}")
    return list(dict.fromkeys(chosen))


def _functions(names: list[str], parameters: list[str]) -> list[Activation]:
    import nonlin
    from nonlin.cli import find, parameters_from

    values = parameters_from(parameters)
    if not names:
        if values:
            raise NonlinError("-p sets a parameter of a function: name the function as well")
        return list(nonlin.catalogue.values())
    return [find(name, values) for name in names]


def _run(
    jobs: list[tuple[Activation, str, str]], exhaustive: bool, samples: int | None, seed: int,
    threads: int | None, kept: Results | None,
) -> tuple[list[Report], bool]:  # fmt: skip
    """The reports, and whether Ctrl-C ended it."""
    import os

    from nonlin.audit import SAMPLES
    from nonlin.audit import audit as run

    reports: list[Report] = []
    try:
        with _progress(len(jobs)) as start:
            for f, what, form in jobs:
                show = start(f"{f.name} {_SHOWN[what]} {form}"[:48])
                report = kept.get(f, what, form, samples or SAMPLES[form]) if kept else None
                if report is None:
                    report = run(
                        f, what, form, exhaustive=exhaustive and form == "float32", samples=samples,
                        seed=seed, workers=threads or os.cpu_count() or 1, progress=show,
                    )  # fmt: skip
                    if kept and report.complete:
                        kept.put(f, report)
                if report.tally.inputs:
                    reports.append(report)
                if not report.complete:
                    return reports, True
    except KeyboardInterrupt:
        return reports, True
    return reports, False


@contextmanager
def _progress(count: int) -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """A bar on a terminal; nothing elsewhere."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    errors = Console(stderr=True)
    text = TextColumn("{task.description}", markup=False)
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), text)
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        if count > 1:
            bar.columns = (*columns, MofNCompleteColumn())
        task = bar.add_task("", total=float(count))
        begun = 0

        def start(what: str) -> Callable[[int, int], None]:
            nonlocal begun
            before, begun = begun, begun + 1
            bar.update(task, completed=before, description=what)

            def show(done: int, total: int) -> None:
                bar.update(task, completed=before + done / total)

            return show

        yield start


def _record(report: Report) -> dict[str, Any]:
    tally = report.tally

    def miss(m: Miss | None) -> dict[str, Any] | None:
        return {"z": repr(m.z), "got": repr(m.got), "right": repr(m.right)} if m else None

    return {
        "name": report.name, "what": report.what, "dtype": report.dtype, "inputs": tally.inputs,
        "planned": report.planned, "ulp": tally.error if math.isfinite(tally.error) else None,
        "worst": miss(tally.worst), "misrounded": tally.misrounded, "wrong_zeros": tally.signs,
        "wrong_zero": miss(tally.sign), "settled": tally.settled, "passed": report.passed,
    }  # fmt: skip


def _print(reports: list[Report], ended: bool) -> None:
    from nonlin.audit.results import shown_error

    screen = console()
    columns = [
        Column("function", words=True), Column("", words=True), Column("format", words=True),
        Column("inputs", spared=2), Column("ULP"), Column("at z"), Column("result", spared=1),
        Column("not nearest", spared=3), Column("", words=True),
    ]  # fmt: skip
    rows, styles = [], []
    before: tuple[str, str] = ("", "")
    for r in reports:
        name = r.name if r.name != before[0] else ""
        name = name if len(name) <= 34 else f"{name[:33]}…"
        what = _SHOWN[r.what] if (r.name, r.what) != before else ""
        before = (r.name, r.what)
        tally, worst = r.tally, r.tally.worst
        rows.append(
            [
                name, what, r.dtype, f"{tally.inputs:,}", shown_error(tally.error),
                _short(worst.z, r.dtype) if worst else "",
                _short(worst.got, r.dtype) if worst else "",
                f"{tally.misrounded:,}" if tally.misrounded else "",
                _remark(r),
            ]
        )  # fmt: skip
        styles.append("" if r.passed else "bold red")
    screen.print(fitted(screen, columns, rows, styles))
    for r in reports:
        if r.tally.signs and r.tally.sign:
            m = r.tally.sign
            screen.print(
                Text(
                    f"{r.name} {_SHOWN[r.what]} {r.dtype}: {r.tally.signs:,} zeros have the wrong "
                    f"sign, as at z = {m.z!r}"
                )
            )
    if ended:
        screen.print(Text("\nInterrupted: the table is of what was done.", "dim"))


def _remark(r: Report) -> str:
    from nonlin.audit import LIMITS

    if not r.complete:
        return f"{r.tally.inputs / r.planned:.1%} done" + ("" if r.passed else ", too large")
    if r.passed:
        return ""
    return "too large" if r.tally.error > LIMITS[r.dtype] else "wrong zeros"


def _short(value: float, dtype: str) -> str:
    """As many digits as the format tells apart."""
    digits = {"float16": 5, "bfloat16": 4, "float32": 9, "float64": 17}[dtype]
    return f"{value:.{digits}g}"
