"""The website as a table from path to bytes: what the server serves and what an export writes."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from nonlin.errors import NonlinError
from nonlin.lesson import wasm_python
from nonlin.lesson.exercises import Exercise, read_folder
from nonlin.lesson.markdown import demo_html, render
from nonlin.lesson.pages import Bundle, page

__all__ = ["MARKER", "POLICY", "ExportError", "export", "site"]

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)
"""The content security policy of every page: nothing from elsewhere, nothing inline."""

MARKER = "nonlin-site.json"
"""The file by which an export knows an earlier one, with the names of what it wrote."""

LESSON = "03-activation-functions.md"
_PACKAGE = Path(__file__).resolve().parent.parent
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="6" fill="#fbf9f4"/>'
    '<path d="M4 24H15L28 7" fill="none" stroke="#0062a8" stroke-width="4"'
    ' stroke-linecap="round" stroke-linejoin="round"/></svg>\n'
)


class ExportError(NonlinError, OSError):
    """An export that would have to overwrite what is not its own, or cannot be written."""


def _folder(packaged: str, checkout: str, needs: str) -> Path:
    """A folder of the installed package or, in a checkout, the one that it is made from."""
    for folder in (_PACKAGE / packaged, _PACKAGE.parent.parent / checkout):
        if (folder / needs).is_file():
            return folder
    raise NonlinError(
        f"the built pages are missing ({needs}): install nonlin with pip, "
        "or in a checkout run `npm ci && npm run build` in web/"
    )


def site(*, server: bool) -> dict[str, bytes]:
    """Every file of the website.

    Parameters
    ----------
    server
        Whether it is served by something that compiles formulas; a static copy says that it is not.
    """
    from nonlin.describe import catalogue_files  # slow: it may have to compile the catalogue

    web = _folder("_web", "web/dist", ".vite/manifest.json")
    lesson = _folder("_lessons", "lessons", LESSON) / LESSON
    bundle = Bundle.read((web / ".vite/manifest.json").read_text("utf-8"))
    policy = "" if server else POLICY
    exercises = read_folder()
    files: dict[str, bytes] = {
        "index.html": _lesson_page(bundle, lesson, exercises, server, policy).encode(),
        "explorer.html": _explorer_page(bundle, server, policy).encode(),
        "favicon.svg": _ICON.encode(),
    }
    for path in sorted((web / "assets").iterdir()):
        files[f"assets/{path.name}"] = path.read_bytes()
    if (web / "licenses.md").is_file():
        files["licenses.txt"] = (web / "licenses.md").read_bytes()
    for name, data in catalogue_files().items():
        files[f"data/{name}"] = data
    files["data/exercises.json"] = _json(
        {"version": 1, "exercises": [e.data for e in exercises.values()]}
    )
    return files if server else files | _python()


def _python() -> dict[str, bytes]:
    """Python for the browser: what stands in for the server in a static copy."""
    folder = _folder("_web/python", "web/dist/python", "worker.js")
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    files["nonlin.zip"] = wasm_python.archive()
    files["size.json"] = _json({"bytes": sum(map(len, files.values()))})
    return {f"python/{name}": data for name, data in files.items()}


def _json(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def _lesson_page(
    bundle: Bundle, lesson: Path, exercises: Mapping[str, Exercise], server: bool, policy: str
) -> str:
    text = lesson.read_text("utf-8")
    body = render(text, bundle.demos, source=lesson.name, exercises=exercises)
    used = [name for name in bundle.demos if f'data-demo="{name}"' in body]
    return page(
        bundle,
        file="index.html",
        title="Activation functions · nonlin",
        description="Why a network needs a bend, and what each bend does to a gradient: "
        "a lesson in figures that you hold in your hand.",
        body=f'<article class="prose">\n{body}{_COLOPHON}</article>\n',
        demos=used,
        server=server,
        policy=policy,
    )


def _explorer_page(bundle: Bundle, server: bool, policy: str) -> str:
    head = "<h1>Activation Explorer</h1>\n<p>Grab the line anywhere and drag.</p>\n"
    return page(
        bundle,
        file="explorer.html",
        title="Activation Explorer · nonlin",
        description="Activation functions, their derivatives and their properties, side by side, "
        "computed by code that is derived from one formula each.",
        body=f'<article class="prose">\n{head}{_NOSCRIPT}</article>\n{demo_html("explorer", {})}',
        demos=["explorer"],
        server=server,
        main_class="explorer-page",
        policy=policy,
    )


_NOSCRIPT = (
    "<noscript><p>What is to be seen here is computed in your browser, "
    "and needs JavaScript for it.</p></noscript>\n"
)
_COLOPHON = _NOSCRIPT + (
    "<hr>\n<p><small>Every number in the figures is computed in your browser by code that nonlin "
    "derives from each function’s formula. Nothing is loaded from anywhere else. "
    '<a href="licenses.txt">Licences</a> of the fonts and libraries.</small></p>\n'
)


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
