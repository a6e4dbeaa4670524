"""The machine code by which several threads work on one call: begun, shared out and waited for in nanoseconds.

A *job* is a function of rows of memory, and where they are, cut into chunks. Each thread begins at a place of its own, so that calls
on the same memory find it in the same caches, and goes round: it takes every chunk that nobody has taken yet, so that a
thread that comes late does less. A *slot* is some memory that a caller and a helping thread
share. The helper looks at it again and again for about a millisecond after its last job, as OpenMP's threads do, so that
calls that follow one another find it awake; then it says that it is asleep, and is so until it is woken. A job
that the helper has not begun when the caller is done is taken back: a helper that gets no processor costs
nothing but a look. All of this is one call, so nothing can come between posting a job and waiting for it.

A *crew* is the memory that says who helps, one caller at a time: whoever finds it busy works alone.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nonlin.compiler.ir import Function, Module, Value

__all__ = [
    "ARGUMENTS", "BUSY", "CHUNKS", "COUNT", "CREW", "CREW_SIZE", "DONE", "JOB", "JOB_SIZE", "LEAST", "LEFT",
    "PORTIONS", "SLOT", "SLOT_SIZE", "SPREAD_FROM", "crew_module",
]  # fmt: skip

ARGUMENTS = 12
"""Of a job's function: addresses and whole numbers; those it does not have are ignored."""
COUNT = 4
"""Which of them is the number of rows."""
SLOT = {
    "state": 0, "asleep": 64, "job": 128, "worker": 136, "result": 192, "wait": 256, "wake": 264, "yield": 272, "bed": 320,
}  # fmt: skip
SLOT_SIZE = 384
"""``wait`` and ``wake`` are functions of what is at ``bed``, such as a semaphore; where they are 0, sleeping is the caller's business.
``yield`` lets others have the processor, who may be those that are waited for; or is 0."""
CHUNKS = 1024
"""The most that a job may have: ``taken`` is a byte for each."""
JOB = {
    "function": 0, "rows": 8, "chunk": 16, "chunks": 24, "workers": 32, "tells": 40, "first": 64, "row": 160,
    "own": 256, "taken": 384, "left": 384 + CHUNKS,
}  # fmt: skip
"""Offsets in bytes; what two threads write lies in lines of its own, but for the chunks' bytes, of which there are few.

Argument j of the function is ``first[j]``, plus ``row[j]`` times the chunk's first row, plus ``own[j]`` times the number of
who calls; the number of rows is the chunk's. Where the job ``tells``, the function returns how many rows it has done,
and for each worker ``left`` has the first row that was not done where some were left, or -1.
"""
JOB_SIZE = JOB["left"] + 8 * CHUNKS
CREW = {"busy": 0, "helpers": 64, "passed": 72, "job": 128, "slots": 128 + JOB_SIZE}
CREW_SIZE = CREW["slots"] + 8 * CHUNKS
"""How many helpers ``spread`` may have, the addresses of all helpers' slots, and a job of ``spread``'s."""
LEFT, DONE, BUSY = 0, 1, 2
"""What ``share`` answers: some rows are left, none are, or the crew has another caller."""
PORTIONS, LEAST = 6, 1 << 13
"""Chunks for each thread, so that one that comes late does less; and elements of a chunk at least: some microseconds."""
SPREAD_FROM = 1 << 15
"""From how many elements on a kernel's call is worth two threads that are awake."""

_IDLE, _POSTED, _RUNNING, _DONE = range(4)
_LOOKS = 25_000  # of some 40 ns
_PATIENCE = 256  # looks, after which others may have the processor
_PAUSES = {"x86_64": "llvm.x86.sse2.pause()", "AMD64": "llvm.x86.sse2.pause()"}
_WORTH_WAKING = 1 << 18  # elements, which take longer than a thread takes to wake
_PASSED = 8  # calls of fewer elements that find a helper asleep, after which it is woken
_EACH = 1 << 14  # elements for a thread


