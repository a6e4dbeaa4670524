"""Pictures: the same from the same settings at any size, never dull, whole in their files."""

from __future__ import annotations

import base64
import contextlib
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import nonlin
from nonlin.art import PALETTES, ArtError, Artwork, sheet, studio
from nonlin.art.balance import balance, detail
from nonlin.art.files import KEY
from nonlin.art.palettes import palette

JUMPS = {"step", "sign", "threshold", "hardshrink"}
"""They are meant to."""


# -- the same picture -------------------------------------------------------------------------------
@pytest.mark.parametrize("activation", ["tanh", "step", "relu", "gelu", "sin", "z*tanh(2*z)"])
def test_settings_are_the_picture(activation: str) -> None:
    first, second = (Artwork(seed=11, activation=activation) for _ in range(2))
    np.testing.assert_array_equal(first.render(80, 60), second.render(80, 60))
    assert (first.render(80, 60) != first.varied(seed=12).render(80, 60)).mean() > 0.3


def test_threads_and_bands_make_no_difference() -> None:
    art = Artwork(activation="mish")
    many = art.render(700, 500)
    nonlin.set_num_threads(1)
    try:
        np.testing.assert_array_equal(Artwork(activation="mish").render(700, 500), many)
    finally:
        nonlin.set_num_threads(2)
    rows = np.concatenate([band for _, band in art.bands(700, 500)])
    np.testing.assert_array_equal(rows, many)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_larger_picture_is_the_same_picture(activation: str) -> None:
    art = Artwork(activation=activation)
    small, large = (art.render(n, n).astype(float) for n in (50, 250))
    # The middle of each block of five is the same point of the plane.
    np.testing.assert_allclose(large[2::5, 2::5], small, atol=1)


def test_pixels_against_numpy() -> None:
    """The picture is what a network of NumPy's paints with the same weights."""
    art = Artwork(
        seed=5,
        activation=("tanh", "relu", "sin"),
        depth=3,
        width=9,
        palette="rgb",
        latent=(0.3, -0.8),
    )
    height, width = 37, 61
    down, across = np.mgrid[:height, :width]
    unit = min(height, width)
    x, y = (2 * across + 1 - width) / unit, (2 * down + 1 - height) / unit
    latents = (np.full(x.shape, v) for v in art.latent)
    values = np.stack([x, y, np.hypot(x, y), *latents], axis=-1)
    net = art._painters._first._network
    functions = (np.tanh, lambda z: np.maximum(z, 0), np.sin, lambda z: 1 / (1 + np.exp(-z)))
    for w, b, f in zip(net.weights, net.biases, functions, strict=True):
        values = f(values @ w.T.astype(float) + b)
    np.testing.assert_allclose(art.render(width, height), values * 255, atol=0.51)


def test_antialiasing_averages() -> None:
    art = Artwork(activation="step", seed=3)
    fine = art.render(120, 90).reshape(30, 3, 40, 3, 3)
    want = np.floor(fine.mean(axis=(1, 3)) + 0.5)
    np.testing.assert_allclose(art.render(40, 30, antialias=3), want, atol=1)


def test_moving_in_the_latent_plane_keeps_the_weights() -> None:
    art = Artwork(activation="tanh")
    moved = art.at((0.4, 0.1))
    np.testing.assert_array_equal(
        moved.render(40, 40), Artwork(activation="tanh", latent=(0.4, 0.1)).render(40, 40)
    )
    assert (moved.render(40, 40) != art.render(40, 40)).any()


