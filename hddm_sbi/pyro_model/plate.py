"""The Pyro plate model of a ``ModelSpec``: the only place that writes Pyro sites.

Sites, in the order in which they are sampled:

- ``v_Intercept``, ``v_conf``: population coefficients, shape () or (levels,);
- ``<group site>_sd``: standard deviations between groups, shape () or (levels,);
- ``<group site>_raw``: what is sampled for the groups, shape (groups,) or (groups, levels);
- ``<group site>``: their deviations from the population, deterministic, same shape;
- ``sz_fits``: where a width of starting points might not fit around them, zero or minus infinity, see ``ssm.widths``;
- ``trials``: the observed (rt, choice), shape (n, 2).

Every tensor is float64. The code broadcasts over dimensions to the left of the plates, so that ``Predictive`` can run
many draws at once.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
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
from hddm_sbi.spec.model_spec import CommonTerm, FloatArray, GroupTerm, ModelSpec, ParameterSpec
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
    """Sample every coefficient: population, then standard deviations, then groups."""
    sites: dict[str, torch.Tensor] = {}
    for _, term in spec.common_terms():
        sites[term.site] = _sample_block(term.site, term, term.prior)
    for _, group in spec.group_terms():
        if group.sd_prior is not None:
            name = f"{group.site}_sd"
            sites[name] = _sample_block(name, group, group.sd_prior)
    plates = _GroupPlates(names)
    for _, group in spec.group_terms():
        sites[group.site] = _sample_group(group, sites, plates)
    return sites


def _sample_block(name: str, term: CommonTerm | GroupTerm, prior: td.Distribution) -> torch.Tensor:
    """One coefficient, or one for each level."""
    with ExitStack() as stack:
        if term.levels is not None:
            stack.enter_context(pyro.plate(f"{name}_level", len(term.levels), dim=-1))
        return pyro.sample(name, as_pyro(prior))


class _FreeNames:
    """Names in one run of the model that nothing else bears: columns may have any name."""

    def __init__(self, spec: ModelSpec) -> None:
        self._taken = {TRIALS, *(term.site for _, term in spec.common_terms())}
        self._taken |= {group.site for _, group in spec.group_terms()}

    def new(self, name: str) -> str:
        """The name itself, or with an ending where it is taken."""
        while name in self._taken:
            name += "_plate"
        self._taken.add(name)
        return name


class _GroupPlates:
    """One plate for each grouping factor; a second one, further left, for its terms that have levels.

    Pyro ties a plate to its dimension, and coefficients of terms with levels have theirs on the right.
    """

    def __init__(self, names: _FreeNames) -> None:
        self._names = names
        self._plates: dict[tuple[str, int], pyro.plate] = {}

    def __call__(self, group: GroupTerm) -> pyro.plate:
        dim = -1 if group.levels is None else -2
        key = (group.factor, dim)
        if key not in self._plates:
            name = self._names.new(group.factor if dim == -1 else f"{group.factor}_by_level")
            self._plates[key] = pyro.plate(name, len(group.groups), dim=dim)
        return self._plates[key]


def _sample_group(group: GroupTerm, sites: Sites, plates: _GroupPlates) -> torch.Tensor:
    """A group term's deviations; see ``GroupTerm`` for the mathematics."""
    with ExitStack() as stack:
        stack.enter_context(plates(group))
        if group.levels is not None:
            stack.enter_context(pyro.plate(f"{group.site}_level", len(group.levels), dim=-1))
        if group.sd_prior is None:
            assert group.prior is not None
            beta = sites[group.common] if group.common is not None else 0.0
            deviation = pyro.sample(f"{group.site}_raw", as_pyro(group.prior)) - beta
        else:
            deviation = _sample_around(group, sites)
        return pyro.deterministic(group.site, deviation, event_dim=0)


def _sample_around(group: GroupTerm, sites: Sites) -> torch.Tensor:
    """raw ~ N(w beta, sd^w) and the deviation sd^(1 - w) (raw - w beta)."""
    w = torch.from_numpy(np.ascontiguousarray(group.centring if group.levels is not None else group.centring[:, 0]))
    sd = sites[f"{group.site}_sd"]
    beta = sites[group.common] if group.common is not None else torch.zeros((), dtype=torch.float64)
    raw = pyro.sample(f"{group.site}_raw", dist.Normal(w * beta, sd**w))
    return sd ** (1.0 - w) * (raw - w * beta)


class _Predictor:
    """One parameter on the design rows, shape (..., rows), from the sampled sites; a width as a proportion."""

    def __init__(self, parameter: ParameterSpec, n_rows: int) -> None:
        self._fixed = None if parameter.fixed is None else torch.full((n_rows,), parameter.fixed, dtype=torch.float64)
        self._inverse = parameter.link_function.torch_inverse
        self._common = [(term.site, term.levels is None, _tensor(term.matrix)) for term in parameter.common]
        self._group = [
            (term.site, term.levels is None, _tensor(term.matrix), torch.from_numpy(term.index))
            for term in parameter.group
        ]

    def __call__(self, sites: Sites) -> torch.Tensor:
        if self._fixed is not None:
            return self._fixed
        parts = [_population(sites[site], scalar, matrix) for site, scalar, matrix in self._common]
        parts += [_deviations(sites[site], scalar, matrix, index) for site, scalar, matrix, index in self._group]
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
    """X beta for beta of shape () or (levels,), or with draws (draws, 1, 1) or (draws, 1, levels)."""
    return beta * matrix[:, 0] if scalar else beta @ matrix.T


def _deviations(deviation: torch.Tensor, scalar: bool, matrix: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Each row's deviation of its group, for (groups,) or (groups, levels), or with draws (draws, 1, groups) or
    (draws, groups, levels)."""
    if scalar:
        return deviation[..., index] * matrix[:, 0]
    by_row = (deviation[..., index, :] * matrix).sum(-1)
    return by_row.unsqueeze(-2) if by_row.dim() > 1 else by_row


def as_pyro(distribution: td.Distribution) -> Any:
    """The distribution as Pyro needs it; a torch distribution gains Pyro's methods and keeps its own."""
    if isinstance(distribution, TorchDistributionMixin):
        return distribution
    family = type(distribution)
    clone = copy.copy(distribution)
    clone.__class__ = type(family.__name__, (family, TorchDistributionMixin), {})
    return clone
