"""A small writer of LLVM IR, in which arithmetic reads like arithmetic.

``llvmlite.ir`` would do the same with more ceremony and at ten times the cost per instruction; what
is needed here is functions of scalars, loops and selects. A :class:`Value` knows the function it
belongs to, so ``x * y + 1.0`` appends instructions to that function. Python numbers on either side
become constants.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Union

from nonlin.compiler.order import ordered

__all__ = ["Function", "Module", "Value", "scalar", "shaped", "suffix"]

Operand = Union["Value", float, int]

_INT_OPS = {"fadd": "add", "fsub": "sub", "fmul": "mul", "fdiv": "sdiv"}


def _is_float(type_: str) -> bool:
    return "double" in type_ or "float" in type_


def scalar(type_: str) -> str:
    """The type of a vector's elements; any other type itself."""
    return type_[1:-1].split(" x ")[1] if type_[0] == "<" else type_


def shaped(type_: str, like: str) -> str:
    """A type, or a vector of it with as many elements as another vector has."""
    return f"{like.split(' x ')[0]} x {type_}>" if like[0] == "<" else type_


class Value:
    """An SSA value: its name (or constant text) and its type."""

    __slots__ = ("fn", "ref", "type")

    def __init__(self, fn: Function, ref: str, type_: str) -> None:
        self.fn, self.ref, self.type = fn, ref, type_

    def _binary(self, op: str, other: Operand, swap: bool = False) -> Value:
        a, b = self, self.fn.lift(other, self.type)
        if swap:
            a, b = b, a
        if not _is_float(self.type):
            op = _INT_OPS.get(op, op)
        return self.fn.emit(f"{op} {self.type} {a.ref}, {b.ref}", self.type)

    def __add__(self, other: Operand) -> Value:
        return self._binary("fadd", other)

    def __radd__(self, other: Operand) -> Value:
        return self._binary("fadd", other, swap=True)

    def __sub__(self, other: Operand) -> Value:
        return self._binary("fsub", other)

    def __rsub__(self, other: Operand) -> Value:
        return self._binary("fsub", other, swap=True)

    def __mul__(self, other: Operand) -> Value:
        return self._binary("fmul", other)

    def __rmul__(self, other: Operand) -> Value:
        return self._binary("fmul", other, swap=True)

    def __truediv__(self, other: Operand) -> Value:
        return self._binary("fdiv", other)

    def __rtruediv__(self, other: Operand) -> Value:
        return self._binary("fdiv", other, swap=True)

    def __neg__(self) -> Value:
        if _is_float(self.type):
            return self.fn.emit(f"fneg {self.type} {self.ref}", self.type)
        return 0 - self

    def __and__(self, other: Operand) -> Value:
        return self._binary("and", other)

    def __or__(self, other: Operand) -> Value:
        return self._binary("or", other)

    def __xor__(self, other: Operand) -> Value:
        return self._binary("xor", other)

    def shl(self, n: Operand) -> Value:
        return self._binary("shl", n)

    def lshr(self, n: Operand) -> Value:
        return self._binary("lshr", n)

    def ashr(self, n: Operand) -> Value:
        return self._binary("ashr", n)

    def _compare(self, predicate: str, other: Operand) -> Value:
        b = self.fn.lift(other, self.type)
        kind, signed = ("fcmp", "o") if _is_float(self.type) else ("icmp", "s")
        if kind == "icmp" and predicate in ("eq", "ne"):
            signed = ""
        if kind == "fcmp" and predicate == "ne":
            signed = "u"
        text = f"{kind} {signed}{predicate} {self.type} {self.ref}, {b.ref}"
        return self.fn.emit(text, shaped("i1", self.type))

    def lt(self, other: Operand) -> Value:
        return self._compare("lt", other)

    def le(self, other: Operand) -> Value:
        return self._compare("le", other)

    def gt(self, other: Operand) -> Value:
        return self._compare("gt", other)

    def ge(self, other: Operand) -> Value:
        return self._compare("ge", other)

    def eq(self, other: Operand) -> Value:
        return self._compare("eq", other)

    def ne(self, other: Operand) -> Value:
        """Not equal; for floats true also where one side is NaN."""
        return self._compare("ne", other)

    def is_nan(self) -> Value:
        text = f"fcmp uno {self.type} {self.ref}, {self.ref}"
        return self.fn.emit(text, shaped("i1", self.type))

    def select(self, yes: Operand, no: Operand, type_: str = "double") -> Value:
        """``yes`` where this truth value holds, else ``no``; for vectors element by element."""
        type_ = next((v.type for v in (yes, no) if isinstance(v, Value)), type_)
        a, b = self.fn.lift(yes, type_), self.fn.lift(no, type_)
        return self.fn.emit(
            f"select {self.type} {self.ref}, {type_} {a.ref}, {type_} {b.ref}", type_
        )

    def to(self, how: str, type_: str) -> Value:
        """A conversion: ``bitcast``, ``fpext``, ``fptrunc``, ``sitofp``, ``zext``, ``trunc``…"""
        return self.fn.emit(f"{how} {self.type} {self.ref} to {type_}", type_)

    def bits(self) -> Value:
        of = {"double": "i64", "float": "i32"}[scalar(self.type)]
        return self.to("bitcast", shaped(of, self.type))

    def as_float(self) -> Value:
        of = {"i64": "double", "i32": "float"}[scalar(self.type)]
        return self.to("bitcast", shaped(of, self.type))

    def abs(self) -> Value:
        return self.fn.intrinsic("fabs", self)

    def sqrt(self) -> Value:
        return self.fn.intrinsic("sqrt", self)

    def copysign(self, sign: Value) -> Value:
        return self.fn.intrinsic("copysign", self, sign)


