"""Activations: the array API.

An :class:`Activation` is made from an entry of the catalogue or from a typed formula, and knows
everything else by deriving it: calling it runs a compiled kernel over an array.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from nonlin.arrays import (
    Array,
    as_floats,
    at_once,
    check_out,
    compute,
    format_of,
    matched,
    real_number,
)
from nonlin.catalogue import BY_NAME, Entry
from nonlin.errors import NoSuchActivationError, NotAFunctionOfOutputError, ParameterError
from nonlin.forks import kernels as _lock
from nonlin.interchange import Exchange, foreign
from nonlin.ufuncs import SCALARS, Shortcuts, Ufuncs, fits

if TYPE_CHECKING:
    from nonlin.compiler.kernel import Kernel
    from nonlin.compiler.program import Program
    from nonlin.expression import Expr
    from nonlin.properties import OutputDerivative, Property

__all__ = ["Activation", "of_catalogue"]

_WHATS = ("value", "derivative", "second", "pair", "backward", "from_output")
_QUICK = ("value", "derivative", "pair", "backward", "from_output")
_QUICK_FROM = 1 << 14


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
        # Quick kernels of the catalogue come with the package; others are made for what is worth it.
        self._listed = BY_NAME.get(entry.name) == entry
        self._quick_from = 0 if self._listed else _QUICK_FROM
        self._small = at_once if self._listed else [_QUICK_FROM]
        self._defaults = [p.default for p in entry.parameters.values()]
        self._default_values = np.array(self._defaults, dtype=np.float64)
        made = {what: Shortcuts(f"{entry.name} ({what})", self._defaults) for what in _WHATS}
        self._shortcuts = made
        self._quick_shortcuts = (
            {}
            if self._listed
            else {what: Shortcuts(made[what].name, self._defaults) for what in _QUICK}
        )
        self._values_of, self._derivatives_of = made["value"], made["derivative"]
        self._pairs_of, self._backwards_of = made["pair"], made["backward"]
        self._outputs_of = made["from_output"]

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
        """The same with more work or less, in seconds of a usual machine: with more, less is unknown."""
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
    def __call__(
        self, x: ArrayLike, /, *more: object, out: Array | None = None, **parameters: float
    ) -> Any:
        """f(x), element by element.

        Parameters
        ----------
        x
            float16, bfloat16, float32 or float64, of any shape, strides and byte order, or whatever
            NumPy makes an array of. Whole numbers and truth values become float64. A subclass is
            taken as the plain array it holds: the mask of a masked array counts for nothing. PyTorch
            tensors, JAX arrays and others with ``__dlpack__`` are read in place.
        out
            An array of x's shape for the result; it may be x itself or overlap it. If its dtype is
            another floating one, the result is rounded to it.
        **parameters
            Values for :attr:`parameters`.

        Returns
        -------
        ndarray or scalar
            Of x's shape and dtype, in the processor's byte order; a NumPy scalar where x has no
            dimensions; ``out`` itself where that is given. For an array of another library one of
            the same library.

        Raises
        ------
        DtypeError
            x is complex, text or objects, or ``out`` is not floating.
        InterchangeError
            An array of another library is on another device, followed by autograd, sparse, ….
        ParameterError
            No such parameter, or a value that is no finite real number.
        TypeError, ValueError
            ``out`` is no array, of another shape or read-only. After any error it is as it was.
        """
        if more:
            first = next(iter(self.parameters), None)
            named = f"parameters by name, {self.name}(x, {first}=…), and " if first else ""
            raise ParameterError(
                f"{self.name} takes one array: give {named}an array for the result as out=…"
            )
        if type(x) is ndarray and not parameters and x.size < self._small[0]:
            call = self._values_of.get(x.dtype)
            if call is not None and (out is None or fits(out, x)):
                return call(x) if out is None else call(x, out)
        return self._run("value", x, None, out, parameters)

    def derivative(self, x: ArrayLike, /, *, out: Array | None = None, **parameters: float) -> Any:
        """f'(x); at a kink its convention, see ``entry.kinks``. Otherwise as :meth:`__call__`."""
        if type(x) is ndarray and not parameters and x.size < self._small[0]:
            call = self._derivatives_of.get(x.dtype)
            if call is not None and (out is None or fits(out, x)):
                return call(x) if out is None else call(x, out)
        return self._run("derivative", x, None, out, parameters)

    def second_derivative(
        self, x: ArrayLike, /, *, out: Array | None = None, **parameters: float
    ) -> Any:
        """f''(x). Otherwise as :meth:`__call__`."""
        return self._run("second", x, None, out, parameters)

    def value_and_derivative(
        self, x: ArrayLike, /, *, out: tuple[Array, Array] | None = None, **parameters: float
    ) -> tuple[Any, Any]:
        """f(x) and f'(x) in one pass over memory; ``out`` is a pair of arrays for the two.

        Otherwise as :meth:`__call__`.

        Examples
        --------
        >>> import nonlin, numpy as np
        >>> x, value, slope = np.ones(3), np.empty(3), np.empty(3)
        >>> _ = nonlin.square.value_and_derivative(x, out=(value, slope))
        >>> value, slope
        (array([1., 1., 1.]), array([2., 2., 2.]))
        """
        if out is not None and not (type(out) is tuple and len(out) == 2):
            raise TypeError("out must be a tuple of two arrays, for the value and the derivative")
        result: tuple[Any, Any]
        if type(x) is ndarray and not parameters and x.size < self._small[0]:
            call = self._pairs_of.get(x.dtype)
            if call is not None and (out is None or (fits(out[0], x) and fits(out[1], x))):
                result = call(x) if out is None else call(x, *out)
                return result
        result = self._run("pair", x, None, out, parameters)
        return result

    def backward(
        self, grad_output: ArrayLike, x: ArrayLike, /, *, out: Array | None = None,
        **parameters: float,
    ) -> Any:  # fmt: skip
        """grad_output * f'(x) in one pass; the two are broadcast to a common shape and dtype.

        The dtype is NumPy's, so a Python number takes that of the other; for float16 with bfloat16,
        where NumPy has none, it is float32. Otherwise as :meth:`__call__`.
        """
        if type(x) is ndarray is type(grad_output) and not parameters and x.size < self._small[0]:
            call = self._backwards_of.get(x.dtype)
            if (
                call is not None and grad_output.dtype is x.dtype and grad_output.shape == x.shape
                and (out is None or fits(out, x))
            ):  # fmt: skip
                return call(grad_output, x) if out is None else call(grad_output, x, out)
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
        if type(y) is ndarray and not parameters and y.size < self._small[0]:
            call = self._outputs_of.get(y.dtype)
            if call is not None and (out is None or fits(out, y)):
                return call(y) if out is None else call(y, out)
        return self._run("from_output", y, None, out, parameters)

    @property
    def ufunc(self) -> np.ufunc:
        """f as a universal function of NumPy's, at the parameters' defaults; see :attr:`ufuncs`.

        Examples
        --------
        >>> import nonlin
        >>> nonlin.relu.ufunc([-1.0, 2.0, 3.0], where=[True, True, False], out=np.full(3, 7.0))
        array([0., 2., 7.])
        """
        return self.ufuncs.value

    @cached_property
    def ufuncs(self) -> Ufuncs:
        """f, f' and the rest as universal functions (``numpy.ufunc``)."""
        return Ufuncs(self)

    def kernel(
        self, dtype: Any = np.float32, what: str = "value", *, fast: bool = False,
        coarse: bool = False,
    ) -> Kernel:  # fmt: skip
        """The compiled kernel of ``"value"``, ``"derivative"``, ``"second"``, ``"pair"``, … .

        Its ``ir`` and ``assembly`` print what runs over large arrays, at the parameters' defaults. With
        ``fast`` a float32 kernel computes in float32 too, with an error below 1e-6 of max(1, abs(f)) at
        ordinary z; networks run on these. A ``coarse`` one is for arrays of whole vectors, and the slopes
        of tanh are no better than that near 0; pictures are painted with these.
        """
        if what not in _WHATS:
            raise ValueError(f"there is no kernel for {what!r}: use one of {', '.join(_WHATS)}")
        way = "coarse" if coarse else "fast" if fast else "quick"
        return self._kernel(what, format_of(np.dtype(dtype)), way)

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

    def _kernel(self, what: str, dtype: str, way: str = "") -> Kernel:
        """``way`` is ``"fast"``, ``"coarse"``, ``"quick"`` (at the defaults of parameters) or nothing."""
        if dtype != "float32" or (way == "quick" and what not in _QUICK):
            way = ""
        with _lock:
            kernel = self._kernels.get((what, dtype, way))
            if kernel is None:
                from nonlin.compiler.kernel import Kernel
                from nonlin.compiler.kind import Kind

                kind = {"pair": Kind.PAIR, "backward": Kind.SCALE}.get(what, Kind.MAP)
                program = partial(self.program, what)
                kernel = Kernel(
                    self._recipe(what), program, dtype, kind, fast=way == "fast", coarse=way == "coarse",
                    values=tuple(self.parameters.values()) if way == "quick" else None,
                )  # fmt: skip
                self._kernels[what, dtype, way] = kernel
            return kernel

    def _kernel_for(self, what: str, dtype: str, size: int, values: Array) -> Kernel:
        """The kernel that an array of so many elements is run by, at these values of the parameters."""
        quick = size >= self._quick_from and (
            values is self._default_values or self._defaults == values.tolist()
        )
        return self._kernel(what, dtype, "quick" if quick else "")

    def _small_kernel(self, what: str, dtype: str) -> Kernel:
        """The kernel that few elements are run by, at the parameters' defaults."""
        return self._kernel_for(what, dtype, 1, self._default_values)

    def _values(self, given: Mapping[str, float]) -> Array:
        values = self.parameters
        for name, value in given.items():
            if name not in values:
                known = ", ".join(values) if values else "it has none"
                raise ParameterError(f"{self.name} has no parameter {name!r} (parameters: {known})")
            values[name] = real_number(value, f"the parameter {name}")
        return np.array(list(values.values()), dtype=np.float64)

    def _run(
        self, what: str, x: ArrayLike, gradient: ArrayLike | None,
        out: Array | tuple[Array, Array] | None, parameters: Mapping[str, float],
    ) -> Any:  # fmt: skip
        if out is None and not parameters and type(x) in SCALARS and what != "backward":
            call = self._shortcuts[what].get(SCALARS[type(x)])
            if call is not None:
                return call(x)
        outs: tuple[Any, ...] = () if out is None else (out,)
        if what == "pair" and isinstance(out, tuple):
            outs = out
        if foreign(x, gradient, *outs) or (parameters and foreign(*parameters.values())):
            trade = Exchange()
            x, gradient = trade.take(x, "x"), trade.take(gradient, "grad_output")
            given = {
                k: trade.take(v, f"the parameter {k}", tells=False) for k, v in parameters.items()
            }
            borrowed = (
                tuple(map(trade.borrow, out)) if isinstance(out, tuple) else trade.borrow(out)
            )
            return trade.give(self._run(what, x, gradient, borrowed, given), out)
        values = self._values(parameters) if parameters else self._default_values
        if what == "from_output" and parameters:
            self._check_requirements(values)
        g: Array | None = None
        if what == "backward":  # whose gradient may be anything, so None too
            x, g = matched(x, gradient)
        else:
            x = as_floats(x)
        for array in outs:
            check_out(array, x)
        shortcuts: Shortcuts | None = None
        if x.size < at_once[0] and not parameters:
            small = x.size < self._small[0]
            shortcuts = (self._shortcuts if small else self._quick_shortcuts).get(what)
        call = None if shortcuts is None else shortcuts.get(x.dtype)
        if call is not None and all(fits(array, x) for array in outs):
            return call(*(a for a in (g, x, *outs) if a is not None))
        kernel = self._kernel_for(what, format_of(x.dtype), x.size, values)
        if what == "from_output" and not x.size:
            self.program(what)  # an error where there is none, for no numbers too
        result = compute(kernel, x, g, outs, values, pair=what == "pair")
        if shortcuts is not None and call is None and x.size:
            shortcuts.called(x.dtype, kernel)
        return result

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
        hint = (
            f"did you mean {' or '.join(near)}?"
            if near
            else "nonlin.catalogue, and the command nonlin list, show them all"
        )
        raise NoSuchActivationError(f"there is no activation {name!r}: {hint}")
    # setdefault, so that two threads at once get one object.
    return _made.get(entry.name) or _made.setdefault(entry.name, Activation(entry))
