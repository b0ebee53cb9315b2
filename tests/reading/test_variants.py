"""What happens to exports every day: sessions broken off, files joined by hand, other versions, cells with lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hddm_sbi as hs
from tests.reading.exports import EXPORTS, edited, lines, question

Export = Callable[..., Path]


@pytest.mark.parametrize(
    ("names", "trials"),
    [
        (("jspsych_P01.csv", "jspsych_P02.csv"), 26),
        (("labjs_1.csv", "labjs_2.csv"), 26),
        (("opensesame_subject-1.csv", "opensesame_subject-2.csv"), 22),
        (("psychopy_367439_stroop.csv", "psychopy_414271_stroop.csv"), 24),
        (("expyriment_001.xpd", "expyriment_002.xpd"), 24),
    ],
    ids=lambda names: names[0] if isinstance(names, tuple) else "",
)
@pytest.mark.parametrize("end", ["\n", ""], ids=["line end", "no line end"])
def test_files_joined_by_hand(tmp_path: Path, names: tuple[str, str], trials: int, end: str) -> None:
    apart = hs.read([EXPORTS / name for name in names])
    path = tmp_path / f"all{Path(names[0]).suffix}"
    path.write_text("\n".join(line for name in names for line in lines(name)) + end, encoding="utf-8")
    joined = hs.read(path)
    assert joined.groupby("participant").size().tolist() == [trials, trials]
    shared = [name for name in ("participant", "rt", "response", "correct") if name in joined]
    pd.testing.assert_frame_equal(joined[shared], apart[shared])
    assert "its header stands once more within the table" in joined.attrs["reading"]["text"]


def test_joined_logs_of_eprime(tmp_path: Path) -> None:
    text = "".join((EXPORTS / f"eprime_Simon-{k}-1.txt").read_text(encoding="utf-16") for k in (1, 2))
    path = tmp_path / "all.txt"
    path.write_text(text, encoding="utf-16")
    assert hs.read(path).groupby("participant").size().to_dict() == {"1": 24, "2": 24}


def test_joined_files_whose_columns_have_another_order(tmp_path: Path) -> None:
    one = pd.read_csv(EXPORTS / "opensesame_subject-1.csv", dtype=str, keep_default_na=False)
    other = pd.read_csv(EXPORTS / "opensesame_subject-2.csv", dtype=str, keep_default_na=False)
    path = tmp_path / "all.csv"
    path.write_text(one.to_csv(index=False) + other[sorted(other, reverse=True)].to_csv(index=False), encoding="utf-8")
    expected = hs.read([EXPORTS / "opensesame_subject-1.csv", EXPORTS / "opensesame_subject-2.csv"])
    shared = ["participant", "rt", "response", "correct", "category"]
    pd.testing.assert_frame_equal(hs.read(path)[shared], expected[shared])


@pytest.mark.parametrize(
    ("name", "kept", "trials"),
    [
        ("jspsych_P01.csv", 41, 14),
        ("labjs_1.csv", 51, 12),
        ("opensesame_subject-1.csv", 12, 9),
        ("psychopy_367439_stroop.csv", 15, 11),
        ("bids_sub-01_task-flanker_beh.tsv", 25, 12),
        ("expyriment_001.xpd", 30, 17),
    ],
)
def test_a_session_that_was_broken_off(tmp_path: Path, name: str, kept: int, trials: int) -> None:
    path = tmp_path / name
    path.write_text("\n".join(lines(name)[:kept]) + "\n", encoding="utf-8")
    whole = hs.read(EXPORTS / name)
    broken = hs.read(path)
    assert len(broken) == trials
    columns = ["participant", "rt", "response"]
    pd.testing.assert_frame_equal(broken[columns], whole[columns].head(trials))


def test_a_log_of_eprime_that_was_broken_off_says_whose_it_is(tmp_path: Path) -> None:
    text = (EXPORTS / "eprime_Simon-1-1.txt").read_text(encoding="utf-16")
    end = [found.end() for found in re.finditer(r"\*\*\* LogFrame End \*\*\*", text)][15]
    path = tmp_path / "Simon-1-1.txt"
    path.write_text(text[:end] + "\n", encoding="utf-16")
    table = hs.read(path)
    assert table["participant"].unique().tolist() == ["1"]
    assert len(table) == 11  # 4 of practice and the frame of its block come before
    assert "broken off" in table.attrs["reading"]["text"]


def test_values_of_a_block_go_onto_its_trials() -> None:
    table = hs.read(EXPORTS / "eprime_Simon-1-1.txt", where="Procedure in ('PracProc', 'TrialProc')")
    assert table["BlockList[Block]"].tolist() == [1] * 4 + [2] * 24


def test_participants_keep_their_zeros(tmp_path: Path) -> None:
    for name, column, value in (
        ("psychopy_367439_stroop.csv", "participant", "007"),
        ("jspsych_P01.csv", "subject", "0012"),
        ("opensesame_subject-1.csv", "subject_nr", "01"),
    ):
        path = tmp_path / name
        path.write_bytes(edited(name, lambda row, column=column, value=value: row.update({column: value})))
        table = hs.read(path)
        assert table["participant"].unique().tolist() == [value]
        out = tmp_path / "trials.csv"
        table.to_csv(out, index=False)
        assert hs.read(out)["participant"].unique().tolist() == [value]


def test_several_tasks_are_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "P01.csv"
    path.write_bytes((EXPORTS / "jspsych_P01.csv").read_bytes().replace(b'"practice"', b'"flanker"'))
    message = question(path)
    assert "by column 'task': 'response' (26 rows), 'flanker' (4 rows)" in message
    assert len(hs.read(path, where="task == 'flanker'")) == 4
    assert len(hs.read(path, where="task in ('response', 'flanker')")) == 30


def test_practice_that_a_block_is_called_and_blocks_with_numbers(tmp_path: Path) -> None:
    frame = pd.read_csv(EXPORTS / "jspsych_P01.csv", dtype=str, keep_default_na=False)
    trial = frame["task"].isin(["practice", "response"])
    part = pd.Series(np.where(trial, 1 + np.cumsum(trial) // 16, ""), index=frame.index).astype(str)
    path = tmp_path / "P01.csv"
    blocks = frame.assign(part=part, block=frame["task"].replace({"response": "main"})).drop(columns="task")
    blocks.to_csv(path, index=False)
    table = hs.read(path)
    assert len(table) == 26
    assert table["part"].unique().tolist() == [1, 2]


def test_more_practice_than_trials_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "labjs.csv"
    text = (
        (EXPORTS / "labjs_1.csv")
        .read_text(encoding="utf-8")
        .replace("training", "probe")
        .replace(",task,", ",training,")
    )
    path.write_text(text, encoding="utf-8")
    message = question(path)
    assert message.startswith("26 of 30 rows read as practice (phase = training)")
    assert len(hs.read(path, where="phase == 'training'")) == 26
    assert len(hs.read(path, where="phase is not None")) == 30
    assert len(hs.read(path, where="phase != 'training'")) == 4


def test_several_items_of_opensesame_are_asked_about(tmp_path: Path) -> None:
    frame = pd.read_csv(EXPORTS / "opensesame_subject-1.csv", dtype=str, keep_default_na=False)
    frame = frame.assign(response_time_sure="900", response_sure="1", correct_sure="undefined")
    frame = frame.assign(response_time="900", response="1")
    path = tmp_path / "subject-1.csv"
    frame.to_csv(path, index=False)
    assert "rt='response_time_key', rt='response_time_sure'" in question(path)
    table = hs.read(path, rt="response_time_key")
    assert table["response"].dropna().unique().tolist() == ["z", "m"]
    assert table["correct"].notna().sum() == 20


def test_participants_by_file_where_numbers_were_given_twice(export: Export, tmp_path: Path) -> None:
    for folder in ("monday", "tuesday"):
        (tmp_path / folder).mkdir()
        export("opensesame_subject-1.csv", as_=f"{folder}/subject-1.csv")
    table = hs.read(tmp_path)
    assert table["participant"].unique().tolist() == ["1"]
    assert "has trials in several files" in table.attrs["reading"]["text"]
    apart = hs.read(tmp_path, groupby="source_file")
    assert apart["participant"].unique().tolist() == ["monday/subject-1", "tuesday/subject-1"]


def test_old_and_other_versions(tmp_path: Path) -> None:
    """jsPsych 6 names its plugins otherwise; nobody's name for the part of the experiment; no accuracy."""
    frame = pd.read_csv(EXPORTS / "jspsych_P01.csv", dtype=str, keep_default_na=False)
    frame = frame.drop(columns=["plugin_version", "correct"]).rename(columns={"response": "key_press"})
    path = tmp_path / "P01.csv"
    frame.to_csv(path, index=False)
    table = hs.read(path)
    assert len(table) == 26
    assert "correct" not in table
    assert table["response"].dropna().isin(["f", "j"]).all()


