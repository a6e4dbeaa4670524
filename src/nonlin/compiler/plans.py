"""Which cuts of a function are tried on a processor, and in which order: the quickest code first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from nonlin.compiler.pieces import COUNT, FALL, Function, Piecewise, Plan, Tail, cut
from nonlin.compiler.windows import factored, order_of_zero, parity_of, root_of, windows

if TYPE_CHECKING:
    from nonlin.compiler.target import Simd

__all__ = ["cuts"]

_SWITCHES = (False, True)
_FINER = (
    256  # errors of one cut in few are just too large, and another is better than sums in two parts
)


@dataclass(frozen=True, slots=True)
class _Ways:
    """What is tried on a processor.

    ``stages`` are numbers of pieces, and whether with slopes, which else are for what does without them in no
    degree. ``careful_fall`` is how far pieces may fall where sums are kept in two parts, and ``careful_anyway`` tells
    to keep them so where neither a zero nor slopes ask for it, as lanes wait for look-ups there, not for sums.
    """

    stages: tuple[tuple[int, bool | None], ...]
    degrees: range
    careful_fall: float = FALL
    careful_anyway: bool = False

    @property
    def counts(self) -> list[int]:
        """The numbers of pieces."""
        return sorted({count for count, _ in self.stages})

    def first(self, count: int, sloped: bool | None) -> Iterator[tuple[Plan, int]]:
        """Plans of a stage, and how many steps each is tried with."""
        if not (sloped and self.careful_anyway):
            yield Plan(count, sloped=sloped), 2
            yield Plan(count, factored=True, sloped=sloped), 2
        if not self.careful_anyway:
            for wide, by_power in product(_SWITCHES, _SWITCHES):
                slopes = False if wide else sloped
                yield Plan(count, factored=by_power, wide=wide, steps=_FINER, sloped=slopes), 3
        yield Plan(count, careful=True, sloped=sloped), 4
        if self.careful_anyway:
            yield Plan(count, factored=True, careful=True, sloped=sloped), 4

    def then(self) -> Iterator[Plan]:
        """What takes longer: pieces of the absolute value, twice as many of them, and then around another zero than 0."""
        most = self.counts[-1]
        counts = [*self.counts, 2 * most]
        for count, by_power, folded, careful in product(counts, _SWITCHES, _SWITCHES, _SWITCHES):
            if folded or count > most:
                yield Plan(count, folded, by_power, careful)
        for count, by_power, folded in product(counts, _SWITCHES, _SWITCHES):
            yield Plan(count, folded, by_power, careful=True, inner=True)


# Where a register holds few entries, more of them take as much longer, and terms are cheap beside them.
_SMALL = _Ways(
    ((8, False), (16, False), (8, True), (32, False), (16, True), (32, True)),
    range(3, 14),
    careful_fall=0.2,
    careful_anyway=True,
)
_WAYS: dict[Simd, _Ways] = {
    "avx512": _Ways(((COUNT, None),), range(3, 10)),
    "avx2": _SMALL,
    "neon": _SMALL,
}


def cuts(function: Function, simd: Simd) -> Iterator[Piecewise]:
    """Ways to cut a function up, each worked out when it is asked for; none where it does not lend itself to that.

    ``function`` maps float64 to float64, and is right to the last bits of these; ``simd`` is what looks pieces up.
    """
    ways = _WAYS[simd]
    cutter = _Cutter(function, ways)
    bent = []
    for low, high in windows(function):
        if high.at - low.at < 1e-30:  # two straight lines
            table = np.zeros((0, ways.counts[0]), np.float32)
            yield Piecewise(table, None, 1.0, 0.0, low, high, cutter.parity, rooted=False)
        else:
            bent.append((low, high))
    for stage, (low, high) in product(ways.stages, bent):
        for plan, times in ways.first(*stage):
            yield from cutter.cuts(plan, low, high, times)
    for plan, (low, high) in product(ways.then(), bent):
        yield from cutter.cuts(plan, low, high, 2)


def _least(degrees: range, tried: Callable[[int], Piecewise | None]) -> Piecewise | None:
    """What the least degree gives with which there is something, as there then is with all higher ones."""
    low, high = degrees[0], degrees[-1]
    best = tried(high)
    while best is not None and low < high:
        middle = (low + high) // 2
        found = tried(middle)
        if found is None:
            low = middle + 1
        else:
            best, high = found, middle
    return best


class _Cutter:
    """A function and its cuts so far: where plans ask for the same one, it makes code of both kinds."""

    def __init__(self, function: Function, ways: _Ways) -> None:
        self.function, self.ways = function, ways
        self.parity, self.order = parity_of(function), order_of_zero(function)
        self.known: dict[tuple[object, ...], Piecewise | None] = {}

    def cuts(self, plan: Plan, low: Tail, high: Tail, times: int) -> Iterator[Piecewise]:
        """The cuts of a window: where errors add up at one place in one of them, they do not in another."""
        if plan.folded and (self.parity or not low.at < 0 < high.at):
            return
        if plan.inner and not (self.parity or plan.folded):
            return
        wanted = self.function
        if plan.factored:
            if not self.order:
                return
            wanted = factored(wanted, self.order, plan.folded)
        root = root_of(wanted, low.at, high.at, self.parity, inner=plan.inner)
        if root is None or bool(root) < plan.inner or (plan.folded and root and not plan.inner):
            return
        if plan.careful:
            plan = replace(plan, fall=self.ways.careful_fall)
        for wider in range(times):
            key = replace(plan, careful=False), low, high, wider
            if key not in self.known:
                self.known[key] = self._cheapest(wanted, plan, low, high, root, wider)
            cut = self.known[key]
            if cut is None:
                return
            factor = self.order if plan.factored else 0
            if not plan.careful and not root:
                yield replace(cut, factor=factor)
            elif plan.careful and (
                self.ways.careful_anyway or cut.rooted or cut.slopes is not None
            ):
                yield replace(cut, factor=factor, careful=True)

    def _cheapest(
        self, function: Function, plan: Plan, low: Tail, high: Tail, root: float, wider: int
    ) -> Piecewise | None:
        """The cut of the least degree, without slopes if that can be."""

        for sloped in _SWITCHES if plan.sloped is None else (plan.sloped,):
            tried = partial(
                cut, function, replace(plan, sloped=sloped),
                low=low, high=high, parity=self.parity, root=root, wider=wider,
            )  # fmt: skip
            found = _least(self.ways.degrees, tried)
            if found is not None:
                return found
        return None
