"""Lessons of one's own: a Markdown file becomes a site, and what is wrong with it is named with its line."""

from __future__ import annotations

import json
import os
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from nonlin.cli import app
from nonlin.errors import NonlinError
from nonlin.lesson import LessonError, demos, render, site
from nonlin.lesson.document import Document
from nonlin.server import create_app
from nonlin.typed_answer import compile_formula

PNG = b"\x89PNG\r\n\x1a\nnot much of a picture"
LESSON = """---
title: Der Knick
lang: de
---

# Ein Netz braucht einen *Knick*

Er sagte "nein" und zog.

:::demo explorer functions=relu z=-1 params=elu.alpha:0.5

![Ein Knick](bilder/knick%20eins.png) und [mehr](mehr.pdf), [Explorer](explorer.html#z=2),
[oben](#ein-netz-braucht-einen-knick), [anderswo](https://example.org/a.png).
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    here = tmp_path / "lesson"
    (here / "bilder").mkdir(parents=True)
    (here / "bilder" / "knick eins.png").write_bytes(PNG)
    (here / "mehr.pdf").write_bytes(b"%PDF")
    (here / "anderes.md").write_text("not asked for")
    (here / "mein.md").write_text(LESSON, "utf-8")
    return here


def lesson(folder: Path, text: str) -> Path:
    path = folder / "mein.md"
    path.write_text(text, "utf-8")
    return path


def build(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["build", *map(str, arguments)])


# -- what is built ----------------------------------------------------------------------------


def test_a_lesson_becomes_a_site_with_all_that_it_shows(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "site"
    done = build(folder / "mein.md", "-o", target)
    assert done.exit_code == 0, done.exception
    html = (target / "index.html").read_text("utf-8")
    assert '<html lang="de">' in html
    assert "<title>Der Knick · nonlin</title>" in html
    assert '<meta name="description" content="Er sagte' in html
    assert "Er sagte „nein“ und zog." in html
    options = re.search(r'data-demo="explorer" data-options="([^"]*)"', html)
    assert options
    assert unescape(options[1]) == '{"functions": ["relu"], "z": -1, "params": {"elu.alpha": 0.5}}'
    assert (target / "bilder" / "knick eins.png").read_bytes() == PNG
    assert (target / "mehr.pdf").exists()
    assert not (target / "anderes.md").exists()
    for name in ("explorer.html", "demo-explorer.html", "data/catalogue.wasm", "licenses.txt"):
        assert (target / name).exists()
    # Our own words on the page are in its language, since nonlin's lesson is there in it, too.
    assert ">Lektion</a>" in html and ' lang="en"' not in html and "languages" not in html
    assert "Fass die Linie" in (target / "explorer.html").read_text("utf-8")
    assert [p.name for p in target.parent.iterdir()] == ["site"]


def test_what_is_not_said_follows_from_the_text(folder: Path) -> None:
    plain = Document.read(lesson(folder, ":::demo explorer\n\n# A `b` *c*\n\nOne\ntwo.\n"))
    assert (plain.title, plain.description, plain.language) == ("A b c", "One two.", "en")
    empty = Document.read(lesson(folder, ""))
    assert (empty.title, empty.description) == ("mein", "")
    long = Document.read(lesson(folder, "word " * 60))
    assert len(long.description) <= 160 and long.description.endswith("word…")
    said = Document.read(
        lesson(folder, "---\ntitle: 'A: b'\ndescription: <c>\n\nlang: pt-BR\n---\n")
    )
    assert (said.title, said.description, said.language) == ("A: b", "<c>", "pt-BR")
    html = site(server=False, lesson=said.path)["index.html"].decode()
    assert 'content="&lt;c&gt;"' in html


def test_the_own_lesson_is_built_the_same_way() -> None:
    html = site(server=False)["index.html"].decode()
    assert "<title>Activation functions · nonlin</title>" in html
    assert '<html lang="en">' in html
    assert html.count(' lang="en"') == 3  # the page's own, its texts', and that of the switch


def test_force_is_needed_among_other_files(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    done = build(folder / "mein.md", "-o", target)
    assert isinstance(done.exception, NonlinError) and "mine.txt" in str(done.exception)
    assert [p.name for p in target.iterdir()] == ["mine.txt"]
    assert build(folder / "mein.md", "-o", target, "--force").exit_code == 0
    assert (target / "mine.txt").read_text() == "mine" and (target / "index.html").exists()


def test_a_wrong_lesson_leaves_an_older_site_as_it_was(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    assert build(folder / "mein.md", "-o", target).exit_code == 0
    before = (target / "index.html").read_bytes()
    done = build(lesson(folder, "# A\n\n:::demo nothing\n"), "-o", target)
    assert isinstance(done.exception, LessonError)
    assert (target / "index.html").read_bytes() == before


# -- what is wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# A\n\n:::demo nothing\n", """mein.md, line 3: ":::demo nothing": there is no demo"""),
        (
            "---\nlang: de\n---\n\n:::demo explorer layer=3\n",
            """mein.md, line 5: ":::demo explorer layer=3": the demo 'explorer' has no setting 'layer': did you mean 'layers'?""",
        ),
        (
            ":::demo explorer z=far",
            """line 1: ":::demo explorer z=far": z of the demo 'explorer' is a number, as 1.2, not 'far'""",
        ),
        (":::demo explorer predict=yes", "is True or False, as False, not 'yes'"),
        (":::demo explorer params=3", "a mapping from names to numbers, not 3"),
        (":::demo explorer functions=reluu", "did you mean relu"),
        ("a\n\nb\n![c](no.png)", "mein.md, line 4: the image 'no.png' is not there"),
        ("| a |\n| - |\n| b |\n| [c](no.pdf) |", "line 4: the link 'no.pdf' is not there"),
        ("![a](../secret.png)", "leads out of the lesson's folder"),
        ("![a](bilder/../../secret.png)", "leads out of the lesson's folder"),
        ("![a](%2e%2e/secret.png)", "leads out of the lesson's folder"),
        ("[a](x/../../secret.png)", "leads out of the lesson's folder"),
        ("![a](/etc/passwd)", "is no path beside the lesson, as"),
        ("![a](bilder%5Cknick.png)", "has a backslash in it"),
        ("![a](https://example.org/a.png)", "lies elsewhere, and a page loads nothing"),
        ("![a](//example.org/a.png)", "lies elsewhere"),
        ("![a](index.html)", "has the name of a file of the site"),
        ("---\ntitle: a\n", "mein.md, line 1: what begins with --- has no second ---"),
        ("---\ntitel: a\n---\n", 'line 2: "titel: a": what may stand here is title, description'),
        ("---\ntitle a\n---\n", 'line 2: "title a": what may stand here'),
        ("---\n\ntitle: a\ntitle: b\n---\n", "line 4: "),
        ("a\nb $x^2$", "line 2: $x^2$: the variable of formulas is z: write z for x; where no"),
        ("$2x = z$", "the variable of formulas is z"),
        ("$$z^2$$", "line 1: $$: two dollar signs mean nothing: write $…$, which"),
        ("a\n\n$$\nz^2\n$$", "line 3: $$: two dollar signs"),
        ("$w_1 z + b$", r"write \$ for a dollar sign, or put the text between backticks"),
        (r"$\sigma(z)$", r"write \$ for a dollar sign, or put the text between backticks"),
        ("costs $5 and $6", r"$5 and $: this is not a formula"),
        (
            "a  \nb\n{a, b}",
            "line 3: {a, b}: 'a, b' is not part of a formula: where no value is meant",
        ),
        (
            "{z}",
            r"has a variable in it: an answer is a number: where no value is meant, write \{ for",
        ),
        ("| a |\n| - |\n| b |\n| {a} |", "line 4: {a}: unknown name 'a'"),
        ("a\n<img src='bilder/knick%20eins.png'>", "line 2: <img is shown as it is typed, as all"),
        ("> see <IMG\n> src=x> and", "line 1: <IMG is shown as it is typed"),
        ("<a href='mehr.pdf'>b</a>", "write ![what is to be seen](pictures/bend.png) or [a link]"),
        (
            "# A\n\nb\n[c](#nope)",
            "line 4: the link '#nope': there is no '#nope' in the page: there are #a",
        ),
        ("# A knee\n\n[c](index.html#a-kne)", "did you mean #a-knee?"),
        ("[c](#z=3)", "'z=3' is no setting of a figure in the page: there is none"),
        (":::demo explorer\n\n[c](#b.z=3)", "'b.z=3' is no setting of a figure in the page: its"),
        (
            ":::demo explorer\n\n[c](#zz=3)",
            "line 3: the link '#zz=3': the demo 'explorer' has no setting 'zz'",
        ),
        ("[c](#exercise-03-1-saturation)", "there is no '#exercise-03-1-saturation' in the page"),
        ("[c](art.html#z=3)", "the demo 'art' has no setting 'z'"),
        ("[c](demo-step.html#z=3)", "the demo 'step' has no setting 'z'"),
        ("[c](anderes.md)", "line 1: the link 'anderes.md' is Markdown, which no browser shows"),
        ("[c](./anderes.md#there)", "is Markdown, which no browser shows"),
        ("---\nlang: Deutsch!\n---\n", "a language is given as en, de or pt-BR"),
    ],
)
def test_mistakes_are_named_with_file_and_line(folder: Path, text: str, said: str) -> None:
    (folder.parent / "secret.png").write_bytes(PNG)
    with pytest.raises(LessonError) as caught:
        site(server=False, lesson=lesson(folder, text))
    assert said in str(caught.value)
    assert str(caught.value).startswith("mein.md, line ")


def test_files_that_cannot_be_read_are_named(folder: Path) -> None:
    for path in (folder / "nowhere.md", folder):
        with pytest.raises(LessonError, match=re.escape(str(path))):
            Document.read(path)
    (folder / "latin.md").write_bytes("Größe".encode("latin-1"))
    with pytest.raises(LessonError, match="not UTF-8"):
        Document.read(folder / "latin.md")


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_a_link_in_the_file_system_leads_nowhere_either(folder: Path) -> None:
    (folder.parent / "secret.png").write_bytes(PNG)
    (folder / "inside.png").symlink_to(folder.parent / "secret.png")
    with pytest.raises(LessonError, match="leads out"):
        site(server=False, lesson=lesson(folder, "![a](inside.png)"))


def test_a_picture_may_stand_in_the_text_itself(folder: Path) -> None:
    path = lesson(folder, "![a](data:image/png;base64,AAAA)")
    assert "data:image/png" in site(server=False, lesson=path)["index.html"].decode()


def test_signs_of_formulas_can_be_written_literally(folder: Path) -> None:
    path = lesson(folder, r"\$5 and \$6, \{a, b}, `$x^2$`, `{a}`, \$\$, $z^2$ and {1/4}")
    html = site(server=False, lesson=path)["index.html"].decode()
    assert "<p>$5 and $6, {a, b}, <code>$x^2$</code>, <code>{a}</code>, $$, <math" in html
    assert "</math> and 0.25</p>" in html


# -- directives -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", demos())
def test_the_defaults_that_are_listed_can_be_written(name: str) -> None:
    settings = demos()[name].settings.values()
    words = [f"{s.name}={s.written}" for s in settings if s.written != ""]
    html = render(f":::demo {name} {' '.join(words)}", demos())
    assert f'data-demo="{name}"' in html
    listed = CliRunner().invoke(app, ["demos", name]).stdout
    assert len(demos()[name].about) > 20 and listed.startswith(f"{name}: {demos()[name].about}")
    for setting in settings:
        assert f"  {setting.name}={setting.written}  ({setting.kind})" in listed


def test_values_are_read_as_their_setting_is() -> None:
    html = unescape(render(":::demo explorer formula=2 view=3,5 functions=relu", demos()))
    assert '{"formula": "2", "view": [3, 5], "functions": ["relu"]}' in html
    # A function's other names are not known to every figure.
    html = unescape(
        render(":::demo step functions=swish,relu\n\n:::demo linearity activation=swish", demos())
    )
    assert '{"functions": ["silu", "relu"]}' in html and '{"activation": "silu"}' in html
    done = CliRunner().invoke(app, ["demos", "explorr"])
    assert "did you mean 'explorer'" in str(done.exception)


@pytest.mark.parametrize("server", [True, False])
@pytest.mark.parametrize(
    ("directive", "said"),
    [
        ("explorer formula=z*tanh(zz)", "unknown name 'zz'"),
        ("explorer formula=z*+", "this is not a formula"),
        ("playground activation=z*zz", "unknown name 'zz'"),
        ("playground activations=relu,z*zz", "unknown name 'zz'"),
        ("art activation=relu,max(z,zz)", "unknown name 'zz'"),
        ("art activation=a*z", "a*z has no value for a: write a number there"),
        (
            "vanishing depth=-3",
            "depth of the demo 'vanishing' is a whole number from 1 to 50, as 10, not -3",
        ),
        ("vanishing depth=2.5", "a whole number from 1 to 50, as 10, not 2.5"),
        ("softmax temperature=0", "is a number from 0.1 to 10, as 1, not 0"),
        (
            "softmax scores=1",
            "is a list of 2 to 6 numbers from -1000 to 1000, as [2, 1, 0.1], not [1]",
        ),
        ("softmax typed=huge", "is one of large, own, as 'large', not 'huge'"),
        ("dying activation=gelu", "is one of relu, leaky_relu, as 'relu', not 'gelu'"),
        ("explorer layers=0", "a whole number from 1 to 100"),
        ("art width=1000", "a whole number from 1 to 128"),
        ("vanishing activation=foo", "there is no activation 'foo'"),
        ("vanishing activation=z*z", "there is no activation 'z*z'"),
        ("vanishing compare=reluu", "did you mean relu"),
        ("linearity activation=foo", "there is no activation 'foo'"),
        ("trace activations=relu,foo", "there is no activation 'foo'"),
        ("zigzag inputs=tanh,foo", "there is no activation 'foo'"),
    ],
)
def test_a_value_that_no_figure_takes_is_an_error(
    folder: Path, server: bool, directive: str, said: str
) -> None:
    path = lesson(folder, f"# A\n\n:::demo {directive}\n")
    with pytest.raises(LessonError) as caught:
        site(server=server, lesson=path)
    assert str(caught.value).startswith(f'mein.md, line 3: ":::demo {directive}": ')
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_formulas_of_a_lesson_come_compiled_with_it(folder: Path) -> None:
    path = lesson(
        folder,
        ":::demo explorer formula=z*tanh(z)\n\n:::demo playground activations=relu,z*tanh(z)\n\n"
        ":::demo explorer formula=a*z\n\n:::demo art activation=max(z,sin(z))\n",
    )
    files = site(server=False, lesson=path)
    formulas = json.loads(files["data/formulas.json"])
    assert list(formulas) == ["z*tanh(z)", "a*z", "max(z,sin(z))"]
    assert json.loads(files["data/catalogue.json"])["formulas"] == list(formulas)
    assert [bool(f.get("engine")) for f in formulas.values()] == [True, False, True]
    assert formulas["z*tanh(z)"] == compile_formula({"formula": "z*tanh(z)", "engine": True})
    assert b'"formulas.json"' in files["data/file.js"]
    # A server compiles them when they are asked for, and a lesson without any has no such file.
    assert "data/formulas.json" not in site(server=True, lesson=path)
    assert "data/formulas.json" not in site(server=False, lesson=lesson(folder, "# A"))


def test_links_to_places_and_states_lead_there(folder: Path) -> None:
    (folder / "steep.toml").write_text(guide(), "utf-8")
    links = [
        "#", "#main", "#a-knee", "#bend", "#explorer3", "#exercise-steep", "#z=3", "#bend.lr=0.1&explorer3.z=2",
        "index.html#a-knee", "explorer.html#z=2&params=elu.alpha:0.5", "art.html#seed=3", "demo-zigzag.html#lr=2",
        "https://example.org/#far", "mehr.pdf#page=2", "explorer.html",
    ]  # fmt: skip
    text = "\n".join(f"[b]({link})" for link in links)
    figures = (
        ":::demo explorer\n\n:::demo zigzag scope=bend\n\n:::demo explorer\n\n:::exercise steep\n\n"
    )
    html = site(server=False, lesson=lesson(folder, f"# A knee\n\n{figures}{text}\n"))[
        "index.html"
    ].decode()
    for place in ("main", "a-knee", "bend", "explorer3", "exercise-steep"):
        assert html.count(f'id="{place}"') == 1
    assert 'id=""' not in html
    # A heading of the same name comes first.
    path = lesson(folder, "# Bend\n\n:::demo explorer scope=bend\n\n[b](#bend) and `<img>`\n")
    assert site(server=False, lesson=path)["index.html"].count(b'id="bend"') == 1


# -- exercises --------------------------------------------------------------------------------


def guide() -> str:
    """The exercise that the guide shows."""
    text = (Path(__file__).parent.parent / "docs" / "lessons.md").read_text("utf-8")
    found = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


def exercises(files: dict[str, bytes], suffix: str = "") -> dict[str, Any]:
    told = json.loads(files[f"data/exercises{suffix}.json"])
    return {each["name"]: each for each in told["exercises"]}


@pytest.mark.parametrize("server", [True, False])
def test_an_exercise_beside_the_lesson_is_put_in(folder: Path, server: bool) -> None:
    (folder / "steep.toml").write_text(guide(), "utf-8")
    (folder / "other.toml").write_text("[no exercise]")
    path = lesson(
        folder, "# A\n\n:::exercise steep\n\n:::exercise 03-1-saturation\n\n:::progress\n"
    )
    files = site(server=server, lesson=path)
    found = exercises(files)
    assert found["steep"]["questions"][0]["answer"] == 0.25
    assert len(found["steep"]["questions"]) == 3 and found["steep"]["lang"] == "en"
    assert "other" not in found and "03-1-saturation" in found
    html = files["index.html"].decode()
    assert '<section class="exercise" id="exercise-steep"' in html and "<h3>How steep?</h3>" in html
    assert "steep.toml" not in files


def test_an_exercise_is_in_the_language_of_its_lesson(folder: Path) -> None:
    (folder / "steep.toml").write_text(guide().replace("How steep?", "Wie steil?"), "utf-8")
    page = "---\nlang: {}\n---\n\n:::exercise steep\n"
    lesson(folder, page.format("de"))
    (folder / "mein.en.md").write_text(page.format("en"))
    files = site(server=False, lesson=folder / "mein.md")
    german, english = exercises(files)["steep"], exercises(files, ".en")["steep"]
    assert (german["title"], german["lang"]) == ("Wie steil?", "de")
    assert german["questions"][0]["right"] == "Yes, 0,25."
    # What nobody has translated is marked as what it is.
    assert (english["title"], english["lang"]) == ("Wie steil?", "de")
    assert english["questions"][0]["right"] == '<span lang="de">Yes, 0,25.</span>'
    (folder / "en").mkdir()
    (folder / "en" / "steep.toml").write_text('title = "How steep?"')
    english = exercises(site(server=False, lesson=folder / "mein.md"), ".en")["steep"]
    assert (english["title"], english["lang"]) == ("How steep?", "en")


def test_an_exercise_brings_its_pictures(folder: Path) -> None:
    shows = "![a](bilder/knick%20eins.png) and [more](mehr.pdf), [here](explorer.html#z=2)"
    text = guide().replace("Look at the *sigmoid* first.", shows)
    (folder / "steep.toml").write_text(text, "utf-8")
    path = lesson(folder, ":::exercise steep\n")
    files = site(server=False, lesson=path)
    assert files["bilder/knick eins.png"] == PNG and "mehr.pdf" in files
    (folder / "steep.toml").write_text(text.replace("eins", "zwei"), "utf-8")
    with pytest.raises(
        LessonError, match=r"^steep.toml: the image 'bilder/knick%20zwei.png' is not"
    ):
        site(server=False, lesson=path)


def test_what_is_wrong_with_an_exercise_of_ones_own_is_told(folder: Path) -> None:
    path = lesson(folder, "# A\n\n:::exercise steep\n")
    with pytest.raises(
        LessonError, match=r"mein.md, line 3: .*; your own is a file beside the les"
    ):
        site(server=False, lesson=path)
    (folder / "steep.toml").write_text(guide().replace('"sigmoid\'(0)"', '"sigmod(0)"'), "utf-8")
    client = TestClient(create_app(files={}, lesson=path), base_url="http://127.0.0.1:8765")
    told = client.get("/")
    assert told.status_code == 500 and told.text.startswith("steep.toml, line 7, question 1: ")
    (folder / "steep.toml").write_bytes("title = 'Größe'".encode("latin-1"))
    with pytest.raises(NonlinError, match=r"steep.toml could not be read"):
        site(server=False, lesson=path)
    (folder / "03-1-saturation.toml").write_text(guide(), "utf-8")
    with pytest.raises(NonlinError, match=r"03-1-saturation.toml has the name of an exercise that"):
        site(server=False, lesson=lesson(folder, ":::exercise 03-1-saturation\n"))


# -- serving it -------------------------------------------------------------------------------


def test_a_lesson_is_read_again_when_its_page_is(folder: Path) -> None:
    path = lesson(folder, "# One\n")
    client = TestClient(create_app(lesson=path), base_url="http://127.0.0.1:8765")
    assert "One" in client.get("/").text
    lesson(folder, "# Two\n\n![a](bilder/knick%20eins.png)\n")
    assert "Two" in client.get("/index.html").text
    assert client.get("/bilder/knick%20eins.png").content == PNG
    lesson(folder, "# Three\n\n:::demo nothing\n")
    wrong = client.get("/")
    assert wrong.status_code == 500
    assert wrong.text.startswith("mein.md, line 3: ")
    assert wrong.headers["content-security-policy"]
    lesson(folder, "# Four\n")
    assert "Four" in client.get("/").text
    assert client.get("/bilder/knick%20eins.png").status_code == 404


def test_a_page_lists_its_sections_where_there_are_several() -> None:
    page = site(server=False)["index.html"].decode()
    made = page[
        page.index('<nav class="contents"') : page.index(
            "</nav>", page.index('<nav class="contents"')
        )
    ]
    body = page[page.index("<main") :]
    for level, name in re.findall(r'<h([23]) id="([^"]+)"', body):
        if level == "2" or name.startswith(("ten-", "all-on")):
            assert f'href="#{name}"' in made, name
    linked = re.findall(r'href="#([^"]+)"', made)
    assert len(linked) > 8
    assert all(f'id="{name}"' in body for name in linked)
    assert made.count("<ol>") == made.count("</ol>") and made.count("<li>") == made.count("</li>")
    assert "<script" not in made and "style=" not in made
    assert "In dieser Lektion" in site(server=False)["index.de.html"].decode()


def test_every_page_begins_with_a_link_past_its_head() -> None:
    pages = {n: p.decode() for n, p in site(server=True).items() if n.endswith(".html")}
    assert len(pages) > 20
    for name, page in pages.items():
        told = "Zum Text" if name.endswith(".de.html") else "To the text"
        start = page[page.index("<body>") : page.index("<body>") + 120]
        assert f'<a class="skip-link" href="#main">{told}</a>' in start, name
        assert page.count('<main id="main"') == 1
