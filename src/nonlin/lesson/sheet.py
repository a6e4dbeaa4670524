"""The cheat sheet as a table in the page itself, for readers and printers without scripts.

The demo ``sheet`` takes its place where scripts run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["COLUMNS", "table"]

COLUMNS = {
    "range": "Range",
    "zero_centred": "Zero-centred",
    "saturates": "Saturates",
    "monotone": "Monotone",
    "smooth": "Smooth",
    "max_slope": "Largest slope",
}
"""Keys of the properties that are shown, with the heads of their columns."""


def table(catalogue: Mapping[str, Any], names: Sequence[str] = ()) -> str:
    """HTML of the sheet.

    Parameters
    ----------
    catalogue
        The catalogue as data (:func:`nonlin.describe.whole_catalogue`).
    names
        The rows; those of the short sheet unless others are named.

    Raises
    ------
    KeyError
        The catalogue has no function of that name.

    Examples
    --------
    >>> claim = {"key": "range", "value": "[0, ∞)", "number": None}
    >>> relu = {"name": "relu", "title": "ReLU", "summary": "First to try.", "properties": [claim]}
    >>> print(table({"functions": [relu], "rows": [], "sheet": ["relu"]}).splitlines()[3])  # doctest: +ELLIPSIS
    <tr><th scope="row"><a href="explorer.html#functions=relu">ReLU</a></th><td>[0, ∞)</td><td></td>...
    """
    functions = {f["name"]: f for f in catalogue["functions"]}
    every = functions | {f["name"]: f for f in catalogue["rows"]}
    heads = ["Function", *COLUMNS.values(), "Use it for"]
    head = "".join(f'<th scope="col">{h}</th>' for h in heads)
    rows = [_row(every[name], name in functions) for name in names or catalogue["sheet"]]
    return (
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n"
        + "\n".join(rows)
        + "\n</tbody></table>\n"
    )


def _row(function: Mapping[str, Any], explorable: bool) -> str:
    claims = {p["key"]: p for p in function["properties"]}
    title = escape(function["title"])
    if explorable:
        title = f'<a href="explorer.html#functions={escape(function["name"])}">{title}</a>'
    cells = [_cell(claims.get(key)) for key in COLUMNS] + [escape(function["summary"])]
    return f'<tr><th scope="row">{title}</th>' + "".join(f"<td>{c}</td>" for c in cells) + "</tr>"


def _cell(claim: Mapping[str, Any] | None) -> str:
    if claim is None:
        return ""
    text = str(claim["value"])
    if claim["key"] == "zero_centred" and claim["number"] is not None:
        text += f" (mean {round(claim['number'], 2):g})".replace("-", "−")
    return escape(text)
