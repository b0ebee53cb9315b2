"""One discrete variable: the masses of its values, for each distinct row of theta."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sbi.neural_nets.estimators import CategoricalMassEstimator
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor

from hddm_sbi.likelihoods.neural.evaluation import derivative
from hddm_sbi.likelihoods.neural.evaluation.domain import categories
from hddm_sbi.likelihoods.neural.evaluation.kinds import Rows


class Masses:
    """Log masses under sbi's categorical networks of one variable."""

    @staticmethod
    def fits(estimator: ConditionalDensityEstimator) -> bool:
        """Whether the estimator is one of these."""
        return (
            isinstance(estimator, CategoricalMassEstimator)
            and estimator.net.num_variables == 1
            and len(estimator.condition_shape) == 1
        )

    def prepare(self, estimator: ConditionalDensityEstimator, value: Tensor) -> Tensor:
        """Which of the network's values each is."""
        (known,) = categories(estimator) or []
        return torch.searchsorted(known, value[:, 0].to(known.dtype).contiguous())

    def log_prob(self, estimator: ConditionalDensityEstimator, data: Tensor, theta: Tensor, rows: Rows) -> Tensor:
        """Log mass of each trial."""
        return _LogMass.apply(theta, estimator, data, rows)


def log_masses(estimator: CategoricalMassEstimator, theta: Tensor) -> Tensor:
    """Of every value, (rows, values), by torch's means: torch can differentiate them."""
    return torch.log_softmax(derivative.made(estimator.net, derivative.of_theta(theta, False)).value, -1)


class _LogMass(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, theta: Tensor, estimator: CategoricalMassEstimator, index: Tensor, rows: Rows) -> Tensor:
        kinds = rows.kinds(theta)
        distinct = kinds.distinct(theta)
        if not ctx.needs_input_grad[0]:
            return log_masses(estimator, distinct)[kinds.kind, index]
        logits, slope = derivative.made(estimator.net, derivative.of_theta(distinct, True))
        table, n_values = logits.numpy(), logits.shape[1]
        table = table - table.max(-1, keepdims=True)
        mass = np.exp(table)
        total = mass.sum(-1, keepdims=True)
        slope = slope - (slope @ (mass / total)[:, :, None])
        if "cell" not in kinds.memory:
            kinds.memory["cell"] = (kinds.kind * n_values + index).numpy()
        cell = kinds.memory["cell"]
        by_element = slope.swapaxes(0, 1).reshape(theta.shape[1], -1)
        ctx.save_for_backward(theta, index, torch.from_numpy(by_element[:, cell].T))
        ctx.estimator, ctx.rows = estimator, rows
        return torch.from_numpy((table - np.log(total)).ravel()[cell])

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None, None]:
        theta, index, slope = ctx.saved_tensors
        if torch.is_grad_enabled():
            # second derivatives were asked for (create_graph): by ordinary means
            log_prob = log_masses(ctx.estimator, theta)[ctx.rows.index, index]
            (gradient,) = torch.autograd.grad(log_prob, theta, grad_output, create_graph=True)
            return gradient, None, None, None
        return ctx.rows.add_up(grad_output.unsqueeze(-1) * slope), None, None, None
