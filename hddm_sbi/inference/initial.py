"""Where the chains start: a rough estimate from the data, polished by a short search for the mode, then jittered."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
import torch.distributions as td
from scipy import optimize, sparse
from scipy.sparse import linalg as sparse_linalg

from hddm_sbi.errors import SamplingError
from hddm_sbi.inference.between import moderate_sd, with_spread
from hddm_sbi.inference.coordinates.straight import settled
from hddm_sbi.inference.layout import Layout, coefficients
from hddm_sbi.inference.potential import Potential
from hddm_sbi.inference.potential.design_matrix import design_matrix
from hddm_sbi.inference.sampler import LogDensity
from hddm_sbi.likelihoods.observation.bound import BoundTrials
from hddm_sbi.likelihoods.observation.seen import SeenTrials
from hddm_sbi.likelihoods.observation.withheld import NO_GO
from hddm_sbi.spec.linear import natural_parameters
from hddm_sbi.spec.links import get_link
from hddm_sbi.spec.model_spec import ModelSpec, ParameterSpec
from hddm_sbi.ssm.base import SSM, Summary
from hddm_sbi.ssm.rules import rules_of

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Non-decision time starts at this share of the fastest credible response: below every response, on the slope of the
# density, far from the plateau of the lapses that lies above.
SHIFT_SHARE = 0.75
# With lapses in the model, this share of a participant's fastest responses may be guesses.
GUESSES = 0.05
# Ridge of the first projection: rows count 1 each, so that data win wherever there are any.
RIDGE_COMMON, RIDGE_GROUP = 1e-6, 1e-3
MODE_STEPS = 1000  # at most: the search ends by itself where it has converged
# Jitter in posterior standard deviations. Of a round posterior such a point loses JITTER^2 / 2 of log density for each
# dimension against the mode; one that loses this many more, about another standard deviation, is drawn closer.
JITTER, LARGEST_LOSS, HALVINGS = 0.7, 3.0, 30


def estimate(potential: Potential, ssm: SSM) -> FloatArray:
    """A point u that the data speak for.

    Rough values by rules of thumb, then the mode of the coefficients at moderate group sds, then sds and correlations
    that suit it, then all of these as they suit the groups' means, see ``settled``.

    Args:
        potential: the log density.
        ssm: the process, which has the rules of thumb.

    Raises:
        SamplingError: the log density is not finite at the point found.
    """
    spec, likelihood = potential.spec, potential.likelihood
    start = _project(spec, potential.layout, rough_values(spec, likelihood.trials, ssm))
    u = _mode(potential, start)
    if not np.isfinite(potential.log_density(u)):
        raise SamplingError(_no_start(spec, u, likelihood))
    u = with_spread(potential, u)
    after = settled(potential, u)
    return after if np.isfinite(potential.log_density(after)) else u


def _no_start(spec: ModelSpec, u: FloatArray, likelihood: BoundTrials) -> str:
    """What to check where no point is possible: omissions, if nothing else is impossible at u."""
    seen = likelihood.trials
    omitted = ~seen.rt_seen & ~seen.choice_seen
    impossible = likelihood.log_prob(natural_parameters(spec, coefficients(spec, u))) == -np.inf
    if impossible.any() and not (impossible & ~omitted).any():
        return (
            f"no starting point with a finite density was found: {int(impossible.sum()):,} of {int(omitted.sum()):,} "
            "omissions are impossible, because the process has responded before their deadline; let lapses explain "
            "them (leave p_outlier and lapse_omission to be estimated), or check priors and fixed values."
        )
    return (
        "no starting point with a finite density was found: please check that the priors, links and fixed values "
        "allow the response times (a non-decision time must lie below the fastest one)."
    )


def starting_points(target: LogDensity) -> Callable[[int], FloatArray]:
    """The function from a seed to a point x that the data do not speak against, around x = 0.

    Its log density is hardly lower than a round posterior's would be at such a distance, so that it is finite, and off
    the plateau of the lapse density for every participant whose trials say where that is.

    Args:
        target: the posterior in coordinates in which it is nearly round, around 0.
    """
    least = target.log_density(np.zeros(target.ndim)) - (0.5 * JITTER**2 * target.ndim + LARGEST_LOSS)

    def start(seed: int) -> FloatArray:
        step = JITTER * np.random.default_rng(seed).standard_normal(target.ndim)
        for halving in range(HALVINGS):
            x = step * 0.5**halving
            if target.log_density(x) >= least:
                return x
        return np.zeros(target.ndim)

    return start


def rough_values(spec: ModelSpec, trials: SeenTrials, ssm: SSM) -> FloatArray:
    """Rules of thumb for each parameter on the design rows, shape (rows, parameters).

    The model's own rules where it has any; else a parameter starts at the median of its prior, or in the middle of its
    training range. Values are natural, those of widths proportions of their room.
    """
    units = _unit(spec)
    has_lapse = any(parameter.name not in ssm.parameter_names for parameter in spec.parameters)
    sign = next((p.signed.sign for p in spec.parameters if p.signed is not None), np.ones(spec.n_rows))
    least = GUESSES if has_lapse else 0.0
    summary, shift = _summary(trials, units[trials.row], units.max() + 1, ssm, least, sign[trials.row])
    rules = rules_of(ssm)(summary)
    if ssm.symmetries.shift:
        rules = {**rules, ssm.symmetries.shift: shift}
    values = np.empty((spec.n_rows, len(spec.parameters)))
    for k, parameter in enumerate(spec.parameters):
        values[:, k] = _guess(parameter, ssm, rules, units)
        if parameter.signed is not None:
            values[:, k] *= sign
    return values


def _summary(
    trials: SeenTrials, unit: IntArray, n_units: int, ssm: SSM, guesses: float, sign: FloatArray
) -> tuple[Summary, FloatArray]:
    """What rules of thumb start from, and rough non-decision times, by unit.

    Omissions count as responses at the deadline, withheld responses as the other choice; a unit without times has
    everybody's.
    """
    rt = np.where(trials.rt_seen | ~np.isfinite(trials.deadline) | trials.choice_seen, trials.rt, trials.deadline)

    def by_unit(times: FloatArray, statistic: Callable[[FloatArray], float]) -> FloatArray:
        everyone = times[np.isfinite(times)]
        default = statistic(everyone) if everyone.size else 1.0
        owner = unit[np.isfinite(times)]
        sorted_times = everyone[np.argsort(owner, kind="stable")]
        members = np.split(sorted_times, np.cumsum(np.bincount(owner, minlength=n_units))[:-1])
        return np.array([statistic(own) if own.size else default for own in members])

    floor = by_unit(trials.rt, lambda own: float(np.quantile(own, guesses)))
    shift = SHIFT_SHARE * floor if ssm.symmetries.shift else 0.0 * floor
    shares = np.full((n_units, ssm.n_choices), 0.5)
    choice = np.where(trials.go & ~trials.choice_seen & ~trials.rt_seen, NO_GO, trials.choice)
    # where the drift changes sign with the stimulus, the rules see choices as if each called for the upper one
    choice = np.where((sign < 0.0) & (choice >= 0), 1 - choice, choice)
    np.add.at(shares, (unit[choice >= 0], choice[choice >= 0]), 1.0)
    return Summary(
        time=by_unit(rt, lambda own: float(np.median(own))) - shift,
        longest=by_unit(rt, lambda own: float(own.max())),
        shares=shares / shares.sum(axis=-1, keepdims=True),
    ), shift


def _guess(parameter: ParameterSpec, ssm: SSM, rules: dict[str, FloatArray], units: IntArray) -> FloatArray:
    if parameter.fixed is not None:
        return np.full(units.shape, parameter.fixed)
    if parameter.name not in ssm.parameter_names:  # the lapse probability: as its prior has it
        return np.full(units.shape, float(parameter.common[0].prior.mean) if parameter.common else 0.05)
    if parameter.name in rules:
        rule = rules[parameter.name]
        shared = not parameter.group
        # one non-decision time for all must lie below everybody's responses
        typical = rule.min() if parameter.name == ssm.symmetries.shift else np.median(rule)
        return np.full(units.shape, typical) if shared else rule[units]
    known = ssm.parameter(parameter.name)
    if known.prior is None:
        return np.full(units.shape, np.mean(known.box))
    return np.full(units.shape, get_link(known.link, known.support).inverse(np.asarray(known.prior.loc)))


def _unit(spec: ModelSpec) -> IntArray:
    """The participant of each design row, or whatever groups there are."""
    for _, term in spec.group_terms():
        return term.groups.index
    return np.zeros(spec.n_rows, dtype=np.int64)


def _project(spec: ModelSpec, layout: Layout, rough: FloatArray) -> FloatArray:
    """The point u whose linear predictors are closest to the links of the rough values, by ridge regression."""
    free = [(k, parameter) for k, parameter in enumerate(spec.parameters) if parameter.fixed is None]
    beside = [np.zeros(spec.n_rows) if p.offset is None else p.offset for _, p in free]
    eta = np.concatenate(
        [p.link_function.forward(rough[:, k]) - own for (k, p), own in zip(free, beside, strict=True)] or [np.zeros(0)]
    )
    matrix = design_matrix(spec, layout)
    ridge = np.repeat([RIDGE_COMMON, RIDGE_GROUP], [layout.n_common, layout.n_group])
    square = (matrix.T @ matrix + sparse.diags_array(ridge)).tocsc()
    # population values meet every group: an order that is not for symmetric matrices fills the factor up
    solution = np.atleast_1d(sparse_linalg.spsolve(square, matrix.T @ eta, permc_spec="MMD_AT_PLUS_A"))
    values = {}
    for site in layout.sites:
        if site.kind == "common":
            values[site.name] = _in_support(site.prior, solution[site.slice].reshape(site.shape))
        elif site.kind == "correlation":
            values[site.name] = np.broadcast_to(np.eye(site.shape[-1]), site.shape)
    for block in layout.blocks:
        deviations = {}
        for term in block.terms:
            own = solution[layout.places(term) - layout.shift]
            deviations[term.site] = own[:, 0] if term.levels is None else own
            spread = np.sqrt(np.mean(own.std(axis=0) ** 2))
            values[term.sd_site] = np.broadcast_to(moderate_sd(term, spread), term.sd_shape)
        values[block.site] = block.raw(values, deviations)
    for term in layout.apart:
        own = solution[layout.places(term) - layout.shift].reshape(layout.site(term.apart_site).shape)
        common = 0.0 if term.common is None else values[term.common]
        values[term.apart_site] = _in_support(term.prior, own + common)
    return layout.pack(values)


def _in_support(prior: td.Distribution | None, value: FloatArray) -> FloatArray:
    """The value where the prior allows it, else the middle of the unconstrained scale."""
    assert prior is not None
    at = torch.as_tensor(value, dtype=torch.float64)
    transform = td.biject_to(prior.support)
    safe = torch.where(torch.isfinite(transform.inv(at)), at, transform(torch.zeros_like(at)))
    return np.asarray(safe.numpy())


def _mode(potential: Potential, start: FloatArray) -> FloatArray:
    """The best point found by L-BFGS over all coefficients, at the sds and correlations of the start.

    The joint mode of the sds lies at zero. The search moves the groups' whole coefficients, population and deviation
    together: the better shape.
    """
    still = [site.coordinates for site in potential.layout.sites if site.kind in ("sd", "correlation")]
    moving = np.setdiff1d(np.arange(potential.ndim), np.concatenate([np.zeros(0, dtype=np.int64), *still]))
    whole = _Whole(potential, start)
    best, best_value = start, potential.log_density(start)

    def objective(x: FloatArray) -> tuple[float, FloatArray]:
        nonlocal best, best_value
        y = start.copy()
        y[moving] = x
        u = whole.to_u(y)
        value, gradient = potential.log_density_grad(u)
        if value > best_value:
            best, best_value = u, value
        # a finite wall instead of infinity: the line search interpolates
        if not np.isfinite(value):
            return 1e10, np.zeros(moving.size)
        return -value, -whole.by_whole(u, gradient)[moving]

    if moving.size:
        first = whole.from_u(start)[moving]
        optimize.minimize(objective, first, jac=True, method="L-BFGS-B", options={"maxiter": MODE_STEPS})
    return best


class _Whole:
    """Points u with the groups' whole coefficients, beta + sd rho, in the place of raw ones; sds as at ``start``."""

    def __init__(self, potential: Potential, start: FloatArray) -> None:
        layout = potential.layout
        self._potential, self._at = potential, potential.plan.raw_at
        parts = [
            np.tile(np.concatenate([layout.common_at(term) for term in block.terms]), block.groups.n)
            for block in layout.blocks
        ]
        self._beta = np.concatenate([np.zeros(0, dtype=np.int64), *parts])
        self._sd = potential.values(start)[0][potential.plan.raw_sd]

    def _population(self, y: FloatArray) -> FloatArray:
        """The population coefficients of the raw ones, 0 where there is none."""
        return np.append(self._potential.values(y)[0], 0.0)[self._beta]

    def to_u(self, y: FloatArray) -> FloatArray:
        u = y.copy()
        u[self._at] = (y[self._at] - self._population(y)) / self._sd
        return u

    def from_u(self, u: FloatArray) -> FloatArray:
        y = u.copy()
        y[self._at] = self._population(u) + self._sd * u[self._at]
        return y

    def by_whole(self, u: FloatArray, by_u: FloatArray) -> FloatArray:
        """The gradient by y from that by u."""
        by_y = by_u.copy()
        by_y[self._at] = by_u[self._at] / self._sd
        taken = np.zeros(by_u.size + 1)
        np.add.at(taken, self._beta, by_y[self._at])
        by_y -= taken[:-1] * self._potential.values(u)[1]
        return by_y
