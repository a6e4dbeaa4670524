"""A site in one of its languages: what its pages say around the lesson, and what its files are called.

Such texts stand above each lesson of nonlin's own. A lesson of somebody else's that leaves them out gets those
of nonlin's lesson in its language, and the English ones, marked as English, where there is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from nonlin.lesson.document import TEXTS, Document
from nonlin.lesson.folders import own_lesson
from nonlin.lesson.inline import markdown
from nonlin.lesson.markdown import LessonError

__all__ = ["Edition", "editions"]

_LINK = re.compile(r'(href=\\?"(?:index|explorer|art|demo-\w+))\.html')


@dataclass(frozen=True)
class Edition:
    """A lesson with all that its pages say, in one language.

    Attributes
    ----------
    document
        The lesson.
    suffix
        What its files have before their ending: nothing in the site's first language, else ``.de``.
    texts
        By key, each with the language that it is in.
    """

    document: Document
    suffix: str
    texts: Mapping[str, tuple[str, str]]

    @property
    def language(self) -> str:
        """The lesson's language."""
        return self.document.language

    @property
    def name(self) -> str:
        """What its speakers call the language."""
        text, language = self.texts["language"]
        return text if _same(language, self.language) else self.language

    def file(self, name: str) -> str:
        """The name of a page in this language.

        >>> english, german = editions(Document.read(own_lesson()))
        >>> english.file("explorer.html"), german.file("explorer.html")
        ('explorer.html', 'explorer.de.html')
        """
        stem, dot, ending = name.rpartition(".")
        return f"{stem}{self.suffix}{dot}{ending}"

    def linked(self, html: str) -> str:
        """HTML, or JSON with HTML in it, whose links to pages of the site lead to those in this language."""
        return _LINK.sub(rf"\1{self.suffix}.html", html)

    def text(self, key: str) -> str:
        """A text, ready to stand in HTML."""
        return escape(self.texts[key][0])

    def html(self, key: str) -> str:
        """A text that is a line of Markdown."""
        return markdown(self.texts[key][0])

    def mark(self, key: str, inside: str = "") -> str:
        """The attribute that says which language a text is in, where it is not the language around it.

        ``inside`` is the key of the text whose element it stands in, if that is not the page itself.
        """
        language = self.texts[key][1]
        around = self.texts[inside][1] if inside else self.language
        return "" if _same(language, around) else f' lang="{escape(language)}"'


def editions(document: Document) -> list[Edition]:
    """A lesson, first, and the translations that lie beside it.

    Raises
    ------
    LessonError
        One of them cannot be read, or a lesson of nonlin's own lacks some text.
    """
    english = _complete(Document.read(own_lesson()))
    found = []
    for each in (document, *document.translations()):
        native = own_lesson(each.language)
        texts = english if native is None else _complete(Document.read(native))
        own = {key: (text, each.language) for key, text in each.texts.items()}
        suffix = "" if each is document else f".{each.language}"
        found.append(Edition(each, suffix, texts | own))
    return found


def _complete(document: Document) -> dict[str, tuple[str, str]]:
    if missing := [key for key in TEXTS if key not in document.texts]:
        raise LessonError(
            f"{document.path.name}: above the text there is nothing for {', '.join(missing)}"
        )
    return {key: (text, document.language) for key, text in document.texts.items()}


def _same(one: str, other: str) -> bool:
    return one.split("-")[0].lower() == other.split("-")[0].lower()
