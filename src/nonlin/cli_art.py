"""``nonlin art``: pictures from small random networks."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from nonlin.errors import NonlinError

__all__ = ["art"]

_SIZE = re.compile(r"(\d{1,6})(?:[x×](\d{1,6}))?")
_SHEET = re.compile(r"(\d{1,3})[x×](\d{1,3})")


def art(
    activation: Annotated[
        list[str] | None,
        typer.Argument(
            help="A name of the catalogue or a formula; several are one for each layer."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file; art.png, or sheet.png of a sheet."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same picture.")] = 7,
    depth: Annotated[int | None, typer.Option(help="Hidden layers; 4.")] = None,
    width: Annotated[int, typer.Option(help="Units in each.")] = 24,
    palette: Annotated[str, typer.Option(help="A palette, or rgb.")] = "dusk",
    inputs: Annotated[str, typer.Option(help="What it sees.")] = "x,y,r,latent",
    latent: Annotated[str, typer.Option(help="Two numbers.")] = "0,0",
    size: Annotated[str, typer.Option(help="Pixels: 1024, or 1920x1080.")] = "1024",
    antialias: Annotated[int, typer.Option(help="Points a pixel, along each side.")] = 2,
    sheet: Annotated[
        str, typer.Option(help="A contact sheet, as 5x5: as many seeds from --seed on.")
    ] = "",
    animate: Annotated[float, typer.Option(help="Seconds of a loop: .gif, .png, .webp, .mp4.")] = 0,
    fps: Annotated[int, typer.Option(help="Its frames a second.")] = 20,
    from_file: Annotated[
        Path | None, typer.Option("--from", help="A picture whose settings are taken.")
    ] = None,
    settings: Annotated[
        bool, typer.Option("--settings", help="Print the settings as JSON; write nothing.")
    ] = False,
) -> None:
    """Paint with a small random network and see what an activation is.

    Examples: nonlin art step --seed 3 -o cuts.png; nonlin art "sin(2*z)" tanh --depth 2;
    nonlin art relu --sheet 5x5; nonlin art --from cuts.png --size 16384 -o poster.png
    """
    from nonlin.art import Artwork

    output = output or Path("sheet.png" if sheet and not animate else "art.png")
    try:
        if from_file is not None:
            picture = Artwork.open(from_file)
        else:
            names = tuple(activation or ("tanh",))
            layers = depth if depth is not None else len(names) if len(names) > 1 else 4
            picture = Artwork(
                seed=seed, activation=names[0] if len(names) == 1 else names, depth=layers,
                width=width, palette=palette, inputs=tuple(inputs.split(",")),
                latent=_numbers(latent),
            )  # fmt: skip
        if settings:
            print(json.dumps(picture.settings(), ensure_ascii=False, indent=2))
            return
        _write(picture, output, size, antialias, sheet, animate, fps)
    except BrokenPipeError:  # not of the picture: who reads the settings has seen enough
        raise
    except (NonlinError, OSError, MemoryError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        where = f"{output}: " if isinstance(error, OSError) else ""
        print(f"nonlin: {where}{reason}", file=sys.stderr)
        raise typer.Exit(2) from None


def _write(
    picture: Any, output: Path, size: str, antialias: int, sheet: str, animate: float, fps: int
) -> None:
    if animate:
        wide, high = _size(size, fallback="320")
        with _progress("frames") as step:
            picture.animate(
                output, seconds=animate, fps=fps, width=wide, height=high, progress=step
            )
    elif sheet:
        _contact_sheet(picture, output, sheet)
    else:
        wide, high = _size(size)
        with _progress("painting") as step:
            picture.save(output, wide, high, antialias=antialias, progress=step)
    print(f"{output} written", file=sys.stderr)


def _contact_sheet(picture: Any, output: Path, wanted: str) -> None:
    from nonlin.art import ArtError, sheet
    from nonlin.art.files import save_array

    match = _SHEET.fullmatch(wanted)
    columns, rows = (int(n) for n in match.groups()) if match else (0, 0)
    if not 1 <= columns * rows <= 400:
        raise ArtError(f"a sheet is written as 5x5, with at most 400 pictures, not {wanted!r:.20}")
    with _progress("pictures") as step:
        pixels = sheet(
            [picture.varied(seed=picture.seed + k) for k in range(columns * rows)],
            columns,
            progress=step,
        )
    save_array(pixels, output)


def _numbers(text: str) -> tuple[float, float]:
    from nonlin.art import ArtError

    try:
        first, second = (float(part) for part in text.split(","))
    except ValueError:
        raise ArtError(f"latent is two numbers, as 0.5,-1, not {text!r:.40}") from None
    return first, second


def _size(text: str, fallback: str = "") -> tuple[int, int]:
    from nonlin.art import ArtError

    match = _SIZE.fullmatch(fallback if fallback and text == "1024" else text)
    if match is None:
        raise ArtError(f"a size is written as 1024 or 1920x1080, not {text!r:.20}")
    wide = int(match[1])
    return wide, int(match[2] or wide)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[float], None]]:
    """A bar on a terminal; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)
