"""A site as files in a folder: all of it or nothing, and never over what is somebody else's."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from nonlin.errors import NonlinError

__all__ = ["MARKER", "ExportError", "export"]

MARKER = "nonlin-site.json"
"""The file by which an export knows an earlier one, with the names of what it wrote."""


class ExportError(NonlinError, OSError):
    """An export that would have to overwrite what is not its own, or cannot be written."""


def export(files: Mapping[str, bytes], target: Path, *, force: bool = False) -> None:
    """Write a site into a folder, all of it or nothing.

    A new or empty folder, or one that holds an earlier export and nothing else, is replaced in one
    step. In any other folder nothing is touched unless ``force`` is set; then the site's files are
    put among those that are there, and only an earlier export's own files are removed.

    Raises
    ------
    ExportError
        The folder holds something else, or cannot be written.
    """
    # Not resolved any further: a link that is the target itself would otherwise be replaced.
    target = target.resolve()
    if target.exists() and not target.is_dir():
        raise ExportError(f"{target} is a file, not a folder")
    ours = _written_before(target)
    present = _present(target)
    foreign = sorted(present - ours)
    if foreign and not force:
        shown = ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")
        raise ExportError(
            f"{target} holds other files ({shown}); choose another folder, or add --force"
        )
    staged = target.parent / f".{target.name}.{secrets.token_hex(4)}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(files, staged)
        if foreign:
            _merge(staged, target, stale=ours - set(files) - {MARKER})
        else:
            _swap(staged, target)
    except OSError as error:
        raise ExportError(f"{target} could not be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _written_before(target: Path) -> set[str]:
    """Names that an earlier export wrote here, by its own account."""
    try:
        names = json.loads((target / MARKER).read_text("utf-8"))["files"]
        safe = {n for n in names if not PurePosixPath(n).is_absolute() and ".." not in n.split("/")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()
    return safe | {MARKER}


def _present(target: Path) -> set[str]:
    """Everything in the folder: files by name, and folders where they are empty."""
    found = set()
    for folder, folders, names in os.walk(target):
        here = Path(folder)
        found |= {(here / n).relative_to(target).as_posix() for n in names}
        found |= {
            (here / n).relative_to(target).as_posix() for n in folders if (here / n).is_symlink()
        }
    return found


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    folder.mkdir()
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    marker = {"written by": "nonlin export", "files": sorted(files)}
    (folder / MARKER).write_text(json.dumps(marker, indent=1) + "\n", "utf-8")


def _swap(staged: Path, target: Path) -> None:
    if not target.exists():
        staged.rename(target)
        return
    old = staged.with_name(staged.name + ".old")
    target.rename(old)
    try:
        staged.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _merge(staged: Path, target: Path, stale: set[str]) -> None:
    for path in sorted(p for p in staged.rglob("*") if p.is_file()):
        place = target / path.relative_to(staged)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
    for name in stale:
        (target / name).unlink(missing_ok=True)
