"""Every float32: the polynomials that judge quickly, the compiled comparison, and what is kept of it."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from typer.testing import CliRunner

import nonlin
from nonlin.audit import AuditError, Judge, Tally, audit
from nonlin.audit.balls import Ball, expand
from nonlin.audit.compare import Comparison
from nonlin.audit.inputs import block
from nonlin.audit.judge import Verdict
from nonlin.audit.polynomials import DEGREE, GUARD, LEAST, Piece, check, pieces
from nonlin.audit.results import Results, write_page
from nonlin.audit.run import _Work
from nonlin.audit.tally import count
from nonlin.audit.units import unit
from nonlin.cli import app
from nonlin.compiler.program import lower
from nonlin.errors import NonlinError
from nonlin.formula import parse
from nonlin.oracle import accurate

SOME = [
    "tanh",
    "silu",
    "gelu",
    "relu",
    "leaky_relu",
    "golu",
    "square",
    "softsign",
    "sqnl",
    "exponential",
]


@lru_cache(None)
def cut_of(name: str, what: str = "value") -> tuple[Judge, list[Piece]]:
    judge = Judge(nonlin.catalogue[name], what, "float32")
    return judge, pieces(judge)


def kernel_of(name: str, what: str) -> Callable[[Any], Any]:
    f = nonlin.catalogue[name]
    return f if what == "value" else f.derivative


# -- power series in balls ------------------------------------------------------------------------
FORMULAS = [
    "z * tanh(exp(z))", "sigmoid(z) - z**3 / 7", "log(1 + z**2) * sqrt(z + 3)", "sin(z) * cos(2 * z)",
    "erf(z) + erfc(z / 2)", "Phi(z) * z", "atan(z) / (1 + abs(z))", "softplus(z)**2", "expm1(z) * log1p(z)",
    "sinh(z) - cosh(z / 3)", "1 / cosh(z)**2", "(z + 2)**(7 / 5)", "where(z < 2, max(z, 1 / 9), -z)",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("centre", [0.75, 1.3125])
def test_coefficients_are_those_of_taylor(text: str, centre: float) -> None:
    expr = parse(text)
    start, step = Ball(np.array([centre]), np.array([0.0])), np.array([0.5])
    found = expand(lower([expr], []), start, step, 6)
    with mpmath.workdps(60):
        want = mpmath.taylor(lambda t: accurate(expr, centre + t / 2, {}, 2500), 0, 6)
    assert len(found) <= 7
    for k, c in enumerate(want):
        m, r = (float(v[0]) for v in found[k]) if k < len(found) else (0.0, 0.0)
        assert abs(c - m) <= r + 1e-25, (k, c, m, r)
        assert r < 1e-10 * max(1.0, *map(abs, map(float, want)))


@pytest.mark.parametrize("text", FORMULAS)
def test_coefficients_over_an_interval_hold_those_at_its_numbers(text: str) -> None:
    program, step = lower([parse(text)], []), np.array([0.25])
    wide = expand(program, Ball(np.array([1.0]), np.array([0.125])), step, 5)
    for x in np.linspace(0.875, 1.125, 7):
        point = expand(program, Ball(np.array([x]), np.array([0.0])), step, 5)
        for a, b in zip(wide, point, strict=True):
            assert abs(a.m - b.m) <= a.r + b.r


def test_nothing_is_known_around_a_kink() -> None:
    program = lower([parse("max(z, 1)")], [])
    over = Ball(np.array([1.0, 2.0]), np.array([0.5, 0.5]))
    found = expand(program, over, np.array([0.5, 0.5]), 3)
    assert np.isnan(found[1].r).tolist() == [True, False]


# -- the cut --------------------------------------------------------------------------------------
@pytest.mark.parametrize("what", ["value", "derivative"])
@pytest.mark.parametrize("name", SOME)
def test_pieces_cover_the_line(name: str, what: str) -> None:
    _, cut = cut_of(name, what)
    assert cut[0].start == 0 and cut[-1].stop == 1 << 32
    assert all(a.stop == b.start for a, b in zip(cut, cut[1:], strict=False))
    lost = sum(p.stop - p.start for p in cut if p.unknown)
    assert lost < 200 * LEAST  # next to nothing of 2**32
    assert all(len(p.coefficients) in (0, DEGREE + 1) for p in cut)


@pytest.mark.parametrize("what", ["value", "derivative"])
@pytest.mark.parametrize("name", nonlin.catalogue)
def test_polynomials_are_within_their_bounds(name: str, what: str) -> None:
    judge, cut = cut_of(name, what)
    check(judge, cut, 6, seed=len(name))


def test_bounds_hold_at_both_ends_of_every_piece() -> None:
    """By the enclosures of the judge, which are narrower than nearly all bounds."""
    for name in ("tanh", "gelu", "golu", "softsign"):
        judge, cut = cut_of(name)
        for piece in cut:
            if piece.coefficients:
                bits = np.array([piece.start, piece.stop - 1], dtype=np.uint32)
                z = bits.view(np.float32).astype(np.float64)
                verdict, value = judge(z), piece(z)
                assert (value - piece.bound <= verdict.high).all()
                assert (value + piece.bound >= verdict.low).all()


@pytest.mark.parametrize("slip", [1e-9, -1e-9])
def test_a_wrong_polynomial_is_caught(slip: float) -> None:
    judge, cut = cut_of("tanh")
    wrong = [
        Piece(p.start, p.stop, p.centre, p.step, (p.coefficients[0] * (1 + slip), *p.coefficients[1:]), p.bound)
        for p in cut if any(p.coefficients[1:])
    ]  # fmt: skip
    check(judge, cut, 20)
    with pytest.raises(AuditError, match=r"the polynomial for tanh \(value\) is wrong at z = "):
        check(judge, wrong, 20)


# -- the comparison -------------------------------------------------------------------------------
@pytest.mark.parametrize("what", ["value", "derivative"])
@pytest.mark.parametrize("name", nonlin.catalogue)
def test_the_comparison_says_what_the_judge_says(name: str, what: str) -> None:
    judge, cut = cut_of(name, what)
    known = [piece for piece in cut if not piece.unknown]
    kernel, rng, doubts, inputs = kernel_of(name, what), np.random.default_rng(3), 0, 0
    for i in rng.choice(len(known), min(12, len(known)), replace=False).tolist():
        piece = known[i]
        start = int(rng.integers(piece.start, max(piece.stop - 500, piece.start) + 1))
        x = block("float32", start, min(start + 500, piece.stop))
        y = kernel(x)
        found = Comparison.of(piece, x, y)
        sure = np.ones(x.size, dtype=bool)
        sure[found.doubts] = False
        doubts, inputs = doubts + found.doubts.size, inputs + x.size
        want = judged(judge, x[sure], y[sure])
        assert found.misrounded == want.misrounded and want.signs == 0
        assert abs(found.error - want.error) <= 2 / GUARD  # both are upper bounds
    assert doubts < 0.3 * inputs


def judged(judge: Judge, x: Any, y: Any) -> Tally:
    if not x.size:
        return Tally()
    with np.errstate(all="ignore"):
        z, got = x.astype(np.float64), y.astype(np.float64)
        truth = judge(z)
    return count(z, got, truth, "float32")


def test_doubts_are_what_the_polynomial_cannot_tell() -> None:
    judge, cut = cut_of("tanh")
    piece = next(p for p in cut if p.start <= 0x3F000000 < p.stop)  # from 1/2
    x = block("float32", 0x3F000000, 0x3F000000 + 1000)
    y = judge(x.astype(np.float64)).right.astype(np.float32)
    clean = Comparison.of(piece, x, y)
    assert clean.misrounded == 0 and clean.error <= 0.5 + 1e-6 and not clean.doubts.size
    y[[5, 100, 101, 102, 999]] = [math.nan, math.inf, -0.0, 1.0, y[999] + 2.0**-23]
    changed = Comparison.of(piece, x, y)
    assert changed.doubts.tolist() == [5, 100, 101, 102, 999]
    y[7] = np.nextafter(y[7], np.float32(0))
    one = Comparison.of(piece, x, y)
    error = abs(float(y[7]) - math.tanh(float(x[7]))) / 2.0**-25
    if error < 0.999:
        assert (
            one.misrounded == 1 and one.worst == 7 and one.error == pytest.approx(error, abs=1e-6)
        )
    else:
        assert 7 in one.doubts.tolist()


def test_a_result_beside_the_nearest_is_counted_where_it_is() -> None:
    """One whole block a float off wherever that is less than a unit: the tally is the judge's."""
    judge, cut = cut_of("silu")
    piece = next(p for p in cut if p.start <= 0x40000000 < p.stop)
    x = block("float32", 0x40000000, 0x40000000 + 4096)
    verdict = judge(x.astype(np.float64))
    right = verdict.right.astype(np.float32)
    toward = np.where(verdict.low > verdict.right, np.float32(np.inf), np.float32(-np.inf))
    y = right.copy()
    y[::3] = np.nextafter(right, toward)[::3]
    found = Comparison.of(piece, x, y)
    sure = np.setdiff1d(np.arange(x.size), found.doubts)
    want = judged(judge, x[sure], y[sure])
    assert found.misrounded == want.misrounded > 1000
    assert found.error == pytest.approx(want.error, abs=1e-4)
    assert want.worst is not None and float(x[found.worst]) == want.worst.z


