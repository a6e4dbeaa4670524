"""Compiled code on disk: whatever is found there, results are right, and nobody has to tidy up.

Nothing here knows what the files hold or what they are called: each test runs a script that computes
and checks a function of its own, does something to the files that it left, and runs it again.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

COMPUTE = """
import numpy as np, nonlin
f = nonlin.define("max(z, 0) * 3 + where(z < -2, 1, 0.25)")
x = np.array([-np.inf, -3, -1, 0.5, 2, 40, np.inf, np.nan] * 40)
value = np.where(np.isnan(x), x, np.maximum(x, 0) * 3 + np.where(x < -2, 1, 0.25))
for kind in (np.float32, np.float64):
    np.testing.assert_array_equal(f(x.astype(kind)), value.astype(kind))
print("right")
"""
# Root may read and write everything, which the tests of permissions must not.
AS_ANYBODY = """
import ctypes, os
if os.geteuid() == 0:
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    sets[0] &= ~0b1111  # chown, dac_override, dac_read_search, fowner
    assert libc.capset(header, sets) == 0
"""
needs_permissions = pytest.mark.skipif(
    sys.platform == "win32" or (sys.platform != "linux" and os.geteuid() == 0),
    reason="permissions bind nobody here",
)


def begin(folder: Path, code: str = COMPUTE, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "NONLIN_CACHE_DIR": str(folder), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, f"exit status {process.returncode}\n{err[-3000:]}"
    assert out.strip() == "right"
    assert err == ""


def run(folder: Path, code: str = COMPUTE, **environment: str) -> None:
    end(begin(folder, code, **environment))


def files(folder: Path) -> dict[str, bytes]:
    paths = [p for p in folder.rglob("*") if not p.is_dir()]
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run leaves in an empty folder."""
    folder = tmp_path_factory.mktemp("made")
    run(folder)
    found = files(folder)
    assert found and all(found.values())
    return found


@pytest.fixture
def folder(made: dict[str, bytes], tmp_path: Path) -> Iterator[Path]:
    """A folder as a run left it."""
    cache = tmp_path / "cache"
    fill(cache, made)
    yield cache
    for path in [tmp_path, *tmp_path.rglob("*")]:  # so that it can be removed
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)


def fill(folder: Path, contents: dict[str, bytes]) -> None:
    for name, data in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def test_a_run_finds_what_another_left(folder: Path, made: dict[str, bytes]) -> None:
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    run(folder)
    assert files(folder) == made
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


def test_folders_are_made(tmp_path: Path, made: dict[str, bytes]) -> None:
    run(tmp_path / "not" / "there yet")
    assert files(tmp_path / "not" / "there yet").keys() == made.keys()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep caches elsewhere")
def test_without_a_folder_of_your_choice_it_is_the_users(
    tmp_path: Path, made: dict[str, bytes]
) -> None:
    run(tmp_path, COMPUTE, NONLIN_CACHE_DIR="", XDG_CACHE_HOME=str(tmp_path))
    assert {Path(n).name for n in files(tmp_path)} == {Path(n).name for n in made}


