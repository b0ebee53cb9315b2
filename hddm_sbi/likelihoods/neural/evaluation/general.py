"""Any estimator, by its own ``log_prob``, trial by trial."""

from __future__ import annotations

import torch
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor

from hddm_sbi.likelihoods.neural.evaluation.kinds import Rows


class General:
    """What sbi does."""

    def prepare(self, estimator: ConditionalDensityEstimator, value: Tensor) -> Tensor:
        """The values as they are."""
        return value

    def log_prob(self, estimator: ConditionalDensityEstimator, data: Tensor, theta: Tensor, rows: Rows) -> Tensor:
        """Log density of each trial."""
        if rows.n_rows == 1:
            log_prob = estimator.log_prob(data.unsqueeze(1), theta).squeeze(1)
        else:
            condition = theta if rows.row is None else theta[rows.row]
            log_prob = estimator.log_prob(data.unsqueeze(0), condition).squeeze(0)
        return connected(log_prob, theta)


def connected(log_prob: Tensor, theta: Tensor) -> Tensor:
    """The same as a function of theta: so that it has a gradient, zero, also where nothing depends on theta."""
    return torch.cat([log_prob, theta.flatten()[:0]]) if torch.is_grad_enabled() else log_prob
