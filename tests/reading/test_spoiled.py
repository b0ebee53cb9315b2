"""Spoiled files: one sentence each that says what is wrong, never a traceback, and no silent table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hddm_sbi as hs
from tests.reading.exports import EXPORTS, question

NAMES = sorted(path.name for path in EXPORTS.iterdir() if path.suffix != ".md")
Export = Callable[..., Path]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [b"", b"\n\n  \n", b"\xef\xbb\xbf"], ids=["nothing", "blank lines", "a mark"])
def test_emptied(export: Export, name: str, content: bytes) -> None:
    message = question(export(name, lambda _: content))
    assert name in message
    assert any(word in message for word in ("is empty", "SPSS"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_cut_off(export: Export, name: str, share: float) -> None:
    """In the middle of a line; a cut at the end of one is a session that was broken off."""

    def cut(content: bytes) -> bytes:
        end = int(len(content) * share)
        if "eprime" in name:
            return content[: end - end % 2 - 1]  # in the middle of a character
        line = content.rfind(b"\n", 0, end) + 1
        if line:
            end = line + (content.find(b"\n", line) - line) // 3
        return content[:end]

    message = question(export(name, cut))
    assert "cut off" in message
    assert name in message


def _without(column: str) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        text = content.decode("utf-8-sig")
        head = "".join(line for line in text.splitlines(True) if line.startswith("#"))
        mark = "\t" if "\t" in text[len(head) :].split("\n")[0] else ","
        rows = list(csv.reader(io.StringIO(text[len(head) :]), delimiter=mark))
        place = rows[0].index(column)
        out = io.StringIO()
        csv.writer(out, delimiter=mark).writerows([*row[:place], *row[place + 1 :]] for row in rows)
        return (head + out.getvalue()).encode()

    return change


@pytest.mark.parametrize(
    ("name", "column", "program"),
    [
        ("jspsych_P01.csv", "rt", "jsPsych"),
        ("jspsych_P01.csv", "response", "jsPsych"),
        ("jspsych_P01.csv", "trial_type", "jsPsych"),
        ("labjs_1.csv", "duration", "lab.js"),
        ("labjs_1.csv", "response", "lab.js"),
        ("labjs_1.csv", "sender", "lab.js"),
        ("labjs_1.csv", "sender_type", "lab.js"),
        ("labjs_1.csv", "ended_on", "lab.js"),
        ("opensesame_subject-1.csv", "response_time", "OpenSesame"),
        ("opensesame_subject-1.csv", "response", "OpenSesame"),
        ("opensesame_subject-1.csv", "subject_nr", "OpenSesame"),
        ("psychopy_367439_stroop.csv", "participant", "PsychoPy"),
        ("bids_sub-01_task-flanker_beh.tsv", "response_time", "BIDS"),
        ("bids_sub-01_task-flanker_beh.tsv", "response", "BIDS"),
        ("expyriment_001.xpd", "rt", "Expyriment"),
        ("expyriment_001.xpd", "key", "Expyriment"),
        ("expyriment_001.xpd", "subject_id", "Expyriment"),
    ],
)
def test_a_missing_column(export: Export, name: str, column: str, program: str) -> None:
    message = question(export(name, _without(column)))
    assert program in message
    assert f"'{column}'" in message or column in ("rt", "key")


def test_missing_columns_of_psychopy_and_eprime(export: Export) -> None:
    name = "psychopy_367439_stroop.csv"
    assert "no column 'key_resp.rt'" in question(export(name, lambda content: content.replace(b".rt", b".when")))
    assert "ends on .keys" in question(export(name, lambda content: content.replace(b".keys", b".what")))
    log = EXPORTS / "eprime_Simon-1-1.txt"
    for column, words in (("RT", "ends on .RT"), ("RESP", "no column 'Stimulus.RESP'")):
        text = log.read_text(encoding="utf-16").replace(f"Stimulus.{column}:", f"Stimulus.Not{column}:")
        path = export(log.name, lambda _, text=text: text.encode("utf-16"))
        message = question(path)
        assert "E-Prime" in message
        assert words in message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("source", ["jspsych", "psychopy", "labjs", "opensesame", "eprime", "bids", "expyriment"])
def test_taken_for_another_program(name: str, source: str) -> None:
    raw = name.split("_")[0]
    if raw == source:
        return
    try:
        table = hs.read(EXPORTS / name, source=source)
    except hs.HDDMError as error:
        assert "\n" not in str(error)
    else:
        assert table.attrs["reading"]["source"] == source
        assert {"participant", "rt", "response"} <= set(table)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith(".sav")])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "utf-8-sig"])
def test_other_encodings_are_the_same_table(export: Export, name: str, encoding: str) -> None:
    def recode(content: bytes) -> bytes:
        text = content.decode("utf-16" if "eprime" in name else "utf-8-sig")
        return text.encode(encoding)

    columns = ["participant", "rt", "response"]
    recoded = hs.read(export(name, recode))
    pd.testing.assert_frame_equal(recoded[columns], hs.read(EXPORTS / name)[columns])


def test_text_of_windows_is_read_and_said(tmp_path: Path) -> None:
    path = tmp_path / "daten.csv"
    path.write_bytes("vp;bedingung;rt;antwort\n01;größer;0,512;schräg\n02;kleiner;0,634;gerade\n".encode("cp1252"))
    table = hs.read(path)
    assert table["bedingung"].tolist() == ["größer", "kleiner"]
    assert table["response"].tolist() == ["schräg", "gerade"]
    assert table["rt"].tolist() == [0.512, 0.634]
    assert table["participant"].tolist() == ["01", "02"]
    assert "Windows-1252" in table.attrs["reading"]["text"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pkl", b"\x80\x04\x95", "objects of Python"),
        ("a.psydat", b"anything", "objects of Python"),
        ("a.csv", b"\x80\x05cos\nsystem\n", "objects of Python"),
        ("a.npy", b"\x93NUMPY\x01", "objects of Python"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0\0", "neither text nor of a kind that is read"),
        ("a.xlsx", b"PK\x03\x04 no workbook", "damaged"),
        ("a.parquet", b"PAR1 no table", "damaged"),
        ("a.feather", b"ARROW1 no table", "damaged"),
        ("a.dta", b"no table", "damaged"),
        ("a.rds", b"\x1f\x8b no table", "damaged"),
        ("a.zip", b"PK\x03\x04 no archive", "damaged"),
        ("a.tar.gz", b"\x1f\x8b no archive", "damaged"),
        ("a.csv", b"only one column\n1\n2\n", "'participant'|column"),
        ("a.csv", b"a,b\n1,2\n3,4,5\n", "line 3 of the file"),
        ("a.csv", b"a,a,b\n1,2,3\n", "more than one column named 'a'"),
        ("a.csv", b"a,b\n", "a header ('a', 'b') and no rows"),
        ("a.csv", b'a,b\n1,"2\n', "cut off"),
        ("a.json", b"{", "cut off"),
        ("a.json", b"[1, 2]", "int values where trials should be"),
        ("a.json", b"[]", "no trials"),
        ("a.json", b"[" * 100_000, "nests"),
        ("a.xpd", b"#Expyriment 0.9\n#e a\n", "comments and no table"),
    ],
)
def test_what_is_no_table(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    message = question(path)
    assert any(word in message for word in words.split("|"))


def test_a_damaged_file_that_crashes_its_library(export: Export) -> None:
    damage = {536: 79, 547: 159, 1407: 178, 3531: 30}

    def change(content: bytes) -> bytes:
        changed = bytearray(content)
        for place, byte in damage.items():
            changed[place] = byte
        return bytes(changed)

    assert "damaged or cut off" in question(export("exp.sav", change))


def test_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert question("none.csv") == "there is no file 'none.csv'."
    assert question("raw/*.csv") == "no file matches 'raw/*.csv'."
    assert "no file that could be a table" in question("empty")
    assert "no file is named" in question([])
    assert "source='spss' is not known" in question(EXPORTS / "labjs_1.csv", source="spss")
    assert "rt_unit must be" in question(EXPORTS / "labjs_1.csv", rt_unit="min")
    assert "rt='nope' is no column" in question(EXPORTS / "labjs_1.csv", rt="nope")
    assert "response='nope' is no column" in question(EXPORTS / "jspsych_P01.csv", response="nope")
    assert "groupby='nope' is no column" in question(EXPORTS / "exp.sav", groupby="nope")


@pytest.mark.parametrize("name", ["opensesame_subject-1.csv", "bids_sub-02_task-flanker_beh.tsv", "exp.csv"])
def test_rows_in_any_order_are_the_same_trials(export: Export, tmp_path: Path, name: str) -> None:
    if name == "exp.csv":
        hs.read(EXPORTS / "exp.sav").to_csv(tmp_path / name, index=False)
    else:
        export(name)
    expected = hs.read(tmp_path / name)
    lines = (tmp_path / name).read_text(encoding="utf-8").splitlines()
    rng = np.random.default_rng(len(lines))
    lines[1:] = [lines[k] for k in 1 + rng.permutation(len(lines) - 1)]
    (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    shuffled = hs.read(tmp_path / name)
    columns = ["participant", "rt", "response", "correct"]
    order = [*columns, *(["onset"] if "onset" in expected else [])]
    one, other = (table.sort_values(order, ignore_index=True) for table in (shuffled, expected))
    pd.testing.assert_frame_equal(one[columns], other[columns])


SPOIL = settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@SPOIL
@given(data=st.data())
def test_no_spoiling_ends_in_a_traceback(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Bytes of a file deleted, doubled, replaced or moved; cells replaced by others; lines dropped or joined."""
    name = data.draw(st.sampled_from(NAMES))
    content = bytearray((EXPORTS / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, max(0, len(content) - 1)))
        length = data.draw(st.sampled_from([1, 2, 7, 40, 300, 3000]))
        new = data.draw(
            st.one_of(
                st.binary(max_size=20),
                st.sampled_from([b"", b",", b"\n", b'"', b"\0", b";", b"\t", b"nan", b"-999", b"1e999", b"[1, 2]"]),
                st.just(bytes(content[start : start + length]) * 2),
            )
        )
        content[start : start + length] = new
    path = tmp_path_factory.mktemp("spoiled") / name
    path.write_bytes(bytes(content))
    try:
        table = hs.read(path)
    except hs.HDDMError as error:
        assert "\n" not in str(error).strip()
    else:
        assert {"participant", "rt", "response", "source_file"} <= set(table)
        assert np.isfinite(table["rt"].dropna().astype(float)).all()
        assert table["participant"].notna().all()
