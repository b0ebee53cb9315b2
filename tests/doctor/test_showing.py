"""The checkup as text and as a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hddm_sbi as hs
from hddm_sbi.doctor.quick import quick_lines
from hddm_sbi.errors import OutputError
from tests.doctor.experiments import CLEAN
from tests.doctor.faults import exact_time_outs, one_key

_EMPTY = {"meta", "br", "path", "link", "img"}


class _Page(HTMLParser):
    """Elements that are closed in order, their text, and what they point to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.counts: dict[str, int] = {}
        self.text: list[str] = []
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.targets += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _parsed(text: str) -> _Page:
    page = _Page()
    page.feed(text)
    page.close()
    assert page.open == []
    return page


@pytest.fixture(scope="module")
def checkup() -> hs.Checkup:
    design, _ = exact_time_outs(1)
    table = design.table.assign(subject=design.table["subject"].map("<script>alert({})</script>&'\"".format))
    return hs.check_data(table.rename(columns={"cond": "<i>cond</i>"}), groupby="subject", conditions="<i>cond</i>")


def test_the_page_is_one_file_and_escapes_the_data(checkup: hs.Checkup, tmp_path: Path) -> None:
    path = checkup.to_html(tmp_path / "new" / "check.html")
    text = path.read_text(encoding="utf-8")
    page = _parsed(text)
    assert page.counts["script"] == 1 and page.counts["svg"] == 20 and page.counts["article"] == 1
    assert "i" not in page.counts and page.targets == []
    assert not re.search(r"https?://|@import|url\(", text)
    assert page.counts["td"] == checkup.participants.size
    assert any("<script>alert(7)</script>&'\"" in part for part in page.text)
    assert all(sentence in page.text for sentence in checkup.overview)


def test_the_histograms_count_every_time(checkup: hs.Checkup) -> None:
    times = checkup.times
    assert times.up.sum() + times.down.sum() == 2400
    trials = checkup.participants.groupby("subject", sort=False)["trials"].sum().to_numpy()
    np.testing.assert_array_equal((times.up + times.down).sum(axis=1), trials)
    assert len(times.labels) == 20 and times.names == ("left", "right")


def test_a_notebook_shows_findings_and_the_first_rows(checkup: hs.Checkup) -> None:
    page = _parsed(checkup._repr_html_())
    assert page.counts["article"] == 1 and page.counts["tr"] == 21 and "script" not in page.counts


def test_text_fits_a_terminal_and_says_all(checkup: hs.Checkup) -> None:
    text = str(checkup)
    (finding,) = checkup.findings.itertuples()
    told, _, table = text.partition("subject")
    assert max(map(len, told.splitlines())) <= 80
    words = " ".join(text.split())
    for sentence in (*checkup.overview, finding.sentence, finding.why, finding.advice):
        assert " ".join(sentence.split()) in words
    assert "and 10 rows more" in table


def test_nothing_odd_is_said_to_be_so() -> None:
    design = CLEAN["two conditions"](1)
    checkup = hs.check_data(design.table, **design.options)
    assert "Nothing odd was found." in str(checkup) and checkup.in_three_lines == []


def test_the_quick_part_is_three_lines_of_what_the_model_has_not_said() -> None:
    design, _ = one_key(1)
    table = pd.concat([design.table, design.table[design.table["subject"] == 6]], ignore_index=True)
    model = hs.HierarchicalDDM(table, groupby="subject", formula="v ~ cond", likelihood="exact")
    lines = quick_lines(model.trials, model.conditions.columns)
    assert len(lines) == 3 and "2 findings" in lines[0]
    assert lines[1].startswith("- repeated rows: ") and lines[2].startswith("- one response only: ")


def test_a_page_that_cannot_be_written(checkup: hs.Checkup, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        checkup.to_html(tmp_path / "file" / "check.html")
