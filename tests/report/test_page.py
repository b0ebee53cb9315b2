"""The page: all of it in one file, whatever the model, and nothing that the data hold is taken for HTML."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hddm_sbi as hs
from hddm_sbi.errors import DataError, HDDMError, OutputError
from hddm_sbi.report.charts import vega
from hddm_sbi.report.sections.provenance import trials_checksum
from hddm_sbi.results.certificate import certificate
from hddm_sbi.results.quantities import quantities_of
from hddm_sbi.results.shifts import SCORE, Shifts
from hddm_sbi.results.to_arviz import Results, group, thin
from tests.report.small import as_posterior, experiment, fitted

_EMPTY = {"meta", "br", "path", "link", "img", "rect", "circle", "line", "input"}


class Page(HTMLParser):
    """Elements that are closed in order, their texts, names and targets."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.counts: dict[str, int] = {}
        self.text: list[str] = []
        self.targets: list[str] = []
        self.names: list[str] = []
        self.unnamed = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.targets += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "action")]
        self.names += [given["id"] or ""] if "id" in given else []
        self.unnamed += tag == "svg" and not given.get("aria-label")
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        if tag not in _EMPTY:
            assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)

    def charts(self) -> set[str]:
        return {
            name for name in self.names if name.startswith(("contrast-", "times", "estimates", "prior-", "quantiles"))
        }


def read(path: Path) -> Page:
    found = Page(path.read_text(encoding="utf-8"))
    assert not found.open and not found.unnamed
    assert all(target.startswith("#") for target in found.targets)
    assert {target[1:] for target in found.targets} <= set(found.names)
    assert len(set(found.names)) == len(found.names)
    return found


@pytest.fixture(scope="module")
def whole(crossed: tuple[hs.HierarchicalDDM, Results], tmp_path_factory) -> Path:
    model, idata = crossed
    path = tmp_path_factory.mktemp("report") / "new" / "report.html"
    assert model.report(idata, path, command="hddm-sbi fit x.csv", files=[("x.csv", "abc123")]) == path
    return path


def test_it_has_every_section(whole: Path) -> None:
    found = read(whole)
    told = (
        "asked",
        "data",
        "verdict",
        "population",
        "contrasts",
        "checks",
        "participants",
        "correlations",
        "priors",
        "sensitivity",
        "methods",
        "guidelines",
    )
    assert {*told, "provenance"} <= set(found.names)
    assert {"contrast-v", "contrast-a", "times", "estimates", "prior-v", "prior-t0"} <= found.charts()
    text = " ".join(found.text)
    assert "hddm-sbi fit x.csv" in text and "abc123" in text and "v[cond=hard] - v[cond=easy]" in text
    assert "The sampler has NOT converged" in text
    assert found.counts["svg"] == len(found.charts())


def test_it_asks_for_nothing_and_carries_the_licence(whole: Path) -> None:
    text = whole.read_text(encoding="utf-8")
    assert "default-src 'none'" in text and not re.search(r"@import|url\(", text.split("<body>")[0])
    assert "University of Washington Interactive Data Lab" in text
    assert whole.stat().st_size < 3e6


def test_rows_of_charts_are_there_once_and_whole(whole: Path, crossed) -> None:
    text = whole.read_text(encoding="utf-8")
    found = json.loads(re.search(r'<script type="application/json" id="charts">(.*?)</script>', text, re.S)[1])
    assert set(found) == read(whole).charts()
    rows = found["estimates"]["rows"]
    labels, places = rows["of"]["labels"], rows["of"]["places"]
    assert labels[0] == "v[cond=easy, side=l]" and "a[cond=hard, side=l]" in labels and "z" in labels
    posterior = group(crossed[1], "posterior")
    own = [mean for mean, place in zip(rows["mean"], places, strict=True) if labels[place] == "z"]
    np.testing.assert_allclose(sorted(own), np.sort(posterior["z_subject"].mean(("chain", "draw"))), rtol=1e-5)
    assert "values" not in json.dumps(found["estimates"]["spec"])


def test_what_the_data_hold_is_no_html(tmp_path: Path) -> None:
    evil = "</script><script>alert('1')</script>&\"<b>"
    table = experiment(subjects=3).replace({"subject": {"p001": evil}, "cond": {"hard": evil}})
    model, idata = fitted(table, formula="v ~ cond")
    path = model.report(idata, tmp_path / "r.html", command=evil)
    found, text = read(path), path.read_text(encoding="utf-8")
    assert "b" not in found.counts and found.counts["script"] == 4
    assert "alert('1')</script>" not in text
    assert any(evil in part for part in found.text)


def _deadline() -> dict[str, Any]:
    table = experiment(subjects=3)
    late = table["rt"] > 1.0
    table = table.assign(rt=table["rt"].mask(late), response=table["response"].astype(object).mask(late))
    return {"df": table, "deadline": 1.0, "formula": "v ~ cond"}


def _go() -> dict[str, Any]:
    table = experiment(subjects=3)
    go = (table["response"] == 1) & (table["rt"] < 1.2)
    return {"df": table.assign(rt=table["rt"].where(go), response=np.where(go, "press", "hold")), "go": "press",
            "choices": ("hold", "press"), "deadline": 1.2}  # fmt: skip


def _race() -> dict[str, Any]:
    table = experiment(subjects=3)
    return {"df": table.assign(response=np.arange(len(table)) % 3), "model": "lba", "formula": "B ~ cond"}


