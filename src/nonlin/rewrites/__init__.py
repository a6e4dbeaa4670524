"""Identities: what a person writes, turned into a form that neither overflows nor cancels.

``1/(1+exp(-z))`` becomes ``sigmoid(z)``, ``log(1+exp(z))`` becomes ``softplus(z)``, ``1-tanh(z)**2``
becomes ``1/cosh(z)**2``: the same function, but one that keeps its last digit in the far tails.
The same pass tidies derivatives, so that what is printed is short and what is compiled is stable.

How it works. A sum is a table from monomial to coefficient, a monomial a table from base to
exponent, both exact (:mod:`.monomials`); so like terms and like factors meet by themselves. Such a
table is written out again by :mod:`.sums` and :mod:`.products`, in an order that depends on nothing
but the formula (:mod:`.order`). Identities act in three places:

* :func:`.identities.pair_rules`: two terms of a sum that together are one term
  (``A - A*sigmoid(u)`` is ``A*sigmoid(-u)``), found for every common cofactor ``A``;
* :func:`.identities.factor_rules`: two factors of a product that together are one
  (``exp(-u)*sigmoid(u)`` is ``sigmoid(-u)``);
* :mod:`.functions` and :mod:`.branches`: a function of a special operand (``log1p(exp(u))`` is
  ``softplus(u)``), a branch that knows its condition.

:mod:`.rewriter` takes a formula through them from the leaves up. Every identity holds for all real
operands for which both sides are defined (:mod:`.domain` puts back, for what is compiled, where the
first is not); ``tests`` check each against mpmath. Sums are never
multiplied out except where the result gets smaller.
"""

from . import branches, functions, products, sums  # noqa: F401 - each brings its rules
from .domain import within_domain
from .rewriter import simplify, size
from .roots import stabilise

__all__ = ["simplify", "size", "stabilise", "within_domain"]
