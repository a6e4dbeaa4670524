"""Element formats: how an array's numbers become doubles, and doubles the array's numbers.

Both ways are plain arithmetic and bit operations: no conversion instruction that some processors
lack, no library call. Narrowing rounds once, to nearest, ties to even.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from nonlin.compiler.ir import Value

__all__ = ["FORMATS", "Format"]


@dataclass(frozen=True, slots=True)
class Format:
    """One element type.

    ``storage`` is its LLVM type in memory, ``significand`` its bits of precision, ``lowest`` the
    exponent of its smallest normal number, ``exact`` whether a double holds too little slack for it
    (then every element takes the exact arithmetic).
    """

    name: str
    storage: str
    size: int
    significand: int
    lowest: int
    largest: float
    exact: bool = False

    def load(self, x: Value) -> Value:
        """A stored value as double."""
        match self.name:
            case "float64":
                return x
            case "float32":
                return x.to("fpext", "double")
            case "bfloat16":
                return x.to("zext", "i32").shl(16).as_float().to("fpext", "double")
        bits = x.to("zext", "i32")
        magnitude = bits & 0x7FFF
        # Exponent and fraction in place, then 2**112 mends the bias, subnormals included.
        plain = magnitude.shl(13).as_float().to("fpext", "double") * 2.0**112
        special = (magnitude.shl(13) | 0x7F800000).as_float().to("fpext", "double")
        value = magnitude.ge(0x7C00).select(special, plain)
        return (bits & 0x8000).ne(0).select(-value, value)

    def store(self, x: Value) -> Value:
        """A double rounded to this format."""
        match self.name:
            case "float64":
                return x
            case "float32":
                return x.to("fptrunc", "float")
        rounded = self._rounded(x)
        single = rounded.to("fptrunc", "float")  # exact, but for overflow to infinity
        bits = single.bits()
        if self.name == "bfloat16":
            return bits.lshr(16).to("trunc", "i16")
        scaled = single.abs() * 2.0**-112
        half = scaled.bits().lshr(13)
        half = single.abs().ge(65520.0).select(0x7C00, half, "i32")
        half = single.is_nan().select(0x7E00, half, "i32")
        return (half | (bits.lshr(16) & 0x8000)).to("trunc", "i16")

    def _rounded(self, x: Value) -> Value:
        """x rounded to the precision: adding and taking off 1.5 * 2**52 units does it."""
        fn = x.fn
        exponent = (x.bits().lshr(52) & 0x7FF) - 1023
        exponent = exponent.lt(self.lowest).select(self.lowest, exponent)
        anchor = (exponent + (1023 - (self.significand - 1) + 52)).shl(52).as_float() * 1.5
        magnitude = (x.abs() + anchor) - anchor
        rounded = magnitude.copysign(x)
        kept = x.abs().ge(self.largest * 2.0) | x.is_nan()
        nan = fn.f64(math.nan)
        return x.is_nan().select(nan, kept.select(fn.f64(math.inf).copysign(x), rounded))


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format("float16", "i16", 2, 11, -14, 65504.0),
        Format("bfloat16", "i16", 2, 8, -126, 2.0**127 * (2 - 2.0**-7)),
        Format("float32", "float", 4, 24, -126, 2.0**127 * (2 - 2.0**-23)),
        Format("float64", "double", 8, 53, -1022, 2.0**1023 * (2 - 2.0**-52), exact=True),
    )
}
