"""Activations: the array API.

An :class:`Activation` is made from an entry of the catalogue or from a typed formula, and knows
everything else by deriving it: calling it runs a compiled kernel over an array.
"""

from __future__ import annotations

import math
import operator
import os
import threading
from collections.abc import Mapping
from functools import cache, cached_property, partial
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nonlin.catalogue import BY_NAME, Entry, Parameter
from nonlin.errors import (
    DtypeError,
    FormulaError,
    NoSuchActivationError,
    NotAFunctionOfOutputError,
    ParameterError,
)

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from nonlin.compiler.kernel import Kernel
    from nonlin.compiler.program import Program
    from nonlin.expression import Expr
    from nonlin.properties import OutputDerivative, Property

__all__ = ["Activation", "define", "of_catalogue", "set_num_threads"]

Array = NDArray[Any]

_WHATS = ("value", "derivative", "second", "pair", "backward", "from_output")
_SPLIT = 1 << 16  # elements per thread below which a second thread does not pay
_threads = [os.cpu_count() or 1]
_lock = threading.RLock()
if hasattr(os, "register_at_fork"):  # else a child could inherit the lock from a thread it lacks
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )


def set_num_threads(n: int) -> None:
    """Use at most ``n`` threads for large arrays (all processors by default).

    Raises
    ------
    ValueError
        ``n`` is not a whole number of at least 1.
    """
    try:
        count = 0 if isinstance(n, bool) else operator.index(n)
    except TypeError:
        count = 0
    if count < 1:
        raise ValueError(f"the number of threads must be a whole number of at least 1, not {n!r}")
    _threads[0] = count
    _pool.cache_clear()


@cache
def _pool(pid: int) -> ThreadPoolExecutor:
    # Keyed by process: after a fork the parent's threads are not there.
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(_threads[0], thread_name_prefix="nonlin")


