"""Pictures: the plane as samples, networks made lively over it, and outputs as colours."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from nonlin.compiler.ir import Value
from nonlin.network.engine.layers import Layers
from nonlin.network.engine.writer import Writer, invoke, is_given

__all__ = ["CHUNK", "GRAIN", "INPUTS", "Pictures"]

INPUTS = ("x", "y", "r", "latent")
"""Bits of the word that says what the network sees; ``latent`` is two numbers."""

GRAIN = 64.0
"""Deviations and means are rounded to one part in GRAIN: a sum that differs in its last bit, as it does
between the processor and a browser, then hardly ever makes a different weight."""

CHUNK = 64
"""Pixels in a batch of ``picture``: so few that three layers' numbers stay in the nearest cache."""

# A normal deviation, in squares of the mean root of the distance from the mean.
_USUAL = math.pi / math.sqrt(2) / math.gamma(0.75) ** 2

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
        lanes, type_ = self.shape.lanes, f"<{self.shape.lanes} x double>"
        wide, high = (v.to("sitofp", "double") for v in (width, height))
        start, last = first.to("sitofp", "double"), (width * height - 1).to("sitofp", "double")
        unit = 1.0 / wide.lt(high).select(wide, high)
        moving = spread.ne(0.0)
        wide, high, unit, start, last, spread, *latents = (
            self.splat(v, type_) for v in (wide, high, unit, start, last, spread, *latents)
        )
        steps = ", ".join(f"double {fn.f64(float(k)).ref}" for k in range(lanes))
        start = start + Value(fn, f"<{steps}>", type_)

        def some(k: Value) -> None:
            at = start + self.splat(k.to("sitofp", "double"), type_)
            at = at.gt(last).select(last, at)
            # The numerator lies in the middle between whole ones, so rounding reaches no other row.
            row = fn.intrinsic("floor", (at + 0.5) / wide)
            column = at - row * wide
            across = (column * 2.0 + 1.0 - wide) * unit
            down = (row * 2.0 + 1.0 - high) * unit

            def put(value: Value, row: Value) -> None:
                narrow = value if self.element == "double" else value.to("fptrunc", self.vector)
                self.store_vector(narrow, x, row * stride + k)

            def radius(place: Value) -> None:
                put((across * across + down * down).sqrt(), place)

            def given_latents(place: Value) -> None:
                for i, latent in enumerate(latents):
                    put(latent, place + i)

            def spread_latents(place: Value) -> None:
                for i, (latent, step) in enumerate(zip(latents, _SPREAD, strict=True)):
                    by = (at + 1.0) * step
                    put(latent + spread * ((by - fn.intrinsic("floor", by)) * 2.0 - 1.0), place + i)

            place: Value = fn.i64(0)
            inputs_of_one: list[Callable[[Value], None]]
            inputs_of_one = [partial(put, across), partial(put, down), radius]
            for bit, write in enumerate(inputs_of_one):
                given = (inputs & (1 << bit)).ne(0)
                fn.when(given, partial(write, place))
                place = place + given.select(1, 0, "i64")
            latent = (inputs & (1 << INPUTS.index("latent"))).ne(0)
            fn.when(latent & moving, partial(spread_latents, place))
            fn.when(latent & (moving ^ 1), partial(given_latents, place))

        fn.loop(stride, some, step=lanes)
        fn.ret()

    def standardise(self) -> None:
        """A layer's sums over the current batch get deviation ``gain``, and a mean of their own each.

        Where a few sums of the last layer lie far out, it is the others' deviation: they are most of
        the picture.

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
        last = (index + 1).eq(self.long(self.word(network, "layers")))
        share = 1.0 / stride.to("sitofp", "double")

        def unit(j: Value) -> None:
            row = fn.element(z, self.element, j * stride)
            (total,) = fn.loop(stride, lambda n, s: [s + self.get(row, n)], [zero])
            mean = total * share

            def sums(n: Value, squares: Value, roots: Value) -> list[Value]:
                d = self.get(row, n) - mean
                return [squares + d * d, roots + d.abs().sqrt()]

            squares, roots = fn.loop(stride, sums, [zero, zero])
            deviation, root = (squares * share).sqrt(), roots * share
            usual = root * root * _USUAL
            deviation = (last & usual.lt(deviation)).select(usual, deviation)
            # What is within rounding of the same everywhere is the same. Also false where it is no number.
            alive = deviation.gt(mean.abs() * 1e-5 + 1e-30) & deviation.lt(1e30)
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
        for an opaque fourth. A palette has a byte behind its last colour, which is read and not used.
        """
        fn = self.function(
            "paint", ("network", "ptr"), ("out", "ptr"), ("palette", "ptr"), ("channels", "i64"),
            ("count", "i64"),
        )  # fmt: skip
        network, out, palette, channels, count = fn.arguments
        layer = self.layer(network, self.long(self.word(network, "layers")) - 1)
        a, stride = self.layer_array(layer, "a"), self.long(self.word(network, "stride"))
        lanes = self.shape.lanes
        words = f"<{lanes} x i32>"

        def level(index: Value) -> Value:
            value = self.load_vector(a, index) * 255.0 + 0.5
            value = value.gt(0.0).select(value, 0.0)
            value = value.lt(255.0).select(value, 255.0)
            return value.to("fptosi", words)

        def by_palette(n: Value) -> Value:
            entry = ((level(stride + n).lshr(2).shl(8)) + level(n)) * 3
            found = Value(fn, "poison", words)
            for k in range(lanes):
                at = fn.emit(f"extractelement {words} {entry.ref}, i32 {k}", "i32")
                place = fn.element(palette, "i8", at)
                colour = fn.load(place, "i32", align=1)
                text = f"insertelement {words} {found.ref}, i32 {colour.ref}, i32 {k}"
                found = fn.emit(text, words)
            return found

        def direct(n: Value) -> Value:
            red, green, blue = (level(stride * c + n) for c in range(3))
            return red | green.shl(8) | blue.shl(16)

        def painted(colour: Callable[[Value], Value], depth: int) -> None:
            def some(n: Value) -> None:
                place = fn.element(out, "i8", n * depth)
                pixels = colour(n)
                if depth == 4:
                    pixels = pixels | -1 << 24
                inner = pixels.to("bitcast", f"<{4 * lanes} x i8>")
                chosen = [4 * k + c for k in range(lanes) for c in range(depth)]

                def whole() -> None:
                    fn.store(self.shuffle(inner, inner, chosen), place, align=1)

                def rest() -> None:
                    for k, byte in enumerate(chosen):
                        one = fn.emit(f"extractelement {inner.type} {inner.ref}, i32 {byte}", "i8")
                        fn.when((n + k // depth).lt(count), partial(fn.store, one, place, k))

                fn.either((n + lanes).le(count), whole, rest)

            fn.loop(count, some, step=lanes)

        chosen = is_given(palette)
        for depth in (3, 4):
            for colour, given in ((by_palette, chosen), (direct, chosen ^ 1)):
                fn.when(channels.eq(depth) & given, partial(painted, colour, depth))
        fn.ret()

    def picture(self) -> None:
        """Some pixels of a picture, from a number on, as bytes; the network has room for CHUNK samples."""
        through = "forward"
        if self.shape.many:
            rows, vectors = self.shape.many
            shape = replace(self.shape, rows=rows, vectors=vectors)
            layers = Layers(self.module, shape, self.activate)
            through = ".through"
            layers.dense(".dense.many")
            layers.forward(through, ".dense.many")
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
            invoke(fn, through, network, fn.i64(0))
            place = fn.element(out, "i8", start * channels)
            invoke(fn, "paint", network, place, palette, channels, batch)

        fn.loop(count, chunk, step=CHUNK)
        fn.ret()
