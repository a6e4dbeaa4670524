"""Exercises in the page: what is typed, what is said to it, and what is kept; served and as a static copy."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from figure_page import dress, violations

from nonlin.lesson.exercises import read_folder

HERE = Path(__file__).resolve().parent
EXERCISES = read_folder()
SLIPS = {
    "sign": "The size is right, but not the sign.",
    "places": "count the places after the point once more.",
    "percent": "Is that per cent?",
}
LINES = [
    "(e^z - e^-z)/(e^z + e^-z)",
    "(1 - e^-2z)/(1 + e^-2z)",
    "2/(1 + e^-2z) - 1",
    "2σ(2z) − 1",
]


def started(how: str) -> Iterator[str]:
    command = [sys.executable, str(HERE / "practice.py"), how]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        assert line.startswith("http://"), line
        yield line
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The practice page with a server behind it."""
    yield from started("serve")


@pytest.fixture(scope="module")
def static() -> Iterator[str]:
    """The practice page of a static copy, under the strict policy."""
    yield from started("static")


def alone(page: Any, url: str) -> list[str]:
    """Cuts the network off but for the one host, and collects what is asked of others and what goes wrong."""
    host = url.rpartition("/")[0]
    wrong: list[str] = []

    def decide(route: Any) -> None:
        if route.request.url.startswith((host, "data:", "blob:")):
            route.continue_()
        else:
            wrong.append(route.request.url)
            route.abort()

    page.context.route("**/*", decide)
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on(
        "console",
        lambda line: wrong.append(line.text) if line.type in {"error", "warning"} else None,
    )
    return wrong


def question(page: Any, name: str, index: int) -> Any:
    place = page.locator(f"#exercise-{name}")
    place.scroll_into_view_if_needed()  # it starts when the reader comes near it
    found = place.get_by_test_id("question").nth(index)
    found.wait_for()
    return found


def answer(asked: Any, text: str) -> Any:
    """Types a number and presses Enter; the feedback to it."""
    field = asked.get_by_role("textbox")
    field.fill(text)
    field.press("Enter")
    return asked.get_by_test_id("feedback")


def plain(html: str) -> str:
    """The words of a text before any formula: enough to know it by."""
    text = re.sub(r"<[^>]+>", "", html.split("<math")[0])
    return text.replace("&quot;", '"').replace("&amp;", "&")[:60]


TYPED = [
    ("0.0066", True), ("0.00665", True), ("0,0066", True), (".0066", True), ("6.6e-3", True),
    ("6.6E-3", True), ("0.66%", True), ("0,66 %", True), ("6.6‰", True), ("1/150", True),
    ("1 / 150", True), ("6.6×10^-3", True), ("6.6·10⁻³", True), ("6.6 * 10^-3", True),
    ("6.6x10^-3", True), ("= 0.0066", True), ("≈0.0067", True), ("+0.0066", True),
    ("0.0066480566707901", True), ("-0.0066", False), ("−0.0066", False), ("0.66", False),
    ("0.066", False), ("0.0066%", False), ("1/15", False), ("5", False), ("0", False),
    ("1,000,000", False), ("small", None), ("", None), ("1/0", None), ("0.0.66", None),
    ("6.6e", None), ("0.0066 or so", None), ("1e999", None), ("alert(1)", None),
]  # fmt: skip


def test_numbers_as_people_type_them(page: Any, served: str) -> None:
    wrong = alone(page, served)
    page.goto(served)
    asked = question(page, "03-1-saturation", 0)
    found = {}
    for text, _ in TYPED:
        said = answer(asked, text)
        tone = (said.get_attribute("class") or "").replace("feedback", "").split()
        found[text] = {"right": True, "wrong": False}.get(tone[0] if tone else "")
    assert found == dict(TYPED)
    assert wrong == []


def test_what_a_number_looks_like_gives_no_answer_away(page: Any, served: str) -> None:
    page.goto(served)
    for exercise in EXERCISES.values():
        for index, data in enumerate(exercise.data["questions"]):
            if data["kind"] != "number":
                continue
            asked = question(page, exercise.name, index)
            said = answer(asked, "rubbish").inner_text()
            examples = re.split(", | or ", said.partition("like ")[2].rstrip("."))
            assert len(examples) == 5, said
            for text in examples:
                answer(asked, text).get_by_text("Not yet.").wait_for()


