from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from hddm_sbi.errors import DataError
from hddm_sbi.trials import read_csv

EXPECTED = pd.DataFrame({"subject": [1, 2], "rt": [0.51, 1.25], "response": ["left", "right"]})


def _write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


@pytest.mark.parametrize(
    "content",
    [
        "subject,rt,response\n1,0.51,left\n2,1.25,right\n",
        "subject, rt, response\n1, 0.51, left\n2, 1.25, right\n",
        "subject;rt;response\n1;0.51;left\n2;1.25;right\n",
        "subject;rt;response\n1;0,51;left\n2;1,25;right\n",
        '"subject";"rt";"response"\n1;0,51;"left"\n2;1,25;"right"\n',
        "subject\trt\tresponse\n1\t0.51\tleft\n2\t1.25\tright\n",
        "subject,rt,response\r\n1,0.51,left\r\n2,1.25,right\r\n",
        b"\xef\xbb\xbfsubject,rt,response\n1,0.51,left\n2,1.25,right\n",
        "\n\nsubject,rt,response\n1,0.51,left\n\n2,1.25,right\n\n",
    ],
    ids=["comma", "space", "semicolon", "decimal comma", "quoted", "tab", "crlf", "bom", "blank lines"],
)
def test_reads_the_same_table(tmp_path: Path, content: str | bytes) -> None:
    assert_frame_equal(read_csv(_write(tmp_path / "trials.csv", content)), EXPECTED)


def test_decimal_comma_of_a_column_with_whole_numbers(tmp_path: Path) -> None:
    df = read_csv(_write(tmp_path / "trials.csv", "rt;response\n1;0\n0,5;1\n-0,25;1\n"))
    assert df["rt"].tolist() == [1.0, 0.5, -0.25]


def test_thousands_are_not_decimals(tmp_path: Path) -> None:
    # Points elsewhere in the file show that a comma between digits is not the decimal mark.
    df = read_csv(_write(tmp_path / "trials.csv", "rt;theta\n1,234;0.5\n1,100;0.7\n"))
    assert df["rt"].tolist() == ["1,234", "1,100"]


def test_none_is_a_label_among_text_and_missing_among_numbers(tmp_path: Path) -> None:
    content = "cue,dur,key,n\nNone,None,,1\nvalid,0.5,left,NA\nNone,0.25,n/a,3\n"
    df = read_csv(_write(tmp_path / "trials.csv", content))
    assert df["cue"].tolist() == ["None", "valid", "None"]
    np.testing.assert_array_equal(df["dur"], [np.nan, 0.5, 0.25])
    assert df["key"].isna().tolist() == [True, False, True]
    np.testing.assert_array_equal(df["n"], [1, np.nan, 3])


def test_labels_that_read_as_missing(tmp_path: Path) -> None:
    content = "rt;response;x\n0,5;NA;1,5\nNone;EU;NA\n"
    df = read_csv(_write(tmp_path / "trials.csv", content), ("NA", "EU"))
    assert df["response"].tolist() == ["NA", "EU"]
    np.testing.assert_array_equal(df["rt"], [0.5, np.nan])
    np.testing.assert_array_equal(df["x"], [1.5, np.nan])


def test_path_may_be_text(tmp_path: Path) -> None:
    path = _write(tmp_path / "trials.csv", "rt,response\n0.5,1\n")
    assert len(read_csv(str(path))) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("rt,response\n", "has a header but no rows"),
        ("rt\n0.5\n0.7\n", "is not a table: no comma, semicolon or tab"),
        ("Dear colleague\nplease find attached\n", "is not a table"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00", "is not a text file; save the table as CSV"),
        (b"%PDF-1.7, a; b\n1 0 obj\n", "is not a text file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00", "is not a text file"),
        (b"subject,rt\nJ\xfcrgen,0.5\n", "is not UTF-8 text"),
        ("rt,response\n0.5,1\n0.6,1,2,3\n", "is not a regular table: Expected 2 fields in line 3, saw 4"),
        ('rt,response\n0.5,"1\n0.6,1\n', "is not a regular table"),
        ("rt,response\n0.5,1,\n0.6,0,\n", r"have more fields than its header names \(2\)"),
        ("rt,response,rt\n0.5,1,0.5\n", "more than one column named 'rt'"),
    ],
)
def test_what_is_not_a_table(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = _write(tmp_path / "bad.csv", content)
    with pytest.raises(DataError, match=message) as caught:
        read_csv(path)
    assert "bad.csv" in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no file '.*nowhere\.csv'"):
        read_csv(tmp_path / "nowhere.csv")


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_csv(tmp_path)


def test_participants_keep_their_zeros(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("subject,rt,response\n007,0.5,1\n12,0.05,0\n,1,1\n", encoding="utf-8")
    table = read_csv(path)
    assert table["subject"].tolist()[:2] == ["007", "12"]
    assert table["subject"].isna().tolist() == [False, False, True]
    assert table["rt"].tolist() == [0.5, 0.05, 1.0]