def test_twenty_seeds_by_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser test has it that the page paints the same ones."""
    from nonlin.cli import main

    monkeypatch.chdir(tmp_path)
    for seed in range(100, 120):
        words = ["nonlin", "art", "tanh", "--seed", str(seed), "--size", "40", "-o", "a.png"]
        monkeypatch.setattr(sys, "argv", words)
        with contextlib.suppress(SystemExit):
            main()
        with Image.open("a.png") as image:
            wanted = Artwork(seed=seed).render(40, 40, antialias=2)
            np.testing.assert_array_equal(np.asarray(image), wanted)


# -- never dull -------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", list(nonlin.catalogue))
def test_no_picture_is_dull(name: str) -> None:
    for seed in range(4):
        picture = Artwork(seed=seed, activation=name, palette="rgb").render(128, 128) / 255
        assert 0.12 <= picture.std(axis=(0, 1)).mean() <= 0.35
        assert ((picture < 0.002) | (picture > 0.998)).mean() <= 0.05
        jumping = (np.abs(np.diff(picture, axis=0)).max(axis=-1) > 0.1).mean()
        assert jumping <= (0.6 if name in JUMPS else 0.25)
        coloured = Artwork(seed=seed, activation=name).render(96, 96) / 255
        assert 0.1 <= coloured.std(axis=(0, 1)).mean() <= 0.35


@pytest.mark.parametrize("formula", ["z**4", "z**5", "z**9", "exp(z*z)", "cosh(z)", "exp(exp(z))"])
def test_what_runs_off_fast_is_not_flat_either(formula: str) -> None:
    for seed in range(1, 5):
        picture = Artwork(seed=seed, activation=formula, palette="rgb").render(96, 96) / 255
        assert 0.12 <= picture.std(axis=(0, 1)).mean() <= 0.35
        assert ((picture < 0.002) | (picture > 0.998)).mean() <= 0.08


@pytest.mark.parametrize("name", PALETTES)
def test_palettes_run_from_dark_to_light_or_are_two_sided(name: str) -> None:
    from nonlin.art.palettes import palette

    colours = palette(name)
    assert colours.shape == (64, 256, 3) and colours.dtype == np.uint8
    lightness = colours[32] @ [0.2126, 0.7152, 0.0722]
    assert np.ptp(lightness) > 120
    if name != "signal":
        assert (np.diff(lightness) > -3).all()
    assert (np.diff(colours[:, 128] @ [0.2126, 0.7152, 0.0722]) >= -1).all()


# -- files ------------------------------------------------------------------------------------------
SETTINGS: list[dict[str, Any]] = [
    {},
    {"seed": -3, "activation": "step", "palette": "rgb", "inputs": ("x", "y")},
    {"activation": ("tanh", "z*sigmoid(3*z)"), "depth": 2, "latent": (0.5, -2.0)},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_settings_come_back_from_the_file(tmp_path: Path, settings: dict[str, Any]) -> None:
    art = Artwork(**settings)
    art.save(tmp_path / "a.png", 50, 40, antialias=1)
    assert Artwork.open(tmp_path / "a.png") == art
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(np.asarray(image), art.render(50, 40))
        assert json.loads(image.text[KEY]) == json.loads(json.dumps(art.settings()))


def test_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    code = f"""
import resource
from nonlin.art import Artwork
art = Artwork(activation="relu", depth=1, width=2)
art.save({str(tmp_path / "a.png")!r}, 64, 64)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
art.save({str(tmp_path / "b.png")!r}, 6000, 6000, antialias=1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 60_000  # kB; the picture alone is 108 MB
    with Image.open(tmp_path / "b.png") as image:
        assert image.size == (6000, 6000)


def _png(*chunks: tuple[bytes, bytes]) -> bytes:
    out = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks:
        out += (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )
    return out


def _text(settings: str) -> bytes:
    return _png((b"tEXt", KEY.encode() + b"\0" + settings.encode()))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is no PNG file"),
        (b"GIF89a....", "is no PNG file"),
        (_png((b"IHDR", b"\0" * 13)), "holds no settings"),
        (_png((b"IHDR", b"\0" * 13))[:-6], "holds no settings"),
        (_text("{"), "make no sense"),
        (_text("[1]"), "they are no table"),
        (_text('{"size": 3}'), "there is no setting 'size'"),
        (_text('{"activation": "__import__(\'os\')"}'), "make no sense"),
        (_text('{"activation": 3}'), "activation is a name"),
        (_text('{"depth": 99999999}'), "depth is a whole number"),
        (_text('{"width": 1e9}'), "width is a whole number"),
        (_text('{"latent": [1e400, 0]}'), "latent is two numbers"),
        (_text('{"seed": "' + "9" * 5000 + '"}'), "seed is a whole number"),
        (_text('{"inputs": ["x", "z"]}'), "inputs are some of"),
        (_text('{"palette": ["a"]}'), "there is no palette"),
        (_text("{}")[:-2] + b"xx", "damaged"),
        (_text("[" * 9000), "make no sense"),
    ],
    ids=range(17),
)  # fmt: skip
def test_hostile_files_are_explained(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ArtError, match=told):
        Artwork.open(tmp_path / "a.png")


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp"])
def test_loops(tmp_path: Path, name: str) -> None:
    art = Artwork(activation="tanh", depth=2)
    art.animate(tmp_path / name, seconds=0.5, fps=8, width=40)
    with Image.open(tmp_path / name) as image:
        assert image.n_frames == 4
        assert image.size == (40, 40)
    if name == "a.png":
        assert Artwork.open(tmp_path / name) == art


