"""Learning: the gradient's norm, the optimizers, and the loop over batches."""

from __future__ import annotations

from functools import partial

from nonlin.compiler.ir import Value
from nonlin.network.engine.writer import (
    Writer,
    invoke,
    layer_array,
    layer_word,
)
from nonlin.network.layout import HEADER, OPTIMIZERS, SETTINGS

__all__ = ["Learning"]


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
        lanes = 4
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
        fn.ret(total)

    def optimizer(self, name: str) -> None:
        """One step over all parameters; 1 if that leaves a number that is not finite.

        It is a function of its own so that LLVM knows that its arrays lie apart.
        """
        scalars = ("lr", "beta1", "beta2", "eps", "decay", "step", "scale")
        fn = self.function(
            f".{name}", *((a, "ptr noalias") for a in "pgqmv"), ("count", "i64"),
            *((s, "double") for s in scalars), result="i64",
        )  # fmt: skip
        p, g, q, m, v, count, *given = fn.arguments
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
            self.put(weight, q, i)
            total = sum(rest, first)
            return [bad | (total - total).ne(0.0)]  # inf - inf and NaN - NaN are not 0

        (bad,) = fn.loop(count, one, [fn.lift(0, "i1")])
        fn.ret(bad.to("zext", "i64"))

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
            values = (p, g, q, m, v, count, lr, beta1, beta2, eps, decay, step, scale)
            (bad,) = fn.call(f".{name}", *values, results=["i64"])
            fn.when(bad.ne(0), take_back)

        for name in OPTIMIZERS:
            fn.when(kind.eq(OPTIMIZERS.index(name)), partial(run, name))
        fn.ret(fn.load(refused, "i64"))

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
                invoke(fn, "shuffle", self.pointer(network, "order"), samples, state)

            fn.when(self.word(network, "shuffle").ne(0), shuffle)

        fn.when(at.ge(samples), again)
        at = self.word(network, "position")
        left = samples - at
        batch = size.lt(left).select(size, left)
        lanes = self.shape.lanes
        self.set_word(network, "batch", batch)
        self.set_word(network, "stride", (batch + (lanes - 1)) & -lanes)
        invoke(
            fn,
            ".gather",
            self.pointer(network, "data_x"),
            layer_array(first, "x"),
            layer_word(first, "inputs"),
            network,
        )
        targets = self.pointer(network, "targets")
        invoke(
            fn,
            ".gather",
            self.pointer(network, "data_y"),
            targets,
            layer_word(last, "outputs"),
            network,
        )
        invoke(fn, "forward", network, fn.i64(1))
        invoke(fn, "backward", network)
        gradients, count = self.pointer(network, "gradients"), self.word(network, "count")
        (norm,) = fn.call("squares", gradients, count)
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
        fn.do(f"%more = add i64 {done.ref}, 1")
        fn.jump("step")
        fn.label("stop")
        fn.ret(done)
