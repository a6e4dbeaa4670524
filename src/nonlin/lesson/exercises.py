"""Exercises: a text file each, checked and worked out when the pages are built.

An exercise is a TOML file in ``exercises/``, or beside a lesson: a ``title``, a ``prompt``, and one
``[[question]]`` after another. Of each question, ``kind`` says what is asked for:

``number``
    ``answer`` is a formula, never its value: ``sigmoid'(5)`` is the derivative of a function of the
    catalogue. Each ``[[question.wrong]]`` is a wrong turn, with the ``answer`` that it leads to and its
    ``feedback``.
``choice``
    One ``[[question.option]]`` for each answer, with its ``text``. Those that are right say
    ``correct = true``, the others have ``feedback``. With ``several = true`` all the right ones have to
    be chosen, and ``feedback`` of a right one is said if it is missing. A reader sees them in an order of
    their own, which depends on the exercise's name and the question's place: the same wherever it is shown.
``proof``
    ``start`` and ``goal`` are formulas; ``solution`` lists the lines of one proof. Here
    ``[[question.wrong]]`` has a false line as its ``answer``.

Every question has ``ask`` and ``right`` (what is said to the right answer), and may have ``hints``,
which are given one by one. All texts are Markdown; ``$2σ(2z) - 1$`` in them is typeset, and
``{sigmoid'(5):2}`` is the value of a formula in so many significant digits (3 without a number).

:mod:`nonlin.lesson.translated` says how an exercise is translated.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from nonlin.errors import FormulaError, NonlinError
from nonlin.lesson.answers import exact, tolerance
from nonlin.lesson.inline import markdown
from nonlin.lesson.toml_lines import line_of
from nonlin.lesson.translated import overlay
from nonlin.proof import check_proof
from nonlin.proof.compare import shown

__all__ = ["Exercise", "ExerciseError", "exercise_html", "read", "read_beside", "read_folder"]

_PACKAGE = Path(__file__).resolve().parent.parent
_TOP = {"title": str, "prompt": str, "question": list}
_COMMON: dict[str, type] = {"kind": str, "ask": str, "right": str, "hints": list}
_KINDS: dict[str, dict[str, type]] = {
    "number": {"answer": str, "wrong": list},
    "choice": {"option": list, "several": bool},
    "proof": {"start": str, "goal": str, "solution": list, "wrong": list},
}
_OPTIONAL = {"hints", "wrong", "several", "correct"}
_WRONG = {"answer": str, "feedback": str}
_OPTION = {"text": str, "correct": bool, "feedback": str}
# Slips that nobody needs to foresee, because they can be made with any number: the page has words for them.
_SLIPS = (
    ("-1", "sign"),
    ("10", "places"),
    ("1/10", "places"),
    ("100", "percent"),
    ("1/100", "places"),
)


class ExerciseError(NonlinError, ValueError):
    """An exercise that cannot be built; the message names the file, the line and what would be right."""


@dataclass(frozen=True)
class Exercise:
    """One exercise, worked out.

    Attributes
    ----------
    name
        Its file's name without the ending.
    data
        What the page gets of it, as plain data: texts are HTML, answers numbers with a tolerance.
    solutions
        For each question of the kind ``proof`` the lines of a solution, else an empty tuple.
    """

    name: str
    title: str
    data: Mapping[str, Any]
    solutions: tuple[tuple[str, ...], ...] = ()


def read_folder(folder: Path | None = None, *, language: str = "en") -> dict[str, Exercise]:
    """All exercises by name: those of the package, or of a folder, in a language as far as they are translated."""
    if folder is None:
        packaged = _PACKAGE / "_exercises"
        folder = packaged if packaged.is_dir() else _PACKAGE.parent.parent / "exercises"
    language = language.split("-")[0].lower()
    files = sorted(folder.glob("*.toml"))
    translations = {f.stem: f for f in (folder / language).glob("*.toml")}
    if unknown := translations.keys() - {f.stem for f in files}:
        raise ExerciseError(
            f"{language}/{min(unknown)}.toml translates an exercise that there is not"
        )
    return {f.stem: _read_file(f, language, "en") for f in files}


def read_beside(
    folder: Path, names: Collection[str], own: Collection[str], *, original: str, language: str
) -> dict[str, Exercise]:
    """Those of the named exercises that lie beside a lesson, by name.

    Parameters
    ----------
    folder
        The lesson's.
    names
        What the lesson puts in; other files are not looked at.
    own
        Names of exercises that nonlin comes with: a file that has one of these is an error, since either might
        be meant.
    original, language
        What the files are written in, and what they are wanted in, as far as they are translated.

    Raises
    ------
    ExerciseError
        One of them cannot be built.
    """
    original, language = (code.split("-")[0].lower() for code in (original, language))
    found = {name: folder / f"{name}.toml" for name in names}
    there = {name: path for name, path in found.items() if path.is_file()}
    if clash := sorted(there.keys() & set(own)):
        raise ExerciseError(
            f"{clash[0]}.toml has the name of an exercise that nonlin comes with: rename the file"
        )
    return {name: _read_file(path, language, original) for name, path in there.items()}


def _read_file(path: Path, language: str, original: str) -> Exercise:
    """An exercise with its translation, if there is one, in the folder of that language."""
    translation = path.parent / language / path.name
    texts = []
    for file in (path, translation):
        try:
            texts.append(file.read_text("utf-8") if file == path or file.is_file() else "")
        except (OSError, UnicodeDecodeError) as error:
            raise ExerciseError(f"{file} could not be read: {error}") from None
    return read(
        texts[0],
        name=path.stem,
        source=path.name,
        words="" if language == original else texts[1],
        language=language,
        original=original,
    )


def read(
    text: str,
    *,
    name: str = "exercise",
    source: str = "exercise.toml",
    words: str = "",
    language: str = "en",
    original: str = "en",
) -> Exercise:
    """One exercise from its text.

    Parameters
    ----------
    text
        The file.
    source
        What an error calls it; a translation is called the same, in a folder of its language.
    words
        The translation, if there is one. A text that is not in it is marked as being in the original's language.
    language
        The language of the translation.
    original
        The language of the file.

    Raises
    ------
    ExerciseError

    Examples
    --------
    >>> made = read('''
    ... title = "Steep"
    ... prompt = "Look closely."
    ... [[question]]
    ... kind = "number"
    ... ask = "How steep is the *sigmoid* at 0?"
    ... answer = "sigmoid'(0)"
    ... right = "Yes, {sigmoid'(0)}."
    ... ''')
    >>> made.data["questions"][0]["answer"], made.data["questions"][0]["right"]
    (0.25, 'Yes, 0.25.')
    >>> read("title = 'Steep'\\nprompt = ''\\n[[question]]\\nkind = 'riddle'", source="a.toml")
    Traceback (most recent call last):
        ...
    nonlin.lesson.exercises.ExerciseError: a.toml, line 4, question 1: kind is number, choice or proof, not 'riddle'
    """
    return _Reader(text, source, words, language, original).exercise(name)


class _Reader:
    """One reading of one file, and of its translation."""

    def __init__(self, text: str, source: str, words: str, language: str, original: str) -> None:
        self.text, self.source, self.words = text, source, words
        self.language, self.original = language, original
        self.translated: set[tuple[str | int, ...]] = set()
        self.name = ""

    def wrong(self, path: tuple[str | int, ...], why: str) -> ExerciseError:
        """An error at a key: the path is that of the data, as in ("question", 0, "wrong", 1, "answer")."""
        if path in self.translated:
            return self.wrong_words(path, why)
        return self._wrong(self.source, self.text, path, why)

    def wrong_words(self, path: tuple[str | int, ...], why: str) -> ExerciseError:
        """An error at a key of the translation."""
        return self._wrong(f"{self.language}/{self.source}", self.words, path, why)

    @staticmethod
    def _wrong(source: str, text: str, path: tuple[str | int, ...], why: str) -> ExerciseError:
        where = f"{source}, line {line_of(text, path)}"
        for key, index in zip(path, path[1:], strict=False):
            if isinstance(index, int):
                where += f", {key} {index + 1}"
        return ExerciseError(f"{where}: {why}")

    def exercise(self, name: str) -> Exercise:
        self.name = name
        given = self.toml(self.source, self.text)
        self.keys((), given, _TOP)
        if self.words:
            words = self.toml(f"{self.language}/{self.source}", self.words)
            given, self.translated = overlay(given, words, self.wrong_words)
        if not given["question"]:
            raise self.wrong(("question",), "an exercise has at least one [[question]]")
        questions = [self.question(("question", i), q) for i, q in enumerate(given["question"])]
        data = {
            "name": name,
            "title": given["title"],
            "lang": self.original if self.is_foreign(("title",)) else self.language,
            "prompt": self.html(("prompt",), given["prompt"], inline=False),
            "questions": [q for q, _ in questions],
        }
        return Exercise(name, given["title"], data, tuple(s for _, s in questions))

    @staticmethod
    def toml(source: str, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ExerciseError(f"{source}: this is not TOML: {error}") from None

    def is_foreign(self, path: tuple[str | int, ...]) -> bool:
        """Whether a text is in the original's language among others that are not."""
        return self.language != self.original and path not in self.translated

    def keys(self, path: tuple[str | int, ...], given: object, known: Mapping[str, type]) -> None:
        """Refuses what is unknown, missing or of the wrong kind."""
        if not isinstance(given, dict):
            raise self.wrong(path, f"this is a table of {', '.join(known)}")
        for key, value in given.items():
            if key not in known:
                raise self.wrong((*path, key), f"there is no {key!r} here, only {', '.join(known)}")
            if type(value) is not known[key]:
                kinds = {str: "text", list: "a list", bool: "true or false"}
                raise self.wrong((*path, key), f"{key} is {kinds[known[key]]}")
        for key in known:
            optional = key in _OPTIONAL or (key == "feedback" and known is _OPTION)
            if key not in given and not optional:
                raise self.wrong(path, f"{key} is missing")

    def question(
        self, path: tuple[str | int, ...], given: Any
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        kind = given.get("kind") if isinstance(given, dict) else None
        if kind not in _KINDS:
            raise self.wrong((*path, "kind"), f"kind is number, choice or proof, not {kind!r}")
        self.keys(path, given, _COMMON | _KINDS[kind])
        data = {
            "kind": kind,
            "ask": self.html((*path, "ask"), given["ask"]),
            "right": self.html((*path, "right"), given["right"]),
            "hints": [self.html((*path, "hints"), h) for h in self.texts((*path, "hints"), given)],
        }
        if kind == "number":
            return data | self.number(path, given), ()
        if kind == "choice":
            return data | self.choice(path, given), ()
        return data | self.proof(path, given), tuple(given["solution"])

    def texts(self, path: tuple[str | int, ...], given: Mapping[str, Any]) -> list[str]:
        items = given.get(str(path[-1]), [])
        if not all(isinstance(item, str) for item in items):
            raise self.wrong(path, f"{path[-1]} is a list of texts")
        return list(items)

    def html(self, path: tuple[str | int, ...], text: str, *, inline: bool = True) -> str:
        foreign = self.is_foreign(path)
        try:
            spoken = self.original if foreign else self.language
            made = markdown(text, inline=inline, language=spoken)
        except NonlinError as error:
            raise self.wrong(path, str(error)) from None
        tag = "span" if inline else "div"
        return f'<{tag} lang="{spoken}">{made}</{tag}>' if foreign and made else made

    # -- kinds ------------------------------------------------------------------------------------
    def number(self, path: tuple[str | int, ...], given: Mapping[str, Any]) -> dict[str, Any]:
        value = self.value((*path, "answer"), given["answer"])
        taken = [(value, tolerance(value), "the right answer")]
        wrong = []
        for i, item in enumerate(given.get("wrong", [])):
            here = (*path, "wrong", i)
            self.keys(here, item, _WRONG)
            found = self.value((*here, "answer"), item["answer"])
            for other, near, what in taken:
                if abs(found - other) <= near + tolerance(found):
                    raise self.wrong(
                        (*here, "answer"),
                        f"{item['answer']} is {shown(found)}, which nobody could tell from {what}, "
                        f"{shown(other)}: leave one of them out",
                    )
            taken.append((found, tolerance(found), item["answer"]))
            feedback = self.html((*here, "feedback"), item["feedback"])
            wrong.append({"value": found, "tolerance": tolerance(found), "feedback": feedback})
        for factor, slip in _SLIPS if value else ():
            found = value * float(exact(factor))
            if all(abs(found - other) > near + tolerance(found) for other, near, _ in taken):
                wrong.append({"value": found, "tolerance": tolerance(found), "slip": slip})
                taken.append((found, tolerance(found), factor))
        return {"answer": value, "tolerance": tolerance(value), "wrong": wrong}

    def value(self, path: tuple[str | int, ...], formula: str) -> float:
        try:
            return float(exact(formula))
        except NonlinError as error:
            raise self.wrong(path, str(error)) from None

    def choice(self, path: tuple[str | int, ...], given: Mapping[str, Any]) -> dict[str, Any]:
        several = given.get("several", False)
        options = []
        for i, item in enumerate(given["option"]):
            here = (*path, "option", i)
            self.keys(here, item, _OPTION)
            correct = item.get("correct", False)
            if "feedback" not in item and (several or not correct):
                raise self.wrong(here, "feedback is missing: say why this is wrong")
            options.append(
                {
                    "text": self.html((*here, "text"), item["text"]),
                    "correct": correct,
                    "feedback": self.html((*here, "feedback"), item.get("feedback", "")),
                }
            )
        right = sum(o["correct"] for o in options)
        if right == 0 or (right > 1 and not several):
            told = "none of the options is" if right == 0 else f"{right} options are"
            raise self.wrong(
                path, f"{told} marked correct = true; if more than one is right, set several = true"
            )
        if right == len(options):
            raise self.wrong(path, "all options are right: give at least one that is not")
        order = _order(f"{self.name} {path[-1]}", len(options))
        return {"several": several, "options": options, "order": order}

    def proof(self, path: tuple[str | int, ...], given: Mapping[str, Any]) -> dict[str, Any]:
        wrong = []
        for i, item in enumerate(given.get("wrong", [])):
            here = (*path, "wrong", i)
            self.keys(here, item, _WRONG)
            feedback = self.html((*here, "feedback"), item["feedback"])
            wrong.append({"line": item["answer"], "feedback": feedback})
        lines = self.texts((*path, "solution"), given)
        try:
            checked = check_proof(given["start"], given["goal"], lines, [w["line"] for w in wrong])
        except FormulaError as error:
            raise self.wrong(path, str(error)) from None
        for text, step in zip(lines, checked["lines"], strict=True):
            if step["verdict"] != "equal":
                raise self.wrong((*path, "solution"), f"{text}: {step['message']}")
        if checked["state"] != "done":
            raise self.wrong((*path, "solution"), "the last line is not the goal")
        return {
            "start": given["start"],
            "goal": given["goal"],
            "wrong": wrong,
            "startMath": checked["start"],
            "goalMath": checked["goal"],
        }


def _order(seed: str, count: int) -> list[int]:
    """An order of so many options that looks random and is always the same."""
    return sorted(range(count), key=lambda i: hashlib.sha256(f"{seed} {i}".encode()).digest())


def _options(question: Mapping[str, Any]) -> str:
    """What there is to choose from, as a list, in the order in which the figure shows it."""
    if question["kind"] != "choice":
        return ""
    texts = (question["options"][i]["text"] for i in question["order"])
    return "\n<ul>\n" + "".join(f"<li>{text}</li>\n" for text in texts) + "</ul>\n"


def exercise_html(exercise: Exercise, language: str = "en") -> str:
    """The element that an exercise starts in; its text stands there for those who have no script."""
    spoken = str(exercise.data["lang"])
    marked = "" if language.split("-")[0].lower() == spoken else f' lang="{escape(spoken)}"'
    name = escape(exercise.name)
    options = escape(json.dumps({"exercise": exercise.name}))
    asks = "\n".join(f"<li>{q['ask']}{_options(q)}</li>" for q in exercise.data["questions"])
    return (
        f'<section class="exercise" id="exercise-{name}" data-demo="exercise" data-scope="{name}" '
        f'data-options="{options}">\n<h3{marked}>{escape(exercise.title)}</h3>\n{exercise.data["prompt"]}\n'
        f"<ol>\n{asks}\n</ol>\n</section>\n"
    )
