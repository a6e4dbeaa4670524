"""HTML pages around rendered Markdown: the head that loads the bundle, and the header.

What a page loads is read from the bundle's own manifest. There is no inline script and no inline
style, so that the content security policy can forbid both: the texts inside are data.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from nonlin.lesson.edition import Edition

__all__ = ["DATA_SCRIPT", "PAGE_SCRIPT", "START_SCRIPT", "Bundle", "data_script", "page"]

NAVIGATION = (
    ("index.html", "lesson"),
    ("explorer.html", "explorer"),
    ("art.html", "art"),
)  # with the keys of their names
CATALOGUE = ("catalogue.json", "catalogue.wasm")  # what every demo asks for first
START_SCRIPT = "assets/start.js"
PAGE_SCRIPT = "assets/page.js"
DATA_SCRIPT = "data/file.js"
_SCRIPT = "src/page.ts"
_DEMO = "src/demos/{}/index.ts"
_ENGINE = "src/lib/engine.ts"
_OF_LESSONS = {"exercise", "progress"}  # they have directives of their own
_TEXTS = "src/messages/{}.json#{}"
_PARTS = {"explorer": "start", "art": "art"}
"""The part of the texts that a demo's own are in; those of all others are in one."""


@dataclass(frozen=True)
class Bundle:
    """The built front end, as Vite's manifest tells it."""

    manifest: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, text: str) -> Bundle:
        """A bundle from the text of its ``manifest.json``."""
        return cls(json.loads(text))

    @property
    def script(self) -> str:
        """The module that starts a page."""
        return str(self.manifest[_SCRIPT]["file"])

    @property
    def engine(self) -> str:
        """The module with the network engine's wrapper, which a page of one's own can import."""
        return str(self.manifest[_ENGINE]["file"])

    @property
    def demos(self) -> tuple[str, ...]:
        """Names of the demos in it."""
        start, end = _DEMO.split("{}")
        found = (k for k in self.manifest if k.startswith(start) and k.endswith(end))
        names = {k.removeprefix(start).removesuffix(end) for k in found}
        return tuple(sorted(names - _OF_LESSONS))

    def styles(self, demos: Sequence[str]) -> list[str]:
        """Style sheets of a page with these demos: shared ones first, so that others can differ.

        Those of parts that are fetched later are among them: a page that was opened as a file has no later.
        """
        chunks = self._chunks([_SCRIPT, *map(_DEMO.format, demos)])
        entries = set(map(_DEMO.format, self.demos))
        later = [k for key in chunks for k in self.manifest[key].get("dynamicImports", ())]
        chunks = _once([*chunks, *self._chunks([k for k in later if k not in entries])])
        return _once(sheet for key in chunks for sheet in self.manifest[key].get("css", ()))

    def modules(self, demos: Sequence[str]) -> list[str]:
        """What the script will import, to be fetched at the same time as it."""
        chunks = self._chunks([_SCRIPT, *map(_DEMO.format, demos)])
        return [f for f in _once(str(self.manifest[k]["file"]) for k in chunks) if f != self.script]

    def texts(self, language: str, part: str = "start") -> tuple[str, str]:
        """The file with a part of the texts, and the language that it is in: English where there is none in another."""
        own = language.split("-")[0].lower()
        spoken = own if _TEXTS.format(own, part) in self.manifest else "en"
        return str(self.manifest[_TEXTS.format(spoken, part)]["file"]), spoken

    def words(self, language: str, demos: Sequence[str]) -> list[str]:
        """Files with the texts of these demos, beside those that every page has."""
        parts = _once(_PARTS.get(demo, "figures") for demo in demos)
        return [self.texts(language, part)[0] for part in parts if part != "start"]

    def fonts(self) -> list[str]:
        """The upright faces, which every page shows at once."""
        assets = (
            a for key in self._chunks([_SCRIPT]) for a in self.manifest[key].get("assets", ())
        )
        return _once(str(a) for a in assets if a.endswith(".woff2") and "-normal" in a)

    def _chunks(self, entries: Sequence[str]) -> list[str]:
        """The entries and all that they import, imports first."""
        found: list[str] = []

        def visit(key: str, above: tuple[str, ...]) -> None:
            if key in found or key in above:
                return
            for other in self.manifest[key].get("imports", ()):
                visit(other, (*above, key))
            found.append(key)

        for entry in entries:
            visit(entry, ())
        return found


