"""Programs to a WebAssembly module, without a linker.

LLVM writes a relocatable object whose call and type indices are already those of the finished module,
since everything called is in it (or is named as an import). What remains is to drop the linking sections and to put an export
section in: the module then imports one memory, ``env.__linear_memory``, and nothing else. There is no
stack in memory: results after a function's first travel through fixed words of the first 64 KiB. (LLVM
22 has the multi-value extension, which would be the natural way, but with it some calls come out with
their results exchanged.)

Per function f, order k of derivative (0, 1, 2) and type t (f32, f64) it exports
``f_dk_t(in, out, n, params)``; and ``f_kinki_f64`` for the place of the i-th kink. The catalogue's
module also has functions of a row of scores (:mod:`nonlin.compiler.rows`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nonlin.compiler.far import far_function, has_far_sines
from nonlin.compiler.formats import FORMATS, Format
from nonlin.compiler.ir import Module, Value
from nonlin.compiler.kind import Kind
from nonlin.compiler.llvm import exact_function, lanes_function
from nonlin.compiler.program import Program
from nonlin.compiler.rows import write_rows
from nonlin.errors import CompileError

__all__ = ["SCRATCH", "SLOTS", "Export", "assemble", "build", "module_ir"]

_TYPES = {"f32": "float32", "f64": "float64"}
SLOTS, SCRATCH = 64, 16
"""Addresses of the words that results travel through."""
_TRIPLE = "wasm32-unknown-unknown"
_FEATURES = "+sign-ext,+nontrapping-fptoint,+bulk-memory,+mutable-globals"


@dataclass(frozen=True, slots=True)
class Export:
    """A program and the name to export it under, for one type."""

    program: Program
    type: str


def module_ir(exports: Mapping[str, Export], *, rows: bool = False) -> Module:
    """The module in LLVM IR; with ``rows``, the functions of :mod:`nonlin.compiler.rows` too."""
    module = Module(fma=False, inline=False, slots=SLOTS)
    written: set[str] = set()
    for name, export in exports.items():
        stem = name.rsplit("_", 1)[0]
        fmt = FORMATS[_TYPES[export.type]]
        if f"{stem}.exact" not in written:
            exact_function(module, f"{stem}.exact", export.program, Kind.MAP, internal=True)
            written.add(f"{stem}.exact")
        if not fmt.exact:
            lanes_function(module, f"{stem}.lanes", export.program, Kind.MAP, inline=False)
            if has_far_sines(export.program):
                far_function(
                    module, f"{stem}.far", export.program, Kind.MAP, f"{stem}.exact", internal=True
                )
        far = not fmt.exact and has_far_sines(export.program)
        _loop(module, name, fmt, stem, f"{stem}.far" if far else f"{stem}.exact")
    if rows:
        write_rows(module, SCRATCH)
    return module


def _loop(module: Module, name: str, fmt: Format, stem: str, exact: str) -> None:
    """One element after another; the rare ones through the exact arithmetic."""
    fn = module.function(
        name, [("x", "ptr"), ("out", "ptr"), ("n", "i32"), ("params", "ptr")], [], internal=False
    )
    x, out, n, params = fn.arguments
    fn.branch(n.gt(0), "lane", "done")
    fn.label("lane")
    i = fn.phi("i32", (0, "entry"), (Value(fn, "%next", "i32"), "end"))
    z = fmt.load(fn.load(x, fmt.storage, i, align=fmt.size))
    one = fn.f64(1.0)
    if not fmt.exact:
        value = fn.call(f"{stem}.lanes", z, one, params)[0]
        fn.store(fmt.store(value), out, i, align=fmt.size)
        rare = (value.is_nan() & z.eq(z)) | z.abs().eq(float("inf"))
        fn.branch(rare, "rare", "end")
        fn.label("rare")
    # The scratch word of the exact result lies in the 64 KiB that the module has for itself.
    scratch = fn.emit(f"inttoptr i32 {SCRATCH} to ptr", "ptr")
    fn.do(
        f"call void @{exact}(double {z.ref}, double {one.ref}, ptr {params.ref}, ptr {scratch.ref})"
    )
    fn.store(fmt.store(fn.load(scratch, "double")), out, i, align=fmt.size)
    fn.jump("end")
    fn.label("end")
    fn.do(f"%next = add nuw nsw i32 {i.ref}, 1")
    fn.branch(Value(fn, "%next", "i32").lt(n), "lane", "done")
    fn.label("done")
    fn.ret()


def build(exports: Mapping[str, Export], *, rows: bool = False) -> bytes:
    """The finished module."""
    module = module_ir(exports, rows=rows)
    return assemble(module.text, module.names)


def assemble(
    ir: str, exports: Sequence[str], *, vectors: bool = False, imports: Sequence[str] = ()
) -> bytes:
    """IR to a module that exports these functions, and may call those that it imports from ``env``.

    With ``vectors``, loops become SIMD code.
    """
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(_TRIPLE)
    features = _FEATURES + (",+simd128" if vectors else "")
    machine = target.create_target_machine(cpu="generic", features=features, opt=2)
    try:
        module = llvm.parse_assembly(f'target triple = "{_TRIPLE}"\n{ir}')
        module.data_layout = str(machine.target_data)
        options = llvm.create_pipeline_tuning_options(speed_level=2)
        options.loop_vectorization = vectors
        options.slp_vectorization = options.loop_unrolling = options.loop_interleaving = False
        options.inlining_threshold = 25
        builder = llvm.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)
        return _finish(machine.emit_object(module), list(exports), frozenset(imports))
    except RuntimeError as error:
        raise CompileError(f"LLVM refused the module: {error}") from error


# -- the object's sections ------------------------------------------------------------------------


def _read_leb(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def _leb(value: int) -> bytes:
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _sections(data: bytes) -> Iterator[tuple[int, bytes]]:
    if data[:8] != b"\0asm\1\0\0\0":
        raise CompileError("the WebAssembly object has an unknown format")
    at = 8
    while at < len(data):
        kind = data[at]
        size, at = _read_leb(data, at + 1)
        yield kind, data[at : at + size]
        at += size


def _imported(imports: bytes) -> list[str]:
    """Names of the functions that the object imports, by index."""
    count, at = _read_leb(imports, 0)
    names = []
    for _ in range(count):
        length, at = _read_leb(imports, at)
        length, at = _read_leb(imports, at + length)
        name, at = imports[at : at + length].decode(), at + length
        kind, at = imports[at], at + 1
        if kind == 0:
            names.append(name)
            at = _read_leb(imports, at)[1]
        elif kind == 2:  # a memory: whether it has a largest size, and sizes
            limited, at = imports[at] & 1, at + 1
            for _ in range(1 + limited):
                at = _read_leb(imports, at)[1]
        else:
            raise CompileError("the WebAssembly object imports a table or a global")
    return names


def _function_names(linking: bytes, imported: Sequence[str]) -> dict[str, int]:
    """Name to function index, from the symbol table of the object's ``linking`` section."""
    at = _read_leb(linking, 0)[1]  # version
    names: dict[str, int] = {}
    while at < len(linking):
        kind = linking[at]
        size, at = _read_leb(linking, at + 1)
        end = at + size
        if kind == 8:  # WASM_SYMBOL_TABLE
            count, at = _read_leb(linking, at)
            for _ in range(count):
                symbol = linking[at]
                flags, at = _read_leb(linking, at + 1)
                if symbol != 0:
                    raise CompileError("the WebAssembly object refers to data or a global")
                index, at = _read_leb(linking, at)
                if flags & 0x10 and not flags & 0x40:  # not here, and named by its import alone
                    names[imported[index]] = index
                    continue
                length, at = _read_leb(linking, at)
                names[linking[at : at + length].decode()] = index
                at += length
        at = end
    return names


def _finish(data: bytes, exports: list[str], imports: frozenset[str]) -> bytes:
    sections = list(_sections(data))
    names: dict[str, int] = {}
    imported = [name for kind, body in sections if kind == 2 for name in _imported(body)]
    if not imports.issuperset(imported):
        raise CompileError("the WebAssembly object calls a function that it lacks")
    for kind, body in sections:
        if kind == 0:
            length, at = _read_leb(body, 0)
            if body[at : at + length] == b"linking":
                names = _function_names(body[at + length :], imported)
    table = _leb(len(exports))
    for name in exports:
        if name not in names:
            raise CompileError(f"the WebAssembly object lacks {name}")
        table += _leb(len(name)) + name.encode() + b"\0" + _leb(names[name])
    out = bytearray(data[:8])
    done = False
    for kind, body in sections:
        if kind == 0:
            continue
        if kind > 7 and not done:
            out += b"\x07" + _leb(len(table)) + table
            done = True
        out += bytes([kind]) + _leb(len(body)) + body
    return bytes(out)
