"""Pictures: the plane as samples, networks made lively over it, and outputs as colours."""

from __future__ import annotations

from collections.abc import Sequence

from nonlin.compiler.ir import Function, Value
from nonlin.network.engine.writer import Writer, invoke

__all__ = ["CHUNK", "GRAIN", "INPUTS", "Pictures"]

INPUTS = ("x", "y", "r", "latent")
"""Bits of the word that says what the network sees; ``latent`` is two numbers."""

GRAIN = 64.0
"""Deviations and means are rounded to one part in GRAIN: a sum that differs in its last bit, as it does
between the processor and a browser, then hardly ever makes a different weight."""

CHUNK = 512
"""Pixels in a batch of ``picture``: so few that a layer's numbers stay in the nearest cache."""

# The plastic number's powers: their multiples fill a square evenly (M. Roberts, "The unreasonable
# effectiveness of quasirandom sequences", 2018).
_SPREAD = (0.7548776662466927, 0.5698402909980532)


class Pictures(Writer):
    """``pixels``, ``standardise``, ``paint``, and ``picture``, which is all of it."""

    def write(self) -> None:
        self.pixels()
        self.standardise()
        self.paint()
        self.picture()

    def pixels(self) -> None:
        """The current batch: pixels from a number on, of a picture so large.

        The shorter side reaches from -1 to 1. Latents are the two given plus ``spread`` times a
        number in [-1, 1] that differs from pixel to pixel.
        """
        fn = self.function(
            "pixels", ("network", "ptr"), ("first", "i64"), ("width", "i64"), ("height", "i64"),
            ("latent1", "double"), ("latent2", "double"), ("spread", "double"), ("inputs", "i64"),
        )  # fmt: skip
        network, first, width, height, *latents, spread, inputs = fn.arguments
        layer = self.layer(network, fn.i64(0))
        x, stride = self.layer_array(layer, "x"), self.long(self.word(network, "stride"))
        wide, high = (v.to("sitofp", "double") for v in (width, height))
        unit = 1.0 / wide.lt(high).select(wide, high)
        last = width * height - 1

        def one(k: Value) -> None:
            at = first + k
            at = at.gt(last).select(last, at, "i64")
            row = fn.emit(f"udiv i64 {at.ref}, {width.ref}", "i64")
            column = at - row * width
            across = (column.to("sitofp", "double") * 2.0 + 1.0 - wide) * unit
            down = (row.to("sitofp", "double") * 2.0 + 1.0 - high) * unit
            count = at.to("sitofp", "double") + 1.0
            spread_out = [
                latent + spread * (self._fraction(fn, count * step) * 2.0 - 1.0)
                for latent, step in zip(latents, _SPREAD, strict=True)
            ]
            radius = (across * across + down * down).sqrt()
            place: Value = fn.i64(0)
            for bit, values in enumerate(([across], [down], [radius], spread_out)):
                given = (inputs & (1 << bit)).ne(0)
                self._put_where(fn, given, values, x, place, stride, k)
                place = place + given.select(len(values), 0, "i64")

        fn.loop(stride, one)
        fn.ret()

    def _put_where(
        self, fn: Function, given: Value, values: Sequence[Value], x: Value, place: Value,
        stride: Value, k: Value,
    ) -> None:  # fmt: skip
        def put() -> None:
            for i, value in enumerate(values):
                self.put(value, x, (place + i) * stride + k)

        fn.when(given, put)

    def _fraction(self, fn: Function, value: Value) -> Value:
        return value - fn.intrinsic("floor", value)

    def standardise(self) -> None:
        """A layer's sums over the current batch get deviation ``gain``, and a mean of their own each.

        That is ``shift`` plus the unit's bias, as it was, times the gain. Weights and biases are
        changed so; a unit that says the same everywhere keeps to its mean. To be called after
        ``forward``, layer after layer.
        """
        fn = self.function(
            "standardise", ("network", "ptr"), ("index", "i64"), ("gain", "double"),
            ("shift", "double"),
        )  # fmt: skip
        network, index, gain, shift = fn.arguments
        layer = self.layer(network, index)
        z, w, b = (self.layer_array(layer, name) for name in ("z", "weights", "bias"))
        inputs, outputs = (self.long(self.layer_word(layer, n)) for n in ("inputs", "outputs"))
        stride, zero = self.long(self.word(network, "stride")), fn.f64(0.0)
        share = 1.0 / stride.to("sitofp", "double")

        def unit(j: Value) -> None:
            row = fn.element(z, self.element, j * stride)
            (total,) = fn.loop(stride, lambda n, s: [s + self.get(row, n)], [zero])
            mean = total * share

            def square(n: Value, s: Value) -> list[Value]:
                d = self.get(row, n) - mean
                return [s + d * d]

            (squares,) = fn.loop(stride, square, [zero])
            deviation = (squares * share).sqrt()
            # Also false where it is no number.
            alive = deviation.gt(1e-9) & deviation.lt(1e30)
            coarse = ((deviation.bits() + (1 << 45)) & -(1 << 46)).as_float()
            factor = alive.select(gain / coarse, 0.0)
            centre = fn.intrinsic("rint", mean / coarse * GRAIN) * coarse * (1.0 / GRAIN)
            place = fn.element(w, self.element, j * inputs)
            fn.loop(inputs, lambda i: self.put(self.get(place, i) * factor, place, i))
            own = self.get(b, j)
            moved = alive.select((own - centre) * factor, 0.0)
            self.put(moved + own * gain + shift, b, j)

        fn.loop(outputs, unit)
        fn.ret()

    def paint(self) -> None:
        """Bytes from the last layer's outputs, which lie in [0, 1].

        Without a palette three outputs are red, green and blue; with one, of 64 shades of 256
        colours, the first output chooses the colour and the second the shade. ``channels`` is 3, or 4
        for an opaque fourth.
        """
        fn = self.function(
            "paint", ("network", "ptr"), ("out", "ptr"), ("palette", "ptr"), ("channels", "i64"),
            ("count", "i64"),
        )  # fmt: skip
        network, out, palette, channels, count = fn.arguments
        layer = self.layer(network, self.long(self.word(network, "layers")) - 1)
        a, stride = self.layer_array(layer, "a"), self.long(self.word(network, "stride"))
        chosen = palette.fn.emit(f"icmp ne ptr {palette.ref}, null", "i1")

        def level(index: Value) -> Value:
            value = self.get(a, index) * 255.0 + 0.5
            value = value.gt(0.0).select(value, 0.0)
            value = value.lt(255.0).select(value, 255.0)
            return value.to("fptosi", "i32")

        def one(n: Value) -> None:
            place = fn.element(out, "i8", n * channels)

            def direct() -> None:
                for c in range(3):
                    fn.store(level(stride * c + n).to("trunc", "i8"), place, c)

            def by_palette() -> None:
                row = (level(stride + n).lshr(2).shl(8) + level(n)).to("zext", "i64") * 3
                for c in range(3):
                    fn.store(fn.load(palette, "i8", row + c), place, c)

            fn.when(chosen, by_palette)
            fn.when(palette.fn.emit(f"icmp eq ptr {palette.ref}, null", "i1"), direct)
            opaque = fn.lift(-1, "i8")
            fn.when(channels.eq(4), lambda: fn.store(opaque, place, 3))

        fn.loop(count, one)
        fn.ret()

    def picture(self) -> None:
        """Some pixels of a picture, from a number on, as bytes; the network has room for CHUNK samples."""
        fn = self.function(
            "picture", ("network", "ptr"), ("out", "ptr"), ("palette", "ptr"), ("channels", "i64"),
            ("first", "i64"), ("count", "i64"), ("width", "i64"), ("height", "i64"),
            ("latent1", "double"), ("latent2", "double"), ("inputs", "i64"),
        )  # fmt: skip
        network, out, palette, channels, first, count, width, height, *latents, inputs = (
            fn.arguments
        )
        lanes = self.shape.lanes

        def chunk(start: Value) -> None:
            left = count - start
            batch = left.lt(CHUNK).select(left, CHUNK, "i64")
            self.set_word(network, "batch", batch)
            self.set_word(network, "stride", (batch + (lanes - 1)) & -lanes)
            invoke(
                fn, "pixels", network, first + start, width, height, *latents, fn.f64(0.0), inputs
            )  # fmt: skip
            invoke(fn, "forward", network, fn.i64(0))
            place = fn.element(out, "i8", start * channels)
            invoke(fn, "paint", network, place, palette, channels, batch)

        fn.loop(count, chunk, step=CHUNK)
        fn.ret()
