"""LLVM IR to machine code of this processor, and a cache of it on disk.

Object code is cached per IR, LLVM version and processor, under ``$NONLIN_CACHE_DIR`` or the user's
cache folder. A file is written whole and renamed into place; one that does not match its own
checksum is ignored and written anew. A cache that cannot be written is no error.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any

from nonlin.errors import CompileError

__all__ = ["assembly", "cache_directory", "has_fma", "load"]

_MAGIC = b"nonlin-object-1\n"
_lock = threading.RLock()
_engines: list[Any] = []  # the code lives as long as its engine


def cache_directory() -> Path:
    """Where object code is kept."""
    chosen = os.environ.get("NONLIN_CACHE_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "nonlin"


@cache
def _machine() -> tuple[Any, str]:
    """The target machine, and a text that identifies processor and code generator."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    cpu = llvm.get_host_cpu_name()
    features = llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(
        cpu=cpu, features=features, opt=2, reloc="pic", codemodel="jitdefault"
    )
    version = ".".join(map(str, llvm.llvm_version_info))
    return machine, f"{version} {machine.triple} {cpu} {features}"


@cache
def has_fma() -> bool:
    """Whether this processor has a fused multiply-add instruction."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    return bool(features.get("fma")) or "aarch64" in llvm.get_default_triple()


def _optimised(ir: str) -> Any:
    import llvmlite.binding as llvm

    machine, _ = _machine()
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


def _read(path: Path) -> bytes | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    head = len(_MAGIC) + 32
    if data[: len(_MAGIC)] != _MAGIC or len(data) <= head:
        return None
    payload = data[head:]
    return payload if hashlib.sha256(payload).digest() == data[len(_MAGIC) : head] else None


def _write(path: Path, payload: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(payload).digest() + payload)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError:
        pass


def load(ir: str, name: str) -> int:
    """The address of function ``name`` of the module ``ir``, compiled or from the cache."""
    with _lock:
        import llvmlite.binding as llvm

        machine, identity = _machine()
        key = hashlib.sha256(f"{identity}\n{ir}".encode()).hexdigest()
        path = cache_directory() / f"{key[:40]}.o"
        code = _read(path)
        if code is None:
            code = machine.emit_object(_optimised(ir))
            _write(path, code)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _engines.append(engine)
        return int(engine.get_function_address(name))


def assembly(ir: str) -> str:
    """The assembly that a module becomes on this processor."""
    with _lock:
        return str(_machine()[0].emit_assembly(_optimised(ir)))
