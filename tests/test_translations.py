"""Translations: what has to be in one, that it says the same as the original, and what is said where it is missing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import interface_texts
import nonlin
from nonlin.lesson import LessonError, site
from nonlin.lesson.document import TEXTS, Document
from nonlin.lesson.exercises import ExerciseError, exercise_html, read, read_folder
from nonlin.lesson.folders import own_lesson
from nonlin.lesson.inline import markdown
from nonlin.server import create_app

ROOT = Path(__file__).resolve().parent.parent
LESSON = Document.read(own_lesson())
TRANSLATIONS = {d.language: d for d in LESSON.translations()}
LANGUAGES = sorted(TRANSLATIONS)
STEEP = """
title = "Steep"
prompt = "Look *closely*."
[[question]]
kind = "number"
ask = "How steep is it at 0?"
answer = "sigmoid'(0)"
right = "Yes, {sigmoid'(0)}."
hints = ["Half of a half."]
[[question.wrong]]
answer = "sigmoid(0)"
feedback = "That is how high."
"""


# -- what is shipped ---------------------------------------------------------------------------


def test_there_is_a_translation_and_each_has_its_messages() -> None:
    assert "de" in LANGUAGES
    assert sorted(["en", *LANGUAGES]) == interface_texts.LANGUAGES
    folders = {p.name for p in (ROOT / "exercises").iterdir() if p.is_dir()}
    assert folders <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_function_is_described(language: str) -> None:
    texts = interface_texts.texts(language)
    own = {path: text for path, text in texts.items() if path.startswith("start.functions.")}
    assert all(len(text) > 10 for text in own.values())
    described = [path.removeprefix("start.functions.") for path in own]
    assert sorted(described) == sorted([*nonlin.catalogue, "softmax"])


def directives(document: Document) -> list[str]:
    return [line for line in document.text.splitlines() if line.startswith(":::")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translated_lesson_is_built_like_the_english_one(language: str) -> None:
    other = TRANSLATIONS[language]
    assert directives(other) == directives(LESSON)
    shape = r"^(#+ |\$|> |\* )"
    assert re.findall(shape, other.text, re.MULTILINE) == re.findall(
        shape, LESSON.text, re.MULTILINE
    )
    worked_out = r"\{[^}]+\}|\$[^$]+\$"
    assert re.findall(worked_out, other.text) == re.findall(worked_out, LESSON.text)
    assert set(other.texts) == set(LESSON.texts) == set(TEXTS)
    assert "{name}" in other.texts["figure-description"]
    assert "{name}" in other.texts["late-print"]
    assert all(other.texts[key] != LESSON.texts[key] for key in TEXTS if key not in SHARED)


SHARED = ("explorer", "explorer-title", "art", "art-title")


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_exercises_are_translated_and_answered_alike(language: str) -> None:
    english, other = read_folder(), read_folder(language=language)
    assert english.keys() == other.keys()
    for name, exercise in other.items():
        assert exercise.title != english[name].title
        assert 'lang="en"' not in json.dumps(exercise.data, ensure_ascii=False)
        assert answers(exercise.data) == answers(english[name].data)
        assert numbers(exercise.data) == numbers(english[name].data)


def answers(data: Any) -> Any:
    """What an exercise's data has besides texts."""
    if isinstance(data, dict):
        texts = {"title", "prompt", "lang", "ask", "right", "hints", "text", "feedback"}
        return {key: answers(value) for key, value in data.items() if key not in texts}
    return [answers(item) for item in data] if isinstance(data, list) else data


def numbers(data: Any) -> list[str]:
    """The formulas typeset in an exercise's texts, in their order."""
    return re.findall(r"<math.*?</math>", json.dumps(data, ensure_ascii=False))


def test_each_language_has_all_pages_and_they_know_of_each_other() -> None:
    files = site(server=True)
    for name in [n for n in files if re.fullmatch(r"[\w-]+\.html", n)]:
        stem = name.removesuffix(".html")
        for code in LANGUAGES:
            html = files[f"{stem}.{code}.html"].decode()
            assert f'<html lang="{code}">' in html
            assert f'<link rel="alternate" hreflang="en" href="{name}">' in html
            assert re.search(r'href="(index|explorer|demo-\w+)\.html', without_switch(html)) is None
            assert f'hreflang="{code}" href="{stem}.{code}.html"' in files[name].decode()
    assert json.loads(files["data/exercises.de.json"])["exercises"][0]["lang"] == "de"
    assert b"explorer.de.html#" in files["data/exercises.de.json"]
    assert "Lektion" in files["demo-step.de.html"].decode()


@pytest.mark.parametrize("server", [True, False])
def test_each_page_brings_the_texts_of_its_language(server: bool) -> None:
    files = site(server=server)
    pages = [name for name in files if name.endswith(".html")]
    assert len(pages) > 20
    for name in pages:
        code = "de" if name.endswith(".de.html") else "en"
        assert brought(files[name].decode()) == (code, start(code))


def brought(html: str) -> tuple[str, Any]:
    """The language of the texts in a page, and these."""
    [(language, inside)] = re.findall(
        r'<script type="application/json" data-texts lang="(\w+)">(.*?)</script>', html, re.S
    )
    assert "<" not in inside
    return language, json.loads(inside)


def start(language: str) -> Any:
    path = interface_texts.MESSAGES / f"{language}.json"
    return json.loads(path.read_text("utf-8"))["start"]


