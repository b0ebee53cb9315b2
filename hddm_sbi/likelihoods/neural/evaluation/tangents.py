"""A small network at some rows of theta, and its derivatives by each element of the row, in one pass.

Rows of equal value may belong to different parameters (participants who start from one point, say), so that each trial
needs a derivative of its own, not the sum over equal rows that reverse mode would give. Forward mode gives it: beside
the value a tangent for each element of theta goes through the network. Both are one array, (1 + elements, rows, units),
the value first; without derivatives it is (1, rows, units).

sbi's networks are so small, on few rows, that a call takes longer than what it computes. So a module is taken apart
once, into functions of NumPy arrays that look at its parameters where they are in memory.
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

Stack = npt.NDArray[Any]  # value and tangents
Step = Callable[[Stack], Stack]


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
    slope: Stack


class Memory:
    """Where the parameters of modules are in memory."""

    def __init__(self) -> None:
        self._places: list[tuple[dict[str, Any], str]] = []
        self._pointers: list[int] = []

    def array(self, module: nn.Module, name: str) -> Any:
        """A parameter or buffer, which changes where the module's does; None if the module has none."""
        tensor: Tensor | None = getattr(module, name)
        if tensor is None:
            return None
        place: dict[str, Any] = module._parameters if name in module._parameters else module._buffers
        self._places.append((place, name))
        self._pointers.append(tensor.data_ptr())
        return tensor.detach().numpy()

    def holds(self) -> bool:
        """Whether all are still where they were: they are elsewhere in another dtype, or when they are replaced."""
        return [place[name].data_ptr() for place, name in self._places] == self._pointers


def of_theta(theta: Tensor, with_slope: bool) -> Stack:
    """Theta itself, (rows, elements), on the CPU."""
    value: Stack = theta.detach().numpy()
    rows, size = value.shape
    if not with_slope:
        return value[None]
    stack = np.zeros((1 + size, rows, size), value.dtype)
    stack[0] = value
    for element in range(size):
        stack[1 + element, :, element] = 1.0
    return stack


def beside(given: Tensor, x: Stack) -> Stack:
    """Inputs that do not depend on theta, (rows, inputs), to the left of others."""
    width = given.shape[1]
    stack = np.zeros((*x.shape[:2], width + x.shape[2]), x.dtype)
    stack[0, :, :width] = given.numpy()
    stack[..., width:] = x
    return stack


def step_of(module: nn.Module, memory: Memory) -> Step:
    """What a module does; where it is not known here, by torch's reverse mode, one unit after the other.

    The step raises ``Unsupported`` where the output is random or depends on the other rows.
    """
    known = _KNOWN.get(type(module))
    return _by_torch(module) if known is None else known(module, memory)


def made(net: CategoricalMADE, memory: Memory) -> Callable[[Stack], Outputs]:
    """The logits of a categorical network of one variable, (rows, categories).

    Its masks leave out the variable itself, and of the outputs the first half, which belongs to a dummy input.
    """
    embed, of_context = step_of(net.embedding_net, memory), step_of(net.context_layer, memory)
    shift = memory.array(net.initial_layer, "bias")
    blocks = [_residual(b, memory) if type(b) is MaskedResidualBlock else _feedforward(b, memory) for b in net.blocks]
    last = outputs(net.final_layer, memory, net.output_multiplier)

    def run(condition: Stack) -> Outputs:
        context = embed(condition)
        x = of_context(context)
        x[0] += shift
        for block in blocks:
            x = block(x, context)
        return last(x)

    return run


def spline_map(module: ContextSplineMap, memory: Memory) -> Callable[[Stack], Outputs]:
    """The parameters of a flow's layer, (rows, parameters)."""
    *hidden, end = module.spline_predictor
    steps, last = [step_of(part, memory) for part in hidden], outputs(end, memory)

    def run(x: Stack) -> Outputs:
        for step in steps:
            x = step(x)
        return last(x)

    return run


def outputs(module: nn.Linear, memory: Memory, start: int = 0) -> Callable[[Stack], Outputs]:
    """The last layer of a network, its outputs from ``start`` on."""
    weight, bias = memory.array(module, "weight")[start:], memory.array(module, "bias")[start:]
    mask = memory.array(module, "mask")[start:] if isinstance(module, MaskedLinear) else np.ones_like(weight[:1])

    def run(x: Stack) -> Outputs:
        used = weight * mask
        value = nn.functional.linear(torch.from_numpy(x[0]), torch.from_numpy(used), torch.from_numpy(bias))
        return Outputs(value, _times(x[1:], used))

    return run


