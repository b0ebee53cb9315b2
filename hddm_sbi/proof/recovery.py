"""How well a design recovers its parameters: many simulated data sets, each fitted, in tables and sentences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hddm_sbi.inference.prior import prior_coefficients
from hddm_sbi.proof.counting import share_error
from hddm_sbi.proof.experiment import Experiment
from hddm_sbi.proof.recover_task import SHOWN
from hddm_sbi.results.quantities import quantities_of
from hddm_sbi.tasks.job import TASK

# Draws of the prior that posterior widths are compared with.
_PRIOR_DRAWS = 1_000
# Truths whose spread is this far below a posterior's width are all the same, and have no correlation.
_SAME = 1e-6
# Fewer participants have no correlation worth the name.
_FEWEST = 3


@dataclass(frozen=True, repr=False)
class Recovery:
    """What ``recover`` found; ``print`` shows the sentences and the tables.

    Args:
        table: a row for each quantity of the population: ``kind``; ``sets``, data sets; ``truth``, the mean of the true
            values; ``bias``, mean estimate minus truth, and ``bias_error``, its Monte Carlo standard error; ``rmse``;
            ``posterior_sd``, the mean width of posteriors; ``coverage``, how often the central 95% interval held the
            truth, and ``coverage_error``; ``correlation`` of estimates with truths over data sets, NaN where these are
            all the same; ``learned``, 1 minus posterior variance as a share of prior variance; ``partner``, the
            coefficient that it trades off with most, and ``partner_r``, the correlation of their draws.
        participants: the same for participants' own values, a row for each parameter (in each condition), where
            ``correlation`` is that over participants within a data set, on average, with ``correlation_error``, and
            ``spread`` the sd of the true values between participants.
        sentences: what the tables say.
        estimates: all estimates: a row for each data set (``task``) and quantity, with ``truth``, ``mean``, ``sd``, the
            ends ``low`` and ``high`` of the 95% interval, and how the fit went.
        failed: data sets that could not be simulated or fitted: ``task`` and ``reason``.
    """

    table: pd.DataFrame
    participants: pd.DataFrame
    sentences: tuple[str, ...]
    estimates: pd.DataFrame
    failed: pd.DataFrame

    def __str__(self) -> str:
        shown = [*self.sentences]
        for table in (self.table, self.participants):
            if len(table):
                shown += ["", table.drop(columns=["kind"], errors="ignore").to_string(float_format="{:.3g}".format)]
        return "\n".join(shown)

    __repr__ = __str__


def population_table(rows: pd.DataFrame, prior_sd: pd.Series) -> pd.DataFrame:
    """The table of the population's quantities.

    Args:
        rows: from the tasks.
        prior_sd: of each quantity.
    """
    some = rows[rows["kind"] != "participant"]
    found = {str(name): _of_quantity(part) for name, part in some.groupby("quantity", sort=False)}
    table = pd.DataFrame(found.values(), index=pd.Index(found, name="quantity"))
    if len(table):
        variance = some.assign(variance=some["sd"] ** 2).groupby("quantity", sort=False)["variance"].mean()
        learned = 1.0 - variance / prior_sd.reindex(variance.index) ** 2
        table.insert(table.columns.get_loc("partner"), "learned", learned.reindex(table.index))
    return table


def participants_table(rows: pd.DataFrame) -> pd.DataFrame:
    """The table of participants' own values."""
    some = rows[rows["kind"] == "participant"]
    found = {str(name): _of_participants(part) for name, part in some.groupby("family", sort=False)}
    return pd.DataFrame(found.values(), index=pd.Index(found, name="parameter"))


def prior_sds(experiment: Experiment, seed: int) -> pd.Series:
    """The prior sd of each quantity of the population, from draws."""
    found = quantities_of(experiment.posterior(prior_coefficients(experiment.spec, _PRIOR_DRAWS, seed))).of_kinds(SHOWN)
    with np.errstate(invalid="ignore", over="ignore"):  # a mean may be infinite
        return pd.Series([float(np.std(column)) for column in found.columns], index=list(found.labels))


def _of_quantity(part: pd.DataFrame) -> dict[str, object]:
    error, n = part["mean"] - part["truth"], len(part)
    return {
        "kind": part["kind"].iloc[0], "sets": n, "truth": part["truth"].mean(),
        "bias": error.mean(), "bias_error": _error(error), "rmse": float(np.sqrt((error**2).mean())),
        "posterior_sd": part["sd"].mean(), **_coverage(part, n),
        "correlation": _correlation(part), **_partner(part),
    }  # fmt: skip


def _of_participants(part: pd.DataFrame) -> dict[str, object]:
    error = part["mean"] - part["truth"]
    sets = part.assign(error=error).groupby(TASK)
    r = sets[["truth", "mean", "sd"]].apply(_correlation).dropna()
    return {
        "kind": "participant", "sets": sets.ngroups, "truth": part["truth"].mean(),
        "spread": sets["truth"].std().mean(), "bias": error.mean(), "bias_error": _error(sets["error"].mean()),
        "rmse": float(np.sqrt((error**2).mean())), "posterior_sd": part["sd"].mean(),
        **_coverage(part, sets.ngroups), "correlation": r.mean() if len(r) else np.nan,
        "correlation_error": _error(r), **_partner(part),
    }  # fmt: skip


def held(part: pd.DataFrame) -> pd.Series:
    """Whether the central interval of each estimate holds the truth."""
    return part["truth"].between(part["low"], part["high"])


def _coverage(part: pd.DataFrame, sets: int) -> dict[str, float]:
    """Coverage and its error, for which estimates of one data set hang together and count once."""
    share = float(held(part).mean())
    error = float(share_error(share, len(part)))
    if len(part) > sets:
        error = float(np.fmax(error, _error(held(part).groupby(part[TASK]).mean())))
    return {"coverage": share, "coverage_error": error}


def _correlation(part: pd.DataFrame) -> float:
    truth, mean = part["truth"].to_numpy(), part["mean"].to_numpy()
    if len(truth) < _FEWEST or truth.std() <= _SAME * part["sd"].mean() or not np.isfinite(mean).all():
        return np.nan
    return float(np.corrcoef(truth, mean)[0, 1]) if mean.std() > 0.0 else np.nan


def _partner(part: pd.DataFrame) -> dict[str, object]:
    """The partner that is named most often, and the mean correlation of those draws."""
    names = part["partner"][part["partner"] != ""]
    if names.empty:
        return {"partner": "", "partner_r": np.nan}
    partner = names.mode().iloc[0]
    return {"partner": partner, "partner_r": part["partner_r"][part["partner"] == partner].mean()}


def _error(values: pd.Series) -> float:
    return float(values.std() / np.sqrt(len(values))) if len(values) > 1 else np.nan
