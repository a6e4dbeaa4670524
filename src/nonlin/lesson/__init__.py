"""The lesson as a website: Markdown with demos in it, rendered to pages, and everything they load.

>>> sorted(name for name in site(server=False) if name.endswith(".html"))
['explorer.html', 'index.html']
"""

from __future__ import annotations

from nonlin.lesson.markdown import LessonError, render
from nonlin.lesson.site import POLICY, export, site

__all__ = ["POLICY", "LessonError", "export", "render", "site"]