def crew_module() -> Module:
    """Functions of a crew.

    ``share(crew, job) -> i32`` has a job done by the caller and by helpers, and answers as above; ``spread(crew, kernel,
    n, size, x, gradient, out, second, params, exact) -> i32`` makes a job of a kernel's call, and says whether it was done at
    all. ``help(slot)`` does one job after another, and may return when it is tired.

    Within them, ``work(job, worker) -> i64`` does chunks until there are none, and returns -1; or the first row that was not
    done where the function left some. ``post(slot, job, worker)`` hands a job to a helper; ``collect(slot) -> i64`` waits
    until it is done or takes it back, and returns what ``work`` did, or -1.
    """
    from nonlin.compiler.ir import Module

    module = Module(fma=False, inline=False)
    _work(module)
    _Slot(module, "help", exported=True).help()
    _Slot(module, "post", more=[("job", "ptr"), ("worker", "i64")]).post()
    _Slot(module, "collect", ["i64"]).collect()
    _together(module)
    _share(module)
    _spread(module)
    return module


def _field(fn: Function, of: Value, offset: int) -> Value:
    return fn.element(of, "i8", offset)


def _together(module: Module) -> None:
    """``together(crew, job) -> i32``, of who has the crew: whether all rows were done."""
    fn = module.function("together", [("crew", "ptr"), ("job", "ptr")], ["i32"])
    crew, job = fn.arguments
    helpers = fn.load(_field(fn, job, JOB["workers"]), "i64") - 1
    taken, left = _field(fn, job, JOB["taken"]), _field(fn, job, JOB["left"])
    slots = _field(fn, crew, CREW["slots"])
    chunks = fn.load(_field(fn, job, JOB["chunks"]), "i64")
    fn.loop(chunks, lambda i: fn.store(fn.lift(0, "i8"), taken, i))

    def post(i: Value) -> None:
        slot, worker = fn.load(slots, "ptr", i), i + 1
        fn.do(f"call void @post(ptr {slot.ref}, ptr {job.ref}, i64 {worker.ref})")

    fn.loop(helpers, post)
    (mine,) = fn.call("work", job, fn.i64(0), results=["i64"])
    fn.store(mine, left)

    def collect(i: Value, most: Value) -> list[Value]:
        (rows,) = fn.call("collect", fn.load(slots, "ptr", i), results=["i64"])
        fn.store(rows, left, i + 1)
        return [rows.lt(most).select(most, rows, "i64")]

    (most,) = fn.loop(helpers, collect, [mine])
    fn.ret(most.lt(0).select(DONE, LEFT, "i32"))


def _taken(fn: Function, crew: Value) -> Value:
    """Take the crew; whether somebody else has it."""
    place = _field(fn, crew, CREW["busy"])
    return fn.emit(f"atomicrmw xchg ptr {place.ref}, i32 1 seq_cst", "i32").ne(0)


def _done(fn: Function, crew: Value, job: Value) -> Value:
    """Do a job together, and let the crew go."""
    (answer,) = fn.call("together", crew, job, results=["i32"])
    fn.emit(f"atomicrmw xchg ptr {_field(fn, crew, CREW['busy']).ref}, i32 0 seq_cst", "i32")
    return answer


def _share(module: Module) -> None:
    fn = module.function("share", [("crew", "ptr"), ("job", "ptr")], ["i32"], internal=False)
    crew, job = fn.arguments
    fn.ret_if(_taken(fn, crew), fn.lift(BUSY, "i32"))
    fn.ret(_done(fn, crew, job))


