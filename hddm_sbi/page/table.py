"""A table whose headings are buttons that sort it, once the page's script runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

import pandas as pd


def table(
    frame: pd.DataFrame,
    number: Callable[[object], str],
    *,
    caption: str = "",
    labels: Mapping[str, str] | None = None,
    texts: Mapping[str, Sequence[str]] | None = None,
    filtered: str = "",
) -> str:
    """A table of text and numbers; whatever it holds is escaped.

    Args:
        frame: its columns.
        number: what a cell of a numeric column shows.
        caption: of the table, plain text; read aloud first.
        labels: headings of columns, in place of their names.
        texts: what the cells of numeric columns show, in place of the numbers that they are sorted by.
        filtered: what its rows are, such as ``participants``, where the page's script is to add a box that filters.
    """
    heads, columns = [], []
    for name in map(str, frame.columns):
        numeric = pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name])
        label = escape((labels or {}).get(name, name))
        heads.append(f'<th scope="col"{_CLASS * numeric}><button type="button">{label}</button></th>')
        values = frame[name].astype(object).tolist()
        if numeric:
            shown = (texts or {}).get(name) or [number(value) for value in values]
            columns.append(
                [
                    f'<td{_CLASS} data-value="{_sorted_by(value)}">{escape(text)}</td>'
                    for value, text in zip(values, shown, strict=True)
                ]
            )
        else:
            columns.append([f"<td>{escape(str(value))}</td>" for value in values])
    told = f' data-filter="{escape(filtered)}"' if filtered else ""
    lines = [f"<table{told}>", *([f"<caption>{escape(caption)}</caption>"] if caption else [])]
    lines.append(f"<thead><tr>{''.join(heads)}</tr></thead>\n<tbody>")
    lines += [f"<tr>{''.join(cells)}</tr>" for cells in zip(*columns, strict=True)]
    lines.append("</tbody>\n</table>")
    return "\n".join(lines)


_CLASS = " class=number"


def _sorted_by(value: object) -> str:
    """A number in as few characters as sorting takes."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
