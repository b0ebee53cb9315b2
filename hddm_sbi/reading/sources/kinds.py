"""Which rows are trials: kinds of rows that are never answered, screens that come once, and practice are not."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.sources.base import SOURCE_FILE, Asked, BoolArray, LeftOut, counted
from hddm_sbi.reading.sources.cells import nothing

# Columns in which people say what part of the experiment a row is, in the order in which they are asked about.
PARTS = (
    "task", "phase", "test_part", "trial_part", "part", "exp_part", "stage", "screen", "screen_id", "trial_name",
    "block_type", "blocktype", "block_name", "trial_kind", "practice", "is_practice", "practise",
)  # fmt: skip
_PRACTISED = "practice"
# Further columns that may call rows practice, and whose other levels are no kinds of rows.
_BLOCKS = ("block", "blocks", "block_label", "session_part")
# A screen to go on from comes once or twice a session, a trial more often.
_MORE = 5
# A part of an experiment has no more levels.
_LEVELS = 30
_PRACTICE = frozenset(
    [
        "practice",
        "practise",
        "prac",
        "training",
        "warmup",
        "familiarization",
        "familiarisation",
        "übung",
        "uebung",
        "probedurchgang",
        "probeblock",
        "probetrial",
        "entraînement",
        "entrainement",
        "práctica",
        "practica",
        "ensayo",
        "oefen",
        "oefening",
        "demo",
        "tutorial",
    ]
)
_NOT = frozenset({"no", "non", "not", "post", "after", "without"})
_TRUE = frozenset({"yes", "true", "1", "1.0", "ja", "oui", "y", "practice"})


@dataclass(frozen=True)
class Selection:
    """The rows that are trials, and why the others are not."""

    rows: BoolArray
    left_out: tuple[LeftOut, ...]


def select(
    table: pd.DataFrame,
    answered: BoolArray,
    asked: Asked,
    *,
    kinds: Sequence[str],
    parts: Sequence[str] = PARTS,
    rows: BoolArray | None = None,
    sessions: pd.Series | None = None,
    ask: bool = True,
) -> Selection:
    """The rows that are trials.

    Args:
        table: the rows.
        answered: which of them have a response, shape (n,).
        asked: what the user said; what ``where`` tells apart is not decided here.
        kinds: columns that tell kinds of rows apart.
        parts: columns that may say that a row is practice.
        rows: those that may be trials; None for all.
        sessions: which session each row is of; None for one a file.
        ask: whether to ask where several kinds are answered.

    Raises:
        DataError: several kinds remain; each is named with its count and what to say.
    """
    rows = np.ones(len(table), dtype=bool) if rows is None else rows.copy()
    left_out = []
    kinds = [name for name in kinds if name in table.columns]
    labels = label_rows(table, kinds)
    called = practice(table, [*kinds, *parts, *_BLOCKS], asked)
    for rule, drop, told in (
        ("none of their kind has a response", _unanswered(labels, answered, rows), labels),
        (
            "a screen that comes once",
            _once(labels, rows, table[SOURCE_FILE] if sessions is None else sessions, asked.where & set(kinds)),
            labels,
        ),
        (_PRACTISED, np.asarray(called != "", dtype=bool), called),
    ):
        drop = drop & rows
        if rule == _PRACTISED and 2 * drop.sum() > rows.sum() and (rows & ~drop).any():
            raise DataError(_mostly_practice(called, drop, rows))
        if drop.any() and (rows & ~drop).any():  # a session that ended in practice has no other trials
            left_out.append(LeftOut(rule, counts(told, drop)))
            rows &= ~drop
    if ask:
        _ask(table, rows, kinds, asked)
    return Selection(rows, tuple(left_out))


def _mostly_practice(called: pd.Series, drop: BoolArray, rows: BoolArray) -> str:
    """Where more rows are called practice than not, training may be what the experiment is about."""
    label = str(called[drop].iloc[0])
    name, _, level = label.partition(" = ")
    return (
        f"{int(drop.sum()):,} of {int(rows.sum()):,} rows read as practice ({label}); say which are the trials, "
        f"where=\"{_name(name)} != '{level}'\" or where=\"{_name(name)} == '{level}'\", or both: "
        f'where="{_name(name)} is not None".'
    )


def label_rows(table: pd.DataFrame, kinds: Sequence[str]) -> pd.Series:
    """One label for the kinds of each row."""
    if not kinds:
        return pd.Series("rows", index=table.index)
    parts = [table[name].astype(str).where(~nothing(table[name]), "") for name in kinds]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.where(part == "", joined + " / " + part).where(joined != "", part)
    return joined.where(joined != "", "(no label)")


def counts(labels: pd.Series, rows: BoolArray) -> dict[str, int]:
    """How many rows of each label."""
    return {str(label): int(count) for label, count in labels[rows].value_counts().items()}


def dropped(rule: str, labels: pd.Series, rows: BoolArray) -> tuple[LeftOut, ...]:
    """Rows that a rule leaves out, if it does any, counted by label."""
    return (LeftOut(rule, counts(labels, rows)),) if rows.any() else ()


def practice(table: pd.DataFrame, columns: Sequence[str], asked: Asked) -> pd.Series:
    """What a column calls rows that are practice, in one of several languages; "" for others.

    Where the user filters by a column and keeps rows that it calls practice, none is.
    """
    found = pd.Series("", index=table.index, dtype=object)
    for name in dict.fromkeys(columns):
        if name not in table.columns:
            continue
        levels = table[name].astype(str).str.strip()
        unique = pd.unique(levels)
        if len(unique) > _LEVELS:
            continue
        flag = is_practice(name)
        called = [level for level in unique if is_practice(level) or (flag and level.lower() in _TRUE)]
        if called and name in asked.where:
            return pd.Series("", index=table.index, dtype=object)
        found = found.where(~levels.isin(called) | (found != ""), f"{name} = " + levels)
    return found


def is_practice(label: str) -> bool:
    """Whether a label says practice, and not what comes after it."""
    words = [word.lower() for word in re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label))]
    return any(word in _PRACTICE and (k == 0 or words[k - 1] not in _NOT) for k, word in enumerate(words))


def _unanswered(labels: pd.Series, answered: BoolArray, rows: BoolArray) -> BoolArray:
    seen = set(labels[answered & rows])
    return ~np.asarray(labels.isin(seen), dtype=bool) if seen else np.zeros(len(labels), dtype=bool)


def sessions_of(table: pd.DataFrame, counter: str) -> pd.Series:
    """The session of each row: a file, or, where files were joined, what follows a counter's beginning anew."""
    files = table[SOURCE_FILE]
    if counter not in table.columns:
        return files
    count = pd.to_numeric(table[counter].astype(str).str.split("_").str[0], errors="coerce")
    return ((files != files.shift()) | (count < count.shift())).cumsum()


