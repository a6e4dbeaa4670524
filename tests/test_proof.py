"""Proofs: what is true is accepted, what is false is refused with a point that shows it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nonlin.errors import FormulaError
from nonlin.formula import parse
from nonlin.lesson.wasm_python import archive, modules
from nonlin.proof import answer, answer_text, check_proof, check_step
from nonlin.proof.compare import compare
from nonlin.proof.exact import same_function
from nonlin.proof.reading import read, split
from nonlin.proof.shape import shape

START, GOAL = "tanh(z)", "2*sigmoid(2*z) - 1"

# -- reading what people type -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2z", "2*z"),
        ("2x + 1", "2*z + 1"),
        ("2(z+1)", "2*(z+1)"),
        ("(z+1)(z-1)", "(z+1)*(z-1)"),
        ("z(z+1)", "z*(z+1)"),
        ("z e^z", "z*exp(z)"),
        ("e^z", "exp(z)"),
        ("e**z", "exp(z)"),
        ("e^-2z", "exp(-2*z)"),
        ("e^−z", "exp(-z)"),
        ("e^{-2z}", "exp(-2*z)"),
        ("e^(z+1)z", "exp(z+1)*z"),
        ("e^z^2", "exp(z**2)"),
        ("2e^z", "2*exp(z)"),
        ("2e3", "2000"),
        ("e^2 z", "exp(2)*z"),
        ("e⁻²", "exp(-2)"),
        ("e^2z/(1+e^2z)", "exp(2*z)/(1+exp(2*z))"),
        ("exp(-2z)", "exp(-2*z)"),
        ("σ(2z)", "sigmoid(2*z)"),
        ("2σ(2z) − 1", "2*sigmoid(2*z) - 1"),
        ("2·σ(z)×3", "2*sigmoid(z)*3"),
        ("tanh x", "tanh(z)"),
        ("tanh 2z", "tanh(2*z)"),
        ("Tanh(z)", "tanh(z)"),
        ("ln(z)", "log(z)"),
        ("[1 + e^z]²", "(1 + exp(z))**2"),
        ("z^2", "z**2"),
        ("z^-1", "z**(-1)"),
        ("3tanh(z)^2", "3*tanh(z)**2"),
        ("√(z)", "sqrt(z)"),
        ("π z", "pi*z"),
        ("zσ(z)", "z*sigmoid(z)"),
        ("2πz", "2*pi*z"),
        ("σ(z)σ(-z)", "sigmoid(z)*sigmoid(-z)"),
        ("z tanh(z)", "z*tanh(z)"),
        ("1/2z", "1/2*z"),
        ("1 ÷ z", "1/z"),
    ],
)
def test_notation_that_people_type(typed: str, meant: str) -> None:
    assert shape(read(typed)) == shape(parse(meant))


@pytest.mark.parametrize(
    ("typed", "at", "message"),
    [
        ("2σ(z", 2, "never closed"),
        ("2z + foo(z)", 5, "unknown function 'foo'"),
        ("z + y", 4, "unknown name 'y'"),
        ("x + z", 0, "two variables"),
        ("2z +* 3", 4, "not a formula"),
        ("e^2z $ 1", 5, "no meaning"),
        ("__import__('os')", 11, "no meaning"),
        ("lambda: 1", 6, "no meaning"),
        ("z.real", 0, "dotted"),
        ("", None, "empty"),
        ("z" * 400, 300, "400 characters"),
        ("9^9^9^9", 4, "a plain number"),
    ],
)
def test_errors_point_at_what_was_typed(typed: str, at: int | None, message: str) -> None:
    with pytest.raises(FormulaError, match=message) as caught:
        read(typed)
    if at is not None:
        assert caught.value.position == at
        assert caught.value.formula in ("", typed)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("z", ["z"]),
        ("= z", ["z"]),
        ("a = b = c", ["a", "b", "c"]),
        (
            "where(z >= 0, z, 0) = where(z == 0, 1, 2)",
            ["where(z >= 0, z, 0)", "where(z == 0, 1, 2)"],
        ),
    ],
)
def test_a_line_may_be_a_chain(line: str, parts: list[str]) -> None:
    found = split(line)
    assert [text.strip() for text, _ in found] == parts
    assert all(line[at:].startswith(text) for text, at in found)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="zx2eσ()+-*/^= .,tanhsigmoidp√²[]", max_size=40))
def test_no_text_is_too_odd(text: str) -> None:
    step = check_step("z", text)
    assert step.verdict in {"equal", "repeated", "different", "undefined", "error", "empty"}
    if step.position is not None:
        assert 0 <= step.position <= len(text)


# -- deciding -----------------------------------------------------------------------------------

EQUAL = [
    ("tanh(z)", "(e^z - e^-z)/(e^z + e^-z)"),
    ("tanh(z)", "(1 - e^-2z)/(1 + e^-2z)"),
    ("tanh(z)", "(e^2z - 1)/(e^2z + 1)"),
    ("tanh(z)", "1 - 2/(e^2z + 1)"),
    ("tanh(z)", "2/(1 + exp(-2z)) - 1"),
    ("tanh(z)", "2σ(2z) - 1"),
    ("tanh(z)", "sinh(z)/cosh(z)"),
    ("tanh(z)", "expm1(2z)/(expm1(2z) + 2)"),
    ("σ(z)", "1 - σ(-z)"),
    ("σ(z)(1 - σ(z))", "e^-z/(1 + e^-z)^2"),
    ("σ(z)", "(1 + tanh(z/2))/2"),
    ("1 - tanh(z)^2", "1/cosh(z)^2"),
    ("cosh(z)^2 - sinh(z)^2", "1"),
    ("z σ(z)", "z - z σ(-z)"),
    ("softplus(z)", "ln(1 + e^z)"),
    ("softplus(z) - softplus(-z)", "z"),
    ("exp(z/3)^3", "e^z"),
    ("e^(z+1)", "e e^z"),
    ("(z+1)^3", "z^3 + 3z^2 + 3z + 1"),
]


@pytest.mark.parametrize(("a", "b"), EQUAL)
def test_equal_lines_are_proved_equal(a: str, b: str) -> None:
    assert compare(read(a), read(b)).kind in {"exact", "identities"}


def test_rational_functions_of_exponentials_are_decided_exactly() -> None:
    decided = [same_function(read(a), read(b)) for a, b in EQUAL]
    assert decided.count(True) >= len(EQUAL) - 1  # softplus(z) - softplus(-z) = z is no such thing
    assert same_function(read("e^z"), read("e^z + 1e-200")) is False


def test_what_is_only_tried_says_so() -> None:
    step = check_step("max(z, 0)", "(z + abs(z))/2")
    assert (step.verdict, step.method) == ("equal", "points")
    assert "no proof" in step.message and "40 points" in step.message


@pytest.mark.parametrize(
    ("a", "b", "z", "which"),
    [
        ("z/z", "1", "0", "the line before has no value"),
        ("z", "z^2/z", "0", "this one has no value"),
        ("log(z^2)", "2 log(z)", "−1", "this one has no value"),
        ("sqrt(z)^2", "z", "−1", "the line before has no value"),
    ],
)
def test_a_difference_of_domains_is_told(a: str, b: str, z: str, which: str) -> None:
    step = check_step(a, b)
    assert step.verdict == "equal"
    assert f"at z = {z} {which}" in step.message


@pytest.mark.parametrize(
    "line", ["1/(z - z)", "log(-1 - z^2)", "sqrt(-1 - z^2)", "tanh(z)/(σ(z) - σ(z))"]
)
def test_what_has_no_value_anywhere_is_told(line: str) -> None:
    step = check_step("z", line)
    assert step.verdict == "undefined"
    assert "no value" in step.message


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("tanh(z)", "(e^-z - e^z)/(e^z + e^-z)", "minus the line before"),
        ("σ(z)", "1/(1 + e^z)", "−z in place of z"),
        ("tanh(z)", "2σ(z) - 1", "factor of 2 inside a function"),
        ("σ(z)", "1/(1 + e^-2z)", "factor of 2 inside a function"),
        ("tanh(z)", "(e^z - e^-z)/(2(e^z + e^-z))", "off by a factor of 2"),
        ("cosh(z)", "e^z + e^-z", "off by a factor of 2"),
        ("tanh(z)", "2σ(2z)", "line before plus 1"),
        ("tanh(z)", "(e^z + e^-z)/(e^z - e^-z)", "upside down"),
    ],
)
def test_feedback_speaks_to_the_slip(before: str, after: str, told: str) -> None:
    step = check_step(before, after)
    assert step.verdict == "different"
    assert told in step.message


def test_a_counterexample_is_round_and_shows() -> None:
    step = check_step("tanh(z)", "2σ(z) - 1")
    assert (step.z, step.before, step.after) == ("1", "0.762", "0.462")
    assert step.message.startswith("At z = 1 the line before is 0.762, and this one is 0.462.")
    assert check_step("abs(z)", "z").z == "−1"
    assert check_step("log(z)", "log(z) + z - 2").z == "1"  # not at 0, where neither has a value
    far = check_step("z", "z + 1e-9")
    assert far.before != far.after


# -- whole proofs ---------------------------------------------------------------------------------

LINES = [
    "(e^z - e^-z)/(e^z + e^-z)",
    "(1 - e^-2z)/(1 + e^-2z)",
    "(2 - (1 + e^-2z))/(1 + e^-2z)",
    "2/(1 + e^-2z) - 1",
    "2σ(2z) − 1",
]


def verdicts(lines: list[str], wrong: tuple[str, ...] = ()) -> tuple[list[str], str]:
    found = check_proof(START, GOAL, lines, wrong)
    return [line["verdict"] for line in found["lines"]], found["state"]


def test_a_proof_is_finished_where_the_goal_stands() -> None:
    assert verdicts(LINES) == (["equal"] * 5, "done")
    assert verdicts(LINES[:4]) == (["equal"] * 4, "open")
    assert verdicts([*LINES[:4], "-1 + σ(z*2)*2"])[1] == "done"  # the same, written otherwise
    assert verdicts([" = ".join(LINES)]) == (["equal"], "done")
    assert verdicts(["tanh(z) = " + " = ".join(LINES)]) == (["equal"], "done")
    assert verdicts([LINES[0], "", "= " + LINES[4]]) == (["equal", "empty", "equal"], "done")


def test_the_goal_alone_is_no_proof() -> None:
    for shortcut in ([GOAL], ["tanh(z) + 0", GOAL], ["tanh(z)*cosh(z)/cosh(z)", GOAL],
                     ["2(σ(2z) - 1/2)", GOAL], ["σ(2z) + σ(2z) - 1", GOAL]):  # fmt: skip
        found = check_proof(START, GOAL, shortcut)
        assert found["state"] == "short", shortcut
        assert "in between" in found["message"]


def test_a_line_that_goes_nowhere_is_told() -> None:
    found = check_proof(START, GOAL, [LINES[0], "tanh(z)", LINES[0]])
    assert [line["verdict"] for line in found["lines"]] == ["equal", "repeated", "repeated"]
    assert "the beginning again" in found["lines"][1]["message"]
    assert verdicts([LINES[0], "(-e^-z + e^z)/(e^-z + e^z)"])[0] == ["equal", "repeated"]


def test_a_false_line_is_passed_over() -> None:
    found = check_proof(
        START, GOAL, [LINES[0], "2σ(z) - 1", LINES[3], LINES[4]], ["2σ(2z)", "2σ(z)-1"]
    )
    assert [line["verdict"] for line in found["lines"]] == ["equal", "different", "equal", "equal"]
    assert found["lines"][1]["known"] == 1
    assert found["state"] == "done"


def test_a_false_part_of_a_chain_is_named() -> None:
    step = check_step(START, f"{LINES[0]} = e^z - e^-z = {GOAL}")
    assert step.verdict == "different"
    assert "“e^z - e^-z”" in step.message


@pytest.mark.parametrize(
    ("start", "goal", "lines", "verdicts"),
    [
        ("z", "2z", ["sqrt(-z^2)", "2z"], ["undefined", "different"]),
        ("sqrt(z)", "-sqrt(z)", ["sqrt(-z)", "-sqrt(z)"], ["undefined", "different"]),
        ("tanh(z)", "sinh(z)", ["tanh(z) + sqrt(-z^2)", "sinh(z)"], ["undefined", "different"]),
        ("z", "abs(z)", ["sqrt(z)^2", "abs(z)"], ["equal", "different"]),
    ],
)
def test_lines_without_values_are_no_bridge(
    start: str, goal: str, lines: list[str], verdicts: list[str]
) -> None:
    """Two functions that each equal a third where that has a value need not be equal."""
    proof = check_proof(start, goal, lines)
    assert [line["verdict"] for line in proof["lines"]] == verdicts
    assert proof["state"] == "open"
    if verdicts[0] == "equal":
        assert "At z = −1 the beginning is −1, and this is 1." in proof["lines"][1]["message"]


def test_lines_are_typeset() -> None:
    found = check_proof(START, GOAL, ["2/(1 + e^-2z) - 1", "a = 1"])
    assert found["lines"][0]["math"].startswith("<math")
    assert "<mfrac>" in found["lines"][0]["math"]
    assert found["lines"][1]["math"] == ""
    assert check_step("z", "z*z/z = z + 0").math.count("<mo>=</mo>") == 1


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (None, "not of the form"),
        ([], "not of the form"),
        ({"start": "z", "lines": []}, "goal: text"),
        ({"start": "z", "goal": 1, "lines": []}, "goal: text"),
        ({"start": "z", "goal": "z", "lines": "z"}, "not a list"),
        ({"start": "z", "goal": "z", "lines": [1]}, "lines: text"),
        ({"start": "z", "goal": "z", "lines": ["z"] * 41}, "too many"),
        ({"start": "z", "goal": "z", "lines": ["z" * 1001]}, "1000 characters"),
        ({"start": "z", "goal": "z", "lines": [], "more": 1}, "unknown part"),
        ({"start": "z +", "goal": "z", "lines": []}, "not a formula"),
    ],
)
def test_odd_requests_are_answered(request_: Any, message: str) -> None:
    assert message in answer(request_)["error"]["message"]


HOSTILE = [
    "((((z+1)^64+1)^64+1)^64+1)^64",
    "exp(exp(exp(exp(exp(z)))))",
    "(1+e^z)^64*(1+e^(2z))^64*(1+e^(3z))^64",
    "*".join(f"(e^({i}z)+{i}+z)" for i in range(1, 20)),
    "+".join(f"1/(e^({i}z)+{i})" for i in range(1, 15)),
    "sin(exp(exp(z)))^64",
    "z^64^64",
    "tanh(" * 49 + "z" + ")" * 49,
]


@pytest.mark.parametrize("line", HOSTILE)
def test_nothing_hangs(line: str) -> None:
    start = time.perf_counter()
    answer({"start": "tanh(z)", "goal": GOAL, "lines": [line, line + " + 1"]})
    assert time.perf_counter() - start < 8


# -- at random --------------------------------------------------------------------------------------
#
# A formula is text with two readings: ours, and mpmath's through Python's own parser.

_WAYS = [
    # Rewritings of a part a (all of them identities), as text.
    ("tanh({a})", "(1 - 2/(exp(2*({a})) + 1))"),
    ("tanh({a})", "(2*sigmoid(2*({a})) - 1)"),
    ("tanh({a})", "(sinh({a})/cosh({a}))"),
    ("sigmoid({a})", "(1/(1 + exp(-({a}))))"),
    ("sigmoid({a})", "((1 + tanh(({a})/2))/2)"),
    ("sigmoid({a})", "(1 - sigmoid(-({a})))"),
    ("exp({a})", "(1/exp(-({a})))"),
    ("exp({a})", "(exp(({a})/2)**2)"),
    ("exp({a})", "(cosh({a}) + sinh({a}))"),
    ("sinh({a})", "((exp({a}) - exp(-({a})))/2)"),
    ("cosh({a})", "((exp({a}) + exp(-({a})))/2)"),
]
_NUMBERS = st.sampled_from(["1", "2", "3", "-1", "1/2", "2/3", "-3/2", "0.1"])
_INNER = st.sampled_from(["z", "2*z", "-z", "z/2", "3*z - 1", "z + 1", "-2*z"])


@st.composite
def pairs(draw: Any, depth: int = 3) -> tuple[str, str]:
    """A formula, and the same one rewritten."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        kind = draw(st.integers(0, 3))
        if kind == 0:
            n = draw(_NUMBERS)
            return f"({n})", f"({n})"
        if kind == 1:
            return "z", "z"
        before, after = draw(st.sampled_from(_WAYS))
        if draw(st.booleans()):
            before, after = after, before
        inner = draw(_INNER)
        return before.format(a=inner), after.format(a=inner)
    (a, a2), (b, b2) = draw(pairs(depth - 1)), draw(pairs(depth - 1))
    way = draw(st.integers(0, 6))
    match way:
        case 0:
            return f"({a} + {b})", f"({b2} + {a2})"
        case 1:
            return f"({a} - {b})", f"(-({b2}) + {a2})"
        case 2:
            return f"({a}*{b})", f"({b2}*{a2})"
        case 3:
            return f"({a}*({b} + 1))", f"({a2}*{b2} + {a2})"
        case 4:
            return f"({a}/(2 + {b}**2))", f"({a2}*3/(6 + 3*{b2}*{b2}))"
        case 5:
            return f"(({a} + {b})*({a} - {b}))", f"({a2}**2 - {b2}**2)"
        case _:
            return f"(({a} + {b})**2)", f"({a2}**2 + 2*{a2}*{b2} + {b2}**2)"


