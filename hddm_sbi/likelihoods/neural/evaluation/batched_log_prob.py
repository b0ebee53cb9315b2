"""Estimators that evaluate rows themselves, by a method ``log_prob_rows(input, condition, row)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor

from hddm_sbi.likelihoods.neural.evaluation.general import connected, with_verdict
from hddm_sbi.likelihoods.neural.evaluation.kinds import Kinds, Rows

# values for trials that share rows: (rows, ...), row of each trial (n,) -> (n, ...)
_RowFunction = Callable[[Tensor, Tensor], Tensor]


class OwnRows:
    """They are asked for the distinct rows."""

    @staticmethod
    def fits(estimator: ConditionalDensityEstimator) -> bool:
        """Whether the estimator is one of these."""
        return hasattr(estimator, "log_prob_rows")

    def prepare(self, estimator: ConditionalDensityEstimator, value: Tensor) -> Tensor:
        """The values as they are."""
        return value

    def log_prob(
        self, estimator: ConditionalDensityEstimator, data: Tensor, theta: Tensor, rows: Rows
    ) -> tuple[Tensor, bool]:
        """See ``Way.log_prob``."""

        def function(some: Tensor, row: Tensor) -> Tensor:
            return connected(estimator.log_prob_rows(data, some, row), some)

        theta = theta.reshape(-1, *estimator.condition_shape)
        kinds = rows.apart if data.requires_grad else rows.kinds(theta)
        if kinds.one is None or kinds.row_kind is None:
            return with_verdict(function(theta, rows.index))
        if torch.is_grad_enabled() and theta.requires_grad:
            return with_verdict(_TiedRows.apply(theta, function, kinds, rows.index))
        return with_verdict(function(theta[kinds.one], kinds.kind))


class _TiedRows(torch.autograd.Function):
    """A function of rows, run for the distinct ones, with the gradient of every row.

    Rows of equal value may belong to different parameters (participants who start from one point, say), so the sum of
    gradients over equal rows, which is what reverse mode gives, is not enough. That sum is linear in weights on the
    rows; its derivatives with respect to these weights, one backward pass for each element of a row, are the parts.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, function: _RowFunction, kinds: Kinds, row: Tensor) -> Tensor:
        with torch.enable_grad():
            distinct = x[kinds.one].detach().requires_grad_()
            value = function(distinct, kinds.kind)
        ctx.save_for_backward(x, row)
        ctx.function, ctx.distinct, ctx.value = function, distinct, value
        return value.detach()

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None, None]:
        x, row = ctx.saved_tensors
        if torch.is_grad_enabled():
            # second derivatives were asked for (create_graph): row by row, by ordinary means
            value = ctx.function(x, row)
            (gradient,) = torch.autograd.grad(value, x, grad_output, create_graph=True)
            return gradient, None, None, None
        if not ctx.value.requires_grad:
            return torch.zeros_like(x), None, None, None
        with torch.enable_grad():
            weight = grad_output.new_ones(len(x)).requires_grad_()
            weighted = (grad_output.movedim(0, -1) * weight[row]).movedim(-1, 0)
            (total,) = torch.autograd.grad(ctx.value, ctx.distinct, weighted, create_graph=True)
            sums = total.flatten(1).sum(0).unbind()
        parts = [torch.autograd.grad(each, weight, retain_graph=True)[0] for each in sums]
        return torch.stack(parts, 1).reshape(x.shape), None, None, None
