"""The Pyro plate model of a ``ModelSpec``: the only place that writes Pyro sites.

Sites, in the order in which they are sampled:

- ``v_Intercept_sampled``, ``v_conf``: population coefficients as they are sampled, shape () or (levels,);
- ``v_Intercept_subject_sd``: standard deviations between groups, shape () or (levels,), after (strata,) where there
  are any;
- ``subject_corr_cholesky``: Cholesky factors of correlation matrices, shape (effects, effects), likewise;
- ``subject_raw``: the raw coefficients of all effects of a grouping factor, shape (groups, effects);
- ``v_Intercept_subject``: the groups' deviations from the population, deterministic, shape (groups,) or (groups,
  levels); ``v_Intercept_subject_raw``: their whole coefficients, sampled, where they are not pooled;
- ``v_Intercept``, ``v_Intercept_subject_sd``, ``v_Intercept_subject``, ...: deterministic, what is reported where it is
  not what is sampled, see ``reported_sites``;
- ``sz_fits``: where a width of starting points might not fit around them, zero or minus infinity, see ``ssm.widths``;
- ``trials``: the observed (rt, choice), shape (n, 2).

Every tensor is float64. The code broadcasts over dimensions to the left of the plates, so that ``Predictive`` can run
many draws at once.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np
import pyro
import pyro.distributions as dist
import torch
import torch.distributions as td
from pyro.distributions.torch_distribution import TorchDistributionMixin

from hddm_sbi.likelihoods.observation.bound import BoundTrials
from hddm_sbi.likelihoods.trial_distribution import TrialDistribution
from hddm_sbi.pyro_model.lkj import LKJCholesky
from hddm_sbi.pyro_model.reported_sites import report_deviations, report_population, report_spread
from hddm_sbi.spec.group_block import CorrelatedSet, GroupBlock, apart_terms, blocks_of
from hddm_sbi.spec.model_spec import CommonTerm, FloatArray, Groups, GroupTerm, ModelSpec, ParameterSpec
from hddm_sbi.ssm.widths import fits, room

Sites = Mapping[str, torch.Tensor]
TRIALS = "trials"
TRIAL_PLATE = "trial"


def plate_model(spec: ModelSpec, likelihood: BoundTrials) -> Callable[..., torch.Tensor]:
    """The hierarchical model as a Pyro model.

    Args:
        spec: the model's structure.
        likelihood: the likelihood of the observed trials, given theta in the order of ``spec.parameters``.

    Returns:
        ``model(observed=True)``, which returns the trials (n, 2); with ``observed=False`` they are drawn, which needs
        a likelihood with a simulator.
    """
    trials = likelihood.trials
    value = torch.from_numpy(np.column_stack([trials.rt, trials.choice.astype(np.float64)]))
    predictors = [_Predictor(parameter, spec.n_rows) for parameter in spec.parameters]

    def model(observed: bool = True) -> torch.Tensor:
        names = _FreeNames(spec)
        sites = _sample_coefficients(spec, names)
        theta = _fit_widths(spec, [predictor(sites) for predictor in predictors], names)
        with pyro.plate(names.new(TRIAL_PLATE), trials.n, dim=-1):
            distribution = TrialDistribution(likelihood, theta)
            return pyro.sample(TRIALS, distribution, obs=value if observed else None)

    return model


def _sample_coefficients(spec: ModelSpec, names: _FreeNames) -> Sites:
    """Sample every coefficient: population, then standard deviations and correlations, then groups."""
    sites: dict[str, torch.Tensor] = {}
    for _, term in spec.common_terms():
        sites[term.site] = _sample_common(term)
    report_population([term for _, term in spec.common_terms()], sites)
    for _, group in spec.group_terms():
        if group.sd_prior is not None:
            sites[group.sd_site] = _sample_sd(group, group.sd_prior, names)
    blocks = blocks_of(spec)
    for block in blocks:
        for one in block.sets:
            sites[one.correlation.site] = _sample_cholesky(block, one, names)
        sds = [_by_stratum(sites[one.sd_site], one)[..., torch.from_numpy(one.sd_columns)] for one in block.terms]
        report_spread(block, torch.cat(sds, dim=-1), sites)
    plates: dict[str, pyro.plate] = {}
    for block in blocks:
        with _plate(plates, block.groups, names):
            sites |= _sample_block(block, sites)
            report_deviations(block.terms, block.terms, sites)
    apart = apart_terms(spec)
    for one_apart in apart:
        with _plate(plates, one_apart.groups, names):
            sites[one_apart.site] = _sample_apart(one_apart, sites)
    for one_apart in apart:
        with _plate(plates, one_apart.groups, names):
            report_deviations([one_apart], apart, sites)
    return sites


def _plate(plates: dict[str, pyro.plate], groups: Groups, names: _FreeNames) -> pyro.plate:
    """The plate of a grouping factor, one for all its effects."""
    if groups.factor not in plates:
        plates[groups.factor] = pyro.plate(names.new(groups.factor), groups.n, dim=-1)
    return plates[groups.factor]


def _sample_common(term: CommonTerm) -> torch.Tensor:
    """One coefficient, or one for each level."""
    with ExitStack() as stack:
        if term.levels is not None:
            stack.enter_context(pyro.plate(f"{term.site}_level", len(term.levels), dim=-1))
        return pyro.sample(term.site, as_pyro(term.prior))


def _sample_sd(term: GroupTerm, prior: td.Distribution, names: _FreeNames) -> torch.Tensor:
    """The standard deviations of a term's groups, of shape ``sd_shape``."""
    own = term.sd_shape[1:] if term.groups.strata else term.sd_shape
    with ExitStack() as stack:
        if term.groups.strata:
            stack.enter_context(pyro.plate(names.new(f"{term.sd_site}_{term.groups.by}"), term.sd_shape[0], dim=-1))
        distribution = as_pyro(prior)
        return pyro.sample(term.sd_site, distribution.expand(own).to_event(1) if own else distribution)


