"""Omissions where boundaries meet and no lapse explains them."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import HDDMWarning, SamplingError
from hddm_sbi.ssm import simulate


def _model(omissions: int = 3, **options: object) -> HierarchicalDDM:
    """Boundaries that meet at 1 s, before the deadline."""
    rt, choice = simulate("angle", [[1.0, 1.2, 0.5, 0.3, 0.7]], 120, seed=2)
    table = pd.DataFrame({"rt": rt[0], "response": choice[0].astype(float)})
    table.iloc[:omissions] = np.nan
    options = {"model": "angle", "deadline": 3.0 if omissions else None, **options}
    return HierarchicalDDM(table, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{"p_outlier": 0}, {"lapse_omission": 0}, {"p_outlier": 0, "lapse": (0.0, 5.0)}])
def test_omissions_that_force_the_angle_are_told(options: dict[str, object]) -> None:
    told = "each of the 3 omissions forces 'theta' so low that they meet after the deadline: leave p_outlier and lapse"
    with pytest.warns(HDDMWarning, match=told):
        _model(**options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"omissions": 0, "p_outlier": 0},
        {"lapse_omission": 0, "lapse": (0.0, 5.0)},
        {"p_outlier": 0, "fixed": {"theta": 0.0}},
        {"p_outlier": 0, "model": "ddm"},
    ],
)
def test_others_are_silent(options: dict[str, object]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _model(**options)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:when the boundaries of 'angle' have met")
def test_omissions_that_nothing_explains_are_named() -> None:
    model = _model(p_outlier=0, fixed={"theta": 0.7, "a": 1.2, "t0": 0.25})
    with pytest.raises(SamplingError, match="3 of 3 omissions are impossible, because the process has responded"):
        model.sample(draws=5, tune=5, chains=1, progress=False)