@pytest.mark.parametrize("sign", [1, -1])
def test_ties_and_borders_of_binades_are_right(sign: int) -> None:
    """The identity's polynomial is exact, so every distance can be set up at will."""
    base = 0x3F800000 if sign > 0 else 0xBF800000
    piece = Piece(base, base + (1 << 22), sign * 1.25, 0.25, (sign * 1.25, 0.25, *[0.0] * 8), 0.0)
    x = block("float32", base, base + 8)
    y = x.copy()
    y[0] = np.nextafter(y[0], np.float32(0))  # half a unit of 1's from 1, and not the nearest
    found = Comparison.of(piece, x, y)
    assert found.doubts.tolist() == [0] and found.misrounded == 0 and found.error == 0
    shifted = Piece(
        base,
        base + (1 << 22),
        sign * 1.25,
        0.25,
        (sign * (1.25 + 2.0**-24), 0.25, *[0.0] * 8),
        0.0,
    )
    assert Comparison.of(shifted, x, x).doubts.tolist() == list(range(8))  # all of them ties


def test_the_last_few_of_a_block_are_left_to_the_judge() -> None:
    _, cut = cut_of("tanh")
    piece = next(p for p in cut if p.start <= 0x3F000000 < p.stop)
    x = block("float32", 0x3F000000, 0x3F000000 + 21)
    found = Comparison.of(piece, x, nonlin.tanh(x))
    assert found.doubts.tolist() == list(range(16, 21))