def _sample_cholesky(block: GroupBlock, one: CorrelatedSet, names: _FreeNames) -> torch.Tensor:
    """The Cholesky factor of a set's correlations, one for each stratum."""
    correlation = one.correlation
    with ExitStack() as stack:
        if block.groups.strata:
            stack.enter_context(pyro.plate(names.new(f"{correlation.site}_{block.groups.by}"), block.n_strata, dim=-1))
        eta = torch.tensor(correlation.eta, dtype=torch.float64)
        return pyro.sample(correlation.site, LKJCholesky(one.size, eta))


def _sample_block(block: GroupBlock, sites: Sites) -> dict[str, torch.Tensor]:
    """The deviations of a block's groups by term; see ``group_block`` for the mathematics."""
    normal = dist.Normal(torch.zeros((), dtype=torch.float64), 1.0)
    raw = pyro.sample(block.site, normal.expand([block.n_effects]).to_event(1))
    standard = torch.cat([_standard(block, at, raw, sites) for at in _runs(block)], dim=-1)
    stratum = torch.from_numpy(block.groups.of_group)
    result = {}
    for term, at in zip(block.terms, block.slices, strict=True):
        sd = _by_stratum(sites[term.sd_site], term)[..., stratum, :]
        deviation = standard[..., at] * sd[..., torch.from_numpy(term.sd_columns)]
        deviation = deviation[..., 0] if term.levels is None else deviation
        result[term.site] = pyro.deterministic(term.site, deviation, event_dim=0 if term.levels is None else 1)
    return result


def _runs(block: GroupBlock) -> Iterator[slice]:
    """The correlated sets, and the effects between them one by one."""
    at = 0
    starts = {one.start: one.size for one in block.sets}
    while at < block.n_effects:
        size = starts.get(at, 1)
        yield slice(at, at + size)
        at += size


def _standard(block: GroupBlock, at: slice, raw: torch.Tensor, sites: Sites) -> torch.Tensor:
    """The deviations of one set in units of their standard deviations, L raw, shape (..., groups, effects)."""
    for one in block.sets:
        if one.slice == at:
            factor = sites[one.correlation.site]
            if block.groups.strata:
                factor = factor[..., torch.from_numpy(block.groups.of_group), :, :]
            elif factor.dim() < 4:
                factor = factor.unsqueeze(-3)
            return (factor @ raw[..., at].unsqueeze(-1)).squeeze(-1)
    return raw[..., at]


def _by_stratum(sd: torch.Tensor, term: GroupTerm) -> torch.Tensor:
    """Standard deviations as (..., strata, one for each that the term has); draws may lack the plate's dimension."""
    if term.levels is None:
        sd = sd.unsqueeze(-1)
        return sd if term.groups.strata or sd.dim() > 1 else sd.unsqueeze(-2)
    return sd if term.groups.strata or sd.dim() > 2 else sd.unsqueeze(-2)


