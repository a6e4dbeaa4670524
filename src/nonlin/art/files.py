"""Pictures in files: PNG with the settings inside, and loops through the latent numbers."""

from __future__ import annotations

import json
import math
import os
import secrets
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from nonlin.art.artwork import Artwork

__all__ = ["KEY", "read_settings", "save_animation", "save_array", "save_png"]

KEY = "nonlin artwork"
"""The PNG text chunk that holds the settings, as JSON."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LONGEST_TEXT = 10_000
_MOST_FRAMES = 1200
Progress = Callable[[float], None] | None


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name only when everything has been written."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("wb") as file:
            yield file
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def save_png(
    art: Artwork, path: Path, width: int, height: int, antialias: int, progress: Progress
) -> None:
    """Write a picture band by band: memory does not grow with its size."""
    from nonlin.art.artwork import ArtError

    if path.suffix.lower() != ".png":
        raise ArtError(
            f"pictures are written as .png, not as {path.suffix or 'a file without ending'}"
        )
    bands = art.bands(width, height, antialias=antialias)
    first = next(bands)  # settings and sizes are refused before a file is begun
    text = json.dumps(art.settings(), ensure_ascii=True).encode()
    with whole_file(path) as file:
        file.write(_SIGNATURE)
        _chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        _chunk(file, b"tEXt", KEY.encode() + b"\0" + text)
        packer = zlib.compressobj(6)
        for top, band in _chain(first, bands):
            data = packer.compress(_filtered(band))
            if data:
                _chunk(file, b"IDAT", data)
            if progress:
                progress((top + len(band)) / height)
        _chunk(file, b"IDAT", packer.flush())
        _chunk(file, b"IEND", b"")


def save_array(pixels: NDArray[np.uint8], path: Path) -> None:
    """Write pixels, of shape (height, width, 3), as a PNG file without settings."""
    from PIL import Image

    from nonlin.art.artwork import ArtError

    if path.suffix.lower() != ".png":
        raise ArtError(
            f"pictures are written as .png, not as {path.suffix or 'a file without ending'}"
        )
    with whole_file(path) as file:
        Image.fromarray(pixels).save(file, format="PNG")


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _filtered(band: NDArray[np.uint8]) -> bytes:
    """Rows with the PNG filter "sub": each pixel minus the one before it."""
    rows = np.empty((len(band), band.shape[1] * 3 + 1), np.uint8)
    rows[:, 0] = 1
    difference = band.copy()
    difference[:, 1:] -= band[:, :-1]
    rows[:, 1:] = difference.reshape(len(band), -1)
    return rows.tobytes()


def _chunk(file: BinaryIO, kind: bytes, data: bytes) -> None:
    file.write(struct.pack(">I", len(data)) + kind + data)
    file.write(struct.pack(">I", zlib.crc32(kind + data)))


def read_settings(path: Path) -> Artwork:
    """The picture that a file says it is."""
    from nonlin.art.artwork import ArtError, Artwork
    from nonlin.errors import NonlinError

    text = _text(path)
    try:
        settings: Any = json.loads(text)
        if not isinstance(settings, dict):
            raise ValueError("they are no table")
        known = Artwork().settings()
        unknown = sorted(set(settings) - set(known))
        if unknown:
            raise ValueError(f"there is no setting {unknown[0]!r:.40}")
        lists: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()
        }
        return Artwork(**lists)
    except (ValueError, TypeError, RecursionError, NonlinError) as error:
        raise ArtError(f"{path}: the settings inside make no sense: {error}") from error


def _text(path: Path) -> bytes:
    """The settings' text, read without decoding a single pixel."""
    from nonlin.art.artwork import ArtError

    with path.open("rb") as file:
        if file.read(8) != _SIGNATURE:
            raise ArtError(f"{path} is no PNG file")
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind == b"tEXt" and length <= _LONGEST_TEXT:
                data = file.read(length)
                name, _, text = data.partition(b"\0")
                if name == KEY.encode():
                    if file.read(4) != struct.pack(">I", zlib.crc32(kind + data)):
                        raise ArtError(f"{path}: the settings inside are damaged")
                    return text
                file.seek(4, os.SEEK_CUR)
            else:
                file.seek(length + 4, os.SEEK_CUR)
    raise ArtError(
        f"{path} holds no settings: it was not made by nonlin, or something took them out"
    )


def save_animation(
    art: Artwork, path: Path, seconds: float, fps: int, width: int, height: int, progress: Progress
) -> None:
    """A circle through the latent plane, so that the end meets the beginning."""
    from nonlin.art.artwork import ArtError

    kinds = (".gif", ".png", ".apng", ".webp", ".mp4")
    kind = path.suffix.lower()
    if kind not in kinds:
        raise ArtError(
            f"animations are written as {', '.join(kinds)}, not as {kind or 'no ending'}"
        )
    if "latent" not in art.inputs:
        raise ArtError("nothing moves in a picture without latent numbers among its inputs")
    if not (0 < seconds <= 60 and 1 <= fps <= 60):
        raise ArtError("an animation takes up to 60 seconds, with 1 to 60 frames a second")
    count = min(_MOST_FRAMES, max(2, round(seconds * fps)))
    if kind == ".mp4":
        width, height = width + width % 2, height + height % 2  # as the format wants them

    def frames() -> Iterator[NDArray[np.uint8]]:
        for i in range(count):
            angle = 2 * math.pi * i / count
            centre, reach = art.latent, 0.7
            place = (centre[0] + reach * math.cos(angle), centre[1] + reach * math.sin(angle))
            yield art.at(place).render(width, height)
            if progress:
                progress((i + 1) / count)

    art.at(art.latent).render(1, 1)
    if kind == ".mp4":
        _film(frames(), path, fps, width, height)
    else:
        _loop(art, frames(), path, kind, fps)


def _loop(art: Artwork, frames: Iterator[Any], path: Path, kind: str, fps: int) -> None:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    pictures = [Image.fromarray(frame) for frame in frames]
    options: dict[str, Any] = {
        "save_all": True, "append_images": pictures[1:], "duration": round(1000 / fps), "loop": 0,
    }  # fmt: skip
    if kind in (".png", ".apng"):
        info = PngInfo()
        info.add_text(KEY, json.dumps(art.settings(), ensure_ascii=True))
        options["pnginfo"] = info
    with whole_file(path) as file:
        pictures[0].save(file, format="PNG" if kind == ".apng" else kind[1:].upper(), **options)


def _film(frames: Iterator[Any], path: Path, fps: int, width: int, height: int) -> None:
    from nonlin.art.artwork import ArtError

    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise ArtError(
            "MP4 needs the program ffmpeg, which is not on the PATH; .gif and .webp do not"
        )
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.mp4")
    command = [
        ffmpeg, "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-s", f"{width}x{height}", "-r", str(fps), "-i", "-", "-pix_fmt", "yuv420p", str(partial),
    ]  # fmt: skip
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdin and process.stderr
            for frame in frames:
                process.stdin.write(frame.tobytes())
            process.stdin.close()
            told = process.stderr.read().decode(errors="replace")
        if process.returncode:
            raise ArtError(f"ffmpeg failed: {told.strip()[:300]}")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
