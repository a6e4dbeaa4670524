"""Whether two formulas are the same function, decided exactly where that can be decided.

A formula becomes a quotient of two polynomials with exact coefficients. Its unknowns are z, one
``exp(m)`` for each product m of unknowns (``exp(2*z)`` is ``exp(z)**2``), and one unknown for each
function value that is nothing simpler (``log(z)``, ``max(z, 0)``). tanh, sigmoid, sinh, cosh, expm1
and softplus are written with exp. Then:

* If the cross products agree, the formulas are equal wherever both are defined, whatever the
  unknowns stand for. That is a proof.
* If they do not, and the only unknowns are z and exponentials of polynomials in z, the formulas
  differ: e is transcendental, and exponentials of different powers of z are algebraically
  independent (J. Ax, 1971, On Schanuel's conjectures, Annals of Mathematics 93), so no other
  relation could make the formulas equal after all. That is a proof, too.

With other unknowns a disagreement proves nothing. Work is bounded: past :data:`_MOST` terms
:class:`TooLarge` is raised. Exponents are fractions, so a polynomial here may hold ``exp(-z/2)``.
"""

from __future__ import annotations

from fractions import Fraction

from nonlin.expression import Expr, walk

__all__ = ["Nowhere", "TooLarge", "same_algebra", "same_function"]

Monomial = tuple[tuple[int, Fraction], ...]  # unknowns with exponents, in the order of unknowns
Polynomial = dict[Monomial, Fraction]
Quotient = tuple[Polynomial, Polynomial]

_MOST = 1500
_MOST_PRODUCTS = 60_000
_MOST_BITS = 20_000
_UNIT: Monomial = ()
_ONE: Polynomial = {_UNIT: Fraction(1)}
_Z: Monomial = ((0, Fraction(1)),)


class TooLarge(Exception):
    """The polynomials grow beyond what is worth comparing."""


class Nowhere(Exception):
    """The formula divides by what is zero for every z."""


def same_function(a: Expr, b: Expr) -> bool | None:
    """True or False where it is proved, None where it is not; True holds where both are defined.

    Raises
    ------
    TooLarge, Nowhere

    Examples
    --------
    >>> from nonlin.formula import parse
    >>> same_function(parse("tanh(z)"), parse("2*sigmoid(2*z) - 1"))
    True
    >>> same_function(parse("tanh(z)"), parse("2*sigmoid(z) - 1"))
    False
    >>> same_function(parse("sin(z)**2"), parse("1 - cos(z)**2")) is None
    True
    """
    field = _Field()
    if field.equal(field.quotient(a), field.quotient(b)):
        return True
    return False if field.decides else None


def same_algebra(a: Expr, b: Expr) -> bool:
    """Whether two formulas are equal by arithmetic alone, whatever the functions in them are.

    >>> from nonlin.formula import parse
    >>> same_algebra(parse("1 - 2/(1 + exp(z))"), parse("(exp(z) - 1)/(exp(z) + 1)"))
    True
    >>> same_algebra(parse("sigmoid(z)"), parse("1/(1 + exp(-z))"))
    False
    """
    field = _Field(known=False)
    return field.equal(field.quotient(a), field.quotient(b))


