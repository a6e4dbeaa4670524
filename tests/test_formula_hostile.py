"""Text becomes an expression or a clean error, quickly.

The long run, with as many texts as you like, prints what became of them::

    NONLIN_FORMULAS=100000 pytest tests/test_formula_hostile.py

It also derives and lowers each tenth of as many formulas, which takes most of its time.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nonlin
from formula_texts import (
    ATOMS,
    COMPARISONS,
    FUNCTION_NAMES,
    QUICK,
    VALUES,
    answer,
    formula,
    formulas,
    seconds,
)
from nonlin.errors import FormulaError, NonlinError
from nonlin.expression import Expr
from nonlin.formula import MAX_LENGTH, names_in
from nonlin.ops import FUNCTIONS

BOUND = 5.0
"""Seconds of the processor's time within which a formula is derived and lowered: less than two on a
processor of one's own, but where others share its caches the same work takes twice as long."""
TOTAL = int(os.environ.get("NONLIN_FORMULAS", "0"))
"""Texts in the long run, or 0."""


TOKENS = [
    *FUNCTIONS, *ATOMS, *COMPARISONS, *COMPARISONS, *"+-*/(),()(),()", "**", "**", "-", " ", "\n",
    "exp(", "where(", "max(", "b", "x", "1e999", "64", "65", "**64", "**-2", "z)", "=", "!", ".",
    "_", "//", "<<", "1j", "0x1", "lambda ", " if ", " else ", " for ", " in ", " not ", " and ",
    " is ", " await ", " yield ", "True", "None", "*z", "**z", "a=", "import ", " as ", "e5",
]  # fmt: skip


def mutated(random: Random, size: int) -> str:
    """A formula with a few characters or pieces changed."""
    text = formula(random, size)
    for _ in range(random.choice([1, 1, 2, 4])):
        start = random.randint(0, len(text))
        end = min(len(text), start + random.randint(0, 6))
        match random.choice("dircpssss"):
            case "s":  # one sign, name or number for another of its kind
                kind, others = random.choice([(r"[+*/-]", "+-*/"), (r"\b[z\d]+\b", ATOMS)])
                places = list(re.finditer(kind, text))
                if places:
                    start, end = random.choice(places).span()
                    text = text[:start] + random.choice(others) + text[end:]
            case "d":
                text = text[:start] + text[end:]
            case "i":
                text = text[:start] + random.choice(TOKENS) + text[start:]
            case "r":
                text = text[:start] + random.choice(TOKENS) + text[end:]
            case "c":
                text = text[:start] + text[start:end] * random.randint(2, 40) + text[end:]
            case "p":
                other = random.randint(0, len(text))
                text = text[:start] + text[other : other + 20] + text[start:]
    return text


def pumped(before: str, inner: str, after: str, times: int) -> str:
    """Nested or repeated, as parsers dislike it."""
    return before * times + inner + after * times


def larger(make: Callable[[Random, int], str]) -> st.SearchStrategy[str]:
    """Texts that shrink, and others too large for that, from a seed."""
    seeds = st.integers(0, 2**64).map(Random)
    return st.one_of(
        st.builds(make, st.randoms(use_true_random=False), st.integers(1, 10)),
        st.builds(make, seeds, st.integers(1, 120)),
    )


_soup = st.lists(st.sampled_from(TOKENS), max_size=60).map("".join)
_few = st.lists(st.sampled_from(TOKENS), max_size=4).map("".join)
_turns = st.lists(  # operands and signs by turns, which is a formula as long as brackets match
    st.tuples(st.sampled_from([*ATOMS, *ATOMS, "(z", "z)", "exp(z", "exp(z)", "x"]),
              st.sampled_from([*"+-*/", "**", ",", "<"])),
    max_size=20,
).map(lambda pairs: "".join(a + b for a, b in pairs) + "z")  # fmt: skip
_any = st.characters(exclude_categories=())  # lone surrogates too
HOSTILE: dict[str, st.SearchStrategy[str]] = {
    "valid": larger(formula),
    "tokens": st.one_of(_soup, _turns, st.builds(pumped, _few, _few, _few, st.integers(1, 200))),
    "mutated": larger(mutated),
    "unicode": st.one_of(
        st.text(_any, max_size=80),
        st.text(st.sampled_from("z1. e+-*/(),<>=!_\t\n\rmaxπ²−\0"), max_size=80),
        st.text(_any, min_size=1).map(lambda piece: (piece * MAX_LENGTH)[: MAX_LENGTH + 1]),
    ),
}


