"""A proof as its reader sees it: every line with its verdict, and what to say to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Literal

from nonlin.errors import FormulaError
from nonlin.expression import Expr
from nonlin.notation import mathml
from nonlin.proof.chain import chain
from nonlin.proof.compare import DIGITS, Comparison, Counterexample, compare, has_a_value
from nonlin.proof.exact import Nowhere, TooLarge, same_algebra
from nonlin.proof.mistakes import agree, mistake
from nonlin.proof.reading import read, split
from nonlin.proof.shape import shape

__all__ = ["MOST_LINES", "MOST_WRONG", "Step", "check_proof", "check_step"]

MOST_LINES = 40
"""Most lines of a proof."""
MOST_WRONG = 20
"""Most false lines that an exercise may know by sight."""

Verdict = Literal["equal", "repeated", "different", "undefined", "error", "empty"]


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be said of one line.

    Attributes
    ----------
    verdict
        ``"equal"``; ``"repeated"``: equal, and the same formula as a line above, written anew;
        ``"different"``; ``"undefined"``: never a value to compare; ``"error"``: not a formula;
        ``"empty"``.
    message
        One or two sentences.
    method
        How an equality is known: ``"exact"``, ``"identities"`` or ``"points"``; else empty.
    math
        The line as it was read, as MathML; empty if it could not be read.
    z, before, after
        A point, and the values there of the line before and of this one, where they differ.
    position, length
        The place of an error in the line.
    known
        Which of the false lines that the exercise knows this one is; or None.
    """

    verdict: Verdict
    message: str
    method: str = ""
    math: str = ""
    z: str = ""
    before: str = ""
    after: str = ""
    position: int | None = None
    length: int = 1
    known: int | None = None


def check_step(before: str, after: str) -> Step:
    """Check one line of a proof against the one before.

    Parameters
    ----------
    before, after
        Formulas in z, as people write them: ``2z``, ``e^-z``, ``σ(2z)``. ``after`` may be a chain,
        ``a = b = c``; then each part is checked against the one before it.

    Raises
    ------
    FormulaError
        ``before`` is not a formula. If ``after`` is none, that is a verdict.

    Examples
    --------
    >>> check_step("tanh(z)", "sinh(z) / cosh(z)").method
    'exact'
    >>> step = check_step("1 / (1 + e^-z)", "e^z / (e^z - 1)")
    >>> step.verdict, step.z, step.before, step.after
    ('different', '1', '0.731', '1.58')
    >>> check_step("z", "2z +").position
    3
    """
    return _Proof(before, None, ()).line(after)


def check_proof(
    start: str, goal: str, lines: Sequence[str], wrong: Sequence[str] = ()
) -> dict[str, Any]:
    """Check a whole proof.

    Parameters
    ----------
    start, goal
        The formulas between which the lines lead. A line is checked against the last one above it
        that was right.
    lines
        What was written, without the start.
    wrong
        False lines that are expected; a false line that equals one of them says which.

    Returns
    -------
    dict
        ``lines``: a dict for each, the fields of :class:`Step`. ``state``: ``"open"``; ``"short"``
        if the goal stands there without a line between; ``"done"``. ``message``: what to say to it.
        ``start`` and ``goal``, as MathML.

    Raises
    ------
    FormulaError
        The start, the goal or one of ``wrong`` is not a formula, or there are too many lines.

    Examples
    --------
    >>> check_proof("tanh(z)", "2σ(2z) - 1", ["2/(1 + e^-2z) - 1", "2σ(2z) - 1"])["state"]
    'done'
    >>> check_proof("tanh(z)", "2σ(2z) - 1", ["2σ(2z) - 1"])["state"]
    'short'
    """
    if len(lines) > MOST_LINES or len(wrong) > MOST_WRONG:
        raise FormulaError(f"a proof has at most {MOST_LINES} lines")
    proof = _Proof(start, goal, wrong)
    steps = [proof.line(line) for line in lines]
    state, message = proof.state()
    return {
        "lines": [asdict(step) for step in steps],
        "state": state,
        "message": message,
        "start": mathml(proof.start),
        "goal": mathml(read(goal)),
    }