class Function:
    """One function being written."""

    def __init__(
        self,
        module: Module,
        name: str,
        arguments: Sequence[tuple[str, str]],
        results: Sequence[str],
        attributes: str,
        linkage: str,
    ) -> None:
        self.module, self.name, self.results = module, name, tuple(results)
        self.arguments = [
            Value(self, f"%{a}", t if t[0] == "<" else t.split(" ")[0]) for a, t in arguments
        ]
        self._signature = ", ".join(f"{t} %{a}" for a, t in arguments)
        self._attributes, self._linkage = attributes, linkage
        self._lines: list[str] = ["entry:"]
        self._count = 0
        self.block = "entry"

    @property
    def exported(self) -> bool:
        return not self._linkage

    # -- writing ------------------------------------------------------------------------------
    def emit(self, text: str, type_: str) -> Value:
        self._count += 1
        ref = f"%v{self._count}"
        self._lines.append(f"  {ref} = {text}")
        return Value(self, ref, type_)

    def value(self, ref: str, type_: str) -> Value:
        """A value by the name that an instruction gives it, earlier or later."""
        return Value(self, ref, type_)

    def do(self, text: str) -> None:
        """Append an instruction without a result."""
        self._lines.append(f"  {text}")

    @contextmanager
    def in_any_order(self) -> Iterator[None]:
        """What is written here, and neither stores nor branches, is begun in the order that suits the processor."""
        first = len(self._lines)
        yield
        self._lines[first:] = ordered(self._lines[first:])

    def lift(self, value: Operand, type_: str) -> Value:
        if isinstance(value, Value):
            return value
        if type_.startswith("<"):
            one = self.lift(value, scalar(type_))
            return Value(self, f"splat ({one.type} {one.ref})", type_)
        if type_ == "float":
            return Value(self, float_text(struct.unpack("f", struct.pack("f", value))[0]), type_)
        if _is_float(type_):
            return Value(self, float_text(float(value)), type_)
        if type_ == "ptr":
            return Value(self, "null", type_)
        return Value(self, str(int(value)), type_)

    def f64(self, value: float) -> Value:
        return self.lift(value, "double")

    def i64(self, value: int) -> Value:
        return self.lift(value, "i64")

    def intrinsic(self, name: str, *args: Value, result: str = "") -> Value:
        full = f"llvm.{name}.{suffix(args[0].type)}"
        type_ = result or args[0].type
        self.module.declare(full, f"declare {type_} @{full}({', '.join(a.type for a in args)})")
        shown = ", ".join(f"{a.type} {a.ref}" for a in args)
        return self.emit(f"call {type_} @{full}({shown})", type_)

    def call(self, name: str, *args: Value, results: Sequence[str] = ("double",)) -> list[Value]:
        """Call a function of the module; several results come back as several values."""
        shown = ", ".join(f"{a.type} {a.ref}" for a in args)
        if len(results) == 1:
            return [self.emit(f"call {results[0]} @{name}({shown})", results[0])]
        if not self.module.structs:
            first = self.emit(f"call {results[0]} @{name}({shown})", results[0])
            rest = [self.load(self._slot(i), t) for i, t in enumerate(results[1:])]
            return [first, *rest]
        struct_type = "{" + ", ".join(results) + "}"
        packed = self.emit(f"call {struct_type} @{name}({shown})", struct_type)
        return [
            self.emit(f"extractvalue {struct_type} {packed.ref}, {i}", t)
            for i, t in enumerate(results)
        ]

    def load(
        self, pointer: Value, type_: str, index: Operand | None = None, align: int = 0
    ) -> Value:
        at = self.element(pointer, type_, index)
        suffix = f", align {align}" if align else ""
        return self.emit(f"load {type_}, ptr {at.ref}{suffix}", type_)

    def store(
        self, value: Value, pointer: Value, index: Operand | None = None, align: int = 0
    ) -> None:
        at = self.element(pointer, value.type, index)
        suffix = f", align {align}" if align else ""
        self.do(f"store {value.type} {value.ref}, ptr {at.ref}{suffix}")

    def element(self, pointer: Value, type_: str, index: Operand | None) -> Value:
        if index is None:
            return pointer
        i = self.lift(index, "i64")
        return self.emit(f"getelementptr {type_}, ptr {pointer.ref}, {i.type} {i.ref}", "ptr")

    # -- control flow -------------------------------------------------------------------------
    def label(self, name: str) -> None:
        self.block = name
        self._lines.append(f"{name}:")

    def jump(self, name: str) -> None:
        self.do(f"br label %{name}")

    def branch(self, condition: Value, yes: str, no: str) -> None:
        self.do(f"br i1 {condition.ref}, label %{yes}, label %{no}")

    def phi(self, type_: str, *incoming: tuple[Operand, str]) -> Value:
        shown = ", ".join(f"[ {self.lift(v, type_).ref}, %{b} ]" for v, b in incoming)
        return self.emit(f"phi {type_} {shown}", type_)

    def splat(self, value: Value, type_: str) -> Value:
        """A vector all of whose elements are this value."""
        one = self.emit(f"insertelement {type_} poison, {value.type} {value.ref}, i32 0", type_)
        mask = shaped("i32", type_)
        return self.emit(
            f"shufflevector {type_} {one.ref}, {type_} poison, {mask} zeroinitializer", type_
        )

    def loop(
        self,
        count: Operand,
        body: Callable[..., Sequence[Value] | None],
        carried: Sequence[Value] = (),
        *,
        start: Operand = 0,
        step: int = 1,
    ) -> list[Value]:
        """``for i in range(start, count, step)``: ``body(i, *carried)`` returns what it carries on."""
        stem, before = self.unique("loop"), self.block
        head, end = f"{stem}.head", f"{stem}.end"
        self.jump(head)
        self.label(head)
        type_ = count.type if isinstance(count, Value) else "i64"
        first = [self.lift(start, type_), *carried]
        places = len(self._lines)
        phis = [self.emit("", v.type) for v in first]  # written once the body is known
        self.branch(phis[0].lt(count), f"{stem}.body", end)
        self.label(f"{stem}.body")
        results = [phis[0] + step, *(body(*phis) or [])]
        for k, (a, phi, b) in enumerate(zip(first, phis, results, strict=True)):
            self._lines[places + k] = (
                f"  {phi.ref} = phi {phi.type} [ {a.ref}, %{before} ], [ {b.ref}, %{self.block} ]"
            )
        self.jump(head)
        self.label(end)
        return phis[1:]

    def when(self, condition: Value, body: Callable[[], object]) -> None:
        """Run the body only where a truth value holds."""
        stem = self.unique("when")
        self.branch(condition, stem, f"{stem}.end")
        self.label(stem)
        body()
        self.jump(f"{stem}.end")
        self.label(f"{stem}.end")

    def either(self, condition: Value, yes: Callable[[], object], no: Callable[[], object]) -> None:
        """Run the one body where a truth value holds, else the other."""
        stem = self.unique("either")
        self.branch(condition, stem, f"{stem}.else")
        for label, body in ((stem, yes), (f"{stem}.else", no)):
            self.label(label)
            body()
            self.jump(f"{stem}.end")
        self.label(f"{stem}.end")

    def unique(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"

    def ret_if(self, condition: Value, *values: Value) -> None:
        """Return early; the code that follows is the other case."""
        yes, no = self.unique("then"), self.unique("else")
        self.branch(condition, yes, no)
        self.label(yes)
        self.ret(*values)
        self.label(no)

    def ret(self, *values: Value) -> None:
        if not values:
            self.do("ret void")
        elif len(values) == 1:
            self.do(f"ret {values[0].type} {values[0].ref}")
        elif not self.module.structs:
            for i, v in enumerate(values[1:]):
                self.store(v, self._slot(i))
            self.ret(values[0])
        else:
            struct_type = "{" + ", ".join(self.results) + "}"
            packed = "poison"
            for i, v in enumerate(values):
                text = f"insertvalue {struct_type} {packed}, {v.type} {v.ref}, {i}"
                packed = self.emit(text, struct_type).ref
            self.do(f"ret {struct_type} {packed}")

    def _slot(self, i: int) -> Value:
        """Where the results after the first travel in a target without structs in registers."""
        return self.emit(f"inttoptr i64 {self.module.slots + 8 * i} to ptr", "ptr")

    @property
    def text(self) -> str:
        if not self.module.structs and len(self.results) > 1:
            return self._text(self.results[0])
        returns = {0: "void", 1: self.results[0] if self.results else ""}.get(
            len(self.results), "{" + ", ".join(self.results) + "}"
        )
        return self._text(returns)

    def _text(self, returns: str) -> str:
        head = (
            f"define {self._linkage}{returns} @{self.name}({self._signature}) {self._attributes} {{"
        )
        return "\n".join([head, *self._lines, "}", ""])


class Module:
    """Functions and declarations; :attr:`text` is the IR.

    Parameters
    ----------
    fma
        Whether the target has a fused multiply-add.
    inline
        Whether helper functions are to be inlined.
    slots
        For a target that does not return structs in registers: the address of a few words of memory
        through which the results after the first travel.
    runtime
        Where helper functions that are not to be inlined live: in this module (``"inside"``), in
        another one (``"outside"``), or in this one for others to call (``"exported"``).
    """

    def __init__(self, *, fma: bool, inline: bool, slots: int = 0, runtime: str = "inside") -> None:
        self.fma, self.inline, self.slots, self.runtime = fma, inline, slots, runtime
        self.structs = not slots
        self._functions: dict[str, Function | None] = {}
        self._declarations: dict[str, str] = {}

    def declare(self, name: str, text: str) -> None:
        self._declarations[name] = text

    def function(
        self,
        name: str,
        arguments: Sequence[tuple[str, str]],
        results: Sequence[str],
        *,
        attributes: str = "nounwind",
        internal: bool = True,
    ) -> Function:
        fn = Function(self, name, arguments, results, attributes, "internal " if internal else "")
        self._functions[name] = fn
        return fn

    def ensure(
        self,
        name: str,
        arguments: Sequence[str],
        results: Sequence[str],
        body: Callable[..., Sequence[Value] | None],
        *,
        inline: bool | None = None,
    ) -> str:
        """Write a pure helper function the first time that it is asked for.

        ``body(fn, *argument_values)`` returns the results, or ``None`` where it has returned itself.
        """
        if name not in self._functions:
            self._functions[name] = None
            inline = self.inline if inline is None else inline
            pure = "memory(none) " if self.structs or len(results) == 1 else ""
            attributes = f"nounwind willreturn {pure}{'alwaysinline' if inline else 'noinline'}"
            if self.runtime == "outside" and not inline:
                result = results[0] if len(results) == 1 else "{" + ", ".join(results) + "}"
                self.declare(
                    name, f"declare {result} @{name}({', '.join(arguments)}) nounwind {pure}"
                )
                return name
            named = [(f"a{i}", t) for i, t in enumerate(arguments)]
            linkage = "" if self.runtime == "exported" and not inline else "internal "
            fn = Function(self, name, named, results, attributes, linkage)
            values = body(fn, *fn.arguments)
            if values is not None:
                fn.ret(*values)
            del self._functions[name]  # callees come first
            self._functions[name] = fn
        return name

    @property
    def names(self) -> list[str]:
        """Functions that others can call."""
        return [n for n, fn in self._functions.items() if fn is not None and fn.exported]

    @property
    def text(self) -> str:
        functions = [fn.text for fn in self._functions.values() if fn is not None]
        return "\n".join([*self._declarations.values(), "", *functions])


def suffix(type_: str) -> str:
    """A type as the names of intrinsics spell it: ``<8 x float>`` is v8f32."""
    if type_.startswith("<"):
        count, element = type_[1:-1].split(" x ")
        return f"v{count}{suffix(element)}"
    return {"double": "f64", "float": "f32"}.get(type_, type_)


def float_text(value: float) -> str:
    """A double as LLVM writes it exactly."""
    return "0x" + struct.pack(">d", value).hex().upper()