@dataclass
class Tally:
    """What became of many texts."""

    counts: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    failed: list[tuple[str, str]] = field(default_factory=list)

    def add(self, what: str, took: float, text: str) -> None:
        self.counts[what] += 1
        self.slowest = max(self.slowest, (took, text))

    def __str__(self) -> str:
        counts = ", ".join(f"{n} {what}" for what, n in sorted(self.counts.items()))
        took, text = self.slowest
        return f"{counts}; the slowest took {1000 * took:.1f} ms: {text!a:.100}"


def examples(count: int) -> settings:
    """The same few examples each time; in the long run others, and more."""
    return settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=not TOTAL,
        suppress_health_check=list(HealthCheck),
    )


def show(capsys: pytest.CaptureFixture[str], name: str, tally: Tally) -> None:
    if TOTAL:
        with capsys.disabled():
            print(f"\n{name}: {tally}")
            for text, why in sorted(tally.failed, key=lambda pair: len(pair[0]))[:20]:
                print(f"  {text!a}\n    {why}")


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Any text at all gets an expression or a clean error, in time."""
    tally = Tally()

    @examples(TOTAL // len(HOSTILE) or 400)
    @given(HOSTILE[kind])
    def run(text: str) -> None:
        result = answer(text)
        took = seconds(text)
        tally.add("parsed" if isinstance(result, Expr) else "refused", took, text)
        assert took < QUICK
        with contextlib.suppress(FormulaError):
            names_in(text)

    try:
        run()
    finally:
        show(capsys, kind, tally)
    assert tally.counts["refused"] and (kind == "unicode" or tally.counts["parsed"])


class Worker:
    """Another process that derives and lowers formulas: no other way to end what takes too long."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs,), daemon=True)
        self.process.start()

    def derive(self, text: str) -> tuple[str, float, str]:
        """What became of a formula, the seconds it took, and why it failed."""
        self.pipe.send(text)
        begun = self.worked()
        while self.worked() - begun < 10 * BOUND:
            if self.pipe.poll(0.2):
                with contextlib.suppress(EOFError):
                    result: tuple[str, float, str] = self.pipe.recv()
                    return result
                break
        self.stop()
        self.start()
        return "failed", 10 * BOUND, "did not end"

    def worked(self) -> float:
        """Seconds of the processor's time, which a busy machine does not stretch; else of the clock's."""
        try:
            words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            return sum(map(int, words[11:13])) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError):
            return time.monotonic()

    def stop(self) -> None:
        self.process.kill()
        self.process.join()


def _work(pipe: Connection) -> None:
    with contextlib.suppress(ImportError):  # there is none on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    _derive("z * tanh(z)")  # imports
    while True:
        pipe.send(_derive(pipe.recv()))


def _derive(text: str) -> tuple[str, float, str]:
    begun = time.process_time()
    what, why = "derived", ""
    try:
        names = {name: VALUES.get(name, 1.0) for name in names_in(text)}
        activation = nonlin.define(text, **names)
        assert all(isinstance(slope, Expr) for slope in activation.slopes)
        assert len(activation.program("pair").outputs) == 2
    except NonlinError:
        what = "refused"
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        what, why = "failed", f"{type(error).__name__}: {error!s:.60} ({place.name}:{place.lineno})"
    took = time.process_time() - begun
    if took > BOUND and what != "failed":
        what, why = "failed", f"took {took:.1f} s"
    return what, took, why


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


