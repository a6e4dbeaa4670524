"""A lesson as a file: its Markdown, what stands above it, and the files beside it that it shows.

A lesson may begin with a few lines about itself:

    ---
    title: Aktivierungsfunktionen
    description: Warum ein Netz einen Knick braucht.
    lang: de
    ---

All of them may be left out. The title is then the first heading, the description the first paragraph,
and the language English. What the pages say around the lesson may stand there, too (``TEXTS``).

A translation into the language LANG lies beside it as NAME.LANG.md and says ``lang: LANG``.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from nonlin.lesson.exercises import Exercise
from nonlin.lesson.markdown import LessonError, placed

__all__ = ["TEXTS", "Document"]

TEXTS = (
    "language",  # its own name, for the switch between languages
    "skip",  # the link that leads past what stands on every page
    "contents",  # the heading of the list of sections
    "languages",  # what the switch is called
    "pages",  # what the navigation is called
    "lesson",
    "explorer",
    "explorer-title",
    "explorer-hint",
    "explorer-description",
    "art",
    "art-title",
    "art-description",
    "figure-description",  # of a figure's own page; {name} is the figure's
    "noscript",
    "late",  # instead of a figure that has not started
    "late-print",  # the same on paper; {name} is the figure's
    "colophon",
)
"""Keys of what the pages say around a lesson. They are lines of Markdown where no markup is in the way."""

_KEYS = ("title", "description", "lang", *TEXTS)
_EXERCISE = re.compile(r":::exercise[ \t]+([\w-]+)[ \t]*$", re.MULTILINE)
_TAG = re.compile(r"<(img\b|a\s+href\b)", re.IGNORECASE)
_SHOWN = re.compile(r'<img src="([^"]*)"|<a href="([^"]*)"')
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_LONGEST = 160  # characters of a description


@dataclass(frozen=True)
class Document:
    """A lesson that has been read.

    Attributes
    ----------
    path
        Its file.
    text
        Its Markdown; lines that said something about it are empty.
    title, description, language
        What they said, or what follows from the text.
    texts
        What they said of :data:`TEXTS`.
    """

    path: Path
    text: str
    title: str
    description: str
    language: str
    texts: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Document:
        """Reads a file.

        Raises
        ------
        LessonError
            It cannot be read, or what stands above the text is wrong; the message says where.
        """
        try:
            text = path.read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            raise LessonError(f"{path} is not UTF-8 text: {error.reason}") from None
        except OSError as error:
            raise LessonError(f"{path} could not be read: {error.strerror or error}") from None
        text, said = _front_matter(text, path.name)
        tokens = _parser().parse(text)
        return cls(
            path=path,
            text=text,
            title=said.get("title") or _first(tokens, "heading_open", "h1") or path.stem,
            description=said.get("description") or _shortened(_first(tokens, "paragraph_open")),
            language=said.get("lang", "en"),
            texts={key: said[key] for key in TEXTS if said.get(key)},
        )

    @property
    def exercises(self) -> list[str]:
        """Names of the exercises that it puts in."""
        return _EXERCISE.findall(self.text)

    def translations(self) -> list[Document]:
        """The same lesson in other languages: files beside it, named after it and their language.

        Raises
        ------
        LessonError
            One of them cannot be read, or what stands above its text is wrong.
        """
        found = []
        for path in sorted(self.path.parent.glob(f"{glob.escape(self.path.stem)}.*.md")):
            code = path.name.removeprefix(f"{self.path.stem}.").removesuffix(".md")
            if _LANGUAGE.fullmatch(code) and _says(path, code) and code != self.language:
                found.append(Document.read(path))
        return found

    def files(
        self, pages: Collection[str], exercises: Collection[Exercise] = ()
    ) -> dict[str, bytes]:
        """The files beside it that it shows as images or links to, by name.

        Parameters
        ----------
        pages
            Names that the site itself has: a link to one of them needs no file.
        exercises
            Those that lie beside it, whose texts may show files, too.

        Raises
        ------
        LessonError
            One of them is written as HTML, is not there, lies outside the lesson's folder, or has a name of the site's.
        """
        found: dict[str, bytes] = {}
        tokens = _parser().parse(self.text)
        for line, child in placed(tokens):
            if child.type == "text" and (tag := _TAG.search(child.content)):
                raise LessonError(
                    f"{self.path.name}, line {line}: {tag[0]} is shown as it is typed, as all HTML is: write "
                    "![what is to be seen](pictures/bend.png) or [a link](more.pdf), and between backticks "
                    "what readers are to see so"
                )
        shown = [(f"{self.path.name}, line {line}", *found) for line, *found in _references(tokens)]
        for exercise in exercises:
            place = f"{exercise.name}.toml"
            shown += [(place, *found) for found in _references_in(exercise.data)]
        for place, what, address in shown:
            wrong = f"{place}: the {what} {address!r}"
            name = _local(address, what, wrong)
            if name is None or (what == "link" and name in pages):
                continue
            if what == "link" and name.endswith((".md", ".markdown")):
                raise LessonError(
                    f"{wrong} is Markdown, which no browser shows as a page: build it into a folder "
                    "of its own, and give the address that its page will have, https://…"
                )
            if name in pages:
                raise LessonError(f"{wrong} has the name of a file of the site: rename it")
            found[name] = self._file(name, wrong)
        return found

    def _file(self, name: str, wrong: str) -> bytes:
        folder = self.path.parent.resolve()
        place = (folder / name).resolve()
        if not place.is_relative_to(folder):
            raise LessonError(f"{wrong} leads out of the lesson's folder: put the file in there")
        try:
            return place.read_bytes()
        except OSError as error:
            why = "is not there" if isinstance(error, FileNotFoundError) else "cannot be read"
            raise LessonError(f"{wrong} {why}: {place}") from None


def _says(path: Path, code: str) -> bool:
    """Whether a file begins by saying that it is in this language; bend.old.md is no translation."""
    head = re.match(
        r"\ufeff?---\s*\n(.*?\n)---\s*\n", path.read_text("utf-8", "replace"), re.DOTALL
    )
    return bool(
        head and re.search(rf"^lang:\s*[\"']?{re.escape(code)}[\"']?\s*$", head[1], re.MULTILINE)
    )


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _front_matter(text: str, source: str) -> tuple[str, dict[str, str]]:
    """The text with the lines about it emptied, so that the others keep their numbers."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return text, {}
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), 0)
    if not end:
        raise LessonError(f"{source}, line 1: what begins with --- has no second ---")
    said: dict[str, str] = {}
    for i, line in enumerate(lines[1:end], 2):
        key, colon, value = (part.strip() for part in line.partition(":"))
        wrong = f'{source}, line {i}: "{line.strip()}"'
        if not line.strip():
            continue
        if not colon or key not in _KEYS:
            raise LessonError(f"{wrong}: what may stand here is {', '.join(_KEYS)}, each with a :")
        if key in said:
            raise LessonError(f"{wrong}: {key} is given twice")
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        if key == "lang" and not _LANGUAGE.fullmatch(value):
            raise LessonError(f"{wrong}: a language is given as en, de or pt-BR")
        said[key] = value
    return "\n".join([""] * (end + 1) + lines[end + 1 :]), said


