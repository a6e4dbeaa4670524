"""Dense layers: forward, backward, and the gradients of their weights.

A layer is computed for a few units and a few vectors of samples at a time, whose sums stay in
registers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nonlin.compiler.ir import Function, Value
from nonlin.network.engine.writer import Writer, invoke, is_given

__all__ = ["Layers"]

_COLUMNS = 4  # of the weights' gradients at a time


class Layers(Writer):
    """``forward`` and ``backward``."""

    def write(self) -> None:
        self.dense()
        self.back()
        self.weights()
        self.forward()
        self.backward()

    def samples(self, fn: Function, stride: Value, body: Callable[[Value, int], None]) -> None:
        """Loops over all samples, as many vectors at a time as there may be, then once over the rest."""
        lanes, most = self.shape.lanes, self.shape.vectors
        whole = stride if most == 1 else stride & -(lanes * most)
        fn.loop(whole, lambda n: body(n, most), step=lanes * most)
        rest = stride - whole
        for vectors in range(1, most):
            fn.when(rest.eq(lanes * vectors), partial(body, whole, vectors))

    def product(
        self, rows: list[Value], column: Value | int, x: Value, count: Value, stride: Value,
        starts: list[Value], vectors: int,
    ) -> list[list[Value]]:  # fmt: skip
        """Per row of weights, for some vectors of x: start + sum over i of row[i column] x[i]."""
        fn, lanes = x.fn, self.shape.lanes

        def add(i: Value, *sums: Value) -> list[Value]:
            xs = [self.load_vector(x, i * stride + lanes * v) for v in range(vectors)]
            result = []
            for r, at in enumerate(rows):
                factor = self.splat(fn.load(at, self.element, i * column), self.vector)
                for v in range(vectors):
                    result.append(self.add_product(factor, xs[v], sums[r * vectors + v]))
            return result

        sums = fn.loop(count, add, [s for s in starts for _ in range(vectors)])
        return [sums[r * vectors : (r + 1) * vectors] for r in range(len(rows))]

    def tiles(
        self, fn: Function, outputs: Value, stride: Value,
        body: Callable[[Value, int, Value, int], None],
    ) -> None:  # fmt: skip
        """Over units j and samples n: some rows and vectors at a time, ``body(j, rows, n, vectors)``."""

        def block(n: Value, vectors: int) -> None:
            rows = max(self.shape.rows // vectors, 2)
            rows = 1 << rows.bit_length() - 1  # a power of 2
            self.blocks(fn, outputs, rows, lambda j, r: body(j, r, n, vectors))

        self.samples(fn, stride, block)

    def dense(self, name: str = ".dense") -> None:
        """out[j] = bias[j] + sum over i of w[j][i] x[i]: a layer."""
        fn = self.function(
            name, ("x", "ptr"), ("w", "ptr"), ("bias", "ptr"), ("out", "ptr"),
            ("outputs", "index"), ("inputs", "index"), ("stride", "index"),
        )  # fmt: skip
        x, w, bias, out, outputs, inputs, stride = fn.arguments

        def tile(j: Value, rows: int, n: Value, vectors: int) -> None:
            weights = [fn.element(w, self.element, (j + r) * inputs) for r in range(rows)]
            starts = [
                self.splat(fn.load(bias, self.element, j + r), self.vector) for r in range(rows)
            ]
            incoming = fn.element(x, self.element, n)
            sums = self.product(weights, 1, incoming, inputs, stride, starts, vectors)
            for r, row in enumerate(sums):
                for v, total in enumerate(row):
                    self.store_vector(total, out, (j + r) * stride + n + self.shape.lanes * v)

        self.tiles(fn, outputs, stride, tile)
        fn.ret()

    def back(self) -> None:
        """out[i] = slope[i] * (sum over j of w[j][i] g[j]), what a layer's gradient makes of that before.

        ``slope`` is null where the layer before does not bend.
        """
        fn = self.function(
            ".back", ("g", "ptr"), ("w", "ptr"), ("slope", "ptr"), ("out", "ptr"),
            ("outputs", "index"), ("inputs", "index"), ("stride", "index"),
        )  # fmt: skip
        g, w, slope, out, outputs, inputs, stride = fn.arguments
        has_slope = is_given(slope)
        zero = fn.lift(0.0, self.vector)

        def tile(i: Value, rows: int, n: Value, vectors: int) -> None:
            weights = [fn.element(w, self.element, i + r) for r in range(rows)]
            incoming = fn.element(g, self.element, n)
            sums = self.product(weights, inputs, incoming, outputs, stride, [zero] * rows, vectors)

            def store(bent: bool) -> None:
                for r, row in enumerate(sums):
                    for v, total in enumerate(row):
                        place = (i + r) * stride + n + self.shape.lanes * v
                        if bent:
                            total = total * self.load_vector(slope, place)
                        self.store_vector(total, out, place)

            fn.either(has_slope, lambda: store(True), lambda: store(False))

        self.tiles(fn, inputs, stride, tile)
        fn.ret()

    def weights(self) -> None:
        """The gradients of weights and biases: dw[j][i] = g[j] . x[i], db[j] = sum of g[j].

        Where a whole batch is a few vectors, there is no loop over them.
        """
        fn = self.function(
            ".weights", ("g", "ptr"), ("x", "ptr"), ("dw", "ptr"), ("db", "ptr"),
            ("outputs", "index"), ("inputs", "index"), ("stride", "index"),
        )  # fmt: skip
        stride = fn.arguments[-1]
        if self.shape.vectors > 1:
            for known in range(1, self.shape.vectors + 1):
                fn.when(stride.eq(known * self.shape.lanes), partial(self._weights, fn, known))
            fn.when(stride.gt(self.shape.vectors * self.shape.lanes), lambda: self._weights(fn, 0))
        else:
            self._weights(fn, 0)
        fn.ret()

    def _weights(self, fn: Function, known: int) -> None:
        """``known`` is how many vectors a batch has, or 0."""
        g, x, dw, db, outputs, inputs, stride = fn.arguments
        lanes = min(self.shape.lanes, 32 // self.size)  # of several sums in registers
        zero = fn.lift(0.0, f"<{lanes} x {self.element}>")

        def over(count: int, body: Callable[..., list[Value]]) -> list[Value]:
            if not known:
                return fn.loop(stride, body, [zero] * count, step=lanes)
            sums: list[Value] = []
            for v in range(known):
                sums = body(self.number(fn, v * lanes), *sums)
            return sums

        def rows(j: Value, height: int) -> None:
            starts = [fn.element(g, self.element, (j + r) * stride) for r in range(height)]

            def columns(i: Value, width: int) -> None:
                incoming = [fn.element(x, self.element, (i + c) * stride) for c in range(width)]

                def add(n: Value, *sums: Value) -> list[Value]:
                    xs = [self.load_vector(at, n, lanes) for at in incoming]
                    gs = [self.load_vector(at, n, lanes) for at in starts]
                    pairs = [(a, b) for a in gs for b in xs]
                    if not sums:
                        return [a * b for a, b in pairs]
                    return [
                        self.add_product(a, b, s) for (a, b), s in zip(pairs, sums, strict=True)
                    ]

                sums = over(height * width, add)
                if height == width == 2:
                    both = self.four_totals(sums)
                    totals = [self.shuffle(both, both, at) for at in ((0, 1), (2, 3))]
                else:
                    rows = (sums[r * width : (r + 1) * width] for r in range(height))
                    totals = [self.totals(row) for row in rows]
                for r, total in enumerate(totals):
                    self.store_vector(total, dw, (j + r) * inputs + i)

            self.blocks(fn, inputs, _COLUMNS, columns)

            def add_up(n: Value, *sums: Value) -> list[Value]:
                gs = [self.load_vector(at, n, lanes) for at in starts]
                return [s + b for s, b in zip(sums, gs, strict=True)] if sums else gs

            self.store_vector(self.totals(over(height, add_up)), db, j)

        self.blocks(fn, outputs, 2, rows)

    def forward(self, name: str = "forward", dense: str = ".dense") -> None:
        """Every layer's z and a; with ``slopes``, also f'(z)."""
        fn = self.function(name, ("network", "ptr"), ("slopes", "i64"))
        network, slopes = fn.arguments
        stride = self.word(network, "stride")
        null = fn.lift(0, "ptr")

        def one(i: Value) -> None:
            layer = self.layer(network, i)
            inputs, outputs = self.layer_word(layer, "inputs"), self.layer_word(layer, "outputs")
            x, w, b, z = (self.layer_array(layer, n) for n in ("x", "weights", "bias", "z"))
            invoke(fn, dense, x, w, b, z, outputs, inputs, stride)

            def bend() -> None:
                count = outputs * stride
                a, slope = self.layer_array(layer, "a"), self.layer_array(layer, "slope")
                fn.either(
                    slopes.ne(0),
                    lambda: self.activate(fn, layer, True, z, a, slope, count),
                    lambda: self.activate(fn, layer, False, z, a, null, count),
                )

            fn.when(self.layer_word(layer, "slope").ne(0), bend)

        fn.loop(self.word(network, "layers"), one)
        fn.ret()

    def backward(self) -> None:
        """The gradients of every layer, from the loss of the current batch."""
        fn = self.function("backward", ("network", "ptr"))
        (network,) = fn.arguments
        stride, layers = self.word(network, "stride"), self.word(network, "layers")
        invoke(fn, ".loss", network)

        def one(k: Value) -> None:
            i = layers - 1 - k
            layer = self.layer(network, i)
            inputs, outputs = self.layer_word(layer, "inputs"), self.layer_word(layer, "outputs")
            x, w, g = (self.layer_array(layer, n) for n in ("x", "weights", "g"))
            dw, db = (self.layer_array(layer, f"{n}_gradient") for n in ("weights", "bias"))
            invoke(fn, ".weights", g, x, dw, db, outputs, inputs, stride)

            def before() -> None:
                previous = self.layer(network, i - 1)
                slope, out = self.layer_array(previous, "slope"), self.layer_array(previous, "g")
                invoke(fn, ".back", g, w, slope, out, outputs, inputs, stride)

            fn.when(i.gt(0), before)

        fn.loop(layers, one)
        fn.ret()
