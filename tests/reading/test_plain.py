"""Tables of other model programs, and of nobody in particular: names, units, codes for nothing, and questions."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import hddm_sbi as hs
from tests.reading.exports import question


def _read(tmp_path: Path, text: str, **options: object) -> pd.DataFrame:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    return hs.read(path, **options)


@pytest.mark.parametrize(
    ("text", "source", "participants", "rt", "response"),
    [
        ("subj_idx,rt,response\n0,0.5,1\n0,999,0\n1,0.7,1\n", "hddm", ["0", "0", "1"], [0.5, None, 0.7], [1, 0, 1]),
        # flip_errors of HDDM makes times of responses 0 negative; where others are, too, they stay
        ("subj_idx,rt,response\n0,0.5,1\n0,-0.6,0\n1,0.7,1\n", "hddm", ["0", "0", "1"], [0.5, 0.6, 0.7], [1, 0, 1]),
        ("subj_idx,rt,response\n0,0.5,1\n0,0.6,0\n1,-0.1,0\n", "hddm", ["0", "0", "1"], [0.5, 0.6, -0.1], [1, 0, 0]),
        (
            "participant_id,rt,response\na,0.5,1\na,-999.0,-999\nb,0.7,-1\n",
            "hssm", ["a", "a", "b"], [0.5, None, 0.7], [1, None, -1],
        ),
        (
            "subjects,S,R,rt\nas1t,left,left,0.5\nas1t,right,NA,NA\nbd6t,left,right,0.7\n",
            "emc2", ["as1t", "as1t", "bd6t"], [0.5, None, 0.7], ["left", None, "right"],
        ),
        ("RESPONSE TIME\n1 0.5\n0 0.6\n1 0.7\n", "fastdm", ["table"] * 3, [0.5, 0.6, 0.7], [1, 0, 1]),
        (
            "id,rt,response\n1,0.5,upper\n1,0.6,lower\n2,0.7,upper\n",
            "rtdists", ["1", "1", "2"], [0.5, 0.6, 0.7], ["upper", "lower", "upper"],
        ),
        (
            "Versuchsperson;Reaktionszeit;Antwort\n01;512,5;ja\n01;634;nein\n02;NA;NA\n",
            "table", ["01", "01", "02"], [0.5125, 0.634, None], ["ja", "nein", None],
        ),
    ],
)  # fmt: skip
def test_tables_by_their_names(
    tmp_path: Path, text: str, source: str, participants: list[str], rt: list[float | None], response: list[object]
) -> None:
    table = _read(tmp_path, text)
    assert table.attrs["reading"]["source"] == source
    assert table["participant"].tolist() == participants
    assert [None if pd.isna(value) else value for value in table["rt"]] == pytest.approx(rt)
    assert [None if pd.isna(value) else value for value in table["response"]] == response


def test_codes_for_nothing_are_said(tmp_path: Path) -> None:
    text = _read(tmp_path, "subj_idx,rt,response\n0,0.5,1\n0,-999,-999\n").attrs["reading"]["text"]
    assert "-999 in column 'rt' is read as missing in 1 row" in text
    assert "-999 in column 'response' is read as missing in 1 row" in text


def test_999_is_a_time_in_milliseconds(tmp_path: Path) -> None:
    table = _read(tmp_path, "subject,rt,response\n1,999,a\n1,640,b\n1,700,a\n")
    assert table["rt"].tolist() == [0.999, 0.64, 0.7]


@pytest.mark.parametrize(
    ("text", "words", "answer"),
    [
        ("subject,RT_a,RT_b,response\n1,0.5,0.6,a\n", "name it with rt=", {"rt": "RT_a"}),
        ("subject,latency,reactiontime,response\n1,1,2,a\n", "rt='latency' or rt='reactiontime'", {"rt": "latency"}),
        ("subject,rt,key,button\n1,0.5,a,b\n", "response='key' or response='button'", {"response": "button"}),
        ("subject,rt,response\n1,30,a\n1,35,b\n", "rt_unit='s' or rt_unit='ms'", {"rt_unit": "ms"}),
        ("subject,rt,judgement\n1,0.5,a\n", "name it with response=", {"response": "judgement"}),
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_asked(tmp_path: Path, text: str, words: str, answer: dict[str, str]) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    assert words in question(path)
    assert len(_read(tmp_path, text, **answer)) >= 1


def test_right_and_wrong_alone_are_the_responses(tmp_path: Path) -> None:
    table = _read(tmp_path, "subject,rt,korrekt\n1,0.5,richtig\n1,0.6,falsch\n1,,\n")
    assert table["correct"].tolist()[:2] == [1, 0]
    assert table["response"].tolist()[:2] == ["richtig", "falsch"]
    assert table[["rt", "response", "correct"]].isna().sum().tolist() == [1, 1, 1]


def test_columns_of_the_file_that_are_called_as_those_of_the_result(tmp_path: Path) -> None:
    table = _read(
        tmp_path, "subject,participant,rt,response,source_file\n1,x,0.5,a,old\n1,y,0.6,b,old\n", groupby="subject"
    )
    assert table["participant"].tolist() == ["1", "1"]
    assert table["participant_in_file"].tolist() == ["x", "y"]
    assert table["source_file_in_file"].tolist() == ["old", "old"]


def test_filters_name_columns_of_the_result_as_well(tmp_path: Path) -> None:
    table = _read(tmp_path, "subject,rt,response\n01,0.5,a\n02,0.6,b\n", where="participant != '02'")
    assert table["participant"].tolist() == ["01"]
    assert table.attrs["reading"]["left_out"] == [
        {"rule": "where=\"participant != '02'\"", "rows": 1, "counts": {"": 1}}
    ]