def test_fixations_without_a_label_are_told_by_their_stimulus(tmp_path: Path) -> None:
    frame = pd.read_csv(EXPORTS / "jspsych_P01.csv", dtype=str, keep_default_na=False)
    path = tmp_path / "P01.csv"
    frame[frame["task"] != "practice"].drop(columns="task").to_csv(path, index=False)
    table = hs.read(path, where="trial_type == 'html-keyboard-response'")
    assert len(table) == 26
    assert {"rule": "their stimulus was never answered", "rows": 30, "counts": {"+": 30}} in table.attrs["reading"][
        "left_out"
    ]


def test_times_that_somebody_converted_are_asked_about(tmp_path: Path) -> None:
    frame = pd.read_csv(EXPORTS / "opensesame_subject-1.csv")
    path = tmp_path / "subject-1.csv"
    frame.assign(response_time=frame["response_time"] / 1000).to_csv(path, index=False)
    assert "say rt_unit='s'" in question(path)
    table = hs.read(path, rt_unit="s")
    np.testing.assert_allclose(table["rt"], hs.read(EXPORTS / "opensesame_subject-1.csv")["rt"])
    trials = tmp_path / "367439.csv"
    psychopy = pd.read_csv(EXPORTS / "psychopy_367439_stroop.csv")
    times = {name: psychopy[name] * 1000 for name in psychopy if name.endswith("key_resp.rt")}
    psychopy.assign(**times).to_csv(trials, index=False)
    assert "say rt_unit='ms'" in question(trials)


def test_what_edataaid_exports(tmp_path: Path) -> None:
    """A title line, tabs, columns of levels in brackets, NULL for what a level lacks."""
    table = hs.read(EXPORTS / "eprime_Simon-*.txt")
    names = {"Experiment": "ExperimentName", "Procedure": "Procedure[Trial]", "Running": "Running[Trial]"}
    log = table.drop(columns=["participant", "rt", "response", "correct", "source_file"]).rename(columns=names)
    path = tmp_path / "merged.txt"
    body = log.to_csv(index=False, sep="\t", na_rep="").replace("\n", "\r\n")
    path.write_bytes(("C:\\lab\\all data.emrg2\r\n" + body).encode("utf-16"))
    again = hs.read(path)
    columns = ["participant", "rt", "response", "correct"]
    pd.testing.assert_frame_equal(again[columns], table[columns])
    assert again.attrs["reading"]["source"] == "eprime"