def _residual(block: MaskedResidualBlock, memory: Memory) -> Callable[[Stack, Stack], Stack]:
    if block.use_batch_norm:
        raise Unsupported
    first, second = (step_of(layer, memory) for layer in block.linear_layers)
    of_context, drop = step_of(block.context_layer, memory), _dropout(block.dropout, memory)
    activate = _activation(block.activation)

    def run(x: Stack, context: Stack) -> Stack:
        y = first(activate(x))
        y += of_context(context)
        y = second(drop(activate(y)))
        y += x
        return y

    return run


def _feedforward(block: nn.Module, memory: Memory) -> Callable[[Stack, Stack], Stack]:
    if not isinstance(block, MaskedFeedforwardBlock) or block.batch_norm is not None:
        raise Unsupported
    linear, drop, activate = (
        step_of(block.linear, memory),
        _dropout(block.dropout, memory),
        _activation(block.activation),
    )
    return lambda x, context: drop(activate(linear(x)))


def _times(x: Stack, weight: Stack) -> Stack:
    many, rows, units = x.shape
    # as one product of matrices
    return (x.reshape(many * rows, units) @ weight.T).reshape(many, rows, len(weight))


def _linear(module: nn.Linear, memory: Memory) -> Step:
    weight, bias = memory.array(module, "weight"), memory.array(module, "bias")

    def run(x: Stack) -> Stack:
        y = _times(x, weight)
        if bias is not None:
            y[0] += bias
        return y

    return run


def _masked(module: MaskedLinear, memory: Memory) -> Step:
    weight, mask, bias = (memory.array(module, name) for name in ("weight", "mask", "bias"))

    def run(x: Stack) -> Stack:
        y = _times(x, weight * mask)
        y[0] += bias
        return y

    return run


def _relu(x: Stack) -> Stack:
    return x * (x[0] > 0)


def _activation(function: Callable[[Tensor], Tensor]) -> Step:
    """A function of each unit."""
    if function is nn.functional.relu or function is torch.relu:
        return _relu

    def run(x: Stack) -> Stack:
        with torch.enable_grad():
            inside = torch.from_numpy(x[0]).requires_grad_()
            value = function(inside)
            (slope,) = torch.autograd.grad(value.sum(), inside)
        y = x * slope.numpy()
        y[0] = value.detach().numpy()
        return y

    return run


def _standardize(module: Standardize, memory: Memory) -> Step:
    mean, scale = memory.array(module, "_mean"), memory.array(module, "_std")

    def run(x: Stack) -> Stack:
        y = x / scale
        y[0] = (x[0] - mean) / scale
        return y

    return run


def _sequential(module: nn.Sequential, memory: Memory) -> Step:
    steps = [step_of(part, memory) for part in module]

    def run(x: Stack) -> Stack:
        for step in steps:
            x = step(x)
        return x

    return run


def _dropout(module: nn.Dropout, memory: Memory) -> Step:
    def run(x: Stack) -> Stack:
        check_certain(module)
        return x

    return run


def check_certain(module: nn.Dropout) -> None:
    """Raises: ``Unsupported`` if units are left out at random."""
    if module.training and module.p > 0.0:
        raise Unsupported


def _by_torch(module: nn.Module) -> Step:
    def run(x: Stack) -> Stack:
        with torch.enable_grad():
            inside = torch.from_numpy(x[0]).requires_grad_(len(x) > 1)
            units = module(inside).unbind(-1)
            if len(units) > _MANY or any(unit.shape != (len(inside),) for unit in units):
                raise Unsupported
            sums = [unit.sum() for unit in units]
        y = np.empty((*x.shape[:2], len(units)), x.dtype)
        for at, unit in enumerate(units):
            y[0, :, at] = unit.detach().numpy()
            if len(x) > 1:
                (slope,) = torch.autograd.grad(sums[at], inside, retain_graph=True)
                y[1:, :, at] = (x[1:] * slope.numpy()).sum(-1)
        return y

    return run


_KNOWN: dict[type[nn.Module], Callable[[Any, Memory], Step]] = {
    nn.Identity: lambda module, memory: lambda x: x,
    nn.Linear: _linear,
    nn.ReLU: lambda module, memory: _relu,
    nn.Dropout: _dropout,
    nn.Sequential: _sequential,
    MaskedLinear: _masked,
    Standardize: _standardize,
    **dict.fromkeys(
        (nn.Tanh, nn.Sigmoid, nn.ELU, nn.GELU, nn.SiLU, nn.Softplus, nn.LeakyReLU),
        lambda module, memory: _activation(module),
    ),
}
