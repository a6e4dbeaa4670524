"""The website as a table from path to bytes: what the server serves and what an export writes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nonlin.lesson import wasm_python
from nonlin.lesson.document import Document
from nonlin.lesson.exercises import Exercise, read_folder
from nonlin.lesson.folders import own_lesson, web_folder
from nonlin.lesson.markdown import demo_html, render
from nonlin.lesson.pages import DATA_SCRIPT, PAGE_SCRIPT, START_SCRIPT, Bundle, data_script, page

__all__ = ["POLICY", "PORTABLE_POLICY", "site"]

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)
"""The content security policy of every page: nothing from elsewhere, nothing inline."""

PORTABLE_POLICY = POLICY.replace("worker-src 'self'", "worker-src 'self' blob:")
"""The policy of a page that may be opened as a file, where a worker can come from its own text only."""

_DESCRIPTION = (
    "Why a network needs a bend, and what each bend does to a gradient: "
    "a lesson in figures that you hold in your hand."
)
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="6" fill="#fbf9f4"/>'
    '<path d="M4 24H15L28 7" fill="none" stroke="#0062a8" stroke-width="4"'
    ' stroke-linecap="round" stroke-linejoin="round"/></svg>\n'
)


def site(*, server: bool, lesson: Path | None = None) -> dict[str, bytes]:
    """Every file of the website.

    Parameters
    ----------
    server
        Whether it is served by something that compiles formulas; a static copy says that it is not.
    lesson
        The Markdown file that its first page is made from; nonlin's own lesson if not given. Images
        and files beside it, to which it points, become part of the site.

    Raises
    ------
    LessonError
        The lesson cannot be built; the message names the file, the line and what is wrong with it.
    """
    from nonlin.describe import catalogue_files  # slow: it may have to compile the catalogue

    web = web_folder()
    document = Document.read(lesson or own_lesson())
    if lesson is None:
        document = replace(document, description=_DESCRIPTION)
    bundle = Bundle.read((web / ".vite/manifest.json").read_text("utf-8"))
    policy = "" if server else PORTABLE_POLICY
    exercises = read_folder()
    files: dict[str, bytes] = {
        "index.html": _lesson_page(bundle, document, exercises, server, policy).encode(),
        "explorer.html": _explorer_page(bundle, server, policy).encode(),
        "art.html": _art_page(bundle, server, policy).encode(),
        "favicon.svg": _ICON.encode(),
    }
    for name in bundle.demos:
        files[f"demo-{name}.html"] = _demo_page(bundle, name, server, policy).encode()
    for path in sorted((web / "assets").iterdir()):
        files[f"assets/{path.name}"] = path.read_bytes()
    if (web / "licenses.md").is_file():
        files["licenses.txt"] = (web / "licenses.md").read_bytes()
    for name, data in catalogue_files().items():
        files[f"data/{name}"] = data
    files["data/exercises.json"] = _json(
        {"version": 1, "exercises": [e.data for e in exercises.values()]}
    )
    if not server:
        files[START_SCRIPT] = (web / "file/start.js").read_bytes()
        files[PAGE_SCRIPT] = (web / "file/page.js").read_bytes()
        inside = {n.removeprefix("data/"): d for n, d in files.items() if n.startswith("data/")}
        files[DATA_SCRIPT] = data_script(inside).encode()
        files |= _python(web)
    return files | document.files(files)


def _python(web: Path) -> dict[str, bytes]:
    """Python for the browser: what stands in for the server in a static copy."""
    files = {path.name: path.read_bytes() for path in sorted((web / "python").iterdir())}
    files["nonlin.zip"] = wasm_python.archive()
    files["size.json"] = _json({"bytes": sum(map(len, files.values()))})
    return {f"python/{name}": data for name, data in files.items()}


def _json(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def _lesson_page(
    bundle: Bundle,
    document: Document,
    exercises: Mapping[str, Exercise],
    server: bool,
    policy: str,
) -> str:
    language = document.language
    body = render(
        document.text,
        bundle.demos,
        source=document.path.name,
        exercises=exercises,
        language=language,
    )
    used = list(dict.fromkeys(re.findall(r'data-demo="(\w+)"', body)))
    return page(
        bundle,
        file="index.html",
        title=f"{document.title} · nonlin",
        description=document.description or document.title,
        language=document.language,
        body=f'<article class="prose">\n{body}{_in_english(_COLOPHON, language)}</article>\n',
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


def _art_page(bundle: Bundle, server: bool, policy: str) -> str:
    return page(
        bundle,
        file="art.html",
        title="Art Studio · nonlin",
        description="Pictures from small random networks: choose an activation, and see what it is.",
        body=f'<article class="prose">\n<h1>Art Studio</h1>\n{_NOSCRIPT}</article>\n{demo_html("art", {})}',
        demos=["art"],
        server=server,
        main_class="art-page",
        policy=policy,
    )


def _demo_page(bundle: Bundle, name: str, server: bool, policy: str) -> str:
    """One demo and nothing else, to be put into a page of someone's own: ``<iframe src=…>``."""
    return page(
        bundle,
        file=f"demo-{name}.html",
        title=f"{name} · nonlin",
        description=f"The figure {name} of the lesson on activation functions.",
        body=_NOSCRIPT + demo_html(name, {}),
        demos=[name],
        server=server,
        main_class="demo-page",
        policy=policy,
        header=False,
    )


def _in_english(html: str, language: str) -> str:
    """Our own words on a page of another language, marked for whoever reads them aloud."""
    return html if language.startswith("en") else html.replace("<p>", '<p lang="en">')


_NOSCRIPT = (
    "<noscript><p>What is to be seen here is computed in your browser, "
    "and needs JavaScript for it.</p></noscript>\n"
)
_COLOPHON = _NOSCRIPT + (
    "<hr>\n<p><small>Every number in the figures is computed in your browser by code that nonlin "
    "derives from each function’s formula. Nothing is loaded from anywhere else. "
    '<a href="licenses.txt">Licences</a> of the fonts and libraries.</small></p>\n'
)