class _FreeNames:
    """Names in one run of the model that nothing else bears: columns may have any name."""

    def __init__(self, spec: ModelSpec) -> None:
        self._taken = {TRIALS, *(term.site for _, term in spec.common_terms())}
        self._taken |= {group.site for _, group in spec.group_terms()}
        self._taken |= {term.reported.variable for _, term in spec.common_terms()}
        self._taken |= {group.reported.variable for _, group in spec.group_terms()}

    def new(self, name: str) -> str:
        """The name itself, or with an ending where it is taken."""
        while name in self._taken:
            name += "_plate"
        self._taken.add(name)
        return name


def _sample_apart(term: GroupTerm, sites: Sites) -> torch.Tensor:
    """The deviations of groups whose whole coefficients have a prior of their own."""
    assert term.prior is not None
    prior = as_pyro(term.prior)
    if term.levels is not None:
        prior = prior.expand([len(term.levels)]).to_event(1)
    deviation = pyro.sample(term.apart_site, prior)
    if term.common is not None:
        deviation = deviation - (sites[term.common] if term.levels is None else sites[term.common].unsqueeze(-2))
    return pyro.deterministic(term.site, deviation, event_dim=0 if term.levels is None else 1)


class _Predictor:
    """One parameter on the design rows, shape (..., rows), from the sampled sites; a width as a proportion."""

    def __init__(self, parameter: ParameterSpec, n_rows: int) -> None:
        self._fixed = None if parameter.fixed is None else torch.full((n_rows,), parameter.fixed, dtype=torch.float64)
        self._inverse = parameter.link_function.torch_inverse
        self._common = [(term.site, term.levels is None, _tensor(term.matrix)) for term in parameter.common]
        self._group = [
            (term.site, term.levels is None, _tensor(term.matrix), torch.from_numpy(term.groups.index))
            for term in parameter.group
        ]
        self._offset = None if parameter.offset is None else _tensor(parameter.offset)

    def __call__(self, sites: Sites) -> torch.Tensor:
        if self._fixed is not None:
            return self._fixed
        parts = [_population(sites[site], scalar, matrix) for site, scalar, matrix in self._common]
        parts += [_deviations(sites[site], scalar, matrix, index) for site, scalar, matrix, index in self._group]
        if self._offset is not None:
            parts.append(self._offset)
        return self._inverse(sum(parts[1:], start=parts[0]))


def _fit_widths(spec: ModelSpec, values: list[torch.Tensor], names: _FreeNames) -> torch.Tensor:
    """Theta, (..., rows, parameters), from the parameters' values; see ``hddm_sbi.ssm.widths``.

    Where a width might not fit, the site ``<width>_fits`` makes the density zero if it does not.
    """
    for width in spec.widths:
        at, parameter, relative = width.at, spec.parameters[width.at], width in spec.proportions
        largest = room(values[width.start], torch.minimum)
        if relative:
            values[at] = values[at] * largest
        if parameter.fixed != 0.0 and not (relative and parameter.link == "logit"):
            fit = fits(values[at], largest)
            everywhere = fit.all(-1, keepdim=fit.dim() > 1)
            log_factor = torch.zeros(everywhere.shape, dtype=torch.float64).masked_fill(~everywhere, -math.inf)
            pyro.factor(names.new(f"{parameter.name}_fits"), log_factor)
    return torch.stack(torch.broadcast_tensors(*values), dim=-1)


def _tensor(matrix: FloatArray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(matrix))


def _population(beta: torch.Tensor, scalar: bool, matrix: torch.Tensor) -> torch.Tensor:
    """X beta for beta of shape () or (levels,), or with draws (draws, 1) or (draws, levels)."""
    return beta * matrix[:, 0] if scalar else beta @ matrix.T


def _deviations(deviation: torch.Tensor, scalar: bool, matrix: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Each row's deviation of its group, for (groups,) or (groups, levels), either after (draws,)."""
    if scalar:
        return deviation[..., index] * matrix[:, 0]
    return (deviation[..., index, :] * matrix).sum(-1)


def as_pyro(distribution: td.Distribution) -> Any:
    """The distribution as Pyro needs it; a torch distribution gains Pyro's methods and keeps its own."""
    if isinstance(distribution, TorchDistributionMixin):
        return distribution
    family = type(distribution)
    clone = copy.copy(distribution)
    clone.__class__ = type(family.__name__, (family, TorchDistributionMixin), {})
    return clone
