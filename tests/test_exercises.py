"""Exercises: every solution passes, every wrong turn fails with its own words, and files say what is wrong."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mpmath
import pytest
from starlette.testclient import TestClient

import nonlin
from nonlin.errors import FormulaError
from nonlin.lesson.answers import exact, tolerance
from nonlin.lesson.exercises import ExerciseError, exercise_html, read, read_folder
from nonlin.lesson.inline import markdown
from nonlin.lesson.markdown import LessonError, render
from nonlin.lesson.site import site
from nonlin.proof import check_proof
from nonlin.proof.exact import same_algebra
from nonlin.proof.reading import read as read_line
from nonlin.server import create_app
from nonlin.workers import Crowded, Pool, TooSlow

EXERCISES = read_folder()
QUESTIONS = [
    pytest.param(question, exercise, i, id=f"{exercise.name}-{i + 1}")
    for exercise in EXERCISES.values()
    for i, question in enumerate(exercise.data["questions"])
]


def of_kind(kind: str) -> list[Any]:
    return [p for p in QUESTIONS if p.values[0]["kind"] == kind]  # type: ignore[index]


# -- every exercise ------------------------------------------------------------------------------


def test_the_lessons_five_exercises_are_there() -> None:
    assert list(EXERCISES) == [
        "03-1-saturation", "03-2-by-hand", "03-3-tanh", "03-4-three-layers", "03-5-hard-edges",
    ]  # fmt: skip
    assert {p.values[0]["kind"] for p in QUESTIONS} == {"number", "choice", "proof"}  # type: ignore[index]


def test_answers_that_the_lesson_states() -> None:
    """Against NumPy-side code and mpmath, neither of which works the exercises out."""
    answers = {
        name: [q["answer"] for q in e.data["questions"] if q["kind"] == "number"]
        for name, e in EXERCISES.items()
    }
    near = pytest.approx
    steep = float(nonlin.sigmoid.derivative(5.0))
    assert answers["03-1-saturation"] == near([steep, steep, 1.0, 0.0], rel=1e-12)
    assert round(steep, 5) == 0.00665
    assert answers["03-2-by-hand"] == near([0.5, 0.7310585786300049, 0.2689414213699951])
    assert answers["03-4-three-layers"] == near([0.008, 0.25**3])
    assert answers["03-5-hard-edges"] == [0.0]


@pytest.mark.parametrize(("question", "exercise", "index"), of_kind("number"))
def test_a_wrong_number_has_its_own_feedback(question: Any, exercise: Any, index: int) -> None:
    taken = [(question["answer"], question["tolerance"])]
    taken += [(w["value"], w["tolerance"]) for w in question["wrong"]]
    for i, (a, near) in enumerate(taken):
        assert near > 0
        for b, other in taken[i + 1 :]:
            assert abs(a - b) > near + other, (a, b)
    said = [question["right"], *(w["feedback"] for w in question["wrong"] if "feedback" in w)]
    assert all(len(text) > 10 for text in said)
    own = len(exercise_source(exercise.name)["question"][index].get("wrong", []))
    assert own >= 1
    assert len(set(said[: own + 1])) == own + 1


def exercise_source(name: str) -> Any:
    import tomllib

    folder = Path(__file__).resolve().parent.parent / "exercises"
    return tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))


@pytest.mark.parametrize(("question", "exercise", "index"), of_kind("choice"))
def test_a_wrong_choice_has_its_own_feedback(question: Any, exercise: Any, index: int) -> None:
    right = [o for o in question["options"] if o["correct"]]
    wrong = [o for o in question["options"] if not o["correct"]]
    assert (len(right) == 1) != question["several"]
    assert wrong
    assert all(o["feedback"] for o in wrong)
    assert len({o["feedback"] for o in wrong}) == len(wrong)
    assert len({o["text"] for o in question["options"]}) == len(question["options"])


def test_the_right_choice_is_not_always_the_first() -> None:
    """Where a reader sees it; in the files it is. The order is the same in every language."""
    places = []
    for param in of_kind("choice"):
        question, exercise, index = param.values
        assert sorted(question["order"]) == list(range(len(question["options"])))
        german = read_folder(language="de")[exercise.name].data["questions"][index]
        assert german["order"] == question["order"] == read_again(exercise.name, index)
        places.append([question["options"][i]["correct"] for i in question["order"]].index(True))
    assert places.count(0) <= len(places) // 2
    assert len(set(places)) >= 3


def read_again(name: str, index: int) -> Any:
    return read_folder()[name].data["questions"][index]["order"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_is_said_to_a_right_answer_does_not_say_right_once_more(language: str) -> None:
    """The page says it already, as the first word."""
    again = re.compile(
        r"(yes|right|exactly|that is it|ja|richtig|genau|das ist es)\b", re.IGNORECASE
    )
    for exercise in read_folder(language=language).values():
        for question in exercise.data["questions"]:
            said = re.sub(r"<[^>]+>", "", question["right"]).strip()
            assert not again.match(said) or said.startswith(("Exactly 1:", "Genau 1:")), said


def test_no_exercise_leads_to_a_place_that_shows_its_answer() -> None:
    for exercise in EXERCISES.values():
        asked = json.dumps([q["ask"] for q in exercise.data["questions"]], ensure_ascii=False)
        places = re.findall(r"[#&]z=(-?[\d.]+)", exercise.data["prompt"])
        for place in places:
            assert f"</em> = {place.replace('-', '−')}" not in asked, (exercise.name, place)


@pytest.mark.parametrize(("question", "exercise", "index"), of_kind("proof"))
def test_a_proof_can_be_done_and_each_false_line_is_known(
    question: Any, exercise: Any, index: int
) -> None:
    wrong = [w["line"] for w in question["wrong"]]
    start, goal = question["start"], question["goal"]
    solution = list(exercise.solutions[index])
    found = check_proof(start, goal, solution, wrong)
    assert found["state"] == "done"
    assert {line["verdict"] for line in found["lines"]} == {"equal"}
    assert {line["method"] for line in found["lines"]} == {"exact"}
    for i, line in enumerate(wrong):
        step = check_proof(start, goal, [line], wrong)["lines"][0]
        assert (step["verdict"], step["known"]) == ("different", i)
        assert step["z"] and step["before"] != step["after"]
        for other in wrong[i + 1 :]:
            assert not same_algebra(read_line(line), read_line(other))
    assert len({w["feedback"] for w in question["wrong"]}) == len(wrong)


def test_every_question_helps() -> None:
    for param in QUESTIONS:
        question: Any = param.values[0]
        assert question["hints"], param.id
        assert question["ask"] and question["right"]
        shown = json.dumps(question, ensure_ascii=False)
        for left in ("{", "$", "**"):
            assert left not in question["ask"] + question["right"], (param.id, left)
        assert "NaN" not in shown and "Infinity" not in shown


def test_links_lead_to_pages_that_there_are() -> None:
    pages = site(server=True)
    told = json.dumps([e.data for e in EXERCISES.values()], ensure_ascii=False)
    links = re.findall(r'href=\\"([^"\\#]*)', told)
    assert links
    assert [link for link in links if link not in pages] == []


# -- numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("sigmoid'(5)", mpmath.mpf("0.00664805667079003")),
        ("sigmoid(-1) + sigmoid(1)", 1),
        ("relu'(0)", 0),  # the convention
        ("leaky_relu'(-3)", mpmath.mpf("0.01")),
        ("relu(relu(-2) + 3)", 3),
        ("sigmoid''(0)", 0),
        ("swish(0)", 0),  # an alias
        ("0.2**3", mpmath.mpf("0.008")),
        ("exp(-1) * 2", mpmath.mpf("0.735758882342885")),
        ("step'(0.3)", 0),
    ],
)
def test_values_of_formulas(formula: str, value: Any) -> None:
    assert abs(exact(formula) - value) < 1e-14


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("sigmoid'(z)", "has a variable"),
        ("nothing'(1)", "no function called nothing"),
        ("sigmoid'''(1)", "too many primes"),
        ("sigmoid'(5", "never closed"),
        ("log(0)", "no finite value"),
        ("1 +", "not a formula"),
        ("__import__('os')", "no meaning"),
    ],
)
def test_formulas_that_are_no_answer(formula: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        exact(formula)


def test_two_digits_are_enough_and_exact_ones_are_wanted_exactly() -> None:
    steep = float(exact("sigmoid'(5)"))
    for typed in (0.0066, 0.0067, 0.00665, 1 / 150):
        assert abs(typed - steep) <= tolerance(steep)
    for typed in (0.006, 0.007, 0.0064, 0.0665, -0.0066):
        assert abs(typed - steep) > tolerance(steep)
    assert abs(0.0045e-2 - float(exact("sigmoid'(10)"))) <= tolerance(float(exact("sigmoid'(10)")))
    assert abs(0.99 - 1.0) > tolerance(1.0)
    assert abs(0.01 - 0.0) > tolerance(0.0)


def test_texts_are_markdown_with_formulas_and_values() -> None:
    assert markdown("{sigmoid'(5)}") == "0.00665"
    assert markdown("{sigmoid'(10):2} *z*") == "4.5 × 10⁻⁵ <em>z</em>"
    assert markdown("<script>") == "&lt;script&gt;"
    html = markdown("$tanh(z) = 2σ(2z) - 1$")
    assert html.startswith("<math") and html.count("<mo>=</mo>") == 1
    assert "javascript" not in markdown("[x](javascript:alert)") or "href" not in markdown(
        "[x](javascript:alert)"
    )


# -- mistakes in a file ------------------------------------------------------------------------------

GOOD = """title = "Steep"
prompt = "Look."

