"""``nonlin experiment``: a command for each experiment, made from its options."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core
import typer.main
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nonlin.errors import NonlinError

if TYPE_CHECKING:
    from nonlin.experiments import Experiment, Progress, Result

__all__ = ["app"]

_FORMS = ("png", "svg", "csv")


class _Commands(typer.core.TyperGroup):
    """Commands that come from the files in ``experiments/``, and are made when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        from nonlin.experiments import EXPERIMENTS

        return list(EXPERIMENTS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        from nonlin.experiments import EXPERIMENTS

        return _command(EXPERIMENTS[cmd_name])


app = typer.Typer(
    name="experiment",
    cls=_Commands,
    help="Check a claim of the lesson by an experiment; alone it lists them.",
    no_args_is_help=False,
    subcommand_metavar="[NAME [OPTIONS]]",
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def list_(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="The list as JSON.")] = False,
) -> None:
    """Check a claim of the lesson by an experiment; alone it lists them."""
    if context.invoked_subcommand is not None:
        return
    from nonlin.experiments import EXPERIMENTS

    if as_json:
        rows = [
            {
                "name": e.name,
                "title": e.title,
                "question": e.question,
                "options": [name for name, _, _ in e.options.settings()],
            }
            for e in EXPERIMENTS.values()
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    console = _console()
    if not console.is_terminal:
        for e in EXPERIMENTS.values():
            print(f"{e.name}\t{e.question}")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for e in EXPERIMENTS.values():
        table.add_row(e.name, Text(e.question))
    console.print(table)
    console.print(Text("\nnonlin experiment NAME runs one; NAME --help has its options.", "dim"))


def _command(experiment: Experiment[Any]) -> Any:
    """A command with an option for each field of the experiment's options."""
    from nonlin.experiments._options import allowed

    parameters = []
    for name, kind, setting in experiment.options.settings():
        shown = _shown(getattr(experiment.options(), name))
        flag = f"--{name.replace('_', '-')}"
        words = f"{setting.help} {_capital(allowed(kind, setting))}. Default: {shown}"
        declared: Any = typer.Option(flag, help=words, metavar="VALUE")
        parameters.append(_parameter(name, str | None, declared, None))
    for form in _FORMS:
        what = "The rows" if form == "csv" else "The figure"
        declared = typer.Option(f"--{form}", metavar="FILE", help=f"{what} as {form.upper()}.")
        parameters.append(_parameter(form, Path | None, declared, None))
    declared = typer.Option("--json", help="Everything as JSON in place of the table.")
    parameters.append(_parameter("as_json", bool, declared, False))
    declared = typer.Option("--quick", help="Smaller: for a first look.")
    parameters.append(_parameter("quick", bool, declared, False))

    def command(**given: Any) -> None:
        files = {form: given.pop(form) for form in _FORMS}
        as_json, quick = given.pop("as_json"), given.pop("quick")
        texts = {name: text for name, text in given.items() if text is not None}
        with _interruptible():
            _run(experiment, texts, quick, as_json, {f: p for f, p in files.items() if p})

    # Typer reads a command's options off its signature.
    function: Any = command
    function.__name__, function.__doc__ = experiment.name, experiment.question
    function.__signature__ = inspect.Signature(parameters)
    function.__annotations__ = {p.name: p.annotation for p in parameters}
    made = typer.Typer(add_completion=False, rich_markup_mode=None)
    made.command(experiment.name)(function)
    return typer.main.get_command(made)


def _parameter(name: str, kind: Any, declared: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, declared]
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        few = ",".join(f"{v:g}" if isinstance(v, float) else str(v) for v in value[:8])
        return few if len(value) <= 8 else f"{few},… ({len(value)})"
    return str(value)


@contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        print("nonlin: interrupted; nothing was written", file=sys.stderr)
        raise typer.Exit(130) from None


def _run(
    experiment: Experiment[Any],
    texts: dict[str, str],
    quick: bool,
    as_json: bool,
    files: dict[str, Path],
) -> None:
    options = experiment.options.from_text(texts, quick=quick)
    check_files(files)
    with _progress(experiment.title) as progress:
        result = experiment.run(options, progress)
        made = {path: _made(form, experiment, result) for form, path in files.items()}
    for path, data in made.items():
        try:
            path.write_bytes(data)
        except OSError as error:
            raise NonlinError(f"{path} could not be written: {error.strerror}") from None
    if as_json:
        print(json.dumps(_record(experiment, result), ensure_ascii=False, indent=2))
    else:
        console = _console()
        console.print(result.table())
        console.print(Text(f"\n{result.finding}"), soft_wrap=not console.is_terminal)
    for path in files.values():
        print(f"Written into {path}", file=sys.stderr)


def check_files(files: dict[str, Path]) -> None:
    """Refuse before the work what would be refused after it."""
    for path in files.values():
        if not path.parent.is_dir():
            raise NonlinError(f"{path} could not be written: {path.parent} is no directory")
        if path.is_dir():
            raise NonlinError(f"{path} could not be written: it is a directory")
    if {"png", "svg"} & set(files):
        from nonlin.experiments._figures import style

        style()  # says what to install where Matplotlib is missing


def _made(form: str, experiment: Experiment[Any], result: Result[Any]) -> bytes:
    if form == "csv":
        return result.csv().encode()
    from nonlin.experiments._figures import written

    record = _record(experiment, result)
    settings = ", ".join(f"{n} {_shown(v)}" for n, v in record["options"].items())
    return written(
        result.figure(), form, f"{result.finding} nonlin experiment {experiment.name}: {settings}"
    )


def _record(experiment: Experiment[Any], result: Result[Any]) -> dict[str, Any]:
    return {
        "experiment": experiment.name,
        "question": experiment.question,
        "options": {n: getattr(result.options, n) for n, _, _ in experiment.options.settings()},
        "finding": result.finding,
        "rows": result.records(),
    }


@contextmanager
def _progress(title: str) -> Iterator[Progress]:
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    text = TextColumn("{task.description}", markup=False)
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), text)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(title, total=1.0)

        def show(done: float, what: str) -> None:
            bar.update(task, completed=done, description=what)

        yield show


def _console() -> Console:
    # Into a file or a pipe a table is as wide as it is, and no line of it is broken.
    console = Console(highlight=False, emoji=False)
    return console if console.is_terminal else Console(highlight=False, emoji=False, width=200)
