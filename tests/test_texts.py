"""Texts of the interface: what stands in their files, and how values are put into them."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from interface_texts import FREE, LANGUAGES, WEB, pieces, texts

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(
    NODE is None or not (WEB / "node_modules/typescript").is_dir(),
    reason="Node or the packages of web/ are not there: run npm ci in web/",
)

LAYERS = "{n, plural, =0 {none} one {1 layer} other {# layers}}"
ANSWER = "{right, select, true {Yes. } other {}}It is {z}."
NESTED = "{who, select, us {{n, plural, one {we alone} other {# of us}}} other {{n, plural, one {{who}} other {# of {who}, {n}}}}}"
POLISH = "{n, plural, one {# plik} few {# pliki} many {# plików} other {# pliku}}"
FILLED: list[tuple[str, str, dict[str, Any], str]] = [
    ("en", "nothing to put in, # or not", {}, "nothing to put in, # or not"),
    ("en", "{a}{ b }, {a}", {"a": "x{y}", "b": 2}, "x{y}2, x{y}"),
    ("en", "{n}", {"n": 12345.5}, "12345.5"),
    ("en", "{n, number}", {"n": 12345.5}, "12,345.5"),
    ("de", "{ n ,number }", {"n": 12345.5}, "12.345,5"),
    ("en", "of {all, list}.", {"all": ["a", "b", "c"]}, "of a, b, c."),
    ("en", "of {all, list}.", {"all": []}, "of ."),
    ("en", LAYERS, {"n": 0}, "none"),
    ("en", LAYERS, {"n": 1}, "1 layer"),
    ("en", LAYERS, {"n": 2}, "2 layers"),
    ("en", LAYERS, {"n": 1500}, "1,500 layers"),
    ("de", LAYERS, {"n": 1}, "1 layer"),
    ("de", LAYERS, {"n": 1500}, "1.500 layers"),
    ("en", "{n, plural, =1 {just one} one {one} other {#}}", {"n": 1}, "just one"),
    ("en", "{n, plural, one {one} other {#}}", {"n": 0}, "0"),
    ("en", "{n, plural, one {one} other {#}}", {"n": 1.5}, "1.5"),
    ("fr", "{n, plural, one {# couche} other {# couches}}", {"n": 1.5}, "1,5 couche"),
    ("pl", POLISH, {"n": 1}, "1 plik"),
    ("pl", POLISH, {"n": 3}, "3 pliki"),
    ("pl", POLISH, {"n": 12}, "12 plików"),
    ("en", ANSWER, {"right": True, "z": "−1"}, "Yes. It is −1."),
    ("en", ANSWER, {"right": False, "z": "−1"}, "It is −1."),
    ("en", "{k, select, rgb {red} other {{k}}}", {"k": "constructor"}, "constructor"),
    ("en", NESTED, {"who": "us", "n": 1}, "we alone"),
    ("en", NESTED, {"who": "us", "n": 1000}, "1,000 of us"),
    ("en", NESTED, {"who": "them", "n": 1}, "them"),
    ("en", NESTED, {"who": "them", "n": 1000}, "1,000 of them, 1000"),
    ("en", "{n, plural, other {{of, select, a {# a} other {#}}}} #", {"n": 7, "of": "a"}, "7 a #"),
    ("en", "{a, plural, other {{b, plural, other {#}} #}}", {"a": 1, "b": 2}, "2 1"),
    ("en", "{ k , select , a{A}\n b {B} other { C } }", {"k": "b"}, "B"),
]
REFUSED = [
    "{",
    "}",
    "a } b",
    "{}",
    "{a",
    "{a b}",
    "{a.b}",
    "{a, date}",
    "{a, numbers}",
    "{a, number, integer}",
    "{a, list, and}",
    "{a, plural}",
    "{a, plural, }",
    "{a, plural, one {x}}",
    "{a, plural, some {x} other {y}}",
    "{a, plural, =x {x} other {y}}",
    "{a, plural, other {x}",
    "{a, plural, other x}",
    "{a, select, b {x}}",
    "{a, select, other {x}} }",
    "{a, select other {x}}",
]
SCRIPT = """
import { readFileSync } from "node:fs";
import ts from "typescript";
const source = readFileSync("src/messages/format.ts", "utf8");
const script = ts.transpileModule(source, { compilerOptions: { target: "es2023", module: "esnext" } }).outputText;
const { compile } = await import(`data:text/javascript,${encodeURIComponent(script)}`);
const said = JSON.parse(readFileSync(0, "utf8")).map(([language, text, values]) => {
  try { return compile(text, language)(values); } catch (error) { return { error: error.message }; }
});
process.stdout.write(JSON.stringify(said));
"""


def filled(*cases: tuple[str, str, dict[str, Any]]) -> list[Any]:
    """What the pages' own code makes of texts; an error as ``{"error": message}``."""
    assert NODE
    done = subprocess.run(
        [NODE, "--input-type=module", "--eval", SCRIPT],
        cwd=WEB,
        input=json.dumps(cases).encode(),
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    said: list[Any] = json.loads(done.stdout)
    return said


@needs_node
def test_values_are_put_in() -> None:
    said = filled(*(case[:3] for case in FILLED))
    for case, found in zip(FILLED, said, strict=True):
        assert found == case[3], case


@needs_node
def test_what_cannot_be_read_is_an_error_that_says_where() -> None:
    said = filled(*(("en", text, {"a": 1}) for text in REFUSED))
    for text, found in zip(REFUSED, said, strict=True):
        assert "cannot be read" in found["error"] and text in found["error"], text


@needs_node
def test_a_value_that_is_missing_is_an_error() -> None:
    for text in ("{a} and {b}", "{a} {b, plural, other {#}}", "{a} {b, list}", "{a} {b, number}"):
        assert filled(("en", text, {"a": 1})) == [{"error": "a text lacks its b"}]


@needs_node
def test_every_text_can_be_read_by_the_pages() -> None:
    cases = [(code, text, {}) for code in LANGUAGES for text in texts(code).values()]
    errors = [said["error"] for said in filled(*cases) if isinstance(said, dict)]
    assert [error for error in errors if "lacks its" not in error] == []


@needs_node
def test_types_are_up_to_date_and_languages_agree() -> None:
    assert NODE
    done = subprocess.run([NODE, "texts.mjs", "--check"], cwd=WEB, capture_output=True, timeout=120)
    assert (done.returncode, done.stderr.decode()) == (0, "")


def test_languages_have_the_same_texts_with_the_same_values() -> None:
    english = texts("en")
    assert len(english) > 90
    for code in LANGUAGES:
        other = texts(code)
        bound = [{path for path in each if not path.startswith(FREE)} for each in (english, other)]
        assert bound[0] == bound[1]
        for path in bound[0]:
            assert pieces(english[path])[1] == pieces(other[path])[1], (code, path)