def _spread(module: Module) -> None:
    names = ["n", "size", "x", "gradient", "out", "second", "params", "exact"]
    arguments = [("crew", "ptr"), ("kernel", "i64"), *((name, "i64") for name in names)]
    fn = module.function("spread", arguments, ["i32"], internal=False)
    crew, kernel, n, size, *given = fn.arguments
    helpers = fn.load(_field(fn, crew, CREW["helpers"]), "i64")
    fn.ret_if(helpers.lt(1), fn.lift(0, "i32"))

    def polite() -> None:
        """Whoever calls now and then gets no help with little, as waking a thread takes as long."""
        slot = fn.load(_field(fn, crew, CREW["slots"]), "ptr")
        asleep = fn.emit(
            f"load atomic i32, ptr {_field(fn, slot, SLOT['asleep']).ref} seq_cst, align 4", "i32"
        )

        def passed() -> None:
            place = _field(fn, crew, CREW["passed"])
            count = fn.emit(f"atomicrmw add ptr {place.ref}, i64 1 monotonic", "i64")
            fn.ret_if((count & (_PASSED - 1)).ne(_PASSED - 1), fn.lift(0, "i32"))

        fn.when(asleep.ne(0), passed)

    fn.when(n.lt(_WORTH_WAKING), polite)
    fn.ret_if(_taken(fn, crew), fn.lift(0, "i32"))
    workers, most = helpers + 1, n.lshr(_EACH.bit_length() - 1)
    workers = workers.lt(most).select(workers, most, "i64")
    cut = workers * PORTIONS
    chunk = ((n + cut - 1) / cut + 63) & -64
    chunk = chunk.lt(LEAST).select(LEAST, chunk, "i64")
    job = _field(fn, crew, CREW["job"])
    head = {
        "function": kernel, "rows": n, "chunk": chunk, "chunks": (n + chunk - 1) / chunk, "workers": workers,
        "tells": fn.i64(0),
    }  # fmt: skip
    for name, value in head.items():
        fn.store(value, _field(fn, job, JOB[name]))
    arrays, rest = given[:4], given[4:]
    first = [*arrays, fn.i64(0), *rest]
    row = [array.eq(0).select(0, size, "i64") for array in arrays]
    for name, values in (("first", first), ("row", row), ("own", [])):
        at = _field(fn, job, JOB[name])
        for j in range(ARGUMENTS):
            fn.store(values[j] if j < len(values) else fn.i64(0), at, j)
    fn.ret(_done(fn, crew, job))


def _work(module: Module) -> None:
    fn = module.function("work", [("job", "ptr"), ("worker", "i64")], ["i64"])
    job, worker = fn.arguments

    def field(name: str) -> Value:
        return fn.element(job, "i8", JOB[name])

    function, rows = fn.load(field("function"), "ptr"), fn.load(field("rows"), "i64")
    chunk, tells = fn.load(field("chunk"), "i64"), fn.load(field("tells"), "i64")
    chunks, workers = fn.load(field("chunks"), "i64"), fn.load(field("workers"), "i64")
    begin = (worker * chunks) / workers
    fn.jump("next")
    fn.label("next")
    tried = fn.phi("i64", (0, "entry"), (fn.value("%tried.next", "i64"), "again"))
    fn.ret_if(tried.ge(chunks), fn.i64(-1))
    place = begin + tried
    place = place.lt(chunks).select(place, place - chunks)
    taken = fn.element(field("taken"), "i8", place)
    before = fn.emit(f"atomicrmw xchg ptr {taken.ref}, i8 1 seq_cst", "i8")
    fn.branch(before.eq(0), "do", "again")
    fn.label("again")
    fn.do(f"%tried.next = add i64 {tried.ref}, 1")
    fn.jump("next")
    fn.label("do")
    start = place * chunk
    left = rows - start
    count = left.lt(chunk).select(left, chunk)
    given = [
        fn.load(field("first"), "i64", j)
        + fn.load(field("row"), "i64", j) * start
        + fn.load(field("own"), "i64", j) * worker
        for j in range(ARGUMENTS)
    ]
    given[COUNT] = count
    shown = ", ".join(f"i64 {v.ref}" for v in given)
    done = fn.emit(f"call i64 {function.ref}({shown})", "i64")
    fn.ret_if(tells.ne(0) & done.lt(count), start + done)
    fn.jump("again")


