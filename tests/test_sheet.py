"""The cheat sheet's cells are what the lesson says, and what values of the functions say."""

from __future__ import annotations

import math
import sys
from html.parser import HTMLParser
from typing import Any

import mpmath
import numpy as np
import pytest

import nonlin
from nonlin import sheet
from nonlin.describe import whole_catalogue
from nonlin.lesson.sheet import COLUMNS, table

LARGEST = sys.float_info.max
# function: range, zero-centred, saturates; None: not stated
STATED: dict[str, tuple[str | None, str | None, str | None]] = {
    "step": ("{0, 1}", "no", "hard"),
    "sigmoid": ("(0, 1)", "no", "both sides"),
    "tanh": ("(−1, 1)", "yes", "both sides"),
    "relu": ("[0, ∞)", "no", "left side only"),
    "leaky_relu": ("ℝ", "no", "no"),
    "gelu": (None, "no", "left side only"),
    "silu": (None, "no", "left side only"),
    "softmax": ("(0, 1), sums to 1", "no", "both sides"),
}


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Any]:
    data: dict[str, Any] = whole_catalogue()
    return data


def claims(catalogue: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    every = [*catalogue["functions"], *catalogue["rows"]]
    return {p["key"]: p for f in every if f["name"] == name for p in f["properties"]}


class Cells(HTMLParser):
    """The text of each cell, row by row."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
        elif tag == "a":
            self.links.append(dict(attrs)["href"] or "")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


def test_short_rows_are_the_lessons(catalogue: dict[str, Any]) -> None:
    assert list(STATED) == catalogue["sheet"] == list(sheet.SHORT)


@pytest.mark.parametrize("name", STATED)
def test_stated_cells(catalogue: dict[str, Any], name: str) -> None:
    found = claims(catalogue, name)
    for key, stated in zip(("range", "zero_centred", "saturates"), STATED[name], strict=True):
        assert stated in {None, found[key]["value"]}
        assert found[key]["witness"]


def test_table_without_scripts(catalogue: dict[str, Any]) -> None:
    cells = Cells(table(catalogue))
    head, *rows = cells.rows
    assert head == ["Function", *COLUMNS.values(), "Use it for"]
    assert [r[0] for r in rows][-2:] == ["SiLU / Swish", "Softmax"]
    for (name, stated), row in zip(STATED.items(), rows, strict=True):
        assert len(row) == len(head)
        assert stated[0] in {None, row[1]}
        assert row[2].startswith(str(stated[1]))
        assert row[3] == stated[2]
        assert row[-1].endswith(".")
        assert (f"explorer.html#functions={name}" in cells.links) == (name != "softmax")
    assert "(mean 0.4)" in rows[3][2]
    whole = Cells(table(catalogue, list(nonlin.catalogue)))
    assert len(whole.rows) == len(nonlin.catalogue) + 1


@pytest.mark.parametrize("name", ["sigmoid", "relu", "gelu", "leaky_relu", "exponential", "selu"])
def test_means_are_integrals(catalogue: dict[str, Any], name: str) -> None:
    activation = nonlin.catalogue[name]

    def weighted(z: Any) -> Any:
        return float(activation(float(z))) * mpmath.npdf(z)

    mean = float(mpmath.quad(weighted, [-12, -6, -3, 0, 3, 6, 12]))
    assert claims(catalogue, name)["zero_centred"]["number"] == pytest.approx(mean, abs=1e-9)


def test_columns_can_be_sorted(catalogue: dict[str, Any]) -> None:
    """Numbers to sort by are those of the cells, with the largest double for infinity."""
    for function in catalogue["functions"]:
        found = {p["key"]: p for p in function["properties"]}
        for key in COLUMNS:
            order = found[key]["sort"]
            assert all(isinstance(n, int | float) and abs(n) <= LARGEST for n in order)
            assert order or found[key]["value"] in {"unknown", "undefined"}, (function["name"], key)
        slope = found["max_slope"]
        if slope["sort"]:
            text = slope["value"].replace("−", "-").replace("∞", "inf")
            (number,) = slope["sort"]
            assert math.inf if number == LARGEST else number == pytest.approx(float(text), rel=1e-5)
    order = {n: claims(catalogue, n)["smooth"]["sort"][0] for n in ("step", "relu", "elu", "tanh")}
    assert list(order.values()) == sorted(order.values())
    assert claims(catalogue, "relu")["range"]["sort"] == [0.0, LARGEST]


def test_softmax_is_a_sigmoid_moved_sideways() -> None:
    """What its row claims, claimed by values: sums, range, slope, strict growth."""
    others = [1.0, 0.1]
    z = np.linspace(-30, 30, 2001)
    rows = nonlin.softmax([[x, *others] for x in z])
    shift = math.log(sum(map(math.exp, others)))
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=4e-16)
    np.testing.assert_allclose(rows[:, 0], nonlin.sigmoid(z - shift), rtol=1e-14)
    assert (rows > 0).all() and (np.diff(rows[:, 0]) > 0)[:1600].all()
    assert np.gradient(rows[:, 0], z).max() == pytest.approx(0.25, abs=1e-4)
