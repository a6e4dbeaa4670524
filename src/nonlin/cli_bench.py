"""``nonlin bench``: nonlin beside the peers that are installed."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from nonlin.cli_experiment import check_files
from nonlin.cli_table import Column, console, fitted
from nonlin.errors import NonlinError

if TYPE_CHECKING:
    from nonlin.bench import Case, Row

__all__ = ["bench"]

_SIZES = "64,4096,65536,1048576,16777216"


def bench(
    function: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME|FORMULA]...",
            help="Of the catalogue, or a formula in z; ten that others have, if not given.",
        ),
    ] = None,
    what: Annotated[
        str,
        typer.Option(
            metavar="WHAT,…",
            help="f, derivative, value_and_derivative, backward, from_output, rows.",
        ),
    ] = "f,derivative,value_and_derivative,backward,from_output,rows",
    sizes: Annotated[str, typer.Option(metavar="N,…", help="Elements of the arrays.")] = _SIZES,
    threads: Annotated[
        str, typer.Option(metavar="N,…", help="Numbers of threads, each in its own process.")
    ] = "1",
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    peers: Annotated[
        str | None, typer.Option(metavar="NAME,…", help="Only these; all that are installed.")
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Fewer and shorter turns, three sizes: for a first look."),
    ] = False,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="The figure as PNG.")] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="The figure as SVG.")] = None,
    json_: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Every time as JSON.")
    ] = None,
    csv_: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="A line for each row shown.")
    ] = None,
) -> None:
    """Time nonlin beside torch, jax, onnxruntime, numpy, scipy, numexpr and numba, in turns.

    Each peer does the same work on the same arrays as quickly as it can, into memory that is there
    already where it takes some; one that gives other values is left out. Times are medians in ns per
    element; the ratio is nonlin's to the best peer's, below 1 where nonlin is quicker. Run it on a
    machine that has nothing else to do: everything takes about 40 minutes a thread count, --quick 3.

    Examples: nonlin bench gelu --sizes 65536; nonlin bench --what rows --threads 1,2;
    nonlin bench "z * tanh(exp(z))" --what f --png mine.png
    """
    from nonlin.bench import measure

    chosen = [
        _whole(n, "sizes", 1 << 28)
        for n in _parts(sizes if sizes != _SIZES or not quick else "4096,65536,1048576")
    ]
    counts = [_whole(n, "threads", os.cpu_count() or 1) for n in _parts(threads)]
    files = {"png": png, "svg": svg, "json": json_, "csv": csv_}
    wanted = {form: path for form, path in files.items() if path is not None}
    check_files(wanted)
    cases = _cases(function, _parts(what), chosen, dtype)
    names = _peers(peers)
    rows: list[Row] = []
    ended = False
    with _progress(len(cases) * len(counts)) as show:
        try:
            for row in measure(cases, counts, names, quick=quick, progress=show):
                rows.append(row)
        except KeyboardInterrupt:
            ended = True
    if rows:
        _print(rows)
        _write(rows, wanted)
    if ended:
        print("nonlin: interrupted; this is what was measured", file=sys.stderr)
        raise typer.Exit(130)


def _parts(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _whole(text: str, name: str, most: int) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise NonlinError(f"--{name} takes whole numbers from 1 to {most:,}, not {text!r:.40}")
    return int(text)


def _cases(
    functions: list[str] | None, whats: list[str], sizes: list[int], dtype: str
) -> list[Case]:
    from nonlin.bench import FUNCTIONS, ROWS, WHATS, Case
    from nonlin.cli import find

    for what in whats:
        if what not in WHATS:
            raise NonlinError(f"--what has no {what!r}: choose from {', '.join(WHATS)}")
    if dtype not in ("float32", "float64"):
        raise NonlinError(f"--dtype is float32 or float64, not {dtype!r:.40}")
    names: list[str] = []
    for text in functions or ():
        known = text in ROWS
        names.append(text if known else find(text, {}).name if text.isidentifier() else text)
        if not known and not text.isidentifier():
            find(text, {})  # a formula that is none is told before the work
    made = []
    for what in whats:
        of_rows = what == "rows"
        chosen = names or (ROWS if of_rows else FUNCTIONS)
        cases = [
            Case(what, name, size, dtype)
            for name in chosen
            if (name in ROWS) == of_rows
            for size in sizes
        ]
        made += [case for case in cases if case.possible]
    if not made or not sizes:
        raise NonlinError(
            "there is nothing to measure: --what and the functions have none in common"
        )
    return made


def _peers(text: str | None) -> list[str]:
    from nonlin.bench import PEERS, installed

    there = installed()
    if text is None:
        return there
    for name in _parts(text):
        if name not in PEERS:
            raise NonlinError(f"there is no peer {name!r}: choose from {', '.join(PEERS)}")
        if name not in there:
            packages = " ".join(PEERS[name].packages)
            raise NonlinError(f"{name} is not installed: pip install {packages}")
    return _parts(text)


def _write(rows: list[Row], files: dict[str, Path]) -> None:
    from dataclasses import asdict

    from nonlin.bench.figure import draw

    for form, path in files.items():
        if form == "json":
            record = {
                "versions": _versions(rows),
                "rows": [asdict(r) | {"best": r.best, "ratio": r.ratio} for r in rows],
            }
            data = json.dumps(record, ensure_ascii=False, indent=1).encode()
        elif form == "csv":
            data = _lines(rows).encode()
        else:
            data = draw(rows, form, _versions(rows))
        try:
            path.write_bytes(data)
        except OSError as error:
            raise NonlinError(f"{path} could not be written: {error.strerror}") from None
        print(f"Written into {path}", file=sys.stderr)


def _lines(rows: list[Row]) -> str:
    """The rows for people and their tables: times in ns per element, to three digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["what", "function", "elements", "dtype", "threads", "nonlin", "from", "to", "best peer", "its time",
         "ratio", "memcpy", "ReLU"]
    )  # fmt: skip
    for r in rows:
        best = [r.best, _three(r.times[r.best][0]), _three(r.ratio or 0)] if r.best else [""] * 3
        ours = map(_three, r.times["nonlin"])
        rest = map(_three, (r.copy, r.relu))
        writer.writerow([r.what, r.name, r.size, r.dtype, r.threads, *ours, *best, *rest])
    return text.getvalue()


