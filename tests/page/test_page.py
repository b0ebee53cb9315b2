"""The frame of a page and its tables."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from hddm_sbi.page import document, table


def test_a_table_sorts_by_numbers_whatever_it_shows() -> None:
    frame = pd.DataFrame({"who": ["<i>", "b"], "x": [0.123456789, np.nan], "n": [3, 12]})
    text = table(
        frame,
        "{:.1f}".format,
        caption="a & b",
        labels={"x": "x > 0"},
        texts={"n": ["three", "a dozen"]},
        filtered="people",
    )
    assert re.findall(r'data-value="(.*?)">(.*?)<', text) == [
        ("0.123457", "0.1"), ("3", "three"), ("nan", "nan"), ("12", "a dozen"),
    ]  # fmt: skip
    assert "<td>&lt;i&gt;</td>" in text and "x &gt; 0</button>" in text and "<caption>a &amp; b</caption>" in text
    assert text.startswith('<table data-filter="people">')


def test_a_table_without_rows_is_one() -> None:
    text = table(pd.DataFrame({"a": pd.Series(dtype=float)}), str)
    assert "<th" in text and "<td" not in text


def test_a_page_forbids_itself_to_ask_for_anything() -> None:
    text = document("a < b", ["<p>x</p>"], styles=["p {}"], scripts=["1 + 1"], made_by="me")
    assert "<title>a &lt; b</title>" in text and 'content="me"' in text and text.count("<script>") == 2
    assert "default-src 'none'" in text and "unsafe-eval" not in text
    assert "unsafe-eval" in document("t", [], evaluates=True)
