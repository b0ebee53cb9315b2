"""Tables that are spoiled in any way are told of, or refused in one sentence; no library's own errors get out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import hddm_sbi as hs
from tests.doctor.experiments import CLEAN

Spoil = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def _some(table: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    return rng.random(len(table)) < rng.choice([0.001, 0.05, 0.5, 1.0])


def _entries(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    name = rng.choice(table.columns)
    values = [
        np.nan,
        None,
        "",
        "None",
        "n/a",
        0,
        -1,
        1e300,
        -1e-300,
        np.inf,
        999,
        "x",
        True,
        pd.NA,
        3.5,
        "🙂",
        b"x",
        1j,
    ]
    value = values[rng.integers(len(values))]
    return table.assign(**{name: table[name].astype(object).mask(_some(table, rng), value)})


def _type(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    name = rng.choice(table.columns)
    kind = rng.choice(["category", "str", "string", "object", "Float64", "Int64", "bool", "complex128", "float32"])
    try:
        return table.assign(**{name: table[name].astype(str(kind))})
    except (TypeError, ValueError):
        return table


def _rows(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.iloc[rng.integers(0, len(table), rng.choice([1, 2, 7, len(table)]))]


def _order(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.sort_values(str(rng.choice(table.columns)), key=lambda column: column.astype(str))


def _scale(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    numbers = table.select_dtypes("number").columns
    if not len(numbers):
        return table
    name = rng.choice(numbers)
    return table.assign(
        **{name: table[name].where(~_some(table, rng), table[name] * rng.choice([1e-9, 1e3, 1e12, 0.0]))}
    )


def _column(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    made = [[[1]] * len(table), pd.Timestamp("2024-02-29"), np.nan, range(len(table)), rng.normal(size=len(table))]
    return table.assign(**{str(rng.choice(["more", "load", "cond", "correct", "key"])): made[rng.integers(5)]})


SPOILS: tuple[Spoil, ...] = (_entries, _type, _rows, _order, _scale, _column)


@pytest.mark.parametrize("block", range(8))
def test_any_table_is_told_of_or_refused_in_a_sentence(block: int) -> None:
    told = 0
    for seed in range(15 * block, 15 * block + 15):
        rng = np.random.default_rng(seed)
        design = list(CLEAN.values())[seed % len(CLEAN)](1, people=6, trials=40)
        table = design.table
        for spoil in rng.choice(len(SPOILS), rng.integers(1, 4)):
            table = SPOILS[spoil](table, rng)
        options = {key: value for key, value in design.options.items() if rng.random() < 0.8}
        try:
            checkup = hs.check_data(table, **options)
        except hs.HDDMError as error:
            assert "\n" not in str(error) and len(str(error)) < 1500
            continue
        told += 1
        assert str(checkup) and checkup._repr_html_()
        assert all(len(rows) for rows in checkup.findings["rows"])
    assert told > 5
