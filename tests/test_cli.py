"""The command line, as a person and as a script use it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import nonlin
from nonlin import server
from nonlin.cli import app
from nonlin.errors import NonlinError
from nonlin.lesson import POLICY, LessonError, export, render
from nonlin.plot import png, scene, terminal


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, arguments, catch_exceptions=True)


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The real program, as it is started from a shell."""
    return subprocess.run(
        [sys.executable, "-m", "nonlin", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
    )


# -- list and show ----------------------------------------------------------------------------


def test_list_names_every_function_once_a_line() -> None:
    lines = run("list").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == list(nonlin.catalogue)
    assert "\x1b" not in "".join(lines)


def test_list_as_json() -> None:
    rows = json.loads(run("list", "--json").stdout)
    assert [row["name"] for row in rows] == list(nonlin.catalogue)
    assert {"formula", "parameters", "aliases", "summary"} <= set(rows[0])


def test_show_tells_formula_slope_properties_and_draws() -> None:
    done = run("show", "swish", "--width", "90")
    assert done.exit_code == 0
    for part in ("SiLU", "silu(z) = z * sigmoid(z)", "silu′(z) = ", "Range", "minimum", "━━ silu"):
        assert part in done.stdout
    assert any(0x2800 < ord(c) < 0x2900 for c in done.stdout)
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("width", [40, 60, 100])
def test_show_keeps_to_the_width(width: int) -> None:
    lines = run("show", "leaky_relu", "--width", str(width)).stdout.splitlines()
    assert max(len(line) for line in lines if "http" not in line) <= width


def test_show_takes_parameters() -> None:
    done = run("show", "leaky_relu", "-p", "negative_slope=0.3")
    assert "negative_slope = 0.3" in done.stdout
    assert "0.3" in done.stdout.split("Limits")[0].split("Range")[0]


def test_show_takes_a_formula_and_its_names_are_parameters() -> None:
    done = run("show", "where(z > 0, z, a * z)", "--parameter", "a=0.25")
    assert "a = 0.25" in done.stdout
    assert "b = 1" in run("show", "b * z").stdout


def test_show_says_where_a_parameter_has_its_value_from() -> None:
    assert "a = 1  (as nothing else was said: -p a=2 makes it 2)" in run("show", "a*z").stdout
    assert "nothing else" not in run("show", "a*z", "-p", "a=2").stdout
    assert "nothing else" not in run("show", "leaky_relu").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    for arguments in (["art", "--settings", "relu"], ["list"]):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [sys.executable, "-m", "nonlin", *arguments], stdout=write, stderr=subprocess.PIPE
        )
        os.close(write)
        assert done.returncode != 2 and done.stderr == b""


def test_show_draws_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "gelu.png"
    assert run("show", "gelu", "--png", str(path)).exit_code == 0
    assert Image.open(path).size == (960, 595)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sigmoyd",), "did you mean sigmoid"),
        (("tanh", "-p", "a=1"), "tanh has no parameter 'a'"),
        (("elu", "-p", "alpha"), "not of the form NAME=NUMBER"),
        (("elu", "-p", "alpha=nan"), "not of the form NAME=NUMBER"),
        (("z * x",), "two variables"),
        (("z * hello",), "unknown name"),
        (("relu", "--png", "/nowhere/at/all.png"), "could not be written"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments: tuple[str, ...], said: str) -> None:
    done = run("show", *arguments)
    assert isinstance(done.exception, NonlinError)
    assert said.casefold() in str(done.exception).casefold()


def test_a_wrong_formula_is_shown_with_a_caret_and_status_2() -> None:
    done = command("show", "z * tanj(z)")
    assert done.returncode == 2
    assert done.stderr.startswith("nonlin: ")
    formula, caret = done.stderr.splitlines()[-2:]
    assert formula[caret.index("^") :].startswith("tanj")
    assert "Traceback" not in done.stderr


def test_a_terminal_without_unicode_gets_ascii() -> None:
    done = command("show", "step", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "* step   . step'" in done.stdout


def test_version_and_help() -> None:
    assert nonlin.__version__ in run("--version").stdout
    for word in ("export", "list", "show", "--no-browser", "--port"):
        assert word in run("--help").stdout


# -- serving ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ((), ("127.0.0.1", None, True, None)),
        (("--no-browser", "--port", "0"), ("127.0.0.1", 0, False, None)),
        (("--host", "::1", "--port", "9000"), ("::1", 9000, True, None)),
        (("--lesson", "mine.md"), ("127.0.0.1", None, True, Path("mine.md"))),
    ],
)
def test_bare_nonlin_serves(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], given: tuple[Any, ...]
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(
        server,
        "serve",
        lambda host, port, open_browser, lesson: calls.append((host, port, open_browser, lesson)),
    )
    assert run(*arguments).exit_code == 0
    assert calls == [given]


def test_a_port_that_is_taken_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(*_: Any, **__: Any) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(server, "serve", taken)
    done = run("--port", "80")
    assert done.exit_code == 2
    assert "port 80: Address already in use" in done.stderr


# -- export -----------------------------------------------------------------------------------