def _three(value: float) -> str:
    return f"{value:.3g}"


def _versions(rows: list[Row]) -> dict[str, str]:
    import nonlin
    from nonlin.bench import PEERS

    seen = {name for r in rows for name in r.times}
    return {
        "nonlin": nonlin.__version__,
        **{name: p.version() for name, p in PEERS.items() if name in seen},
    }


def _print(rows: list[Row]) -> None:
    from nonlin.bench.session import NO_SUCH

    screen = console()
    several = len({r.threads for r in rows}) > 1
    columns = [
        Column("", words=True), Column("", words=True), Column("elements"),
        *([Column("threads")] if several else []), Column("nonlin"),
        Column("middle half", spared=1), Column("best peer", words=True), Column("its time"),
        Column("ratio"), Column("memcpy", spared=3), Column("ReLU", spared=2),
    ]  # fmt: skip
    lines: list[list[str]] = []
    before: tuple[str, str] = ("", "")
    for r in rows:
        again = (r.name, r.what) == before
        before = (r.name, r.what)
        middle, low, high = r.times["nonlin"]
        cells = [
            "" if again else r.name if len(r.name) <= 34 else f"{r.name[:33]}…",
            "" if again or r.what == "rows" else r.what,
            f"{r.size:,}",
            *([str(r.threads)] if several else []),
            _ns(middle), f"{_ns(low)}–{_ns(high)}", r.best or "none",
            _ns(r.times[r.best][0]) if r.best else "", f"{r.ratio:.2f}" if r.ratio else "",
            _ns(r.copy), _ns(r.relu),
        ]  # fmt: skip
        lines.append(cells)
    screen.print(fitted(screen, columns, lines))
    screen.print(Text(f"\n{summary(rows)} Times are in ns per element.", "dim"))
    left_out: dict[tuple[str, str], list[str]] = {}
    for r in rows:
        for name, why in r.others.items():
            if why != NO_SUCH:
                place = f"{r.name}, {r.what}" if r.what != "rows" else r.name
                left_out.setdefault((name, why), []).append(place)
    for (name, why), places in left_out.items():
        where = "; ".join(dict.fromkeys(places))
        screen.print(Text(f"{name} is left out ({where}): {why}", "dim"), soft_wrap=True)


def summary(rows: list[Row]) -> str:
    """One sentence about the ratios."""
    from nonlin.bench.figure import sentence

    return sentence(rows)


def _ns(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


@contextmanager
def _progress(count: int) -> Iterator[Callable[[int, str], None]]:
    """A bar on a terminal; nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    errors = Console(stderr=True)
    text: Any = TextColumn("{task.description}", markup=False)
    with Progress(
        BarColumn(), MofNCompleteColumn(), text, console=errors, transient=True,
        disable=not errors.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task("", total=count)

        def show(done: int, now: str) -> None:
            bar.update(task, completed=done, description=now[:60])

        yield show
