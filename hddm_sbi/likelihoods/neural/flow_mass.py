"""The probability of a response between two times where an estimator's density of times is a flow: a closed form.

sbi's mixed estimators give a choice c the mass p(c | theta) and its time t the density of an increasing transformation
x(t; c, theta) to a standard normal variable. So c comes between t1 and t2 with probability p(c) [Phi(x2) - Phi(x1)].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from sbi.neural_nets.estimators import MixedDensityEstimator, NFlowsFlow, ZukoFlow
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor

from hddm_sbi.compiled.normal_interval import normal_intervals
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.neural.sbi_distribution import SBItoPyro, default_dtype
from hddm_sbi.likelihoods.quadrature import Items

# The transformation is trusted if its density is the estimator's, which has the networks' precision, at its draws.
_TOLERATED = 1e-3
# Between ends that are closer than this, relative to their size, rounding of x would show: 1e-16 / 1e-5 is left.
_CLOSEST = 1e-5


def is_flow(estimator: ConditionalDensityEstimator, drawn: FloatArray, theta: FloatArray) -> bool:
    """Whether an estimator of (rt, choice) is of this kind.

    Args:
        estimator: any of sbi's estimators of (rt, choice).
        drawn: rt and choice as it draws them under each theta, (n, 2).
        theta: (n, parameters).
    """
    if not (
        isinstance(estimator, MixedDensityEstimator)
        and type(estimator.continuous_net) in _TO_NORMAL
        and tuple(estimator.continuous_net.input_shape) == (1,)
        and estimator.discrete_net.net.num_variables == 1
    ):
        return False
    usable = drawn[:, 0] > 0.0
    data, given = torch.from_numpy(drawn[usable]), torch.from_numpy(theta[usable])
    try:
        with torch.enable_grad():
            rt = data[:, 0].clone().requires_grad_()
            x = _transformed(estimator, rt, data[:, 1], given)
            (slope,) = torch.autograd.grad(x.sum(), rt)
        with torch.no_grad():
            normal = torch.distributions.Normal(0.0, 1.0).log_prob(x.detach())
            found = _log_choice(estimator, data[:, 1], given) + normal + slope.log()
            expected = SBItoPyro(estimator, given, validate_args=False).log_prob(data)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return False  # a network that is not as it is expected to be
    told = expected.isfinite()
    agrees = torch.allclose(found[told], expected[told], rtol=_TOLERATED, atol=_TOLERATED)
    return bool(told.any() and (slope[told] > 0.0).all()) and agrees


def flow_log_mass(estimator: MixedDensityEstimator, items: Items, with_gradient: bool) -> tuple[FloatArray, FloatArray]:
    """Log mass of each item (items,), and its gradient (items, parameters); without it, zeros in its place.

    Returns:
        NaN where the ends are too close for it, and where the networks give no number.
    """
    theta = torch.tensor(items.theta, requires_grad=with_gradient)
    choice, n = torch.from_numpy(items.choice).to(theta), len(items.t1)
    # any number in place of the ends that are known without the networks
    first = np.where(items.t1 > 0.0, items.t1, 1.0) if estimator.log_transform_input else items.t1
    times = torch.from_numpy(np.concatenate([first, np.where(items.t2 < np.inf, items.t2, 1.0)]))
    with torch.set_grad_enabled(with_gradient):
        x = _transformed(estimator, times, choice.repeat(2), theta.repeat(2, 1))
        log_choice = _log_choice(estimator, choice, theta)
        low, high = x.detach().numpy()[:n].copy(), x.detach().numpy()[n:].copy()
        if estimator.log_transform_input:
            low[items.t1 == 0.0] = -np.inf
        high[items.t2 == np.inf] = np.inf
        log, by_low, by_high = normal_intervals(low, high)
        size = np.minimum(np.abs(low), np.abs(high))
        near = ~(high - low > _CLOSEST * (1.0 + np.where(size < np.inf, size, 0.0)))
        log_mass = np.where(near, np.nan, log + log_choice.detach().numpy())
        if not with_gradient:
            return log_mass, np.zeros(items.theta.shape)
        by_x = torch.from_numpy(np.concatenate([by_low, by_high]))
        (gradient,) = torch.autograd.grad((by_x * x).sum() + log_choice.sum(), theta)
    return log_mass, gradient.numpy()


def _transformed(estimator: MixedDensityEstimator, rt: Tensor, choice: Tensor, theta: Tensor) -> Tensor:
    """x of each time (n,) in float64; theta (n, parameters)."""
    dtype = next(estimator.parameters()).dtype
    with default_dtype(dtype):
        embedded = estimator.condition_embedding(theta.to(dtype))
        condition = torch.cat([choice.to(dtype).unsqueeze(-1), embedded], -1)
        data = (torch.log(rt) if estimator.log_transform_input else rt).to(dtype)
        flow = estimator.continuous_net
        return _TO_NORMAL[type(flow)](flow, data.unsqueeze(-1), condition).squeeze(-1).double()


def _log_choice(estimator: MixedDensityEstimator, choice: Tensor, theta: Tensor) -> Tensor:
    """Log mass of each choice (n,) in float64."""
    dtype = next(estimator.parameters()).dtype
    with default_dtype(dtype):
        data = choice.to(dtype).reshape(1, -1, 1)
        return estimator.discrete_net.log_prob(data, theta.to(dtype)).reshape(-1).double()


def _nflows(flow: NFlowsFlow, data: Tensor, condition: Tensor) -> Tensor:
    # sbi's own inverse_transform leaves the embedding of the condition out
    return flow.net._transform(data, context=flow.net._embedding_net(condition))[0]


def _zuko(flow: ZukoFlow, data: Tensor, condition: Tensor) -> Tensor:
    return flow.net(flow.embedding_net(condition)).transform(data)


_TO_NORMAL: dict[type, Callable[[ConditionalDensityEstimator, Tensor, Tensor], Tensor]] = {
    NFlowsFlow: _nflows,
    ZukoFlow: _zuko,
}