def _flat(theta: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return theta[:, 0] + rng.gamma(2.0, 0.3, size=len(theta)), rng.integers(0, 2, len(theta))


KINDS: dict[str, Any] = {
    "pooling none": lambda: {"df": experiment(subjects=3), "pooling": "none"},
    "pooling complete": lambda: {"df": experiment(subjects=3), "pooling": "complete", "formula": "v ~ cond"},
    "one population": lambda: {"df": experiment(subjects=1), "groupby": None},
    "stimulus": lambda: {"df": experiment(subjects=3), "coding": "stimulus", "stimulus": {"side": {"l": 0, "r": 1}},
                         "formula": "v_bias ~ 1"},
    "a number": lambda: {"df": experiment(subjects=3).assign(x=lambda df: df["rt"].rank()), "formula": "v ~ x"},
    "deadline": _deadline,
    "go": _go,
    "race": _race,
    "choices alone": lambda: {"df": experiment(subjects=3), "observed": "response", "fixed": {"a": 1.5}},
}  # fmt: skip


@pytest.mark.parametrize("kind", list(KINDS))
def test_any_kind_of_model_has_a_report(kind: str, tmp_path: Path) -> None:
    model, idata = fitted(**KINDS[kind]())
    found = read(model.report(idata, tmp_path / "report.html"))
    text = " ".join(found.text)
    assert "NaN" not in text and "nan" not in re.split(r"\W+", text)
    assert ("contrasts" in found.names) == (kind in ("pooling complete", "deadline", "race"))
    assert ("participants" in found.names) == (kind not in ("pooling complete", "one population"))
    assert ("times" in found.charts()) == (kind != "choices alone")
    if kind in ("deadline", "go"):
        assert ("withheld" if kind == "go" else "no response") in text


def test_what_is_known_beside_the_model_is_shown(tmp_path: Path) -> None:
    table = experiment(subjects=3)
    table.attrs["reading"] = {"text": "Read as lab.js: 2 files", "rows_in_words": "72 of 80 rows are trials"}
    model, idata = fitted(table, formula="v ~ cond")
    shifts = Shifts(np.array([0.31]), np.array([0.02]), SCORE, 500)
    of_one = quantities_of(group(idata, "posterior")[["z"]])
    given = certificate(of_one, shifts, None, None, 0.1, has_exact=True)
    checkup = hs.check_data(table.assign(rt=table["rt"].mask(table.index < 3)), groupby="subject")
    path = model.report(idata, tmp_path / "report.html", certificate=given, checkup=checkup)
    text = " ".join(read(path).text)
    assert "Read as lab.js: 2 files" in text
    assert given.sentence in text and "network not certified" in text
    assert all(sentence in text for sentence in [*checkup.overview, *checkup.findings["sentence"]])


def test_fifty_participants_take_less_than_three_megabytes(tmp_path: Path) -> None:
    model, idata = fitted(experiment(subjects=50), formula="v ~ cond*side")
    assert model.report(idata, tmp_path / "report.html").stat().st_size < 2.5e6


def test_the_checksum_is_that_of_the_trials(crossed) -> None:
    _, idata = crossed
    same, other = experiment(), experiment()
    other.loc[7, "rt"] += 1e-6
    options = {"groupby": "subject", "likelihood": "exact", "formula": ["v ~ cond*side", "a ~ cond"]}
    found = [trials_checksum(as_posterior(hs.HierarchicalDDM(df, **options))) for df in (same, other)]
    assert found[0] == trials_checksum(idata) != found[1]
    assert trials_checksum(thin(idata, 20)) == found[0]


def test_bad_input_is_one_sentence_and_nothing_is_lost(crossed, tmp_path: Path) -> None:
    model, idata = crossed
    mine = tmp_path / "thesis.html"
    mine.write_text("my thesis", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    file = tmp_path / "file"
    file.touch()
    other, drawn = fitted(experiment(seed=1), formula=["v ~ cond*side", "a ~ cond"], correlated=["v", "a"])
    different, _ = fitted(experiment(), formula="a ~ side")
    for path, error, words, ask, given in [
        (tmp_path / "folder", OutputError, "is a folder; name a file", model, idata),
        (mine, OutputError, "is not a report of this package", model, idata),
        (file / "report.html", OutputError, "cannot be written", model, idata),
        (tmp_path / "r.html", DataError, "other data: 'rt' differs", model, drawn),
        (tmp_path / "r.html", HDDMError, "belong to another model", different, idata),
        (tmp_path / "r.html", DataError, "too few to plot", model, thin(idata, 10)),
    ]:
        with pytest.raises(error, match=re.escape(words)) as told:
            ask.report(given, path)
        assert "\n" not in str(told.value)
    assert mine.read_text(encoding="utf-8") == "my thesis"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "thesis.html"]
    model.report(idata, mine, force=True)
    model.report(idata, mine)  # its own is replaced
    assert other is not model


def test_without_a_cache_the_script_is_put_together_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    made = []
    text = "window.vegaEmbed = 1 // </script>"
    monkeypatch.setattr("vl_convert.javascript_bundle", lambda *_, **__: made.append(1) or text)
    for folder in (None, blocked, tmp_path / "cache", tmp_path / "cache"):
        monkeypatch.setattr(vega, "cache_folder", lambda folder=folder: folder)
        assert vega.script.__wrapped__() == r"window.vegaEmbed = 1 // <\/script>"
    assert len(made) == 3  # the fourth was kept by the third
