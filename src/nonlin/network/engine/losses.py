"""Losses and their gradients, over the current batch."""

from __future__ import annotations

from collections.abc import Callable

from nonlin.compiler import lanes
from nonlin.compiler.ir import Function, Value
from nonlin.network.engine.writer import (
    Writer,
)
from nonlin.network.layout import LOSSES

__all__ = ["Losses"]

_TOGETHER = 4


class Losses(Writer):
    """``.loss``, by the number that the network's ``loss`` word holds."""

    def write(self) -> None:
        self.losses()

    def losses(self) -> None:
        """The loss of the current batch, and its gradient in the last layer's g."""
        fn = self.function(".loss", ("network", "ptr"))
        (network,) = fn.arguments
        layer = self.layer(network, self.word(network, "layers") - 1)
        a, g = self.layer_array(layer, "a"), self.layer_array(layer, "g")
        y, scratch = self.pointer(network, "targets"), self.pointer(network, "scratch")
        outputs, stride = self.layer_word(layer, "outputs"), self.word(network, "stride")
        batch, result = self.word(network, "batch"), self.pointer(network, "result")
        samples = batch.to("sitofp", "double")
        share = 1.0 / (samples * outputs.to("sitofp", "double"))
        everything = outputs * stride

        def squared() -> None:
            fn.store(self.squared(fn, a, y, g, outputs, stride, batch, share), result)

        def binary(i: Value) -> None:
            z, t = self.get(a, i), self.get(y, i)
            # Two non-negative terms: nothing cancels where the answer is right and sure.
            loss = t * lanes.call(fn, "softplus", -z) + (1.0 - t) * lanes.call(fn, "softplus", z)
            fn.store(loss * share, scratch, i)
            self.put((lanes.call(fn, "sigmoid", z) - t) * share, g, i)

        def others() -> None:
            fn.either(
                kind.eq(LOSSES.index("cross_entropy")),
                lambda: self.cross_entropy(fn, a, y, g, scratch, outputs, stride, 1.0 / samples),
                lambda: fn.loop(everything, binary),
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
            fn.store(total, result)

        kind = self.word(network, "loss")
        fn.either(kind.eq(LOSSES.index("squared_error")), squared, others)
        slope = self.layer_array(layer, "slope")

        def bend() -> None:
            def one(i: Value) -> None:
                product = self.load_vector(g, i) * self.load_vector(slope, i)
                self.store_vector(product, g, i)

            fn.loop(everything, one, step=self.shape.lanes)

        fn.when(self.layer_word(layer, "slope").ne(0), bend)
        fn.ret()

    def squared(
        self, fn: Function, a: Value, y: Value, g: Value, outputs: Value, stride: Value,
        batch: Value, share: Value,
    ) -> Value:  # fmt: skip
        """The sum of the squared errors' shares.

        Whole vectors only: a copy that fills up the batch has an error of 0.
        """
        type_, wide = f"<{_TOGETHER} x {self.element}>", f"<{_TOGETHER} x double>"
        twice = share * 2.0
        factor = self.splat(
            twice if self.element == "double" else twice.to("fptrunc", "float"), type_
        )
        numbers = ", ".join(f"i32 {k}" for k in range(_TOGETHER))
        first = Value(fn, f"<{numbers}>", f"<{_TOGETHER} x i32>")

        def row(k: Value, total: Value) -> list[Value]:
            start = k * stride

            def several(n: Value, sums: Value) -> list[Value]:
                d = self.load_vector(a, start + n, _TOGETHER)
                d = d - self.load_vector(y, start + n, _TOGETHER)
                left = batch - n
                left = left if left.type == "i32" else left.to("trunc", "i32")
                d = self.splat(left, first.type).gt(first).select(d, 0.0, type_)
                self.store_vector(d * factor, g, start + n)
                d = d if self.element == "double" else d.to("fpext", wide)
                return [sums + d * d]

            (sums,) = fn.loop(stride, several, [fn.lift(0.0, wide)], step=_TOGETHER)
            return [total + self.total(sums)]

        return fn.loop(outputs, row, [fn.f64(0.0)])[0] * share

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