# -- whole audits, of parts of the line -----------------------------------------------------------
def tally_of(name: str, what: str, kernel: Any, start: int, stop: int) -> tuple[Tally, Tally]:
    """By polynomials, and by the judge alone."""
    import threading

    judge, cut = cut_of(name, what)
    with np.errstate(all="ignore"):
        quick = _Work(judge, kernel, None, cut).run(start, stop, threading.Event())
        slow = _Work(judge, kernel, None, []).run(start, stop, threading.Event())
    assert quick is not None and slow is not None
    return quick, slow


@pytest.mark.parametrize("what", ["value", "derivative"])
@pytest.mark.parametrize("name", ["tanh", "silu", "gelu", "relu", "golu"])
@pytest.mark.parametrize(
    "start", [0, 0x3F7FF000, 0x42AE0000, 0x7F7FC000, 0x80000000, 0xBF340000, 0xC1A00000]
)
def test_tallies_agree(name: str, what: str, start: int) -> None:
    quick, slow = tally_of(name, what, kernel_of(name, what), start, start + 40_000)
    assert quick.inputs == slow.inputs == 40_000
    assert (quick.misrounded, quick.signs) == (slow.misrounded, slow.signs)
    assert quick.error == pytest.approx(slow.error, abs=1e-3)


@pytest.mark.parametrize(
    ("z", "value"),
    [(0.75, 0.7), (0.75, math.nan), (-3.0, -1.0), (30.0, math.inf), (2.0**-140, 0.0), (-30.0, 1.0),
     (1e30, 0.9999999)],
)  # fmt: skip
def test_one_wrong_result_is_found_where_it_is(z: float, value: float) -> None:
    place = np.float32(z)

    def kernel(x: Any) -> Any:
        y = nonlin.tanh(x)
        y[x == place] = value
        return y

    at = int(place.view(np.uint32))
    quick, slow = tally_of("tanh", "value", kernel, max(at - 3000, 0), at + 3000)
    assert quick.worst is not None and slow.worst is not None
    assert quick.worst.z == slow.worst.z == float(place)
    assert quick.error == slow.error and quick.misrounded == slow.misrounded


