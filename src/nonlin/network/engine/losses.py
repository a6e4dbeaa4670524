"""Losses and their gradients, over the current batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nonlin.compiler import lanes
from nonlin.compiler.ir import Function, Value
from nonlin.network.engine.writer import (
    Writer,
    layer_array,
    layer_word,
)
from nonlin.network.layout import LOSSES

__all__ = ["Losses"]


class Losses(Writer):
    """``.loss``, by the number that the network's ``loss`` word holds."""

    def write(self) -> None:
        self.losses()

    def losses(self) -> None:
        """The loss of the current batch, and its gradient in the last layer's g."""
        fn = self.function(".loss", ("network", "ptr"), ("gradient", "i64"))
        network, gradient = fn.arguments
        layer = self.layer(network, self.word(network, "layers") - 1)
        a, g = layer_array(layer, "a"), layer_array(layer, "g")
        y, scratch = self.pointer(network, "targets"), self.pointer(network, "scratch")
        outputs, stride = layer_word(layer, "outputs"), self.word(network, "stride")
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
        slope = layer_array(layer, "slope")

        def bend() -> None:
            def one(i: Value) -> None:
                product = self.load_vector(g, i) * self.load_vector(slope, i)
                self.store_vector(product, g, i)

            fn.loop(everything, one, step=self.shape.lanes)

        fn.when(layer_word(layer, "slope").ne(0) & gradient.ne(0), bend)
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
