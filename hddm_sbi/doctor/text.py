"""The checkup as text for a terminal, 80 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import pandas as pd

_WIDTH = 80
# A table longer than a screen is left to the page and the DataFrame.
_MOST_ROWS = 30
# Of the short form: lines, and what a line has at most.
_LINES = 3
_LONGEST_LINE = 160

_TITLES = {"error": "ERROR", "warning": "WARNING", "note": "NOTE"}


def as_text(overview: Sequence[str], findings: pd.DataFrame, participants: pd.DataFrame) -> str:
    """Overview, findings and the table of participants."""
    parts = [_wrapped(sentence) for sentence in overview]
    for number, row in enumerate(findings.itertuples(index=False), start=1):
        parts.append(
            "\n".join(
                [
                    f"\n{number}. {_TITLES[str(row.severity)]}: {row.finding}",
                    _wrapped(str(row.sentence), "   "),
                    _wrapped(f"Why: {row.why}", "   "),
                    _wrapped(f"What to do: {row.advice}", "   "),
                ]
            )
        )
    return "\n".join([*parts, "", _table(participants)])


def three_lines(findings: pd.DataFrame) -> list[str]:
    """A line that counts the findings, and the two that matter most."""
    if findings.empty:
        return []
    serious = findings[findings["severity"] != "note"]
    notes = len(findings) - len(serious)
    told = [counted(len(serious), "finding")] if len(serious) else []
    told += [counted(notes, "note")] if notes else []
    lines = [f"Data: {' and '.join(told)}; all of it, with the rows, by 'hddm-sbi check'."]
    for row in serious.head(_LINES - 1).itertuples(index=False):
        lines.append(textwrap.shorten(f"- {row.finding}: {row.sentence}", _LONGEST_LINE, placeholder=" ..."))
    return lines


def counted(count: int, noun: str) -> str:
    """``1 trial``, ``2 trials``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def number(value: object) -> str:
    """A cell of the table: three decimals for a measurement."""
    if isinstance(value, float):
        return "-" if value != value else f"{value:.3f}"
    return str(value)


def _wrapped(sentence: str, indent: str = "") -> str:
    return textwrap.fill(
        " ".join(sentence.split()), _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _table(participants: pd.DataFrame) -> str:
    shown = participants.head(_MOST_ROWS)
    cells = [[str(name) for name in shown.columns]]
    cells += [[number(value) for value in row] for row in shown.astype(object).itertuples(index=False, name=None)]
    left = [not pd.api.types.is_numeric_dtype(participants[name]) for name in participants.columns]
    widths = [max(len(row[k]) for row in cells) for k in range(len(left))]
    lines = []
    for row in cells:
        padded = (
            cell.ljust(w) if is_text else cell.rjust(w) for cell, w, is_text in zip(row, widths, left, strict=True)
        )
        lines.append("  ".join(padded))
    rest = len(participants) - len(shown)
    more = [f"... and {counted(rest, 'row')} more, in participants and in the page."] if rest else []
    return "\n".join([*(line.rstrip() for line in lines), *more])
