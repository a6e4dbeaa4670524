"""Sines far out, on doubles: what stands between lanes, which reduce small angles only, and the exact arithmetic.

A lane says NaN where an angle is larger than it can reduce. Here such an element is computed once more as a lane
computes it, but for the sines: any angle that is exactly known as a double is reduced by as many bits of
1/(2 pi) as it takes. It is exactly known where it is z, or z and a number multiplied without loss.
What is NaN then as well is left to the exact arithmetic, ten times as slow.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from nonlin.compiler import coefficients as table
from nonlin.compiler import lanes
from nonlin.compiler.dd import two_product
from nonlin.compiler.ir import Function, Module, Value
from nonlin.compiler.kind import Kind
from nonlin.compiler.llvm import lane_values
from nonlin.compiler.program import LEAVES, Instruction, Program

__all__ = ["far_function", "has_far_sines"]

_BITS = 134
"""Angles up to 2**134: any float32 times a number up to 64."""
_WINDOW = 6  # words of 32 bits, of which the product with the angle's 53 bits leaves four
_AHEAD = 2  # words of zeros ahead of the point, for angles whose last bit is worth less than a turn
_MASK = 0xFFFFFFFF


def has_far_sines(program: Program) -> bool:
    """Whether a program has the sine or cosine of something that is exactly known."""
    return any(
        i.op in ("sin", "cos") and _is_simple(program, program.instructions[i.args[0]])
        for i in program.instructions
    )


def _is_simple(program: Program, i: Instruction) -> bool:
    """Whether an angle is a leaf, or a product or quotient of leaves, that doubles hold."""
    leaves = [program.instructions[a] for a in i.args] if i.op in ("mul", "div") else [i]
    return all(f.op in LEAVES and not (f.op == "const" and f.value[1]) for f in leaves)


def _if_exact(angle: Value, made: Instruction, values: list[Value]) -> Value:
    """The angle, or NaN where rounding took something off it."""
    if made.op in LEAVES:
        return angle
    a, b = (values[place] for place in made.args)
    if made.op == "mul":
        return two_product(a, b)[1].eq(0.0).select(angle, math.nan)
    product, lost = two_product(angle, b)
    return (product.eq(a) & lost.eq(0.0)).select(angle, math.nan)


def far_function(
    module: Module, name: str, program: Program, kind: Kind, exact: str, *, internal: bool
) -> None:
    """``name(z, gradient, params, results)``, which asks the function ``exact`` for what it does not know."""
    fn = module.function(
        name,
        [("z", "double"), ("gradient", "double"), ("params", "ptr"), ("results", "ptr")],
        [], internal=internal,
    )  # fmt: skip
    z, gradient, params, results = fn.arguments
    values = _values(fn, program, z, params)
    if kind is Kind.SCALE:
        values = [values[0] * gradient]
    unknown = values[0].is_nan()
    for value in values[1:]:
        unknown = unknown | value.is_nan()
    fn.branch(unknown, "unknown", "known")
    fn.label("unknown")
    given = f"double {z.ref}, double {gradient.ref}, ptr {params.ref}, ptr {results.ref}"
    fn.do(f"call void @{exact}({given})")
    fn.ret()
    fn.label("known")
    for i, value in enumerate(values):
        fn.store(value, results, i)
    fn.ret()


def _values(fn: Function, program: Program, z: Value, params: Value) -> list[Value]:
    """The program's results: as on lanes, with other sines where the angle is simple."""

    def far(i: Instruction, values: list[Value]) -> Value | None:
        if i.op not in ("sin", "cos"):
            return None
        angle, made = values[i.args[0]], program.instructions[i.args[0]]
        if not _is_simple(program, made):
            return None
        near = lanes.call(fn, i.op, angle)
        shift, double = ("sin", "cos").index(i.op), ["double"]
        name = fn.module.ensure(f"far.{i.op}", double, double, _far_sine(shift))
        return near.is_nan().select(fn.call(name, _if_exact(angle, made, values))[0], near)

    return lane_values(fn, program, z, params, replaced=far)


def _far_sine(shift: int) -> Callable[[Function, Value], list[Value]]:
    def body(fn: Function, x: Value) -> list[Value]:
        fn.ret_if(x.abs().lt(2.0**_BITS).eq(0), fn.f64(math.nan))
        words = _turns(fn, x)
        # The nearest quarter of a turn: add an eighth, and take the top two bits.
        quarter = (words[0] + 0x20000000).lshr(30) & 3
        first = words[0] - quarter.shl(30)
        first = first.ge(1 << 31).select(first - (1 << 32), first)  # an eighth less than none
        high, low = first.shl(32) + words[1], words[2].shl(31) + words[3].lshr(1)
        part = high.to("sitofp", "double") * 2.0**-64 + low.to("sitofp", "double") * 2.0**-127
        r = part * table.TWO_PI[0]
        r = x.lt(0.0).select(-r, r)
        turn = x.lt(0.0).select(0 - quarter, quarter) + shift
        return [lanes.turned(r, turn)]

    return body


def _turns(fn: Function, x: Value) -> list[Value]:
    """The fractional part of abs(x) / (2 pi), in four words of 32 bits.

    M. Payne and R. Hanek, *Radian reduction for trigonometric functions* (SIGNUM 1983): only those bits of
    1/(2 pi) are multiplied that do not give whole turns.
    """
    bits = x.bits()
    mantissa = (bits & ((1 << 52) - 1)) | (1 << 52)
    # abs(x) is the mantissa times 2**(at - 32 _AHEAD): bits of 1/(2 pi) from here on are worth half a turn and less.
    at = (bits.lshr(52) & 0x7FF) - 1023 - 52 + 32 * _AHEAD
    last = (_BITS - 53 + 32 * _AHEAD) // 32
    bits_of = [0] * _AHEAD + list(table.INV_TWO_PI_WORDS)
    word = at.lshr(5)
    raw = [fn.i64(bits_of[i]) for i in range(_WINDOW + 1)]
    for n in range(1, last + 1):
        there = word.eq(n)
        raw = [there.select(bits_of[n + i], value, "i64") for i, value in enumerate(raw)]
    offset = at & 31
    words = [
        (a.shl(offset) | b.lshr(32 - offset)) & _MASK
        for a, b in zip(raw, raw[1:], strict=False)
    ]  # fmt: skip
    low, high = mantissa & _MASK, mantissa.lshr(32)
    out = [fn.i64(0)] * (_WINDOW + 1)
    for factor, shift in ((low, 0), (high, 1)):
        carry = fn.i64(0)
        for i in reversed(range(shift, _WINDOW)):
            p = words[i] * factor + out[i - shift] + carry
            out[i - shift] = p & _MASK
            carry = p.lshr(32)
    return out[:4]
