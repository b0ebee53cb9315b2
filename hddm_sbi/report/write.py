"""A report: one file of HTML about one fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path, PureWindowsPath
from typing import Any

import pandas as pd

from hddm_sbi._files import reason_of, write_file
from hddm_sbi.errors import OutputError
from hddm_sbi.page import document
from hddm_sbi.plots.estimates import draws_of
from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.charts.vega import licence, picture, script
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.sections import SECTIONS
from hddm_sbi.report.sections.verdict import boxed
from hddm_sbi.report.sections.writing import Section

_HERE = Path(__file__).parent
_MAKER = "hddm_sbi report"
# A report says so of itself at its beginning.
_MARK = f'<meta name="generator" content="{_MAKER}'


def check_place(path: Path, force: bool) -> None:
    """Refuse a place where a report cannot stand, or would take that of something else.

    Raises:
        OutputError: says which, and what to do.
    """
    if path.is_dir():
        raise OutputError(f"'{path}' is a folder; name a file for the report, such as '{path / 'report.html'}'.")
    if path.exists() and not force and not _is_report(path):
        raise OutputError(
            f"'{path}' is not a report of this package: choose another name, or overwrite it with force=True."
        )


def _is_report(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _MARK.encode() in file.read(1000)
    except OSError:
        return False


def write_report(fit: Fit, path: Path, version: str, force: bool = False) -> Path:
    """Write the report of a fit.

    Args:
        fit: the fit.
        path: of the file; an earlier report is replaced, in one step.
        version: of this package.
        force: replace what is there, whatever it is.

    Returns:
        The path.

    Raises:
        OutputError: it cannot be written, or would take the place of something else.
        DataError: there are too few draws.
    """
    check_place(path, force)
    draws_of(fit.idata)  # refuses too few
    content = page(fit, version)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content.encode())
    except OSError as error:
        raise OutputError(f"the report cannot be written to '{path}': {reason_of(error)}.") from error
    return path


def page(fit: Fit, version: str) -> str:
    """The report as HTML."""
    sections = [found for write in SECTIONS if (found := write(fit)) is not None]
    charts = [part for section in sections for part in section.parts if isinstance(part, Chart)]
    body = [*_header(fit, sections), "<main>", *(line for section in sections for line in _section(section)), "</main>"]
    body.append(f'<script type="application/json" id="charts">{_as_json(charts)}</script>')
    style, own = ((_HERE / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    drawing = f"/*!\n{licence()}*/\n{script()}"
    title = f"Report: {fit.model.ssm.name}, {_who(fit)}"
    return document(title, body, styles=[style], scripts=[drawing, own], made_by=f"{_MAKER} {version}", evaluates=True)


def _who(fit: Fit) -> str:
    trials = fit.model.trials
    people = f"{len(trials.subjects):,} participants" if trials.subjects else "one population"
    return f"{people}, {trials.n:,} trials"


def _header(fit: Fit, sections: list[Section]) -> Iterator[str]:
    yield "<header>"
    yield f"<h1>Report of a fit: {escape(fit.model.ssm.name)}</h1>"
    # of a checkpoint its name; where it lay is among the provenance
    likelihood = escape(PureWindowsPath(str(fit.attrs.get("likelihood", "unknown"))).name)
    yield f"<p>{escape(_who(fit))}; likelihood {likelihood}{_formulas(fit)}.</p>"
    yield boxed(fit.verdict, reasons=False)
    links = "".join(f'<li><a href="#{section.key}">{escape(section.title)}</a></li>' for section in sections)
    yield f'<nav aria-label="Sections"><ol>{links}</ol></nav>'
    yield "</header>"


def _formulas(fit: Fit) -> str:
    """The formulas that the user gave, if any."""
    given = fit.stated.get("formula")
    if isinstance(given, dict):
        given = [f"{name} ~ {str(side).strip().removeprefix('~').strip()}" for name, side in given.items()]
    texts = [given] if isinstance(given, str) else [str(one) for one in given or ()]
    return "".join(f"; <code>{escape(text)}</code>" for text in texts)


def _section(section: Section) -> Iterator[str]:
    yield f'<section aria-labelledby="{section.key}"><h2 id="{section.key}">{escape(section.title)}</h2>'
    for part in section.parts:
        yield part.as_html(picture(part)) if isinstance(part, Chart) else part
    yield "</section>"


def _as_json(charts: list[Chart]) -> str:
    """Specifications and rows, once; nothing in it can end the element that it stands in."""
    found = {
        chart.name: {"spec": chart.whole_spec(), "choices": dict(chart.choices), "rows": _columns(chart.rows)}
        for chart in charts
    }
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _columns(rows: pd.DataFrame) -> dict[str, Any]:
    """Columns of numbers, to six digits, and of text, as the labels that occur and the place of each row's."""
    found: dict[str, Any] = {}
    for name in map(str, rows.columns):
        column = rows[name]
        if pd.api.types.is_numeric_dtype(column):
            found[name] = [None if value != value else _short(value) for value in column.tolist()]
        else:
            codes, labels = pd.factorize(column.astype(str))
            found[name] = {"labels": labels.tolist(), "places": codes.tolist()}
    return found


def _short(value: float) -> float | int:
    rounded = float(f"{value:.6g}")
    return int(rounded) if rounded.is_integer() else rounded