def page(
    bundle: Bundle,
    edition: Edition,
    *,
    file: str,
    title: str,
    description: str,
    body: str,
    demos: Sequence[str],
    server: bool,
    main_class: str = "",
    policy: str = "",
    header: bool = True,
    others: Sequence[Edition] = (),
    texts: tuple[str, str] | None = None,
) -> str:
    """One complete page.

    Parameters
    ----------
    edition
        The language it is in, and what stands around the body.
    file
        Its name in the site's first language, by which the navigation knows where it is.
    body
        HTML of what stands in ``main``.
    demos
        Names of the demos in the body, the first one first: its modules are fetched with the page, those of
        the others when there is time.
    server
        Whether something answers ``api/define``.
    policy
        A content security policy to write into the page, for hosts that send none.
    header
        Whether the site's name and navigation stand above.
    others
        All the languages that the page is there in, if there are several.
    texts
        What every page's script says, as JSON, and the language of that; it fetches them where they are not given.
    """
    links = [
        f'<link rel="alternate" hreflang="{escape(o.language)}" href="{o.file(file)}">'
        for o in others
    ]
    links += [f'<link rel="stylesheet" href="{escape(s)}">' for s in bundle.styles(demos)]
    if server:
        links += [
            f'<link rel="preload" href="{escape(f)}" as="font" type="font/woff2" crossorigin>'
            for f in bundle.fonts()
        ]
        links += [
            f'<link rel="modulepreload" href="{escape(m)}">' for m in bundle.modules(demos[:1])
        ]
        links += [
            f'<link rel="preload" href="{escape(f)}" as="fetch" crossorigin>'
            for f in _fetched(bundle, demos, edition.language)
        ]
        script = f'<script type="module" src="{escape(bundle.script)}"></script>'
    else:
        script = _portable(bundle, demos, edition.language)
    metas = (
        [f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">']
        if policy
        else []
    )
    if edition.suffix:
        metas.append(f'<meta name="nonlin-suffix" content="{escape(edition.suffix)}">')
    here = ' aria-current="page"'
    navigation = "".join(
        f'<a href="{edition.file(name)}"{edition.mark(key, "pages")}{here if name == file else ""}>'
        f"{edition.text(key)}</a>"
        for name, key in NAVIGATION
    )
    top = (
        f'<header class="site-header"><a class="site-name" href="{edition.file("index.html")}">nonlin</a>\n'
        f'<nav aria-label="{edition.text("pages")}"{edition.mark("pages")}>{navigation}</nav>'
        f"{_languages(edition, others, file)}</header>\n"
    )
    # The first thing that the Tab key finds, on every page.
    skip = f'<a class="skip-link" href="#main"{edition.mark("skip")}>{edition.text("skip")}</a>\n'
    head = "\n".join([*metas, *links])
    said = _texts(*texts) if texts else ""
    main = f' class="{escape(main_class)}"' if main_class else ""
    return f"""<!doctype html>
<html lang="{escape(edition.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<meta name="description" content="{escape(description)}">
<meta name="color-scheme" content="light dark">
<meta name="nonlin-data" content="data/">
<meta name="nonlin-server" content="{"yes" if server else "no"}">
{head}
<link rel="icon" href="favicon.svg" type="image/svg+xml">
{said}{script}
</head>
<body>
{skip}{top if header else ""}<main id="main" tabindex="-1"{main}>
{body}</main>
</body>
</html>
"""


def _languages(edition: Edition, others: Sequence[Edition], file: str) -> str:
    """The switch between languages, each called what its speakers call it."""
    if not others:
        return ""
    here = ' aria-current="true"'
    links = "\n".join(
        f'<a href="{o.file(file)}" hreflang="{escape(o.language)}" lang="{escape(o.language)}"'
        f"{here if o.language == edition.language else ''}>{escape(o.name)}</a>"
        for o in others
    )
    label = f'aria-label="{edition.text("languages")}"{edition.mark("languages")}'
    return f'\n<nav class="languages" {label}>{links}</nav>'


def _texts(content: str, language: str) -> str:
    """Texts as data in the page. Nothing in them can end the element early."""
    inside = content.replace("<", "\\u003c")
    return (
        f'<script type="application/json" data-texts lang="{escape(language)}">{inside}</script>\n'
    )


def _fetched(bundle: Bundle, demos: Sequence[str], language: str) -> list[str]:
    """What the demos of a page will ask for first."""
    data = [f"data/{name}" for name in CATALOGUE] if set(demos) - _OF_LESSONS else []
    return [*bundle.words(language, demos[:1]), *data]


def _portable(bundle: Bundle, demos: Sequence[str], language: str) -> str:
    """The script of a page that may be on a web server or be opened as a file (web/src/start.ts)."""
    told = {
        "module": bundle.script,
        "modules": " ".join(bundle.modules(demos[:1])),
        "fonts": " ".join(bundle.fonts()),
        "fetch": " ".join(_fetched(bundle, demos, language)),
        "file": f"{DATA_SCRIPT} {PAGE_SCRIPT}",
    }
    data = "".join(f' data-{key}="{escape(value)}"' for key, value in told.items())
    return f'<script async src="{START_SCRIPT}"{data}></script>'


def data_script(files: Mapping[str, bytes]) -> str:
    """The data folder as a classic script, for pages that were opened as a file."""
    encoded = {name: base64.b64encode(data).decode() for name, data in files.items()}
    return f"globalThis.nonlinData={json.dumps(encoded)};\n"


def _once(items: Any) -> list[str]:
    return list(dict.fromkeys(items))
