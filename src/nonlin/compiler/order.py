"""The order of instructions of which few wait for each other.

A processor looks some two hundred instructions ahead for what is ready, and no further. In a loop over vectors that is
hardly one turn: written one vector after the other, its long chains of sums have the ports wait. LLVM orders
instructions to need few registers, which out-of-order processors do not reward, so what it is given is in
the order in which a processor of two ports would start them, those first on which the longest chain
waits (list scheduling: R. L. Graham, 1966; by critical path: T. C. Hu, 1961).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["ordered"]

_PORTS = 2  # instructions on vectors that start in a cycle
_NAME = re.compile(r"%v\d+")
_NOTHING = re.compile(
    r"= (?:bitcast|getelementptr|add i64|zext)\b"
)  # no instruction for a port of vectors
_CYCLES = (
    (re.compile(r"= load\b"), 7),
    (re.compile(r"= (?:fcmp|icmp|shufflevector)\b|@llvm\.x86\.\w+\.(?:vperm|perm)"), 3),
    (re.compile(r"= (?:select|and|or|xor|shl|lshr|ashr|add|sub)\b|@llvm\.(?:fabs|copysign)"), 1),
)
_OTHERS = 4  # sums and products of floats
_AS_LONG_AS = 24  # a division, a square root


def ordered(lines: Sequence[str]) -> list[str]:
    """Instructions in the order in which they are best begun.

    Parameters
    ----------
    lines
        Instructions of LLVM, each of which names its result ``%v`` and a number, and none of which stores or branches.

    >>> ordered(["  %v1 = load float, ptr %x", "  %v2 = fadd float %v1, %a", "  %v3 = load float, ptr %y",
    ...          "  %v4 = fdiv float %v3, %b"])[:2]
    ['  %v3 = load float, ptr %y', '  %v1 = load float, ptr %x']
    """
    names = [_NAME.findall(line) for line in lines]  # the result, and what it is made of
    makers = {found[0]: i for i, found in enumerate(names)}
    needs = [{makers[n] for n in found[1:] if n in makers} for found in names]
    users: list[list[int]] = [[] for _ in lines]
    for i, of in enumerate(needs):
        for maker in of:
            users[maker].append(i)
    cycles = [_cycles(line) for line in lines]
    after = [0] * len(lines)  # cycles from the start of each until all that waits for it is done
    for i in reversed(range(len(lines))):
        after[i] = cycles[i] + max((after[user] for user in users[i]), default=0)

    waits = [len(of) for of in needs]
    start = [0.0] * len(lines)
    ready = {i for i, count in enumerate(waits) if not count}
    order: list[int] = []
    now = 0.0
    while ready:
        begun = [i for i in ready if start[i] <= now]
        if not begun:
            now = min(start[i] for i in ready)
            continue
        i = min(begun, key=lambda i: (-after[i], i))
        ready.remove(i)
        order.append(i)
        for user in users[i]:
            start[user] = max(start[user], now + cycles[i])
            waits[user] -= 1
            if not waits[user]:
                ready.add(user)
        if cycles[i]:
            now += 1 / _PORTS
    return [lines[i] for i in order]


def _cycles(line: str) -> int:
    """From the start of an instruction to its result, on current x86-64 (A. Fog, Instruction tables)."""
    if _NOTHING.search(line):
        return 0
    if re.search(r"= fdiv\b|@llvm\.sqrt\b", line):
        return _AS_LONG_AS
    return next((count for kind, count in _CYCLES if kind.search(line)), _OTHERS)
