"""Machine code as a position-independent image: from LLVM's object file, and into memory.

LLVM's own loader would do, at the price of loading LLVM, which takes longer than a first call may.
What it has to do for code like ours is little: lay the sections out one after another, patch the
distances between them, and let every call of something outside go through a slot that holds its
address. All that but the slots is done once, when the image is made.

Source: *System V Application Binary Interface, AMD64 Architecture Processor Supplement*, chapter 4.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nonlin.errors import CompileError

__all__ = ["Image", "keep_for_good"]

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")
_PROGBITS, _SYMTAB, _RELA, _NOBITS = 1, 2, 4, 8
_ALLOC = 2
_PC32, _PLT32 = 2, 4
_STUB = b"\xff\x25\x02\x00\x00\x00\x0f\x0b"  # jmp *2(%rip); ud2; then the slot


@dataclass(frozen=True, slots=True)
class Image:
    """Code and constants, ready to be copied anywhere.

    ``symbols`` maps functions to places in ``code``; ``imports`` maps names of functions elsewhere to
    the slots that their addresses go into. Where a target's code is not flat, ``code`` is LLVM's object
    file, and only the names of the functions count.
    """

    code: bytes
    symbols: dict[str, int]
    imports: dict[str, int]

    def to_bytes(self) -> bytes:
        head = json.dumps([self.symbols, self.imports], separators=(",", ":")).encode()
        return len(head).to_bytes(4, "little") + head + self.code

    @classmethod
    def from_bytes(cls, data: bytes) -> Image:
        size = int.from_bytes(data[:4], "little")
        symbols, imports = json.loads(data[4 : 4 + size])
        return cls(data[4 + size :], symbols, imports)

    @classmethod
    def from_elf(cls, data: bytes) -> Image:
        """The image of an x86-64 object file.

        Raises
        ------
        CompileError
            The object needs more of a linker than there is here.
        """
        return _Linker(data).image()

    def place(self, imports: Mapping[str, int]) -> dict[str, int]:
        """Copy into executable memory, for good; returns the functions' addresses."""
        code = bytearray(self.code)
        for name, slot in self.imports.items():
            code[slot : slot + 8] = imports[name].to_bytes(8, "little")
        # Never writable and executable at once.
        memory = mmap.mmap(-1, len(code))
        memory[:] = bytes(code)
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        keep_for_good(memory)
        mprotect = _libc().mprotect
        mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        if mprotect(address, len(code), mmap.PROT_READ | mmap.PROT_EXEC):
            raise CompileError("this system does not let a program make code executable")
        return {name: address + at for name, at in self.symbols.items()}


_kept: list[object] = []


def keep_for_good(thing: object) -> None:
    """Have an object outlive the interpreter, too: a thread may still be in its code when that ends."""
    _kept.append(thing)
    if hasattr(ctypes, "pythonapi"):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _libc() -> Any:
    return ctypes.CDLL(None)


class _Linker:
    """One object file being laid out."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        header = _HEADER.unpack_from(data)
        if header[0][:5] != b"\x7fELF\x02" or header[2] != 62:
            raise CompileError("the object file is not one for x86-64")
        start, size, count = header[6], header[11], header[12]
        self.sections = [_SECTION.unpack_from(data, start + size * i) for i in range(count)]
        self.code = bytearray()
        self.places: dict[int, int] = {}
        self.stubs: dict[str, int] = {}

    def bytes_of(self, section: tuple[int, ...]) -> bytes:
        return self.data[section[4] : section[4] + section[5]]

    def image(self) -> Image:
        for i, section in enumerate(self.sections):
            kind, flags, size, align = section[1], section[2], section[5], section[8]
            if flags & _ALLOC and size and not self.is_unwinding(section):
                self.pad(align)
                self.places[i] = len(self.code)
                self.code += bytes(size) if kind == _NOBITS else self.bytes_of(section)
        table = next(s for s in self.sections if s[1] == _SYMTAB)
        names = self.bytes_of(self.sections[table[6]])
        symbols = [
            (_text(names, name), section, value)
            for name, _, _, section, value, _ in _SYMBOL.iter_unpack(self.bytes_of(table))
        ]
        for section in self.sections:
            if section[1] == _RELA and section[7] in self.places:
                for offset, info, addend in _RELOCATION.iter_unpack(self.bytes_of(section)):
                    at = self.places[section[7]] + offset
                    self.relocate(at, info & 0xFFFFFFFF, symbols[info >> 32], addend)
        found = {
            name: self.places[section] + value
            for name, section, value in symbols
            if name and section in self.places
        }
        slots = {name: at + len(_STUB) for name, at in self.stubs.items()}
        return Image(bytes(self.code), found, slots)

    def is_unwinding(self, section: tuple[int, ...]) -> bool:
        names = self.bytes_of(self.sections[_HEADER.unpack_from(self.data)[13]])
        return _text(names, section[0]) == ".eh_frame"

    def pad(self, align: int) -> None:
        self.code += bytes(-len(self.code) % max(align, 1))

    def relocate(self, at: int, kind: int, symbol: tuple[str, int, int], addend: int) -> None:
        name, section, value = symbol
        if kind not in (_PC32, _PLT32):
            raise CompileError(f"the object file has a relocation of kind {kind} for {name!r}")
        target = self.stub(name) if section == 0 else self.places[section] + value
        struct.pack_into("<i", self.code, at, target + addend - at)

    def stub(self, name: str) -> int:
        if name not in self.stubs:
            self.pad(16)
            self.stubs[name] = len(self.code)
            self.code += _STUB + bytes(8)
        return self.stubs[name]


def _text(names: bytes, at: int) -> str:
    return names[at : names.index(b"\0", at)].decode()
