"""Markdown to HTML, with one directive of our own: a line that puts a demo into the page.

    :::demo explorer functions=sigmoid,tanh z=5

Its options are the demo's settings: a number, ``true`` or ``false``, a list (``view=-4,4``), a
mapping (``params=elu.alpha:0.5``) or text without spaces. ``scope=NAME`` is the name under which the demo's state
stands in the page's address; without it the first demo has none and the others are numbered.

    :::exercise 03-1-saturation
    :::progress

put in an exercise, by the name of its file beside the lesson or among nonlin's own, and the reader's progress. Formulas and values are
written as :mod:`nonlin.lesson.inline` says.

A mistake in any of these is an error that names the file, the line and the place: a lesson with a
figure missing is not built.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from nonlin.errors import FormulaError, NonlinError
from nonlin.lesson.exercises import Exercise, exercise_html
from nonlin.lesson.fragments import wrong_fragment
from nonlin.lesson.inline import MATHEMATICS, QUOTES, set_mathematics, work_out
from nonlin.lesson.settings import Demo, find
from nonlin.typed_answer import activation_of, compile_formula

__all__ = ["LessonError", "demo_html", "placed", "render"]

_OPTION = re.compile(r"([a-z_]+)=(\S+)")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class LessonError(NonlinError, ValueError):
    """A lesson that cannot be built; the message names the file, the line and the directive."""


def render(
    text: str,
    demos: Collection[str],
    *,
    source: str = "lesson",
    exercises: Mapping[str, Exercise] | None = None,
    language: str = "en",
    late: str = "",
    formulas: MutableMapping[str, Any] | None = None,
) -> str:
    """The HTML of a lesson.

    Parameters
    ----------
    text
        Markdown. Raw HTML in it is shown, not obeyed.
    demos
        Names of the demos there are.
    source
        What an error calls the text: its file.
    exercises
        The exercises there are, by name.
    language
        What it is written in, for the shape of its quotation marks and numbers.
    late
        HTML that stands where a figure will be, and is seen only if it does not come (page.css);
        ``{name}`` in it is the figure's.
    formulas
        Takes the code of formulas in figures, by their text, for pages that can ask nobody for it. Without
        it they are looked at, and not compiled.

    Examples
    --------
    >>> print(render("Look: *here*.", ()), end="")
    <p>Look: <em>here</em>.</p>
    >>> print(render(":::demo explorer z=2", ["explorer"]), end="")
    <div class="figure-wide" data-demo="explorer" data-options="{&quot;z&quot;: 2}"></div>
    >>> render("One.\\n\\n:::demo explorer z", ["explorer"], source="a.md")
    Traceback (most recent call last):
        ...
    nonlin.lesson.markdown.LessonError: a.md, line 3: ":::demo explorer z": 'z' is not option=value
    """
    quotes = QUOTES.get(language.split("-")[0].lower(), QUOTES["en"])
    options = {"html": False, "typographer": True, "quotes": quotes}
    parser = MarkdownIt("commonmark", options)
    parser.enable(["table", "replacements", "smartquotes"])
    parser.block.ruler.before(
        "paragraph", "demo", _demo_rule, {"alt": ["paragraph", "blockquote", "list"]}
    )
    parser.add_render_rule("demo", _demo_token)
    set_mathematics(parser)
    tokens = parser.parse(text)
    places = {"main"} | _name_headings(tokens)
    scopes: dict[str, str] = {}
    for token in tokens:
        if token.type == "demo" and not _fill_exercise(token, exercises or {}, source, language):
            _fill(token, demos, scopes, source, formulas)
            token.meta |= {"late": late, "place": token.meta["scope"] not in places}
    directives = [token.content.split() for token in tokens if token.type == "demo"]
    places |= scopes.keys() | {
        f"exercise-{name[0]}" for head, *name in directives if head == ":::exercise"
    }
    for line, child in placed(tokens):
        if child.type in MATHEMATICS:
            _work_out(child, line, source, language)
        elif child.type == "link_open":
            address = str(child.attrs["href"])
            if why := wrong_fragment(address, places - {""}, scopes, demos):
                raise LessonError(f"{source}, line {line}: the link {address!r}: {why}")
    return str(parser.renderer.render(tokens, parser.options, {}))


def placed(tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    """What stands in the lines of a text, each with the number of its line."""
    line = 1
    for token in tokens:
        if token.map:  # a cell of a table has none, but its row has
            line = token.map[0] + 1
        breaks = 0
        for child in token.children or ():
            breaks += child.type in {"softbreak", "hardbreak"}
            yield line + breaks, child


def demo_html(
    name: str, options: dict[str, object], scope: str = "", late: str = "", place: bool = False
) -> str:
    """The element that a demo starts in. With ``place``, a link to its scope leads there."""
    scoped = f' data-scope="{escape(scope)}"' if scope else ""
    scoped += f' id="{escape(scope)}"' if scope and place else ""
    written = escape(json.dumps(options, ensure_ascii=False))
    names = f'class="figure-wide" data-demo="{escape(name)}"'
    instead = late.replace("{name}", escape(name))
    return f'<div {names} data-options="{written}"{scoped}>{instead}</div>\n'


def _demo_rule(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    """Takes a line that begins with three colons for a directive."""
    text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
    if not text.startswith(":::") or state.is_code_block(line):
        return False
    if not silent:
        state.line = line + 1
        token = state.push("demo", "div", 0)
        token.content = text.rstrip()
        token.map = [line, line + 1]
    return True


def _demo_token(
    self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    meta = tokens[index].meta
    return str(meta["html"]) if "html" in meta else demo_html(**meta)


def _fill_exercise(
    token: Token, exercises: Mapping[str, Exercise], source: str, language: str
) -> bool:
    """Does what a directive of an exercise or of the progress says; False for another directive."""
    head, *words = token.content.split()
    wanted = {":::exercise": 1, ":::progress": 0}.get(head)
    if wanted is None:
        return False
    place = f'{source}, line {(token.map or [0])[0] + 1}: "{token.content}"'
    if len(words) != wanted:
        raise LessonError(f"{place}: write {head}{' NAME' if wanted else ''} and nothing else")
    if words and words[0] not in exercises:
        known = ", ".join(sorted(exercises)) or "none"
        raise LessonError(
            f"{place}: there is no exercise called {words[0]!r}, only {known}; "
            "your own is a file beside the lesson, as my-exercise.toml for :::exercise my-exercise"
        )
    progress = '<div class="progress" data-demo="progress" data-scope="progress"></div>\n'
    token.meta = {"html": exercise_html(exercises[words[0]], language) if words else progress}
    return True


def _fill(
    token: Token,
    demos: Collection[str],
    scopes: dict[str, str],
    source: str,
    formulas: MutableMapping[str, Any] | None,
) -> None:
    """Reads one directive into its token, and refuses a wrong one."""
    line = (token.map or [0])[0] + 1

    def wrong(why: str) -> LessonError:
        return LessonError(f'{source}, line {line}: "{token.content}": {why}')

    head, *words = token.content.split() or [""]
    if head != ":::demo":
        raise wrong("the directives are :::demo NAME option=value …, :::exercise NAME, :::progress")
    if not words:
        raise wrong("the name of the demo is missing")
    name, *rest = words
    if name not in demos:
        raise wrong(f"there is no demo called {name!r}, only {', '.join(sorted(demos))}")
    options: dict[str, object] = {}
    for word in rest:
        match = _OPTION.fullmatch(word)
        if match is None:
            raise wrong(f"{word!r} is not option=value")
        key, value = match.groups()
        if key in options:
            raise wrong(f"{key} is given twice")
        if key == "scope":
            options[key] = value
            continue
        try:
            setting = find(name).setting(key)
            options[key] = setting.read(_value(value, setting.default))
            for formula in setting.formulas(options[key]):
                _compile(formula, find(name), formulas)
        except NonlinError as error:
            raise wrong(str(error).splitlines()[0]) from None
    scope = str(options.pop("scope", f"{name}{len(scopes) + 1}" if scopes else ""))
    if scope in scopes:
        raise wrong(f"the scope {scope!r} is taken")
    scopes[scope] = name
    token.meta = {"name": name, "options": options, "scope": scope}


def _compile(formula: str, demo: Demo, formulas: MutableMapping[str, Any] | None) -> None:
    """Puts a formula's code to that of the others, with what networks need of it if the demo has some."""
    if demo.art and (free := activation_of({"formula": formula}).parameters):
        raise FormulaError(
            f"{formula} has no value for {', '.join(free)}", hint="write a number there"
        )
    if formulas is None or (
        formula in formulas and (not demo.engine or "engine" in formulas[formula])
    ):
        return
    answer = compile_formula({"formula": formula, "engine": demo.engine})
    if "error" in answer:
        told = answer["error"]
        raise FormulaError(f"{formula}: {told['message']}", hint=told["hint"])
    formulas[formula] = answer