# -- damage ---------------------------------------------------------------------------------------
def flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 0x10
    return bytes(changed)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda d: b"",
    "half": lambda d: d[: len(d) // 2],
    "last byte lost": lambda d: d[:-1],
    "a byte more": lambda d: d + b"\0",
    "first flipped": lambda d: flipped(d, 0),
    "middle flipped": lambda d: flipped(d, len(d) // 2),
    "last flipped": lambda d: flipped(d, -1),
    "zeros at the end": lambda d: d[: len(d) * 3 // 4] + bytes(len(d) - len(d) * 3 // 4),
    "noise": lambda d: bytes((i * i * 31 + 7 * i) % 251 for i in range(len(d))),
    "another program's": lambda d: b"\x7fELF\x02\x01\x01" + bytes(4000),
}


@pytest.mark.parametrize("turn", range(0, len(DAMAGE), 3))
def test_damaged_files_are_made_anew(turn: int, folder: Path, made: dict[str, bytes]) -> None:
    """Each file in another way; the next turn passes the ways on."""
    ways = [*DAMAGE.values(), *DAMAGE.values()][turn:]
    damaged = {n: ways[i % len(DAMAGE)](data) for i, (n, data) in enumerate(made.items())}
    old = folder.parent / "old"
    for name, data in damaged.items():
        assert data != made[name]
        (folder / name).write_bytes(data)
        # A second name for the same file: it shows whether that is written to or replaced.
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(folder / name, old / name)
    run(folder)
    assert files(folder) == made
    assert files(old) == damaged, "a file was changed in place"


def test_one_damaged_file_among_good_ones(folder: Path, made: dict[str, bytes]) -> None:
    name = max(made, key=lambda n: len(made[n]))
    (folder / name).write_bytes(flipped(made[name], len(made[name]) * 2 // 3))
    run(folder)
    assert files(folder) == made


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")
def test_links_to_nowhere_and_folders_in_the_place_of_files(
    folder: Path, made: dict[str, bytes]
) -> None:
    for i, name in enumerate(made):
        (folder / name).unlink()
        if i % 3 == 0:
            (folder / name).mkdir()
        elif i % 3 == 1:
            (folder / name).symlink_to(folder / "nowhere")
        else:
            (folder / name).symlink_to(folder / name)
    run(folder)
    leftover = {p.name for p in folder.rglob("*")} - {Path(n).name for n in made}
    assert not leftover


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
def test_pipes_and_devices_and_huge_files_in_the_place_of_files(
    folder: Path, made: dict[str, bytes]
) -> None:
    """Nobody writes to the pipe, and nobody has the memory for what a device or a huge file holds."""
    for i, name in enumerate(made):
        (folder / name).unlink()
        if i % 3 == 0:
            os.mkfifo(folder / name)
        elif i % 3 == 1:
            (folder / name).symlink_to("/dev/zero")
        else:
            with (folder / name).open("wb") as file:
                file.truncate(1 << 40)  # of holes
    run(folder)
    assert files(folder) == made


def test_good_files_under_wrong_names(folder: Path, made: dict[str, bytes]) -> None:
    """Code of something else would run without complaint, and be wrong."""
    names = list(made)
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        (folder / name).write_bytes(made[other])
    run(folder)
    assert files(folder) == made


def test_strangers_files_are_left_alone(folder: Path, made: dict[str, bytes]) -> None:
    strange = {"README": b"mine", "deep/down.o": b"\0", "zzz": bytes(100)}
    fill(folder, strange)
    run(folder)
    assert files(folder) == {**made, **strange}


def test_a_relative_folder_stays_where_it_was(tmp_path: Path) -> None:
    """Whoever changes the working directory meanwhile finds no second one there."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    move = f"""
import os
os.chdir({str(tmp_path)!r})
import nonlin
nonlin.define("z * tanh(1.77 * z)")(1.0)
os.chdir({str(elsewhere)!r})
nonlin.define("z * tanh(1.78 * z)")(1.0)
print("right")
"""
    end(begin(Path("kept"), move))
    assert (tmp_path / "kept").is_dir() and not list(elsewhere.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="homes are found otherwise there")
def test_a_user_without_a_home(tmp_path: Path) -> None:
    """As in a container that runs under a number that no user has."""
    homeless = """
import os, pwd
def nobody(uid):
    raise KeyError(uid)
pwd.getpwuid = nobody
for name in ("HOME", "XDG_CACHE_HOME"):
    os.environ.pop(name, None)
"""
    run(tmp_path, homeless + COMPUTE, NONLIN_CACHE_DIR="")


# -- permissions and full disks -------------------------------------------------------------------
@needs_permissions
def test_unreadable_files_are_made_anew(folder: Path, made: dict[str, bytes]) -> None:
    for name in made:
        (folder / name).chmod(0)
    run(folder, AS_ANYBODY + COMPUTE)
    for path in folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o400, "the unreadable file is still there"
    assert files(folder) == made


@needs_permissions
@pytest.mark.parametrize("mode", [0o500, 0o000], ids=["read-only", "closed"])
def test_a_folder_without_permission(mode: int, folder: Path, made: dict[str, bytes]) -> None:
    for name in made:
        (folder / name).write_bytes(b"damaged")
    folder.chmod(mode)
    run(folder, AS_ANYBODY + COMPUTE)
    folder.chmod(0o700)
    assert set(files(folder).values()) == {b"damaged"}
    assert files(folder).keys() == made.keys()


@needs_permissions
def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    run(tmp_path / "cache", AS_ANYBODY + COMPUTE)
    tmp_path.chmod(0o700)
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("I was here first")
    run(tmp_path / "cache")
    run(tmp_path / "cache" / "below")
    assert (tmp_path / "cache").read_text() == "I was here first"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits on files there")
def test_a_full_disk_leaves_no_part_of_a_file(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
    run(tmp_path, limit + COMPUTE)
    assert files(tmp_path) == {}


# -- several at once, and several functions -------------------------------------------------------
def test_processes_at_once(tmp_path: Path, made: dict[str, bytes]) -> None:
    """From an empty folder; whatever can be seen under a final name meanwhile is whole."""
    processes = [begin(tmp_path) for _ in range(2)]
    while any(p.poll() is None for p in processes):
        for name, data in made.items():
            with suppress(FileNotFoundError):
                assert (tmp_path / name).read_bytes() == data
        time.sleep(0.0005)
    for p in processes:
        end(p)
    assert files(tmp_path) == made


def test_many_processes_at_once(tmp_path: Path, made: dict[str, bytes]) -> None:
    """Half of them compute something else beside; some are killed on the way."""
    other = COMPUTE.replace("* 3", "* 5").replace("print", "pass; print")
    processes = [begin(tmp_path, (COMPUTE, other)[i % 2]) for i in range(8)]
    killed = [begin(tmp_path) for _ in range(2)]
    for i, p in enumerate(killed):
        time.sleep(0.2 + 0.1 * i)
        p.kill()
        p.communicate()
    for p in processes:
        end(p)
    kept = {n: d for n, d in files(tmp_path).items() if not n.startswith(".partial-")}
    assert {n: kept[n] for n in made} == made
    run(tmp_path)
    run(tmp_path, other)
    assert {n: d for n, d in files(tmp_path).items() if not n.startswith(".partial-")} == kept


def test_functions_are_told_apart(tmp_path: Path) -> None:
    """One name, one folder: formulas, formats, derivatives and defaults differ."""
    script = """
import numpy as np, nonlin
for formula, kind, default in (
    ("2 * z + a", np.float32, 1.0), ("3 * z + a", np.float32, 1.0), ("2 * z - a", np.float32, 1.0),
    ("2 * z + a", np.float64, 1.0), ("2 * z + a", np.float32, 4.0), ("2 * a + z", np.float32, 1.0),
):
    f = nonlin.define(formula, name="same", a=default)
    x = np.array([-2, 0, 3, np.inf], kind)
    assert f(x).tolist() == eval(formula, dict(z=x, a=default)).tolist()
    assert f(x, a=8.0).tolist() == eval(formula, dict(z=x, a=8.0)).tolist()
    assert f.derivative(x[:3]).tolist() == [eval(formula, dict(z=1.0, a=0.0))] * 3
print("right")
"""
    run(tmp_path, script)
    before = files(tmp_path)
    run(tmp_path, script)
    assert files(tmp_path) == before
