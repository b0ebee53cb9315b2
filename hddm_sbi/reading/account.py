"""How files were read, as plain data for attributes and as text for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from hddm_sbi.reading.paths import short_names
from hddm_sbi.reading.raw import Raw
from hddm_sbi.reading.sources.base import SOURCE_FILE, LeftOut, Reading, Source, counted
from hddm_sbi.trials.columns import plain

# Names of files, people and responses are shown up to so many.
_SHOWN = 6
_WIDTH = 13


def account(
    source: Source, tables: Sequence[Raw], reading: Reading, result: pd.DataFrame, left_out: Sequence[LeftOut],
    notes: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    """What was read as what, ready for JSON; the text for people is under ``text``.

    Args:
        source: the program.
        tables: the files.
        reading: what the source made of them.
        result: the trials.
        left_out: rows that are none, in the order of the rules.
        notes: what else is to be said.
    """
    versions = sorted({version for version in map(source.version, tables) if version})
    rt, response = result["rt"].isna(), result["response"].isna()
    facts: dict[str, Any] = {
        "source": source.key,
        "program": " ".join([source.name, *versions[:1]]) if len(versions) == 1 else source.name,
        "files": [raw.name for raw in tables],
        "layout": tables[0].layout,
        "columns": dict(reading.read_as),
        "rows": int(sum(len(raw.frame) for raw in tables)),
        "trials": len(result),
        "participants": int(result["participant"].nunique()),
        "no_response": {
            "rt and response missing": int((rt & response).sum()),
            "only rt missing": int((rt & ~response).sum()),
            "only response missing": int((~rt & response).sum()),
        },
        "left_out": [{"rule": out.rule, "rows": out.rows, "counts": dict(out.counts)} for out in left_out],
        "notes": list(notes),
    }
    facts["rows_in_words"] = _rows_in_words(facts)
    facts["text"] = _text(facts, result)
    return facts


def file_notes(tables: Sequence[Raw]) -> list[str]:
    """What was decided about single files, each once, with how many files it concerns."""
    found: dict[str, list[str]] = {}
    for raw in tables:
        for note in raw.notes:
            found.setdefault(note, []).append(raw.name)
    if len(tables) == 1:
        return list(found)
    short = short_names([raw.name for raw in tables])
    return [f"{_first(short[names[0]], len(names) - 1)}: {note}" for note, names in found.items()]


def _first(name: str, others: int) -> str:
    return f"{name} and {others:,} more" if others else name


def shared_people(result: pd.DataFrame) -> list[str]:
    """Participants whose trials are in several files, as where numbers were given twice."""
    files = result.groupby("participant")[SOURCE_FILE].nunique()
    twice = [str(label) for label, count in files.items() if count > 1]
    if not twice:
        return []
    return [
        f"{_some([repr(label) for label in twice])} {'have' if len(twice) > 1 else 'has'} trials in several files: "
        f"sessions of one person, or a number that was given twice (then groupby='{SOURCE_FILE}')"
    ]


def _text(facts: dict[str, Any], result: pd.DataFrame) -> str:
    files = list(short_names(facts["files"]).values())
    lines = [f"Read as {facts['program']}: {counted(len(files), 'file')} ({_some(files)}), {facts['layout']}."]
    for role, words in facts["columns"].items():
        lines.append(_line(role, f"{words}{_values(role, result)}"))
    lines.append(_line("trials", f"{facts['trials']:,} of {facts['rows']:,} rows"))
    lines += [_line("left out", words) for words in map(_left_out, facts["left_out"])]
    missing = [f"{n:,} with {what}" for what, n in facts["no_response"].items() if n]
    lines.append(_line("no response", "; ".join(missing) or "every trial has a time and a response"))
    lines += [_line("note", note) for note in facts["notes"]]
    return "\n".join(lines)


def _rows_in_words(facts: dict[str, Any]) -> str:
    """For the model's own account: how many rows were trials, and by which rules others were left out."""
    out = [_left_out(one) for one in facts["left_out"]]
    trials = f"{facts['trials']:,} of {facts['rows']:,} rows that were read as {facts['program']} are trials"
    return f"{trials}, left out were {', '.join(out)}" if out else trials


def _left_out(out: dict[str, Any]) -> str:
    named = {label: n for label, n in out["counts"].items() if label}
    by = f" ({_some([f'{label}: {n:,}' for label, n in named.items()])})" if named else ""
    return f"{counted(out['rows'], 'row')}: {out['rule']}{by}"


def _line(role: str, words: str) -> str:
    return f"  {role:{_WIDTH}}{words}"


def _values(role: str, result: pd.DataFrame) -> str:
    if role not in result.columns:
        return ""
    column = result[role].dropna()
    if not len(column):
        return ""
    if role in ("rt", "deadline"):
        low, high = float(column.min()), float(column.max())
        median = float(np.median(column.astype(float)))
        return f": {low:.3f} s" if low == high else f": {low:.3f} to {high:.3f} s, median {median:.3f}"
    if role == "correct":
        numeric = pd.api.types.is_numeric_dtype(column)
        return f": {float(column.mean()):.0%} of the responses" if numeric else ""
    labels = [str(plain(label)) for label in sorted(pd.unique(column), key=str)]
    return f": {len(labels):,} ({_some(labels)})" if role == "participant" else f": {_some(labels)}"


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(map(str, names[:_SHOWN])) + (f" and {rest:,} more" if rest > 0 else "")