class _Field:
    """The unknowns that have come up, and arithmetic with them.

    Without ``known`` nothing is known of any function, and each of its values is an unknown.
    """

    def __init__(self, known: bool = True) -> None:
        self.known = known
        self.count = 1  # unknown 0 is z
        self.decides = True  # whether the unknowns are known to be independent
        self.constants: set[int] = set()
        self.exponentials: dict[Monomial, int] = {}
        self.exponents: dict[int, Monomial] = {}
        self.opaque: list[tuple[tuple[object, ...], tuple[Quotient, ...], int]] = []

    def quotient(self, root: Expr) -> Quotient:
        known: dict[Expr, Quotient] = {}
        for node in walk(root):
            known[node] = self._node(node, tuple(known[a] for a in node.args))
        return known[root]

    def equal(self, a: Quotient, b: Quotient) -> bool:
        if a[1] == b[1]:
            return a[0] == b[0]
        return _times(a[0], b[1]) == _times(b[0], a[1])

    def _node(self, node: Expr, args: tuple[Quotient, ...]) -> Quotient:
        one = (_ONE, _ONE)
        match node.op:
            case "z":
                return {_Z: Fraction(1)}, _ONE
            case "number":
                return _number(node.fraction)
            case "constant" if node.value == "e":
                return self.exp(one)
            case "constant" | "param":
                return self.unknown((node.op, node.value), ())
            case "add":
                return _plus(args[0], args[1])
            case "sub":
                return _plus(args[0], _scaled(args[1], -1))
            case "neg":
                return _scaled(args[0], -1)
            case "mul":
                return _product(args[0], args[1])
            case "div":
                return _product(args[0], _inverse(args[1]))
            case "pow":
                return self.power(*args)
            case "sqrt":
                return self.power(args[0], _number(Fraction(1, 2)))
            case _ if not self.known:
                pass
            case "exp":
                return self.exp(args[0])
            case "expm1":
                return _plus(self.exp(args[0]), _number(-1))
            case "sigmoid":
                e = self.exp(args[0])
                return _product(e, _inverse(_plus(e, one)))
            case "tanh":
                e = self.exp(_scaled(args[0], 2))
                return _product(_plus(e, _number(-1)), _inverse(_plus(e, one)))
            case "sinh" | "cosh":
                e = self.exp(args[0])
                other = _scaled(_inverse(e), 1 if node.op == "cosh" else -1)
                return _scaled(_plus(e, other), Fraction(1, 2))
            case "softplus":
                return self.log(_plus(self.exp(args[0]), one))
            case "log1p":
                return self.log(_plus(args[0], one))
            case "log":
                return self.log(args[0])
            case "erfc":
                return _plus(one, _scaled(self.unknown(("erf",), args), -1))
        return self.unknown((node.op,), args)

    def exp(self, u: Quotient) -> Quotient:
        """exp of a sum of monomials is a product of powers of exponentials."""
        if u[1] != _ONE or not self.known:
            return self.unknown(("exp",), (u,))
        powers: dict[int, Fraction] = {}
        for monomial, coefficient in u[0].items():
            unknown = self.exponentials.get(monomial)
            if unknown is None:
                unknown = self.exponentials[monomial] = self.count
                self.exponents[unknown] = monomial
                self.count += 1
                if all(k in self.constants for k, _ in monomial):
                    self.constants.add(unknown)
                    self.decides &= monomial == _UNIT  # of e and exp(e) nobody knows
            powers[unknown] = coefficient
        return {tuple(sorted(powers.items())): Fraction(1)}, _ONE

    def exponent(self, u: Quotient) -> Polynomial | None:
        """The v of u = exp(v), if u is nothing but that."""
        if u[1] != _ONE or len(u[0]) != 1:
            return None
        [(monomial, coefficient)] = u[0].items()
        if coefficient != 1 or any(k not in self.exponents for k, _ in monomial):
            return None
        return {self.exponents[k]: power for k, power in monomial}

    def log(self, u: Quotient) -> Quotient:
        exponent = self.exponent(u)
        return self.unknown(("log",), (u,)) if exponent is None else (exponent, _ONE)

    def power(self, base: Quotient, exponent: Quotient) -> Quotient:
        constant = _constant(exponent)
        if constant is not None and constant.denominator == 1:
            return _power(base, int(constant))
        inner = self.exponent(base)
        if inner is not None:
            return self.exp(_product((inner, _ONE), exponent))
        value = _constant(base)
        if value is not None and value > 0 and constant is None:
            return self.exp(_product(self.log(base), exponent))
        return self.unknown(("pow",), (base, exponent))

    def unknown(self, key: tuple[object, ...], args: tuple[Quotient, ...]) -> Quotient:
        """The value of a function that is nothing simpler: the same unknown for equal operands."""
        orders = [args, args[::-1]] if key[0] in ("max", "min") else [args]
        for known, others, unknown in self.opaque:
            if known == key and any(self._all_equal(order, others) for order in orders):
                return _single(unknown)
        unknown = self.count
        self.count += 1
        self.decides = False
        self.opaque.append((key, args, unknown))
        return _single(unknown)

    def _all_equal(self, a: tuple[Quotient, ...], b: tuple[Quotient, ...]) -> bool:
        return all(map(self.equal, a, b))


