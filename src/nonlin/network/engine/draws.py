"""Random numbers: initial weights and the order of samples, the same wherever the engine runs."""

from __future__ import annotations

from nonlin.compiler import lanes
from nonlin.compiler.ir import Function, Value
from nonlin.network.engine.writer import (
    Writer,
    invoke,
)
from nonlin.network.layout import HEADER

__all__ = ["Draws"]

_GOLDEN = 0x9E3779B97F4A7C15 - (1 << 64)


class Draws(Writer):
    """``initialise``, ``fill_uniform``, ``fill_normal`` and ``shuffle``."""

    def write(self) -> None:
        self.random()
        self.initialise()
        self.permute()

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
            inputs, outputs = self.layer_word(layer, "inputs"), self.layer_word(layer, "outputs")
            fan = before * inputs.to("sitofp", "double") + after * outputs.to("sitofp", "double")
            deviation = (gain / (fan + constant)).sqrt()
            weights, count, bias = (
                self.layer_array(layer, "weights"),
                self.long(inputs * outputs),
                self.layer_array(layer, "bias"),
            )
            fn.when(
                normal.ne(0), lambda: invoke(fn, "fill_normal", weights, count, deviation, state)
            )
            reach = deviation * 3.0**0.5  # the same variance, spread evenly
            fn.when(normal.eq(0), lambda: invoke(fn, "fill_uniform", weights, count, reach, state))
            fn.loop(outputs, lambda j: self.put(fn.f64(0.0), bias, j))

        fn.loop(self.word(network, "layers"), one)
        fn.ret()

    def permute(self) -> None:
        """A random permutation in place (Fisher and Yates)."""
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