def test_hostile_formulas_are_derived(worker: Worker, capsys: pytest.CaptureFixture[str]) -> None:
    """What the parser lets through can be differentiated and lowered, or is refused, in time."""
    tally = Tally()

    @examples(TOTAL // 10 or 150)
    @given(HOSTILE["valid"] if TOTAL else formulas(6))
    def run(text: str) -> None:
        if isinstance(answer(text), FormulaError):
            return
        what, took, why = worker.derive(text)
        tally.add(what, took, text)
        if what == "failed":
            tally.failed.append((text, why))

    run()
    show(capsys, "derived", tally)
    assert tally.counts["derived"] and not tally.failed


def nested(before: str, after: str, times: int = 48) -> str:
    return before * times + "z" + after * times


def joined(sign: str, part: str, times: int) -> str:
    return sign.join(part.format(i) for i in range(1, times + 1))


WORST = {
    **{name: nested(f"{name}(", ")") for name in FUNCTION_NAMES},
    "fractions": nested("1/(z+", ")", 24),
    "quotients": nested("z/(1+", ")", 24),
    "squares": nested("(z+", ")**2", 11),
    "powers": nested("(", ")**z", 48),
    "Horner": nested("z*(1+", ")", 24),
    "branches": nested("where(z<1,", ",z*z)", 48),
    "conditions": nested("where(", "<0,z,1)", 24),
    "maxima": nested("max(-z,1+", ")", 24),
    "product of sums": joined("*", "(z+{})", 46),
    "product of functions": joined("*", "tanh(z+{})", 46),
    "product of branches": joined("*", "where(z<{},z,0)", 46),
    "sum of reciprocals": joined("+", "1/(z+{})", 46),
    "sum of functions": joined("+", "Phi(z+{})", 46),
    "sum of maxima": joined("+", "max(z,{}*z)", 46),
    "numbers": "(1e300*z+7e299)**3/(1e300-3e200/z)**3",
}


FOUND = {  # by the long run, once; each took seconds or did not end
    "a constant far out": "sigmoid(2/(sinh(z)/(-z/(Phi((1.5e-3)**+1*1e300) + z))))",
    "error functions": nested("erf(z+", ")", 12),
    "error functions that cancel": nested("(z-erf(", "))", 10),
    "a power of an error function": (
        "erfc((tanh(exp((cos(Phi((-max(7e2, 12_000/sigmoid(sin(z))) + z) - .25*1e300 - z - e"
        " - Phi((.25 - cos(1.5e-3))/(.25*cosh(e - .25)))/(1 - z)))) + erf(12_000**(1/3)))))**z)"
    ),
    "nested powers and branches": (
        "(sin(-((1/(-(erfc(erfc((abs(1.5e-3)*a-erf(cosh(exp(z/(min(0.5,z))/(((z)**a)**3)))))-"
        "min((1e-300)+((0.5)/sinh((0)-(1)-(exp(1)))),-(a)-(1*(2)+((beta)/(beta)-(2))),0.5))))"
        "**(-1.5)))-(((tanh(2))-(z/(1)))+cosh((((z)+1.5e-3)**z)+(beta))))/-((where(z<z,1e-300"
        ",0.044715))-(cosh(exp(max(((1e-300)*(.25)+(((e/.25)*z)**z/((where(beta<=1,3,1.5e-3))"
        "/(0.044715))))+(.25)+(min(1e-300,z,0.044715)),(Phi(sqrt(cosh(tanh(a)))))**-2"
        f"{',.25' * 29}"
        ",1)/(0.5)))))**(-1.5)))"
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_hostile_found(name: str, worker: Worker) -> None:
    assert isinstance(answer(FOUND[name]), Expr)
    what, _, why = worker.derive(FOUND[name])
    assert what == "derived", why


@pytest.mark.skipif(not TOTAL, reason="part of the long run, NONLIN_FORMULAS=100000")
@pytest.mark.parametrize("name", WORST)
def test_hostile_worst(name: str, worker: Worker) -> None:
    assert isinstance(answer(WORST[name]), Expr)
    what, _, why = worker.derive(WORST[name])
    assert what == "derived", why
