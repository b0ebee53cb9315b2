"""A small network at some rows of theta, and its derivatives by each element of the row, in one pass.

Rows of equal value may belong to different parameters (participants who start from one point, say), so that each trial
needs a derivative of its own, not the sum over equal rows that reverse mode would give. Forward mode gives it: beside
the value a tangent for each element of theta goes through the network. Both are one tensor, (1 + elements, rows,
units), the value first; without derivatives it is (1, rows, units).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from nflows.nn.nde.made import MaskedFeedforwardBlock, MaskedLinear, MaskedResidualBlock
from sbi.neural_nets.estimators import CategoricalMADE
from sbi.neural_nets.net_builders.flow import ContextSplineMap
from sbi.utils.sbiutils import Standardize
from torch import Tensor, nn

_MANY = 32  # units of a module that torch has to differentiate one by one


class Unsupported(Exception):
    """The network cannot be evaluated in this way."""


class Outputs(NamedTuple):
    """Of a network.

    Args:
        value: (rows, outputs).
        slope: derivatives by the elements of theta, (elements, rows, outputs), as many as were asked for.
    """

    value: Tensor
    slope: Tensor


def close(ours: Tensor, theirs: Tensor) -> bool:
    """Whether two evaluations of one network are the same but for rounding."""
    finite = theirs[theirs.isfinite()]
    scale = float(finite.abs().max()) if finite.numel() else 0.0
    return torch.allclose(ours, theirs, rtol=1e-3, atol=1e-4 * (1e-3 + scale), equal_nan=True)


def of_theta(theta: Tensor, with_slope: bool) -> Tensor:
    """Theta itself, (rows, elements)."""
    if not with_slope:
        return theta.unsqueeze(0)
    one = torch.eye(theta.shape[1], dtype=theta.dtype, device=theta.device).unsqueeze(1)
    return torch.cat([theta.unsqueeze(0), one.expand(-1, *theta.shape)])


def beside(given: Tensor, x: Tensor) -> Tensor:
    """Inputs that do not depend on theta, (rows, inputs), to the left of others."""
    left = x.new_zeros(*x.shape[:2], given.shape[1])
    left[0] = given
    return torch.cat([left, x], -1)


def through(module: nn.Module, x: Tensor) -> Tensor:
    """What a module makes of a value and tangents; where it is not known here, by torch's reverse mode, unit by unit.

    Raises:
        Unsupported: the output is random or depends on the other rows.
    """
    return _KNOWN.get(type(module), _by_torch)(module, x)


def made(net: CategoricalMADE, condition: Tensor) -> Outputs:
    """The logits of a categorical network of one variable, (rows, categories).

    Its masks leave out the variable itself, and of the outputs the first half, which belongs to a dummy input.
    """
    context = through(net.embedding_net, condition)
    x = through(net.context_layer, context)
    x[0] += net.initial_layer.bias
    for block in net.blocks:
        x = _residual(block, x, context) if type(block) is MaskedResidualBlock else _feedforward(block, x)
    return outputs(net.final_layer, x, net.output_multiplier)


def spline_map(module: ContextSplineMap, x: Tensor) -> Outputs:
    """The parameters of a flow's layer, (rows, parameters)."""
    *hidden, end = module.spline_predictor
    for part in hidden:
        x = through(part, x)
    return outputs(end, x)


def outputs(module: nn.Linear, x: Tensor, start: int = 0) -> Outputs:
    """The last layer of a network, its outputs from ``start`` on."""
    weight = _weight(module)[start:]
    return Outputs(nn.functional.linear(x[0], weight, module.bias[start:]), x[1:] @ weight.T)


def _weight(module: nn.Linear) -> Tensor:
    return module.weight * module.mask if isinstance(module, MaskedLinear) else module.weight


def _residual(block: MaskedResidualBlock, x: Tensor, context: Tensor) -> Tensor:
    if block.use_batch_norm:
        raise Unsupported
    first, second = block.linear_layers
    y = through(first, _activate(block.activation, x))
    y += through(block.context_layer, context)
    y = through(second, through(block.dropout, _activate(block.activation, y)))
    y += x
    return y


def _feedforward(block: nn.Module, x: Tensor) -> Tensor:
    if not isinstance(block, MaskedFeedforwardBlock) or block.batch_norm is not None:
        raise Unsupported
    return through(block.dropout, _activate(block.activation, through(block.linear, x)))


def _linear(module: nn.Linear, x: Tensor) -> Tensor:
    y = x @ _weight(module).T
    if module.bias is not None:
        y[0] += module.bias
    return y


def _activate(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """A function of each unit."""
    if function is nn.functional.relu or function is torch.relu or type(function) is nn.ReLU:
        return x * (x[0] > 0)
    with torch.enable_grad():
        inside = x[0].detach().requires_grad_()
        value = function(inside)
        (slope,) = torch.autograd.grad(value.sum(), inside)
    y = x * slope
    y[0] = value.detach()
    return y


def _standardize(module: Standardize, x: Tensor) -> Tensor:
    y = x / module._std
    y[0] = (x[0] - module._mean) / module._std
    return y


def _sequential(module: nn.Sequential, x: Tensor) -> Tensor:
    for part in module:
        x = through(part, x)
    return x


def _dropout(module: nn.Dropout, x: Tensor) -> Tensor:
    if module.training and module.p > 0.0:
        raise Unsupported
    return x


def _by_torch(module: nn.Module, x: Tensor) -> Tensor:
    with torch.enable_grad():
        inside = x[0].detach().requires_grad_(len(x) > 1)
        units = module(inside).unbind(-1)
        if len(units) > _MANY or any(unit.shape != (len(inside),) for unit in units):
            raise Unsupported
        sums = [unit.sum() for unit in units]
    y = x.new_empty(*x.shape[:2], len(units))
    for at, unit in enumerate(units):
        y[0, :, at] = unit.detach()
        if len(x) > 1:
            (slope,) = torch.autograd.grad(sums[at], inside, retain_graph=True)
            y[1:, :, at] = (x[1:] * slope).sum(-1)
    return y


_KNOWN: dict[type[nn.Module], Callable[[Any, Tensor], Tensor]] = {
    nn.Identity: lambda module, x: x,
    nn.Linear: _linear,
    nn.Dropout: _dropout,
    nn.Sequential: _sequential,
    MaskedLinear: _linear,
    Standardize: _standardize,
    **dict.fromkeys(
        (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.ELU, nn.GELU, nn.SiLU, nn.Softplus, nn.LeakyReLU),
        lambda m, x: _activate(m, x),
    ),
}
