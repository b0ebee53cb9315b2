"""Formulas and participants as users state them, through the model itself."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import DataError, FormulaError
from hddm_sbi.ssm import simulate


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Participants 1 to 3 in each of two groups, every stimulus in every condition."""
    rng = np.random.default_rng(5)
    rt, choice = simulate("ddm", [(v, 1.5, 0.5, 0.3) for v in (1.5, 1.2, 1.8, 0.7, 0.9, 0.5)], 24, seed=2)
    return pd.DataFrame(
        {
            "group": np.repeat(["hc", "pd"], 72),
            "id": np.tile(np.repeat([1, 2, 3], 24), 2),
            "subject": np.repeat([1, 2, 3, 4, 5, 6], 24),
            "stim": np.tile(["l", "l", "r", "r"], 36),
            "cong": np.tile(["con", "inc"], 72),
            "S": np.tile([-1, -1, 1, 1], 36),
            "x": rng.normal(size=144).round(2),
            "2back": rng.normal(size=144).round(2),
            "rt": rt.ravel().round(3),
            "response": choice.ravel(),
        }
    )


def equation(table: pd.DataFrame, formula: str, **options: object) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = HierarchicalDDM(table, **{"groupby": "subject", "likelihood": "exact", "formula": formula, **options})
    return next(line.split("~", 1)[1].strip() for line in str(model).splitlines() if line.startswith("  v "))


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("z ~ 0.5", 'a constant is fixed={"z": 0.5}'),
        ("v ~ 5", 'a constant is fixed={"v": 5}'),
        ("v ~ x + 3", "the number 3 as a term"),
        ("v ~ 2*x", "write x, or I(2 * x)"),
        ("v ~ 2back", "write `2back`"),
        ("v ~ (2|subject)", "written (1 | subject)"),
        ("v ~ 1*x", "write x"),
        ("v ~ x:1", "write x."),
        ("v ~ (1|subject)*x", "as in (1 + x | subject)"),
        ("v ~ x + (1|subject) (x|subject)", "an operator such as + is missing"),
        ("v ~ x*", "a term is missing at its end"),
        ("v ~ x/2", "I(x / 2)"),
        ("v ~ 1 | subject", "write (1 | subject)"),
        ("v ~ x^2", "write I(x ** 2)"),
        ("v ~ x %in% stim", "nesting a / b"),
        ("v ~ factor(stim)", "write C(x)"),
        ("v ~ C(stim, levels=['r', 'l'])", "pandas.Categorical"),
        ("v ~ s(x)", "write bs(x, df=4)"),
        ("v ~ (group | subject)", "write (1 | subject), or (1 | gr(subject, by=group))"),
    ],
)
def test_what_is_refused_says_what_to_write(table, formula, words):
    with pytest.raises(FormulaError) as caught:
        equation(table, formula)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (
            "v ~ C(stim, Treatment('r')):C(cong)",
            "1 + C(cong) + C(stim, Treatment('r')):C(cong) + "
            "(1 + C(cong) + C(stim, Treatment('r')):C(cong) || subject)",
        ),
        ("v ~ C(stim):C(group)", "1 + C(group) + C(stim):C(group) + (1 + C(stim):C(group) || subject)"),
        ("v ~ 0 + C(stim):C(cong)", "0 + C(stim):C(cong) + (0 + C(stim):C(cong) || subject)"),
        ("v ~ C(stim)/C(cong)", "1 + C(stim) + C(stim):C(cong) + (1 + C(stim) + C(stim):C(cong) || subject)"),
        (
            "v ~ (1 + S + x)*group + (1 + S + x | group/subject)",
            "1 + S + x + group + S:group + x:group + (1 + S + x || group) + (1 + S + x || subject)",
        ),
        ("v ~ x + (x || subject)", "1 + x + (1 + x || subject)"),
        ("v ~ x + (x - 1 | subject)", "1 + x + (0 + x | subject)"),
    ],
)
def test_what_is_read(table, formula, expected):
    assert equation(table, formula) == expected


@pytest.mark.parametrize("formula", ["v ~ group", "v ~ group + (1 | group:id)", "v ~ (1 | group/id)"])
def test_participants_whose_labels_start_anew_are_asked_about(table, formula):
    with pytest.raises(
        DataError, match=r"groupby=\['group', 'id'\], and if they are the same people, groupby=\['id'\]"
    ):
        equation(table, formula, groupby="id")
    assert "(1 | group:id)" in equation(table, formula, groupby=["group", "id"])


def test_participants_by_two_columns_in_results_and_new_data(table):
    model = HierarchicalDDM(table, groupby=["group", "id"], formula="v ~ group", likelihood="exact")
    idata = model.sample(draws=30, tune=60, chains=1, seed=1, progress=False)
    labels = ["hc:1", "hc:2", "hc:3", "pd:1", "pd:2", "pd:3"]
    assert idata.posterior["v_group:id"].dims == ("chain", "draw", "group:id", "condition")
    assert idata.posterior["group:id"].values.tolist() == labels
    assert set(idata.constant_data["group:id"].values) == set(labels)
    seen = idata.posterior["v_group:id"].sel({"group:id": "pd:2", "condition": "group=pd"})
    new = pd.DataFrame({"group": ["pd"], "id": [2]})
    assert np.allclose(model.parameters(idata, new)["v"].values[..., 0], seen.values)
    with pytest.raises(DataError, match="group hc:9 of 'group:id' was not in the data"):
        model.predict(idata, pd.DataFrame({"group": ["hc"], "id": [9]}))
