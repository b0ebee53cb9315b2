"""A small network at some rows of theta, and its derivatives by each element of the row, in one pass.

Rows of equal value may belong to different parameters (participants who start from one point, say), so that each trial
needs a derivative of its own, not the sum over equal rows that reverse mode would give. Forward mode gives it: a
tangent for each element of theta goes through the network beside the value.

sbi's networks are so small, on few rows, that a call takes as long as what it computes, and one of NumPy's a quarter of
one of torch's. So what is computed on the CPU and not to be differentiated further is computed in NumPy, up to the
layer of outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from nflows.nn.nde.made import MaskedFeedforwardBlock, MaskedLinear, MaskedResidualBlock
from sbi.neural_nets.estimators import CategoricalMADE
from sbi.neural_nets.net_builders.flow import ContextSplineMap
from sbi.utils.sbiutils import Standardize
from torch import Tensor, nn
from torch.autograd import forward_ad


class Unsupported(Exception):
    """The network cannot be evaluated in this way."""


class Dual(NamedTuple):
    """Values (rows, units) and, if asked for, their derivatives by the elements of theta (rows or 1, elements, units).

    Both NumPy's; values without derivatives may be torch's, so that torch can differentiate them.
    """

    value: Any
    slope: npt.NDArray[Any] | None


def of_theta(theta: Tensor, with_slope: bool) -> Dual:
    """Theta itself, (rows, elements), on the CPU."""
    if torch.is_grad_enabled() and theta.requires_grad:
        assert not with_slope
        return Dual(theta, None)
    value = theta.detach().numpy()
    return Dual(value, np.eye(theta.shape[1], dtype=value.dtype)[None] if with_slope else None)


def beside(given: Tensor, x: Dual) -> Dual:
    """Inputs that do not depend on theta, (rows, inputs), to the left of others."""
    if isinstance(x.value, Tensor):
        return Dual(torch.cat([given, x.value], -1), None)
    value, slope = np.concatenate([given.detach().numpy(), x.value], -1), x.slope
    if slope is not None:
        slope = np.concatenate([np.zeros((*slope.shape[:2], given.shape[1]), slope.dtype), slope], -1)
    return Dual(value, slope)


def through(module: nn.Module, x: Dual) -> Dual:
    """A module's output at x; of modules that are not known here by torch's own forward mode, element by element.

    Raises:
        Unsupported: the output is random, depends on the other rows, or has no forward mode.
    """
    known = _KNOWN.get(type(module))
    return _by_torch(module, x) if known is None else known(module, x)


def outputs(x: Dual, weight: Tensor, bias: Tensor | None) -> Dual:
    """The last layer of a network: values in torch, (rows, outputs), and derivatives for every row."""
    value, slope = x.value, x.slope
    if not isinstance(value, Tensor):
        value, weight, bias = torch.from_numpy(value), weight.detach(), None if bias is None else bias.detach()
    if slope is not None:
        slope = slope @ weight.numpy().T
        slope = slope if len(slope) == len(value) else slope.repeat(len(value), 0)  # the network is linear
    return Dual(nn.functional.linear(value, weight, bias), slope)


def made(net: CategoricalMADE, condition: Dual) -> Dual:
    """The logits of a categorical network of one variable, (rows, categories).

    Its masks leave out the variable itself, and of the outputs the first half, which belongs to a dummy input.
    """
    context = through(net.embedding_net, condition)
    x = through(net.context_layer, context)
    x = Dual(x.value + _like(x.value, net.initial_layer.bias), x.slope)
    for block in net.blocks:
        x = _residual(block, x, context) if type(block) is MaskedResidualBlock else _feedforward(block, x)
    last, start = net.final_layer, net.output_multiplier
    return outputs(x, last.weight[start:] * last.mask[start:], last.bias[start:])


def _residual(block: MaskedResidualBlock, x: Dual, context: Dual) -> Dual:
    if block.use_batch_norm:
        raise Unsupported
    first, second = block.linear_layers
    y = _masked(first, _activation(block.activation, x))
    shift = through(block.context_layer, context)
    y = _masked(second, _dropout(block.dropout, _activation(block.activation, _sum(y, shift))))
    return _sum(x, y)


def _feedforward(block: nn.Module, x: Dual) -> Dual:
    if type(block) is not MaskedFeedforwardBlock or block.batch_norm is not None:
        raise Unsupported
    return _dropout(block.dropout, _activation(block.activation, _masked(block.linear, x)))


def _like(x: npt.NDArray[Any] | Tensor, tensor: Tensor) -> Any:
    """A parameter as an array of the kind that x is."""
    return tensor if isinstance(x, Tensor) else tensor.detach().numpy()


def _sum(x: Dual, y: Dual) -> Dual:
    return Dual(x.value + y.value, None if x.slope is None or y.slope is None else x.slope + y.slope)


def _affine(x: Dual, weight: Any, bias: Tensor | None) -> Dual:
    across = weight.T
    value = x.value @ across
    if bias is not None:
        value = value + _like(value, bias)
    return Dual(value, None if x.slope is None else x.slope @ across)


def _linear(module: nn.Linear, x: Dual) -> Dual:
    return _affine(x, _like(x.value, module.weight), module.bias)


def _masked(module: MaskedLinear, x: Dual) -> Dual:
    return _affine(x, _like(x.value, module.weight) * _like(x.value, module.mask), module.bias)


def _activation(function: Callable[[Tensor], Tensor], x: Dual) -> Dual:
    """A function of each unit."""
    if function is nn.functional.relu or function is torch.relu:
        on = x.value > 0
        return Dual(x.value * on, None if x.slope is None else x.slope * on[:, None, :])
    if x.slope is None:
        return _values_by_torch(function, x)
    with torch.enable_grad():
        inside = torch.as_tensor(x.value).detach().requires_grad_()
        value = function(inside)
        (slope,) = torch.autograd.grad(value.sum(), inside)
    return Dual(_like(x.value, value.detach()), x.slope * _like(x.value, slope)[:, None, :])


def _relu(module: nn.ReLU, x: Dual) -> Dual:
    return _activation(nn.functional.relu, x)


def _standardize(module: Standardize, x: Dual) -> Dual:
    scale = _like(x.value, module._std)
    value = (x.value - _like(x.value, module._mean)) / scale
    return Dual(value, None if x.slope is None else x.slope / scale)


def _sequential(module: nn.Sequential, x: Dual) -> Dual:
    for part in module:
        x = through(part, x)
    return x


def _spline_map(module: ContextSplineMap, x: Dual) -> Dual:
    *hidden, last = module.spline_predictor
    for part in hidden:
        x = through(part, x)
    return outputs(x, last.weight, last.bias)


def _dropout(module: nn.Dropout, x: Dual) -> Dual:
    if module.training and module.p > 0.0:
        raise Unsupported
    return x


def _values_by_torch(module: Callable[[Tensor], Tensor], x: Dual) -> Dual:
    return Dual(_like(x.value, module(torch.as_tensor(x.value))), None)


def _by_torch(module: nn.Module, x: Dual) -> Dual:
    if x.slope is None:
        return _values_by_torch(module, x)
    value = inside = torch.from_numpy(x.value)
    tangents = []
    for slope in np.broadcast_to(x.slope, (len(inside), *x.slope.shape[1:])).swapaxes(0, 1):
        with forward_ad.dual_level():
            found = module(forward_ad.make_dual(inside, torch.from_numpy(slope.copy())))
            value, tangent = forward_ad.unpack_dual(found)
            tangents.append(np.zeros(value.shape, x.slope.dtype) if tangent is None else tangent.detach().numpy())
    if value.dim() != 2 or len(value) != len(inside):
        raise Unsupported
    return Dual(value.detach().numpy(), np.stack(tangents, 1))


_KNOWN: dict[type[nn.Module], Callable[[Any, Dual], Dual]] = {
    nn.Identity: lambda module, x: x,
    nn.Linear: _linear,
    nn.ReLU: _relu,
    nn.Dropout: _dropout,
    nn.Sequential: _sequential,
    MaskedLinear: _masked,
    Standardize: _standardize,
    ContextSplineMap: _spline_map,
    **dict.fromkeys((nn.Tanh, nn.Sigmoid, nn.ELU, nn.GELU, nn.SiLU, nn.Softplus, nn.LeakyReLU), _activation),
}
