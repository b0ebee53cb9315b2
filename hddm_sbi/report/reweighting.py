"""The posterior under another prior, likelihood or lapse window, by reweighting the draws that there are.

The prior or the likelihood to a power are those of Kallioinen, Paananen, Bürkner & Vehtari (2024, Statistics and
Computing 34, 57); weights are Pareto-smoothed (Vehtari, Simpson, Gelman, Yao & Gabry 2024, JMLR 25, 1-58). Only priors
at the top are scaled: how participants spread around the population is part of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import expit, logit

from hddm_sbi.inference.log_priors import log_priors
from hddm_sbi.inference.predictive import pointwise_log_prob
from hddm_sbi.likelihoods.base import Density
from hddm_sbi.likelihoods.formulas import find_exact
from hddm_sbi.likelihoods.observation.lapses import P_OUTLIER
from hddm_sbi.likelihoods.observation.observation_model import ObservationModel
from hddm_sbi.report.cost import affordable
from hddm_sbi.report.protocol import Model
from hddm_sbi.results.pareto import largest_k, pareto_smooth
from hddm_sbi.results.shifts import BY_UNIT, EFFECTIVE, Added, added_weights
from hddm_sbi.results.to_arviz import spaced

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

POWERS = (0.8, 1.25)
PRIOR, LIKELIHOOD = "prior", "likelihood"
WINDOW, EXACT = "lapse window doubled", "exact likelihood"
# Evaluations of a trial's likelihood, and draws, at most and at least, whose likelihood is evaluated.
_TRIALS, _MOST, _LEAST = 6_000_000, 4000, 250
# Of so many parts some may be left as they were sampled, where their own draws do not tell.
_SHARE = 0.2
# Where shifts are large, weights of all participants together are used if they leave this share of draws effective.
_LARGE = 0.1
# Of few draws the distribution of the lapse probability given all else, on a grid in its posterior sds.
_PROFILES, _GRID = 6, np.linspace(-10.0, 4.0, 29)
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
        replaced: draws that were moved before they were weighted, by variable, each of shape (n,).
        left_out: parts that are too far from the draws there are, where they are few: they are as they were sampled.
        pareto_k: Pareto shape of the weights, those of parts that were left out included.
    """

    name: str
    at: IntArray
    added: Added
    log_ratios: FloatArray
    parts: tuple[str, ...]
    replaced: Mapping[str, FloatArray]
    left_out: tuple[str, ...]
    pareto_k: float


def changes(model: Model, coefficients: Mapping[str, FloatArray]) -> list[Change]:
    """The changes of a model, each with the weights of the draws.

    Args:
        model: the model.
        coefficients: draws by site, each of shape (chains, draws, *site shape).
    """
    flat = {site: value.reshape(-1, *value.shape[2:]) for site, value in coefficients.items()}
    n = len(next(iter(flat.values())))
    return [*_of_priors(model, flat, np.arange(n)), *_of_likelihoods(model, flat, n)]


def _by_people(
    name: str,
    at: IntArray,
    log_ratios: FloatArray,
    parts: tuple[str, ...],
    effective: float = EFFECTIVE,
    replaced: Mapping[str, FloatArray] | None = None,
) -> Change:
    """A change whose parts are participants; a few whose own draws do not tell are left as they were sampled."""
    whole = added_weights(log_ratios, effective)
    unreliable: list[int] = []
    if whole.method == BY_UNIT and whole.pareto_k > largest_k(len(at)):
        unreliable = [k for k, own in enumerate(log_ratios.T) if pareto_smooth(-own)[1] > largest_k(len(at))]
    if not unreliable or len(unreliable) > _SHARE * len(parts):
        return Change(name, at, whole, log_ratios, parts, replaced or {}, (), whole.pareto_k)
    log_ratios = log_ratios.copy()
    log_ratios[:, unreliable] = 0.0
    left_out = tuple(parts[k] for k in unreliable)
    added = added_weights(log_ratios, effective)
    return Change(name, at, added, log_ratios, parts, replaced or {}, left_out, whole.pareto_k)


def _of_priors(model: Model, flat: Mapping[str, FloatArray], at: IntArray) -> list[Change]:
    by_variable = log_priors(model.spec, flat)
    columns, names = np.column_stack(list(by_variable.values())), tuple(by_variable)
    columns = columns - columns.mean(axis=0)
    found = []
    for exponent in POWERS:
        log_ratios = (1.0 - exponent) * columns
        added = added_weights(log_ratios)
        found.append(Change(power(PRIOR, exponent), at, added, log_ratios, names, {}, (), added.pareto_k))
    return found


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
    found = [_by_people(power(LIKELIHOOD, exponent), at, (1.0 - exponent) * centred, who) for exponent in POWERS]
    if lapses is not None:
        wider = ObservationModel(sampled.density, replace(lapses, stretch=2.0 * lapses.stretch))
        found.append(_of_window(model, wider, some, log_p, at, who))
    exact = exact_instead(model)
    if exact is not None:
        found.append(_by_people(EXACT, at, log_p - _by_participant(model, ObservationModel(exact, lapses), some), who))
    return found


def _of_window(
    model: Model,
    wider: ObservationModel,
    some: Mapping[str, FloatArray],
    log_p: FloatArray,
    at: IntArray,
    who: tuple[str, ...],
) -> Change:
    """Another window of the lapses.

    It moves the lapse probability by many posterior sds where lapses and slow responses look alike, which weights alone
    do not reach: its draws are moved along first (Paananen, Piironen, Bürkner & Vehtari 2021, Statistics and Computing
    31, 16, match moments so), by as much as its distribution given all else moves.
    """
    (term,) = model.spec.parameter(P_OUTLIER).common or (None,)
    if term is None:
        return _by_people(WINDOW, at, log_p - _by_participant(model, wider, some), who, _LARGE)

    def log_prior(p: FloatArray) -> FloatArray:  # of logit p
        return np.asarray(term.prior.log_prob(torch.as_tensor(p)).numpy() + np.log(p) + np.log1p(-p))

    x = logit(some[term.site])
    centre, sd = float(x.mean()), float(x.std())
    (old_mean, old_sd), (new_mean, new_sd) = (
        _given_all_else(model, likelihood, some, term.site, log_prior, centre + sd * _GRID)
        for likelihood in (model.likelihood, wider)
    )
    moved = expit(x + (new_mean - old_mean) + (new_sd / old_sd - 1.0) * (x - centre))
    ratio = log_p - _by_participant(model, wider, {**some, term.site: moved})
    prior = log_prior(some[term.site]) - log_prior(moved)
    replaced = {term.reported.variable: moved}
    parts = (*who, f"prior of {P_OUTLIER}")
    return _by_people(WINDOW, at, np.column_stack([ratio, prior]), parts, _LARGE, replaced)


def _given_all_else(
    model: Model,
    likelihood: ObservationModel,
    some: Mapping[str, FloatArray],
    site: str,
    log_prior: Callable[[FloatArray], FloatArray],
    grid: FloatArray,
) -> tuple[float, float]:
    """Mean and sd of the logit of the lapse probability given all else, on average over a few draws."""
    at = spaced(len(some[site]), _PROFILES)
    p = np.tile(expit(grid), len(at))
    each = {name: np.repeat(value[at], len(grid), axis=0) for name, value in some.items()}
    log_density = _by_participant(model, likelihood, {**each, site: p}).sum(axis=1) + log_prior(p)
    weights = log_density.reshape(len(at), -1)
    weights = np.exp(weights - weights.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    means = weights @ grid
    variances = weights @ grid**2 - means**2
    return float(means.mean()), float(np.sqrt(variances.mean()))


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
