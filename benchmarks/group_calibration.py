"""Are ranks uniform where group effects are correlated? Every correlation is ranked, and so are sds and coefficients.

Parameters are drawn from the model's own prior, their correlations from its LKJ, and trials simulated from them; see
``benchmarks/sbc.py``.
"""

from __future__ import annotations

import time
import warnings
from functools import cache

import numpy as np
import pandas as pd
import torch
import torch.distributions as td
import xarray as xr

import hddm_sbi as hs
from benchmarks.group_trials import within
from benchmarks.kept import Row, Settings
from benchmarks.sbc import arrays, sample
from hddm_sbi.inference.predictive import pointwise_log_prob
from hddm_sbi.proof.sbc_task import FOLLOWED, thinned
from hddm_sbi.results.quantities import quantities_of
from hddm_sbi.results.to_arviz import Results, group
from hddm_sbi.spec.recoding import to_sampled

PARTICIPANTS, TRIALS, FORMULA = 12, 60, ("v ~ cond", "a ~ cond")
LAPSES, WINDOW = 0.02, (0.0, 10.0)
# Narrow enough for most experiments to be real ones: normal priors, and scales of half-normal ones for the sds.
COEFFICIENTS = {
    "v_Intercept": (1.0, 0.7), "v_cond": (0.0, 0.7), "a_Intercept": (float(np.log(1.5)), 0.3), "a_cond": (0.0, 0.2),
    "z_Intercept": (0.0, 0.3), "t0_Intercept": (float(np.log(0.3)), 0.3),
}  # fmt: skip
SDS = {
    "v_Intercept": 0.6, "v_cond": 0.5, "a_Intercept": 0.25, "a_cond": 0.2, "z_Intercept": 0.25, "t0_Intercept": 0.25,
}  # fmt: skip
POPULATION = ("coefficient", "sd", "correlation")
PRIOR_SEED = 3_000_000
STATED = (PARTICIPANTS, TRIALS, FORMULA, LAPSES, WINDOW, COEFFICIENTS, SDS, PRIOR_SEED)


def build(df: pd.DataFrame, contrasts: str) -> hs.HierarchicalDDM:
    """The model that draws, simulates and is fitted."""
    priors: dict[str, td.Distribution] = {name: td.Normal(*prior) for name, prior in COEFFICIENTS.items()}
    priors |= {f"{name}_subject_sd": td.HalfNormal(scale) for name, scale in SDS.items()}
    return hs.HierarchicalDDM(
        df, groupby="subject", formula=list(FORMULA), likelihood="exact", priors=priors, p_outlier=LAPSES,
        lapse=WINDOW, correlated=True, contrasts=contrasts,
    )  # fmt: skip


@cache
def template(contrasts: str) -> hs.HierarchicalDDM:
    """A model with some data of the same shape, of which only the prior is drawn from."""
    df = within(PARTICIPANTS, TRIALS, cond=("p", "q"))
    rt, choice = hs.simulate("ddm", np.array([1.0, 1.5, 0.5, 0.3]), len(df), PRIOR_SEED)
    return build(df.assign(rt=rt, response=choice), contrasts)


def experiment(number: int, contrasts: str) -> tuple[pd.DataFrame, Results]:
    """Trials simulated from one draw of all parameters, and what drew them."""
    drawn = template(contrasts).prior_predictive(draws=1, seed=PRIOR_SEED + number)
    trials = group(drawn, "prior_predictive")
    df = within(PARTICIPANTS, TRIALS, cond=("p", "q"))
    return df.assign(rt=trials["rt"].values.ravel(), response=trials["choice"].values.ravel().astype(int)), drawn


def ranked(model: hs.HierarchicalDDM, variables: xr.Dataset) -> dict[str, np.ndarray]:
    """What is ranked, each (chains, draws): the population, some participants' values, the log likelihood."""
    listed = quantities_of(variables)
    found = {}
    for k, label in enumerate(listed.labels):
        own = listed.kinds[k] == "participant" and listed.places[k][0] in FOLLOWED
        if own or listed.kinds[k] in POPULATION:
            found[label] = listed.draws[:, :, k]
    density = pointwise_log_prob(model.spec, model._bound, to_sampled(model.spec, arrays(variables)))
    return found | {"log likelihood": density.sum(-1)}


def calibrate(number: int, settings: Settings, contrasts: str) -> Row:
    """Ranks of one prior draw in its posterior, and how the fit went."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", hs.HDDMWarning)  # prior draws may be odd
    df, drawn = experiment(number, contrasts)
    begin, busy = time.perf_counter(), time.process_time()
    model = build(df, contrasts)
    _, posterior, fit = sample(model, settings, number, 1, lambda found: ranked(model, group(found, "posterior")))
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    truth = ranked(model, group(drawn, "prior"))
    keep = thinned(fit["draws"])
    ranks = {name: int((x.ravel()[keep] < truth[name].item()).sum()) for name, x in posterior.items()}
    inside = {name: float((x < truth[name].item()).mean()) for name, x in posterior.items()}
    return {"ranks": ranks, "shares": inside, **fit, "seconds": round(seconds, 3), "cpu": round(busy, 3)}
