"""What the errors of the parser advise: what is allowed, and what was probably meant."""

from __future__ import annotations

import ast
import difflib
import keyword
import re
import unicodedata
from collections.abc import Iterable

from nonlin.ops import CONSTANTS, FUNCTIONS

__all__ = [
    "ALLOWED_CHARACTERS",
    "ALLOWED_HINT",
    "GREEK",
    "OPERATORS",
    "RESERVED",
    "character_hint",
    "example",
    "suggestion",
    "syntax_hint",
    "word_hint",
]

ALLOWED_CHARACTERS = re.compile(r"[A-Za-z0-9_.+\-*/(),<>=! \t\r\n]")
RESERVED = frozenset({"z", *CONSTANTS, *FUNCTIONS})
ALLOWED_HINT = (
    "allowed are z, parameters, numbers, + - * / **, comparisons inside where(condition, a, b), "
    f"pi, e, the functions {', '.join(FUNCTIONS)}, and those of the catalogue, as in relu(z)"
)
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambd": "λ", "lam": "λ", "mu": "μ", "nu": "ν",
    "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ",
    "chi": "χ", "psi": "ψ", "omega": "ω",
}  # fmt: skip
"""Names of parameters that are written as a Greek letter."""
# What people type for something that has another name here.
_SYNONYMS = {
    "x": "z", "t": "z", "ln": "log", "arctan": "atan", "normcdf": "Phi", "phi": "Phi",
    "cdf": "Phi", "logistic": "sigmoid", "fabs": "abs", "sgn": "sign", "maximum": "max",
    "minimum": "min", "If": "where", "iif": "where", "select": "where", "π": "pi",
}  # fmt: skip
_CHARACTER_HINTS = {
    "^": "powers are written with **, as in z**2",
    "&": "nest where() for a condition of two parts, as in where(z > 0, where(z < 1, a, b), b)",
    "|": "nest where() for a condition of two parts; the absolute value is abs(z)",
    "[": "use round brackets",
    "{": "use round brackets",
    ";": "a formula is one expression",
    "%": "there is no remainder; divide with /",
    "×": "multiply with *",
    "·": "multiply with *",
    "÷": "divide with /",
    "−": "the minus is the plain hyphen -",
    "π": "write pi",
    "²": "write **2",
    "³": "write **3",
    "√": "write sqrt(...)",
    "'": "a formula holds no text",
    '"': "a formula holds no text",
    ":": "there is no lambda, no := and no slice",
    "@": "multiply with *",
}
# Python's operators that are none here: how each is written, and what to write in its place.
OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.FloorDiv: ("//", "divide with /"),
    ast.LShift: ("<<", "multiply by a power of 2"),
    ast.RShift: (">>", "divide by a power of 2"),
}


def character_hint(char: str) -> str:
    """What to type in place of a character; many look like one that is allowed."""
    if char in _CHARACTER_HINTS:
        return _CHARACTER_HINTS[char]
    plain = unicodedata.normalize("NFKC", char)
    if plain == char or not all(ALLOWED_CHARACTERS.match(c) for c in plain):
        return ALLOWED_HINT
    if unicodedata.decomposition(char).startswith("<super>"):
        return f"write **{plain}"
    return "type a plain space" if plain == " " else f"it only looks like {plain}: type that"


def syntax_hint(text: str) -> str:
    """What is probably wrong with a text that Python's grammar refuses."""
    if re.search(r"\d[eE][+-]?(?!\w)", text):
        return "digits are missing after the e of a number, as in 1.5e-3"
    if re.search(r"(?<![\w.])0\d", text):
        return "a whole number does not begin with 0"
    if re.search(r"\d\s*[A-Za-z(]|\)\s*[A-Za-z0-9(]", text):
        return "a product needs its *, as in 2 * z"
    if re.search(r"[-+*/,<>=]\s*(\)|,|$)", text):
        return "something is missing after an operator or a comma"
    for word in re.findall(r"[A-Za-z_]\w*", text):
        if keyword.iskeyword(word):
            return f"{word} is a word of Python, not of formulas; {ALLOWED_HINT}"
    if re.search(r"\w\s+\w", text):
        return "an operator is missing, or the brackets after a function"
    return ALLOWED_HINT


def suggestion(name: str, parameters: Iterable[str], functions: Iterable[str] = ()) -> str:
    """What an unknown name may have been meant for; of the functions only where nothing else is like it."""
    if name in _SYNONYMS:
        right = _SYNONYMS[name]
        return "the variable is called z" if right == "z" else f"it is called {right} here"
    if len(name) in (2, 3) and "z" in name:
        return f"a product of names needs its *, as in {'*'.join(name)}"
    for known in ([*sorted(RESERVED), *sorted(parameters)], sorted(functions)):
        near = difflib.get_close_matches(name[:32], known, n=2, cutoff=0.6)
        if near:
            return f"did you mean {' or '.join(near)}?"
    return ALLOWED_HINT if len(name) > 1 else f"give it a value as a parameter; {ALLOWED_HINT}"


def word_hint(name: str) -> str:
    """What to write in place of a word that looks like no parameter, where those need no value.

    >>> word_hint("tanhh"), word_hint("az")
    ('did you mean tanh or atan?', 'a product of names needs its *, as in a*z')
    """
    meant = suggestion(name, ())
    if meant != ALLOWED_HINT:
        return meant
    return "a parameter is a letter, as in a*z or k2*z, or a Greek letter's name, as in alpha*z"


def example(name: str) -> str:
    """A call of a function."""
    special = {"where": "where(z > 0, z, 0)", "min": "min(z, 0)", "max": "max(z, 0)"}
    return special.get(name, f"{name}(z)")
