"""Log density of many trials under few distinct rows of theta, for any estimator of sbi's.

sbi evaluates a network once for every trial. Where what the network says depends on the condition alone (the masses of
one discrete variable, the spline of one continuous variable), one evaluation for each distinct condition is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from nflows.distributions import StandardNormal
from nflows.transforms import CompositeTransform, PointwiseAffineTransform
from nflows.transforms.coupling import CouplingTransform
from sbi.neural_nets.estimators import CategoricalMassEstimator, MixedDensityEstimator, NFlowsFlow
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor, nn


def log_prob_rows(estimator: ConditionalDensityEstimator, input: Tensor, condition: Tensor, row: Tensor) -> Tensor:
    """Log density of trials, each under its own row of the condition; rows of equal value are evaluated once.

    An estimator with a method ``log_prob_rows(input, condition, row)`` is asked itself, for the distinct rows.

    Args:
        estimator: any estimator of sbi's.
        input: values the estimator has seen in training where they are discrete, (n, *input_shape), n > 0.
        condition: (rows, *condition_shape).
        row: row of the condition for each trial, (n,).

    Returns:
        Shape (n,), as the estimator gives it: it may be NaN outside the estimator's domain.
    """
    if hasattr(estimator, "log_prob_rows"):
        if input.requires_grad:
            return estimator.log_prob_rows(input, condition, row)
        return _once(lambda rows, index: estimator.log_prob_rows(input, rows, index), condition, row)
    if isinstance(estimator, MixedDensityEstimator) and condition.dim() == 2:
        return _mixed(estimator, input, condition, row)
    if isinstance(estimator, CategoricalMassEstimator) and estimator.net.num_variables == 1:
        return _one_discrete(estimator, input, condition, row)
    if _is_spline(estimator):
        return _spline(estimator, input, condition, row, lambda rows: rows)
    if len(condition) == 1:
        return estimator.log_prob(input.unsqueeze(1), condition).squeeze(1)
    return estimator.log_prob(input.unsqueeze(0), condition[row]).squeeze(0)


def categories(estimator: ConditionalDensityEstimator) -> list[Tensor] | None:
    """The values a discrete estimator gives mass to, ascending, one tensor for each variable; None if continuous.

    For mixed data, those of the discrete variables, which come last.
    """
    if isinstance(estimator, MixedDensityEstimator):
        return categories(estimator.discrete_net)
    return _seen(estimator) if isinstance(estimator, CategoricalMassEstimator) else None


def _seen(estimator: CategoricalMassEstimator) -> list[Tensor]:
    counts = [int(count) for count in estimator.net.num_categories_per_var]
    if not estimator.net._needs_mapping:
        return [torch.arange(count, device=estimator.net.mask.device) for count in counts]
    return [estimator.net.values_lookup[i, :count] for i, count in enumerate(counts)]


def _one_discrete(estimator: CategoricalMassEstimator, input: Tensor, condition: Tensor, row: Tensor) -> Tensor:
    values = _seen(estimator)[0]
    index = torch.searchsorted(values, input[:, 0].to(values.dtype).contiguous())
    # the network masks its input out, any value does
    logits = _network(lambda rows: estimator.net.forward(rows.new_zeros(len(rows), 1), rows), condition)
    return torch.log_softmax(logits, -1)[row, index]


def _mixed(estimator: MixedDensityEstimator, input: Tensor, condition: Tensor, row: Tensor) -> Tensor:
    """Mass of the discrete variables, times the density of the continuous ones given these and the condition."""
    n_discrete = estimator.discrete_net.net.num_variables
    continuous, discrete = input[:, :-n_discrete], input[:, -n_discrete:]
    log_prob = log_prob_rows(estimator.discrete_net, discrete, condition, row)
    if estimator.log_transform_input:
        continuous = torch.log(continuous)
        log_prob = log_prob - continuous.sum(-1)

    def context(pairs: Tensor) -> Tensor:
        return torch.cat([pairs[:, :n_discrete], estimator.condition_embedding(pairs[:, n_discrete:])], -1)

    pairs, flow = torch.cat([discrete, condition[row]], -1), estimator.continuous_net
    if _is_spline(flow):
        return log_prob + _spline(flow, continuous, pairs, torch.arange(len(pairs), device=pairs.device), context)
    return log_prob + flow.log_prob(continuous.unsqueeze(0), context(pairs)).squeeze(0)


def _is_spline(estimator: ConditionalDensityEstimator) -> bool:
    """Whether it is a flow of one variable whose layers depend on the condition alone: sbi's "nsf" in one dimension."""
    if not (isinstance(estimator, NFlowsFlow) and estimator.input_shape == (1,)):
        return False
    flow = estimator.net
    return isinstance(flow._distribution, StandardNormal) and all(
        isinstance(layer, PointwiseAffineTransform)
        or (isinstance(layer, CouplingTransform) and layer.num_identity_features == 0)
        for layer in _layers(flow._transform)
    )


