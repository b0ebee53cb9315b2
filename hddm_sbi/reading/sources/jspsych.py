"""jsPsych 6 to 8: a row for each trial of a plugin, CSV or JSON."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from hddm_sbi.reading.raw import Raw
from hddm_sbi.reading.sources import cells
from hddm_sbi.reading.sources.base import Asked, BoolArray, LeftOut, Reading, Source
from hddm_sbi.reading.sources.kinds import PARTS, dropped, select, sessions_of
from hddm_sbi.reading.sources.people import people

_NAME = "jsPsych"
_MARKS = ("trial_type", "trial_index", "time_elapsed", "internal_node_id", "plugin_version", "view_history")
# Plugins that ask for no choice between two keys or buttons; others, also people's own, do.
_NO_CHOICE = re.compile(
    r"instructions|survey|fullscreen|preload|call-function|browser-check|initialize|virtual-chinrest|external-html|resize"
    r"|slider|free-sort|sketchpad|cloze|maxdiff|reconstruction|webgazer|extension|html-audio-response|html-video-response"
    r"|mirror-camera|consent|likert|animation"
)
# Answers of people to whom a plugin shows several questions are objects.
_FEW = 0.5
# A stimulus of trials that was shown so often was answered at least once.
_OFTEN = 5
# Stimuli are HTML, of which so many characters are told.
_SHOWN = 30


def _recognises(raw: Raw) -> bool:
    return len(raw.columns & set(_MARKS[:4])) >= 2 and "onset" not in raw.columns


def _tidy(raw: Raw) -> pd.DataFrame:
    """Old versions wrote the key's code as ``key_press``."""
    frame = raw.frame
    return (
        frame.rename(columns={"key_press": "response"}) if "response" not in frame and "key_press" in frame else frame
    )


def _read(table: pd.DataFrame, asked: Asked) -> Reading:
    plugin = cells.need(table, "trial_type", _NAME)
    rt = cells.rt_column(table, asked, "rt", _NAME)
    response = cells.response_column(table, asked, "response", _NAME)
    choice = ~_no_choice(plugin) if "trial_type" not in asked.where else np.ones(len(table), dtype=bool)
    empty = cells.nothing(response) | cells.nothing(rt)
    silent = _silent(table, ~empty, choice)
    kinds = ["trial_type", *_kind(table, choice & ~empty)]
    chosen = select(
        table,
        ~empty & choice,
        asked,
        kinds=_telling(table, kinds, choice),
        rows=choice & ~silent,
        sessions=sessions_of(table, "trial_index"),
    )
    unit = cells.unit_of(asked, "ms")
    times = cells.seconds(rt.where(chosen.rows), unit)
    missing = cells.nothing(response)
    participant, how, column = people(table, asked, (), _NAME)
    correct = cells.right_or_wrong(table["correct"].where(chosen.rows), missing) if "correct" in table else None
    limit = table.get("trial_duration")
    return Reading(
        rows=chosen.rows,
        participant=participant,
        rt=np.where(missing & np.isnan(times), np.nan, times),
        response=cells.labels(response.where(chosen.rows), missing),
        correct=correct,
        deadline=None if limit is None else cells.seconds(limit.where(chosen.rows), unit),
        read_as=cells.read_as(
            participant=how,
            rt=str(rt.name),
            unit=unit,
            response=f"column '{response.name}'",
            correct=None if correct is None else "correct",
            deadline=None if limit is None else "column 'trial_duration'",
        ),
        used=cells.names(str(rt.name), str(response.name), "correct", column),
        left_out=(
            *dropped("a plugin that asks for no choice", plugin.astype(str), ~choice),
            *_never_answered(table, silent),
            *chosen.left_out,
        ),
        notes=_buttons(plugin, chosen.rows),
    )


def _no_choice(plugin: pd.Series) -> BoolArray:
    return np.asarray(plugin.astype(str).str.contains(_NO_CHOICE), dtype=bool)


def _silent(table: pd.DataFrame, answered: BoolArray, choice: BoolArray) -> BoolArray:
    """Rows of a stimulus that nobody ever answered, such as a fixation cross, where most others were.

    jsPsych does not write which keys were allowed; where no column names the parts, this tells them apart.
    """
    none = np.zeros(len(table), dtype=bool)
    if "stimulus" not in table.columns or _kind(table, choice & answered):
        return none
    shown = table["stimulus"].astype(str)
    seen = set(shown[answered])
    silent = choice & ~np.asarray(shown.isin(seen), dtype=bool)
    often = shown[silent].value_counts()
    return silent & np.asarray(shown.isin(often[often >= _OFTEN].index), dtype=bool)


def _never_answered(table: pd.DataFrame, silent: BoolArray) -> tuple[LeftOut, ...]:
    if not silent.any():
        return ()
    return dropped("their stimulus was never answered", table["stimulus"].astype(str).str.slice(0, _SHOWN), silent)


def _kind(table: pd.DataFrame, answered: BoolArray) -> list[str]:
    """The first column of parts that names most rows with a response."""
    for name in PARTS:
        if name in table.columns and answered.any() and (~cells.nothing(table[name]))[answered].mean() > _FEW:
            return [name]
    return []


def _telling(table: pd.DataFrame, kinds: list[str], rows: BoolArray) -> list[str]:
    """Without the plugin where the part of the experiment says as much."""
    if len(kinds) < 2:
        return kinds
    by_part = table.loc[rows].groupby(table.loc[rows, kinds[1]].astype(str))["trial_type"].nunique()
    return kinds[1:] if (by_part <= 1).all() else kinds


def _buttons(plugin: pd.Series, rows: BoolArray) -> tuple[str, ...]:
    if plugin[rows].astype(str).str.contains("button").any():
        return ("responses of buttons are their places, 0 the first",)
    return ()


JSPSYCH = Source("jspsych", _NAME, _recognises, _read, _tidy)