def test_export_is_a_whole_site(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "site"
    done = run("export", str(target))
    assert done.exit_code == 0, done.exception
    html = (target / "index.html").read_text("utf-8")
    assert '<meta name="nonlin-server" content="no">' in html
    portable = POLICY.replace("worker-src 'self'", "worker-src 'self' blob:")
    assert portable.replace("'", "&#x27;") in html
    assert "<script>" not in html
    assert "<style" not in html
    assert "style=" not in html
    assert (target / "data" / "catalogue.wasm").read_bytes()[:4] == b"\0asm"
    assert {p.name for p in tmp_path.iterdir()} == {"deep"}
    assert [p.name for p in target.parent.iterdir()] == ["site"]
    assert run("export", str(target)).exit_code == 0


SITE = {"index.html": b"new", "assets/a.js": b"1"}


def test_export_replaces_what_it_wrote_and_only_that(tmp_path: Path) -> None:
    target = tmp_path / "site"
    target.mkdir()
    export({"index.html": b"old", "assets/old.js": b"0"}, target)
    export(SITE, target)
    assert (target / "index.html").read_bytes() == b"new"
    assert not (target / "assets" / "old.js").exists()

    (target / "CNAME").write_text("mine")
    (target / ".git").mkdir()
    (target / ".git" / "HEAD").write_text("mine")
    with pytest.raises(NonlinError, match=r"other files \(.git/HEAD, CNAME\)"):
        export({"index.html": b"newer"}, target)
    assert (target / "index.html").read_bytes() == b"new"
    export({"index.html": b"newer"}, target, force=True)
    assert (target / "index.html").read_bytes() == b"newer"
    assert not (target / "assets" / "a.js").exists()
    assert (target / "CNAME").read_text() == (target / ".git" / "HEAD").read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_export_trusts_no_list_of_files_that_leads_elsewhere(tmp_path: Path) -> None:
    outside = tmp_path / "precious"
    outside.write_text("mine")
    target = tmp_path / "site"
    target.mkdir()
    names = ["../precious", str(outside), "a/../../precious"]
    (target / "nonlin-site.json").write_text(json.dumps({"files": names}))
    (target / "foreign").write_text("mine")
    export(SITE, target, force=True)
    assert outside.read_text() == (target / "foreign").read_text() == "mine"


def test_export_into_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine")
    with pytest.raises(NonlinError, match="is a file"):
        export(SITE, tmp_path / "site", force=True)


def test_a_failed_export_leaves_things_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "site"
    export(SITE, target)
    real = Path.rename

    def full(self: Path, to: Path) -> Path:
        if to == target and not self.name.endswith(".old"):
            raise OSError(28, "No space left on device")
        return real(self, to)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(NonlinError, match="No space left"):
        export({"index.html": b"newer"}, target)
    assert (target / "index.html").read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


# -- lessons ----------------------------------------------------------------------------------


def test_directives_become_demos() -> None:
    html = render(
        "# A\n\nWords.\n:::demo explorer functions=relu view=-4,4 params=elu.alpha:0.5\n"
        "More.\n\n:::demo explorer z=1.5 predict=true\n\n:::demo explorer scope=last\n",
        ["explorer"],
    )
    assert '<h1 id="a">A</h1>' in html
    assert (
        'data-options="{&quot;functions&quot;: [&quot;relu&quot;], &quot;view&quot;: [-4, 4], '
        '&quot;params&quot;: {&quot;elu.alpha&quot;: 0.5}}">'
    ) in html
    assert '{&quot;z&quot;: 1.5, &quot;predict&quot;: true}" data-scope="explorer2"' in html
    assert 'data-scope="last"' in html
    assert html.index("Words.") < html.index("data-demo") < html.index("More.")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (":::demo", "the name of the demo is missing"),
        (":::figure explorer", "the directives are"),
        (":::demo explorrer", "no demo called 'explorrer', only explorer"),
        (":::demo explorer relu", "'relu' is not option=value"),
        (":::demo explorer z=1 z=2", "z is given twice"),
        (":::demo explorer functions=reluu", "no activation 'reluu'"),
    ],
)
def test_a_wrong_directive_is_named_with_its_line(line: str, why: str) -> None:
    with pytest.raises(LessonError) as caught:
        render(f"# A\n\n{line}\n", ["explorer"], source="a.md")
    assert str(caught.value).startswith(f'a.md, line 3: "{line}": ')
    assert why in str(caught.value)


def test_html_in_a_lesson_is_shown_and_not_obeyed() -> None:
    html = render("<script>alert(1)</script>\n\n[a](javascript:alert)", ())
    assert "<script" not in html
    assert "href" not in html


# -- plots ------------------------------------------------------------------------------------


def text_of(name: str, width: int = 60, **options: Any) -> list[str]:
    lines = terminal(scene(nonlin.catalogue[name]), width, **options)
    return ["".join(text for text, _ in line) for line in lines]


def test_no_line_is_drawn_across_a_jump() -> None:
    curve = scene(nonlin.catalogue["step"]).curves[0]
    assert [set(ys) for _, ys in curve.pieces] == [{0.0}, {1.0}]
    pole = scene(nonlin.define("z / (1 - z)")).curves[0]
    assert len(pole.pieces) >= 2
    smooth = scene(nonlin.define("tanh(30*z)"))
    assert len(smooth.curves[0].pieces) == 1


@pytest.mark.parametrize("name", list(nonlin.catalogue))
def test_every_function_can_be_drawn(name: str) -> None:
    lines = text_of(name)
    assert max(map(len, lines)) <= 60
    assert "━━" in lines[-1]
    drawn = scene(nonlin.catalogue[name])
    assert drawn.y[0] < drawn.y[1]
    assert np.isfinite(drawn.y).all()


@pytest.mark.parametrize("formula", ["log(z)", "sqrt(z - 100)", "z - z", "5", "exp(exp(z))"])
def test_functions_without_values_everywhere_are_drawn_where_they_have_them(formula: str) -> None:
    drawn = scene(nonlin.define(formula))
    assert terminal(drawn, 40)
    assert Image.open(io.BytesIO(png(drawn, formula, width=320))).size == (320, 198)


def test_plain_plots_are_ascii() -> None:
    assert all(line.isascii() for line in text_of("gelu", plain=True))
