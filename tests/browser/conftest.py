"""A browser and a real server for the tests in this folder.

Chromium is looked for in NONLIN_CHROMIUM, where Playwright keeps its own, and on the PATH; then it is
installed, once. Without one the tests are skipped, and say so; where CI is set they fail instead.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from figure_page import listen

ROOT = Path(__file__).resolve().parent.parent.parent
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks every test of this folder, so that ``-m "not browser"`` leaves them out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


def _missing(why: str) -> Any:
    message = f"NO BROWSER TESTS: {why}. Set NONLIN_CHROMIUM to the path of a Chromium."
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def _launch(playwright: Any, path: str | None) -> Any:
    return playwright.chromium.launch(
        executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
    )


def _candidates(own: str) -> Iterator[str]:
    named = os.environ.get("NONLIN_CHROMIUM")
    if named:
        yield named
        return
    yield own
    yield from filter(None, map(shutil.which, _NAMES))


def _install() -> None:
    """Tries to get a Chromium: Playwright's, or, on a machine that is ours, the system's."""
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        commands += [["apt-get", "install", "-y", "chromium"]]
    for command in commands:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            if subprocess.run(command, capture_output=True, timeout=600).returncode == 0:
                return


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Chromium."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        _missing("Playwright is not installed")
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        failures = []
        for attempt in range(2):
            for path in _candidates(own):
                if not Path(path).exists():
                    continue
                try:
                    found = _launch(playwright, path)
                except Error as error:
                    failures.append(f"{path}: {str(error).splitlines()[0]}")
                    continue
                yield found
                found.close()
                return
            if attempt == 0 and not os.environ.get("NONLIN_CHROMIUM"):
                _install()
        _missing("no Chromium was found" + "".join(f"; {f}" for f in failures))


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A real server, in a process of its own, on a free port."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "nonlin", "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.search(r"http://\S+", line)
        assert match, f"the server did not start: {line!r}"
        yield match[0]
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def explorer_url(server_url: str) -> str:
    """The Explorer on that server."""
    return f"{server_url}explorer.html"


@pytest.fixture(scope="session")
def lesson_url(server_url: str) -> str:
    """The lesson on that server."""
    return server_url


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh page, which remembers nothing of the others."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def silent(page: Any) -> Iterator[None]:
    """An error or a warning in the console fails the test."""
    said = listen(page)
    yield
    assert said == []
