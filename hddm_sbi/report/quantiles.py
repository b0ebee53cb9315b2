"""Posterior predictive checks in numbers: quantiles of response times and shares of responses, by condition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from hddm_sbi.errors import HDDMError
from hddm_sbi.likelihoods.observation.seen import UNSEEN
from hddm_sbi.plots.cells import Cells, cells_of
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.plots.reading import indices
from hddm_sbi.plots.tables import QUANTILES, quantile_table, share_table
from hddm_sbi.report.cost import affordable
from hddm_sbi.report.protocol import Model
from hddm_sbi.results.to_arviz import Results, group, has_group, recorded_model, spaced, thin
from hddm_sbi.trials.trials import Trials

SAME, NEW = "same", "new"
QUANTILE, SHARE = "quantile", "share"
COLUMNS = ("people", "cell", "response", "what", "probability", "observed", "low", "median", "high")
# The ends of 90% of the predicted data sets, and their median.
_ENDS = (0.05, 0.5, 0.95)
# Predicted data sets: so many trials together, but no more sets, and no fewer unless they take longer than this.
_TRIALS, _MOST, _LEAST, _FEWEST, _SECONDS = 1_000_000, 200, 60, 20, 5.0


def predictive_quantiles(
    model: Model, idata: Results, *, seed: int = 0, same: xr.Dataset | None = None
) -> pd.DataFrame:
    """What was observed beside what the fitted model predicts, for the same people and for new ones.

    Data sets of the same people tell whether the model describes the experiment; those of new people, drawn from the
    population, what it says of a replication with as many participants.

    Args:
        model: the model that was sampled.
        idata: what ``model.sample`` returned; its group ``posterior_predictive`` is used where it has one.
        seed: of the predictions, a non-negative integer.
        same: what ``same_people`` returned, where there is that already.

    Returns:
        A row for each cell of the model's factors (and stimulus) and response, by ``people`` (``"same"``, ``"new"``):
        of ``what`` ``"quantile"`` one for each ``probability`` .1, .3, .5, .7, .9, in seconds; of ``what`` ``"share"``
        the percentage of the cell's trials, also of those without a response. ``observed``, and of the predicted data
        sets the ``median`` and the ends of 90% of them, ``low`` and ``high``. Quantiles of fewer than five responses
        are NaN. ``attrs``: ``data_sets``, how many were predicted for each kind of people, and ``without_new``, why
        there are none of new people, if so.
    """
    by = list(model.conditions.columns)
    by += [name for name in recorded_model(idata).get("stimulus") or {} if name not in by]
    sets: dict[str, int] = {}
    same = same_people(model, idata, seed) if same is None else same
    tables, reason = [_table(SAME, model, same, by, sets)], _no_new_people(model)
    if not reason:
        try:
            tables.append(_table(NEW, model, _new_people(model, idata, seed), by, sets))
        except HDDMError as error:  # a formula that names participants
            reason = str(error)
    found = pd.concat(tables, ignore_index=True)
    found.attrs = {"data_sets": sets, "without_new": reason}
    return found


def _no_new_people(model: Model) -> str:
    """Why no new people can be drawn; empty where they can."""
    terms = [term for _, term in model.spec.group_terms()]
    if not terms:
        return "no parameter varies between people."
    if any(term.sd_prior is None for term in terms):
        return "participants were estimated apart, without a population to draw from."
    return ""


def same_people(model: Model, idata: Results, seed: int) -> xr.Dataset:
    """Predicted trials of the participants in the data, ``rt`` and ``choice``, dims chain, draw and trial.

    Args:
        model: the model that was sampled.
        idata: its results; their group ``posterior_predictive`` is used where they have one.
        seed: of the predictions, a non-negative integer.
    """
    if has_group(idata, "posterior_predictive"):
        found = group(idata, "posterior_predictive")
        most = _most(model.trials) // found.sizes["chain"]
        return found.isel(draw=spaced(found.sizes["draw"], most))
    return _predicted(model, idata, None, seed)


def _new_people(model: Model, idata: Results, seed: int) -> xr.Dataset:
    return _predicted(model, idata, _renamed(model.trials), seed)


def _predicted(model: Model, idata: Results, newdata: pd.DataFrame | None, seed: int) -> xr.Dataset:
    def predict(draws: int) -> xr.Dataset:
        return model.predict(thin(idata, draws), newdata, seed=seed, new_groups="sample")

    chains = group(idata, "posterior").sizes["chain"]
    most = _most(model.trials)
    return predict(affordable(lambda: predict(chains), most // chains, _SECONDS, _FEWEST // chains) * chains)


def _most(trials: Trials) -> int:
    return int(np.clip(_TRIALS // trials.n, _LEAST, _MOST))


def _renamed(trials: Trials) -> pd.DataFrame:
    """The trials as those of people who were not in the data."""
    frame = trials.frame.copy()
    names = [name for name in {*trials.named_by[-1:], trials.groupby} if name is not None]
    for name in names:
        frame[name] = [f"new {label}" for label in frame[name].astype(str)]
    return frame


def _table(people: str, model: Model, predicted: xr.Dataset, by: list[str], sets: dict[str, int]) -> pd.DataFrame:
    trials = model.trials
    rt, choice = (predicted[name].transpose("chain", "draw", "trial").to_numpy() for name in ("rt", "choice"))
    data = Predicted(
        rt=trials.rt, choice=trials.choice, predicted_rt=rt.reshape(-1, trials.n),
        predicted_choice=indices(choice.reshape(-1, trials.n)), options=trials.options,
        columns={name: trials.frame[name].array for name in by},
    ).comparable()  # fmt: skip
    sets[people] = data.sets
    cells = cells_of(data, by) if by else Cells(("all trials",), np.zeros(len(data.rt), dtype=np.int64), "")
    parts = [_shares(data, cells, trials)]
    if data.timed:
        parts.append(_quantiles(data, cells, trials))
    return pd.concat(parts, ignore_index=True).assign(people=people)[list(COLUMNS)]


def _shares(data: Predicted, cells: Cells, trials: Trials) -> pd.DataFrame:
    table = share_table(data, cells, ends=_ENDS)
    if trials.go:  # a withheld response is choice 0, and shows nothing
        table = table[table["option"] != 0]
    return table.assign(response=_names(table["option"], trials), what=SHARE, probability=np.nan)


def _quantiles(data: Predicted, cells: Cells, trials: Trials) -> pd.DataFrame:
    table = quantile_table(data, cells, QUANTILES, ends=_ENDS)
    some = table[["observed", "median"]].notna().any(axis=1)
    return table[some].assign(response=_names(table.loc[some, "option"], trials), what=QUANTILE)


def _names(options: pd.Series, trials: Trials) -> list[str]:
    never = "withheld" if trials.go else "no response"
    return [never if option == UNSEEN else str(trials.options[option]) for option in options]
