"""One discrete variable: the masses of its values, for each distinct row of theta."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from sbi.neural_nets.estimators import CategoricalMassEstimator
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor

from hddm_sbi.likelihoods.neural.evaluation import tangents
from hddm_sbi.likelihoods.neural.evaluation.domain import categories
from hddm_sbi.likelihoods.neural.evaluation.kinds import Rows


class MassData(NamedTuple):
    """Discrete values.

    Args:
        value: (n, 1).
        index: which of the network's values each is, (n,).
    """

    value: Tensor
    index: Tensor


class Masses:
    """Log masses under sbi's categorical networks of one variable.

    Args:
        estimator: one of these. It is not kept.
    """

    def __init__(self, estimator: ConditionalDensityEstimator) -> None:
        self._memory, self.net = tangents.Memory(), estimator.net
        self.logits = tangents.made(estimator.net, self._memory)

    @staticmethod
    def fits(estimator: ConditionalDensityEstimator) -> bool:
        """Whether the estimator is one of these."""
        return (
            isinstance(estimator, CategoricalMassEstimator)
            and estimator.net.num_variables == 1
            and len(estimator.condition_shape) == 1
        )

    def holds(self) -> bool:
        """Whether the parameters are where they were."""
        return self._memory.holds()

    def prepare(self, estimator: ConditionalDensityEstimator, value: Tensor) -> MassData:
        """See ``Way.prepare``."""
        (known,) = categories(estimator) or []
        return MassData(value, torch.searchsorted(known, value[:, 0].to(known.dtype).contiguous()))

    def log_prob(self, estimator: ConditionalDensityEstimator, data: MassData, theta: Tensor, rows: Rows) -> Tensor:
        """See ``Way.log_prob``."""
        return _LogMass.apply(theta, self, data, rows)


class _LogMass(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, theta: Tensor, masses: Masses, data: MassData, rows: Rows) -> Tensor:
        kinds, with_slope = rows.kinds(theta), ctx.needs_input_grad[0]
        logits, slope = masses.logits(tangents.of_theta(kinds.distinct(theta), with_slope))
        if "cell" not in kinds.memory:
            kinds.memory["cell"] = (kinds.kind * logits.shape[1] + data.index).numpy()
        cell = kinds.memory["cell"]
        table = logits.numpy()
        table = table - table.max(-1, keepdims=True)
        mass = np.exp(table)
        total = mass.sum(-1, keepdims=True)
        if with_slope:
            slope = slope - (slope * mass).sum(-1, keepdims=True) / total
            ctx.slope = torch.from_numpy(slope.reshape(len(slope), -1)[:, cell].T)
            ctx.save_for_backward(theta)
            ctx.net, ctx.data, ctx.rows = masses.net, data, rows
        return torch.from_numpy((table - np.log(total)).ravel()[cell])

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None, None]:
        if torch.is_grad_enabled():
            # second derivatives were asked for (create_graph): trial by trial, by sbi's means
            (theta,) = ctx.saved_tensors
            log_prob = ctx.net.log_prob(ctx.data.value, theta[ctx.rows.index])
            (gradient,) = torch.autograd.grad(log_prob, theta, grad_output, create_graph=True)
            return gradient, None, None, None
        return ctx.rows.add_up(grad_output.unsqueeze(-1) * ctx.slope), None, None, None
