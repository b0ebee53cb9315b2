"""Fits of odd designs: what the data tell is right, and the rest is what the warning says it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.results.to_arviz import group
from hddm_sbi.ssm import simulate

PEOPLE = [f"p{k}" for k in range(6)]
TRUTH = {"A": 0.6, "B": 1.6}
TRIALS = 60
# the central 99.99% of a normal distribution; the participants' true values are no more than 3 sds away
LARGEST_Z = 3.9


def drift(subject: str, cond: str) -> float:
    return TRUTH[cond] + 0.2 * PEOPLE.index(subject)


def experiment(cells: list[tuple[str, str]]) -> pd.DataFrame:
    """Trials of the participants in the conditions."""
    theta = [(drift(subject, cond), 1.5, 0.5, 0.3) for subject, cond in cells]
    rt, choice = simulate("ddm", theta, TRIALS, seed=3)
    table = pd.DataFrame(cells, columns=["subject", "cond"]).loc[np.repeat(np.arange(len(cells)), TRIALS)]
    return table.reset_index(drop=True).assign(rt=rt.ravel(), response=choice.ravel())


def fitted(table: pd.DataFrame, formula: Any = "v ~ cond", **options: Any) -> tuple[HierarchicalDDM, Any]:
    model = HierarchicalDDM(
        table, **{"groupby": "subject", "likelihood": "exact", "fixed": {"z": 0.5}, "p_outlier": 0} | options,
        formula=formula,
    )  # fmt: skip
    return model, model.sample(draws=400, tune=400, chains=2, seed=1, progress=False)


ALL = [(subject, cond) for subject in PEOPLE for cond in "AB"]
DESIGNS = {
    "without a condition": ([cell for cell in ALL if cell != ("p3", "B")], "participant p3 has no trials in cond=B"),
    "between for some, within for others": (
        [cell for cell in ALL if cell not in {("p0", "B"), ("p1", "B"), ("p2", "A")}],
        "participants p0, p1 and p2 have no trials in some conditions of cond",
    ),
    "two participants": ([cell for cell in ALL if cell[0] in ("p1", "p4")], "with 2 participants the standard"),
    "one participant": ([cell for cell in ALL if cell[0] == "p4"], "there is one participant, p4: "),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_participants_have_their_own_values(name: str) -> None:
    cells, warning = DESIGNS[name]
    with pytest.warns(match=warning) as caught:
        model, idata = fitted(experiment(cells))
    assert len(caught) == 1
    v = group(idata, "posterior")["v_subject"]
    for subject in model.trials.subjects:
        for cond in TRUTH:
            draws = v.sel(subject=subject, condition=f"cond={cond}").values
            if (subject, cond) in cells:
                assert abs(draws.mean() - drift(str(subject), cond)) < LARGEST_Z * draws.std()
                assert draws.std() < 0.5
            else:
                assert np.isnan(draws).all()


@pytest.mark.filterwarnings("ignore:participant p3 has no trials in cond=B")
def test_an_effect_without_trials_is_drawn_from_the_population() -> None:
    model, idata = fitted(experiment(DESIGNS["without a condition"][0]))
    posterior = group(idata, "posterior")
    standard = posterior["v_cond_subject"].sel(subject="p3").values / posterior["v_cond_subject_sd"].values
    # exactly N(0, 1) given the sd; the 800 draws are worth a quarter as many at least
    assert abs(standard.mean()) < 4.0 / np.sqrt(200.0)
    assert abs(standard.std() - 1.0) < 4.0 / np.sqrt(400.0)
    unseen = pd.DataFrame({"subject": ["p3"], "cond": ["B"]})
    assert np.isfinite(model.predict(idata, unseen)["rt"]).all()


def test_a_condition_with_one_choice_only() -> None:
    table = experiment(ALL)
    table = table[(table["cond"] == "A") | (table["response"] == 1)]
    assert set(table.loc[table["cond"] == "B", "response"]) == {1}
    posterior = group(fitted(table)[1], "posterior")
    effect = posterior["v_cond"].values
    # without its errors the condition has a higher drift than it had, but no boundless one
    assert TRUTH["B"] - TRUTH["A"] - 0.2 < effect.mean() < 2.5
    assert np.isfinite(posterior["v"]).all()