# -- what cannot be had --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"activation": "frelu"}, "there is no activation 'frelu'"),
        ({"activation": "tanh(z"}, "a bracket is never closed"),
        ({"activation": ("tanh", "relu")}, "there are 4 layers and 2 activations"),
        ({"activation": 3}, "activation is a name, a formula"),
        ({"depth": 0}, "depth is a whole number from 1 to 12, not 0"),
        ({"width": True}, "width is a whole number"),
        ({"seed": 0.5}, "seed is a whole number"),
        ({"palette": "none"}, "there is no palette 'none': use rgb or one of ink"),
        ({"inputs": ()}, "inputs are some of x, y, r, latent"),
        ({"latent": (1, 2, 3)}, "latent is two numbers"),
        ({"latent": (float("nan"), 0)}, "latent is two numbers"),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_settings_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises((ArtError, nonlin.NonlinError), match=told):
        Artwork(**settings)


@pytest.mark.parametrize(
    ("size", "told"),
    [((0, 5), "width is a whole number"), ((5, 2.5), "height"), ((40_000, 40_000), "more than a picture may have")],
)  # fmt: skip
def test_impossible_sizes_write_nothing(tmp_path: Path, size: Any, told: str) -> None:
    with pytest.raises(ArtError, match=told):
        Artwork().render(*size)
    with pytest.raises(ArtError, match=told):
        Artwork().save(tmp_path / "a.png", *size)
    with pytest.raises(ArtError, match=r"written as \.png"):
        Artwork().save(tmp_path / "a.jpg")
    assert not list(tmp_path.iterdir())


def test_a_broken_write_leaves_nothing(tmp_path: Path) -> None:
    def stop(share: float) -> None:
        raise KeyboardInterrupt

    (tmp_path / "a.png").write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt):
        Artwork().save(tmp_path / "a.png", 64, progress=stop)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"before"


def test_what_pages_are_told_is_what_python_paints_with() -> None:
    told = json.loads(json.dumps(studio.describe()))
    assert set(told["drive"]) == set(nonlin.catalogue)
    assert told["drive"]["gelu"] == [*balance(nonlin.gelu), detail(nonlin.gelu)]
    packed = zlib.decompress(base64.b64decode(told["tables"]))
    steps = np.frombuffer(packed, np.uint8).reshape(len(PALETTES), 64, 256, 3)
    tables = np.cumsum(steps, axis=2, dtype=np.uint8)
    for name, table in zip(told["palettes"], tables, strict=True):
        np.testing.assert_array_equal(table, palette(name))


def test_sheet() -> None:
    pictures = [Artwork(seed=s, activation="step") for s in range(3)]
    out = sheet(pictures, 2, size=20, gap=4)
    assert out.shape == (52, 52, 3)
    np.testing.assert_array_equal(out[4:24, 28:48], pictures[1].render(20, 20, antialias=2))


# -- the command -----------------------------------------------------------------------------------
def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nonlin", "art", *words], capture_output=True, text=True, cwd=folder
    )


def test_the_command(tmp_path: Path) -> None:
    done = run("step", "--seed", "3", "--size", "60x40", "-o", "cuts.png", folder=tmp_path)
    assert done.returncode == 0 and done.stderr == "cuts.png written\n"
    assert Artwork.open(tmp_path / "cuts.png") == Artwork(seed=3, activation="step")
    done = run("--from", "cuts.png", "--settings", folder=tmp_path)
    assert json.loads(done.stdout)["activation"] == "step"
    (tmp_path / "art.png").write_bytes(b"a picture")
    done = run("relu", "--sheet", "2x2", folder=tmp_path)
    assert (tmp_path / "art.png").read_bytes() == b"a picture"
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.size == (344, 344)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("frelu",), "there is no activation 'frelu'"),
        (("tanh", "--size", "big"), "a size is written as 1024 or 1920x1080"),
        (("tanh", "--latent", "1"), "latent is two numbers"),
        (("tanh", "--sheet", "99x99"), "at most 400 pictures"),
        (("tanh", "-o", "no/where.png"), "No such file or directory"),
        (("tanh", "--animate", "1", "-o", "a.avi"), "animations are written as"),
        (("--from", "missing.png"), "No such file or directory"),
    ],
    ids=str,
)
def test_the_command_refuses(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    done = run(*words, "--depth", "2", folder=tmp_path)
    assert done.returncode == 2 and told in done.stderr, done.stderr
    assert not list(tmp_path.iterdir())