def _once(labels: pd.Series, rows: BoolArray, sessions: pd.Series, told: Collection[str]) -> BoolArray:
    """Kinds of which no session has two rows, where others have many; not if the user filters by them."""
    in_session = labels[rows].groupby([labels[rows], sessions[rows]]).size()
    if told or not len(in_session):
        return np.zeros(len(labels), dtype=bool)
    most = in_session.groupby(level=0).max()
    single = most[(most <= 1) & (most.max() >= _MORE)].index
    return np.asarray(labels.isin(single), dtype=bool)


def _ask(table: pd.DataFrame, rows: BoolArray, kinds: Sequence[str], asked: Asked) -> None:
    """Ask where several kinds of rows could be the trials."""
    for name in kinds:
        levels = table.loc[rows, name].astype(str)
        found = levels.value_counts()
        numbers = pd.to_numeric(levels, errors="coerce").notna().all()  # of blocks, say
        if len(found) > 1 and not numbers and not asked.where & set(kinds):
            named = ", ".join(f"{label!r} ({counted(count, 'row')})" for label, count in list(found.items())[:12])
            first = str(found.index[0])
            both = ", ".join(repr(str(label)) for label in found.index[:2])
            raise DataError(
                f"rows of several kinds have responses, by column '{name}': {named}; say which are the trials, such as "
                f'where="{_name(name)} == \'{first}\'", or all that are: where="{_name(name)} in ({both})".'
            )


def _name(column: str) -> str:
    """A column as a row filter names it."""
    return column if all(part.isidentifier() for part in column.split(".")) else f"`{column}`"
