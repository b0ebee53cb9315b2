"""What would change the conclusions: other priors, another weight of the data, another lapse window, no network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.likelihoods.observation.lapses import LAPSE_PARAMETERS
from hddm_sbi.report.changes_in_words import in_words
from hddm_sbi.report.protocol import Model
from hddm_sbi.report.references import REFERENCES
from hddm_sbi.report.reweighting import Change, changes
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.quantities import Quantities, quantities
from hddm_sbi.results.shifts import BY_UNIT, FEWEST_DRAWS, by_weights
from hddm_sbi.results.to_arviz import Results

FloatArray = npt.NDArray[np.float64]

COLUMNS = (
    "change", "quantity", "variable", "kind", "mean", "2.5%", "97.5%", "new mean", "new 2.5%", "new 97.5%", "shift",
    "mc_error", "pareto_k", "mostly", "left_out",
)  # fmt: skip
_POPULATION = ("typical", "mean", "coefficient", "sd", "correlation")
_INTERVAL = (0.025, 0.975)
# A shift that is no small one, in posterior sds.
_LARGEST = 1.0


@dataclass(frozen=True)
class Sensitivity:
    """What would change the conclusions.

    Args:
        sentences: one or more for each change, that name what it moves.
        table: a row for each change and quantity of the population (of participants, where there is no population), on
            the scale that results have: ``mean``, ``2.5%`` and ``97.5%`` as sampled, ``new mean``, ``new 2.5%`` and
            ``new 97.5%`` under the change, ``shift`` of the mean in posterior sds with its Monte Carlo error
            ``mc_error``, which is infinite where the weights cannot be trusted, ``pareto_k``; ``mostly``, the prior or
            participant that moves it most; and ``left_out``, participants whose own draws do not tell, so that they are
            as they were sampled, and the row says what the others do alone.
    """

    sentences: tuple[str, ...]
    table: pd.DataFrame

    @property
    def references(self) -> tuple[str, ...]:
        """The publications that the method is from."""
        return tuple(str(REFERENCES[key]) for key in ("kallioinen2024", "vehtari2024"))

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def sensitivity(model: Model, idata: Results) -> Sensitivity:
    """How the posterior would differ under other priors, other weights of the data, a doubled lapse window, no network.

    The draws are reweighted, so that nothing is sampled again: to the prior, or the likelihood, to the powers 0.8 and
    1.25 (Kallioinen, Paananen, Bürkner & Vehtari 2024, Statistics and Computing 34, 57), which makes a normal prior
    wider or narrower by 12%; to lapses that are uniform over twice the window; and from a network to the exact
    likelihood where there is one. Sentences say where reweighting cannot tell, so that one has to sample again.

    Args:
        model: the model that was sampled.
        idata: what ``model.sample`` returned.

    Returns:
        ``sentences`` and ``table``.

    Raises:
        DataError: the draws are of another model, or fewer than 20.

    Example:
        >>> import hddm_sbi as hs
        >>> model = hs.HierarchicalDDM(hs.load_data(), groupby="participant_id", likelihood="exact")
        >>> print(sensitivity(model, model.sample(seed=0)))  # doctest: +SKIP
    """
    found = _of_population(quantities(idata))
    draws = np.stack(found.columns, axis=-1)
    flat = draws.reshape(-1, draws.shape[-1])
    if len(flat) < FEWEST_DRAWS:
        raise DataError(
            f"the results have {len(flat)} draws; what would change them takes at least {FEWEST_DRAWS}: sample more."
        )
    ess = np.nan_to_num(diagnostics(draws)[0], nan=len(flat))
    made = changes(model, model.coefficients(idata))
    table = pd.concat([_table(change, found, flat, ess) for change in made], ignore_index=True)
    left_out = {change.name: change.left_out for change in made}
    return Sensitivity(tuple(in_words(model, idata, table, left_out)), table)


def _of_population(found: Quantities) -> Quantities:
    """The population's quantities; where there is no population, the participants'."""
    of_process = (kind for kind, name in zip(found.kinds, found.variables, strict=True) if name not in LAPSE_PARAMETERS)
    kinds = _POPULATION if any(kind == "typical" for kind in of_process) else (*_POPULATION, "participant")
    keep = [k for k, kind in enumerate(found.kinds) if kind in kinds and np.ptp(found.columns[k]) > 0.0]
    return Quantities(
        tuple(found.labels[k] for k in keep),
        tuple(found.variables[k] for k in keep),
        tuple(found.kinds[k] for k in keep),
        tuple(found.columns[k] for k in keep),
        tuple(found.places[k] for k in keep),
    )


def _table(change: Change, found: Quantities, flat: FloatArray, ess: FloatArray) -> pd.DataFrame:
    some, n = flat[change.at], len(change.at)
    there = some.copy()  # the draws that are weighted
    for k, variable in enumerate(found.variables):
        if variable in change.replaced:
            there[:, k] = change.replaced[variable]
    shifts = by_weights(there, ess, change.added)
    weights, sd = 1.0 / n + change.added.weights, some.std(axis=0)
    reached = weights @ there
    known = (reached >= there.min(axis=0)) & (reached <= there.max(axis=0))
    if change.added.method == BY_UNIT:  # right to first order, which so large a shift is not
        known &= np.abs(shifts.shift) <= _LARGEST
    mean, (low, high) = flat.mean(axis=0), np.quantile(flat, _INTERVAL, axis=0)
    # what reweighting changes, added to what all draws say; but for draws that were moved
    kept = np.array([variable not in change.replaced for variable in found.variables])
    before = _quantiles(some, np.full(n, 1.0 / n))
    after = _quantiles(there, weights) + kept * (np.stack([low, high]) - before)
    columns = (
        change.name, found.labels, found.variables, found.kinds, mean, low, high,
        reached + kept * (mean - some.mean(axis=0)), *after, (reached - some.mean(axis=0)) / sd,
        np.where(known, shifts.mc_error * there.std(axis=0) / sd, np.inf), change.pareto_k, _mostly(change, there),
        ", ".join(change.left_out),
    )  # fmt: skip
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def _quantiles(values: FloatArray, weights: FloatArray) -> FloatArray:
    """The ends of the interval of weighted draws, shape (2, quantities), from (draws, quantities) and (draws,).

    Weights may be negative where they are sums of those of participants; the distribution function is then taken as
    the largest value it had so far.
    """
    order = np.argsort(values, axis=0)
    ordered = np.take_along_axis(values, order, axis=0)
    own = weights[order]
    reached = np.maximum.accumulate(np.cumsum(own, axis=0) - 0.5 * own, axis=0)
    return np.stack([[np.interp(p, reached[:, k], ordered[:, k]) for k in range(values.shape[1])] for p in _INTERVAL])


def _mostly(change: Change, some: FloatArray) -> list[str]:
    """The part of a change, such as one prior, that moves each quantity most, to first order."""
    centred = change.log_ratios - change.log_ratios.mean(axis=0)
    by_part = np.abs(centred.T @ (some - some.mean(axis=0)))
    return [change.parts[k] for k in by_part.argmax(axis=0)]
