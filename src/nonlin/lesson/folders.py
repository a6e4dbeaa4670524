"""Where the built front end and the lesson are: in the installed package, or in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import overload

from nonlin.errors import NonlinError

__all__ = ["own_lesson", "web_folder"]

LESSON = "03-activation-functions"
_PACKAGE = Path(__file__).resolve().parent.parent


def web_folder() -> Path:
    """The folder of the built front end."""
    return _folder("_web", "web/dist", ".vite/manifest.json")


@overload
def own_lesson() -> Path: ...
@overload
def own_lesson(language: str) -> Path | None: ...
def own_lesson(language: str = "en") -> Path | None:
    """The lesson that nonlin comes with, in a language; None where it is not translated."""
    folder = _folder("_lessons", "lessons", f"{LESSON}.md")
    code = language.split("-")[0].lower()
    path = folder / (f"{LESSON}.md" if code == "en" else f"{LESSON}.{code}.md")
    return path if path.is_file() else None


def _folder(packaged: str, checkout: str, needs: str) -> Path:
    """A folder of the installed package or, in a checkout, the one that it is made from."""
    for folder in (_PACKAGE / packaged, _PACKAGE.parent.parent / checkout):
        if (folder / needs).is_file():
            return folder
    raise NonlinError(
        f"the built pages are missing ({needs}): install nonlin with pip, "
        "or in a checkout run `npm ci && npm run build` in web/"
    )
