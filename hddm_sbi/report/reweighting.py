"""The posterior under another prior, likelihood or lapse window, by reweighting the draws that there are.

The prior or the likelihood to a power are those of Kallioinen, Paananen, Bürkner & Vehtari (2024, Statistics and
Computing 34, 57); weights are Pareto-smoothed (Vehtari, Simpson, Gelman, Yao & Gabry 2024, JMLR 25, 1-58). Only priors
at the top are scaled: how participants spread around the population is part of the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.log_priors import log_priors
from hddm_sbi.inference.predictive import pointwise_log_prob
from hddm_sbi.likelihoods.base import Density
from hddm_sbi.likelihoods.formulas import find_exact
from hddm_sbi.likelihoods.observation.observation_model import ObservationModel
from hddm_sbi.report.cost import affordable
from hddm_sbi.report.model import Model
from hddm_sbi.results.shifts import Added, added_weights
from hddm_sbi.results.to_arviz import spaced

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

POWERS = (0.8, 1.25)
PRIOR, LIKELIHOOD = "prior", "likelihood"
WINDOW, EXACT = "lapse window doubled", "exact likelihood"
# Evaluations of a trial's likelihood, and draws, at most and at least, whose likelihood is evaluated.
_TRIALS, _MOST, _LEAST = 4_000_000, 1000, 250
# Seconds for each likelihood that is evaluated, and the draws that there have to be.
_SECONDS, _FEWEST = 10.0, 100


def power(what: str, exponent: float) -> str:
    """What a change by a power is called: ``prior ^ 0.8``."""
    return f"{what} ^ {exponent:g}"


@dataclass(frozen=True)
class Change:
    """A change of the model, and what it does to the draws.

    Args:
        name: of the change.
        at: the draws that were reweighted, counted over all chains, shape (n,).
        added: what is added to their weights.
        log_ratios: of the posterior that was sampled to the changed one, by part, shape (n, parts).
        parts: what the parts are, such as variables with a prior, or participants.
    """

    name: str
    at: IntArray
    added: Added
    log_ratios: FloatArray
    parts: tuple[str, ...]


def changes(model: Model, coefficients: Mapping[str, FloatArray]) -> list[Change]:
    """The changes of a model, each with the weights of the draws.

    Args:
        model: the model.
        coefficients: draws by site, each of shape (chains, draws, *site shape).
    """
    flat = {site: value.reshape(-1, *value.shape[2:]) for site, value in coefficients.items()}
    n = len(next(iter(flat.values())))
    return [*_of_priors(model, flat, np.arange(n)), *_of_likelihoods(model, flat, n)]


def _change(name: str, at: IntArray, log_ratios: FloatArray, parts: tuple[str, ...]) -> Change:
    return Change(name, at, added_weights(log_ratios), log_ratios, parts)


def _of_priors(model: Model, flat: Mapping[str, FloatArray], at: IntArray) -> list[Change]:
    by_variable = log_priors(model.spec, flat)
    columns, names = np.column_stack(list(by_variable.values())), tuple(by_variable)
    columns = columns - columns.mean(axis=0)
    return [_change(power(PRIOR, exponent), at, (1.0 - exponent) * columns, names) for exponent in POWERS]


def _of_likelihoods(model: Model, flat: Mapping[str, FloatArray], n: int) -> list[Change]:
    """The likelihood to a power, the lapse window doubled, and where a network was sampled, the exact likelihood."""
    most = int(np.clip(_TRIALS // model.trials.n, _LEAST, _MOST))
    one = {site: value[:1] for site, value in flat.items()}
    sampled, lapses = model.likelihood, model.likelihood.lapses
    at = spaced(n, affordable(lambda: _by_participant(model, sampled, one), min(n, most), _SECONDS, _FEWEST))
    some = {site: value[at] for site, value in flat.items()}
    who = tuple(str(label) for label in model.trials.subjects) or ("all",)
    log_p = _by_participant(model, sampled, some)
    centred = log_p - log_p.mean(axis=0)
    found = [_change(power(LIKELIHOOD, exponent), at, (1.0 - exponent) * centred, who) for exponent in POWERS]
    if lapses is not None:
        wider = ObservationModel(sampled.density, replace(lapses, stretch=2.0 * lapses.stretch))
        found.append(_change(WINDOW, at, log_p - _by_participant(model, wider, some), who))
    exact = exact_instead(model)
    if exact is not None:
        found.append(_change(EXACT, at, log_p - _by_participant(model, ObservationModel(exact, lapses), some), who))
    return found


def exact_instead(model: Model) -> Density | None:
    """The exact density of a model whose likelihood is another one; None where there is none, or it was sampled."""
    exact = find_exact(model.ssm)
    return None if exact is None or type(exact) is type(model.likelihood.density) else exact


def _by_participant(model: Model, likelihood: ObservationModel, flat: Mapping[str, FloatArray]) -> FloatArray:
    """The log likelihood of each participant's trials under each draw, shape (draws, participants)."""
    trials, spec = model.trials, model.spec
    bound = likelihood.bind(trials.seen(spec.row, spec.n_rows))
    by_trial = pointwise_log_prob(spec, bound, {site: value[np.newaxis] for site, value in flat.items()})[0]
    order = np.argsort(trials.subject, kind="stable")
    first = np.searchsorted(trials.subject[order], np.arange(max(len(trials.subjects), 1)))
    return np.asarray(np.add.reduceat(by_trial[:, order], first, axis=1))