class _Proof:
    """The lines so far."""

    def __init__(self, start: str, goal: str | None, wrong: Sequence[str]) -> None:
        self.start = read(start)
        self.goal = None if goal is None else read(goal)
        self.wrong = [read(line) for line in wrong]
        self.right = [self.start]  # the lines that were right, each equal to the first

    def line(self, text: str) -> Step:
        if not text.strip():
            return Step("empty", "")
        try:
            parts = [(self._read(text, part, at), part) for part, at in split(text)]
        except FormulaError as error:
            told = f"{error.message}: {error.hint}" if error.hint else error.message
            told = told[:1].upper() + told[1:]
            return Step("error", f"{told}.", position=error.position, length=error.length)
        # A chain may begin by repeating the line that it goes on from.
        if len(parts) > 1 and shape(parts[0][0]) == shape(self.right[-1]):
            del parts[0]
        math = chain([e for e, _ in parts])
        step = Step("empty", "")
        for expr, part in parts:
            step = self._step(expr)
            if step.verdict in ("different", "undefined"):
                if len(parts) > 1:
                    told = step.message[0].lower() + step.message[1:]
                    step = _changed(step, message=f"Look at “{part.strip()}”: {told}")
                break
            self.right.append(expr)
        return _changed(step, math=math)

    @staticmethod
    def _read(line: str, part: str, at: int) -> Expr:
        try:
            return read(part)
        except FormulaError as error:
            place = None if error.position is None else error.position + at
            raise FormulaError(error.message, line, place, error.length, error.hint) from None

    def _step(self, after: Expr) -> Step:
        before = self.right[-1]
        forms = [shape(e) for e in self.right]
        if shape(after) in forms:
            return Step("repeated", self._again(forms.index(shape(after))), "exact")
        found = compare(before, after)
        if found.equal:
            strayed = None if before is self.start else compare(self.start, after).counterexample
            if strayed is not None:
                return _strayed(strayed)
            return Step("equal", _how(found), found.kind)
        if found.kind == "nowhere":
            return Step("undefined", _nowhere(after))
        known = self._known(after)
        seen = found.counterexample
        told = [_where(seen), "" if known is not None else mistake(before, after)]
        return Step(
            "different",
            " ".join(t for t in told if t),
            z=_number(seen.z) if seen else "",
            before=seen.before if seen else "",
            after=seen.after if seen else "",
            known=known,
        )

    def _known(self, line: Expr) -> int | None:
        """Which expected line this is: rather one that is like it than one that is only equal."""
        near = [(i, e) for i, e in enumerate(self.wrong) if agree(e, line)]
        alike = (i for i, e in near if not _apart(e, line))
        equal = (i for i, e in near if compare(e, line).equal)
        return next(alike, next(equal, None))

    def _again(self, index: int) -> str:
        if index == len(self.right) - 1:
            return "True, but it is the line before once more: nothing has changed yet."
        where = "the beginning" if index == 0 else f"line {index}"
        return f"True, but this is {where} again: you have gone in a circle."

    def state(self) -> tuple[str, str]:
        """How far the proof has come."""
        assert self.goal is not None
        goal, last = shape(self.goal), shape(self.right[-1])
        if last != goal:
            return "open", ""
        # What is but the start or the goal rearranged says nothing about why the two are equal.
        if not any(_apart(e, self.start) and _apart(e, self.goal) for e in self.right):
            return "short", (
                "That is where we want to arrive, and it is true. But it is what was to be shown: "
                "put at least one line in between that says why."
            )
        return "done", "Every line equals the one before, and the last is the goal: proved."


def _apart(a: Expr, b: Expr) -> bool:
    """Whether it takes more than arithmetic to get from one to the other."""
    try:
        return not same_algebra(a, b)
    except (TooLarge, Nowhere):
        return shape(a) != shape(b)


def _changed(step: Step, **fields: Any) -> Step:
    return Step(**(asdict(step) | fields))


def _how(found: Comparison) -> str:
    told = "Equal."
    if found.kind == "points":
        told = (
            f"No difference found: they agree to {DIGITS} digits at all {found.points} points that "
            "were tried. That is no proof, but it will do here."
        )
    if found.gap is None:
        return told
    z, side = found.gap
    which = "the line before has no value" if side == "before" else "this one has no value"
    return f"{told} But mind that at z = {_number(z)} {which}: it holds where both have one."


def _strayed(seen: Counterexample) -> Step:
    """Each line may equal the one before wherever that has a value, and the last be another function than the first."""
    z = _number(seen.z)
    return Step(
        "different",
        "This equals the line before only where that has a value, which is not everywhere that the "
        f"beginning has one. At z = {z} the beginning is {seen.before}, and this is {seen.after}.",
        z=z,
        before=seen.before,
        after=seen.after,
    )


def _nowhere(after: Expr) -> str:
    if not has_a_value(after):
        return "This has no value, whatever z is: look for a division by 0, or a root or logarithm of a negative number."
    return "There is hardly a z at which both this line and the one before have a value, so they cannot be compared."


def _where(seen: Counterexample | None) -> str:
    if seen is None:
        return "They differ, though by too little to show in figures."
    return (
        f"At z = {_number(seen.z)} the line before is {seen.before}, and this one is {seen.after}."
    )


def _number(z: Fraction) -> str:
    return f"{float(z):g}".replace("-", "−")