def test_other_ways_to_write_a_number(page: Any, served: str) -> None:
    page.goto(served)
    asked = question(page, "03-4-three-layers", 0)
    for text in (
        "0.008",
        "8e-3",
        "0.2^3",
        "0.2*0.2*0.2",
        "0.2³",
        "8/1000",
        "0.8%",
        "(1/5)^3",
        "1 - 0.992",
    ):
        answer(asked, text).get_by_text("Right.").wait_for()
    assert "added the slopes" in answer(asked, "0.6").inner_text()


@pytest.mark.parametrize(
    ("name", "index"),
    [
        (e.name, i)
        for e in EXERCISES.values()
        for i, q in enumerate(e.data["questions"])
        if q["kind"] == "number"
    ],
)
def test_every_wrong_number_is_answered_in_its_own_words(
    page: Any, served: str, name: str, index: int
) -> None:
    page.goto(served)
    data = EXERCISES[name].data["questions"][index]
    asked = question(page, name, index)
    for turn in data["wrong"]:
        said = answer(asked, f"{turn['value']:.4g}")
        assert (
            plain(turn["feedback"]) if "feedback" in turn else SLIPS[turn["slip"]]
        ) in said.inner_text()
        assert asked.get_by_role("textbox").get_attribute("aria-invalid") == "true"
    said = answer(asked, f"{data['answer']:.4g}".replace("-", "−"))
    assert plain(data["right"]) in said.inner_text()
    assert asked.get_by_role("textbox").get_attribute("aria-invalid") == "false"


@pytest.mark.parametrize("name", ["03-1-saturation", "03-5-hard-edges"])
def test_every_choice_is_answered_in_its_own_words(page: Any, served: str, name: str) -> None:
    page.goto(served)
    for index, data in enumerate(EXERCISES[name].data["questions"]):
        if data["kind"] != "choice":
            continue
        asked = question(page, name, index)
        for place, i in enumerate(data["order"]):
            option = data["options"][i]
            asked.get_by_role("radio").nth(place).check()
            asked.get_by_role("button", name="Check").click()
            told = data["right"] if option["correct"] else option["feedback"]
            assert plain(told) in asked.get_by_test_id("feedback").inner_text()


def test_hints_come_one_by_one(page: Any, served: str) -> None:
    page.goto(served)
    asked = question(page, "03-4-three-layers", 0)
    hints = EXERCISES["03-4-three-layers"].data["questions"][0]["hints"]
    for hint in hints:
        assert asked.get_by_text(hint).count() == 0
        asked.get_by_role("button", name="hint").click()
        asked.get_by_text(hint).wait_for()
    assert asked.get_by_role("button", name="hint").count() == 0


def write(proof: Any, number: int, text: str, verdict: str) -> None:
    field = proof.get_by_label(f"Line {number} of your proof")
    field.fill(text)
    field.press("Enter")
    line = proof.get_by_test_id("proof-line").nth(number - 1)
    line.get_by_test_id("verdict").get_by_text(verdict).wait_for()


def prove(page: Any, url: str) -> Any:
    page.goto(url)
    proof = page.locator("#exercise-03-3-tanh")
    write(proof, 1, LINES[0], "✓ equal")
    write(proof, 2, "2σ(z) - 1", "✗ not equal")
    said = proof.get_by_test_id("proof-line").nth(1).inner_text()
    assert "At z = 1 the line before is 0.762, and this one is 0.462." in said
    assert "The 2 inside has gone" in said
    assert proof.get_by_label("Line 2 of your proof").get_attribute("aria-invalid") == "true"
    announced = proof.get_by_test_id("announced").inner_text()
    assert announced.startswith("Line 2: not equal. At z = 1")
    write(proof, 2, "2σ(2z - 1", "? not a formula")
    field = proof.get_by_label("Line 2 of your proof")
    assert field.evaluate("e => [e.selectionStart, e.selectionEnd]") == [2, 3]
    write(proof, 2, LINES[1], "✓ equal")
    assert proof.locator("math mfrac").count() >= 2
    write(proof, 3, LINES[2], "✓ equal")
    assert proof.get_by_label("Line 4 of your proof").evaluate("e => e === document.activeElement")
    write(proof, 4, LINES[3], "✓ equal")
    proof.get_by_text("Proved, by you").wait_for()
    return proof


