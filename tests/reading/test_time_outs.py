"""Simulated trials under a deadline, written in the ways of programs: each is the same experiment."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hddm_sbi as hs
from hddm_sbi.ssm import simulate

DEADLINE = 1.2
N = 300


@dataclass(frozen=True)
class Truth:
    """What happened: rt in seconds to the millisecond and right or wrong, NaN and -1 where nobody responded in time."""

    rt: np.ndarray
    right: np.ndarray
    word: np.ndarray

    @property
    def out(self) -> np.ndarray:
        """The time-outs."""
        return self.right < 0

    @property
    def key(self) -> np.ndarray:
        """f or j: j is right for words."""
        return np.where(self.word == (self.right == 1), "j", "f")

    @property
    def ms(self) -> np.ndarray:
        """rt in whole milliseconds, that of the deadline where there is none."""
        return np.where(self.out, DEADLINE * 1000, np.nan_to_num(self.rt) * 1000).round().astype(int)


@pytest.fixture(scope="module")
def truth() -> Truth:
    rt, choice = (np.asarray(part).ravel() for part in simulate("ddm", np.array([1.0, 2.0, 0.5, 0.3]), N, seed=3))
    late = rt > DEADLINE
    assert 0.1 < late.mean() < 0.4
    word = np.arange(N) % 3 > 0
    return Truth(np.where(late, np.nan, rt.round(3)), np.where(late, -1, choice), word)


def _jspsych(truth: Truth, folder: Path) -> Path:
    rows: list[dict[str, object]] = []
    for k in range(N):
        out = bool(truth.out[k])
        rows.append({"trial_type": "html-keyboard-response", "task": "fixation", "rt": None, "response": None})
        rows.append(
            {
                "trial_type": "html-keyboard-response", "task": "word", "word": bool(truth.word[k]),
                "rt": None if out else int(truth.ms[k]), "response": None if out else str(truth.key[k]),
                "correct": bool(truth.right[k] == 1),
            }
        )  # fmt: skip
    for index, row in enumerate(rows):
        row |= {"trial_index": index, "time_elapsed": 1000 * index, "subject": "P01"}
    (folder / "P01.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder / "P01.json"


def _jspsych_csv(truth: Truth, folder: Path) -> Path:
    frame = pd.read_json(_jspsych(truth, folder), dtype=False)
    frame.astype(object).where(frame.notna(), "null").to_csv(folder / "P01.csv", index=False)
    return folder / "P01.csv"


def _psychopy(truth: Truth, folder: Path) -> Path:
    frame = pd.DataFrame(
        {
            "word": truth.word, "corrAns": np.where(truth.word, "j", "f"), "trials.thisN": np.arange(N),
            "key_resp.keys": np.where(truth.out, "None", truth.key), "key_resp.corr": np.maximum(truth.right, 0),
            "key_resp.rt": np.where(truth.out, "", truth.rt.astype(str)), "participant": "007",
            "psychopyVersion": "2024.2.4",
        }
    )  # fmt: skip
    frame.to_csv(folder / "data.csv", index=False, encoding="utf-8-sig")
    return folder / "data.csv"


def _labjs(truth: Truth, folder: Path) -> Path:
    frame = pd.DataFrame(
        {
            "sender": "Word", "sender_type": "html.Screen", "sender_id": [f"{k}_1" for k in range(N)],
            "word": truth.word, "ended_on": np.where(truth.out, "timeout", "response"),
            "duration": truth.ms + np.where(truth.out, np.arange(N) % 3, 0),
            "response": np.where(truth.out, "", truth.key),
            "correct": np.where(truth.out, "", np.where(truth.right == 1, "true", "false")), "participant": "",
        }
    )  # fmt: skip
    form = {"sender": "Form", "sender_type": "html.Form", "sender_id": "0", "participant": "12"}
    form |= {"ended_on": "form submission", "duration": 400}
    frame = pd.concat([pd.DataFrame([form]), frame])
    frame.to_csv(folder / "data.csv", index=False)
    return folder / "data.csv"


def _opensesame(truth: Truth, folder: Path) -> Path:
    frame = pd.DataFrame(
        {
            "subject_nr": 3, "opensesame_version": "4.0.24", "word": truth.word, "practice": "no",
            "response": np.where(truth.out, "None", truth.key),
            "response_time": truth.ms + np.where(truth.out, np.arange(N) % 8, 0),
            "correct": np.maximum(truth.right, 0),
        }
    )  # fmt: skip
    frame.to_csv(folder / "subject-3.csv", index=False, quoting=1)
    return folder / "subject-3.csv"


def _eprime(truth: Truth, folder: Path) -> Path:
    lines = ["*** Header Start ***", "LevelName: Session", "LevelName: Trial", "Subject: 9", "*** Header End ***"]
    for k in range(N):
        out = truth.out[k]
        lines += ["\tLevel: 2", "\t*** LogFrame Start ***", f"\tword: {truth.word[k]}"]
        lines += [f"\tStimulus.ACC: {max(truth.right[k], 0)}", f"\tStimulus.RT: {0 if out else truth.ms[k]}"]
        lines += [f"\tStimulus.RESP: {'' if out else truth.key[k]}", "\t*** LogFrame End ***"]
    (folder / "log.txt").write_bytes(("\r\n".join(lines) + "\r\n").encode("utf-16"))
    return folder / "log.txt"


def _expyriment(truth: Truth, folder: Path) -> Path:
    lines = ["#Expyriment 1.0.0 (Python 3.11.7), .xpd-file, coding: UTF-8", "subject_id,word,key,rt"]
    code = np.where(truth.key == "j", 1073741903, 1073741904)
    for k in range(N):
        seen = "None,None" if truth.out[k] else f"{code[k]},{truth.ms[k]}"
        lines.append(f"4,{truth.word[k]},{seen}")
    (folder / "main_004.xpd").write_text("\n".join(lines), encoding="utf-8")
    return folder / "main_004.xpd"


def _bids(truth: Truth, folder: Path) -> Path:
    frame = pd.DataFrame(
        {
            "onset": np.arange(N) * 2.0, "duration": 1.2, "trial_type": np.where(truth.word, "word", "nonword"),
            "response_time": np.where(truth.out, "n/a", truth.rt.astype(str)),
            "response": np.where(truth.out, "n/a", truth.key), "accuracy": np.maximum(truth.right, 0),
        }
    )  # fmt: skip
    frame.to_csv(folder / "sub-05_task-lexical_events.tsv", index=False, sep="\t")
    return folder / "sub-05_task-lexical_events.tsv"


def _spss(truth: Truth, folder: Path) -> Path:
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = pd.DataFrame(
        {"vp": 6.0, "rt": np.where(truth.out, -99.0, truth.ms), "acc": np.where(truth.out, 9.0, truth.right)}
    )
    pyreadstat.write_sav(
        frame, folder / "data.sav", missing_ranges={"rt": [-99], "acc": [9]},
        variable_value_labels={"acc": {0: "falsch", 1: "richtig", 9: "keine"}},
    )  # fmt: skip
    return folder / "data.sav"


def _hssm(truth: Truth, folder: Path) -> Path:
    frame = pd.DataFrame(
        {
            "participant_id": 1,
            "rt": np.where(truth.out, -999.0, truth.rt),
            "response": np.where(truth.right == 1, 1, -1),
        }
    )
    frame.loc[truth.out, "response"] = -999
    frame.to_csv(folder / "data.csv", index=False)
    return folder / "data.csv"


WAYS = [_jspsych, _jspsych_csv, _psychopy, _labjs, _opensesame, _eprime, _expyriment, _bids, _spss, _hssm]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__.strip("_"))
def way(request: pytest.FixtureRequest) -> Callable[[Truth, Path], Path]:
    found: Callable[[Truth, Path], Path] = request.param
    return found


def test_every_way_of_writing_a_time_out_is_an_omission(
    way: Callable[[Truth, Path], Path], truth: Truth, tmp_path: Path
) -> None:
    table = hs.read(way(truth, tmp_path))
    assert len(table) == N
    np.testing.assert_array_equal(table["rt"].isna(), truth.out)
    np.testing.assert_array_equal(table["response"].isna(), truth.out)
    np.testing.assert_allclose(table["rt"], truth.rt, atol=6e-4)
    if "correct" in table:
        right = table["correct"].astype("Float64").to_numpy(dtype=float, na_value=-1.0)
        np.testing.assert_array_equal(right, truth.right)


def test_a_model_sees_omissions_in_every_way(way: Callable[[Truth, Path], Path], truth: Truth, tmp_path: Path) -> None:
    table = hs.read(way(truth, tmp_path))
    if "correct" not in table:
        right = {"expyriment": {"left": 0, "right": 1}, "hssm": {-1: 0, 1: 1}}[table.attrs["reading"]["source"]]
        found = table["response"].map(right, na_action="ignore")
        if table.attrs["reading"]["source"] == "expyriment":  # which key was right, the experiment knows
            found = (found == truth.word).astype(float).where(~truth.out)
        table = table.assign(correct=found)
    deadline = "deadline" if "deadline" in table else DEADLINE
    model = hs.HierarchicalDDM(table, response="correct", coding="accuracy", likelihood="exact", deadline=deadline)
    np.testing.assert_array_equal(model.trials.choice[~truth.out], truth.right[~truth.out])
    assert f"omitted on {int(truth.out.sum())} trials" in model.trials.reading
    assert f"{N:,} of" in model.trials.reading
