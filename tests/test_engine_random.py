"""The engine's random numbers: SplitMix64 bit by bit, and what is drawn from it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice, permutations
from typing import Any

import numpy as np
import pytest

from nonlin import Network
from nonlin.network.compiled import engine

Array = np.ndarray[Any, Any]
MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
SEEDS = (0, 1, 42, 1234567, 2**32, 2**63 - 1, 2**63, MASK)


# -- the reference --------------------------------------------------------------------------------
def splitmix64(state: int) -> Iterator[int]:
    """S. Vigna's splitmix64.c, in Python's whole numbers."""
    while True:
        state = (state + GOLDEN) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def fractions(seed: int) -> Iterator[float]:
    """The middle of one of 2**52 equal parts of (0, 1)."""
    for bits in splitmix64(seed):
        yield (2 * (bits >> 12) + 1) / 2**53


def shuffled(order: list[int], bits: Iterator[int]) -> list[int]:
    """R. Durstenfeld's shuffle, from the end."""
    order = order.copy()
    for i in range(len(order) - 1, 0, -1):
        j = (next(bits) >> 32) * (i + 1) >> 32
        order[i], order[j] = order[j], order[i]
    return order


# -- the engine -----------------------------------------------------------------------------------
class Stream:
    """The engine's generator from a seed."""

    def __init__(self, seed: int, dtype: str = "float64") -> None:
        self.state = np.array([seed & MASK], np.uint64)
        self.dtype, self.engine = dtype, engine(dtype)

    def uniform(self, count: int, scale: float = 1.0) -> Array:
        return self._filled(self.engine.fill_uniform, count, scale)

    def normal(self, count: int, scale: float = 1.0) -> Array:
        return self._filled(self.engine.fill_normal, count, scale)

    def _filled(self, fill: Any, count: int, scale: float) -> Array:
        out = np.full(count + 1, 9.0, self.dtype)
        fill(out.ctypes.data, count, scale, self.state.ctypes.data)
        assert out[count] == 9  # nothing is written behind the end
        return out[:count]

    def shuffle(self, order: Array) -> Array:
        self.engine.shuffle(order.ctypes.data, len(order), self.state.ctypes.data)
        return order

    @property
    def at(self) -> int:
        return int(self.state[0])


def top_bits(values: Array) -> list[int]:
    """The 52 bits from which numbers in (-1, 1) were made."""
    return [int((v + 1) * 2**52 - 1) // 2 for v in values.tolist()]


def chi_square(counts: Array) -> float:
    """How many standard deviations above its mean the statistic of equal chances is.

    By E. B. Wilson and M. M. Hilferty, *The distribution of chi-square* (1931).
    """
    mean, k = counts.sum() / counts.size, counts.size - 1
    statistic = float(((counts - mean) ** 2).sum() / mean)
    return float(((statistic / k) ** (1 / 3) - (1 - 2 / (9 * k))) / math.sqrt(2 / (9 * k)))


def kolmogorov(shares: Array) -> float:
    """The probability of a larger distance than that of these from even ones on (0, 1)."""
    n = len(shares)
    steps = np.arange(n + 1) / n
    ordered = np.sort(shares)
    distance = max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()) * math.sqrt(n)
    terms = ((-1) ** (k - 1) * math.exp(-2 * (k * distance) ** 2) for k in range(1, 101))
    return 2 * math.fsum(terms)


# -- bit by bit -----------------------------------------------------------------------------------
KNOWN = {  # Rosetta Code, Pseudo-random numbers/Splitmix64; and the first five from state 0
    1234567: [6457827717110365317, 3203168211198807973, 9817491932198370423,
              4593380528125082431, 16408922859458223821],
    0: [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC,
        0x1B39896A51A8749B],
}  # fmt: skip


@pytest.mark.parametrize("seed", KNOWN)
def test_published_values(seed: int) -> None:
    assert list(islice(splitmix64(seed), 5)) == KNOWN[seed]
    assert top_bits(Stream(seed).uniform(5)) == [bits >> 12 for bits in KNOWN[seed]]


@pytest.mark.parametrize("seed", SEEDS)
def test_splitmix64(seed: int) -> None:
    stream = Stream(seed)
    wanted = [bits >> 12 for bits in islice(splitmix64(seed), 1000)]
    assert top_bits(stream.uniform(300)) + top_bits(stream.uniform(700)) == wanted
    assert stream.at == (seed + 1000 * GOLDEN) & MASK


@pytest.mark.parametrize("seed", SEEDS)
def test_uniform_numbers(seed: int) -> None:
    wanted = [(2 * u - 1) * 0.7 for u in islice(fractions(seed), 500)]
    np.testing.assert_array_equal(Stream(seed).uniform(500, 0.7), wanted)
    single = Stream(seed, "float32").uniform(500, 0.7)
    np.testing.assert_array_equal(single, np.array(wanted).astype(np.float32))


@pytest.mark.parametrize("seed", SEEDS)
def test_normal_numbers(seed: int) -> None:
    pairs = list(islice(fractions(seed), 1000))
    wanted = [
        2.5 * math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * v)
        for u, v in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    stream = Stream(seed)
    np.testing.assert_allclose(stream.normal(500, 2.5), wanted, rtol=1e-12, atol=1e-15)
    assert stream.at == (seed + 1000 * GOLDEN) & MASK
    single = Stream(seed, "float32").normal(500, 2.5)
    np.testing.assert_allclose(single, wanted, rtol=1e-7)


