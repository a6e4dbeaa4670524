"""The website as a table from path to bytes: what the server serves and what an export writes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonlin.describe import catalogue_files, whole_catalogue
from nonlin.lesson import wasm_python
from nonlin.lesson.contents import with_contents
from nonlin.lesson.document import Document
from nonlin.lesson.edition import Edition, editions
from nonlin.lesson.exercises import Exercise, read_beside, read_folder
from nonlin.lesson.folders import own_lesson, web_folder
from nonlin.lesson.markdown import demo_html, render
from nonlin.lesson.pages import DATA_SCRIPT, PAGE_SCRIPT, START_SCRIPT, Bundle, data_script, page
from nonlin.lesson.sheet import table

__all__ = ["POLICY", "PORTABLE_POLICY", "site"]

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)
"""The content security policy of every page: nothing from elsewhere, nothing inline."""

PORTABLE_POLICY = POLICY.replace("worker-src 'self'", "worker-src 'self' blob:")
"""The policy of a page that may be opened as a file, where a worker can come from its own text only."""

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
        and files beside it, to which it points, become part of the site, and so do its translations.

    Raises
    ------
    LessonError
        The lesson cannot be built; the message names the file, the line and what is wrong with it.
    ExerciseError
        The same of an exercise beside it.
    """
    web = web_folder()
    languages = editions(Document.read(lesson or own_lesson()))
    bundle = Bundle.read((web / ".vite/manifest.json").read_text("utf-8"))
    policy = "" if server else PORTABLE_POLICY
    files: dict[str, bytes] = {"favicon.svg": _ICON.encode()}
    formulas: dict[str, Any] | None = None if server else {}
    shown: list[tuple[Document, Collection[Exercise]]] = []
    python = {} if server else _python(web)
    about = {"version": 1} if server else {"version": 1, "python": sum(map(len, python.values()))}
    for edition in languages:
        exercises = read_folder(language=edition.language)
        own = read_beside(
            edition.document.path.parent,
            edition.document.exercises,
            exercises,
            original=languages[0].language,
            language=edition.language,
        )
        exercises |= own
        shown.append((edition.document, own.values()))
        texts, spoken = bundle.texts(edition.language)
        said = (web / texts).read_text("utf-8"), spoken
        printer = _Printer(bundle, edition, languages, said, server, policy, formulas)
        files |= printer.pages(exercises)
        told = _json({**about, "exercises": [e.data for e in exercises.values()]})
        files[f"data/exercises{edition.suffix}.json"] = edition.linked(told).encode()
    for path in sorted((web / "assets").iterdir()):
        files[f"assets/{path.name}"] = path.read_bytes()
    if (web / "licenses.md").is_file():
        files["licenses.txt"] = (web / "licenses.md").read_bytes()
    for name, data in catalogue_files().items():
        files[f"data/{name}"] = data
    if formulas:
        catalogue = json.loads(files["data/catalogue.json"])
        files["data/catalogue.json"] = _json(catalogue | {"formulas": list(formulas)}).encode()
        files["data/formulas.json"] = _json(formulas).encode()
    if not server:
        files[START_SCRIPT] = (web / "file/start.js").read_bytes()
        files[PAGE_SCRIPT] = (web / "file/page.js").read_bytes()
        inside = {n.removeprefix("data/"): d for n, d in files.items() if n.startswith("data/")}
        files[DATA_SCRIPT] = data_script(inside).encode()
        files |= python
    beside: dict[str, bytes] = {}
    for document, own_exercises in shown:
        beside |= document.files(files, own_exercises)
    return files | beside