def test_a_proof_with_a_server(page: Any, served: str) -> None:
    wrong = alone(page, served)
    prove(page, served)
    assert wrong == []
    # What has been done is there when the page is opened again.
    page.reload()
    proof = page.locator("#exercise-03-3-tanh")
    proof.get_by_text("Proved, by you").wait_for()
    assert proof.get_by_label("Line 4 of your proof").input_value() == LINES[3]
    proof.get_by_test_id("verdict").nth(3).get_by_text("✓ equal").wait_for()


def test_a_proof_without_a_server_and_without_a_network(page: Any, static: str) -> None:
    page.context.set_default_timeout(90_000)  # Python in WebAssembly, on whatever machine this is
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    wrong = alone(page, static)
    page.goto(static)
    proof = page.locator("#exercise-03-3-tanh")
    proof.get_by_text("is loaded when you begin to type").wait_for()
    assert not [url for url in asked if url.endswith(".wasm") and "python" in url]
    proof.get_by_label("Line 1 of your proof").fill("e")
    proof.get_by_text("Loading Python, ").or_(proof.get_by_text("Starting Python")).first.wait_for()
    prove(page, static)
    assert wrong == []
    assert [url for url in asked if url.endswith("pyodide.asm.wasm")]
    page.reload()
    page.locator("#exercise-03-3-tanh").get_by_text("Proved, by you").wait_for()


def test_python_that_cannot_be_loaded_is_explained(page: Any, static: str) -> None:
    page.context.route("**/pyodide.asm.wasm", lambda route: route.abort())
    page.goto(static)
    proof = page.locator("#exercise-03-3-tanh")
    field = proof.get_by_label("Line 1 of your proof")
    field.fill(LINES[0])
    field.press("Enter")
    proof.get_by_text("Python could not be loaded").wait_for()
    page.context.unroute("**/pyodide.asm.wasm")
    proof.get_by_role("button", name="Check").click()
    proof.get_by_text("Loading Python, ").wait_for()
    proof.get_by_role("button", name="Cancel").click()
    proof.get_by_text("Python was not loaded").wait_for()


def test_the_goal_at_once_makes_room_for_a_line(page: Any, served: str) -> None:
    page.goto(served)
    proof = page.locator("#exercise-03-3-tanh")
    field = proof.get_by_label("Line 1 of your proof")
    field.fill(LINES[3])
    field.press("Enter")
    proof.get_by_text("put at least one line in between").wait_for()
    first = proof.get_by_label("Line 1 of your proof")
    assert first.input_value() == ""
    first.fill(LINES[2])
    first.press("Enter")
    proof.get_by_text("Proved, by you").wait_for()


def test_a_finished_proof_survives_further_trials(page: Any, served: str) -> None:
    proof = prove(page, served)
    write(proof, 4, "2σ(z) - 1", "✗ not equal")
    answer(question(page, "03-4-three-layers", 0), "0.008").get_by_text("Right.").wait_for()
    assert proof.get_by_label("Line 4 of your proof").input_value() == "2σ(z) - 1"
    page.get_by_test_id("progress").get_by_text("1 of 5 exercises done").wait_for()
    page.reload()
    proof.get_by_text("Proved, by you").wait_for()
    assert proof.get_by_label("Line 4 of your proof").input_value() == LINES[3]
    page.get_by_test_id("progress").get_by_role("button", name="Clear").click()
    page.get_by_test_id("progress").get_by_role("button", name="Yes, forget them").click()
    proof.get_by_text("Proved, by you").wait_for(state="detached")
    assert proof.get_by_label("Line 1 of your proof").input_value() == ""


def test_lines_can_be_removed_and_walked_by_keys(page: Any, served: str) -> None:
    page.goto(served)
    proof = page.locator("#exercise-03-3-tanh")
    write(proof, 1, LINES[0], "✓ equal")
    write(proof, 2, LINES[1], "✓ equal")
    third = proof.get_by_label("Line 3 of your proof")
    third.press("Backspace")
    assert proof.get_by_test_id("proof-line").count() == 2
    second = proof.get_by_label("Line 2 of your proof")
    assert second.evaluate("e => e === document.activeElement")
    second.press("ArrowUp")
    assert proof.get_by_label("Line 1 of your proof").evaluate("e => e === document.activeElement")
    proof.get_by_role("button", name="Remove line 1").click()
    assert proof.get_by_label("Line 1 of your proof").input_value() == LINES[1]


