"""What nonlin costs, measured: ``python -m benchmarks [startup] [formulas] [pages] …``.

Everything is timed in one run beside what it is compared with, in turns, and shown as the median with
the range of the middle half. Run it on a machine that has nothing else to do.
"""

from __future__ import annotations

import importlib
import sys

SECTIONS = (
    "startup", "formulas", "pages", "lighthouse", "networks", "rows", "browser", "playground", "pictures",
    "looks", "studio", "drags", "calls",
)  # fmt: skip


def main() -> None:
    wanted = sys.argv[1:] or list(SECTIONS)
    for name in wanted:
        if name not in SECTIONS:
            sys.exit(f"there is no section {name!r}: choose from {', '.join(SECTIONS)}")
    for name in wanted:
        importlib.import_module(f"benchmarks.{name}").main()


main()
