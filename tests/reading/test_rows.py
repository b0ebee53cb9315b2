"""Row filters: what passes, and that nothing but comparisons is ever done."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import DataError
from hddm_sbi.reading.rows import parse_where

TABLE = pd.DataFrame(
    {
        "phase": ["test", "practice", "test", ""],
        "block": ["1", "2", "10", ""],
        "trials.thisN": [0.0, 1.0, np.nan, 2.0],
        "is ok": ["true", "false", "1", "0"],
        "answer": ["test", "x", "practice", ""],
    }
)


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("phase == 'test'", [1, 0, 1, 0]),
        ('phase != "test"', [0, 1, 0, 1]),
        ("phase == 'test' and block > 1", [0, 0, 1, 0]),
        ("phase == 'practice' or block == 10", [0, 1, 1, 0]),
        ("not (phase == 'test')", [0, 1, 0, 1]),
        ("phase in ('test', 'practice')", [1, 1, 1, 0]),
        ("phase not in ['test']", [0, 1, 0, 1]),
        ("1 < block <= 10", [0, 1, 1, 0]),
        ("2 <= block", [0, 1, 1, 0]),
        ("block == '10'", [0, 0, 1, 0]),
        ("trials.thisN >= 0", [1, 1, 0, 1]),
        ("`trials.thisN` == 1", [0, 1, 0, 0]),
        ("trials.thisN is None", [0, 0, 1, 0]),
        ("phase is not None", [1, 1, 1, 0]),
        ("`is ok`", [1, 0, 1, 0]),
        ("`is ok` == False", [0, 1, 0, 1]),
        ("phase == answer", [1, 0, 0, 1]),
        ("block > -1", [1, 1, 1, 0]),
        ("block in (1, 2)", [1, 1, 0, 0]),
    ],
)
def test_which_rows_pass(where: str, rows: list[int]) -> None:
    assert parse_where(where).rows(TABLE).astype(int).tolist() == rows


@pytest.mark.parametrize(
    "where",
    [
        "__import__('os').system('true')",
        "phase.upper() == 'TEST'",
        "[x for x in (1, 2)]",
        "(lambda: 1)() == 1",
        "block + 1 > 2",
        "phase == f'{block}'",
        "phase['a'] == 1",
        "block > (1, 2)",
        "1 == 1",
        "'test' in phase",
        "(x := 1) == 1",
        "block if phase else 1",
        "phase == b'test'",
        "block == 1j",
        "-phase == 1",
        "phase in answer",
        "5",
        "@phase == 'test'",
        "phase = 'test'",
        "phase == 'test",
        "",
        "(" * 500 + "block" + ")" * 500,
        "not " * 600 + "phase == 'test'",
        "phase == 'a' or " * 300 + "phase == 'b'",
    ],
)
def test_anything_else_is_refused(where: str) -> None:
    with pytest.raises(DataError, match="it takes comparisons"):
        parse_where(where)


def test_no_such_column() -> None:
    with pytest.raises(DataError, match="where names 'task', which is no column of the file; its columns are 'phase'"):
        parse_where("task == 'a'").rows(TABLE)


def test_text_has_no_order() -> None:
    with pytest.raises(DataError, match="compares column 'phase' with 'b' by order"):
        parse_where("phase < 'b'")


def test_numbers_that_were_read_as_numbers_equal_their_text() -> None:
    table = pd.DataFrame({"subject": [1.0, 2.0, np.nan], "key": ["01", "1", "2"]})
    assert parse_where("subject == '1'").rows(table).tolist() == [True, False, False]
    assert parse_where("key == '1'").rows(table).tolist() == [False, True, False]
