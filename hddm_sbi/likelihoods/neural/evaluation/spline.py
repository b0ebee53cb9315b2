"""One continuous variable under a flow whose layers depend on theta alone: sbi's "nsf" in one dimension.

The layers' parameters are found for each distinct row of theta, and the flow itself is nflows'.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from nflows.distributions import StandardNormal
from nflows.transforms import CompositeTransform, PointwiseAffineTransform
from nflows.transforms.coupling import CouplingTransform
from sbi.neural_nets.estimators import NFlowsFlow
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor, nn

from hddm_sbi.likelihoods.neural.evaluation import derivative
from hddm_sbi.likelihoods.neural.evaluation.derivative import Dual
from hddm_sbi.likelihoods.neural.evaluation.general import connected
from hddm_sbi.likelihoods.neural.evaluation.kinds import Rows

# rows of theta (items, elements), what else the network is given for each (items, ...), whether derivatives are needed
# -> the parameters of each layer, (items, ...)
Parameters = Callable[[Tensor, Tensor | None, bool], list[Dual]]


class Spline:
    """Log densities under such flows."""

    @staticmethod
    def fits(estimator: ConditionalDensityEstimator) -> bool:
        """Whether the estimator is one of these."""
        return is_spline(estimator) and len(estimator.condition_shape) == 1

    def prepare(self, estimator: ConditionalDensityEstimator, value: Tensor) -> Tensor:
        """The values as they are."""
        return value

    def log_prob(self, estimator: ConditionalDensityEstimator, data: Tensor, theta: Tensor, rows: Rows) -> Tensor:
        """Log density of each trial."""
        kinds = rows.kinds(theta)

        def parameters(some: Tensor, given: Tensor | None, with_slope: bool) -> list[Dual]:
            return layer_parameters(estimator, derivative.of_theta(some, with_slope))

        found = Gathered.apply(theta, parameters, kinds.one, kinds.kind, None, rows)
        # beyond its last knots the flow is the identity, whatever theta
        return connected(log_density(estimator, data, found), theta)


def is_spline(estimator: nn.Module) -> bool:
    """Whether an estimator is a flow of one variable whose layers depend on the condition alone."""
    if not (isinstance(estimator, NFlowsFlow) and estimator.input_shape == (1,)):
        return False
    flow = estimator.net
    return isinstance(flow._distribution, StandardNormal) and all(
        isinstance(layer, PointwiseAffineTransform)
        or (isinstance(layer, CouplingTransform) and layer.num_identity_features == 0)
        for layer in _layers(flow._transform)
    )


def layer_parameters(flow: NFlowsFlow, context: Dual) -> list[Dual]:
    """Of each coupling layer, (items, parameters)."""
    embedded = derivative.through(flow.net._embedding_net, context)
    return [derivative.through(layer.transform_net, embedded) for layer in _couplings(flow)]


def log_density(flow: NFlowsFlow, x: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
    """Of values (n, 1) under the layers' parameters, each (n, parameters): shape (n,)."""
    remaining = iter(parameters)
    log_det = torch.zeros_like(x[:, 0])
    for layer in _layers(flow.net._transform):
        if isinstance(layer, CouplingTransform):
            x, part = layer._coupling_transform_forward(x, next(remaining))
        else:
            x, part = layer(x)
        log_det = log_det + part
    return flow.net._distribution.log_prob(x) + log_det


def _layers(transform: nn.Module) -> list[nn.Module]:
    """The transforms in a tree of composites, in order."""
    if isinstance(transform, CompositeTransform):
        return [layer for part in transform._transforms for layer in _layers(part)]
    return [transform]


def _couplings(flow: NFlowsFlow) -> list[CouplingTransform]:
    return [layer for layer in _layers(flow.net._transform) if isinstance(layer, CouplingTransform)]


class Gathered(torch.autograd.Function):
    """The layers' parameters for each trial, found once for each item: a distinct row of theta and what is given."""

    @staticmethod
    def forward(
        ctx: Any,
        theta: Tensor,
        parameters: Parameters,
        one: Tensor | None,
        kind: Tensor,
        given: Tensor | None,
        rows: Rows,
    ) -> tuple[Tensor, ...]:
        """Args: theta (rows, elements), row of each item, item of each trial, what is given for each item."""
        found = parameters(theta if one is None else theta[one], given, ctx.needs_input_grad[0])
        if ctx.needs_input_grad[0]:
            ctx.slopes = [dual.slope for dual in found]
            ctx.parameters, ctx.given, ctx.rows = parameters, given, rows
            ctx.save_for_backward(theta, kind)
        return tuple(dual.value[kind] for dual in found)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None, None, None, None]:
        theta, kind = ctx.saved_tensors
        if torch.is_grad_enabled():
            # second derivatives were asked for (create_graph): trial by trial, by ordinary means
            given = None if ctx.given is None else ctx.given[kind]
            values = [dual.value for dual in ctx.parameters(theta[ctx.rows.index], given, False)]
            (gradient,) = torch.autograd.grad(values, theta, grad_outputs, create_graph=True, allow_unused=True)
        else:
            slope, outer = torch.from_numpy(np.concatenate(ctx.slopes, -1)), torch.cat(grad_outputs, -1)
            # an element of theta at a time: of all at once, the slopes of many trials would fill the memory
            parts = [(part[kind] * outer).sum(-1) for part in slope.unbind(1)]
            gradient = ctx.rows.add_up(torch.stack(parts, -1))
        return gradient, None, None, None, None, None
