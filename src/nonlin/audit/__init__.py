"""How far results are from the truth: a kernel's results, one by one, beside an oracle's.

What is measured. The error of a result is its distance from the true value in units of the last place
of the format at that value. A result that is NaN, infinite or finite where it should not be counts as
infinitely wrong, and a zero with the wrong sign is counted by itself. The true values are those of real
numbers; at ±infinity the limit, NaN where there is none; at a kink f' is what the catalogue says.

How the truth is known. Three arithmetics judge each other:

* **Enclosures** (:mod:`.intervals`). Every input of the smaller formats is computed with NumPy in
  interval arithmetic on doubles, built of other functions than those of the compiler. Most enclosures
  are millions of times narrower than a unit in the last place of float32: both ends round to one
  number, and the error is given to three digits at least. The error reported is the larger one of
  the two ends, so it is an upper bound.
* **The exact arithmetic** (:mod:`nonlin.compiler.wide`, about 100 bits) settles what is left: where ends
  round differently or lie too far apart, at infinities, and all of float64.
* **mpmath** checks both. At random ones of the inputs the formula as it is written, before any rewriting,
  is evaluated to 130 bits; it has to lie in the enclosure and to agree with the exact arithmetic to 80
  bits. Otherwise there is no report but an error.

Of an exhaustive float32 audit the judge sees only what polynomials with proved bounds (:mod:`.polynomials`), which come
of the same enclosures and are checked by mpmath as well, leave in doubt.

So a float16, bfloat16 or exhaustive float32 audit is a statement about every number of the format. It
rests on the errors that :mod:`.intervals` assumes of NumPy's and SciPy's functions (with room: they
assume 16 units of the last place, the functions keep to about one), on the exact arithmetic where it had
to settle, and on the rewriting of formulas and on derivatives, which the tests of the project hold against
mpmath and finite differences. For float64, where the kernel may be the exact arithmetic itself, what counts is mpmath.

>>> import nonlin
>>> audit(nonlin.relu, "derivative", "bfloat16").tally.error
0.0
"""

from .judge import AuditError, Judge
from .run import LIMITS, SAMPLES, Report, audit, of_kernel
from .tally import Miss, Tally

__all__ = [
    "LIMITS",
    "SAMPLES",
    "AuditError",
    "Judge",
    "Miss",
    "Report",
    "Tally",
    "audit",
    "of_kernel",
]
