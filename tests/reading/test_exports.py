"""Each export that a program wrote becomes the right table: which rows, what was read as what, what had no response."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import hddm_sbi as hs
from tests.reading.exports import EXPORTS


@dataclass(frozen=True)
class Expected:
    """Of the table, written down by hand from the files.

    Args:
        pattern: of the files.
        source: key of the program.
        trials: by participant.
        omitted: numbers of trials without a response, by participant.
        rt: of the first participant's first four trials.
        response: of the same.
        correct: of the same; None where the file has none.
        deadline: of all, None where the file has none.
    """

    pattern: str
    source: str
    trials: dict[str, int]
    omitted: dict[str, int]
    rt: list[float | None]
    response: list[str | None]
    correct: list[int | None] | None
    deadline: float | None = None


ALL = [
    Expected(
        "jspsych_P0*.csv", "jspsych", {"P01": 26, "P02": 26}, {"P01": 3, "P02": 2},
        [None, 0.447, 0.418, 0.533], [None, "f", "f", "j"], [None, 1, 1, 1],
    ),
    Expected(
        "jspsych_P01.json", "jspsych", {"P01": 26}, {"P01": 3},
        [None, 0.447, 0.418, 0.533], [None, "f", "f", "j"], [None, 1, 1, 1],
    ),
    Expected(
        "labjs_*.csv", "labjs", {"1": 26, "2": 26}, {"1": 2, "2": 2},
        [None, 0.4028, 0.6362, 0.5523], [None, "blue", "blue", "red"], [None, 0, 1, 1], 1.5,
    ),
    Expected(
        "opensesame_*.csv", "opensesame", {"1": 22, "2": 22}, {"1": 2, "2": 2},
        [0.436, 0.405, 0.856, None], ["z", "z", "m", None], [1, 0, 1, None], 1.5,
    ),
    Expected(
        "psychopy_*.csv", "psychopy", {"367439": 24, "414271": 24}, {"367439": 2, "414271": 2},
        [0.548666, 0.454406, 0.393122, None], ["left", "right", "left", None], [1, 1, 1, None],
    ),
    Expected(
        "eprime_*.txt", "eprime", {"1": 24, "2": 24}, {"1": 2, "2": 2},
        [0.442, 0.429, None, 0.545], ["f", "j", None, "j"], [1, 1, None, 0],
    ),
    Expected(
        "bids_*.tsv", "bids", {"sub-01": 24, "sub-02": 24}, {"sub-01": 2, "sub-02": 2},
        [0.391, 0.400, 0.895, 0.374], ["left", "right", "right", "right"], [1, 1, 0, 1],
    ),
    Expected(
        "expyriment_*.xpd", "expyriment", {"1": 24, "2": 24}, {"1": 2, "2": 2},
        [0.611, 0.479, 0.838, 1.224], ["left", "left", "right", "right"], None,
    ),
    Expected(
        "exp.sav", "table", {"1": 24, "2": 24, "3": 24}, {"1": 2, "2": 2, "3": 2},
        [0.346, 0.681, 0.420, 0.707], ["j", "j", "j", "j"], [1, 1, 1, 1],
    ),
]  # fmt: skip


@pytest.fixture(params=ALL, ids=lambda expected: expected.pattern)
def expected(request: pytest.FixtureRequest) -> Expected:
    found: Expected = request.param
    return found


@pytest.fixture
def table(expected: Expected) -> pd.DataFrame:
    return hs.read(EXPORTS / expected.pattern)


def _nan(values: list[float | None]) -> list[float]:
    return [np.nan if value is None else value for value in values]


def test_trials_and_omissions_of_each_participant(expected: Expected, table: pd.DataFrame) -> None:
    assert table.groupby("participant").size().to_dict() == expected.trials
    without = table["rt"].isna()
    assert table[without].groupby("participant").size().to_dict() == expected.omitted
    assert (table["response"].isna() == without).all()
    if expected.correct is not None:
        assert (table["correct"].isna() == without).all()


def test_first_rows(expected: Expected, table: pd.DataFrame) -> None:
    first = table[table["participant"] == next(iter(expected.trials))].head(4)
    np.testing.assert_allclose(first["rt"].astype(float), _nan(expected.rt), rtol=1e-5)
    assert [None if pd.isna(label) else label for label in first["response"]] == expected.response
    if expected.correct is None:
        assert "correct" not in table
    else:
        assert [None if pd.isna(value) else int(value) for value in first["correct"]] == expected.correct


def test_the_deadline_where_the_file_has_one(expected: Expected, table: pd.DataFrame) -> None:
    assert ("deadline" in table) == (expected.deadline is not None)
    if expected.deadline is not None:
        assert table["deadline"].notna().all()
        np.testing.assert_allclose(table["deadline"], expected.deadline, atol=0.02)
        assert table["rt"].max() < table["deadline"].max() + 0.05


def test_columns_come_in_the_order_of_the_contract(expected: Expected, table: pd.DataFrame) -> None:
    own = ["participant", "rt", "response", "correct", "deadline", "source_file"]
    assert table.columns[: sum(name in table for name in own)].tolist() == [name for name in own if name in table]
    assert table["participant"].map(type).eq(str).all()
    assert table.columns.is_unique


def test_the_account_is_data_and_text(expected: Expected, table: pd.DataFrame) -> None:
    account = table.attrs["reading"]
    assert json.loads(json.dumps(account)) == account
    assert account["source"] == expected.source
    assert account["trials"] == len(table)
    assert account["trials"] + sum(out["rows"] for out in account["left_out"]) == account["rows"]
    assert account["no_response"]["rt and response missing"] == sum(expected.omitted.values())
    assert all(out["rows"] == sum(out["counts"].values()) for out in account["left_out"])
    for word in ("participant", "rt", "response"):
        assert f"\n  {word}" in account["text"]


def test_reading_changes_no_file(expected: Expected) -> None:
    def state() -> dict[str, tuple[str, int]]:
        return {
            path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
            for path in EXPORTS.iterdir()
        }

    before = state()
    hs.read(EXPORTS / expected.pattern)
    assert state() == before


def test_json_and_csv_of_the_same_session_are_the_same_trials() -> None:
    one, other = hs.read(EXPORTS / "jspsych_P01.csv"), hs.read(EXPORTS / "jspsych_P01.json")
    shared = ["participant", "rt", "response", "correct", "condition", "task", "trial_index"]
    pd.testing.assert_frame_equal(one[shared], other[shared])


def test_rows_that_are_left_out_are_counted_by_kind() -> None:
    left_out = {out["rule"]: out["counts"] for out in hs.read(EXPORTS / "jspsych_P01.csv").attrs["reading"]["left_out"]}
    assert left_out["none of their kind has a response"] == {"fixation": 30}
    assert left_out["practice"] == {"task = practice": 4}
    assert left_out["a plugin that asks for no choice"]["instructions"] == 1
    labjs = {out["rule"]: out["counts"] for out in hs.read(EXPORTS / "labjs_1.csv").attrs["reading"]["left_out"]}
    assert labjs["none of their kind has a response"] == {"Fixation": 30}
    assert labjs["practice"] == {"phase = training": 4}


def test_practice_is_read_where_the_filter_names_its_column() -> None:
    for pattern, where, trials in (
        ("jspsych_P01.csv", "task == 'practice'", 4),
        ("labjs_1.csv", "phase == 'training'", 4),
        ("labjs_1.csv", "phase in ('training', 'task')", 30),
        ("psychopy_367439_stroop.csv", "loop == 'practice'", 2),
        ("psychopy_367439_stroop.csv", "practice.thisN >= 0", 2),
        ("opensesame_subject-1.csv", "practice == 'yes'", 2),
        ("eprime_Simon-1-1.txt", "Procedure == 'PracProc'", 4),
    ):
        assert len(hs.read(EXPORTS / pattern, where=where)) == trials, (pattern, where)


def test_labels_of_spss_keep_the_order_of_their_codes() -> None:
    table = hs.read(EXPORTS / "exp.sav")
    assert table["bedingung"].cat.categories.tolist() == ["kongruent", "inkongruent"]
    assert table["bedingung"].cat.ordered
    accuracy = hs.read(EXPORTS / "exp.sav", response="acc")
    assert accuracy["response"].dropna().unique().tolist() == ["richtig", "falsch"]
    assert "declared missing" in table.attrs["reading"]["text"]


def test_negative_times_are_told_and_stay_negative() -> None:
    table = hs.read(EXPORTS / "bids_sub-01_task-flanker_beh.tsv")
    assert table["rt"].min() == -0.12
    assert 'where="not response_time < 0"' in table.attrs["reading"]["text"]
    assert len(hs.read(EXPORTS / "bids_sub-01_task-flanker_beh.tsv", where="not response_time < 0")) == len(table) - 1


def test_a_folder_of_several_programs_is_asked_about() -> None:
    with pytest.raises(hs.HDDMError) as caught:
        hs.read(EXPORTS)
    for name in ("jsPsych", "PsychoPy", "lab.js", "OpenSesame", "E-Prime", "BIDS", "Expyriment"):
        assert name in str(caught.value)
