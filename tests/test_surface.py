"""The names that nonlin offers, what they are, and what they do when they are copied or misspelt."""

from __future__ import annotations

import copy
import pickle
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nonlin
from nonlin import errors
from nonlin.catalogue import BY_NAME, ENTRIES, Entry

PUBLIC = {
    "Activation", "Network", "NonlinError", "catalogue", "cross_entropy", "define", "demo", "errors",
    "log_softmax", "set_num_threads", "softmax",
}  # fmt: skip
CALLS = {
    "derivative", "second_derivative", "value_and_derivative", "backward", "derivative_from_output",
}  # fmt: skip
ATTRIBUTES = {
    "name", "title", "formula", "parameters", "expression", "slopes", "kinks", "properties",
    "latex", "mathml", "entry", "kernel", "program", "study", "output_derivative",
    "ufunc", "ufuncs",
}  # fmt: skip


def in_a_new_process(code: str) -> str:
    """What a script prints, where nothing has been imported before it."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


# -- names ----------------------------------------------------------------------------------------
def test_the_names_are_these() -> None:
    assert set(nonlin.__all__) == PUBLIC
    assert list(nonlin.__all__) == sorted(nonlin.__all__)
    listed = {n for n in dir(nonlin) if not n.startswith("_")}
    assert listed == PUBLIC | set(BY_NAME)
    assert dir(nonlin) == sorted(dir(nonlin))
    for name in listed:
        assert getattr(nonlin, name) is not None


def test_dir_does_not_depend_on_what_was_imported() -> None:
    code = "import nonlin as n; a = dir(n); import nonlin.cli, nonlin.plot; print(a == dir(n))"
    assert in_a_new_process(code) == "True\n"


def test_no_name_hides_another() -> None:
    """An activation called like a module or a function of the package could not be reached."""
    modules = {m.name for m in pkgutil.iter_modules(nonlin.__path__)}
    assert not set(BY_NAME) & (modules | PUBLIC)
    assert not (set(dir(nonlin.Activation)) - {"__call__"}) & set(nonlin.gelu.parameters)


def test_everything_can_be_imported_at_once() -> None:
    """Without the activations: ``abs`` and ``exp`` would hide what they are called after."""
    code = "from nonlin import *; print(sorted(n for n in dir() if not n.startswith('_')))"
    assert in_a_new_process(code) == f"{sorted(PUBLIC)}\n"
    code = "from nonlin import gelu, heaviside, softmax, exp as e; print(gelu.name, heaviside.name)"
    assert in_a_new_process(code) == "gelu step\n"


def test_the_version_is_that_of_the_package() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", nonlin.__version__)


@pytest.mark.parametrize("name", nonlin.catalogue)
def test_an_activation_has_these_names(name: str) -> None:
    f = nonlin.catalogue[name]
    assert {n for n in dir(f) if not n.startswith("_")} == CALLS | ATTRIBUTES
    assert isinstance(f, nonlin.Activation) and callable(f)
    assert f.name == name and f.formula == BY_NAME[name].formula and f.title == BY_NAME[name].title


# -- the catalogue --------------------------------------------------------------------------------
def test_the_catalogue_is_a_mapping() -> None:
    names = [e.name for e in ENTRIES]
    assert list(nonlin.catalogue) == names == list(nonlin.catalogue.keys())
    assert len(nonlin.catalogue) == len(names)
    assert [f.name for f in nonlin.catalogue.values()] == names
    assert repr(nonlin.catalogue) == f"<nonlin.catalogue: {len(names)} activations>"
    assert "gelu" in nonlin.catalogue and "swish" in nonlin.catalogue
    assert "nothing" not in nonlin.catalogue and 3 not in nonlin.catalogue
    assert nonlin.catalogue.get("nothing") is None
    with pytest.raises(TypeError):
        nonlin.catalogue["mine"] = nonlin.gelu  # type: ignore[index]


@pytest.mark.parametrize("name", BY_NAME)
def test_every_name_leads_to_one_object(name: str) -> None:
    f = nonlin.catalogue[BY_NAME[name].name]
    assert nonlin.catalogue[name] is f
    assert getattr(nonlin, name) is f
    assert getattr(nonlin, name) is getattr(nonlin, name)


def test_threads_get_one_object() -> None:
    code = """
