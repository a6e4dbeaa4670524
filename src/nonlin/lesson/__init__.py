"""The lesson as a website: Markdown with demos in it, rendered to pages, and everything they load.

>>> pages = [name for name in site(server=False) if name.endswith(".html")]
>>> "index.html" in pages, "explorer.html" in pages, "demo-explorer.html" in pages
(True, True, True)
"""

from __future__ import annotations

from nonlin.lesson.export import ExportError, export
from nonlin.lesson.markdown import LessonError, render
from nonlin.lesson.settings import DemoError, demos
from nonlin.lesson.site import POLICY, site

__all__ = [
    "POLICY",
    "DemoError",
    "ExportError",
    "LessonError",
    "demos",
    "export",
    "render",
    "site",
]
