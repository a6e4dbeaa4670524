"""Dense layers: forward, backward, and the gradients of their weights.

A layer is computed for a few units and one vector of samples at a time, whose sums stay in registers.
"""

from __future__ import annotations

from nonlin.compiler.ir import Value
from nonlin.network.engine.writer import (
    Writer,
    invoke,
    is_given,
    layer_array,
    layer_word,
)

__all__ = ["Layers"]


class Layers(Writer):
    """``forward`` and ``backward``."""

    def write(self) -> None:
        self.dense()
        self.weights()
        self.forward()
        self.backward()

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
        has_bias, has_slope = is_given(bias), is_given(slope)

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

        self.blocks(fn, outputs, self.shape.rows, block)

        def bend() -> None:
            def multiply(n: Value) -> None:
                product = self.load_vector(out, n) * self.load_vector(slope, n)
                self.store_vector(product, out, n)

            fn.loop(outputs * stride, multiply, step=self.shape.lanes)

        fn.when(has_slope, bend)
        fn.ret()

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
                        for c, s in enumerate(row):
                            fn.store(self.total(s), dw, place + c)

            self.blocks(fn, inputs, 4, columns)

            def add_up(n: Value, *sums: Value) -> list[Value]:
                return [
                    s + self.load_vector(g, (j + r) * stride + n, lanes) for r, s in enumerate(sums)
                ]

            for r, s in enumerate(fn.loop(stride, add_up, [zero] * height, step=lanes)):
                fn.store(self.total(s), db, j + r)

        self.blocks(fn, outputs, 2, rows)
        fn.ret()

    def forward(self) -> None:
        """Every layer's z and a; with ``slopes``, also f'(z)."""
        fn = self.function("forward", ("network", "ptr"), ("slopes", "i64"))
        network, slopes = fn.arguments
        stride = self.word(network, "stride")

        def one(i: Value) -> None:
            layer = self.layer(network, i)
            inputs, outputs = layer_word(layer, "inputs"), layer_word(layer, "outputs")
            x, w, b, z = (layer_array(layer, n) for n in ("x", "weights", "bias", "z"))
            null = fn.lift(0, "ptr")
            invoke(fn, ".dense", x, w, inputs, fn.i64(1), b, null, z, outputs, inputs, stride)

            def bend() -> None:
                count = outputs * stride
                a, slope = layer_array(layer, "a"), layer_array(layer, "slope")
                fn.when(slopes.ne(0), lambda: self.activate(fn, layer, True, z, a, slope, count))
                fn.when(slopes.eq(0), lambda: self.activate(fn, layer, False, z, a, null, count))

            fn.when(layer_word(layer, "slope").ne(0), bend)

        fn.loop(self.word(network, "layers"), one)
        fn.ret()

    # -- losses ------------------------------------------------------------------------------------

    def backward(self) -> None:
        """The gradients of every layer, from the loss of the current batch."""
        fn = self.function("backward", ("network", "ptr"))
        (network,) = fn.arguments
        stride, layers = self.word(network, "stride"), self.word(network, "layers")
        invoke(fn, ".loss", network, fn.i64(1))

        def one(k: Value) -> None:
            i = layers - 1 - k
            layer = self.layer(network, i)
            inputs, outputs = layer_word(layer, "inputs"), layer_word(layer, "outputs")
            g = layer_array(layer, "g")
            dw, db = layer_array(layer, "weights_gradient"), layer_array(layer, "bias_gradient")
            invoke(fn, ".weights", g, layer_array(layer, "x"), dw, db, outputs, inputs, stride)

            def before() -> None:
                previous = self.layer(network, i - 1)
                invoke(
                    fn, ".dense", g, layer_array(layer, "weights"), fn.i64(1), inputs, fn.lift(0, "ptr"),
                    layer_array(previous, "slope"), layer_array(previous, "g"), inputs, outputs, stride,
                )  # fmt: skip

            fn.when(i.gt(0), before)

        fn.loop(layers, one)
        fn.ret()
