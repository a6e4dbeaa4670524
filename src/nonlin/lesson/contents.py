"""The sections of a lesson as a list of links, read off the headings of its page."""

from __future__ import annotations

import re

from nonlin.lesson.edition import Edition

__all__ = ["FEWEST", "contents", "with_contents"]

FEWEST = 3
"""A lesson with fewer sections needs no list of them."""
_HEADING = re.compile(r'<h([23]) id="([^"]+)">(.*?)</h\1>', re.DOTALL)


def contents(html: str) -> str:
    """A nested list of the sections of a page; nothing where there are only a few.

    >>> page = '<h2 id="a">A</h2>\\n<h3 id="b"><em>B</em></h3>\\n<h2 id="c">C</h2>'
    >>> contents(page)
    '<ol><li><a href="#a">A</a><ol><li><a href="#b"><em>B</em></a></li></ol></li><li><a href="#c">C</a></li></ol>'
    >>> contents('<h2 id="a">A</h2>')
    ''
    """
    found = [(int(level), name, text) for level, name, text in _HEADING.findall(html)]
    if len(found) < FEWEST:
        return ""
    out, inner, first = "", False, True
    for level, name, text in found:
        plain = re.sub(r"</?a\b[^>]*>", "", text)
        link = f'<li><a href="#{name}">{plain}</a>'
        if level == 3 and not first:
            out += f"</li>{link}" if inner else f"<ol>{link}"
            inner = True
        else:
            out += ("</li></ol>" if inner else "") + ("" if first else "</li>") + link
            inner = False
        first = False
    return f"<ol>{out}{'</li></ol>' if inner else ''}</li></ol>"


def with_contents(html: str, *, edition: Edition) -> str:
    """A lesson's page with the list below its first heading, or above everything where there is none."""
    made = contents(html)
    if not made:
        return html
    label = f'aria-label="{edition.text("contents")}"{edition.mark("contents")}'
    head = f"<summary{edition.mark('contents')}>{edition.text('contents')}</summary>"
    block = f'<nav class="contents" {label}><details>{head}{made}</details></nav>\n'
    title = re.search(r"</h1>\n?", html)
    at = title.end() if title else 0
    return html[:at] + block + html[at:]