def test_a_zero_of_the_wrong_sign_is_found() -> None:
    def kernel(x: Any) -> Any:
        return np.abs(nonlin.silu(x))

    start = int(np.float32(-200).view(np.uint32))
    quick, slow = tally_of("silu", "value", kernel, start, start + 5000)
    assert quick.signs == slow.signs == 5000 and quick.sign == slow.sign


def test_an_exhaustive_audit_uses_polynomials(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    whole = Judge.__call__

    def counted(judge: Judge, z: Any) -> Verdict:
        seen.append(z.size)
        return whole(judge, z)

    def stop(done: int, total: int) -> None:
        if done >= 1 << 24:
            raise KeyboardInterrupt

    monkeypatch.setattr(Judge, "__call__", counted)
    report = audit(nonlin.leaky_relu, "derivative", exhaustive=True, progress=stop, checks=4)
    assert report.planned == 1 << 32 and not report.complete
    assert report.tally.inputs >= 1 << 24 and sum(seen) < 1000
    assert report.tally.error <= 0.5 and unit(np.array([1.0]), "float32")[0] == 2.0**-23


# -- what is kept ---------------------------------------------------------------------------------
def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["audit", *arguments], catch_exceptions=True)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """An exhaustive audit in which every number was tried in no time; what was asked for."""
    import nonlin.audit

    real, asked = nonlin.audit.audit, list[tuple[str, str]]()

    def quick(f: Any, what: str, dtype: str, **options: Any) -> Any:
        import dataclasses

        if not options["exhaustive"]:
            return real(f, what, dtype, **options)
        asked.append((f.name, what))
        report = real(f, what, dtype, samples=2000, checks=0, workers=1)
        tally = dataclasses.replace(report.tally, inputs=1 << 32)
        return dataclasses.replace(report, tally=tally, planned=1 << 32)

    monkeypatch.setattr(nonlin.audit, "audit", quick)
    return asked


