"""The machine code by which a second thread takes part in a call: posted, begun and waited for in nanoseconds.

A *slot* is some memory that a caller and a helping thread share. The helper looks at it again and again for about
a tenth of a millisecond after its last job, as OpenMP's threads do, so that calls that follow one another find it
awake; then it says that it is asleep, and returns to whoever called it. A job that the helper has not begun when the
caller is done with its own is taken back, so that a helper that gets no processor costs nothing but a look.
"""

from __future__ import annotations

import platform

from nonlin.compiler.ir import Function, Module, Value

__all__ = ["ARGUMENTS", "FIELDS", "SIZE", "crew_module"]

ARGUMENTS = 12
"""Of a job's function: pointers and 64-bit integers; those it does not have are ignored."""
FIELDS = {
    "state": 0,
    "asleep": 64,
    "semaphore": 128,
    "function": 192,
    "arguments": 200,
    "result": 296,
}
"""Offsets in a slot, in bytes; what two threads write lies in lines of its own."""
SIZE = 320
TAKEN_BACK = -1
"""What collecting a job gives that had not been begun."""

_IDLE, _POSTED, _RUNNING, _DONE = range(4)
_LOOKS = 2500  # of some 40 ns
_PAUSES = {"x86_64": "llvm.x86.sse2.pause()", "AMD64": "llvm.x86.sse2.pause()"}


def crew_module() -> Module:
    """Three functions of a slot.

    ``help`` does one job after another, and returns when it is tired; ``post -> i32`` says whether the helper has to
    be woken; ``collect -> i32`` waits for a job, and says whether it was done or is taken back.
    """
    module = Module(fma=False, inline=False)
    _Slot(module, "help", []).help()
    _Slot(module, "post", ["i32"]).post()
    _Slot(module, "collect", ["i32"]).collect()
    return module


class _Slot:
    """A function of a slot."""

    def __init__(self, module: Module, name: str, results: list[str]) -> None:
        self.fn: Function = module.function(name, [("slot", "ptr")], results, internal=False)
        (self.slot,) = self.fn.arguments

    def at(self, field: str) -> Value:
        return self.fn.element(self.slot, "i8", FIELDS[field])

    def load(self, field: str) -> Value:
        return self.fn.emit(f"load atomic i32, ptr {self.at(field).ref} seq_cst, align 4", "i32")

    def exchange(self, field: str, value: int) -> Value:
        return self.fn.emit(f"atomicrmw xchg ptr {self.at(field).ref}, i32 {value} seq_cst", "i32")

    def change(self, before: int, after: int) -> Value:
        """Whether the state was the one, and is the other now."""
        place = self.at("state").ref
        both = self.fn.emit(
            f"cmpxchg ptr {place}, i32 {before}, i32 {after} seq_cst seq_cst", "{i32, i1}"
        )
        return self.fn.emit(f"extractvalue {{i32, i1}} {both.ref}, 1", "i1")

    def pause(self) -> None:
        call = _PAUSES.get(platform.machine())
        if call:
            self.fn.module.declare(call, f"declare void @{call}")
            self.fn.do(f"call void @{call}")

    def help(self) -> None:
        fn = self.fn
        fn.jump("look")
        fn.label("look")
        looks = fn.phi(
            "i64",
            (0, "entry"),
            (Value(fn, "%looks.next", "i64"), "again"),
            (0, "awake"),
            (0, "ran"),
        )
        fn.branch(self.load("state").eq(_POSTED), "posted", "nothing")

        fn.label("nothing")
        self.pause()
        fn.do(f"%looks.next = add i64 {looks.ref}, 1")
        fn.branch(Value(fn, "%looks.next", "i64").lt(_LOOKS), "again", "tired")
        fn.label("again")
        fn.jump("look")

        # Who posts a job looks whether the helper sleeps, and the helper whether there is a job: one of them sees it.
        fn.label("tired")
        self.exchange("asleep", 1)
        fn.branch(self.load("state").eq(_POSTED), "awake", "sleep")
        fn.label("sleep")
        fn.ret()
        fn.label("awake")
        self.exchange("asleep", 0)
        fn.jump("look")

        fn.label("posted")
        fn.branch(self.change(_POSTED, _RUNNING), "run", "ran")
        fn.label("run")
        function = fn.load(self.at("function"), "ptr")
        arguments = self.at("arguments")
        given = [fn.load(arguments, "i64", i) for i in range(ARGUMENTS)]
        shown = ", ".join(f"i64 {v.ref}" for v in given)
        fn.store(fn.emit(f"call i64 {function.ref}({shown})", "i64"), self.at("result"))
        self.exchange("state", _DONE)
        fn.jump("ran")
        fn.label("ran")
        fn.jump("look")

    def post(self) -> None:
        fn = self.fn
        self.exchange("state", _POSTED)
        fn.ret(self.exchange("asleep", 0))

    def collect(self) -> None:
        fn = self.fn
        self.change(_POSTED, _IDLE)
        fn.jump("look")
        fn.label("look")
        state = self.load("state")
        fn.ret_if(state.eq(_IDLE), fn.lift(0, "i32"))
        fn.branch(state.eq(_DONE), "done", "wait")
        fn.label("wait")
        self.pause()
        fn.jump("look")
        fn.label("done")
        self.exchange("state", _IDLE)
        fn.ret(fn.lift(1, "i32"))
