"""One continuous variable under a flow whose layers depend on theta alone: sbi's "nsf" in one dimension.

The layers' parameters are found for each distinct row of theta, and the flow itself is nflows'.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from nflows.distributions import StandardNormal
from nflows.transforms import CompositeTransform, PointwiseAffineTransform
from nflows.transforms.coupling import CouplingTransform
from sbi.neural_nets.estimators import NFlowsFlow
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from sbi.neural_nets.net_builders.flow import ContextSplineMap
from torch import Tensor, nn

from hddm_sbi.likelihoods.neural.evaluation import tangents
from hddm_sbi.likelihoods.neural.evaluation.general import connected, with_verdict
from hddm_sbi.likelihoods.neural.evaluation.kinds import Rows
from hddm_sbi.likelihoods.neural.evaluation.tangents import Outputs


class Flow:
    """A flow of one variable whose layers depend on the condition alone.

    Args:
        flow: sbi's flow, whose parts are kept.
    """

    def __init__(self, flow: NFlowsFlow) -> None:
        self._layers, self._base = _layers(flow.net._transform), flow.net._distribution
        self._embedding = flow.net._embedding_net
        self._maps = [layer.transform_net for layer in self._layers if isinstance(layer, CouplingTransform)]

    @staticmethod
    def fits(flow: nn.Module) -> bool:
        """Whether an estimator is one of these."""
        if not (isinstance(flow, NFlowsFlow) and flow.input_shape == (1,)):
            return False
        return isinstance(flow.net._distribution, StandardNormal) and all(
            isinstance(layer, PointwiseAffineTransform)
            or (
                isinstance(layer, CouplingTransform)
                and layer.num_identity_features == 0
                and isinstance(layer.transform_net, ContextSplineMap)
            )
            for layer in _layers(flow.net._transform)
        )

    def parameters(self, context: Tensor) -> list[Outputs]:
        """Of each coupling layer, (rows, parameters)."""
        embedded = tangents.through(self._embedding, context)
        return [tangents.spline_map(module, embedded) for module in self._maps]

    def parameters_by_torch(self, context: Tensor) -> list[Tensor]:
        """The same from (rows, units), so that torch can differentiate them twice."""
        embedded = self._embedding(context)
        return [module(embedded[:, :0], embedded) for module in self._maps]

    def log_density(self, x: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
        """Of values (n, 1) under the layers' parameters, each (n, parameters): shape (n,)."""
        remaining = iter(parameters)
        log_det: Tensor | None = None
        for layer in self._layers:
            if isinstance(layer, CouplingTransform):
                x, part = layer._coupling_transform_forward(x, next(remaining))
            else:
                x, part = layer(x)
            log_det = part if log_det is None else log_det + part
        return self._base.log_prob(x) + log_det


class Spline:
    """Log densities under such flows.

    Args:
        estimator: an estimator with such a flow. It is not kept.
    """

    def __init__(self, estimator: ConditionalDensityEstimator) -> None:
        self._flow = Flow(estimator)

    @staticmethod
    def fits(estimator: ConditionalDensityEstimator) -> bool:
        """Whether the estimator is one of these."""
        return Flow.fits(estimator) and len(estimator.condition_shape) == 1

    def prepare(self, estimator: ConditionalDensityEstimator, value: Tensor) -> Tensor:
        """The values as they are."""
        return value

    def log_prob(
        self, estimator: ConditionalDensityEstimator, data: Tensor, theta: Tensor, rows: Rows
    ) -> tuple[Tensor, bool]:
        """See ``Way.log_prob``."""
        theta = theta.reshape(rows.n_rows, -1)
        kinds = rows.kinds(theta)
        network = Network(
            lambda some, with_slope: self._flow.parameters(tangents.of_theta(some, with_slope)),
            self._flow.parameters_by_torch,
        )
        found = Gathered.apply(theta, network, kinds.one, kinds.kind, rows)
        # beyond its last knots the flow is the identity, whatever theta
        return with_verdict(connected(self._flow.log_density(data, found), theta))


class Network(NamedTuple):
    """From theta to the parameters of each layer.

    Args:
        of_items: from rows of theta, one for each item, (items, elements), and whether derivatives are needed.
        by_torch: from rows of theta, one for each trial, (n, elements).
    """

    of_items: Callable[[Tensor, bool], list[Outputs]]
    by_torch: Callable[[Tensor], list[Tensor]]


def _layers(transform: nn.Module) -> list[nn.Module]:
    """The transforms in a tree of composites, in order."""
    if isinstance(transform, CompositeTransform):
        return [layer for part in transform._transforms for layer in _layers(part)]
    return [transform]


class Gathered(torch.autograd.Function):
    """The layers' parameters for each trial, found once for each item: a distinct row of theta and what is given."""

    @staticmethod
    def forward(
        ctx: Any, theta: Tensor, network: Network, one: Tensor | None, kind: Tensor, rows: Rows
    ) -> tuple[Tensor, ...]:
        """Args: theta (rows, elements), network, row of each item, item of each trial."""
        found = network.of_items(theta if one is None else theta[one], ctx.needs_input_grad[0])
        if ctx.needs_input_grad[0]:
            ctx.slope = torch.cat([each.slope for each in found], -1)
            ctx.network, ctx.kind, ctx.rows = network, kind, rows
            ctx.save_for_backward(theta)
        return tuple(each.value[kind] for each in found)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None, None, None]:
        """See the class."""
        if torch.is_grad_enabled():
            # second derivatives were asked for (create_graph): trial by trial, by sbi's means
            (theta,) = ctx.saved_tensors
            values = ctx.network.by_torch(theta[ctx.rows.index])
            (gradient,) = torch.autograd.grad(values, theta, grad_outputs, create_graph=True)
        else:
            outer = torch.cat(grad_outputs, -1)
            # an element of theta at a time: of all at once, the slopes of many trials would fill the memory
            parts = [(part[ctx.kind] * outer).sum(-1) for part in ctx.slope]
            gradient = ctx.rows.add_up(torch.stack(parts, -1))
        return gradient, None, None, None, None