import threading, nonlin
from nonlin.catalogue import BY_NAME
found, barrier = [], threading.Barrier(8)
def look():
    barrier.wait()
    found.append([id(nonlin.catalogue[n]) for n in BY_NAME])
threads = [threading.Thread(target=look) for _ in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print(len(set(map(tuple, found))), len(found))
"""
    assert in_a_new_process(code) == "1 8\n"


# -- misspelt -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "meant"),
    [("gelo", "gelu"), ("leakyrelu", "leaky_relu"), ("LeakyReLU", "leaky_relu"), ("ReLU", "relu"),
     ("GELU", "gelu"), ("hard_tan", "hard_tanh"), ("softpluss", "softplus"), ("mich", "mish")],
)  # fmt: skip
def test_a_misspelt_name_is_answered_with_the_right_one(typed: str, meant: str) -> None:
    looks: list[Callable[[], Any]] = [
        lambda: getattr(nonlin, typed), lambda: nonlin.catalogue[typed],
    ]  # fmt: skip
    for look in looks:
        with pytest.raises(errors.NoSuchActivationError) as caught:
            look()
        text = str(caught.value)
        assert text.startswith(f"there is no activation {typed!r}: did you mean ")
        assert meant in re.findall(r"\w+", text.split("did you mean")[1])


def test_a_name_like_no_other() -> None:
    with pytest.raises(AttributeError, match=r"'qqqqq'.*nonlin\.catalogue, and the command"):
        _ = nonlin.qqqqq
    with pytest.raises(KeyError, match="qqqqq"):
        nonlin.catalogue["qqqqq"]
    with pytest.raises(KeyError, match="3"):
        nonlin.catalogue[3]  # type: ignore[index]
    with pytest.raises(ImportError, match="qqqqq"):
        from nonlin import qqqqq  # noqa: F401
    assert not hasattr(nonlin, "qqqqq")
    assert getattr(nonlin, "qqqqq", 1) == 1


@pytest.mark.parametrize("name", ["_gelu", "__wrapped__", "__path2__", "_ipython_display_"])
def test_private_names_are_no_activations(name: str) -> None:
    with pytest.raises(
        AttributeError, match=f"module 'nonlin' has no attribute '{name}'"
    ) as caught:
        getattr(nonlin, name)
    assert not isinstance(caught.value, nonlin.NonlinError)


# -- copies ---------------------------------------------------------------------------------------
def copies(thing: Any) -> list[Any]:
    pickled = [pickle.loads(pickle.dumps(thing, p)) for p in range(pickle.HIGHEST_PROTOCOL + 1)]
    return [copy.copy(thing), copy.deepcopy(thing), *pickled]


@pytest.mark.parametrize("name", nonlin.catalogue)
def test_a_copy_of_an_activation_is_itself(name: str) -> None:
    f = nonlin.catalogue[name]
    assert all(other is f for other in copies(f))


def test_copies_of_what_is_in_use() -> None:
    f = nonlin.leaky_relu
    f(np.ones(3)), f.slopes, f.kinks, f.kernel("float32").ir  # kernels cannot be copied
    assert copy.deepcopy({"f": [f]})["f"][0] is f
    assert all(other is nonlin.catalogue for other in copies(nonlin.catalogue))


def test_copies_of_a_defined_activation() -> None:
    f = nonlin.define("max(a * z, z) + b", name="mine", a=0.25, b=-1.0)
    x = np.array([-4.0, 0.0, 8.0], np.float32)
    before = f(x)
    for other in copies(f):
        assert other is not f and type(other) is nonlin.Activation
        assert (other.name, other.formula, other.parameters) == (f.name, f.formula, f.parameters)
        assert other.expression is f.expression
        assert repr(other) == repr(f)
        assert other(x).tolist() == before.tolist()
        assert other.derivative(x, a=0.5).tolist() == f.derivative(x, a=0.5).tolist()


def test_one_called_like_another_is_not_taken_for_it() -> None:
    mine = nonlin.define("z + 1", name="relu")
    for other in copies(mine):
        assert other is not nonlin.relu and other(-3.0) == -2.0
    again = nonlin.Activation(BY_NAME["relu"])
    assert all(other is not nonlin.relu and other(-3.0) == 0.0 for other in copies(again))


def test_an_activation_travels_to_another_process() -> None:
    f = nonlin.define("z**2 + a", a=0.5)
    for thing in (nonlin.mish, f):
        code = f"import pickle; print(float(pickle.loads({pickle.dumps(thing)!r})(2.0)))"
        assert in_a_new_process(code) == f"{float(thing(2.0))}\n"


# -- how they look --------------------------------------------------------------------------------
def test_repr() -> None:
    assert repr(nonlin.relu) == "<nonlin.relu: max(z, 0)>"
    assert repr(nonlin.lrelu) == (
        "<nonlin.leaky_relu: where(z > 0, z, negative_slope * z), negative_slope=0.01>"
    )
    f = nonlin.define("a * z + b", a=2, b=-0.5)
    assert repr(f) == "<nonlin.f: a * z + b, a=2, b=-0.5>"


def test_what_an_activation_says_cannot_be_changed_by_accident() -> None:
    f = nonlin.leaky_relu
    f.parameters["negative_slope"] = 5.0  # a copy, so this changes nothing
    assert f.parameters == {"negative_slope": 0.01}
    assert f(-1.0) == -0.01
    for name in ("name", "title", "formula", "parameters"):
        with pytest.raises(AttributeError):
            setattr(f, name, "other")
    with pytest.raises(AttributeError):
        f.entry.formula = "z"  # type: ignore[misc]


@pytest.mark.parametrize("what", ["value", "derivative", "second", "pair", "backward"])
def test_kernels_show_what_runs(what: str) -> None:
    assert "define" in nonlin.relu.kernel("float32", what).ir
    assert nonlin.relu.kernel(np.float32, what) is nonlin.relu.kernel("f4", what)


def test_kernels_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match="no kernel for 'third': use one of value, derivative"):
        nonlin.relu.kernel("float32", "third")
    for dtype in ("int32", "complex64", object):
        with pytest.raises(errors.DtypeError, match="use float16, bfloat16, float32 or float64"):
            nonlin.relu.kernel(dtype)


# -- errors ---------------------------------------------------------------------------------------
HIERARCHY: dict[type[Exception], set[type[BaseException]]] = {
    errors.FormulaError: {ValueError},
    errors.NoSuchActivationError: {AttributeError, KeyError},
    errors.ParameterError: {TypeError, ValueError},
    errors.DtypeError: {TypeError},
    errors.NotAFunctionOfOutputError: {ValueError},
    errors.CompileError: {RuntimeError},
    errors.InterchangeError: {TypeError, ValueError},
    errors.NetworkError: {ValueError},
}


def test_every_error_is_in_the_hierarchy() -> None:
    found = {
        v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, BaseException)
    }
    assert found == {*HIERARCHY, errors.NonlinError}
    assert {e.__name__ for e in found} == set(errors.__all__)
    assert nonlin.NonlinError is errors.NonlinError
    usual = {TypeError, ValueError, RuntimeError, AttributeError, KeyError, OSError}
    for error, builtins in HIERARCHY.items():
        assert issubclass(error, errors.NonlinError)
        assert {b for b in usual if issubclass(error, b)} == builtins, error


@pytest.mark.parametrize("error", [*HIERARCHY, errors.NonlinError])
def test_errors_can_be_sent(error: type[Exception]) -> None:
    one = error("what was wrong")
    for other in copies(one):
        assert type(other) is error and str(other) == "what was wrong" and other.args == one.args


def test_a_formula_error_keeps_its_place() -> None:
    with pytest.raises(errors.FormulaError) as caught:
        nonlin.define("z + foo(z)")
    for other in [caught.value, *copies(caught.value)]:
        assert (other.formula, other.position, other.length) == ("z + foo(z)", 4, 3)
        assert str(other).endswith("\n  z + foo(z)\n      ^^^")


# -- define ---------------------------------------------------------------------------------------
def test_define() -> None:
    f = nonlin.define("where(z > b, z, a * z)", name="mine", a=0.5, b=1)
    assert (f.name, f.title, f.parameters) == ("mine", "mine", {"a": 0.5, "b": 1.0})
    assert all(type(v) is float for v in f.parameters.values())
    assert f([0.5, 2.0]).tolist() == [0.25, 2.0]
    assert nonlin.define("z", "short").name == "short"
    assert nonlin.define("z").name == "f"
    assert nonlin.define("z") is not nonlin.define("z")
    assert "mine" not in nonlin.catalogue


@pytest.mark.parametrize(
    "name", ["", "two words", "1st", "a-b", "a.b", 5, b"f", ["f"], "f" * 61, "<script>", "f\n"]
)
def test_names_that_are_none(name: Any) -> None:
    with pytest.raises(errors.FormulaError, match="is no name"):
        nonlin.define("z", name)


@pytest.mark.parametrize(
    ("formula", "message"),
    [("", "empty"), ("   ", "empty"), ("z +", "not a formula"), ("t", "unknown name 't'"),
     ("a * z", "unknown name 'a'"), ("foo(z)", "unknown function 'foo'"), ("z / 0", "by zero"),
     ("__import__('os')", "no meaning"), ("z if z else 0", "no if"), ("z > 0", "inside where"),
     ("z.real", "dotted"), ("9**9**9**9", "exponent"), ("(" * 60 + "z" + ")" * 60, "brackets"),
     ("z" + " + z" * 500, "characters"), ("2t", "unknown name 't'"), ("x + z", "two variables"),
     ("lambda: z", "no meaning"), (None, "is text, not NoneType"), (3, "is text, not int"),
     (b"z", "is text, not bytes"), (["z"], "is text, not list")],
    ids=lambda v: str(v)[:15],
)  # fmt: skip
def test_formulas_that_are_none(formula: Any, message: str) -> None:
    with pytest.raises(errors.FormulaError, match=message):
        nonlin.define(formula)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"b": 1.0}, "parameter b does not occur"), ({"a": 1.0, "b": 1.0}, "parameter b does not"),
     ({"z": 1.0}, "'z' cannot be"), ({"exp": 1.0}, "'exp' cannot be"), ({"pi": 3}, "'pi' cannot be"),
     ({"_a": 1.0}, "'_a' cannot be"), ({"a" * 33: 1.0}, "cannot be"), ({"ä": 1.0}, "cannot be"),
     ({"lambda": 1.0}, "'lambda' cannot be"), ({"out": 1.0}, "'out' cannot be")],
    ids=str,
)  # fmt: skip
def test_parameters_that_are_none(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(errors.FormulaError, match=message):
        nonlin.define("a * z" if "a" in parameters else "2 * z", **parameters)


def test_an_activation_of_ones_own_entry() -> None:
    entry = Entry("twice", "Twice", "2 * z", "Doubles.", "Nobody, 2024, Nothing")
    f = nonlin.Activation(entry)
    assert f(3.0) == 6.0 and f.derivative(3.0) == 2.0
    assert all(other(3.0) == 6.0 for other in copies(f))
