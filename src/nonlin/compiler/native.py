"""LLVM IR to machine code of this processor, by LLVM, and into memory.

:func:`compiled` needs LLVM; :func:`place` does not where the target's code is flat.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nonlin.compiler import cache
from nonlin.compiler.image import Image, keep_for_good
from nonlin.compiler.target import host
from nonlin.errors import CompileError
from nonlin.forks import code as lock

if TYPE_CHECKING:
    from nonlin.compiler.ir import Module

__all__ = ["assembly", "compiled", "load", "load_image", "lock", "place"]


@lru_cache(None)
def _machine() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=host().cpu, features=host().features, opt=2, reloc="pic",
        codemodel="small" if host().flat else "jitdefault",
    )  # fmt: skip


def _optimised(ir: str) -> Any:
    import llvmlite.binding as llvm

    machine = _machine()
    try:
        module = llvm.parse_assembly(ir)
        module.triple = machine.triple
        module.data_layout = str(machine.target_data)
        options = llvm.create_pipeline_tuning_options(speed_level=2)
        options.loop_vectorization = True
        options.loop_interleaving = False
        builder = llvm.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)
    except RuntimeError as error:
        raise CompileError(f"LLVM refused the module: {error}") from error
    return module


def compiled(ir: str, names: Sequence[str]) -> Image:
    """The code of a module with these functions for others to call."""
    with lock:
        code = bytes(_machine().emit_object(_optimised(ir)))
    return Image.from_elf(code) if host().flat else Image(code, dict.fromkeys(names, 0), {})


def load(
    key: str, module: Callable[[], Module], imports: Mapping[str, int] | None = None
) -> dict[str, int]:
    """The addresses of a module's functions: from the cache under a key, or compiled."""

    def image() -> Image:
        written = module()
        return compiled(written.text, written.names)

    return load_image(key, image, imports or {})


def load_image(key: str, made: Callable[[], Image], imports: Mapping[str, int]) -> dict[str, int]:
    """The same for code that somebody else has compiled."""
    with lock:
        found = cache.load(key)
        if found is None:
            image = made()
            cache.save(key, image.to_bytes())
        else:
            image = Image.from_bytes(found)
        return place(image, imports)


def place(image: Image, imports: Mapping[str, int]) -> dict[str, int]:
    """Put code into memory, for good; the addresses of its functions.

    ``imports`` are the addresses of functions that the code may call, besides the C library's.
    """
    if not host().flat:
        return _place_by_llvm(image, imports)
    return image.place({n: imports.get(n) or _library_function(n) for n in image.imports})


def _place_by_llvm(image: Image, imports: Mapping[str, int]) -> dict[str, int]:
    import llvmlite.binding as llvm

    with lock:
        for name, address in imports.items():
            llvm.add_symbol(name, address)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
        engine.add_object_file(llvm.ObjectFileRef.from_data(image.code))
        engine.finalize_object()
        keep_for_good(engine)
        return {name: int(engine.get_function_address(name)) for name in image.symbols}


def _library_function(name: str) -> int:
    try:
        return ctypes.cast(getattr(ctypes.CDLL(None), name), ctypes.c_void_p).value or 0
    except AttributeError:
        raise CompileError(f"the code calls {name}, which is not there") from None


def assembly(ir: str) -> str:
    """The assembly that a module becomes on this processor."""
    with lock:
        return str(_machine().emit_assembly(_optimised(ir)))
