"""Every experiment runs, repeats itself, and says what its rows say; and the command that runs them."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import re
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nonlin import experiments
from nonlin.cli import app
from nonlin.errors import NonlinError
from nonlin.experiments import EXPERIMENTS, ExperimentError, MissingPackageError, Options, Result
from nonlin.experiments._experiment import Experiment
from nonlin.experiments._figures import written
from nonlin.experiments.softmax import gradient

NAMES = list(EXPERIMENTS)


@cache
def quick(name: str, seed: int = 0) -> Result[Any]:
    experiment = EXPERIMENTS[name]
    return experiment.run(experiment.options.quick(seed=seed))


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["experiment", *arguments], catch_exceptions=True)


# -- every experiment -------------------------------------------------------------------------


def test_the_files_are_the_experiments() -> None:
    folder = Path(experiments.__file__).parent
    files = {p.stem for p in folder.glob("*.py") if not p.stem.startswith("_")}
    assert set(NAMES) == files == {e.name for e in EXPERIMENTS.values()}
    places = [e.place for e in EXPERIMENTS.values()]
    assert places == sorted(places)


def test_a_file_is_enough_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(experiments.__file__).with_name("saturation.py").read_text("utf-8")
    (tmp_path / "another.py").write_text(
        source.replace('name="saturation"', 'name="another"'), "utf-8"
    )
    monkeypatch.setattr(experiments, "__path__", [*experiments.__path__, str(tmp_path)])
    experiments._names.cache_clear()
    try:
        assert "another" in list(EXPERIMENTS)
        assert "another\tHow much slope" in run().stdout
        assert "sigmoid" in run("another").stdout
    finally:
        monkeypatch.undo()
        experiments._names.cache_clear()
        sys.modules.pop("nonlin.experiments.another", None)


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_says_what_it_found(name: str) -> None:
    result = quick(name)
    experiment = EXPERIMENTS[name]
    assert experiment.question.endswith("?")
    assert result.rows
    assert len({type(row) for row in result.rows}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.rows[0].activation = "x"
    assert re.search(r"\d", result.finding)
    assert result.finding.endswith(".")
    assert result.finding[0].isupper()
    assert ". " not in result.finding
    assert result.table().row_count > 0


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_rows(name: str) -> None:
    experiment = EXPERIMENTS[name]
    again = experiment.run(experiment.options.quick())
    assert again.csv() == quick(name).csv()
    assert again.finding == quick(name).finding
    if name != "saturation":  # has nothing random
        assert quick(name, 1).csv() != again.csv()


@cache
def drawn(name: str) -> Any:
    return quick(name).figure()


@pytest.mark.parametrize("name", NAMES)
def test_it_draws(name: str) -> None:
    picture: Any = Image.open(io.BytesIO(written(drawn(name), "png", "what it shows")))
    assert picture.width == 1480
    assert picture.text["Description"] == "what it shows"
    assert len(np.unique(np.asarray(picture.convert("L")))) > 20
    svg = written(drawn(name), "svg", "what it shows")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert b"what it shows" in svg


@pytest.mark.parametrize("form", ["png", "svg"])
def test_same_rows_same_file(form: str) -> None:
    one, other = (written(quick("softmax").figure(), form, "") for _ in range(2))
    assert one == other


@pytest.mark.parametrize("name", NAMES)
def test_no_words_leave_the_page_or_meet(name: str) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    figure = drawn(name)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [
        (text.get_text(), text.get_window_extent(canvas.get_renderer()))
        for text in figure.findobj(Text)
        if text.get_text().strip() and id(text) not in beyond(figure)
    ]
    width, height = canvas.get_width_height()
    for words, box in boxes:
        assert box.x0 >= 0 and box.x1 <= width, f"{words!r} leaves the page"
        assert box.y0 >= 0 and box.y1 <= height, f"{words!r} leaves the page"
    for i, (words, box) in enumerate(boxes):
        for other, theirs in boxes[i + 1 :]:
            across = min(box.x1, theirs.x1) - max(box.x0, theirs.x0)
            down = min(box.y1, theirs.y1) - max(box.y0, theirs.y0)
            # Letters are lower than their line, so a little of two lines may overlap.
            assert not (across > 2 and down > 8), f"{words!r} meets {other!r}"


def beyond(figure: Any) -> set[int]:
    """Labels of ticks outside the axes: Matplotlib has them, and does not draw them."""
    axes = [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    return {
        id(label)
        for axis in axes
        for tick in axis.get_major_ticks() + axis.get_minor_ticks()
        for label in (tick.label1, tick.label2)
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
        or not label.get_visible()
    }


def changed(name: str, **changes: Any) -> str:
    """The finding, had the rows said otherwise; a change is a value or a function of the row."""
    result = quick(name)
    rows = tuple(
        dataclasses.replace(r, **{f: v(r) if callable(v) else v for f, v in changes.items()})
        for r in result.rows
    )
    return dataclasses.replace(result, rows=rows).finding


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("linearity", {"loss": 0.01}, "gets to a loss of 0.01 on XOR, where a guess has 0.693"),
        ("linearity", {"apart": lambda r: None if r.apart is None else 0.5}, "differs from one matrix by 0.5"),
        ("step", {"moved": 1.0, "after": 0.25}, "neurons get to 0.25 (step), 0.25 (sigmoid)"),
        ("saturation", {"slope": 0.5, "share": 1.0}, "sigmoid has 0.5, tanh has 0.5"),
        ("vanishing", {"norm": 3.0}, "the first gets 1 through sigmoid, 1 through tanh and 1 through ReLU"),
        ("zigzag", {"detour": 1.0, "steps": None}, "more steps than allowed, 1 times the straight line"),
        ("zigzag", {"one_sign": 0.25}, "one sign in 25 % and 25 % of the steps on one sample"),
        ("sparsity", {"silent": 0.0}, "no unit of ReLU, leaky ReLU, GELU and sigmoid is silent"),
        ("dying", {"dead": 0.0}, "kills 0 % of the ReLU units (0: 0 %)."),
        ("dying", {"dead": 0.5, "back_sgd": 1.0, "back_adam": 0.25}, "100 % (sgd) or 25 % (adam) of the dead come back"),
        ("softmax", {"steps": None}, "is not right after 3,000 steps, squared error (gradient 0.00034) is not after 3,000"),
        ("choosing", {"accuracy": 0.5, "spread": 0.0}, "50 % of the digits right (± 0) and 3 others"),
    ],
)  # fmt: skip
def test_the_finding_says_what_the_rows_say(name: str, changes: dict[str, Any], said: str) -> None:
    assert said not in quick(name).finding
    assert said in changed(name, **changes)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("linearity", {"depths": (1, 2, 3, 4, 5, 6, 7)}),
        ("linearity", {"depths": (2, 2), "tasks": ("moons", "blobs", "blobs"), "activation": "z*z"}),
        ("step", {"activations": ("step", "sign", "exp(z)", "gelu", "z*tanh(softplus(z))"), "lr": 5}),
        ("step", {"activations": ("relu",), "steps": 1, "lr": 0}),
        ("saturation", {"at": (0,)}),
        ("saturation", {"activations": ("step", "identity", "exp(z)", "log(z)", "sin"), "at": (3, 700)}),
        ("vanishing", {"inits": ("zeros",), "activations": ("step",), "depths": (3,)}),
        ("vanishing", {"inits": ("normal", "he"), "activations": ("square", "exponential")}),
        ("zigzag", {"inputs": (5,), "batches": (1,), "activations": ("sigmoid", "relu", "tanh"), "steps": 5}),
        ("sparsity", {"activations": ("z - z", "step", "exponential"), "layers": 1}),
        ("dying", {"hidden": (8, 8), "rates": (0, 1000), "biases": (-100,), "cure": "exponential"}),
        ("softmax", {"leads": (500,), "steps": 10}),
        ("softmax", {"leads": (0,), "classes": 2, "noise": 0, "lr": 1000}),
        ("choosing", {"activations": ("exponential",)}),
        ("choosing", {"activations": ("exponential", "z*z"), "hidden": (8, 8)}),
    ],
)  # fmt: skip
def test_odd_wishes_have_answers_too(name: str, options: dict[str, Any]) -> None:
    experiment = EXPERIMENTS[name]
    result = experiment.run(experiment.options.quick(**options))
    assert result.finding.endswith(".")
    assert "nan" not in result.finding
    assert result.table().row_count
    assert json.dumps(result.records(), allow_nan=False)
    assert written(result.figure(), "png", result.finding)


def test_any_function_and_any_formula_can_be_asked_for() -> None:
    experiment = EXPERIMENTS["saturation"]
    options = experiment.options.from_text(
        {"activations": "mish, max(z, 0.1 * z), z*tanh(softplus(z))"}
    )
    assert options.activations == ("mish", "max(z, 0.1 * z)", "z*tanh(softplus(z))")
    rows = experiment.run(options).rows
    slopes = {r.activation: r.slope for r in rows if r.z == -2}
    assert slopes["mish"] == pytest.approx(slopes["z*tanh(softplus(z))"], rel=1e-12)
    assert slopes["max(z, 0.1 * z)"] == pytest.approx(0.1)
    assert written(experiment.run(options).figure(), "png", "")


@pytest.mark.parametrize("loss", ["cross-entropy", "squared error"])
def test_gradients_behind_a_softmax(loss: str) -> None:
    """Against central differences of the losses, written down once more."""
    random = np.random.default_rng(0)
    for _ in range(20):
        scores, target = random.normal(0, 2, 4), int(random.integers(4))

        def value(s: Any, target: int = target) -> float:
            p = np.exp(s) / np.exp(s).sum()
            if loss == "cross-entropy":
                return -math.log(p[target])
            return float(np.sum((p - np.eye(4)[target]) ** 2))

        steps = 1e-5 * np.eye(4)
        measured = [(value(scores + s) - value(scores - s)) / 2e-5 for s in steps]
        assert gradient(loss, scores, target) == pytest.approx(measured, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_progress_goes_from_0_to_1(name: str) -> None:
    seen: list[float] = []
    experiment = EXPERIMENTS[name]
    experiment.run(experiment.options.quick(), lambda done, what: seen.append(done))
    assert seen == sorted(seen)
    assert all(0 <= s < 1 for s in seen)
    assert seen or name == "saturation"


# -- options ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "texts", "said"),
    [
        ("zigzag", {"steps": "0"}, "steps is 0; it has to be a whole number, 2 to 1000000"),
        ("zigzag", {"steps": "many"}, "steps is many; it has to be a whole number"),
        ("zigzag", {"steps": "1.5"}, "steps is 1.5; it has to be a whole number"),
        ("zigzag", {"inputs": ""}, "inputs is ; it has to be whole numbers, 2 to 200, with commas"),
        ("step", {"lr": "nan"}, "lr is nan; it has to be a number, 0 to 100"),
        ("linearity", {"tasks": "xor,maze"}, "it has to be some of xor, rings, moons, blobs"),
        ("vanishing", {"inits": "he,best"}, "there is no initialisation 'best': use one of xavier"),
        ("vanishing", {"activations": "rellu"}, "did you mean relu"),
        ("dying", {"cure": "z * q("}, "z * q("),
        ("softmax", {"seed": "-1"}, "seed is -1; it has to be a whole number, 0 to 2147483648"),
        ("softmax", {"depth": "3"}, "there is no option 'depth'; there are seed, leads, classes"),
    ],
)
def test_wrong_values_are_told_what_is_allowed(name: str, texts: dict[str, str], said: str) -> None:
    with pytest.raises(NonlinError, match=re.escape(said)):
        EXPERIMENTS[name].options.from_text(texts)


def test_options_belong_to_their_experiment() -> None:
    with pytest.raises(ExperimentError, match="softmax takes Softmax, not Zigzag"):
        EXPERIMENTS["softmax"].run(EXPERIMENTS["zigzag"].options())
    with pytest.raises(ExperimentError, match="did you mean softmax"):
        EXPERIMENTS["sofmax"]
    with pytest.raises(KeyError, match="there are linearity, step"):
        EXPERIMENTS["q"]
    assert isinstance(EXPERIMENTS["step"].options.quick(steps=7), Options)
    assert EXPERIMENTS["step"].options.quick(steps=7).steps == 7


# -- the command ------------------------------------------------------------------------------


def test_alone_it_lists_them() -> None:
    lines = run().stdout.splitlines()
    assert [line.split("\t") for line in lines] == [
        [e.name, e.question] for e in EXPERIMENTS.values()
    ]
    assert [row["name"] for row in json.loads(run("--json").stdout)] == NAMES


def test_it_prints_the_table_and_the_finding_and_repeats_itself() -> None:
    first, again, other = (run("softmax", "--quick", "--seed", s).stdout for s in "001")
    assert first == again != other
    assert first.splitlines()[0].split()[:2] == ["loss", "lead"]
    assert first.splitlines()[-1] == quick("softmax").finding
    assert "\x1b" not in first


def test_options_and_files(tmp_path: Path) -> None:
    files = {form: tmp_path / f"step.{form}" for form in ("png", "svg", "csv")}
    places = [part for form, path in files.items() for part in (f"--{form}", str(path))]
    done = run("step", "--quick", "--steps", "20", "--activations", "step,relu", "--json", *places)
    assert done.exit_code == 0, done.exception
    found = json.loads(done.stdout)
    assert found["options"]["steps"] == 20
    assert found["options"]["runs"] == 3
    rows = list(csv.DictReader(io.StringIO(files["csv"].read_text("utf-8"))))
    assert [r["activation"] for r in rows] == [r["activation"] for r in found["rows"]]
    assert float(rows[0]["after"]) == found["rows"][0]["after"]
    assert "steps 20" in Image.open(files["png"]).text["Description"]
    assert found["finding"] in Image.open(files["png"]).text["Description"]
    assert ElementTree.parse(files["svg"])
    assert "step.svg" in done.stderr


def test_help_is_made_from_the_options() -> None:
    text = " ".join(run("zigzag", "--help").stdout.split())
    assert "--batches VALUE" in text
    assert "Whole numbers, 1 to 100000, with commas between. Default: 1,16,400" in text
    assert "… (72)" in " ".join(run("choosing", "--help").stdout.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("zigzg",), "there is no experiment 'zigzg': did you mean zigzag?"),
        (("zigzag", "--steps", "0"), "steps is 0; it has to be a whole number, 2 to 1000000"),
        (("softmax", "--quick", "--png", "/nowhere/at/all.png"), "/nowhere/at is no directory"),
        (("softmax", "--quick", "--csv", "/"), "it is a directory"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert isinstance(done.exception, NonlinError)
    assert said in str(done.exception)


def test_an_unknown_option_is_a_usage_error() -> None:
    done = run("zigzag", "--bogus", "1")
    assert done.exit_code == 2
    assert "--bogus" in done.stderr


@pytest.mark.parametrize(
    ("name", "package", "call"),
    [
        ("saturation", "matplotlib", lambda e: e.run(e.options.quick()).figure()),
        ("choosing", "sklearn.datasets", lambda e: e.run(e.options.quick())),
    ],
)
def test_a_missing_package_is_named(
    name: str, package: str, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    wanted = "scikit-learn" if "sklearn" in package else package
    with pytest.raises(MissingPackageError, match=f"pip install {wanted}"):
        call(EXPERIMENTS[name])
    with pytest.raises(ImportError, match=re.escape("nonlin[experiments]")):
        call(EXPERIMENTS[name])


def test_without_matplotlib_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(Experiment, "run", lambda *_: pytest.fail("it ran"))
    done = run("softmax", "--png", str(tmp_path / "a.png"))
    assert isinstance(done.exception, MissingPackageError)


STOPPED = """
import sys
from nonlin.cli import main
from nonlin.experiments import linearity
one = linearity._one
linearity._one = lambda *given: print("working", flush=True) or one(*given)
sys.argv = ["nonlin", "experiment", "linearity", "--epochs", "100000", "--csv", sys.argv[1]]
main()
"""


def test_an_interrupt_ends_it_and_writes_nothing(tmp_path: Path) -> None:
    """The real program, stopped while it trains."""
    path = tmp_path / "rows.csv"
    command = [sys.executable, "-c", STOPPED, str(path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "working\n"
        started.send_signal(signal.SIGINT)
        _, told = started.communicate(timeout=60)
    assert started.returncode == 130, told
    assert told.strip() == "nonlin: interrupted; nothing was written"
    assert not path.exists()


@pytest.mark.parametrize(
    "code", ["import nonlin.cli", "from nonlin.experiments import EXPERIMENTS; list(EXPERIMENTS)"]
)
def test_packages_wait_until_they_are_needed(code: str) -> None:
    script = f"{code}\nimport sys\nprint('matplotlib' in sys.modules, 'sklearn' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]