def test_results_are_kept_and_taken_up_again(tmp_path: Path, short: list[tuple[str, str]]) -> None:
    table, page = tmp_path / "audit.csv", tmp_path / "audit.md"
    first = run("tanh", "--exhaustive", "--value", "--results", str(table), "--page", str(page))
    assert first.exit_code == 0 and short == [("tanh", "value")]
    again = run("tanh", "gelu", "--exhaustive", "--results", str(table), "--page", str(page))
    assert again.exit_code == 0
    assert short == [
        ("tanh", "value"),
        ("tanh", "derivative"),
        ("gelu", "value"),
        ("gelu", "derivative"),
    ]
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [(row["function"], row["part"]) for row in rows] == [
        ("tanh", "f"), ("tanh", "f'"), ("gelu", "f"), ("gelu", "f'")
    ]  # fmt: skip
    shown = page.read_text()
    lines = [line for line in shown.splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| tanh", "| gelu"]
    assert "--exhaustive --results" in shown and lines[2].count("|") == lines[0].count("|")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["audit.csv", "audit.md"]


def test_stale_rows_are_found_again_and_not_shown(
    tmp_path: Path, short: list[tuple[str, str]]
) -> None:
    table, page = tmp_path / "audit.csv", tmp_path / "audit.md"
    run("tanh", "relu", "--exhaustive", "--value", "--results", str(table))
    rows = list(csv.DictReader(table.read_text().splitlines()))
    table.write_text(table.read_text().replace(rows[0]["digest"], "0" * 20))
    kept = Results(table)
    assert kept.get(nonlin.tanh, "value") is None and kept.get(nonlin.gelu, "value") is None
    found = kept.get(nonlin.relu, "value")
    assert found is not None and found.complete and found.tally.error == 0
    write_page(page, kept, [nonlin.tanh, nonlin.relu])
    assert "| relu |" in page.read_text() and "tanh" not in page.read_text()
    run("tanh", "relu", "--exhaustive", "--value", "--results", str(table))
    assert short == [("tanh", "value"), ("relu", "value"), ("tanh", "value")]
    assert Results(table).get(nonlin.tanh, "value") is not None


def test_what_is_kept_comes_back_whole(tmp_path: Path) -> None:
    from nonlin.audit import Miss, Report

    tally = Tally(1 << 32, 0.1 + 0.2, Miss(1e-45, math.inf, -0.0), 7, 3, Miss(-0.0, 0.0, -0.0), 5)
    table = tmp_path / "a.csv"
    Results(table).put(nonlin.tanh, Report("tanh", "value", "float32", tally, 1 << 32, 0.0))
    found = Results(table).get(nonlin.tanh, "value")
    assert (
        found is not None and found.tally.error == tally.error and found.tally.worst == tally.worst
    )
    assert (found.tally.misrounded, found.tally.signs, found.tally.settled) == (7, 3, 5)
    assert found.tally.sign is not None and math.copysign(1, found.tally.sign.z) == -1
    assert not found.passed


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "{}", "\0", "function,part\ntanh,f\n"])
def test_another_file_holds_no_results(tmp_path: Path, text: str) -> None:
    path = tmp_path / "audit.csv"
    path.write_text(text)
    with pytest.raises(AuditError, match="has no results of an audit"):
        Results(path)


def test_places_that_cannot_be_written(short: list[tuple[str, str]]) -> None:
    done = run("tanh", "--exhaustive", "--value", "--results", "/nowhere/at/all.csv")
    assert isinstance(done.exception, NonlinError) and "could not be written" in str(done.exception)


def test_samples_of_float64_are_kept_until_more_are_asked_for(tmp_path: Path) -> None:
    table, page = tmp_path / "audit.csv", tmp_path / "audit.md"
    command = ("tanh", "--value", "--results", str(table), "--page", str(page))
    assert run(*command, "--samples", "3000").exit_code == 0
    kept = Results(table)
    found = kept.get(nonlin.tanh, "value", "float64", 3000)
    assert found is not None and found.complete and found.tally.inputs >= 3000
    assert kept.get(nonlin.tanh, "value", "float64", 10_000) is None
    assert kept.get(nonlin.tanh, "value", "float32") is None
    before = table.read_text()
    run(*command, "--samples", "2000")
    assert table.read_text() == before
    run(*command, "--samples", "10000")
    assert Results(table).get(nonlin.tanh, "value", "float64", 10_000) is not None
    shown = page.read_text()
    assert "--samples 10000" in shown and "Every float32" not in shown


def test_a_page_of_both_formats(tmp_path: Path, short: list[tuple[str, str]]) -> None:
    table, page = tmp_path / "audit.csv", tmp_path / "audit.md"
    run("tanh", "--exhaustive", "--value", "--results", str(table))
    run("relu", "--samples", "2000", "--results", str(table), "--page", str(page))
    shown = page.read_text().split("## ")
    assert [part.splitlines()[0] for part in shown[1:]] == ["Every float32", "A sample of float64"]
    assert "| tanh |" in shown[1] and "| relu |" in shown[2] and "tanh" not in shown[2]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--exhaustive", "-p", "alpha=2", "elu"), ("--exhaustive", "--dtype", "float16,float32"),
        ("--dtype", "float32"), ("--dtype", "float64,float16"), ("-p", "alpha=2", "elu"),
    ],
)  # fmt: skip
def test_results_are_of_long_audits_at_the_defaults(arguments: tuple[str, ...]) -> None:
    done = run("--results", "a.csv", *arguments)
    assert isinstance(done.exception, NonlinError) and "--results keeps" in str(done.exception)
