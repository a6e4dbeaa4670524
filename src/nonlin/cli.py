"""The command line.

``nonlin`` alone serves the lesson and opens the browser; ``nonlin --help`` lists the rest.
"""

from __future__ import annotations

import dataclasses
import io
import json
import math
import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

import nonlin
from nonlin import cli_art, cli_audit, cli_bench, cli_experiment
from nonlin.catalogue import BY_NAME, ENTRIES
from nonlin.errors import NonlinError, ParameterError

if TYPE_CHECKING:
    from nonlin.activation import Activation

__all__ = ["app", "find", "main", "parameters_from"]

app = typer.Typer(
    name="nonlin",
    help="A laboratory for activation functions.",
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_experiment.app)
app.command()(cli_art.art)
app.command()(cli_audit.audit)
app.command()(cli_bench.bench)
_F, _SLOPE = "bold blue", "cyan"


def main() -> None:
    """What ``nonlin`` runs: the commands, with mistakes of the user told without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # better a ? than no answer
    try:
        app()
    except NonlinError as error:
        _fail(error)
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        sys.exit(141)


def _fail(error: Exception) -> None:
    # Not wrapped, so that the caret of a wrong formula stays under its place.
    Console(stderr=True, highlight=False).print(Text(f"nonlin: {error}"), soft_wrap=True)
    sys.exit(2)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"nonlin {nonlin.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Port; 0 takes any. If not given: 8765, or the next that is free.",
        ),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")
    ] = True,
    lesson: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A lesson of your own, read anew at every reload."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Serve the lesson on this machine and open the browser, or do what the command says."""
    if context.invoked_subcommand is not None:
        return
    from nonlin.server import serve

    try:
        serve(host, port, open_browser=browser, lesson=lesson)
    except OSError as error:
        where = f"{host}, port {port}" if port is not None else host
        print(f"nonlin: cannot listen on {where}: {error.strerror or error}", file=sys.stderr)
        raise typer.Exit(2) from None


@app.command()
def export(
    directory: Annotated[Path, typer.Argument(help="Where to write it.")],
    force: Annotated[
        bool, typer.Option("--force", help="Write among other files that are there.")
    ] = False,
) -> None:
    """Write the lesson as a static site, to be opened or served; it asks no other host for anything."""
    _write_site(None, directory, force)


@app.command()
def build(
    lesson: Annotated[Path, typer.Argument(metavar="FILE", help="A lesson: a Markdown file.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where to write.")],
    force: Annotated[
        bool, typer.Option("--force", help="Write among other files that are there.")
    ] = False,
) -> None:
    """Write a lesson of your own as a static site, with all the figures in it."""
    _write_site(lesson, output, force)


def _write_site(lesson: Path | None, directory: Path, force: bool) -> None:
    from nonlin.lesson import export as write
    from nonlin.lesson import site

    files = site(server=False, lesson=lesson)
    write(files, directory, force=force)
    size = sum(map(len, files.values()))
    print(f"{len(files)} files, {size / 1e6:.1f} MB, in {directory}")
    print(f"open {directory / 'index.html'}, or put the folder on any web server")


@app.command()
def demos(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this one.")] = None,
) -> None:
    """The figures that a lesson or a notebook can have, with their settings.

    A figure is interactive: nonlin.demo("zigzag", lr=0.2) shows it in a notebook, a line such as
    ":::demo zigzag lr=0.2" in a lesson, and nonlin serves each as demo-zigzag.html#lr=0.2, alone on a page.
    """
    from nonlin.lesson.settings import demos as known
    from nonlin.lesson.settings import find

    for demo in [find(name)] if name is not None else known().values():
        print(f"{demo.name}: {demo.about}" if demo.about else demo.name)
        for setting in demo.settings.values():
            print(f"  {setting.name}={setting.written}  ({setting.kind})")


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """The catalogue, as a table."""
    if as_json:
        rows = [
            {
                "name": e.name,
                "title": e.title,
                "aliases": list(e.aliases),
                "formula": e.formula,
                "parameters": {n: p.default for n, p in e.parameters.items()},
                "summary": e.summary,
                "citation": e.citation,
                "url": e.url,
            }
            for e in ENTRIES
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    console = _console()
    if not console.is_terminal:
        for e in ENTRIES:
            print(f"{e.name}\t{e.formula}\t{', '.join(e.aliases)}")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("name", style="bold", no_wrap=True)
    table.add_column("formula", ratio=3)
    table.add_column("parameters", ratio=2)
    table.add_column("also", style="dim", ratio=2)
    for e in ENTRIES:
        parameters = ", ".join(f"{n} = {p.default:.6g}" for n, p in e.parameters.items())
        table.add_row(*(Text(t) for t in (e.name, e.formula, parameters, ", ".join(e.aliases))))
    console.print(table)
    console.print(Text(f"\n{len(ENTRIES)} functions. nonlin show NAME tells more.", "dim"))


@app.command()
def show(
    function: Annotated[str, typer.Argument(help="A name of the catalogue, or a formula in z.")],
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter's value."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--png", help="Also draw it into this PNG file.")
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(min=24, max=400, help="Columns to use; the terminal's if not given."),
    ] = None,
) -> None:
    """One function: its formula, its derivative, its properties and its plot."""
    given = parameters_from(parameter or [])
    f = find(function, given)
    console = _console(width)
    _about(console, f, given)
    _plot(console, f)
    if picture is not None:
        _draw(f, picture)