def mp_value(formula: str, z: Fraction) -> Any:
    """By mpmath alone: numbers as mpf, functions as mpmath has them."""
    with mpmath.workdps(60):
        text = re.sub(r"\d+(\.\d+)?", lambda m: f"mpf('{m[0]}')", formula)
        names = {n: getattr(mpmath, n) for n in ("exp", "tanh", "sinh", "cosh", "mpf")}
        names["sigmoid"] = lambda x: 1 / (1 + mpmath.exp(-x))
        return eval(
            text, {"__builtins__": {}}, names | {"z": mpmath.mpf(z.numerator) / z.denominator}
        )


_QUICK = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@_QUICK
@given(pairs())
def test_random_identities_are_accepted(pair: tuple[str, str]) -> None:
    a, b = pair
    assume(len(a) <= 300 and len(b) <= 300)
    step = check_step(a, b)
    assert step.verdict in {"equal", "repeated"}, (a, b, step.message)


@_QUICK
@given(
    pairs(),
    st.sampled_from(["{a} + 1", "2*({a})", "-({a})", "({a})*z", "{a} + z/1000", "({a})**2"]),
)
def test_random_perturbations_are_refused_with_a_true_counterexample(
    pair: tuple[str, str], change: str
) -> None:
    a, b = pair
    b = change.format(a=b)
    assume(len(a) <= 300 and len(b) <= 300)
    places = [Fraction(3, 7), Fraction(-9, 5), Fraction(13, 8)]
    apart = any(abs(mp_value(a, z) - mp_value(b, z)) > 1e-25 for z in places)
    step = check_step(a, b)
    if not apart:  # the change happened to change nothing, as 2 times 0 does
        assert step.verdict in {"equal", "repeated"}
        return
    assert step.verdict == "different", (a, b, step)
    z = Fraction(step.z.replace("−", "-"))
    for told, formula in ((step.before, a), (step.after, b)):
        digits = re.sub(
            r"⁻|⁰|¹|²|³|⁴|⁵|⁶|⁷|⁸|⁹", lambda m: "-0123456789"["⁻⁰¹²³⁴⁵⁶⁷⁸⁹".index(m[0])], told
        )
        said = mpmath.mpf(digits.replace("−", "-").replace(" × 10", "e"))
        true = mp_value(formula, z)
        assert abs(said - true) <= abs(true) * mpmath.mpf("0.006"), (formula, told, true)
    assert step.before != step.after


