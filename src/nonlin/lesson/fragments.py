"""What may stand behind # in a link: a place in a page, or the state of its figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from urllib.parse import unquote, urlsplit

from nonlin.lesson.settings import DemoError, find

__all__ = ["wrong_fragment"]

_PAGES = {"explorer.html": "explorer", "art.html": "art"}


def wrong_fragment(
    address: str, places: Collection[str], figures: Mapping[str, str], demos: Collection[str]
) -> str:
    """What is wrong with the fragment of a link in a lesson; nothing where it leads somewhere, or elsewhere.

    Parameters
    ----------
    places
        Ids in the lesson's page.
    figures
        Names of its demos by their scopes; the first one's is empty.
    demos
        Names of the demos there are, which have pages of their own.

    Examples
    --------
    >>> wrong_fragment("#the-step", ["the-step"], {}, [])
    ''
    >>> wrong_fragment("#stp", ["step"], {}, [])
    "there is no '#stp' in the page: did you mean #step?"
    >>> wrong_fragment("explorer.html#layer=3", [], {}, ["explorer"])
    "the demo 'explorer' has no setting 'layer': did you mean 'layers'? ..."
    """
    parts = urlsplit(address)
    fragment = parts.fragment
    if parts.scheme or parts.netloc or not fragment or fragment.startswith(":~:"):
        return ""
    page = parts.path.removeprefix("./")
    name = page.removeprefix("demo-").removesuffix(".html")
    if page in _PAGES or (page.startswith("demo-") and name in demos):
        places, figures = ["main"], {"": _PAGES.get(page, name)}
    elif page not in {"", "index.html"}:
        return ""
    return _wrong_state(fragment, figures) if "=" in fragment else _wrong_place(fragment, places)


def _wrong_place(fragment: str, places: Collection[str]) -> str:
    place = unquote(fragment)
    if place in places:
        return ""
    near = get_close_matches(place, places, n=1, cutoff=0.5)
    offer = f"did you mean #{near[0]}?" if near else f"there are #{', #'.join(sorted(places))}"
    return f"there is no {'#' + place!r:.60} in the page: {offer}"


def _wrong_state(fragment: str, figures: Mapping[str, str]) -> str:
    for part in fragment.split("&"):
        key, equals, _ = part.partition("=")
        scope, _, option = key.rpartition(".")
        if not equals or scope not in figures:
            known = ", ".join(f"{s}.option=value" if s else "option=value" for s in figures)
            there = f"its figures have {known}" if known else "there is none"
            return f"{part!r:.60} is no setting of a figure in the page: {there}"
        try:
            find(figures[scope]).setting(option)
        except DemoError as error:
            return str(error)
    return ""