def parameters_from(given: list[str]) -> dict[str, float]:
    """Parameters' values, from texts such as ``alpha=0.5``."""
    values: dict[str, float] = {}
    for item in given:
        name, equals, text = item.partition("=")
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not equals or not math.isfinite(value):
            raise ParameterError(f"{item!r} is not of the form NAME=NUMBER, as in alpha=0.5")
        values[name.strip()] = value
    return values


def find(text: str, values: dict[str, float]) -> Activation:
    """The function that a name or a formula means, with these parameters as its defaults."""
    from nonlin.activation import Activation
    from nonlin.workers import parameters_of

    entry = BY_NAME.get(text)
    if entry is None:
        if re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*", text) and text not in {"z", "e", "pi"}:
            nonlin.catalogue[text]  # a name that is none: the error offers the nearest ones
        return nonlin.define(text, None, **parameters_of(text, values))
    unknown = sorted(set(values) - set(entry.parameters))
    if unknown:
        known = ", ".join(entry.parameters) or "it has none"
        raise ParameterError(f"{entry.name} has no parameter {unknown[0]!r} (parameters: {known})")
    changed = {
        n: dataclasses.replace(p, default=values.get(n, p.default))
        for n, p in entry.parameters.items()
    }
    return Activation(dataclasses.replace(entry, parameters=changed))


def _about(console: Console, f: Activation, given: Collection[str]) -> None:
    from nonlin.notation import decimals_kept, equation
    from nonlin.rewrites import stabilise

    entry = f.entry
    slope = decimals_kept(stabilise(f.slopes[0]), f.formula)
    console.print(Text(f.title if f.title != "f" else "your formula", "bold"))
    console.print(Text(entry.summary))
    if entry.aliases:
        console.print(Text(f"also called {', '.join(entry.aliases)}", "dim"))
    console.print()
    console.print(Text(equation(f.name, f.expression, target="text"), _F))
    console.print(Text(equation(f.name, slope, 1, target="text"), _SLOPE))
    for name, value in f.parameters.items():
        meaning = entry.parameters[name].meaning
        if not meaning and name not in given:
            meaning = f"as nothing else was said: -p {name}=2 makes it 2"
        console.print(Text(f"{name} = {value:.10g}" + (f"  ({meaning})" if meaning else "")))
    for kink in entry.kinks:
        console.print(Text(f"at z = {kink.at} the derivative is {kink.derivative}: {kink.note}"))
    console.print()
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=console.width >= 60)
    table.add_column(ratio=1)
    table.add_column(ratio=2, style="dim")
    for fact in f.properties.values():
        table.add_row(Text(fact.label), Text(fact.text), Text(fact.witness))
    console.print(table)
    if entry.citation:
        console.print()
        console.print(Text(entry.citation, "dim"))
        if entry.url:
            console.print(Text(entry.url, "dim"), soft_wrap=True)
    console.print()


def _plot(console: Console, f: Activation) -> None:
    from nonlin.plot import scene, terminal

    try:
        "⠿━╍│′".encode(console.encoding)
        plain = False
    except (UnicodeEncodeError, LookupError):
        plain = True
    for line in terminal(scene(f), min(console.width, 100), colours=(_F, _SLOPE), plain=plain):
        text = Text.assemble(*line)
        text.rstrip()
        console.print(text, no_wrap=True, overflow="crop")


def _draw(f: Activation, path: Path) -> None:
    from nonlin.plot import png, scene

    title = f.title if f.title != "f" else f"f(z) = {f.formula}"
    try:
        data = png(scene(f), title if len(title) <= 70 else f"{title[:69]}…")
    except ImportError:
        raise NonlinError("pictures need Pillow: pip install pillow") from None
    try:
        path.write_bytes(data)
    except OSError as error:
        raise NonlinError(f"{path} could not be written: {error.strerror}") from None
    print(f"\nDrawn into {path}")


def _console(width: int | None = None) -> Console:
    """Where output goes: in colour on a terminal, as plain text into a file or a pipe."""
    return Console(width=width, highlight=False, emoji=False)