def test_a_server_that_is_gone_is_explained(page: Any, served: str) -> None:
    page.goto(served)
    page.context.route("**/api/check", lambda route: route.abort())
    proof = page.locator("#exercise-03-3-tanh")
    field = proof.get_by_label("Line 1 of your proof")
    field.fill(LINES[0])
    field.press("Enter")
    proof.get_by_text("Not checked: The program behind this page does not answer.").wait_for()


def test_progress_is_kept_saved_loaded_and_cleared(page: Any, served: str, tmp_path: Path) -> None:
    page.goto(served)
    answer(question(page, "03-4-three-layers", 0), "0.008").get_by_text("Right.").wait_for()
    answer(question(page, "03-1-saturation", 0), "0.99").get_by_text("Not yet.").wait_for()
    progress = page.get_by_test_id("progress")
    progress.get_by_text("0 of 5 exercises done").wait_for()
    progress.get_by_text("1 of 3").wait_for()
    # What was right once stays so.
    answer(question(page, "03-4-three-layers", 0), "0.6").get_by_text("Not yet.").wait_for()
    progress.get_by_text("1 of 3").wait_for()
    page.reload()
    assert question(page, "03-4-three-layers", 0).get_by_role("textbox").input_value() == "0.008"
    answer(question(page, "03-2-by-hand", 0), "0.5").get_by_text("Right.").wait_for()
    question(page, "03-4-three-layers", 0).get_by_text("Right.").wait_for()

    with page.expect_download() as caught:
        progress.get_by_role("button", name="Save as a file").click()
    kept = tmp_path / "kept.json"
    caught.value.save_as(kept)
    assert json.loads(kept.read_text())["exercises"]["03-4-three-layers"]["0"]["right"] is True

    progress.get_by_role("button", name="Clear").click()
    progress.get_by_role("button", name="Yes, forget them").click()
    progress.get_by_text("Forgotten.").wait_for()
    for name in ("03-4-three-layers", "03-2-by-hand"):
        assert question(page, name, 0).get_by_role("textbox").input_value() == ""
    assert page.evaluate("localStorage.getItem('nonlin-progress')") is None

    foreign = tmp_path / "foreign.json"
    foreign.write_text('{"version": 9}')
    progress.locator("input[type=file]").set_input_files(foreign)
    progress.get_by_text("not a file of answers").wait_for()
    progress.locator("input[type=file]").set_input_files(kept)
    progress.get_by_text("have taken the place").wait_for()
    assert question(page, "03-4-three-layers", 0).get_by_role("textbox").input_value() == "0.008"


@pytest.mark.parametrize(
    "stored",
    ["{", "[]", '{"version":1}', '{"version":1,"exercises":{"03-1-saturation":{"0":5}}}',
     '{"version":1,"exercises":{"03-3-tanh":{"0":{"answer":[1,{}],"right":true}}}}'],
)  # fmt: skip
def test_what_is_stored_may_be_anything(page: Any, served: str, stored: str) -> None:
    page.goto(served)
    page.evaluate("text => localStorage.setItem('nonlin-progress', text)", stored)
    page.reload()
    answer(question(page, "03-1-saturation", 0), "0.0066").get_by_text("Right.").wait_for()


def test_blocked_storage_costs_nothing_but_memory(page: Any, served: str) -> None:
    wrong = alone(page, served)
    page.add_init_script(
        "for (const name of ['getItem', 'setItem', 'removeItem'])"
        " Storage.prototype[name] = () => { throw new DOMException('blocked', 'SecurityError'); };"
    )
    page.goto(served)
    answer(question(page, "03-1-saturation", 0), "0.0066").get_by_text("Right.").wait_for()
    page.get_by_test_id("progress").get_by_text("does not let the page keep").wait_for()
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_stands_in_the_way_of_a_reader(
    page: Any, served: str, width: int, scheme: str
) -> None:
    dress(page, width, scheme)
    page.goto(served)
    answer(question(page, "03-1-saturation", 0), "0.0066").get_by_text("Right.").wait_for()
    answer(question(page, "03-1-saturation", 1), "-0.0066").get_by_text("Not yet.").wait_for()
    proof = page.locator("#exercise-03-3-tanh")
    write(proof, 1, LINES[0], "✓ equal")
    write(proof, 2, "2σ(z) - 1", "✗ not equal")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []


def test_the_text_is_there_without_scripts(browser: Any, served: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served)
    assert "How steep is the sigmoid" in page.locator("#exercise-03-1-saturation").inner_text()
    context.close()