class Activation:
    """An activation function.

    Attributes
    ----------
    entry
        The catalogue's record (for a typed formula, one made for it).

    Examples
    --------
    >>> import nonlin
    >>> nonlin.relu([-1.0, 0.0, 2.0])
    array([0., 0., 2.])
    >>> nonlin.leaky_relu(-1.0, negative_slope=0.1)
    np.float64(-0.1)
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._kernels: dict[tuple[Any, ...], Kernel] = {}

    # -- what it is -----------------------------------------------------------------------------
    @property
    def name(self) -> str:
        """Name in the catalogue, or as given to :func:`define`."""
        return self.entry.name

    @property
    def title(self) -> str:
        """Name as people write it."""
        return self.entry.title

    @property
    def formula(self) -> str:
        """The formula, as text."""
        return self.entry.formula

    @property
    def parameters(self) -> dict[str, float]:
        """Parameters with their defaults."""
        return {name: p.default for name, p in self.entry.parameters.items()}

    @cached_property
    def expression(self) -> Expr:
        """The formula as an expression."""
        from nonlin.formula import parse

        return parse(self.formula, self.parameters)

    @cached_property
    def slopes(self) -> tuple[Expr, Expr]:
        """f' and f'' as expressions, the conventions at kinks included in f'."""
        from nonlin.calculus import derivative

        first = derivative(self.expression)
        return first, derivative(first)

    @cached_property
    def kinks(self) -> tuple[tuple[Expr, Expr], ...]:
        """Where f' has a convention, and its value there, as expressions in the parameters."""
        from nonlin.formula import parse

        return tuple(
            (parse(k.at, self.parameters), parse(k.derivative, self.parameters))
            for k in self.entry.kinks
        )

    @cached_property
    def properties(self) -> Mapping[str, Property]:
        """What can be said of it at its default parameters, each with its witness."""
        return self.study()

    def study(self, budget_s: float = 2.0) -> Mapping[str, Property]:
        """The same within a time of your choice: a slow machine answers "unknown" less often."""
        from nonlin.oracle import accurate
        from nonlin.properties import compute

        first, second = self.slopes
        places = [float(accurate(at, 0.0, self.parameters)) for at, _ in self.kinks] or None
        return compute(self.expression, self.parameters, first, second, places, budget_s=budget_s)

    @property
    def latex(self) -> str:
        """``f(z) = …`` in LaTeX."""
        from nonlin.notation import equation

        return equation(self.name, self.expression, target="latex")

    @property
    def mathml(self) -> str:
        """``f(z) = …`` as a MathML element."""
        from nonlin.notation import equation

        return equation(self.name, self.expression, target="mathml")

    def __repr__(self) -> str:
        shown = "".join(f", {k}={v:g}" for k, v in self.parameters.items())
        return f"<nonlin.{self.name}: {self.formula}{shown}>"

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        # Compiled code stays behind: a copy makes its own, and one of the catalogue is its original.
        if _made.get(self.name) is self:
            return of_catalogue, (self.name,)
        return type(self), (self.entry,)

    # -- running it -----------------------------------------------------------------------------
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None, **parameters: float) -> Any:
        """f(x), element by element.

        Parameters
        ----------
        x
            float16, bfloat16, float32 or float64, of any shape, strides and byte order, or whatever
            NumPy makes an array of. Whole numbers and truth values become float64. A subclass is
            taken as the plain array it holds: the mask of a masked array counts for nothing.
        out
            An array of x's shape for the result; it may be x itself or overlap it. If its dtype is
            another floating one, the result is rounded to it.
        **parameters
            Values for :attr:`parameters`.

        Returns
        -------
        ndarray or scalar
            Of x's shape and dtype, in the processor's byte order; a NumPy scalar where x has no
            dimensions; ``out`` itself where that is given.

        Raises
        ------
        DtypeError
            x is complex, text or objects, or ``out`` is not floating.
        ParameterError
            No such parameter, or a value that is no finite real number.
        TypeError, ValueError
            ``out`` is no array, of another shape or read-only. After any error it is as it was.
        """
        return self._run("value", x, None, out, parameters)

    def derivative(self, x: ArrayLike, /, *, out: Array | None = None, **parameters: float) -> Any:
        """f'(x); at a kink its convention, see ``entry.kinks``. Otherwise as :meth:`__call__`."""
        return self._run("derivative", x, None, out, parameters)

    def second_derivative(
        self, x: ArrayLike, /, *, out: Array | None = None, **parameters: float
    ) -> Any:
        """f''(x). Otherwise as :meth:`__call__`."""
        return self._run("second", x, None, out, parameters)

    def value_and_derivative(self, x: ArrayLike, /, **parameters: float) -> tuple[Any, Any]:
        """f(x) and f'(x) in one pass over memory."""
        result: tuple[Any, Any] = self._run("pair", x, None, None, parameters)
        return result

    def backward(
        self, grad_output: ArrayLike, x: ArrayLike, /, *, out: Array | None = None,
        **parameters: float,
    ) -> Any:  # fmt: skip
        """grad_output * f'(x) in one pass; the two are broadcast to a common shape and dtype.

        The dtype is NumPy's, so a Python number takes that of the other; for float16 with bfloat16,
        where NumPy has none, it is float32. Otherwise as :meth:`__call__`.
        """
        return self._run("backward", x, grad_output, out, parameters)

    def derivative_from_output(
        self, y: ArrayLike, /, *, out: Array | None = None, **parameters: float
    ) -> Any:
        """f' as a function of y = f(x).

        Raises
        ------
        NotAFunctionOfOutputError
            There is no such function, or not with these parameters; the message says why.

        Examples
        --------
        >>> import nonlin
        >>> round(float(nonlin.sigmoid.derivative_from_output(0.7)), 12)
        0.21
        """
        return self._run("from_output", y, None, out, parameters)

    def kernel(self, dtype: Any = np.float32, what: str = "value", *, fast: bool = False) -> Kernel:
        """The compiled kernel of ``"value"``, ``"derivative"``, ``"second"``, ``"pair"``, … .

        Its ``ir`` and ``assembly`` print what runs. With ``fast`` a float32 kernel computes in float32
        too, with an error below 1e-6 of max(1, abs(f)) at ordinary z; networks run on these.
        """
        if what not in _WHATS:
            raise ValueError(f"there is no kernel for {what!r}: use one of {', '.join(_WHATS)}")
        return self._kernel(what, _format(np.dtype(dtype)), fast)

    # -- inside -----------------------------------------------------------------------------------
    @cached_property
    def output_derivative(self) -> OutputDerivative:
        """f' as a function of y, with its proof; or why there is none."""
        from nonlin.properties import output_derivative

        declared = self.entry.output_derivative or None
        return output_derivative(self.expression, self.slopes[0], declared, self.parameters)

    def program(self, what: str) -> Program:
        """The lowered program of ``"value"``, ``"derivative"``, ``"second"``, ``"pair"``."""
        from nonlin.calculus import with_conventions
        from nonlin.compiler.program import lower

        if what == "value":
            wanted = [self.expression]
        elif what == "from_output":
            proved = self.output_derivative
            if proved.expr is None:
                raise NotAFunctionOfOutputError(
                    f"the derivative of {self.name} is no function of its output: {proved.witness}"
                )
            wanted = [proved.expr]
        else:
            first = with_conventions(self.slopes[0], self.kinks)
            wanted = {
                "derivative": [first],
                "backward": [first],
                "second": [self.slopes[1]],
                "pair": [self.expression, first],
            }[what]
        domain_of = None if what == "from_output" else self.expression
        return lower(wanted, self.parameters, domain_of)

    def _recipe(self, what: str) -> str:
        """All that a program depends on."""
        entry = self.entry
        kinks = [(k.at, k.derivative) for k in entry.kinks]
        return repr((what, entry.formula, list(entry.parameters), kinks, entry.output_derivative))

    def _kernel(self, what: str, dtype: str, fast: bool = False) -> Kernel:
        with _lock:
            kernel = self._kernels.get((what, dtype, fast))
            if kernel is None:
                from nonlin.compiler.kernel import Kernel
                from nonlin.compiler.kind import Kind

                kind = {"pair": Kind.PAIR, "backward": Kind.SCALE}.get(what, Kind.MAP)
                program = partial(self.program, what)
                kernel = Kernel(self._recipe(what), program, dtype, kind, fast=fast)
                self._kernels[what, dtype, fast] = kernel
            return kernel

    def _values(self, given: Mapping[str, float]) -> Array:
        values = self.parameters
        for name, value in given.items():
            if name not in values:
                known = ", ".join(values) if values else "it has none"
                raise ParameterError(f"{self.name} has no parameter {name!r} (parameters: {known})")
            values[name] = real_number(value, f"the parameter {name}")
        return np.array(list(values.values()), dtype=np.float64)

    def _run(
        self, what: str, x: ArrayLike, gradient: ArrayLike | None, out: Array | None,
        parameters: Mapping[str, float],
    ) -> Any:  # fmt: skip
        values = self._values(parameters)
        if what == "from_output" and parameters:
            self._check_requirements(values)
        g: Array | None = None
        if what == "backward":  # whose gradient may be anything, so None too
            x, g = _matched(x, gradient)
        else:
            x = as_floats(x)
        _check_out(out, x)
        x = _flat_memory(x)
        if g is not None and not (g.strides == x.strides and _plain(g)):
            copy = np.empty_like(x)
            np.copyto(copy, g)
            g = copy
        direct = (
            out is not None and out.dtype == x.dtype and out.strides == x.strides and _plain(out)
            and all(_same_or_apart(out, a) for a in (x, g) if a is not None)
        )  # fmt: skip
        y = out if direct and out is not None else np.empty_like(x)
        second = np.empty_like(x) if what == "pair" else None
        kernel = self._kernel(what, _format(x.dtype))
        if x.size:
            self._compute(kernel, x, g, y, second, values)
        elif what == "from_output":
            self.program(what)  # an error where there is none, for no numbers too
        if out is not None:
            if not direct:
                with np.errstate(all="ignore"):  # rounding is what was asked for
                    np.copyto(np.asarray(out), y, casting="unsafe")
            return out
        if second is not None:
            return y[()], second[()]
        return y[()]

    def _check_requirements(self, values: Array) -> None:
        """f' in terms of the output is known only for parameters of which the entry holds."""
        if not self.entry.requires:
            return
        from nonlin.formula import parse
        from nonlin.oracle import evaluate

        named = dict(zip(self.parameters, values.tolist(), strict=True))
        for condition in self.entry.requires:
            if not evaluate(parse(f"where({condition}, 1, 0)", named), 0.0, named):
                raise NotAFunctionOfOutputError(
                    f"the derivative of {self.name} is known as a function of its output only "
                    f"for {condition}"
                )

    @staticmethod
    def _compute(
        kernel: Kernel, x: Array, g: Array | None, y: Array, second: Array | None, values: Array
    ) -> None:
        at_x, at_g, at_y, at_second = (0 if a is None else a.ctypes.data for a in (x, g, y, second))
        params = values.ctypes.data
        workers = min(_threads[0], x.size // _SPLIT)
        if workers < 2:
            kernel.run(at_x, at_g, at_y, at_second, x.size, params)
            return
        size = x.dtype.itemsize
        step = (-(-x.size // workers) + 63) // 64 * 64

        def part(start: int) -> None:
            skip = start * size
            kernel.run(
                at_x + skip,
                at_g + skip if at_g else 0,
                at_y + skip,
                at_second + skip if at_second else 0,
                min(step, x.size - start),
                params,
            )

        list(_pool(os.getpid()).map(part, range(0, x.size, step)))


def define(formula: str, name: str | None = None, **parameters: float) -> Activation:
    """An activation from a formula.

    Parameters
    ----------
    formula
        In z, for example ``"z * tanh(softplus(z))"``; see :mod:`nonlin.formula` for the language.
    name
        What to call it (``"f"`` if not given).
    **parameters
        The parameters of the formula, with their defaults.

    Raises
    ------
    FormulaError
        The text is no formula, or has a name that is not among the parameters.
    ParameterError
        A default is no finite real number.

    Examples
    --------
    >>> f = define("max(a*z, z)", a=0.25)
    >>> f([-4.0, 1.0]), f.derivative(-4.0)
    (array([-1.,  1.]), np.float64(0.25))
    """
    from nonlin.formula import names_in, parse

    name = "f" if name is None else name
    if not isinstance(name, str) or not name.isidentifier() or len(name) > 60:
        raise FormulaError(f"{name!r:.60} is no name", hint="use letters, digits and _")
    given: dict[str, Parameter] = {}
    for key, value in parameters.items():
        if key == "out":
            raise FormulaError(
                "'out' cannot be a parameter's name", hint="a call's out= is the array to write to"
            )
        default = real_number(value, f"the parameter {key}")
        spread = max(1.0, 2 * abs(default))
        low = 0.0 if default > 0 else default - spread
        given[key] = Parameter(default, low, default + spread, "")
    expression = parse(formula, given)
    unused = sorted(set(given) - set(expression.parameters) - set(names_in(formula)))
    if unused:
        raise FormulaError(
            f"the parameter {unused[0]} does not occur in the formula", formula, hint="leave it out"
        )
    return Activation(
        Entry(
            name=name, title=name, formula=formula, summary="A formula of your own.", citation="",
            url=None, parameters=given,
        )
    )  # fmt: skip


_made: dict[str, Activation] = {}


def of_catalogue(name: str) -> Activation:
    """The activation of that name or alias; always the same object.

    Raises
    ------
    NoSuchActivationError
        There is none; the message offers the nearest names.
    """
    entry = BY_NAME.get(name)
    if entry is None:
        import difflib

        near = difflib.get_close_matches(str(name).lower(), BY_NAME, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "nonlin.catalogue lists them"
        raise NoSuchActivationError(f"there is no activation {name!r}: {hint}")
    # setdefault, so that two threads at once get one object.
    return _made.get(entry.name) or _made.setdefault(entry.name, Activation(entry))


# -- numbers --------------------------------------------------------------------------------------


def real_number(value: Any, what: str) -> float:
    """A finite real number of Python or NumPy, as float; ``what`` names it in the error."""
    given = value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value
    is_bfloat16 = isinstance(given, np.generic) and given.dtype.name == "bfloat16"
    if isinstance(given, bool) or not (isinstance(given, Real) or is_bfloat16):
        raise ParameterError(f"{what} is one real number, not {type(given).__name__}")
    try:
        number = float(given)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ParameterError(f"{what} must be finite, not {number}")
    return number


# -- arrays ---------------------------------------------------------------------------------------


def _format(dtype: np.dtype[Any]) -> str:
    if dtype.name in ("float16", "float32", "float64", "bfloat16"):
        return dtype.name
    raise DtypeError(f"there is no kernel for {dtype}: use float16, bfloat16, float32 or float64")


def as_floats(x: ArrayLike | None) -> Array:
    """An array of one of the four formats, whole numbers and truth values as float64."""
    array = np.asarray(x)
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    if array.dtype.kind == "O" and not isinstance(x, np.ndarray):
        # NumPy makes objects of Python's whole numbers beyond 64 bits.
        if array.size and all(isinstance(v, int | float) for v in array.flat):
            try:
                return array.astype(np.float64)
            except OverflowError:
                raise DtypeError("a whole number is too large for float64") from None
    _format(array.dtype)
    return array


def _matched(x: ArrayLike, gradient: ArrayLike | None) -> tuple[Array, Array]:
    """Both in a common shape and dtype."""
    a, g = as_floats(x), as_floats(gradient)
    # As in NumPy, a Python number has no dtype of its own to insist on.
    weak_a, weak_g = (type(v) in (bool, int, float) for v in (x, gradient))
    if weak_a != weak_g:
        dtype = g.dtype if weak_a else a.dtype
    else:
        try:
            dtype = np.result_type(a.dtype, g.dtype)
        except TypeError:  # float16 and bfloat16: the smallest that holds both
            dtype = np.dtype(np.float32)
    with np.errstate(all="ignore"):
        a, g = a.astype(dtype, copy=False), g.astype(dtype, copy=False)
    a, g = np.broadcast_arrays(a, g)
    return a, g


def _plain(array: Array) -> bool:
    """Whether its elements fill one stretch of memory, aligned, in the processor's byte order."""
    flags = array.flags
    return bool(flags.forc and flags.aligned and array.dtype.isnative)


def _flat_memory(x: Array) -> Array:
    if _plain(x):
        return x
    return np.array(x, dtype=x.dtype.newbyteorder("="), order="K", copy=True, subok=False)


def _check_out(out: Array | None, x: Array) -> None:
    if out is None:
        return
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be an ndarray, not {type(out).__name__}")
    if out.shape != x.shape:
        raise ValueError(f"out has shape {out.shape}, the result has {x.shape}")
    if not out.flags.writeable:
        raise ValueError("out is read-only")
    if out.dtype.kind != "f" and out.dtype.name != "bfloat16":
        raise DtypeError(f"the result is {x.dtype}; it cannot be written to {out.dtype}")


def _same_or_apart(out: Array, x: Array) -> bool:
    return out.ctypes.data == x.ctypes.data or not np.may_share_memory(out, x)
