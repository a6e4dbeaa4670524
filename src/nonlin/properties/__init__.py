"""Properties of an activation, each computed from its formula with a witness, none declared.

>>> from nonlin.formula import parse
>>> from nonlin.calculus import derivative
>>> f = parse("z * Phi(z)")
>>> facts = compute(f, {}, derivative(f), derivative(derivative(f)), None)
>>> facts["range"].text, facts["range"].witness
('[−0.169971, ∞)', 'minimum −0.169971 at z = −0.751792; no maximum: f(z) → ∞ as z → ∞')

How a claim is proved: the line is cut where the formula switches (:mod:`.cells`), each piece is
analytic, its signs are settled by rigorous intervals (:mod:`.signs`) and, far out, by asymptotic
series with bounded remainders (:mod:`.tails`). Claims are read off that (:mod:`.claims`,
:mod:`.shape`, :mod:`.mean`). What cannot be proved or refuted in the time given is "unknown".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import CompileError
from ..expression import Expr
from . import claims, shape
from .budget import ONE_AT_A_TIME, Budget, OutOfTime
from .cells import TooIntricate
from .claims import CLAIMS, Claim
from .fallback import sampled
from .mean import mean, zero_centred
from .output import OutputDerivative, output_derivative
from .study import Study
from .text import num, shown

__all__ = ["OutputDerivative", "Property", "compute", "mean_of", "output_derivative"]


@dataclass(frozen=True, slots=True)
class Property:
    """A claim about an activation.

    Attributes
    ----------
    key, label
        Its name for programs and for people.
    value
        For programs: a truth value, a number, a tuple; ``None`` where it is unknown.
    text
        A few characters: ``"(0, 1)"``, ``"yes"``, ``"left side only"``, ``"unknown"``.
    witness
        One sentence with the point, limit, integral or bound that shows it.
    proved
        Whether it rests on a proof or a counterexample, and not on numerical evidence.
    """

    key: str
    label: str
    value: object
    text: str
    witness: str
    proved: bool = True


_RULES: dict[str, Callable[[Study], Claim]] = {
    "domain": claims.domain,
    "range": claims.range_,
    "limits": claims.limits,
    "symmetry": claims.symmetry,
    "zero_centred": zero_centred,
    "saturates": shape.saturates,
    "monotone": shape.monotone,
    "convex": shape.convex,
    "smooth": shape.smooth,
    "lipschitz": shape.lipschitz,
    "max_slope": shape.max_slope,
    "fixed_points": claims.fixed_points,
    "dead_region": claims.dead_region,
    "f0": claims.f0,
}


def compute(
    expr: Expr,
    parameters: Mapping[str, float],
    derivative: Expr,
    second: Expr,
    kinks: Sequence[float] | None = None,
    *,
    budget_s: float = 2.0,
) -> dict[str, Property]:
    """Everything that can be said about a function.

    Parameters
    ----------
    expr, derivative, second
        f, f′ and f″, with parameters.
    parameters
        The value of each.
    kinks
        Where the catalogue says that f has no derivative; a difference from what is found is said
        in the witness of ``smooth``. ``None``: nothing is said.
    budget_s
        Work for all of it, in seconds of a usual machine; what is not settled by then is "unknown".
    """
    with ONE_AT_A_TIME:
        result = _claims(expr, parameters, derivative, second, budget_s)
    if kinks is not None and result["smooth"].value is not None:
        result["smooth"] = _checked(result["smooth"], kinks)
    return result


def mean_of(
    expr: Expr,
    parameters: Mapping[str, float],
    derivative: Expr,
    second: Expr,
    *,
    budget_s: float = 2.0,
) -> float | None:
    """The mean of f(Z) for a standard normal Z, by quadrature; ``None`` where none is known.

    >>> from nonlin.formula import parse
    >>> from nonlin.calculus import derivative
    >>> f = parse("max(0, z)")
    >>> round(mean_of(f, {}, derivative(f), derivative(derivative(f))), 6)
    0.398942
    """
    with ONE_AT_A_TIME:
        try:
            budget = Budget(budget_s)
            study = Study(expr, parameters, derivative, second, budget.part(0.6))
            study.budget = budget
            return mean(study)
        except (
            TooIntricate,
            OutOfTime,
            CompileError,
            RecursionError,
            ArithmeticError,
            ValueError,
        ):
            return None


def _claims(
    expr: Expr, parameters: Mapping[str, float], derivative: Expr, second: Expr, budget_s: float
) -> dict[str, Property]:
    budget = Budget(budget_s)
    study: Study | None = None
    trouble = "the time was used up"
    try:
        study = Study(expr, parameters, derivative, second, budget.part(0.6))
        study.budget = budget
    except TooIntricate:
        trouble = "the formula switches, or has no value, at too many points"
    except (OutOfTime, RecursionError, OverflowError, CompileError):
        pass
    result: dict[str, Property] = {}
    for i, (key, label) in enumerate(CLAIMS):
        claim: Claim = (None, "unknown", trouble, False)
        if study is not None:
            # Each claim may use half of what is left, so that none starves those after it.
            study.budget = budget.part(0.5 if i < len(CLAIMS) - 1 else 1.0)
            try:
                claim = _RULES[key](study)
            except (OutOfTime, RecursionError, CompileError):
                claim = (None, "unknown", "the time was used up", False)
            except (OverflowError, ZeroDivisionError, ValueError, TooIntricate):
                claim = (None, "unknown", "the numbers went out of range", False)
        else:
            claim = sampled(key, expr, parameters, derivative, second) or claim
        result[key] = Property(key, label, *claim)
    return result


def _checked(smooth: Property, kinks: Sequence[float]) -> Property:
    """Compare the kinks found with those the catalogue names."""
    assert isinstance(smooth.value, tuple)
    found = [at for at, order in smooth.value if order <= 1]

    def among(x: float, others: Sequence[float]) -> bool:
        return any(abs(x - o) <= 1e-9 * max(1.0, abs(x)) for o in others)

    notes = []
    if missing := [num(x) for x in found if not among(x, kinks)]:
        notes.append(f"no value of f′ is agreed on at {shown(missing)}")
    if spare := [num(x) for x in kinks if not among(x, found)]:
        notes.append(f"with these parameters there is no kink at {shown(spare)}")
    return replace(smooth, witness="; ".join([smooth.witness, *notes])) if notes else smooth