# -- the same elsewhere -------------------------------------------------------------------------------

PROBE = """
import sys
for blocked in ("numpy", "sympy", "llvmlite", "ml_dtypes", "nonlin.activation"):
    sys.modules[blocked] = None
sys.path.insert(0, sys.argv[1])
from nonlin.proof import answer_text
import nonlin
assert nonlin.__file__ is None, nonlin.__file__
sys.stdout.buffer.write(answer_text(sys.stdin.buffer.read().decode()).encode())
"""


def test_the_archive_runs_without_numpy_and_answers_the_same(tmp_path: Path) -> None:
    place = tmp_path / "nonlin.zip"
    place.write_bytes(archive())
    request = {
        "start": START,
        "goal": GOAL,
        "lines": [*LINES, "2σ(z)", "max(z, 0)", "z +"],
        "wrong": [],
    }
    text = json.dumps(request)
    command = [sys.executable, "-I", "-S", "-c", PROBE, str(place)]
    run = subprocess.run(command, input=text.encode(), capture_output=True, timeout=120)
    assert run.returncode == 0, run.stderr.decode()
    assert json.loads(run.stdout) == json.loads(answer_text(text))


def test_the_archive_holds_what_is_needed_and_no_more() -> None:
    names = {path.as_posix() for path in modules()}
    assert {"formula.py", "proof/lines.py", "rewrites/__init__.py", "oracle.py"} <= names
    assert not names & {"__init__.py", "activation.py", "server.py", "describe.py"}
    first, again = archive(), archive()
    assert first == again
    assert len(first) < 600_000
    import io

    with zipfile.ZipFile(io.BytesIO(first)) as opened:
        inside = set(opened.namelist())
    assert "mpmath/LICENSE" in inside
    assert not [n for n in inside if "/tests/" in n]