def _python(web: Path) -> dict[str, bytes]:
    """Python for the browser: what stands in for the server in a static copy."""
    files = {path.name: path.read_bytes() for path in sorted((web / "python").iterdir())}
    files["nonlin.zip"] = wasm_python.archive()
    return {f"python/{name}": data for name, data in files.items()}


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class _Printer:
    """What writes the pages of one language."""

    bundle: Bundle
    edition: Edition
    languages: Sequence[Edition]
    texts: tuple[str, str]
    """What every page's script says, and in which language."""
    server: bool
    policy: str
    formulas: dict[str, Any] | None
    """Takes the code of formulas in the lesson, where no server gives it (:func:`render`)."""

    def pages(self, exercises: Mapping[str, Exercise]) -> dict[str, bytes]:
        """All of them, by name."""
        pages = {
            "index.html": self.lesson(exercises),
            "explorer.html": self.explorer(),
            "art.html": self.art(),
        }
        pages |= {f"demo-{name}.html": self.demo(name) for name in self.bundle.demos}
        return {self.edition.file(name): page.encode() for name, page in pages.items()}

    def page(self, file: str, **about: Any) -> str:
        several = self.languages if len(self.languages) > 1 else ()
        return page(
            self.bundle,
            self.edition,
            file=file,
            server=self.server,
            policy=self.policy,
            others=several,
            texts=self.texts,
            **about,
        )

    def lesson(self, exercises: Mapping[str, Exercise]) -> str:
        document = self.edition.document
        body = render(
            document.text,
            self.bundle.demos,
            source=document.path.name,
            exercises=exercises,
            language=document.language,
            late=self.late,
            formulas=self.formulas,
        )
        body = self._with_sheet(with_contents(body, edition=self.edition))
        end = f"{self.noscript}<hr>\n<p{self.edition.mark('colophon')}><small>{self.edition.html('colophon')}</small></p>\n"
        return self.page(
            "index.html",
            title=f"{document.title} · nonlin",
            description=document.description or document.title,
            body=f'<article class="prose">\n{self.edition.linked(body)}{end}</article>\n',
            demos=list(dict.fromkeys(re.findall(r'data-demo="(\w+)"', body))),
        )

    def _with_sheet(self, body: str) -> str:
        """The cheat sheet stands in the page as a table, too, for readers and printers without scripts."""
        start = re.search(r'<div [^>]*data-demo="sheet"[^>]*>', body)
        if start is None:
            return body
        rows = table(whole_catalogue())
        return body[: start.end()] + rows + body[start.end() :]

    def explorer(self) -> str:
        edition = self.edition
        head = (
            f"<h1{edition.mark('explorer-title')}>{edition.text('explorer-title')}</h1>\n"
            f"<p{edition.mark('explorer-hint')}>{edition.html('explorer-hint')}</p>\n"
        )
        demo = demo_html("explorer", {}, late=self.late)
        return self.page(
            "explorer.html",
            title=f"{edition.texts['explorer-title'][0]} · nonlin",
            description=edition.texts["explorer-description"][0],
            body=f'<article class="prose">\n{head}{self.noscript}</article>\n{demo}',
            demos=["explorer"],
            main_class="explorer-page",
        )

    def art(self) -> str:
        edition = self.edition
        head = f"<h1{edition.mark('art-title')}>{edition.text('art-title')}</h1>\n"
        return self.page(
            "art.html",
            title=f"{edition.texts['art-title'][0]} · nonlin",
            description=edition.texts["art-description"][0],
            body=f'<article class="prose">\n{head}{self.noscript}</article>\n'
            + demo_html("art", {}, late=self.late),
            demos=["art"],
            main_class="art-page",
        )

    def demo(self, name: str) -> str:
        """One demo and nothing else, to be put into a page of someone's own: ``<iframe src=…>``."""
        return self.page(
            f"demo-{name}.html",
            title=f"{name} · nonlin",
            description=self.edition.texts["figure-description"][0].replace("{name}", name),
            body=self.noscript + demo_html(name, {}, late=self.late),
            demos=[name],
            main_class="demo-page",
            header=False,
        )

    @property
    def noscript(self) -> str:
        edition = self.edition
        return f"<noscript><p{edition.mark('noscript')}>{edition.html('noscript')}</p></noscript>\n"

    @property
    def late(self) -> str:
        edition = self.edition
        return (
            f'<p class="late"{edition.mark("late")}>{edition.html("late")}</p>'
            f'<p class="late-print"{edition.mark("late-print")}>{edition.text("late-print")}</p>'
        )
