"""One discrete and one continuous variable, sbi's MNLE: the mass of the one times the density of the other given it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from sbi.neural_nets.estimators import MixedDensityEstimator
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor

from hddm_sbi.likelihoods.neural.evaluation import tangents
from hddm_sbi.likelihoods.neural.evaluation.general import with_verdict
from hddm_sbi.likelihoods.neural.evaluation.kinds import Kinds, Rows
from hddm_sbi.likelihoods.neural.evaluation.masses import MassData, Masses
from hddm_sbi.likelihoods.neural.evaluation.spline import Flow, Gathered, Network
from hddm_sbi.likelihoods.neural.evaluation.tangents import Outputs


class _Data(NamedTuple):
    continuous: Tensor  # on log scale where the network has it so, (n, 1)
    log_slope: Tensor  # of that scale, (n,)
    discrete: MassData


class _Items(NamedTuple):
    """Distinct pairs of a row of theta and a discrete value."""

    one: Tensor | None  # row of theta
    kind: Tensor  # pair of each trial
    given: Tensor  # value, (items, 1)


class Mixed:
    """Log densities under a categorical network and a flow of one variable each.

    Args:
        estimator: such an estimator. It is not kept.
    """

    def __init__(self, estimator: ConditionalDensityEstimator) -> None:
        self._discrete_net, self._masses = estimator.discrete_net, Masses(estimator.discrete_net)
        self._flow = Flow(estimator.continuous_net)
        self._embedding = estimator.condition_embedding

    @staticmethod
    def fits(estimator: ConditionalDensityEstimator) -> bool:
        """Whether the estimator is one of these."""
        return (
            isinstance(estimator, MixedDensityEstimator)
            and Masses.fits(estimator.discrete_net)
            and Flow.fits(estimator.continuous_net)
        )

    def prepare(self, estimator: ConditionalDensityEstimator, value: Tensor) -> _Data:
        """See ``Way.prepare``: the variables apart, on the networks' scales."""
        continuous = value[:, :1]
        log_slope = torch.zeros_like(continuous[:, 0])
        if estimator.log_transform_input:
            continuous = torch.log(continuous)
            log_slope = -continuous[:, 0]
        return _Data(continuous, log_slope, self._masses.prepare(self._discrete_net, value[:, 1:].detach()))

    def log_prob(
        self, estimator: ConditionalDensityEstimator, data: _Data, theta: Tensor, rows: Rows
    ) -> tuple[Tensor, bool]:
        """See ``Way.log_prob``."""
        theta = theta.reshape(rows.n_rows, -1)
        items = _items(data.discrete, rows.kinds(theta), rows)

        def of_items(some: Tensor, with_slope: bool) -> list[Outputs]:
            embedded = tangents.through(self._embedding, tangents.of_theta(some, with_slope))
            return self._flow.parameters(tangents.beside(items.given, embedded))

        def by_torch(some: Tensor) -> list[Tensor]:
            return self._flow.parameters_by_torch(torch.cat([data.discrete.value, self._embedding(some)], -1))

        found = Gathered.apply(theta, Network(of_items, by_torch), items.one, items.kind, rows)
        log_mass, _ = self._masses.log_prob(self._discrete_net, data.discrete, theta, rows)
        return with_verdict(log_mass + self._flow.log_density(data.continuous, found) + data.log_slope)


def _items(data: MassData, kinds: Kinds, rows: Rows) -> _Items:
    if kinds.one is None and rows.row is None:
        return _Items(None, rows.index, data.value)
    if "items" not in kinds.memory:
        pairs = kinds.kind * (data.at.max() + 1) + data.at
        distinct, kind = torch.unique(pairs, return_inverse=True)
        trial = torch.empty_like(distinct).scatter_(0, kind, torch.arange(rows.n, device=rows.device))
        row = kinds.kind[trial]
        kinds.memory["items"] = _Items(row if kinds.one is None else kinds.one[row], kind, data.value[trial])
    items: _Items = kinds.memory["items"]
    return items
