"""Learning: the gradient's norm, the optimizers, and the loop over batches."""

from __future__ import annotations

from functools import partial

from nonlin.compiler.ir import Value
from nonlin.network.engine.writer import (
    Writer,
    invoke,
)
from nonlin.network.layout import HEADER, OPTIMIZERS, SETTINGS

__all__ = ["Learning"]

_TOGETHER = 4
_SCALARS = ("lr", "beta1", "beta2", "rest1", "rest2", "eps", "decay", "step", "scale")


class Learning(Writer):
    """``train``, and what it takes."""

    def write(self) -> None:
        self.norm()
        for name in OPTIMIZERS:
            self.optimizer(name)
        self.update()
        self.gather()
        self.train()

    def norm(self) -> None:
        """The sum of the squares of some elements: of the whole gradient, or of a layer's."""
        fn = self.function("squares", ("values", "ptr"), ("count", "i64"), result="double")
        gradients, count = fn.arguments
        if self.index == "i32":
            count = count.to("trunc", "i32")
        lanes = 4
        type_ = f"<{lanes} x double>"
        whole = count & -lanes

        def add_vector(i: Value, s: Value) -> list[Value]:
            v = self.wide(gradients, i, lanes)
            return [s + v * v]

        def add(i: Value, s: Value) -> list[Value]:
            v = self.get(gradients, i)
            return [s + v * v]

        (sums,) = fn.loop(whole, add_vector, [fn.lift(0.0, type_)], step=lanes)
        (total,) = fn.loop(count, add, [self.total(sums)], start=whole)
        fn.ret(total)

    def optimizer(self, name: str) -> None:
        """One step over all parameters; not 0 if that leaves a number that is not finite.

        It is a function of its own so that LLVM knows that its arrays lie apart.
        """
        fn = self.function(
            f".{name}", *((a, "ptr noalias") for a in "pgqmv"), ("count", "index"),
            *((s, "double") for s in _SCALARS), result=self.bits,
        )  # fmt: skip
        p, g, q, m, v, count, *given = fn.arguments
        if self.element == "float":
            given = [value.to("fptrunc", "float") for value in given]
        lr, beta1, beta2, rest1, rest2, eps, decay, step, scale = given

        def get(array: Value, i: Value) -> Value:
            return fn.load(array, self.element, i)

        def put(value: Value, array: Value, i: Value) -> Value:
            fn.store(value, array, i)
            return value

        def sgd(i: Value, weight: Value, slope: Value) -> list[Value]:
            return [put(weight - lr * slope, p, i)]

        def momentum(i: Value, weight: Value, slope: Value) -> list[Value]:
            velocity = beta1 * get(m, i) + slope
            return [put(velocity, m, i), put(weight - lr * velocity, p, i)]

        def adam(i: Value, weight: Value, slope: Value) -> list[Value]:
            first = beta1 * get(m, i) + rest1 * slope
            second = beta2 * get(v, i) + rest2 * slope * slope
            moved = weight - step * first / (second.sqrt() * scale + eps)
            return [put(first, m, i), put(second, v, i), put(moved, p, i)]

        body = {"sgd": sgd, "momentum": momentum, "adam": adam}[name]

        def one(i: Value, flags: Value) -> list[Value]:
            weight = get(p, i)
            new = body(i, weight, get(g, i) + decay * weight)
            fn.store(weight, q, i)
            for value in new:  # 0, or NaN where it is not finite
                flags = flags | (value - value).bits()
            return [flags]

        fn.ret(*fn.loop(count, one, [fn.lift(0, self.bits)]))

    def update(self) -> None:
        """One step of the optimizer, as PyTorch's of the same name; returns 1 if it was taken back.

        That happens where it would leave a number that is not finite. ``previous`` then holds the
        parameters that were refused, otherwise those before the step.
        """
        fn = self.function(".update", ("network", "ptr"), result="i64")
        (network,) = fn.arguments
        p, g = self.pointer(network, "parameters"), self.pointer(network, "gradients")
        q = self.pointer(network, "previous")
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
                before, after = self.get(q, i), self.get(p, i)
                for value, array in ((before, p), (after, q), (fn.f64(0.0), m), (fn.f64(0.0), v)):
                    self.put(value, array, i)

            fn.loop(count, one)
            for name in ("beta1_power", "beta2_power"):
                fn.store(fn.f64(1.0), settings, SETTINGS.index(name))
            fn.store(fn.i64(1), refused)

        def run(name: str) -> None:
            step = scale = fn.f64(0.0)
            if name == "adam":
                powers = []
                for word, beta in (("beta1_power", beta1), ("beta2_power", beta2)):
                    powers.append(setting(word) * beta)
                    fn.store(powers[-1], settings, SETTINGS.index(word))
                step, scale = lr / (1.0 - powers[0]), 1.0 / (1.0 - powers[1]).sqrt()
            scalars = (lr, beta1, beta2, 1.0 - beta1, 1.0 - beta2, eps, decay, step, scale)
            assert len(scalars) == len(_SCALARS)
            (bad,) = fn.call(f".{name}", p, g, q, m, v, count, *scalars, results=[self.bits])
            fn.when(bad.ne(0), take_back)

        for name in OPTIMIZERS:
            fn.when(kind.eq(OPTIMIZERS.index(name)), partial(run, name))
        fn.ret(fn.load(refused, "i64"))

    def gather(self) -> None:
        """The next samples, into the first layer's x and the targets, feature by feature.

        Four samples at a time, the last one again where there are no more: a stride is never less.
        """
        fn = self.function(
            ".gather", ("network", "ptr"), ("x", "ptr"), ("inputs", "index"), ("y", "ptr"),
            ("outputs", "index"),
        )  # fmt: skip
        network, x, inputs, y, outputs = fn.arguments
        order, position = self.pointer(network, "order"), self.word(network, "position")
        data_x, data_y = self.pointer(network, "data_x"), self.pointer(network, "data_y")
        last, stride = self.word(network, "batch") - 1, self.word(network, "stride")
        type_ = f"<{_TOGETHER} x {self.element}>"

        def samples(n: Value) -> None:
            numbers = []
            for k in range(_TOGETHER):
                place = n + k
                place = position + place.lt(last).select(place, last)
                numbers.append(self.whole(fn.element(order, "i64", place), 0))
            for data, width, out in ((data_x, inputs, x), (data_y, outputs, y)):
                rows = [fn.element(data, self.element, sample * width) for sample in numbers]

                def feature(i: Value, rows: list[Value] = rows, out: Value = out) -> None:
                    column = Value(fn, "poison", type_)
                    for k, row in enumerate(rows):
                        v = fn.load(row, self.element, i)
                        text = f"insertelement {type_} {column.ref}, {v.type} {v.ref}, i32 {k}"
                        column = fn.emit(text, type_)
                    self.store_vector(column, out, i * stride + n)

                fn.loop(width, feature)

        fn.loop(stride, samples, step=_TOGETHER)
        fn.ret()

    def train(self) -> None:
        """Up to ``steps`` steps; returns how many. It stops before one that is not finite."""
        fn = self.function("train", ("network", "ptr"), result="i64")
        (network,) = fn.arguments
        zero = self.number(fn, 0)
        layers = self.word(network, "layers")
        first, last = self.layer(network, zero), self.layer(network, layers - 1)
        samples, size = self.word(network, "samples"), self.word(network, "batch_size")
        history, result = self.pointer(network, "history"), self.pointer(network, "result")
        fn.jump("step")
        fn.label("step")
        done = fn.phi(self.index, (0, "entry"), (Value(fn, "%more", self.index), "go.on"))
        fn.branch(done.lt(self.word(network, "steps")), "start", "stop")
        fn.label("start")
        at = self.word(network, "position")

        def again() -> None:
            self.set_word(network, "position", zero)

            def shuffle() -> None:
                state = fn.element(network, "i64", HEADER.index("random"))
                invoke(fn, "shuffle", self.pointer(network, "order"), self.long(samples), state)

            fn.when(self.word(network, "shuffle").ne(0), shuffle)

        fn.when(at.ge(samples), again)
        at = self.word(network, "position")
        left = samples - at
        batch = size.lt(left).select(size, left)
        lanes = self.shape.lanes
        self.set_word(network, "batch", batch)
        self.set_word(network, "stride", (batch + (lanes - 1)) & -lanes)
        x, inputs = self.layer_array(first, "x"), self.layer_word(first, "inputs")
        y, outputs = self.pointer(network, "targets"), self.layer_word(last, "outputs")
        invoke(fn, ".gather", network, x, inputs, y, outputs)
        invoke(fn, "forward", network, fn.i64(1))
        invoke(fn, "backward", network)
        gradients, count = self.pointer(network, "gradients"), self.word(network, "count")
        (norm,) = fn.call("squares", gradients, self.long(count))
        fn.store(norm, result, 1)
        loss = fn.load(result, "double", 0)
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
        fn.do(f"%more = add {self.index} {done.ref}, 1")
        fn.jump("step")
        fn.label("stop")
        fn.ret(self.long(done))
