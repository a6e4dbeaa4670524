"""``nonlin bench``: that everybody does the same work, and what becomes of the times. No time is asserted."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import nonlin
from nonlin.bench import FUNCTIONS, PEERS, ROWS, BenchError, Case, Peer, Row, installed, measure
from nonlin.bench import session as session_module
from nonlin.bench.figure import draw, sentence
from nonlin.bench.formulas import evaluate, table, written
from nonlin.bench.timing import alternate
from nonlin.cli import app
from nonlin.errors import NonlinError

SIZE = 512
CASES = [
    *(Case("f", name, SIZE, "float32") for name in FUNCTIONS),
    *(Case(what, name, SIZE, "float32")
      for what in ("derivative", "value_and_derivative", "backward")
      for name in ("relu", "sigmoid", "gelu")),
    *(Case("from_output", name, SIZE, "float32") for name in ("relu", "sigmoid", "elu")),
    *(Case("rows", name, 4000, "float32") for name in ROWS),
    Case("f", "z * tanh(a * z)", SIZE, "float64"),
]  # fmt: skip
CHEAP = [name for name in installed() if name in ("torch", "numpy", "scipy")]


def row(**changes: Any) -> Row:
    times = {"nonlin": (2.0, 1.9, 2.2), "numpy": (4.0, 3.9, 4.1), "torch": (8.0, 7.0, 9.0)}
    plain = {
        "what": "f", "name": "gelu", "size": 4096, "dtype": "float32", "threads": 1, "times": times,
        "others": {}, "copy": 0.1, "relu": 0.2,
    }  # fmt: skip
    return Row(**(plain | changes))


# -- peers ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.name} {c.what}")
@pytest.mark.parametrize("name", CHEAP)
def test_peers_do_the_same(name: str, case: Case) -> None:
    import torch

    enabled, threads = torch.is_grad_enabled(), torch.get_num_threads()
    try:
        work = PEERS[name](1).make(case)
        if work is None:
            assert not (name == "torch" and case.activation.name in FUNCTIONS)
            return
        try:
            result = work()
        except LookupError:  # NumPy has no erf
            assert name == "numpy" and case.name == "gelu"
            return
        assert case.agrees(session_module._plain(result))
        assert case.agrees(session_module._plain(work()))  # the second time as well
    finally:
        torch.set_grad_enabled(enabled)
        torch.set_num_threads(threads)


@pytest.mark.parametrize("name", [n for n in installed() if n not in CHEAP])
def test_the_others_do_the_same(name: str) -> None:
    """Those that compile: one case of each kind."""
    done = 0
    for case in (CASES[2], CASES[5], CASES[11], Case("rows", "softmax", 4000, "float32")):
        work = PEERS[name](1).make(case)
        if work is None:
            continue
        try:
            assert case.agrees(session_module._plain(work())), (case.name, case.what)
            done += 1
        except LookupError:
            assert name == "numexpr" and case.name == "gelu"
    assert done


def test_ours_is_the_function() -> None:
    for case in CASES:
        result = case.ours()()
        assert case.agrees(result), (case.name, case.what)


def test_a_peer_is_one_class() -> None:
    assert len(PEERS) >= 7
    for name, peer in PEERS.items():
        assert peer.name == name and peer.packages and issubclass(peer, Peer)
        missing = [p for p in peer.packages if importlib.util.find_spec(p) is None]
        assert (name in installed()) == (not missing)
        if not missing:
            assert peer.version()[0].isdigit()


def test_other_values_are_not_agreed_to() -> None:
    case = Case("f", "tanh", 1000, "float32")
    right = np.tanh(case.x.astype(np.float64))
    assert case.agrees(right)
    assert case.agrees(right.astype(np.float32))
    for wrong in (right + 1e-3, right[:-1], np.where(right == right.max(), np.nan, right)):
        assert not case.agrees(wrong)
    assert not case.agrees((right, right))


class Wrong(Peer):
    name, packages = "wrong", ("numpy",)

    def make(self, case: Case) -> Any:
        return lambda: np.zeros_like(case.x)


class Right(Peer):
    name, packages = "right", ("numpy",)

    def make(self, case: Case) -> Any:
        return lambda: np.tanh(case.x)


class Broken(Peer):
    name, packages = "broken", ("numpy",)

    def make(self, case: Case) -> Any:
        raise RuntimeError("no luck")


class Lacking(Peer):
    name, packages = "lacking", ("numpy",)

    def make(self, case: Case) -> Any:
        return None


def test_who_is_wrong_is_left_out_and_who_breaks_breaks_nothing() -> None:
    peers = [peer(1) for peer in (Wrong, Right, Broken, Lacking)]
    found = session_module._row(Case("f", "tanh", 100, "float32"), peers, 1, quick=True)
    assert set(found.times) == {"nonlin", "right"}
    assert found.others == {
        "wrong": "it gives other values",
        "broken": "RuntimeError: no luck",
        "lacking": "it has no such function",
    }
    assert found.best == "right" and found.copy > 0 and found.relu > 0
    assert all(low <= middle <= high for middle, low, high in found.times.values())


# -- formulas -------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", nonlin.catalogue)
def test_formulas_are_what_other_libraries_compute(name: str) -> None:
    from scipy import special

    f = nonlin.catalogue[name]
    x = np.linspace(-4, 4, 101)
    operations = table(
        np, erf=special.erf, erfc=special.erfc, Phi=special.ndtr, sigmoid=special.expit
    )
    with np.errstate(all="ignore"):
        got = evaluate(f.expression, x, f.parameters, operations)
    np.testing.assert_allclose(got, f(x), rtol=1e-9, atol=1e-12)


@pytest.mark.skipif("numexpr" not in installed(), reason="numexpr is not installed")
@pytest.mark.parametrize(
    "text", ["z * sigmoid(z)", "where(z > 0.5, softplus(z), -z**3)", "min(z, e)"]
)
def test_formulas_as_text(text: str) -> None:
    import numexpr

    from nonlin.formula import parse

    z = np.linspace(-4, 4, 101)
    got = numexpr.evaluate(written(parse(text), {}), {"z": z})
    np.testing.assert_allclose(got, nonlin.define(text)(z), rtol=1e-12)


# -- timing ---------------------------------------------------------------------------------------
def test_everybody_takes_turns() -> None:
    calls: list[str] = []
    works = {name: (lambda name=name: calls.append(name)) for name in "abc"}
    times = alternate(works, rounds=4, seconds=1e-5)
    assert set(times) == set("abc")
    assert all(0 < t.low <= t.middle <= t.high for t in times.values())
    turns = [name for name, before in zip(calls, ["", *calls], strict=False) if name != before]
    assert min(turns.count(name) for name in "abc") >= 4


# -- a session ------------------------------------------------------------------------------------
def test_a_session() -> None:
    seen: list[tuple[int, str]] = []
    cases = [Case("f", "relu", 256, "float32"), Case("rows", "softmax", 2000, "float64")]
    rows = list(
        measure(
            cases, [1], ["numpy"], quick=True, progress=lambda done, now: seen.append((done, now))
        )
    )
    assert [(r.name, r.size, r.threads) for r in rows] == [("relu", 256, 1), ("softmax", 2000, 1)]
    assert rows[0].best == "numpy" and rows[0].ratio is not None and rows[0].ratio > 0
    assert rows[1].best is None and rows[1].ratio is None
    assert [done for done, _ in seen] == [0, 1] and seen[0][1] == "relu f 256, 1 thread"


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(BenchError, match=r"the measuring process ended: .*nobody"):
        list(measure([Case("f", "relu", 8, "float32")], [1], ["nobody"], quick=True))


# -- what is shown --------------------------------------------------------------------------------
def test_best_and_ratio() -> None:
    assert row().best == "numpy" and row().ratio == 0.5
    assert row(times={"nonlin": (1.0, 1.0, 1.0)}).best is None


def test_the_sentence_counts() -> None:
    slow = row(times={"nonlin": (6.0, 6.0, 6.0), "numpy": (2.0, 2.0, 2.0)})
    alone = row(times={"nonlin": (6.0, 6.0, 6.0)})
    said = sentence([row(), slow, row(), alone])
    assert "in 2 of 3 measurements" in said and "ratio is 0.50" in said
    assert sentence([alone]) == "No peer here does any of this."


@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_figure(form: str, tmp_path: Path) -> None:
    rows = [
        row(name=name, size=size, what=what, threads=threads)
        for name in ("gelu", "a formula that is too long for its place")
        for size in (64, 4096)
        for what in ("f", "backward")
        for threads in (1, 2)
    ]
    data = draw(rows, form, {"numpy": "2.0"})
    path = tmp_path / f"figure.{form}"
    path.write_bytes(data)
    if form == "png":
        assert Image.open(path).size[0] == 1480
    else:
        assert "<svg" in path.read_text()
    assert b"nonlin is quicker than the best peer in 16 of 16" in data


# -- the command ----------------------------------------------------------------------------------
def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["bench", *arguments], catch_exceptions=True)


def test_the_command(tmp_path: Path) -> None:
    path, sheet, figure = (tmp_path / name for name in ("all.json", "all.csv", "figure.svg"))
    done = run(
        "tanh", "z * tanh(z)", "--sizes", "64,1000", "--what", "f,derivative", "--peers", "numpy",
        "--quick", "--json", str(path), "--csv", str(sheet), "--svg", str(figure),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:9:2]] == ["tanh", "z", "tanh", "z"]
    assert "numpy" in lines[1] and "none" in lines[5]
    record = json.loads(path.read_text())
    assert len(record["rows"]) == 8 and set(record["versions"]) == {"nonlin", "numpy"}
    assert {r["best"] for r in record["rows"]} == {"numpy", None}
    assert "<svg" in figure.read_text()
    shown = list(csv.DictReader(sheet.read_text().splitlines()))
    assert [(r["what"], r["function"], r["elements"]) for r in shown] == [
        (r["what"], r["name"], str(r["size"])) for r in record["rows"]
    ]
    for line, r in zip(shown, record["rows"], strict=True):
        assert float(line["nonlin"]) == pytest.approx(r["times"]["nonlin"][0], rel=5e-3)
        assert line["best peer"] == (r["best"] or "")
        assert not r["best"] or float(line["ratio"]) == pytest.approx(r["ratio"], rel=5e-3)


def test_ctrl_c_prints_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    import nonlin.bench

    def some(*_: Any, **__: Any) -> Any:
        yield row()
        raise KeyboardInterrupt

    monkeypatch.setattr(nonlin.bench, "measure", some)
    done = run("gelu", "--what", "f")
    assert done.exit_code == 130
    assert "gelu" in done.stdout and "interrupted" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tanj",), "did you mean tan"),
        (("z +",), "not a formula"),
        (("--what", "speed"), "choose from f, derivative"),
        (("--sizes", "0"), "--sizes takes whole numbers from 1"),
        (("--sizes", "1e3"), "--sizes takes whole numbers"),
        (("--threads", "100000"), "--threads takes whole numbers from 1"),
        (("--dtype", "float16"), "--dtype is float32 or float64"),
        (("--peers", "abacus"), "there is no peer 'abacus': choose from torch"),
        (("softmax", "--what", "f"), "nothing to measure"),
        (("--json", "/nowhere/at/all.json"), "could not be written"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_a_line(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert isinstance(done.exception, NonlinError)
    assert said.casefold() in str(done.exception).casefold()


def test_a_peer_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nonlin.bench.installed", lambda: ["numpy"])
    with pytest.raises(NonlinError, match="torch is not installed: pip install torch"):
        raise run("--peers", "torch").exception