def without_switch(html: str) -> str:
    return re.sub(
        r'<link rel="alternate"[^>]*>|<nav class="languages".*?</nav>', "", html, flags=re.S
    )


# -- lessons of one's own ----------------------------------------------------------------------


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name.replace('_', '.')}.md").write_text(text, "utf-8")
    return folder / "bend.md"


def test_a_lesson_of_ones_own_is_translated_by_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"png")
    path = write(
        tmp_path,
        bend="# Bend\n\n![](a.png)\n",
        bend_de="---\nlang: de\nlesson: Stunde\n---\n# Knick\n\n![](a.png)\n",
        bend_fr="---\nlang: fr\nlanguage: français\n---\n# Coude\n",
        bend_old="# Not a translation\n",
        bend_it="---\nlang: en\n---\n# Nor this\n",
    )
    files = site(server=True, lesson=path)
    pages = {n for n in files if n.startswith("index")}
    assert pages == {"index.html", "index.de.html", "index.fr.html"}
    german, french = (files[f"index.{code}.html"].decode() for code in ("de", "fr"))
    assert ">Stunde</a>" in german and ">English</a>" in german and ">français</a>" in german
    # What nobody has translated is English and says so.
    assert '<nav aria-label="Pages" lang="en">' in french
    assert '<noscript><p lang="en">What is' in french
    assert brought(german) == ("de", start("de")) and brought(french) == ("en", start("en"))
    client = TestClient(create_app(lesson=path), base_url="http://127.0.0.1:8765")
    write(tmp_path, bend_de="---\nlang: de\n---\n# Anders\n")
    assert "Anders" in client.get("/index.de.html").text


def test_what_the_switch_calls_a_language_without_a_name(tmp_path: Path) -> None:
    path = write(tmp_path, bend="# Bend\n", bend_fr="---\nlang: fr\n---\n# Coude\n")
    assert ">fr</a>" in site(server=True, lesson=path)["index.html"].decode()


def test_a_lesson_of_nonlins_own_has_to_say_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, bend="---\nlang: de\nlesson: Stunde\n---\n# Knick\n")
    original = own_lesson()
    monkeypatch.setattr(
        "nonlin.lesson.edition.own_lesson", lambda code="en": path if code == "de" else original
    )
    with pytest.raises(
        LessonError, match=r"^bend.md: above the text there is nothing for language, "
    ):
        site(server=True, lesson=path)


# -- exercises ---------------------------------------------------------------------------------


def test_what_is_missing_in_a_translated_exercise_is_marked_as_english() -> None:
    words = "\n".join(
        [
            'title = "Steil"',
            "[[question]]",
            'ask = "Wie steil ist es bei 0?"',
            'right = """Ja, "{sigmoid\'(0)}"."""',
        ]
    )
    data = read(STEEP, words=words, language="de").data
    question = data["questions"][0]
    assert (data["title"], data["lang"]) == ("Steil", "de")
    assert data["prompt"] == '<div lang="en"><p>Look <em>closely</em>.</p></div>'
    assert question["ask"] == "Wie steil ist es bei 0?"
    assert question["right"] == "Ja, „0,25“."
    assert question["hints"] == ['<span lang="en">Half of a half.</span>']
    assert question["wrong"][0]["feedback"] == '<span lang="en">That is how high.</span>'
    assert [w["slip"] for w in question["wrong"][1:]] == [
        "sign",
        "places",
        "places",
        "percent",
        "places",
    ]


def test_an_exercise_without_a_translation_is_english_and_says_so() -> None:
    exercise = read(STEEP, language="de")
    assert exercise.data["lang"] == "en"
    assert '<h3 lang="en">Steep</h3>' in exercise_html(exercise, "de")
    assert '<li><span lang="en">How steep' in exercise_html(exercise, "de")
    assert "lang=" not in exercise_html(read(STEEP))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('title = "a"\nanswer = "1"', "de/exercise.toml, line 2: a translation has title, prompt"),
        ("[[question]]\nanswer = '1'", "line 2, question 1: a translation has ask, right, hints"),
        ("[[question]]\n[[question]]", "there are 2 [[question]] here and 1 in the original"),
        ("[[question]]\n[[question.option]]", "the original has no option here"),
        ("title = 3", "title is of another kind than in the original"),
        ("title = ", "de/exercise.toml: this is not TOML"),
        ("[[question]]\nask = '{1/}'", "de/exercise.toml, line 2, question 1: "),
        ("question = ['a']", "line 1, question 1: this is a table"),
    ],
)
def test_mistakes_in_a_translation_are_named_with_its_line(words: str, said: str) -> None:
    with pytest.raises(ExerciseError) as caught:
        read(STEEP, words=words, language="de")
    assert said in str(caught.value)


def test_a_translation_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de/steep.toml").write_text("title = 'Steil'")
    with pytest.raises(
        ExerciseError, match=r"de/steep\.toml translates an exercise that there is not"
    ):
        read_folder(tmp_path, language="de")
    (tmp_path / "steep.toml").write_text(STEEP)
    assert read_folder(tmp_path, language="de-AT")["steep"].title == "Steil"
    assert read_folder(tmp_path, language="fr")["steep"].title == "Steep"


def test_numbers_in_texts_have_the_languages_point() -> None:
    assert markdown("{1/8}", language="de-CH") == "0,125"
    assert markdown("{1/8}", language="pt-BR") == "0,125"
    assert markdown("{1/8}", language="ja") == "0.125"