def seed_of(bits: int, draw: int) -> int:
    """The seed of which a draw (from 1) has these bits: each step of SplitMix64 can be undone."""

    def unshifted(z: int, shift: int) -> int:
        found = z
        for _ in range(64 // shift + 1):
            found = z ^ (found >> shift)
        return found

    z = unshifted(bits, 31)
    z = unshifted(z * pow(0x94D049BB133111EB, -1, 1 << 64) & MASK, 27)
    z = unshifted(z * pow(0xBF58476D1CE4E5B9, -1, 1 << 64) & MASK, 30)
    return (z - draw * GOLDEN) & MASK


def test_the_rarest_draws() -> None:
    """Never -1, 0 or 1, of which logarithms would be infinite; not even once in 2**64."""
    for bits in (0, MASK):
        seed = seed_of(bits, 1)
        assert next(splitmix64(seed)) == bits
        (uniform,) = Stream(seed).uniform(1)
        assert 0 < 1 - abs(uniform) < 1e-15
        (normal,) = Stream(seed).normal(1)
        assert 0 < abs(normal) < math.sqrt(2 * 53 * math.log(2))


@pytest.mark.parametrize("seed", SEEDS)
def test_initial_weights_are_drawn_in_order(seed: int) -> None:
    net = Network([3, 4, 2], init="lecun_uniform", dtype="float64", seed=seed)
    numbers = fractions(seed)
    for w, before in zip(net.weights, (3, 4), strict=True):
        reach = math.sqrt(3 / before)
        wanted = [(2 * u - 1) * reach for u in islice(numbers, w.size)]
        np.testing.assert_allclose(w.ravel(), wanted, rtol=1e-15)
    # The order of the samples goes on from there.
    x = np.arange(1.0, 8.0)
    one = Network([1, 1], init="lecun_uniform", dtype="float64", seed=seed)
    bits = splitmix64(seed)
    next(bits)
    one.weights[0][...] = 0
    losses = one.train(x, x, lr=0, batch_size=1, epochs=3, optimizer="sgd").loss.reshape(3, 7)
    order = list(range(7))
    for epoch in losses:
        order = shuffled(order, bits)
        np.testing.assert_allclose(epoch, x[order] ** 2, rtol=1e-15)


# -- in the large ---------------------------------------------------------------------------------
def test_uniform_numbers_are_spread_evenly() -> None:
    shares = (Stream(5).uniform(1 << 17) + 1) / 2
    assert kolmogorov(shares) > 1e-3
    cells = np.floor(shares * 256).astype(int)
    assert abs(chi_square(np.bincount(cells, minlength=256))) < 4
    # Pairs and threes of neighbours as well.
    some = cells >> 4
    assert abs(chi_square(np.bincount(some[::2] * 16 + some[1::2], minlength=256))) < 4
    few = (cells >> 5)[: 3 * (len(cells) // 3)].reshape(-1, 3)
    assert abs(chi_square(np.bincount(few @ [64, 8, 1], minlength=512))) < 4


def test_bits_are_even() -> None:
    bits = np.array(top_bits(Stream(6).uniform(40_000)), np.int64)
    for place in range(52):
        share = (bits >> place & 1).mean()
        assert abs(share - 0.5) < 5 * 0.5 / math.sqrt(len(bits)), place


def test_seeds_next_to_each_other_have_nothing_in_common() -> None:
    first = np.array([Stream(seed).uniform(2) for seed in range(8192)])
    shares = (first + 1) / 2
    assert kolmogorov(shares[:, 0]) > 1e-3 and kolmogorov(shares[:, 1]) > 1e-3
    cells = np.floor(shares[:, 0] * 16).astype(int)
    assert abs(chi_square(np.bincount(cells[::2] * 16 + cells[1::2], minlength=256))) < 4
    assert abs(np.corrcoef(first[1:, 0], first[:-1, 0])[0, 1]) < 5 / math.sqrt(8192)


def test_normal_numbers_are_normal() -> None:
    values = Stream(7).normal(1 << 17)
    n = len(values)
    shares = np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in values.tolist()])
    assert kolmogorov(shares) > 1e-3
    for power, mean, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((values**power).mean() - mean) < 5 * math.sqrt(variance / n), power
    for far, chance in ((2, 0.0455003), (3, 0.0026998), (4, 6.334e-5)):
        expected = n * chance
        assert abs((abs(values) > far).sum() - expected) < 5 * math.sqrt(expected), far
    assert abs((values[1:] * values[:-1]).mean()) < 5 / math.sqrt(n)


# -- shuffling ------------------------------------------------------------------------------------
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 17, 1000])
@pytest.mark.parametrize("seed", SEEDS)
def test_shuffle(n: int, seed: int) -> None:
    stream, bits = Stream(seed), splitmix64(seed)
    order = list(range(100, 100 + n))
    for _ in range(3):
        got = stream.shuffle(np.array(order, np.int64)).tolist()
        assert sorted(got) == sorted(order)
        order = shuffled(order, bits)
        assert got == order
    assert stream.at == (seed + 3 * max(n - 1, 0) * GOLDEN) & MASK


def test_every_permutation_is_as_likely() -> None:
    places = {p: i for i, p in enumerate(permutations(range(4)))}
    stream, counts = Stream(8), np.zeros(24, int)
    for _ in range(24_000):
        counts[places[tuple(stream.shuffle(np.arange(4)).tolist())]] += 1
    assert abs(chi_square(counts)) < 4


def test_every_place_is_as_likely() -> None:
    stream, counts = Stream(9), np.zeros((10, 10), int)
    for _ in range(10_000):
        counts[np.arange(10), stream.shuffle(np.arange(10))] += 1
    assert abs(counts - 1000).max() < 5 * math.sqrt(900)