def _work_out(token: Token, line: int, source: str, language: str) -> None:
    """Reads a formula or a value into its token, and refuses a wrong one."""
    try:
        work_out(token, language)
    except NonlinError as error:
        why = str(error).splitlines()[0]
        raise LessonError(f"{source}, line {line}: {token.content}: {why}") from error


def _value(text: str, default: object) -> object:
    """What stands behind the =, read as the kind of thing that the default is."""
    if isinstance(default, str):
        return text
    items = [item for item in text.split(",") if item]
    if isinstance(default, dict) and all(":" in item for item in items):
        return {item.rpartition(":")[0]: _scalar(item.rpartition(":")[2]) for item in items}
    if isinstance(default, list):
        texts = bool(default) and all(isinstance(item, str) for item in default)
        return items if texts else [_scalar(item) for item in items]
    return _scalar(text)


def _scalar(text: str) -> object:
    if text in {"true", "false"}:
        return text == "true"
    if not _NUMBER.fullmatch(text):
        return text
    number = float(text)
    if not math.isfinite(number):
        return text
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _name_headings(tokens: list[Token]) -> set[str]:
    """Gives every heading an id, so that it can be linked to; these."""
    taken: set[str] = set()
    for token, inline in zip(tokens, tokens[1:], strict=False):
        if token.type != "heading_open":
            continue
        plain = (
            re.sub(r"[^a-z0-9]+", "-", inline.content.replace("&shy;", "").lower()).strip("-")
            or "section"
        )
        name, n = plain, 2
        while name in taken:
            name, n = f"{plain}-{n}", n + 1
        taken.add(name)
        token.attrSet("id", name)
    return taken