class _Slot:
    """A function of a slot."""

    def __init__(
        self,
        module: Module,
        name: str,
        results: Sequence[str] = (),
        more: Sequence[tuple[str, str]] = (),
        *,
        exported: bool = False,
    ) -> None:
        arguments = [("slot", "ptr"), *more]
        self.fn: Function = module.function(name, arguments, results, internal=not exported)
        self.slot, *self.more = self.fn.arguments

    def at(self, field: str) -> Value:
        return self.fn.element(self.slot, "i8", SLOT[field])

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

    def function(self, field: str) -> Value:
        return self.fn.load(self.at(field), "i64")

    def in_bed(self, function: Value) -> None:
        """Call one of the two functions of the bed."""
        pointer = self.fn.emit(f"inttoptr i64 {function.ref} to ptr", "ptr")
        self.fn.emit(f"call i32 {pointer.ref}(ptr {self.at('bed').ref})", "i32")

    def pause(self, looks: Value) -> None:
        """Before another look; now and then others get the processor."""
        fn, call = self.fn, _PAUSES.get(platform.machine())
        if call:
            fn.module.declare(call, f"declare void @{call}")
            fn.do(f"call void @{call}")
        function = self.function("yield")
        often = (looks & (_PATIENCE - 1)).eq(_PATIENCE - 1)

        def give_way() -> None:
            pointer = fn.emit(f"inttoptr i64 {function.ref} to ptr", "ptr")
            fn.emit(f"call i32 {pointer.ref}()", "i32")

        fn.when(often & function.ne(0), give_way)

    def help(self) -> None:
        fn = self.fn
        self.exchange("asleep", 0)
        fn.jump("look")
        fn.label("look")
        looks = fn.phi(
            "i64",
            (0, "entry"),
            (fn.value("%looks.next", "i64"), "again"),
            (0, "awake"),
            (0, "ran"),
        )
        fn.branch(self.load("state").eq(_POSTED), "posted", "nothing")

        fn.label("nothing")
        self.pause(looks)
        fn.do(f"%looks.next = add i64 {looks.ref}, 1")
        fn.branch(fn.value("%looks.next", "i64").lt(_LOOKS), "again", "tired")
        fn.label("again")
        fn.jump("look")

        # Who posts a job looks whether the helper sleeps, and the helper whether there is a job: one of them sees it.
        fn.label("tired")
        self.exchange("asleep", 1)
        fn.branch(self.load("state").eq(_POSTED), "awake", "sleep")
        fn.label("sleep")
        wait = self.function("wait")
        fn.ret_if(wait.eq(fn.i64(0)))
        self.in_bed(wait)
        fn.jump("awake")
        fn.label("awake")
        self.exchange("asleep", 0)
        fn.jump("look")

        fn.label("posted")
        fn.branch(self.change(_POSTED, _RUNNING), "run", "ran")
        fn.label("run")
        job, worker = fn.load(self.at("job"), "ptr"), fn.load(self.at("worker"), "i64")
        fn.store(fn.call("work", job, worker, results=["i64"])[0], self.at("result"))
        self.exchange("state", _DONE)
        fn.jump("ran")
        fn.label("ran")
        fn.jump("look")

    def post(self) -> None:
        fn = self.fn
        for field, value in zip(("job", "worker"), self.more, strict=True):
            fn.store(value, self.at(field))
        self.exchange("state", _POSTED)
        wake = self.function("wake")

        def rouse() -> None:
            asleep = self.exchange("asleep", 0)
            fn.when(asleep.ne(0), lambda: self.in_bed(wake))

        fn.when(wake.ne(0), rouse)
        fn.ret()

    def collect(self) -> None:
        fn = self.fn
        self.change(_POSTED, _IDLE)
        fn.jump("look")
        fn.label("look")
        looks = fn.phi("i64", (0, "entry"), (fn.value("%looks.next", "i64"), "again"))
        state = self.load("state")
        fn.ret_if(state.eq(_IDLE), fn.i64(-1))
        fn.branch(state.eq(_DONE), "done", "wait")
        fn.label("wait")
        self.pause(looks)
        fn.do(f"%looks.next = add i64 {looks.ref}, 1")
        fn.jump("again")
        fn.label("again")
        fn.jump("look")
        fn.label("done")
        self.exchange("state", _IDLE)
        fn.ret(fn.load(self.at("result"), "i64"))
