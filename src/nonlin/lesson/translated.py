"""An exercise in another language: its texts, laid over what is the same in every language.

A translation of ``NAME.toml`` is ``LANG/NAME.toml``. It has the same tables in the
same order and holds texts alone: no kind, no answer, no formula to prove. A text that is missing stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Path", "overlay"]

Path = tuple[str | int, ...]
"""Where something stands in an exercise's data, as in ``("question", 0, "wrong", 1, "feedback")``."""

_TEXTS: dict[tuple[str, ...], tuple[str, ...]] = {
    (): ("title", "prompt"),
    ("question",): ("ask", "right", "hints"),
    ("question", "wrong"): ("feedback",),
    ("question", "option"): ("text", "feedback"),
}
_TABLES: dict[tuple[str, ...], tuple[str, ...]] = {
    (): ("question",),
    ("question",): ("wrong", "option"),
}


def overlay(
    given: Mapping[str, Any], words: object, wrong: Callable[[Path, str], Exception]
) -> tuple[dict[str, Any], set[Path]]:
    """The data of an exercise with the texts of a translation in it, and where those stand.

    Parameters
    ----------
    given
        The exercise in the language that it was written in.
    words
        The translation, as TOML gives it.
    wrong
        Makes the error that is raised from a place in the translation and what is wrong there.

    Examples
    --------
    >>> given = {"title": "Steep", "prompt": "Look.", "question": []}
    >>> overlay(given, {"title": "Steil"}, lambda path, why: ValueError(why))
    ({'title': 'Steil', 'prompt': 'Look.', 'question': []}, {('title',)})
    >>> overlay(given, {"answer": "1"}, lambda path, why: ValueError(why))
    Traceback (most recent call last):
        ...
    ValueError: a translation has title, prompt, question here: answer is the same in every language
    """
    taken: set[Path] = set()

    def lay(path: Path, tables: tuple[str, ...], below: Mapping[str, Any], over: object) -> Any:
        if not isinstance(over, dict):
            raise wrong(path, "this is a table")
        laid = dict(below)
        texts, inner = _TEXTS[tables], _TABLES.get(tables, ())
        for key, value in over.items():
            here = (*path, key)
            if key not in texts + inner:
                known = ", ".join(texts + inner)
                raise wrong(
                    here, f"a translation has {known} here: {key} is the same in every language"
                )
            if key not in below:
                raise wrong(here, f"the original has no {key} here")
            if type(value) is not type(below[key]):
                raise wrong(here, f"{key} is of another kind than in the original")
            if key in texts:
                laid[key] = value
                taken.add(here)
                continue
            if len(value) != len(below[key]):
                name = ".".join((*tables, key))
                raise wrong(
                    here,
                    f"there are {len(value)} [[{name}]] here and {len(below[key])} in the original: "
                    "they belong together by their order, and may be empty",
                )
            laid[key] = [
                lay((*here, i), (*tables, key), one, other)
                for i, (one, other) in enumerate(zip(below[key], value, strict=True))
            ]
        return laid

    return lay((), (), given, words), taken
