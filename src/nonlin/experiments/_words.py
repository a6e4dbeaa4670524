"""Numbers and names as sentences have them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nonlin.catalogue import BY_NAME

__all__ = ["counted", "listed", "number", "percent", "raised", "said", "spread"]

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def number(value: float, digits: int = 2) -> str:
    """A number with so many digits, and powers of ten where zeros would have to be counted.

    >>> number(0.006648), number(3.1e-13), number(1234.5), number(2.0), number(0.693147, 3)
    ('0.0066', '3.1·10⁻¹³', '1,200', '2', '0.693')
    """
    if math.isnan(value):
        return "no number"
    if value < 0:
        return f"−{number(-value, digits)}"
    if value == 0 or math.isinf(value):
        return "infinity" if value else "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -4 <= power < 6:
        rounded = float(f"{value:.{digits - 1}e}")
        text = f"{rounded:,.{max(digits - 1 - power, 0)}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    one = f"10{raised(power)}"
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return one if mantissa == "1" else f"{mantissa}·{one}"


def raised(power: int) -> str:
    """An exponent.

    >>> raised(-12)
    '⁻¹²'
    """
    return str(power).translate(_RAISED)


def percent(share: float, digits: int = 2) -> str:
    """A share of one.

    >>> percent(0.5012), percent(1), percent(0.00018)
    ('50 %', '100 %', '0.018 %')
    """
    return f"{number(100 * share, max(digits, 3 if share >= 1 else digits))} %"


def counted(count: int, thing: str) -> str:
    """So many things.

    >>> counted(12345, "step"), counted(1, "step")
    ('12,345 steps', '1 step')
    """
    return f"{count:,} {thing}{'s' * (count != 1)}"


def spread(low: float, high: float, digits: int = 3) -> str:
    """From one share to another, or the one that both are.

    >>> spread(0.495, 0.51), spread(0.5, 0.5)
    ('49.5 % to 51 %', '50 %')
    """
    one, other = percent(low, digits), percent(high, digits)
    return one if one == other else f"{one} to {other}"


def listed(items: Sequence[str], word: str = "and") -> str:
    """Items in a sentence.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return f" {word} ".join(filter(None, [", ".join(items[:-1]), items[-1] if items else ""]))


def said(name: str) -> str:
    """A function's title in the middle of a sentence; a formula stays as it is.

    >>> said("sigmoid"), said("relu"), said("leaky_relu"), said("z*z")
    ('sigmoid', 'ReLU', 'leaky ReLU', 'z*z')
    """
    entry = BY_NAME.get(name)
    if entry is None:
        return name
    first, _, rest = entry.title.partition(" ")
    return f"{first.lower() if first[1:].islower() else first} {rest}".strip()
