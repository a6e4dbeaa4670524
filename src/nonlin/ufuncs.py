"""An activation as NumPy's universal functions: for whoever asks for them, and for all but very large arrays.

The long way of a call (:meth:`nonlin.Activation._run`) has threads, signals and other libraries' arrays in view,
and takes microseconds before it computes anything. A universal function takes a quarter of one, so arrays
below a million elements, of dtypes that have been met before, go straight to one. Such a call is by several
threads where that pays and they have been begun, which the long way does.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np

from nonlin.crew import spreading
from nonlin.errors import CompileError
from nonlin.forks import code as _lock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nonlin.activation import Activation
    from nonlin.compiler.kernel import Kernel

__all__ = ["SCALARS", "Shortcuts", "Ufuncs", "fits"]

Array = np.ndarray[Any, Any]

SCALARS: dict[type, np.dtype[Any]] = {
    kind: np.dtype(kind) for kind in (float, np.float16, np.float32, np.float64)
}
_OFTEN = 1000  # calls of some microseconds, after which compiling is worth it
# NumPy takes the format of its operands, else the first that they can be converted to safely: float64 for
# whole numbers; where two meet, the smallest that holds both.
_UNARY = ("float64", "float32", "float16", "bfloat16")
_BINARY = ("float16", "float32", "float64", "bfloat16")


class Ufuncs:
    """The universal functions of an activation, at its parameters' defaults.

    Each has what NumPy's own have: broadcasting, ``out=``, ``where=``, ``dtype=``, ``order=``, ``outer``,
    ``at``; arrays may have any strides and overlap. Results are those of the methods of the same names, to
    the last bit, for arrays of less than 16,384 elements. Other than in the methods,

    * what becomes of a subclass, of ``out`` of another dtype, and of what is no array is NumPy's to say;
    * in ``backward`` different dtypes meet as in ``numpy.add``, whole numbers of few bits in float16;
    * a call is by one thread, and cannot be interrupted.

    They can be pickled where the activation is of the catalogue.

    Examples
    --------
    >>> import nonlin
    >>> nonlin.relu.ufuncs.backward.outer([10.0, 20.0], [-1.0, 0.5, 2.0])
    array([[ 0., 10., 10.],
           [ 0., 20., 20.]])
    >>> nonlin.relu.ufuncs.value_and_derivative([-1.0, 2.0])
    (array([0., 2.]), array([0., 1.]))
    """

    def __init__(self, activation: Activation) -> None:
        self._activation = activation
        self._made: dict[str, np.ufunc] = {}

    def __repr__(self) -> str:
        return f"<universal functions of {self._activation!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._activation, "ufuncs")

    @property
    def value(self) -> np.ufunc:
        """f(x)."""
        return self._one("value", "value")

    @property
    def derivative(self) -> np.ufunc:
        """f'(x)."""
        return self._one("derivative", "derivative")

    @property
    def second_derivative(self) -> np.ufunc:
        """f''(x)."""
        return self._one("second_derivative", "second")

    @property
    def value_and_derivative(self) -> np.ufunc:
        """f(x) and f'(x): two results."""
        return self._one("value_and_derivative", "pair")

    @property
    def backward(self) -> np.ufunc:
        """grad_output * f'(x), of grad_output and x."""
        return self._one("backward", "backward")

    @property
    def derivative_from_output(self) -> np.ufunc:
        """f' as a function of y = f(x), or :class:`~nonlin.errors.NotAFunctionOfOutputError`."""
        return self._one("derivative_from_output", "from_output")

    def _one(self, name: str, what: str) -> np.ufunc:
        made = self._made.get(name)
        if made is None:
            with _lock:  # so that there is one
                made = self._made.get(name) or self._made.setdefault(name, self._make(name, what))
        return made

    def _make(self, name: str, what: str) -> np.ufunc:
        from nonlin.compiler.ufunc import universal

        f = self._activation
        formats = _BINARY if what == "backward" else _UNARY
        kernels: list[Kernel] = [f._small_kernel(what, dtype) for dtype in formats]
        doc = f"{name.replace('_', ' ')} of {f.name}: {f.formula}, at the parameters' defaults."
        place = f"{f.name}.ufunc" if what == "value" else f"{f.name}.ufuncs.{name}"
        made = universal(place, doc, kernels, list(f.parameters.values()))
        # Where pickle looks: it finds those of the catalogue, and says of others that they are not there.
        with contextlib.suppress(
            AttributeError
        ):  # an older NumPy, where pickle searches all modules
            made.__module__ = "nonlin"
        return made


class Shortcuts(dict[np.dtype[Any], np.ufunc | None]):
    """Universal functions by dtype, of one kind of call: they come as calls are made.

    One comes with the second small array of a dtype, if its code is at hand, else when there have been so
    many that compiling some more is worth it. ``None`` stands for one that cannot be had.
    """

    __slots__ = ("_calls", "_values", "name")

    def __init__(self, name: str, values: Sequence[float]) -> None:
        super().__init__()
        self.name, self._values = name, values
        self._calls: dict[np.dtype[Any], int] = {}

    def called(self, dtype: np.dtype[Any], kernel: Kernel) -> None:
        """A small array of that dtype has gone the long way, by that kernel."""
        count = self._calls[dtype] = self._calls.get(dtype, 0) + 1
        if count == 1 or dtype in self or (count & (count - 1) and count < _OFTEN):
            return
        from nonlin.compiler.ufunc import at_hand, universal

        if count >= _OFTEN or at_hand(kernel):
            try:
                self[dtype] = universal(self.name, "", [kernel], self._values, spreading())
            except (CompileError, MemoryError, OSError):  # there still is the long way
                self[dtype] = None


def fits(out: Array | None, x: Array) -> bool:
    """Whether NumPy can write a result for x to ``out`` as it is."""
    return (
        type(out) is np.ndarray
        and out.dtype is x.dtype
        and out.shape == x.shape
        and out.flags.writeable
    )
