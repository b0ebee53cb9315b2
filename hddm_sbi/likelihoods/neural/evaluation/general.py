"""Any estimator, by its own network, trial by trial: what sbi does."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from nflows.transforms.autoregressive import AutoregressiveTransform, MaskedAffineAutoregressiveTransform
from nflows.transforms.coupling import PiecewiseCouplingTransform
from sbi.neural_nets.estimators import (
    CategoricalMassEstimator,
    MixedDensityEstimator,
    MixtureDensityEstimator,
    NFlowsFlow,
    ZukoFlow,
)
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor, nn

from hddm_sbi.likelihoods.neural.evaluation.kinds import Rows


class General:
    """Log densities by the estimator's own ``log_prob``.

    Args:
        estimator: any of sbi's estimators. It is not kept.
    """

    def __init__(self, estimator: ConditionalDensityEstimator) -> None:
        self._may_ignore_theta = _may_ignore_theta(estimator)

    def prepare(self, estimator: ConditionalDensityEstimator, value: Tensor) -> Tensor:
        """The values as they are."""
        return value

    def log_prob(
        self, estimator: ConditionalDensityEstimator, data: Tensor, theta: Tensor, rows: Rows
    ) -> tuple[Tensor, bool]:
        """See ``Way.log_prob``."""
        theta = theta.reshape(-1, *estimator.condition_shape)
        if rows.n_rows == 1:
            log_prob = estimator.log_prob(data.unsqueeze(1), theta).squeeze(1)
        else:
            log_prob = self._by_trial(estimator, data, theta if rows.row is None else theta[rows.row])
        return with_verdict(connected(log_prob, theta) if self._may_ignore_theta else log_prob)

    def _by_trial(self, estimator: ConditionalDensityEstimator, data: Tensor, condition: Tensor) -> Tensor:
        return estimator.log_prob(data.unsqueeze(0), condition).squeeze(0)


class Direct(General):
    """The same by the network within the estimator, where there is a condition for each trial."""

    @staticmethod
    def fits(estimator: ConditionalDensityEstimator) -> bool:
        """Whether the estimator is one of these."""
        return type(estimator) in _DIRECT and len(estimator.input_shape) == 1

    def _by_trial(self, estimator: ConditionalDensityEstimator, data: Tensor, condition: Tensor) -> Tensor:
        return _DIRECT[type(estimator)](estimator, data, condition)


def _nflows(estimator: NFlowsFlow, data: Tensor, condition: Tensor) -> Tensor:
    return estimator.net.log_prob(data, context=condition)


def _zuko(estimator: ZukoFlow, data: Tensor, condition: Tensor) -> Tensor:
    return estimator.net(estimator.embedding_net(condition)).log_prob(data)


def _mixture(estimator: MixtureDensityEstimator, data: Tensor, condition: Tensor) -> Tensor:
    mixture = estimator.net.get_mixture_components(estimator.embedding_net(condition))
    scaled = estimator._transform_input(data)
    difference = scaled.unsqueeze(1) - mixture.means
    # by sums, where sbi multiplies a great many tiny matrices
    squares = ((mixture.precisions * difference.unsqueeze(-1)).sum(-2) * difference).sum(-1)
    log_scale = torch.diagonal(mixture.precision_factors, dim1=-2, dim2=-1).log().sum(-1)
    log_parts = mixture.log_weights + log_scale - 0.5 * (squares + mixture.dim * math.log(2.0 * math.pi))
    return torch.logsumexp(log_parts, -1) + estimator._log_det_jacobian_forward(data, scaled)


_DIRECT: dict[type, Callable[[ConditionalDensityEstimator, Tensor, Tensor], Tensor]] = {
    NFlowsFlow: _nflows,
    ZukoFlow: _zuko,
    MixtureDensityEstimator: _mixture,
}


def with_verdict(log_prob: Tensor) -> tuple[Tensor, bool]:
    """Log densities, and whether all are finite."""
    return log_prob, math.isfinite(log_prob.detach().sum().item())


def connected(log_prob: Tensor, theta: Tensor) -> Tensor:
    """The same as a function of theta: so that it has a gradient, zero, also where nothing depends on theta."""
    return torch.cat([log_prob, theta.flatten()[:0]]) if torch.is_grad_enabled() else log_prob


def _may_ignore_theta(estimator: nn.Module) -> bool:
    """Whether some data may have a density that does not depend on theta, as in the tails of nflows' splines."""
    if type(estimator) not in (*_DIRECT, CategoricalMassEstimator, MixedDensityEstimator):
        return True
    splines = (PiecewiseCouplingTransform, AutoregressiveTransform)
    return any(
        isinstance(module, splines) and not isinstance(module, MaskedAffineAutoregressiveTransform)
        for module in estimator.modules()
    )
