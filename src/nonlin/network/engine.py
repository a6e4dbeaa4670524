"""The engine: forward, backward and update of small networks, written as LLVM IR.

One engine serves every architecture and activation: sizes are read from memory (see
:mod:`nonlin.network.layout`), and activations are kernels of their own, called through their address
(in WebAssembly by number). The same code makes the WebAssembly engine.

A dense layer is computed for a few units and one vector of samples at a time, whose sums stay in
registers. There are no tails: a batch is filled up to whole vectors with copies of its last sample,
and the loss gives these a gradient of 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from nonlin.compiler import lanes
from nonlin.compiler.ir import Function, Module, Value
from nonlin.network.layout import HEADER, LAYER, LOSSES, OPTIMIZERS, SETTINGS

__all__ = ["Shape", "write"]

_GOLDEN = 0x9E3779B97F4A7C15 - (1 << 64)


@dataclass(frozen=True, slots=True)
class Shape:
    """How the engine is cut for a target: its element type, samples per vector, units at a time."""

    element: str
    lanes: int
    rows: int

    @property
    def size(self) -> int:
        return 4 if self.element == "float" else 8


def write(module: Module, shape: Shape, activate: Callable[..., None]) -> None:
    """Write ``forward``, ``backward``, ``train``, ``fill_uniform`` and ``fill_normal`` into a module.

    ``activate(fn, layer, pair, z, a, slope, count)`` writes the call of a layer's kernel.
    """
    _Engine(module, shape, activate).write()


class _Engine:
    def __init__(self, module: Module, shape: Shape, activate: Callable[..., None]) -> None:
        self.module, self.shape, self.activate = module, shape, activate
        self.element, self.size = shape.element, shape.size
        self.vector = f"<{shape.lanes} x {shape.element}>"

    def write(self) -> None:
        self.dense()
        self.weights()
        self.forward()
        self.losses()
        self.backward()
        self.norm()
        for name in OPTIMIZERS:
            self.optimizer(name)
        self.update()
        self.random()
        self.gather()
        self.train()

    # -- reading and writing memory ---------------------------------------------------------------
    def word(self, network: Value, name: str) -> Value:
        return network.fn.load(network, "i64", HEADER.index(name))

    def set_word(self, network: Value, name: str, value: Value) -> None:
        network.fn.store(value, network, HEADER.index(name))

    def pointer(self, network: Value, name: str) -> Value:
        return _pointer(self.word(network, name))

    def layer(self, network: Value, i: Value) -> Value:
        return network.fn.element(network, "i64", i * len(LAYER) + len(HEADER))

    def load_vector(self, pointer: Value, index: Value, lanes: int | None = None) -> Value:
        fn = pointer.fn
        at = fn.element(pointer, self.element, index)
        type_ = f"<{lanes or self.shape.lanes} x {self.element}>"
        return fn.emit(f"load {type_}, ptr {at.ref}, align {self.size}", type_)

    def store_vector(self, value: Value, pointer: Value, index: Value) -> None:
        fn = pointer.fn
        at = fn.element(pointer, self.element, index)
        fn.do(f"store {value.type} {value.ref}, ptr {at.ref}, align {self.size}")

    def get(self, pointer: Value, index: Value) -> Value:
        """One element, as double."""
        value = pointer.fn.load(pointer, self.element, index)
        return value if self.element == "double" else value.to("fpext", "double")

    def put(self, value: Value, pointer: Value, index: Value) -> None:
        """One double, as element."""
        narrow = value if self.element == "double" else value.to("fptrunc", "float")
        pointer.fn.store(narrow, pointer, index)

    def splat(self, x: Value, type_: str) -> Value:
        fn, count = x.fn, type_[1:].split(" ")[0]
        one = fn.emit(f"insertelement {type_} poison, {x.type} {x.ref}, i32 0", type_)
        return fn.emit(
            f"shufflevector {type_} {one.ref}, {type_} poison, <{count} x i32> zeroinitializer",
            type_,
        )

    def add_product(self, a: Value, b: Value, c: Value) -> Value:
        """a * b + c."""
        return a.fn.intrinsic("fma", a, b, c) if self.module.fma else a * b + c

    def function(self, name: str, *arguments: tuple[str, str], result: str = "") -> Function:
        results = [result] if result else []
        return self.module.function(name, list(arguments), results, internal=name[0] == ".")

    # -- layers ------------------------------------------------------------------------------------
    def dense(self) -> None:
        """out[j] = (bias[j] + sum over i of w[j * row + i * column] * x[i]) * slope[j].

        ``bias`` and ``slope`` may be null. Forward it is a layer; backward, with rows and columns
        exchanged, what the gradient of a layer's sums makes of that of the layer before.
        """
        fn = self.function(
            ".dense", ("x", "ptr"), ("w", "ptr"), ("row", "i64"), ("column", "i64"), ("bias", "ptr"),
            ("slope", "ptr"), ("out", "ptr"), ("outputs", "i64"), ("inputs", "i64"),
            ("stride", "i64"),
        )  # fmt: skip
        x, w, row, column, bias, slope, out, outputs, inputs, stride = fn.arguments
        has_bias, has_slope = _given(bias), _given(slope)

        def block(j: Value, rows: int) -> None:
            starts = []
            for r in range(rows):
                # A choice of addresses: reading through null is avoided by reading w instead.
                at = has_bias.select(fn.element(bias, self.element, j + r), w)
                start = has_bias.select(fn.load(at, self.element), 0.0, self.element)
                starts.append(self.splat(start, self.vector))

            def samples(n: Value) -> None:
                def add(i: Value, *sums: Value) -> list[Value]:
                    column_of_x = self.load_vector(x, i * stride + n)
                    return [
                        self.add_product(
                            self.splat(
                                fn.load(w, self.element, (j + r) * row + i * column), self.vector
                            ),
                            column_of_x,
                            s,
                        )
                        for r, s in enumerate(sums)
                    ]

                sums = fn.loop(inputs, add, starts)
                for r, total in enumerate(sums):
                    place = (j + r) * stride + n
                    self.store_vector(total, out, place)

            fn.loop(stride, samples, step=self.shape.lanes)

        self.blocks(fn, outputs, [self.shape.rows, 1], block)

        def bend() -> None:
            def multiply(n: Value) -> None:
                product = self.load_vector(out, n) * self.load_vector(slope, n)
                self.store_vector(product, out, n)

            fn.loop(outputs * stride, multiply, step=self.shape.lanes)

        fn.when(has_slope, bend)
        fn.ret()

    def blocks(
        self, fn: Function, count: Value, sizes: list[int], body: Callable[[Value, int], None]
    ) -> None:
        """Loops over a range in blocks of the first size, what is left in the second, and so on."""
        start: Value = fn.i64(0)
        for size in sizes:
            whole = count if size == 1 else count & -size
            fn.loop(whole, lambda j, size=size: body(j, size), start=start, step=size)
            start = whole

    def weights(self) -> None:
        """The gradients of weights and biases: dw[j][i] = g[j] . x[i], db[j] = sum of g[j]."""
        fn = self.function(
            ".weights", ("g", "ptr"), ("x", "ptr"), ("dw", "ptr"), ("db", "ptr"),
            ("outputs", "i64"), ("inputs", "i64"), ("stride", "i64"),
        )  # fmt: skip
        g, x, dw, db, outputs, inputs, stride = fn.arguments
        lanes = min(self.shape.lanes, 32 // self.size)  # of several sums in registers
        type_ = f"<{lanes} x {self.element}>"
        zero = fn.lift(0.0, type_)

        def rows(j: Value, height: int) -> None:
            def columns(i: Value, width: int) -> None:
                def add(n: Value, *sums: Value) -> list[Value]:
                    xs = [self.load_vector(x, (i + c) * stride + n, lanes) for c in range(width)]
                    gs = [self.load_vector(g, (j + r) * stride + n, lanes) for r in range(height)]
                    return [
                        self.add_product(gs[k // width], xs[k % width], s)
                        for k, s in enumerate(sums)
                    ]

                sums = fn.loop(stride, add, [zero] * (height * width), step=lanes)
                for r in range(height):
                    row = sums[r * width : (r + 1) * width]
                    place = (j + r) * inputs + i
                    if width == 4:
                        self.store_vector(self.four_totals(row), dw, place)
                    else:
                        fn.store(self.total(row[0]), dw, place)

            self.blocks(fn, inputs, [4, 1], columns)

            def add_up(n: Value, *sums: Value) -> list[Value]:
                return [
                    s + self.load_vector(g, (j + r) * stride + n, lanes) for r, s in enumerate(sums)
                ]

            for r, s in enumerate(fn.loop(stride, add_up, [zero] * height, step=lanes)):
                fn.store(self.total(s), db, j + r)

        self.blocks(fn, outputs, [2, 1], rows)
        fn.ret()

    def shuffle(self, a: Value, b: Value, places: Sequence[int]) -> Value:
        """A vector of elements of a and b, numbered through."""
        chosen = ", ".join(f"i32 {i}" for i in places)
        return a.fn.emit(
            f"shufflevector {a.type} {a.ref}, {b.type} {b.ref}, <{len(places)} x i32> <{chosen}>",
            f"<{len(places)} x {self.element}>",
        )

    def halved(self, v: Value) -> Value:
        """The lower half of a vector plus its upper half."""
        half = _count(v) // 2
        low, high = (self.shuffle(v, v, range(at, at + half)) for at in (0, half))
        return low + high

    def total(self, v: Value) -> Value:
        """The sum of a vector's elements, halves added to halves."""
        while _count(v) > 1:
            v = self.halved(v)
        return v.fn.emit(f"extractelement {v.type} {v.ref}, i32 0", self.element)

    def four_totals(self, sums: Sequence[Value]) -> Value:
        """The totals of four vectors, as a vector: the same sums with a third of the shuffles."""
        while _count(sums[0]) > 4:
            sums = [self.halved(s) for s in sums]
        pairs = []
        for a, b in (sums[:2], sums[2:]):
            low, high = self.shuffle(a, b, (0, 4, 1, 5)), self.shuffle(a, b, (2, 6, 3, 7))
            pairs.append(low + high)  # a's two halves of sums among b's
        low, high = self.shuffle(*pairs, (0, 1, 4, 5)), self.shuffle(*pairs, (2, 3, 6, 7))
        return low + high

    def forward(self) -> None:
        """Every layer's z and a; with ``slopes``, also f'(z)."""
        fn = self.function("forward", ("network", "ptr"), ("slopes", "i64"))
        network, slopes = fn.arguments
        stride = self.word(network, "stride")

        def one(i: Value) -> None:
            layer = self.layer(network, i)
            inputs, outputs = _word(layer, "inputs"), _word(layer, "outputs")
            x, w, b, z = (_at(layer, n) for n in ("x", "weights", "bias", "z"))
            null = fn.lift(0, "ptr")
            _call(fn, ".dense", x, w, inputs, fn.i64(1), b, null, z, outputs, inputs, stride)

            def bend() -> None:
                count = outputs * stride
                a, slope = _at(layer, "a"), _at(layer, "slope")
                fn.when(slopes.ne(0), lambda: self.activate(fn, layer, True, z, a, slope, count))
                fn.when(slopes.eq(0), lambda: self.activate(fn, layer, False, z, a, null, count))

            fn.when(_word(layer, "slope").ne(0), bend)

        fn.loop(self.word(network, "layers"), one)
        fn.ret()

    # -- losses ------------------------------------------------------------------------------------
    def losses(self) -> None:
        """The loss of the current batch, and its gradient in the last layer's g."""
        fn = self.function(".loss", ("network", "ptr"), ("gradient", "i64"))
        network, gradient = fn.arguments
        layer = self.layer(network, self.word(network, "layers") - 1)
        a, g = _at(layer, "a"), _at(layer, "g")
        y, scratch = self.pointer(network, "targets"), self.pointer(network, "scratch")
        outputs, stride = _word(layer, "outputs"), self.word(network, "stride")
        batch = self.word(network, "batch")
        samples = batch.to("sitofp", "double")
        share = 1.0 / (samples * outputs.to("sitofp", "double"))

        def squared(i: Value) -> None:
            d = self.get(a, i) - self.get(y, i)
            fn.store(d * d * share, scratch, i)
            self.put(d * 2.0 * share, g, i)

        def binary(i: Value) -> None:
            z, t = self.get(a, i), self.get(y, i)
            # Two non-negative terms: nothing cancels where the answer is right and sure.
            loss = t * lanes.call(fn, "softplus", -z) + (1.0 - t) * lanes.call(fn, "softplus", z)
            fn.store(loss * share, scratch, i)
            self.put((lanes.call(fn, "sigmoid", z) - t) * share, g, i)

        kind = self.word(network, "loss")
        everything = outputs * stride
        for name, body in (("squared_error", squared), ("binary_cross_entropy", binary)):
            fn.when(kind.eq(LOSSES.index(name)), partial(fn.loop, everything, body))
        fn.when(
            kind.eq(LOSSES.index("cross_entropy")),
            lambda: self.cross_entropy(fn, a, y, g, scratch, outputs, stride, 1.0 / samples),
        )

        def silence(k: Value) -> None:
            def one(n: Value) -> None:
                fn.store(fn.f64(0.0), scratch, k * stride + n)
                self.put(fn.f64(0.0), g, k * stride + n)

            fn.loop(stride, one, start=batch)

        fn.loop(outputs, silence)
        (total,) = fn.loop(
            everything, lambda i, s: [s + fn.load(scratch, "double", i)], [fn.f64(0.0)]
        )
        fn.store(total, self.pointer(network, "result"), 0)
        slope = _at(layer, "slope")

        def bend() -> None:
            def one(i: Value) -> None:
                product = self.load_vector(g, i) * self.load_vector(slope, i)
                self.store_vector(product, g, i)

            fn.loop(everything, one, step=self.shape.lanes)

        fn.when(_word(layer, "slope").ne(0) & gradient.ne(0), bend)
        fn.ret()

    def cross_entropy(
        self, fn: Function, a: Value, y: Value, g: Value, scratch: Value, outputs: Value,
        stride: Value, share: Value,
    ) -> None:  # fmt: skip
        """Softmax and cross-entropy, row after row of scores so that loops run across samples."""
        peak = fn.element(scratch, "double", outputs * stride)
        mass = fn.element(peak, "double", stride)

        def start(n: Value) -> None:
            fn.store(self.get(a, n), peak, n)
            fn.store(fn.f64(0.0), mass, n)

        fn.loop(stride, start)

        def over_scores(body: Callable[[Value, Value], None]) -> None:
            fn.loop(outputs, lambda k: fn.loop(stride, lambda n: body(k * stride + n, n)) and None)

        def highest(i: Value, n: Value) -> None:
            z, so_far = self.get(a, i), fn.load(peak, "double", n)
            fn.store(z.gt(so_far).select(z, so_far), peak, n)

        def weigh(i: Value, n: Value) -> None:
            e = lanes.call(fn, "exp", self.get(a, i) - fn.load(peak, "double", n))
            fn.store(e, scratch, i)
            fn.store(fn.load(mass, "double", n) + e, mass, n)

        def share_out(i: Value, n: Value) -> None:
            total, t = fn.load(mass, "double", n), self.get(y, i)
            p = fn.load(scratch, "double", i) / total
            # The difference first: it is exact where the scores are large and near each other.
            behind = fn.load(peak, "double", n) - self.get(a, i)
            surprise = lanes.call(fn, "log", total) + behind
            fn.store(t.eq(0.0).select(0.0, t * surprise) * share, scratch, i)
            self.put((p - t) * share, g, i)

        over_scores(highest)
        over_scores(weigh)
        over_scores(share_out)

    def backward(self) -> None:
        """The gradients of every layer, from the loss of the current batch."""
        fn = self.function("backward", ("network", "ptr"))
        (network,) = fn.arguments
        stride, layers = self.word(network, "stride"), self.word(network, "layers")
        _call(fn, ".loss", network, fn.i64(1))

        def one(k: Value) -> None:
            i = layers - 1 - k
            layer = self.layer(network, i)
            inputs, outputs = _word(layer, "inputs"), _word(layer, "outputs")
            g = _at(layer, "g")
            dw, db = _at(layer, "weights_gradient"), _at(layer, "bias_gradient")
            _call(fn, ".weights", g, _at(layer, "x"), dw, db, outputs, inputs, stride)

            def before() -> None:
                previous = self.layer(network, i - 1)
                _call(
                    fn, ".dense", g, _at(layer, "weights"), fn.i64(1), inputs, fn.lift(0, "ptr"),
                    _at(previous, "slope"), _at(previous, "g"), inputs, outputs, stride,
                )  # fmt: skip

            fn.when(i.gt(0), before)

        fn.loop(layers, one)
        fn.ret()

    # -- learning ----------------------------------------------------------------------------------
    def norm(self) -> None:
        """The squared norm of the gradient, behind the loss in ``result``."""
        fn = self.function(".norm", ("network", "ptr"))
        (network,) = fn.arguments
        gradients = self.pointer(network, "gradients")

        count, lanes = self.word(network, "count"), 4
        type_ = f"<{lanes} x double>"
        whole = count & -lanes

        def add_vector(i: Value, s: Value) -> list[Value]:
            v = self.load_vector(gradients, i, lanes)
            wide = v if self.element == "double" else v.to("fpext", type_)
            return [s + wide * wide]

        def add(i: Value, s: Value) -> list[Value]:
            v = self.get(gradients, i)
            return [s + v * v]

        (sums,) = fn.loop(whole, add_vector, [fn.lift(0.0, type_)], step=lanes)
        parts = [fn.emit(f"extractelement {type_} {sums.ref}, i32 {k}", "double") for k in range(4)]
        start = (parts[0] + parts[1]) + (parts[2] + parts[3])
        (total,) = fn.loop(count, add, [start], start=whole)
        fn.store(total, self.pointer(network, "result"), 1)
        fn.ret()

    def optimizer(self, name: str) -> None:
        """One step over all parameters; 1 if that leaves a number that is not finite.

        It is a function of its own so that LLVM knows that its arrays lie apart.
        """
        scalars = ("lr", "beta1", "beta2", "eps", "decay", "step", "scale")
        fn = self.function(
            f".{name}", *((a, "ptr noalias") for a in "pgmv"), ("count", "i64"),
            *((s, "double") for s in scalars), result="i64",
        )  # fmt: skip
        p, g, m, v, count, *given = fn.arguments
        lr, beta1, beta2, eps, decay, step, scale = given

        def put(value: Value, array: Value, i: Value) -> Value:
            self.put(value, array, i)
            return self.get(array, i)  # rounded

        def sgd(i: Value, weight: Value, slope: Value) -> list[Value]:
            return [put(weight - lr * slope, p, i)]

        def momentum(i: Value, weight: Value, slope: Value) -> list[Value]:
            velocity = beta1 * self.get(m, i) + slope
            return [put(velocity, m, i), put(weight - lr * velocity, p, i)]

        def adam(i: Value, weight: Value, slope: Value) -> list[Value]:
            first = beta1 * self.get(m, i) + (1.0 - beta1) * slope
            second = beta2 * self.get(v, i) + (1.0 - beta2) * slope * slope
            moved = weight - step * first / (second.sqrt() * scale + eps)
            return [put(first, m, i), put(second, v, i), put(moved, p, i)]

        body = {"sgd": sgd, "momentum": momentum, "adam": adam}[name]

        def one(i: Value, bad: Value) -> list[Value]:
            weight = self.get(p, i)
            first, *rest = body(i, weight, self.get(g, i) + decay * weight)
            self.put(weight, g, i)
            total = sum(rest, first)
            return [bad | (total - total).ne(0.0)]  # inf - inf and NaN - NaN are not 0

        (bad,) = fn.loop(count, one, [fn.lift(0, "i1")])
        fn.ret(bad.to("zext", "i64"))

    def update(self) -> None:
        """One step of the optimizer, as PyTorch's of the same name; returns 1 if it was taken back.

        That happens where it would leave a number that is not finite. The gradients' place then holds
        the weights that were refused, otherwise those before the step.
        """
        fn = self.function(".update", ("network", "ptr"), result="i64")
        (network,) = fn.arguments
        p, g = self.pointer(network, "parameters"), self.pointer(network, "gradients")
        m, v = self.pointer(network, "moment1"), self.pointer(network, "moment2")
        count, kind = self.word(network, "count"), self.word(network, "optimizer")
        settings = self.pointer(network, "settings")
        refused = fn.emit("alloca i64", "ptr")
        fn.store(fn.i64(0), refused)

        def setting(name: str) -> Value:
            return fn.load(settings, "double", SETTINGS.index(name))

        lr, beta1, beta2 = setting("lr"), setting("beta1"), setting("beta2")
        eps, decay = setting("eps"), setting("weight_decay")

        def take_back() -> None:
            def one(i: Value) -> None:
                before, after = self.get(g, i), self.get(p, i)
                for value, array in ((before, p), (after, g), (fn.f64(0.0), m), (fn.f64(0.0), v)):
                    self.put(value, array, i)

            fn.loop(count, one)
            for name in ("beta1_power", "beta2_power"):
                fn.store(fn.f64(1.0), settings, SETTINGS.index(name))
            fn.store(fn.i64(1), refused)

        powers = []
        for name, beta in (("beta1_power", beta1), ("beta2_power", beta2)):
            power = setting(name) * beta
            powers.append(power)
        step = lr / (1.0 - powers[0])
        scale = 1.0 / (1.0 - powers[1]).sqrt()

        def run(name: str) -> None:
            if name == "adam":
                for power, word in zip(powers, ("beta1_power", "beta2_power"), strict=True):
                    fn.store(power, settings, SETTINGS.index(word))
            values = (p, g, m, v, count, lr, beta1, beta2, eps, decay, step, scale)
            (bad,) = fn.call(f".{name}", *values, results=["i64"])
            fn.when(bad.ne(0), take_back)

        for name in OPTIMIZERS:
            fn.when(kind.eq(OPTIMIZERS.index(name)), partial(run, name))
        fn.ret(fn.load(refused, "i64"))

    def random(self) -> None:
        """SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), and what is drawn from it."""
        fn = self.function(".random", ("state", "ptr"), result="i64")
        (state,) = fn.arguments
        x = fn.load(state, "i64") + _GOLDEN
        fn.store(x, state)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            x = (x ^ x.lshr(shift)) * (factor - (1 << 64))
        fn.ret(x ^ x.lshr(31))

        fn = self.function(".uniform", ("state", "ptr"), result="double")
        (bits,) = fn.call(".random", fn.arguments[0], results=["i64"])
        # In (0, 1): the middle of one of 2**52 equal parts, which a double holds exactly.
        fn.ret((bits.lshr(12).to("uitofp", "double") + 0.5) * 2.0**-52)

        for name in ("fill_uniform", "fill_normal"):
            fn = self.function(
                name, ("out", "ptr"), ("n", "i64"), ("scale", "double"), ("state", "ptr")
            )

            def one(i: Value, fn: Function = fn, normal: bool = name == "fill_normal") -> None:
                out, _, scale, state = fn.arguments
                (u,) = fn.call(".uniform", state)
                value = u * 2.0 - 1.0
                if normal:  # Box and Muller, Annals of Mathematical Statistics 29 (1958)
                    (angle,) = fn.call(".uniform", state)
                    radius = (lanes.call(fn, "log", u) * -2.0).sqrt()
                    value = radius * lanes.call(fn, "cos", angle * 6.283185307179586)
                self.put(value * scale, out, i)

            fn.loop(fn.arguments[1], one)
            fn.ret()

        self.initialise()
        fn = self.function("shuffle", ("order", "ptr"), ("n", "i64"), ("state", "ptr"))
        order, n, state = fn.arguments

        def swap(k: Value) -> None:
            i = n - 1 - k
            (bits,) = fn.call(".random", state, results=["i64"])
            j = (bits.lshr(32) * (i + 1)).lshr(32)
            here, there = fn.load(order, "i64", i), fn.load(order, "i64", j)
            fn.store(there, order, i)
            fn.store(here, order, j)

        fn.loop(n - 1, swap)
        fn.ret()

    def initialise(self) -> None:
        """Weights of every layer, as a :class:`nonlin.network.layout.Scale` says; biases 0."""
        fn = self.function(
            "initialise", ("network", "ptr"), ("gain", "double"), ("before", "double"),
            ("after", "double"), ("constant", "double"), ("normal", "i64"),
        )  # fmt: skip
        network, gain, before, after, constant, normal = fn.arguments
        state = fn.element(network, "i64", HEADER.index("random"))

        def one(l: Value) -> None:
            layer = self.layer(network, l)
            inputs, outputs = _word(layer, "inputs"), _word(layer, "outputs")
            fan = before * inputs.to("sitofp", "double") + after * outputs.to("sitofp", "double")
            deviation = (gain / (fan + constant)).sqrt()
            weights, count, bias = _at(layer, "weights"), inputs * outputs, _at(layer, "bias")
            fn.when(
                normal.ne(0), lambda: _call(fn, "fill_normal", weights, count, deviation, state)
            )
            reach = deviation * 3.0**0.5  # the same variance, spread evenly
            fn.when(normal.eq(0), lambda: _call(fn, "fill_uniform", weights, count, reach, state))
            fn.loop(outputs, lambda j: self.put(fn.f64(0.0), bias, j))

        fn.loop(self.word(network, "layers"), one)
        fn.ret()

    def gather(self) -> None:
        """The next samples, into the first layer's x and the targets, feature by feature."""
        fn = self.function(
            ".gather", ("data", "ptr"), ("out", "ptr"), ("width", "i64"), ("network", "ptr")
        )
        data, out, width, network = fn.arguments
        order = self.pointer(network, "order")
        batch, stride = self.word(network, "batch"), self.word(network, "stride")
        position = self.word(network, "position")

        def sample(n: Value) -> None:
            n_used = n.lt(batch).select(n, batch - 1)
            row = fn.load(order, "i64", position + n_used) * width
            fn.loop(
                width,
                lambda i: fn.store(fn.load(data, self.element, row + i), out, i * stride + n),
            )

        fn.loop(stride, sample)
        fn.ret()

    def train(self) -> None:
        """Up to ``steps`` steps; returns how many. It stops before one that is not finite."""
        fn = self.function("train", ("network", "ptr"), result="i64")
        (network,) = fn.arguments
        layers = self.word(network, "layers")
        first, last = self.layer(network, fn.i64(0)), self.layer(network, layers - 1)
        samples, size = self.word(network, "samples"), self.word(network, "batch_size")
        history, result = self.pointer(network, "history"), self.pointer(network, "result")
        fn.jump("step")
        fn.label("step")
        done = fn.phi("i64", (0, "entry"), (Value(fn, "%more", "i64"), "go.on"))
        fn.branch(done.lt(self.word(network, "steps")), "start", "stop")
        fn.label("start")
        at = self.word(network, "position")

        def again() -> None:
            self.set_word(network, "position", fn.i64(0))

            def shuffle() -> None:
                state = fn.element(network, "i64", HEADER.index("random"))
                _call(fn, "shuffle", self.pointer(network, "order"), samples, state)

            fn.when(self.word(network, "shuffle").ne(0), shuffle)

        fn.when(at.ge(samples), again)
        at = self.word(network, "position")
        left = samples - at
        batch = size.lt(left).select(size, left)
        lanes = self.shape.lanes
        self.set_word(network, "batch", batch)
        self.set_word(network, "stride", (batch + (lanes - 1)) & -lanes)
        _call(
            fn,
            ".gather",
            self.pointer(network, "data_x"),
            _at(first, "x"),
            _word(first, "inputs"),
            network,
        )
        targets = self.pointer(network, "targets")
        _call(
            fn, ".gather", self.pointer(network, "data_y"), targets, _word(last, "outputs"), network
        )
        _call(fn, "forward", network, fn.i64(1))
        _call(fn, "backward", network)
        _call(fn, ".norm", network)
        loss, norm = fn.load(result, "double", 0), fn.load(result, "double", 1)
        fn.store(loss, history, done * 2)
        fn.store(norm, history, done * 2 + 1)
        sum_ = loss + norm
        fn.branch((sum_ - sum_).eq(0.0), "good", "stop")
        fn.label("good")
        (refused,) = fn.call(".update", network, results=["i64"])
        fn.branch(refused.eq(0), "taken", "stop")
        fn.label("taken")
        self.set_word(network, "position", at + batch)
        fn.jump("go.on")
        fn.label("go.on")
        fn.do(f"%more = add i64 {done.ref}, 1")
        fn.jump("step")
        fn.label("stop")
        fn.ret(done)


def _count(v: Value) -> int:
    """How many elements a vector has."""
    return int(v.type[1:].split(" ")[0])


def _pointer(word: Value) -> Value:
    return word.fn.emit(f"inttoptr i64 {word.ref} to ptr", "ptr")


def _word(layer: Value, name: str) -> Value:
    return layer.fn.load(layer, "i64", LAYER.index(name))


def _at(layer: Value, name: str) -> Value:
    return _pointer(_word(layer, name))


def _given(pointer: Value) -> Value:
    return pointer.fn.emit(f"icmp ne ptr {pointer.ref}, null", "i1")


def _call(fn: Function, name: str, *arguments: Value) -> None:
    shown = ", ".join(f"{a.type} {a.ref}" for a in arguments)
    fn.do(f"call void @{name}({shown})")