def _layers(transform: nn.Module) -> list[nn.Module]:
    """The transforms in a tree of composites, in order."""
    if isinstance(transform, CompositeTransform):
        return [layer for part in transform._transforms for layer in _layers(part)]
    return [transform]


def _spline(
    estimator: NFlowsFlow, input: Tensor, condition: Tensor, row: Tensor, context: Callable[[Tensor], Tensor]
) -> Tensor:
    """Log density under a flow of one variable, conditioned on ``context(condition)``."""
    layers = _layers(estimator.net._transform)
    couplings = [layer for layer in layers if isinstance(layer, CouplingTransform)]

    def knots(rows: Tensor) -> Tensor:
        embedded = estimator.net._embedding_net(context(rows))
        return torch.stack([layer.transform_net(rows[:, :0], embedded) for layer in couplings], 1)

    parameters = iter(_network(knots, condition).unbind(1))
    x, log_det = input, torch.zeros_like(input[:, 0])
    for layer in layers:
        if isinstance(layer, CouplingTransform):
            x, part = layer._coupling_transform_forward(x, next(parameters)[row])
        else:
            x, part = layer(x)
        log_det = log_det + part
    return estimator.net._distribution.log_prob(x) + log_det


def _network(network: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """``network(x)`` for x of shape (rows, ...), run for the distinct rows only."""
    return _once(lambda rows, index: network(rows)[index], x, torch.arange(len(x), device=x.device))


# values for items that share rows: (rows, ...), row of each item (n,) -> (n, ...)
_RowFunction = Callable[[Tensor, Tensor], Tensor]


def _once(function: _RowFunction, x: Tensor, row: Tensor) -> Tensor:
    """``function(x, row)``, run for the distinct rows of x only."""
    if len(x) == 1:
        return function(x, row)
    one, kind = unique_rows(x.detach().flatten(1))
    if len(one) == len(x):
        return function(x, row)
    if torch.is_grad_enabled() and x.requires_grad:
        return _TiedRows.apply(x, function, one, kind, row)
    return function(x[one], kind[row])


def unique_rows(x: Tensor) -> tuple[Tensor, Tensor]:
    """Which rows of x, (n, columns), differ: index of one row of each kind (kinds,), and the kind of each row (n,)."""
    kind = torch.zeros(len(x), dtype=torch.long, device=x.device)
    for column in x.unbind(-1):
        # column by column: several times faster than torch.unique(dim=0), which sorts rows by comparison
        values, code = torch.unique(column, return_inverse=True)
        _, kind = torch.unique(kind * len(values) + code, return_inverse=True)
    one = torch.empty(int(kind.max()) + 1, dtype=torch.long, device=x.device)
    return one.scatter_(0, kind, torch.arange(len(x), device=x.device)), kind


class _TiedRows(torch.autograd.Function):
    """A function of rows, run for the distinct ones, with the gradient of every row.

    Rows of equal value may belong to different parameters (participants who start from one point, say), so the sum of
    gradients over equal rows, which is what reverse mode gives, is not enough. That sum is linear in weights on the
    rows; its derivatives with respect to these weights, one backward pass for each element of a row, are the parts.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, function: _RowFunction, one: Tensor, kind: Tensor, row: Tensor) -> Tensor:
        with torch.enable_grad():
            distinct = x[one].detach().requires_grad_()
            value = function(distinct, kind[row])
        ctx.save_for_backward(x, row)
        ctx.function, ctx.distinct, ctx.value = function, distinct, value
        return value.detach()

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None, None, None]:
        x, row = ctx.saved_tensors
        if torch.is_grad_enabled():
            # second derivatives were asked for (create_graph): row by row, by ordinary means
            value = ctx.function(x, row)
            (gradient,) = torch.autograd.grad(value, x, grad_output, create_graph=True)
            return gradient, None, None, None, None
        if not ctx.value.requires_grad:
            return torch.zeros_like(x), None, None, None, None
        with torch.enable_grad():
            weight = grad_output.new_ones(len(x)).requires_grad_()
            weighted = (grad_output.movedim(0, -1) * weight[row]).movedim(-1, 0)
            (total,) = torch.autograd.grad(ctx.value, ctx.distinct, weighted, create_graph=True)
            sums = total.flatten(1).sum(0).unbind()
        parts = [torch.autograd.grad(each, weight, retain_graph=True)[0] for each in sums]
        return torch.stack(parts, 1).reshape(x.shape), None, None, None, None