[[question]]
kind = "number"
ask = "How steep?"
answer = "sigmoid'(5)"
right = "Yes."

  [[question.wrong]]
  answer = "sigmoid(5)"
  feedback = "That is the height."

[[question]]
kind = "choice"
ask = "Why?"
right = "Yes."

  [[question.option]]
  text = "This."
  correct = true

  [[question.option]]
  text = "That."
  feedback = "No."

[[question]]
kind = "proof"
ask = "Show it."
start = "tanh(z)"
goal = "2*sigmoid(2*z) - 1"
solution = ["2/(1 + e^-2z) - 1", "2σ(2z) - 1"]
right = "Yes."
"""


def test_a_good_file_is_read() -> None:
    assert len(read(GOOD).data["questions"]) == 3


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ('title = "Steep"', 'title = "Steep', "", "not TOML"),
        ('title = "Steep"\n', "", "line 1", "title is missing"),
        ('prompt = "Look."', 'promt = "Look."', "line 2", "no 'promt'"),
        ('kind = "number"', 'kind = "guess"', "line 5, question 1", "not 'guess'"),
        ('ask = "How steep?"\n', "", "line 4, question 1", "ask is missing"),
        ('ask = "How steep?"', "ask = 3", "line 6, question 1", "ask is text"),
        ("sigmoid'(5)", "sigmoid'(z)", "line 7, question 1", "has a variable"),
        ("sigmoid'(5)", "sigmod'(5)", "line 7, question 1", "no function called sigmod"),
        ('"sigmoid(5)"', '"sigmoid\'(-5)"', "line 11, question 1, wrong 1", "nobody could tell"),
        ('  feedback = "That is the height."\n', "", "line 10, question 1, wrong 1", "feedback"),
        ("That is the height.", "That is {sigmoid(}.", "line 12, question 1, wrong 1", "bracket"),
        ("That is the height.", "That is $2 +$.", "line 12, question 1, wrong 1", "not a formula"),
        ("  correct = true\n", '  feedback = "x"\n', "line 14, question 2", "none of the options"),
        ('  feedback = "No."', "  correct = true", "line 14, question 2", "2 options are"),
        ('  feedback = "No."\n', "", "line 23, question 2, option 2", "feedback is missing"),
        ("2/(1 + e^-2z) - 1", "2/(1 + e^-z) - 1", "line 32, question 3", "At z = 1"),
        (', "2σ(2z) - 1"', "", "line 32, question 3", "not the goal"),
        ('start = "tanh(z)"', 'start = "tanh(z"', "line 27, question 3", "never closed"),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, where: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ExerciseError) as caught:
        read(GOOD.replace(old, new, 1), source="steep.toml")
    told = str(caught.value)
    assert told.startswith("steep.toml")
    assert where in told, told
    assert message in told, told


# -- in the pages -------------------------------------------------------------------------------------


def test_the_directive_puts_the_text_where_a_reader_without_scripts_finds_it() -> None:
    html = render("# A\n\n:::exercise 03-3-tanh\n\n:::progress\n", [], exercises=EXERCISES)
    assert 'data-demo="exercise"' in html and 'data-demo="progress"' in html
    assert "disguise" in html and "Show that" in html
    assert exercise_html(EXERCISES["03-3-tanh"]) in html
    choice = exercise_html(EXERCISES["03-1-saturation"])
    assert choice.index("no such trouble") < choice.index("<ul>\n<li>Its slope grows")
    assert "style=" not in html and "<script" not in html


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (":::exercise", "write :::exercise NAME"),
        (":::exercise a b", "nothing else"),
        (":::exercise nothing", "no exercise called 'nothing'"),
        (":::progress now", "write :::progress and"),
    ],
)
def test_a_wrong_directive_is_told(line: str, message: str) -> None:
    with pytest.raises(LessonError, match=f"a.md, line 3: .*{message}"):
        render(f"One.\n\n{line}\n", [], source="a.md", exercises=EXERCISES)


def test_a_static_copy_has_python_and_a_served_page_has_none() -> None:
    served, static = site(server=True), site(server=False)
    assert json.loads(served["data/exercises.json"])["exercises"][0]["name"] == "03-1-saturation"
    assert not [name for name in served if name.startswith("python/")]
    parts = {
        name.removeprefix("python/"): len(data)
        for name, data in static.items()
        if name.startswith("python/")
    }
    assert {
        "worker.js",
        "pyodide.js",
        "pyodide.asm.wasm",
        "python_stdlib.zip",
        "nonlin.zip",
    } <= set(parts)
    assert json.loads(static["data/exercises.json"])["python"] == sum(parts.values())
    assert "python" not in json.loads(served["data/exercises.json"])
    assert json.loads(static["python/pyodide-lock.json"])["packages"] == {}


# -- at api/check ---------------------------------------------------------------------------------------


class Given(Pool):
    """A pool whose answer is given."""

    def __init__(self, answer: Any) -> None:
        super().__init__(workers=1)
        self.answer = answer

    def warm(self) -> None:
        """Starts nothing."""

    def run(self, request: Any) -> dict[str, Any]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return dict(self.answer)


def client(pool: Pool) -> Any:
    return TestClient(create_app({}, pool=pool), base_url="http://127.0.0.1:8765")


@pytest.fixture(scope="module")
def real() -> Iterator[Any]:
    """The server with a real worker."""
    pool = Pool(workers=1)
    pool.warm()
    with client(pool) as made:
        made.post("/api/check", json=ASKED)  # waits until the worker is ready
        yield made


ASKED = {
    "start": "tanh(z)",
    "goal": "2*sigmoid(2*z) - 1",
    "lines": ["sinh(z)/cosh(z)", "2σ(z) - 1"],
}


def test_the_server_answers_as_python_does(real: Any) -> None:
    answer = real.post("/api/check", json=ASKED)
    assert answer.status_code == 200
    assert answer.json() == check_proof(**ASKED)  # type: ignore[arg-type]
    assert answer.headers["cache-control"] == "no-store"


def test_an_answer_comes_promptly(real: Any) -> None:
    lines = list(EXERCISES["03-3-tanh"].solutions[0])
    taken = []
    for i in range(5):
        asked = {**ASKED, "lines": [*lines, f"2σ({i + 3}z) - 1"]}
        start = time.perf_counter()
        assert real.post("/api/check", json=asked).status_code == 200
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.5, taken  # 15 ms on a quiet machine; a tenth of a second is the aim


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("[]", "not of the form"),
        ("{", "not JSON"),
        ('{"start": "z", "goal": "z", "lines": ["z", 1]}', "lines: text"),
        ('{"start": "z", "goal": "z", "lines": [], "formula": "z"}', "unknown part"),
    ],
)
def test_odd_requests_are_refused(body: str, message: str) -> None:
    answer = client(Given({})).post(
        "/api/check", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert message in answer.json()["error"]["message"]


def test_limits_of_the_server() -> None:
    for failure, status in ((Crowded(), 429), (TooSlow(), 504)):
        assert client(Given(failure)).post("/api/check", json=ASKED).status_code == status
    long = {**ASKED, "lines": ["z" * 900] * 30}
    assert client(Given({})).post("/api/check", json=long).status_code == 413
    elsewhere = {"origin": "http://evil.example"}
    assert client(Given({})).post("/api/check", json=ASKED, headers=elsewhere).status_code == 403
