"""Finished code on disk: what is found here needs no compiler.

Files lie under ``$NONLIN_CACHE_DIR`` or the user's cache folder; some come with the package, made when
it was installed, and are looked at first. A file is written whole and renamed into place; one that does
not match its own checksum is ignored and written anew. A cache that cannot be written is no error.

A key speaks of everything that the code depends on: the formula and what is wanted of it, the target,
and the source of the package, so that nothing stale is ever found.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from nonlin.compiler.target import host

__all__ = ["directory", "has", "key", "load", "save", "sources", "writing_to"]

_LARGEST = 1 << 24  # bytes; code has some thousands
_MAGIC = b"nonlin-code-3\n"
_PACKAGE = Path(__file__).resolve().parent.parent
_MAKERS = (
    "calculus.py", "enclosure.py", "expression.py", "formula.py", "ops.py", "oracle.py", "rewrites",
    "compiler", "properties",
)  # fmt: skip


_chosen: list[Path] = []


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Keep code in a folder of your choice meanwhile."""
    _chosen.append(folder)
    try:
        yield
    finally:
        _chosen.pop()


@cache
def _absolute(path: str) -> Path:
    """From where the process was when it first asked, wherever it goes."""
    return Path(path).absolute()


def directory() -> Path:
    """Where code is kept."""
    if _chosen:
        return _chosen[-1]
    chosen = os.environ.get("NONLIN_CACHE_DIR")
    if chosen:
        return _absolute(chosen)
    try:
        if sys.platform == "win32":
            base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData/Local")
        elif sys.platform == "darwin":
            base = str(Path.home() / "Library/Caches")
        else:
            base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    except RuntimeError:  # a user without a home, as containers have them
        return Path(os.devnull) / "nonlin"  # where nothing can be kept
    return Path(base) / "nonlin"


@cache
def sources(*names: str) -> str:
    """A digest of parts of the package's source (all of it, if none is named)."""
    files: list[Path] = []
    for name in names or ("",):
        path = _PACKAGE / name
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        digest.update(_bytes(file))
    return digest.hexdigest()


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b"?"


@cache
def _version() -> bytes:
    """A digest of everything that turns a formula into code."""
    llvm = importlib.util.find_spec("llvmlite")
    generator = Path(llvm.origin).parent / "_version.py" if llvm and llvm.origin else Path()
    text = f"{host().name} {sources(*_MAKERS)}".encode()
    return hashlib.blake2b(text + _bytes(generator), digest_size=16).digest()


def key(*parts: str) -> str:
    """The name of a piece of code."""
    text = "\0".join(parts).encode()
    return hashlib.blake2b(text, digest_size=20, key=_version()).hexdigest()


def _checksum(name: str, payload: bytes) -> bytes:
    # The name is in it, so that good code of something else is not taken for this.
    return hashlib.sha256(name.encode() + b"\0" + payload).digest()


def has(name: str) -> bool:
    """Whether there is a file under a key; whether it is a good one, :func:`load` tells."""
    return any((folder / name).is_file() for folder in _folders())


def load(name: str) -> bytes | None:
    """The code under a key, or ``None``."""
    for folder in _folders():
        try:
            data = _read(folder / name)
        except OSError:
            continue
        head = len(_MAGIC) + 32
        payload = data[head:]
        if data[: len(_MAGIC)] == _MAGIC and payload:
            if _checksum(name, payload) == data[len(_MAGIC) : head]:
                return payload
    return None


def _folders() -> tuple[Path, Path]:
    return _PACKAGE / "_generated" / "code", directory()


def _read(file: Path) -> bytes:
    """What a file holds, and an error where it is none: a pipe never begins, and a device never ends."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(file, "rb", opener=lambda path, _: os.open(path, flags)) as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise OSError(f"{file} is no file of ours")
        return stream.read()


def save(name: str, payload: bytes) -> None:
    """Keep code under a key, if it can be."""
    folder = directory()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".partial-{os.getpid()}-{threading.get_ident()}"
        try:
            with partial.open("wb") as file:
                file.write(_MAGIC + _checksum(name, payload) + payload)
            os.replace(partial, folder / name)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError:
        pass
