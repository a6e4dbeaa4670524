"""The cheat sheet, as the formulas say it."""

from __future__ import annotations

import pytest

import nonlin

# range, zero-centred, saturates
SHEET = {
    "step": ("{0, 1}", "no", "hard"),
    "sigmoid": ("(0, 1)", "no", "both sides"),
    "tanh": ("(−1, 1)", "yes", "both sides"),
    "relu": ("[0, ∞)", "no", "left side only"),
    "leaky_relu": ("ℝ", "no", "no"),
}


@pytest.mark.parametrize("name", list(SHEET))
def test_a_row(claim, name):
    known = nonlin.catalogue[name].properties
    found = tuple(known[key].text for key in ("range", "zero_centred", "saturates"))
    claim(f"{nonlin.catalogue[name].title}: range, zero-centred, saturates", "; ".join(found))
    assert found == SHEET[name]
    assert all(known[key].witness for key in ("range", "zero_centred", "saturates"))


def test_the_smooth_relatives(claim):
    smooth = {
        name: nonlin.catalogue[name].properties["smooth"].text for name in ("gelu", "silu", "relu")
    }
    claim(
        "GELU and SiLU are smooth relatives of ReLU",
        ", ".join(f"{n}: {t}" for n, t in smooth.items()),
    )
    assert smooth["gelu"] == smooth["silu"] == "C∞"
    assert smooth["relu"].startswith("no")
    for name in ("gelu", "silu"):
        far = nonlin.catalogue[name]([-40.0, 40.0])
        assert far == pytest.approx(nonlin.relu([-40.0, 40.0]), abs=1e-10)
