"""A real server, and a page of it in Chromium, for the benchmarks that measure there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["chromium", "served", "served_page"]


def chromium() -> str | None:
    """The path of a Chromium, if there is one; Playwright may have its own besides."""
    return os.environ.get("NONLIN_CHROMIUM") or shutil.which("chromium")


@contextmanager
def served() -> Iterator[str]:
    """The address of a server that runs meanwhile."""
    command = [sys.executable, "-m", "nonlin", "--no-browser", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found, "the server did not start"
        yield found[0]
    finally:
        server.terminate()


@contextmanager
def served_page() -> Iterator[tuple[Any, str]]:
    """An empty page, and the address of the server that runs meanwhile."""
    from playwright.sync_api import sync_playwright

    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1280, "height": 900}), address
        browser.close()
