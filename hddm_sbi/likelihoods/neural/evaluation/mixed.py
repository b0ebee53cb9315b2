"""One discrete and one continuous variable, sbi's MNLE: the mass of the one times the density of the other given it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from sbi.neural_nets.estimators import MixedDensityEstimator
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor

from hddm_sbi.likelihoods.neural.evaluation import derivative, spline
from hddm_sbi.likelihoods.neural.evaluation.derivative import Dual
from hddm_sbi.likelihoods.neural.evaluation.kinds import Kinds, Rows
from hddm_sbi.likelihoods.neural.evaluation.masses import Masses


class _Data(NamedTuple):
    continuous: Tensor  # on log scale where the network has it so, (n, 1)
    log_slope: Tensor  # of that scale, (n,)
    discrete: Tensor  # (n, 1)
    index: Tensor  # which of the network's values the discrete one is, (n,)


class _Items(NamedTuple):
    """Distinct pairs of a row of theta and a discrete value."""

    one: Tensor | None  # row of theta
    kind: Tensor  # pair of each trial
    discrete: Tensor  # value, (items, 1)


class Mixed:
    """Log densities under a categorical network and a flow of one variable each."""

    def __init__(self) -> None:
        self._masses = Masses()

    @staticmethod
    def fits(estimator: ConditionalDensityEstimator) -> bool:
        """Whether the estimator is one of these."""
        return (
            isinstance(estimator, MixedDensityEstimator)
            and Masses.fits(estimator.discrete_net)
            and spline.is_spline(estimator.continuous_net)
        )

    def prepare(self, estimator: ConditionalDensityEstimator, value: Tensor) -> _Data:
        """The variables apart, on the networks' scales."""
        continuous, discrete = value[:, :1], value[:, 1:]
        index = self._masses.prepare(estimator.discrete_net, discrete)
        log_slope = torch.zeros_like(continuous[:, 0])
        if estimator.log_transform_input:
            continuous = torch.log(continuous)
            log_slope = -continuous[:, 0]
        return _Data(continuous, log_slope, discrete, index)

    def log_prob(self, estimator: ConditionalDensityEstimator, data: _Data, theta: Tensor, rows: Rows) -> Tensor:
        """Log density of each trial."""
        items = _items(data, rows.kinds(theta), rows)

        def parameters(some: Tensor, given: Tensor | None, with_slope: bool) -> list[Dual]:
            embedded = derivative.through(estimator.condition_embedding, derivative.of_theta(some, with_slope))
            assert given is not None
            return spline.layer_parameters(estimator.continuous_net, derivative.beside(given, embedded))

        found = spline.Gathered.apply(theta, parameters, items.one, items.kind, items.discrete, rows)
        density = spline.log_density(estimator.continuous_net, data.continuous, found)
        return self._masses.log_prob(estimator.discrete_net, data.index, theta, rows) + density + data.log_slope


def _items(data: _Data, kinds: Kinds, rows: Rows) -> _Items:
    if kinds.one is None and rows.row is None:
        return _Items(None, rows.index, data.discrete)
    if "items" not in kinds.memory:
        pairs = kinds.kind * (data.index.max() + 1) + data.index
        distinct, kind = torch.unique(pairs, return_inverse=True)
        trial = torch.empty_like(distinct).scatter_(0, kind, torch.arange(rows.n, device=rows.device))
        row = kinds.kind[trial]
        kinds.memory["items"] = _Items(row if kinds.one is None else kinds.one[row], kind, data.discrete[trial])
    items: _Items = kinds.memory["items"]
    return items
