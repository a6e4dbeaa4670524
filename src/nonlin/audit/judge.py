"""The judge: between which two doubles the truth lies, and where that leaves a doubt, the truth itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonlin.audit import intervals
from nonlin.audit.units import rounded, rounded_sum, unit
from nonlin.errors import NonlinError

if TYPE_CHECKING:
    from nonlin.activation import Activation
    from nonlin.compiler.kernel import DoubleDouble
    from nonlin.compiler.program import Program
    from nonlin.expression import Expr

__all__ = ["AuditError", "Judge", "Verdict"]

Doubles = NDArray[np.float64]
SLACK = 2.0**-8
"""The widest enclosure, in units in the last place, that counts as knowing the value."""
_TRACE = 5e-324
AGREEMENT = 2.0**-80
"""How closely the exact arithmetic and mpmath have to agree, relative to the value."""


class AuditError(NonlinError):
    """An audit that cannot be, or an oracle that was caught being wrong."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The truth at each element.

    Attributes
    ----------
    right
        The correctly rounded result.
    low, high
        Bounds of the truth as doubles.
    rest
        For float64: what the truth has over ``right``, in units in the last place; otherwise 0.
    settled
        How many elements the exact arithmetic had to settle.
    """

    right: Doubles
    low: Doubles
    high: Doubles
    rest: Doubles
    settled: int


class Judge:
    """The truth about f or f' of an activation, for one format.

    Parameters
    ----------
    what
        ``"value"`` or ``"derivative"``.
    dtype
        The name of the format: what is a doubt depends on how fine it is.
    """

    def __init__(self, f: Activation, what: str, dtype: str) -> None:
        self.f, self.what, self.dtype = f, what, dtype
        self.parameters = np.array(list(f.parameters.values()), dtype=np.float64)

    @cached_property
    def program(self) -> Program:
        return self.f.program(self.what)

    @cached_property
    def _exact(self) -> DoubleDouble:
        from nonlin.compiler.kernel import DoubleDouble

        recipe = repr((self.what, self.f.formula, list(self.f.parameters), self.f.entry.kinks))
        return DoubleDouble(recipe, lambda: self.program)

    def exact(self, z: Doubles) -> tuple[Doubles, Doubles]:
        """By the exact arithmetic: the nearest double, and the rest in units of its last place."""
        z = np.ascontiguousarray(z)
        value, rest = np.empty_like(z), np.empty_like(z)
        addresses = (z.ctypes.data, 0, value.ctypes.data, rest.ctypes.data)
        self._exact.run(*addresses, z.size, self.parameters.ctypes.data)
        return value, rest

    def __call__(self, z: Doubles) -> Verdict:
        if self.dtype == "float64":
            value, rest = self.exact(z)
            low, high = value.copy(), value.copy()
            self._sign(z, low, high, np.arange(z.size), rest)
            return Verdict(value, low, high, rest, z.size)
        with np.errstate(all="ignore"):
            low, high = (b.copy() for b in intervals.enclose(self.program, z, self.parameters))
            right, other = rounded(low, self.dtype), rounded(high, self.dtype)
            near = high - low <= SLACK * unit(low, self.dtype)
            # Two infinities are one result, however far apart the bounds.
            sure = (right == other) & (near | np.isinf(right)) & np.isfinite(z)
        lost = np.isnan(z)
        for values in (right, low, high):
            values[lost] = np.nan
        doubts = np.flatnonzero(~(sure | lost))
        rests = np.zeros_like(low)
        if doubts.size:
            value, rests[doubts] = self.exact(z[doubts])
            right[doubts] = rounded_sum(value, rests[doubts], self.dtype)
            low[doubts] = high[doubts] = value
        self._sign(z, low, high, doubts, rests)
        return Verdict(right, low, high, np.zeros_like(low), doubts.size)

    def _sign(
        self, z: Doubles, low: Doubles, high: Doubles, settled: NDArray[np.intp], rest: Doubles
    ) -> None:
        """Let bounds say on which side of 0 the truth lies where they are both 0.

        A value below the range of doubles shows in the rest; at z = 0 with f(0) = 0 the sign is that of
        f beside it, on the side that the zero's sign means.
        """
        below = settled[(low[settled] == 0) & (rest[settled] != 0)]
        low[below] = np.where(rest[below] < 0, -_TRACE, 0.0)
        high[below] = np.where(rest[below] < 0, 0.0, _TRACE)
        zeros = np.flatnonzero((z == 0) & (low == 0) & (high == 0))
        if zeros.size and not (self.what == "derivative" and 0.0 in self.kinks):
            for sign in (1.0, -1.0):
                value, over = (float(v[0]) for v in self.exact(np.array([sign * 1e-300])))
                side = zeros[np.signbit(z[zeros]) == (sign < 0)]
                if value != 0 or over != 0:
                    minus = value < 0 or (value == 0 and over < 0)
                    (low if minus else high)[side] = -_TRACE if minus else _TRACE

    # -- is the judge right? ------------------------------------------------------------------

    @cached_property
    def _expression(self) -> Expr:
        """What mpmath computes: for f the formula as it is written, before any rewriting."""
        return self.f.expression if self.what == "value" else self.f.slopes[0]

    def truth(self, z: float) -> Any:
        """By mpmath, at a point where f has its derivative."""
        from nonlin.oracle import accurate

        return accurate(self._expression, z, self.f.parameters, 130)

    @cached_property
    def kinks(self) -> set[float]:
        """Where f' has a convention in place of a value."""
        from nonlin.oracle import accurate

        return {float(accurate(at, 0.0, self.f.parameters)) for at, _ in self.f.kinks}

    def check(self, z: Doubles) -> float:
        """Hold enclosures and exact arithmetic against mpmath at these points.

        Returns
        -------
        float
            The largest relative error of the exact arithmetic.

        Raises
        ------
        AuditError
            The truth is not in the enclosure, or the exact arithmetic is off.
        """
        import mpmath

        at = np.array([x for x in z.tolist() if math.isfinite(x) and x not in self.kinks])
        if not at.size:
            return 0.0
        low, high = intervals.enclose(self.program, at, self.parameters)
        values, rests = self.exact(at)
        units = unit(values, "float64")
        worst = 0.0
        for i, x in enumerate(at.tolist()):
            want = self.truth(x)
            with mpmath.workprec(300):
                if not (want < low[i] or want > high[i]) and _agrees(
                    want, values[i], rests[i], units[i]
                ):
                    got = mpmath.mpf(float(values[i])) + mpmath.mpf(float(rests[i])) * float(
                        units[i]
                    )
                    if mpmath.isfinite(want) and want != 0 and abs(values[i]) > 1e-290:
                        worst = max(worst, float(abs(got - want) / abs(want)))
                    continue
            raise AuditError(
                f"the oracle is wrong about {self.f.name} ({self.what}) at z = {x!r}: it is "
                f"{mpmath.nstr(want, 20)}, not {values[i]!r} and within [{low[i]!r}, {high[i]!r}]"
            )
        return worst


def _agrees(want: Any, value: float, rest: float, last: float) -> bool:
    """Whether a double with its rest is the true value, as far as a double's range goes."""
    import mpmath

    if want != want or math.isnan(value):
        return bool(want != want) and math.isnan(value)
    if math.isinf(value):
        return bool(abs(want) >= mpmath.mpf(2) ** 1023 and (want > 0) == (value > 0))
    got = mpmath.mpf(float(value)) + mpmath.mpf(float(rest)) * mpmath.mpf(float(last))
    return bool(abs(got - want) <= abs(want) * AGREEMENT + mpmath.mpf(2) ** -1110)
