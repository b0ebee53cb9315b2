"""One data set of a recovery: true values, a simulated experiment, a fit, and how far apart they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from hddm_sbi.proof.experiment import Experiment, FloatArray, Settings, fit, integer
from hddm_sbi.proof.truths import Truths
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.quantities import SAMPLE_DIMS, Quantities, quantities_of

# Kinds of quantities whose draws have to be known well; participants' values need fewer, and are many.
POPULATION = ("typical", "coefficient", "sd", "correlation")
SHOWN = (*POPULATION, "participant")
# Effective draws of a posterior: an end of a 95% interval is then known to about 0.2 posterior sds, which costs
# intervals some tenths of a percent of their coverage.
NEEDED = 200
# Probability of the intervals whose coverage is counted.
INTERVAL = 0.95


@dataclass(frozen=True)
class RecoverTask:
    """What all data sets of a recovery share.

    Args:
        experiment: the experiment.
        truths: where true values come from.
        settings: of the fits.
    """

    experiment: Experiment
    truths: Truths
    settings: Settings


def recover_one(task: RecoverTask, number: int, seeds: np.random.SeedSequence) -> pd.DataFrame:
    """A row for each quantity: truth, posterior mean, sd and interval, and how the fit went."""
    of_truth, of_trials, of_fit = seeds.spawn(3)
    experiment = task.experiment
    coefficients = task.truths.draw(experiment, number, np.random.default_rng(of_truth))
    outcomes = experiment.simulate(coefficients, integer(of_trials))
    fitted = fit(experiment, outcomes, task.settings, integer(of_fit), _that_count, NEEDED)
    return compared(experiment.posterior(coefficients), fitted.posterior).assign(**fitted.record)


def compared(truth: xr.Dataset, posterior: xr.Dataset) -> pd.DataFrame:
    """A row for each quantity of a posterior, and its true value.

    Args:
        truth: the same variables, of one draw.
        posterior: the draws.
    """
    found, true = (quantities_of(one).of_kinds(SHOWN) for one in (posterior, truth))
    at = dict(zip(true.labels, true.columns, strict=True))
    values, draws = np.array([at[label].item() for label in found.labels]), found.draws
    flat = draws.reshape(-1, draws.shape[-1])
    low, high = np.quantile(flat, (0.5 * (1.0 - INTERVAL), 0.5 * (1.0 + INTERVAL)), axis=0)
    _, _, r_hat = diagnostics(draws)
    families = [_family(posterior, found, k) for k in range(len(found.labels))]
    partner, r = _partners(found, families, flat)
    return pd.DataFrame(
        {
            "quantity": found.labels, "family": families, "kind": found.kinds, "truth": values,
            "mean": flat.mean(axis=0), "sd": flat.std(axis=0, ddof=1), "low": low, "high": high,
            "r_hat": r_hat, "partner": partner, "partner_r": r,
        }
    )  # fmt: skip


def _that_count(posterior: xr.Dataset) -> FloatArray:
    """Draws of the population's quantities, or of all where there is no population."""
    found = quantities_of(posterior)
    hierarchical = {"coefficient", "sd"}.intersection(found.kinds)
    return found.of_kinds(POPULATION if hierarchical else SHOWN).draws


def _family(posterior: xr.Dataset, found: Quantities, k: int) -> str:
    """Of a participant's value what it is of whomever, ``v[conf=HC]``; of other quantities themselves."""
    if found.kinds[k] != "participant":
        return found.labels[k]
    values = posterior[found.variables[k]]
    who, *others = (dim for dim in values.dims if dim not in SAMPLE_DIMS)
    cell = [str(posterior[dim].values[at]) for dim, at in zip(others, found.places[k][1:], strict=True)]
    parameter = found.variables[k].removesuffix(f"_{who}")
    return f"{parameter}[{', '.join(cell)}]" if cell else parameter


def _partners(found: Quantities, families: Sequence[str], flat: FloatArray) -> tuple[list[str], FloatArray]:
    """The quantity that each trades off with most: population coefficients, and one participant's own values.

    Returns:
        Its family, and the correlation of their draws; nothing and NaN for others.
    """
    names, r = [""] * len(families), np.full(len(families), np.nan)
    for members in _relatives(found):
        with np.errstate(invalid="ignore", divide="ignore"):
            matrix = np.atleast_2d(np.corrcoef(flat[:, members], rowvar=False))
        np.fill_diagonal(matrix, 0.0)
        for row, k in zip(np.nan_to_num(matrix), members, strict=True):
            best = int(np.abs(row).argmax())
            names[k], r[k] = families[members[best]], row[best]
    return names, r


def _relatives(found: Quantities) -> Iterator[list[int]]:
    """Places of the quantities among which trade-offs are looked for."""
    families: dict[object, list[int]] = {}
    for k, (kind, place) in enumerate(zip(found.kinds, found.places, strict=True)):
        if kind == "coefficient":
            families.setdefault("population", []).append(k)
        elif kind == "participant":
            families.setdefault(place[0], []).append(k)
    yield from (members for members in families.values() if len(members) > 1)
