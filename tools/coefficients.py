"""Generate ``src/nonlin/compiler/coefficients.py``: polynomials of the primitives, by mpmath.

Run ``python tools/coefficients.py`` to write the file, ``--check`` to compare it with what stands
there. Polynomials are Chebyshev interpolants of relative error far below the precision that uses
them, computed with 400 bits and rounded once.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path

import mpmath as mp

TARGET = Path(__file__).parents[1] / "src/nonlin/compiler/coefficients.py"
mp.mp.prec = 400


def chebyshev(
    f: Callable[[mp.mpf], mp.mpf], low: object, high: object, degree: int
) -> list[mp.mpf]:
    """Coefficients, constant first, of the interpolant of f on [low, high]."""
    n = degree + 1
    low, high = mp.mpf(low), mp.mpf(high)
    nodes = [mp.cos(mp.pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    values = [f((high + low) / 2 + (high - low) / 2 * t) for t in nodes]
    cheb = [
        (2 - (j == 0))
        * mp.fsum(v * mp.cos(j * mp.acos(t)) for v, t in zip(values, nodes, strict=True))
        / n
        for j in range(n)
    ]
    # To powers of t, by the recurrence T_{j+1} = 2 t T_j - T_{j-1}.
    before, now = [mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]
    total = [mp.mpf(0)] * n
    for j, c in enumerate(cheb):
        poly = before if j == 0 else now
        for i, p in enumerate(poly):
            total[i] += c * p
        if j >= 1:
            after = [mp.mpf(0), *(2 * p for p in now)]
            for i, p in enumerate(before):
                after[i] -= p
            before, now = now, after
    # From t = (x - middle) / half back to x.
    middle, half = (high + low) / 2, (high - low) / 2
    if middle == 0 and half == 1:
        return total
    result = [mp.mpf(0)] * n
    for i, c in enumerate(total):
        for k in range(i + 1):
            result[k] += c * mp.binomial(i, k) * (-middle) ** (i - k) / half**i
    return result


def tail(x: mp.mpf) -> mp.mpf:
    """exp(x**2) * erfc(x), without overflow."""
    return mp.exp(x * x) * mp.erfc(x)


ERFC_A = 4


def erfc_table(degree: int) -> list[mp.mpf]:
    """(1 + 2x) exp(x**2) erfc(x) over t = (x - a)/(x + a), x from 0 to infinity."""

    def f(t: mp.mpf) -> mp.mpf:
        if t >= 1:
            return 2 / mp.sqrt(mp.pi)
        x = ERFC_A * (1 + t) / (1 - t)
        if x > 200:  # asymptotic series
            s = mp.fsum((-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(25))
            return (1 + 2 * x) * s / (x * mp.sqrt(mp.pi))
        return (1 + 2 * x) * tail(x)

    return chebyshev(f, -1, 1, degree)


def quotient(
    f: Callable[[mp.mpf], mp.mpf], above: int, below: int, end: object
) -> tuple[list[mp.mpf], list[mp.mpf]]:
    """The quotient of polynomials in x**2 nearest to f on (0, end], by its largest relative error.

    The places where it meets f are moved until the errors between them are alike, after C. Hofreither,
    "An algorithm for best rational approximation based on barycentric rational interpolation",
    Numerical Algorithms 88 (2021). The highest coefficient below is 1.
    """
    n, end = above + below + 1, mp.mpf(end)
    places = [end * mp.cos(mp.pi * (2 * k + 1) / (4 * n)) for k in reversed(range(n))]
    while True:
        rows = mp.matrix(n, n)
        for r, x in enumerate(places):
            for k in range(above + 1):
                rows[r, k] = x ** (2 * k)
            for k in range(below):
                rows[r, above + 1 + k] = -f(x) * x ** (2 * k)
        found = list(mp.lu_solve(rows, mp.matrix([f(x) * x ** (2 * below) for x in places])))
        p, q = found[: above + 1], [*found[above + 1 :], mp.mpf(1)]

        def error(x: mp.mpf, p: list[mp.mpf] = p, q: list[mp.mpf] = q) -> mp.mpf:
            return abs(mp.polyval(p[::-1], x * x) / mp.polyval(q[::-1], x * x) / f(x) - 1)

        edges = [mp.mpf(0), *places, end]
        gaps = [b - a for a, b in zip(edges, edges[1:], strict=False)]
        worst = [
            max(error(a + gap * k / 16) for k in range(1, 17))
            for a, gap in zip(edges, gaps, strict=False)
        ]
        if max(worst) < min(worst) * 1.1:
            return p, q
        mean = mp.fsum(worst) / len(worst)
        most = max(1, *(abs(w / mean - 1) for w in worst))
        gaps = [g * (1 - 0.15 * (w / mean - 1) / most) for g, w in zip(gaps, worst, strict=True)]
        places = [end * mp.fsum(gaps[: k + 1]) / mp.fsum(gaps) for k in range(n)]


TANH_END = "8"  # from where on 1 is right to 3e-7


def double(x: mp.mpf) -> float:
    return float(x)


def pair(x: mp.mpf, parts: int = 2) -> tuple[float, ...]:
    out = []
    for _ in range(parts):
        hi = float(x)
        out.append(hi)
        x = x - mp.mpf(hi)
    return tuple(out)


def head(x: mp.mpf, bits: int) -> float:
    """x cut to so many bits, so that products with small integers are exact."""
    m, e = mp.frexp(x)
    return float(mp.ldexp(mp.floor(mp.ldexp(m, bits)), int(e) - bits))


def rows(values: list[tuple[float, ...]]) -> str:
    return "(\n" + "".join(f"    ({', '.join(map(repr, v))}),\n" for v in values) + ")"


def row(values: list[float]) -> str:
    return "(\n" + "".join(f"    {v!r},\n" for v in values) + ")"


def main() -> int:
    ln2, half_pi = mp.log(2), mp.pi / 2

    def split(x: mp.mpf, bits: int) -> tuple[float, ...]:
        a = head(x, bits)
        b = head(x - mp.mpf(a), bits)
        return a, b, float(x - mp.mpf(a) - mp.mpf(b))

    with mp.workprec(1500):
        turns = int(mp.floor(mp.ldexp(1 / (2 * mp.pi), 1344)))
    words = [(turns >> (1344 - 32 * (i + 1))) & 0xFFFFFFFF for i in range(42)]

    def atan(degree: int) -> list[mp.mpf]:
        return chebyshev(
            lambda s: mp.atan(mp.sqrt(s)) / mp.sqrt(s) if s > 0 else mp.mpf(1),
            0, mp.mpf("0.1716"), degree,
        )  # fmt: skip

    def expm1(degree: int) -> list[mp.mpf]:
        return chebyshev(
            lambda r: (mp.expm1(r) - r) / r**2 if abs(r) > 1e-30 else mp.mpf(1) / 2,
            -ln2 / 2, ln2 / 2, degree,
        )  # fmt: skip

    def exp2m1(degree: int, end: float = 0.5) -> list[mp.mpf]:
        return chebyshev(
            lambda f: mp.expm1(f * ln2) / f if abs(f) > 1e-30 else ln2, -end, end, degree
        )

    tanh = quotient(lambda x: mp.tanh(x) / x, 3, 4, TANH_END)

    text = f'''"""Polynomials and constants of the primitives; written by ``tools/coefficients.py``, not by hand."""

from __future__ import annotations

LN2_33 = {split(ln2, 33)!r}
"""log(2) as 33 + 33 + 53 bits: products with integers below 2**20 are exact in the first two."""
HALF_PI_33 = {split(half_pi, 33)!r}
"""pi/2, likewise."""
LN2_12 = {split(ln2, 12)!r}
"""log(2) as 12 + 12 + 53 bits, for single precision: products with integers below 2**12 are exact."""
HALF_PI_12 = {split(half_pi, 12)!r}
"""pi/2, likewise."""
LN2 = {pair(ln2, 3)!r}
HALF_PI = {pair(half_pi, 4)!r}
INV_SQRT2 = {pair(1 / mp.sqrt(2))!r}
TWO_OVER_SQRT_PI = {pair(2 / mp.sqrt(mp.pi))!r}
TWO_PI = {pair(2 * mp.pi)!r}
INV_TWO_PI_WORDS = {tuple(words)!r}
"""The first 1344 bits of 1/(2 pi), in words of 32 bits."""
ERFC_A = {float(ERFC_A)!r}
ATAN_F64 = {row([double(c) for c in atan(13)])}
"""atan(sqrt(s))/sqrt(s) for s in [0, tan(pi/8)**2]."""
ATAN_F32 = {row([double(c) for c in atan(5)])}
"""The same for single precision."""
EXPM1_F32 = {row([double(c) for c in expm1(4)])}
"""(exp(r) - 1 - r)/r**2 for abs(r) up to log(2)/2, for single lanes."""
EXP2M1_F32 = {row([double(c) for c in exp2m1(5)])}
"""(2**f - 1)/f for abs(f) up to 1/2, for single lanes."""
EXP2M1_PIECES = {row([double(c) for c in exp2m1(6)])}
"""The same, closer."""
EXP2M1_SIXTEENTHS = {row([double(c) for c in exp2m1(2, 1 / 32)])}
"""The same for abs(f) up to 1/32."""
TANH_END = {float(TANH_END)!r}
TANH_F32 = ({", ".join(row([double(c) for c in side]) for side in tanh)})
"""tanh(x)/x for x up to TANH_END: numerator and denominator in powers of x**2, for single lanes."""
ERFC_F64 = {row([double(c) for c in erfc_table(24)])}
"""(1 + 2x) exp(x**2) erfc(x) in powers of t = (x - a)/(x + a), for double lanes."""
ERFC_F32 = {row([double(c) for c in erfc_table(11)])}
"""The same for single lanes."""
ERFC_DD = {rows([pair(c) for c in erfc_table(46)])}
"""The same for double-double."""
'''
    if "--check" in sys.argv:
        same = ast.dump(ast.parse(TARGET.read_text())) == ast.dump(ast.parse(text))
        print("up to date" if same else "differs: run python tools/coefficients.py")
        return 0 if same else 1
    TARGET.write_text(text)
    for degree in (24, 46):
        c = erfc_table(degree)
        worst = max(
            abs(mp.polyval(c[::-1], (x - ERFC_A) / (x + ERFC_A)) / ((1 + 2 * x) * tail(x)) - 1)
            for x in (mp.mpf(k) / 16 for k in range(500))
        )
        print(
            degree,
            mp.nstr(mp.log(worst, 2), 5),
            "largest coefficient",
            mp.nstr(max(map(abs, c)), 4),
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
