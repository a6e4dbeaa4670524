"""A page of a real server in Chromium, for the benchmarks that measure there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["served_page"]


@contextmanager
def served_page() -> Iterator[tuple[Any, str]]:
    """An empty page, and the address of the server that runs meanwhile."""
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "-m", "nonlin", "--no-browser", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found, "the server did not start"
        with sync_playwright() as playwright:
            path = os.environ.get("NONLIN_CHROMIUM") or shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            yield browser.new_page(viewport={"width": 1280, "height": 900}), found[0]
            browser.close()
    finally:
        server.terminate()
