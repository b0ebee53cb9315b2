"""PsychoPy's wide CSV: turns and loops, cells that hold several keys."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd

import hddm_sbi as hs
from tests.reading.exports import EXPORTS, edited, lines, question


def test_a_turn_that_was_broken_off_is_no_omission(tmp_path: Path) -> None:
    rows = lines("psychopy_367439_stroop.csv")
    header = next(csv.reader([rows[0]]))
    row = next(csv.reader([rows[12]]))
    for name in [name for name in header if "key_resp." in name]:
        row[header.index(name)] = ""
    path = tmp_path / "psychopy.csv"
    path.write_text("\n".join([*rows[:12], ",".join(row)]) + "\n", encoding="utf-8")
    table = hs.read(path)
    assert len(table) == 8
    assert table.attrs["reading"]["left_out"][-1]["rule"].startswith("broken off")


def _lists(row: dict[str, str]) -> None:
    """What a keyboard that stores all keys writes: lists, and 0 for right."""
    for prefix in ("", "practice.", "trials."):
        keys, rt = row[f"{prefix}key_resp.keys"], row[f"{prefix}key_resp.rt"]
        if keys not in ("", "None"):
            other = "left" if keys == "right" else "right"
            row[f"{prefix}key_resp.keys"] = f"['{keys}', '{other}']"
            row[f"{prefix}key_resp.rt"] = f"[{rt}, {float(rt) + 0.2}]"
            row[f"{prefix}key_resp.corr"] = "0"


def test_cells_with_several_keys(tmp_path: Path) -> None:
    path = tmp_path / "367439.csv"
    path.write_bytes(edited("psychopy_367439_stroop.csv", _lists))
    single = hs.read(EXPORTS / "psychopy_367439_stroop.csv")
    table = hs.read(path)
    columns = ["participant", "rt", "response", "correct"]
    pd.testing.assert_frame_equal(table[columns], single[columns])
    assert "of several keys the first" in table.attrs["reading"]["text"]
    last = hs.read(path, response="last")
    np.testing.assert_allclose(last["rt"], single["rt"] + 0.2)
    assert (last["correct"].dropna() == 1 - single["correct"].dropna()).all()


def test_without_the_right_answer_a_list_is_neither_right_nor_wrong(tmp_path: Path) -> None:
    def change(row: dict[str, str]) -> None:
        _lists(row)
        row["corrAns"] = ""

    path = tmp_path / "367439.csv"
    path.write_bytes(edited("psychopy_367439_stroop.csv", change).replace(b"corrAns", b"answer_"))
    table = hs.read(path)
    assert "correct" not in table
    assert "'key_resp.corr' is 0" in table.attrs["reading"]["text"]


def test_several_loops_are_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    content = (EXPORTS / "psychopy_367439_stroop.csv").read_bytes().replace(b"practice.", b"stroop1.")
    path.write_bytes(content)
    message = question(path)
    assert "'trials' (24 rows), 'stroop1' (2 rows)" in message
    assert "where=\"loop == 'trials'\"" in message
    assert len(hs.read(path, where="loop == 'stroop1'")) == 2
    assert len(hs.read(path, rt="trials.key_resp.rt")) == 24


def test_loops_within_loops(tmp_path: Path) -> None:
    """A block around the trials: its column is filled on each of their turns."""
    frame = pd.read_csv(EXPORTS / "psychopy_367439_stroop.csv", dtype=str, keep_default_na=False)
    turn = frame["trials.thisN"] != ""
    blocks = pd.Series(np.where(turn, np.cumsum(turn) // 13, ""), index=frame.index).astype(str)
    path = tmp_path / "nested.csv"
    frame.assign(**{"blocks.thisN": blocks, "blocks.thisRepN": blocks}).to_csv(path, index=False)
    assert len(hs.read(path)) == 24
