"""Instructions in another order are the same instructions, each after what it is made of."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nonlin
from nonlin.compiler import ir, quick
from nonlin.compiler.order import ordered
from nonlin.compiler.target import host

OPERATIONS = [
    "fadd float {}, {}",
    "fmul float {}, {}",
    "fdiv float {}, {}",
    "call float @llvm.fma.f32(float {}, float {}, float 1.0)",
    "select i1 true, float {}, float {}",
    "load float, ptr %x",
    "bitcast float {} to i32",
]


@st.composite
def programs(draw: st.DrawFn) -> list[str]:
    """Instructions of any operations, on arguments and on results of those before."""
    lines: list[str] = []
    for n in range(draw(st.integers(0, 60))):
        names = st.sampled_from(["%a", "%x.1", *(f"%v{k}" for k in range(n))])
        text = draw(st.sampled_from(OPERATIONS))
        lines.append(f"  %v{n} = {text.format(draw(names), draw(names))}")
    return lines


def well_formed(lines: list[str]) -> bool:
    made: set[str] = set()
    for line in lines:
        result, *used = re.findall(r"%v\d+", line)
        if not made.issuperset(used):
            return False
        made.add(result)
    return True


@given(programs())
def test_nothing_is_lost_and_nothing_is_used_too_soon(lines: list[str]) -> None:
    found = ordered(lines)
    assert sorted(found) == sorted(lines)
    assert well_formed(found)
    assert ordered(lines) == found


def test_what_takes_long_comes_first_and_chains_take_turns() -> None:
    def chain(first: int) -> list[str]:
        return [
            f"  %v{first + k} = fadd float {f'%v{first + k - 1}' if k else '%a'}, %b"
            for k in range(5)
        ]

    found = ordered([*chain(0), *chain(10), "  %v20 = fdiv float %a, %b"])
    assert found[0].startswith("  %v20")
    turns = [int(line.split("%v")[1].split(" ")[0]) // 10 for line in found[1:]]
    assert turns == [0, 1] * 5  # neither waits for all of the other


@pytest.mark.skipif(host().simd is None, reason="this processor has no quick kernels")
@pytest.mark.parametrize("name", ["tanh", "silu", "relu6", "sin"])
def test_kernels_hold_the_same_instructions(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = nonlin.catalogue[name].kernel("float32")
    cuts = [quick._chosen(kernel, 0)]
    now = quick._module(kernel.program, cuts, kernel.kind).text
    monkeypatch.setattr(ir, "ordered", list)
    plain = quick._module(kernel.program, cuts, kernel.kind).text
    assert now != plain and sorted(now.splitlines()) == sorted(plain.splitlines())
