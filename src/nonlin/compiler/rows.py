"""Functions of a whole row of scores as IR: what the pages show of softmax and its losses.

Each is exported with the signature of the catalogue's other functions, ``f(z, out, n, params)``, on n
finite doubles. ``params`` holds the temperature and, for a loss, the number of the true class.

* ``softmax_f64``: n probabilities;
* ``naive_softmax_f64``: as one would type it, without the maximum taken off: n exponentials, their
  sum, n quotients. Large scores overflow, and are meant to;
* ``cross_entropy_f64``, ``squared_error_f64``: the loss of softmax(z / temperature) against the class,
  then its gradient to the n scores. (After these, squared error leaves n differences p − y.)

The steps are those of :mod:`nonlin.rows`; exp and log1p are the exact arithmetic's.
"""

from __future__ import annotations

from collections.abc import Callable

from nonlin.compiler.ir import Function, Module, Value
from nonlin.compiler.kind import Kind
from nonlin.compiler.llvm import exact_function
from nonlin.compiler.program import lower
from nonlin.expression import Z, call

__all__ = ["write_rows"]

_SIGNATURE = (("z", "ptr"), ("out", "ptr"), ("count", "i32"), ("params", "ptr"))


def write_rows(module: Module, scratch: int) -> None:
    """Write them into a module; ``scratch`` is the address of a word for a result on its way."""
    for name in ("exp", "log1p"):
        exact_function(module, f"row.{name}", lower([call(name, Z)], {}), Kind.MAP, internal=True)
    for body in (_softmax, _naive_softmax, _cross_entropy, _squared_error):
        fn = module.function(f"{body.__name__[1:]}_f64", _SIGNATURE, [], internal=False)
        z, out, count, params = fn.arguments
        body(_Row(fn, z, count.to("sext", "i64"), params, scratch), out)
        fn.ret()


class _Row:
    """A row of scores inside the function that is being written."""

    def __init__(self, fn: Function, z: Value, n: Value, params: Value, scratch: int) -> None:
        self.fn, self.z, self.n, self.params = fn, z, n, params
        self.scratch = fn.emit(f"inttoptr i32 {scratch} to ptr", "ptr")
        self.temperature = fn.load(params, "double", 0)

    @property
    def target(self) -> Value:
        return self.fn.load(self.params, "double", 1).to("fptosi", "i64")

    def call(self, name: str, x: Value) -> Value:
        fn = self.fn
        fn.do(
            f"call void @row.{name}(double {x.ref}, double 1.0, ptr {self.params.ref}, "
            f"ptr {self.scratch.ref})"
        )
        return fn.load(self.scratch, "double")

    def sum(self, term: Callable[[Value], Value]) -> Value:
        fn = self.fn
        (total,) = fn.loop(self.n, lambda i, s: [s + term(i)], [fn.f64(0.0)])
        return total

    def peak(self) -> tuple[Value, Value]:
        """The first of the largest scores, and where it is."""
        fn = self.fn

        def higher(i: Value, best: Value, at: Value) -> list[Value]:
            score = fn.load(self.z, "double", i)
            above = score.gt(best)
            return [above.select(score, best), above.select(i, at)]

        best, at = fn.loop(self.n, higher, [fn.load(self.z, "double", 0), fn.i64(0)], start=1)
        return best, at

    def shifted(self, peak: Value) -> Callable[[Value], Value]:
        return lambda i: (self.fn.load(self.z, "double", i) - peak) / self.temperature


def _softmax(row: _Row, out: Value) -> None:
    fn = row.fn
    shifted = row.shifted(row.peak()[0])

    def weigh(i: Value) -> Value:
        e = row.call("exp", shifted(i))
        fn.store(e, out, i)
        return e

    total = row.sum(weigh)
    fn.loop(row.n, lambda i: fn.store(fn.load(out, "double", i) / total, out, i))


def _naive_softmax(row: _Row, out: Value) -> None:
    fn = row.fn

    def weigh(i: Value) -> Value:
        e = row.call("exp", fn.load(row.z, "double", i) / row.temperature)
        fn.store(e, out, i)
        return e

    total = row.sum(weigh)
    fn.store(total, out, row.n)
    fn.loop(row.n, lambda i: fn.store(fn.load(out, "double", i) / total, out, row.n + 1 + i))


def _errors(row: _Row, errors: Value) -> Value:
    """p − y of each class, without its cancellation at the true one; the loss -log p there."""
    fn, target = row.fn, row.target
    peak, first = row.peak()
    shifted = row.shifted(peak)
    # log(sum) = log1p(sum without one of the largest), which keeps what is below 2**-53.
    rest = row.sum(lambda i: i.eq(first).select(0.0, row.call("exp", shifted(i))))
    log_total = row.call("log1p", rest)

    def share(i: Value) -> Value:
        p = row.call("exp", shifted(i) - log_total)
        other = i.eq(target).select(0.0, p)
        fn.store(other, errors, i)
        return other

    others = row.sum(share)
    fn.store(0.0 - others, errors, target)
    return 0.0 - (shifted(target) - log_total)


def _cross_entropy(row: _Row, out: Value) -> None:
    fn = row.fn
    gradient = fn.element(out, "double", 1)
    fn.store(_errors(row, gradient), out, 0)
    fn.loop(
        row.n,
        lambda i: fn.store(fn.load(gradient, "double", i) / row.temperature, gradient, i),
    )


def _squared_error(row: _Row, out: Value) -> None:
    fn, target = row.fn, row.target
    gradient = fn.element(out, "double", 1)
    errors = fn.element(gradient, "double", row.n)
    right = row.call("exp", 0.0 - _errors(row, errors))

    def error(i: Value) -> Value:
        return fn.load(errors, "double", i)

    def probability(i: Value) -> Value:
        return i.eq(target).select(right, error(i))

    def through(j: Value) -> None:
        # 2 p (e - p·e) with e = p - y, the difference taken term by term: nothing cancels where p is near 1.
        pull = row.sum(lambda i: probability(i) * (error(j) - error(i)))
        fn.store(2.0 * probability(j) * pull / row.temperature, gradient, j)

    fn.store(row.sum(lambda i: error(i) * error(i)), out, 0)
    fn.loop(row.n, through)