def _first(tokens: list[Token], kind: str, tag: str = "") -> str:
    """The plain text of the first heading or paragraph."""
    for token, inline in zip(tokens, tokens[1:], strict=False):
        if token.type == kind and (not tag or token.tag == tag):
            if not inline.content.startswith(":::"):
                return "".join(_words(inline.children or [])).strip()
    return ""


def _words(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in {"text", "code_inline"}:
            yield token.content
        elif token.type in {"softbreak", "hardbreak"}:
            yield " "
        elif token.type == "image":
            yield from _words(token.children or [])


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return text[: _LONGEST - 1].rpartition(" ")[0] + "…"


def _references(tokens: list[Token]) -> Iterator[tuple[int, str, str]]:
    """Line, kind and address of every image and link."""
    for line, child in placed(tokens):
        if child.type == "image":
            yield line, "image", str(child.attrs["src"])
        elif child.type == "link_open":
            yield line, "link", str(child.attrs["href"])


def _references_in(data: object) -> Iterator[tuple[str, str]]:
    """Kind and address of every image and link in an exercise, whose texts are HTML already."""
    if isinstance(data, str):
        for image, link in _SHOWN.findall(data):
            yield ("image", unescape(image)) if image else ("link", unescape(link))
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _references_in(value)
    elif isinstance(data, Sequence):
        for value in data:
            yield from _references_in(value)


def _local(address: str, what: str, wrong: str) -> str | None:
    """The name of the file that an address means; None where it means none."""
    parts = urlsplit(address)
    if what == "link" and (parts.scheme or parts.netloc or not parts.path):
        return None
    if what == "image" and address.startswith("data:image/"):
        return None
    if parts.scheme or parts.netloc:
        raise LessonError(
            f"{wrong} lies elsewhere, and a page loads nothing from elsewhere: "
            "save it beside the lesson"
        )
    path = unquote(parts.path)
    if "\\" in path:
        raise LessonError(f"{wrong} has a backslash in it: write / between folders")
    if path.startswith("/") or not path:
        raise LessonError(f"{wrong} is no path beside the lesson, as pictures/bend.png would be")
    return PurePosixPath(*_steps(path, wrong)).as_posix()


def _steps(path: str, wrong: str) -> list[str]:
    """A path without . and .. in it."""
    steps: list[str] = []
    for step in path.split("/"):
        if step == "..":
            if not steps:
                raise LessonError(
                    f"{wrong} leads out of the lesson's folder: put the file in there"
                )
            steps.pop()
        elif step not in {"", "."}:
            steps.append(step)
    return steps