# -- polynomials -------------------------------------------------------------------------------


def _single(unknown: int) -> Quotient:
    return {((unknown, Fraction(1)),): Fraction(1)}, _ONE


def _number(value: Fraction | int) -> Quotient:
    return ({_UNIT: Fraction(value)} if value else {}), _ONE


def _constant(u: Quotient) -> Fraction | None:
    if u[1] != _ONE or any(m != _UNIT for m in u[0]):
        return None
    return u[0].get(_UNIT, Fraction(0))


def _add(a: Polynomial, b: Polynomial) -> Polynomial:
    total = dict(a)
    for monomial, coefficient in b.items():
        value = total.get(monomial, Fraction(0)) + coefficient
        if value:
            total[monomial] = value
        else:
            del total[monomial]
    return total


def _times(a: Polynomial, b: Polynomial) -> Polynomial:
    if len(a) * len(b) > _MOST_PRODUCTS:
        raise TooLarge
    total: Polynomial = {}
    for m, c in a.items():
        for n, d in b.items():
            monomial = _joined(m, n)
            total[monomial] = total.get(monomial, Fraction(0)) + c * d
    if len(total) > _MOST or any(_bits(c) > _MOST_BITS for c in total.values()):
        raise TooLarge
    return {m: c for m, c in total.items() if c}


def _joined(m: Monomial, n: Monomial) -> Monomial:
    if not m or not n:
        return m or n
    powers = dict(m)
    for unknown, power in n:
        powers[unknown] = powers.get(unknown, Fraction(0)) + power
    return tuple(sorted((u, p) for u, p in powers.items() if p))


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _quotient(numerator: Polynomial, denominator: Polynomial) -> Quotient:
    """With 1 as the denominator where it is a single term."""
    if not denominator:
        raise Nowhere
    if len(denominator) > 1:
        return numerator, denominator
    [(monomial, coefficient)] = denominator.items()
    inverse = tuple((u, -p) for u, p in monomial)
    return {_joined(m, inverse): c / coefficient for m, c in numerator.items()}, _ONE


def _plus(a: Quotient, b: Quotient) -> Quotient:
    if a[1] == b[1]:
        return _quotient(_add(a[0], b[0]), a[1])
    numerator = _add(_times(a[0], b[1]), _times(b[0], a[1]))
    return _quotient(numerator, _times(a[1], b[1]))


def _product(a: Quotient, b: Quotient) -> Quotient:
    for top, bottom, others in ((a[0], b[1], (b[0], a[1])), (b[0], a[1], (a[0], b[1]))):
        if top == bottom:
            return _quotient(*others)
    return _quotient(_times(a[0], b[0]), _times(a[1], b[1]))


def _scaled(a: Quotient, factor: Fraction | int) -> Quotient:
    return {m: c * factor for m, c in a[0].items()}, a[1]


def _inverse(a: Quotient) -> Quotient:
    return _quotient(a[1], a[0])


def _power(base: Quotient, exponent: int) -> Quotient:
    if exponent < 0:
        base, exponent = _inverse(base), -exponent
    top = bottom = _ONE
    for _ in range(exponent):
        top, bottom = _times(top, base[0]), _times(bottom, base[1])
    return _quotient(top, bottom)
