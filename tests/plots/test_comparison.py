"""The picture of a comparison shows its table, and each participant."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hddm_sbi import plots
from hddm_sbi.comparison.result import Comparison
from hddm_sbi.errors import DataError


def made(n: int = 12, by: str = "participant") -> Comparison:
    rng = np.random.default_rng(0)
    first = rng.normal(-100.0, 10.0, n)
    pointwise = pd.DataFrame({"a": first, "b": first - rng.normal(2.0, 3.0, n), "c": first - 9.0})
    pointwise.index = pd.Index([f"p{k}" for k in range(n)], name=by)
    unreliable = pd.DataFrame(False, pointwise.index, pointwise.columns)
    unreliable.loc["p3", "b"] = True
    behind = pointwise.sub(pointwise["a"], axis=0)
    table = pd.DataFrame({"difference": behind.sum(), "se_difference": np.sqrt(n) * behind.std()})
    table["verdict"] = ["best", "open", "worse"]
    return Comparison(by, table, pointwise, pointwise * 0.0, unreliable, ())


def test_models_have_rows() -> None:
    found = made()
    left, _ = plots.comparison(found)
    assert [label.get_text() for label in left.get_yticklabels()] == ["c\nworse", "b\nopen", "a\nbest"]
    table = found.table.iloc[::-1]
    np.testing.assert_allclose(left.lines[0].get_xdata(), table["difference"])
    ends = np.array(left.collections[0].get_segments())[:, :, 0]
    np.testing.assert_allclose(ends[:, 1] - ends[:, 0], 4.0 * table["se_difference"])


def test_participants_are_points_in_order() -> None:
    found = made()
    _, right = plots.comparison(found)
    values = (found.pointwise["a"] - found.pointwise["b"]).sort_values()
    assert [label.get_text() for label in right.get_xticklabels()] == values.index.tolist()
    sure, unsure = right.lines[:2]
    assert unsure.get_ydata().tolist() == [values["p3"]]
    np.testing.assert_allclose(sure.get_ydata(), values.drop("p3"))
    assert right.get_title() == f"better for {(values > 0).sum()} of 12 participants"


def test_many_trials_are_not_named_and_no_comparison_is_refused() -> None:
    left, right = plots.comparison(made(500, "trial"))
    assert len(right.get_xticks()) == 0 and right.get_xlabel() == "trials, sorted"
    left.figure.canvas.draw()
    with pytest.raises(DataError, match=r"comparison draws what hs.compare\(...\) returns, not 3"):
        plots.comparison(3)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="this plot has 2 panels"):
        plots.comparison(made(), left)
