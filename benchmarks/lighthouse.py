"""Lighthouse's scores of the pages, as a phone: four times slower, on a slow mobile network.

Lighthouse is no requirement of nonlin. It is looked for on the PATH and at NONLIN_LIGHTHOUSE;
``npm install -g lighthouse`` brings it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import heading, line
from benchmarks.served import chromium, served

RUNS = 3
PAGES = {"the lesson": "", "the Explorer": "explorer.html", "one figure": "demo-explorer.html"}
TIMES = {
    "first-contentful-paint": "first paint",
    "largest-contentful-paint": "largest paint",
    "total-blocking-time": "blocked in all",
    "cumulative-layout-shift": "layout shift",
}


def _run(tool: str, address: str, home: str) -> dict[str, Any]:
    report = Path(home) / "report.json"
    flags = "--headless=new --no-sandbox"
    command = [tool, address, "--quiet", "--output=json", f"--output-path={report}"]
    done = subprocess.run(
        [*command, f"--chrome-flags={flags}"],
        env={**os.environ, "HOME": home, "CHROME_PATH": chromium() or ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(f"Lighthouse failed: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return found


def _missing_points(report: dict[str, Any]) -> list[str]:
    """What takes points away, the heaviest first."""
    audits = [
        (ref["weight"] * (1 - report["audits"][ref["id"]]["score"]), ref["id"])
        for category in report["categories"].values()
        for ref in category["auditRefs"]
        if ref["weight"] and report["audits"][ref["id"]].get("score") is not None
    ]
    return [name for lost, name in sorted(audits, reverse=True) if lost > 0.5]


def main() -> None:
    tool = os.environ.get("NONLIN_LIGHTHOUSE") or shutil.which("lighthouse")
    heading("Lighthouse")
    if tool is None:
        print("not found: npm install -g lighthouse, or set NONLIN_LIGHTHOUSE to its path")
        return
    with served() as address, tempfile.TemporaryDirectory() as home:
        for name, path in PAGES.items():
            reports = [_run(tool, address + path, home) for _ in range(RUNS)]
            print(f"\n{name}, Lighthouse {reports[0]['lighthouseVersion']}")
            for key, category in reports[0]["categories"].items():
                scores = [100 * r["categories"][key]["score"] for r in reports]
                line(f"  {category['title'].lower()}", f"{np.median(scores):.0f}", "at least 95")
            for key, title in TIMES.items():
                values = [r["audits"][key]["numericValue"] for r in reports]
                unit = "" if key == "cumulative-layout-shift" else " ms"
                line(f"  {title}", f"{np.median(values):.{0 if unit else 4}f}{unit}")
            if lost := _missing_points(reports[-1]):
                print(f"  points lost: {', '.join(lost)}")
