"""Twelve experiments with group effects of known size, simulated by hand, and the model that is fitted to each.

Truths bear the names that a summary gives quantities; those of ``CONTRASTS`` are asked of ``model.contrast``. Only what
is stated in the formulas is varied: z is 0.5, and a and t0 differ between participants, in all but the last design.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.group_trials import Array, deviations, equicorrelated, numbered, pairs, with_trials, within

Truth = dict[str, float]
V, LOG_A, LOG_T0 = 1.0, 0.4, -1.2
V_SD, A_SD, T0_SD = 0.5, 0.15, 0.1
RHO = -0.5


@dataclass(frozen=True)
class Design:
    """An experiment and its model.

    Args:
        simulate: from a generator to trials, true quantities, and true contrasts.
        options: of the model.
    """

    simulate: Callable[[np.random.Generator], tuple[pd.DataFrame, Truth, Truth]]
    options: Mapping[str, Any] = field(default_factory=dict)


def rest(rng: np.random.Generator, df: pd.DataFrame) -> tuple[dict[str, Array | float], Truth]:
    """Independent a and t0 of the participants as arguments of ``with_trials``, and their truth."""
    subject = df["subject"].to_numpy()
    a, t0 = deviations(rng, subject.max() + 1, (A_SD, T0_SD)).T
    truth = ends(LOG_A, LOG_T0) | numbered({}, "a_Intercept_subject", a[:3])
    return {"a": (LOG_A + a)[subject], "t0": (LOG_T0 + t0)[subject], "z": 0.0}, truth


def ends(log_a: float, log_t0: float) -> Truth:
    """Population values of a and t0 without predictors."""
    return {
        "a_Intercept": log_a, "a_Intercept_subject_sd": A_SD, "t0_Intercept": log_t0, "t0_Intercept_subject_sd": T0_SD,
    }  # fmt: skip


def crossed(rng: np.random.Generator) -> tuple[pd.DataFrame, Truth, Truth]:
    """Participants and items, each with a spread of its own."""
    df = within(16, 60)
    df["item"] = rng.permuted(np.tile(np.arange(20), (16, 3)), axis=1).ravel()
    person, item = rng.normal(0, V_SD, 16), rng.normal(0, 0.4, 20)
    others, truth = rest(rng, df)
    df = with_trials(df, rng, v=V + person[df["subject"]] + item[df["item"]], **others)
    truth |= {"v_Intercept": V, "v_Intercept_subject_sd": V_SD, "v_Intercept_item_sd": 0.4}
    return df, numbered(numbered(truth, "v_Intercept_item", item[:3]), "v_Intercept_subject", person[:3]), {}


def sites(rng: np.random.Generator) -> tuple[pd.DataFrame, Truth, Truth]:
    """Participants within sites."""
    df = within(40, 40)
    df["site"] = [f"s{k}" for k in df["subject"] // 4]
    site, person = rng.normal(0, 0.5, 10), rng.normal(0, 0.4, 40)
    others, truth = rest(rng, df)
    df = with_trials(df, rng, v=V + site[df["subject"] // 4] + person[df["subject"]], **others)
    truth |= {"v_Intercept": V, "v_Intercept_site_sd": 0.5, "v_Intercept_subject_sd": 0.4}
    return df, truth | {f"v_Intercept_site[s{k}]": site[k] for k in range(3)}, {}


def between(rng: np.random.Generator) -> tuple[pd.DataFrame, Truth, Truth]:
    """A factor within and one between participants, all effects correlated."""
    df = within(24, 60, cond=("p", "q"))
    df["patient"] = np.where(df["subject"] % 2, "yes", "no")
    sds = (V_SD, 0.4, A_SD, T0_SD)
    own = deviations(rng, 24, sds, equicorrelated(4, 0.3))
    b, q, y = own[df["subject"]].T, df["cond"] == "q", df["patient"] == "yes"
    v = V + b[0] + (0.5 + b[1]) * q - 0.4 * y - 0.3 * q * y
    df = with_trials(df, rng, v=v, a=LOG_A + b[2], t0=LOG_T0 + b[3], z=0.0)
    truth = ends(LOG_A, LOG_T0) | {
        "v_Intercept": V, "v_cond[q]": 0.5, "v_patient[yes]": -0.4, "v_cond:patient[q, yes]": -0.3,
        "v_Intercept_subject_sd": V_SD, "v_cond_subject_sd[q]": 0.4,
    }  # fmt: skip
    truth |= pairs("subject_corr", ("v_Intercept", "v_cond[q]", "a_Intercept", "t0_Intercept"), equicorrelated(4, 0.3))
    asked = "(v[cond=q, patient=yes] - v[cond=p, patient=yes]) - (v[cond=q, patient=no] - v[cond=p, patient=no])"
    return df, truth, {asked: -0.3, "v[patient=yes] - v[patient=no]": -0.55}


def spline(rng: np.random.Generator) -> tuple[pd.DataFrame, Truth, Truth]:
    """Boundaries that fall with practice, along a parabola, which a cubic spline holds."""
    df = within(12, 80)
    at = df["number"].to_numpy() / 79.0
    person, a, t0 = deviations(rng, 12, (V_SD, A_SD, T0_SD)).T
    log_a = 0.7 - 0.6 * at + 0.3 * at**2
    s = df["subject"]
    df = with_trials(df, rng, v=V + person[s], a=log_a + a[s], t0=LOG_T0 + t0[s], z=0.0)
    truth = {"v_Intercept": V, "v_Intercept_subject_sd": V_SD, "a_Intercept_subject_sd": A_SD}
    asked = {"a[number=79] / a[number=0]": np.exp(-0.3), "a[number=40] / a[number=0]": _parabola(40) / _parabola(0)}
    return df, truth, asked | {"a[number=20]": _parabola(20)}


def _parabola(number: float) -> float:
    return float(np.exp(0.7 - 0.6 * number / 79.0 + 0.3 * (number / 79.0) ** 2))


def slopes(rng: np.random.Generator) -> tuple[pd.DataFrame, Truth, Truth]:
    """An intercept and the slope of a number, correlated."""
    df = within(24, 50)
    df["x"] = rng.normal(0.0, 1.0, len(df)).round(2)
    own = deviations(rng, 24, (V_SD, 0.4), equicorrelated(2, RHO))
    b, (others, truth) = own[df["subject"]].T, rest(rng, df)
    df = with_trials(df, rng, v=V + b[0] + (0.5 + b[1]) * df["x"], **others)
    truth |= {"v_Intercept": V, "v_x": 0.5, "v_Intercept_subject_sd": V_SD, "v_x_subject_sd": 0.4}
    truth |= pairs("subject_corr", ("v_Intercept", "v_x"), equicorrelated(2, RHO))
    return df, numbered(truth, "v_x_subject", own[:3, 1]), {"slope(v, x)": 0.5}


def strata(rng: np.random.Generator) -> tuple[pd.DataFrame, Truth, Truth]:
    """Patients who differ more than controls."""
    df = within(32, 50, cond=("p", "q"))
    df["patient"] = np.where(df["subject"] % 2, "yes", "no")
    spread = {"no": (0.3, 0.25), "yes": (0.7, 0.5)}
    own = np.empty((32, 2))
    own[0::2], own[1::2] = (deviations(rng, 16, spread[level], equicorrelated(2, RHO)) for level in ("no", "yes"))
    b, (others, truth) = own[df["subject"]].T, rest(rng, df)
    q, y = df["cond"] == "q", df["patient"] == "yes"
    df = with_trials(df, rng, v=V + b[0] + (0.5 + b[1]) * q - 0.4 * y, **others)
    truth |= {"v_Intercept": V, "v_cond[q]": 0.5, "v_patient[yes]": -0.4}
    for level, sds in spread.items():
        truth |= {f"v_Intercept_subject_sd[{level}]": sds[0], f"v_cond_subject_sd[{level}, q]": sds[1]}
        truth[f"subject_by_patient_corr[{level}, v_Intercept, v_cond[q]]"] = RHO
    return df, truth, {}


def retest(rng: np.random.Generator) -> tuple[pd.DataFrame, Truth, Truth]:
    """Two sessions, and the reliability of drift."""
    df = within(30, 60, session=("s1", "s2"))
    own = deviations(rng, 30, (0.5, 0.6), equicorrelated(2, 0.7))
    b, (others, truth) = own[df["subject"]].T, rest(rng, df)
    second = df["session"] == "s2"
    df = with_trials(df, rng, v=np.where(second, 1.3 + b[1], V + b[0]), **others)
    truth |= {
        "v_session[s1]": V,
        "v_session[s2]": 1.3,
        "v_session_subject_sd[s1]": 0.5,
        "v_session_subject_sd[s2]": 0.6,
    }
    truth |= pairs("subject_corr", ("v_session[s1]", "v_session[s2]"), equicorrelated(2, 0.7))
    return df, truth, {"v[session=s2] - v[session=s1]": 0.3}


def three_levels(rng: np.random.Generator) -> tuple[pd.DataFrame, Truth, Truth]:
    """A factor of three levels in sum contrasts: cells with one spread, the same correlation of any two."""
    df = within(24, 60, load=("l0", "l1", "l2"))
    cells, cell_sd, rho = np.array([1.4, 1.0, 0.6]), 0.5, 0.6
    own = deviations(rng, 24, [cell_sd] * 3, equicorrelated(3, rho))
    level = df["load"].str[1].astype(int).to_numpy()
    others, truth = rest(rng, df)
    df = with_trials(df, rng, v=cells[level] + own[df["subject"], level], **others)
    mean_sd, effect_sd = cell_sd * np.sqrt((1 + 2 * rho) / 3), cell_sd * np.sqrt(2 * (1 - rho) / 3)
    truth |= {"v_Intercept": 1.0, "v_Intercept_subject_sd": mean_sd}
    for k in range(2):
        truth |= {f"v_load[l{k}]": cells[k] - 1.0, f"v_load_subject_sd[l{k}]": effect_sd}
    effects = ("v_Intercept", "v_load[l0]", "v_load[l1]")
    return df, truth | pairs("subject_corr", effects, np.array([[1, 0, 0], [0, 1, -0.5], [0, -0.5, 1]])), {}


def covariate(rng: np.random.Generator) -> tuple[pd.DataFrame, Truth, Truth]:
    """A number that varies within and between participants, with another effect in each way."""
    df = within(30, 50)
    mean = rng.normal(0.0, 1.0, 30)
    dev = rng.normal(0.0, 1.0, (30, 50))
    dev -= dev.mean(axis=1, keepdims=True)
    df["x"] = mean[df["subject"]] + dev.ravel()
    own = deviations(rng, 30, (V_SD, 0.2))
    b, (others, truth) = own[df["subject"]].T, rest(rng, df)
    v = V + b[0] + 0.4 * mean[df["subject"]] + (-0.2 + b[1]) * dev.ravel()
    df = with_trials(df, rng, v=v, **others)
    truth |= {"v_between(x)": 0.4, "v_within(x)": -0.2, "v_Intercept_subject_sd": V_SD, "v_within(x)_subject_sd": 0.2}
    return df, truth, {}


def offsets(rng: np.random.Generator) -> tuple[pd.DataFrame, Truth, Truth]:
    """A part of the drift that is known."""
    df = within(20, 60, cond=("p", "q"))
    df["x"] = rng.normal(0.5, 0.7, len(df)).round(2)
    own = deviations(rng, 20, (V_SD, 0.3), equicorrelated(2, 0.4))
    b, (others, truth) = own[df["subject"]].T, rest(rng, df)
    df = with_trials(df, rng, v=df["x"] + 0.6 + b[0] + (0.5 + b[1]) * (df["cond"] == "q"), **others)
    truth |= {"v_Intercept": 0.6, "v_cond[q]": 0.5, "v_Intercept_subject_sd": V_SD, "v_cond_subject_sd[q]": 0.3}
    return df, truth | pairs("subject_corr", ("v_Intercept", "v_cond[q]"), equicorrelated(2, 0.4)), {}


def by_name(rng: np.random.Generator) -> tuple[pd.DataFrame, Truth, Truth]:
    """Effects of two parameters that are correlated by a name in both formulas."""
    df = within(24, 60, cond=("p", "q"))
    matrix = np.array([[1.0, 0.2, -0.6], [0.2, 1.0, 0.3], [-0.6, 0.3, 1.0]])
    own = deviations(rng, 24, (V_SD, 0.4, A_SD), matrix)
    b, t0 = own[df["subject"]].T, rng.normal(0, T0_SD, 24)[df["subject"]]
    df = with_trials(
        df, rng, v=V + b[0] + (0.5 + b[1]) * (df["cond"] == "q"), a=LOG_A + b[2], t0=LOG_T0 + t0, z=0.0
    )  # fmt: skip
    truth = ends(LOG_A, LOG_T0) | {"v_Intercept": V, "v_cond[q]": 0.5}
    truth |= {"v_Intercept_subject_sd": V_SD, "v_cond_subject_sd[q]": 0.4}
    return df, truth | pairs("subject_corr_p", ("v_Intercept", "v_cond[q]", "a_Intercept"), matrix), {}


def criterion(rng: np.random.Generator) -> tuple[pd.DataFrame, Truth, Truth]:
    """Stimulus coding, the drift criterion correlated with drift and starting point."""
    df = within(24, 80, stim=("word", "face"), cond=("p", "q"))
    names = ("v_Intercept", "v_cond", "v_bias_Intercept", "a_Intercept", "z_Intercept", "t0_Intercept")
    means, sds, matrix = (V, 0.5, 0.3, LOG_A, 0.2, LOG_T0), (V_SD, 0.4, 0.4, A_SD, 0.25, T0_SD), equicorrelated(6, 0.25)
    own = np.array(means) + deviations(rng, 24, sds, matrix)
    b, sign = own[df["subject"]].T, np.where(df["stim"] == "word", 1.0, -1.0)
    df = with_trials(df, rng, v=sign * (b[0] + b[1] * (df["cond"] == "q")) + b[2], a=b[3], z=b[4], t0=b[5])
    level = {"v_cond": "[q]"}
    truth = {name + level.get(name, ""): mean for name, mean in zip(names, means, strict=True)}
    truth |= {f"{name}_subject_sd{level.get(name, '')}": sd for name, sd in zip(names, sds, strict=True)}
    return df, truth | pairs("subject_corr", [name + level.get(name, "") for name in names], matrix), {}


START: dict[str, Any] = {"fixed": {"z": 0.5}}
COMMON: dict[str, Any] = {"groupby": "subject", "likelihood": "exact", "p_outlier": 0}
DESIGNS = {
    "crossed participants and items": Design(crossed, START | {"formula": "v ~ 1 + (1 | subject) + (1 | item)"}),
    "participants in sites": Design(sites, START | {"formula": "v ~ 1 + (1 | site/subject)"}),
    "within x between": Design(between, START | {"formula": "v ~ cond * patient", "correlated": True}),
    "spline": Design(spline, START | {"formula": "a ~ bs(number, df=4) + (1 | subject)"}),
    "intercept and slope": Design(slopes, START | {"formula": "v ~ x + (x | subject)", "correlated": "v"}),
    "spreads by group": Design(
        strata, START | {"formula": "v ~ patient + cond + (cond | gr(subject, by=patient))", "correlated": ["v"]}
    ),
    "test and retest": Design(
        retest, START | {"formula": "v ~ 0 + session + (0 + session | subject)", "correlated": ["v"]}
    ),
    "sum contrasts": Design(three_levels, START | {"formula": "v ~ load", "contrasts": "sum", "correlated": ["v"]}),
    "within and between": Design(covariate, START | {"formula": "v ~ within(x) + between(x)"}),
    "offset": Design(offsets, START | {"formula": "v ~ offset(x) + cond", "correlated": ["v"]}),
    "correlated by name": Design(
        by_name, START | {"formula": ["v ~ cond + (cond |p| subject)", "a ~ 1 + (1 |p| subject)"]}
    ),
    "criterion": Design(
        criterion,
        {
            "coding": "stimulus", "stimulus": {"stim": {"word": 1, "face": 0}}, "formula": ["v ~ cond", "v_bias ~ 1"],
            "correlated": True,
        },
    ),
}  # fmt: skip
