"""One discrete variable: the masses of its values, for each distinct row of theta."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from nflows.nn.nde.made import MaskedLinear, MaskedResidualBlock
from sbi.neural_nets.estimators import CategoricalMADE, CategoricalMassEstimator
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from sbi.utils.sbiutils import Standardize
from torch import Tensor, nn

from hddm_sbi.likelihoods.native.compiling import announced
from hddm_sbi.likelihoods.neural.evaluation import compiled, tangents
from hddm_sbi.likelihoods.neural.evaluation.compiled import Floats
from hddm_sbi.likelihoods.neural.evaluation.domain import categories
from hddm_sbi.likelihoods.neural.evaluation.kinds import Kinds, Rows


class MassData(NamedTuple):
    """Discrete values.

    Args:
        value: (n, 1).
        at: which of the network's values each is, (n,).
    """

    value: Tensor
    at: Tensor


class Masses:
    """Log masses under sbi's categorical networks of one variable.

    Args:
        estimator: one of these. It is not kept.
    """

    def __init__(self, estimator: ConditionalDensityEstimator) -> None:
        self.net, self._memory = estimator.net, tangents.Memory()
        self._run = _compiled(self.net, self._memory) or _in_steps(self.net, self._memory)

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
        return _LogMass.apply(theta, self._run, self.net, data, rows)


# theta (rows, elements), whether slopes are wanted, the rows -> logits (kinds, values), their slopes by each element of
# theta below each other (elements * kinds, values), and the kinds
_Run = Callable[[Tensor, bool, Rows], tuple[Floats, Floats, Kinds]]


def _in_steps(net: CategoricalMADE, memory: tangents.Memory) -> _Run:
    made = tangents.made(net, memory)

    def run(theta: Tensor, with_slope: bool, rows: Rows) -> tuple[Floats, Floats, Kinds]:
        kinds = rows.kinds(theta)
        logits, slope = made(tangents.of_theta(kinds.distinct(theta), with_slope))
        return logits.numpy(), slope.reshape(-1, logits.shape[1]), kinds

    return run


def _compiled(net: CategoricalMADE, memory: tangents.Memory) -> _Run | None:
    """The same in compiled code, for networks as sbi builds them; None for others."""
    embedding = [part for part in net.embedding_net.modules() if type(part) not in (nn.Sequential, nn.Identity)]
    usual = len(embedding) <= 1 and all(type(part) is Standardize for part in embedding)
    if not usual or not all(_is_usual(block) for block in net.blocks):
        return None
    size, units = net.context_layer.in_features, net.context_layer.out_features
    dtype = net.context_layer.weight.detach().numpy().dtype
    mean, scale = np.zeros(size, dtype), np.ones(size, dtype)
    if embedding:
        mean, scale = (memory.array(embedding[0], name).reshape(-1) for name in ("_mean", "_std"))
    arrays = [mean, scale, *_arrays(net.context_layer, memory), memory.array(net.initial_layer, "bias")]
    arrays += [memory.array(net.final_layer, "weight"), memory.array(net.final_layer, "mask")]
    for block in net.blocks:
        first, second = block.linear_layers
        arrays += [*_arrays(first, memory), *_arrays(block.context_layer, memory), *_arrays(second, memory)]
    if len(mean) != size or not all(array.flags.c_contiguous and array.dtype == dtype for array in arrays):
        return None
    places = np.array([array.ctypes.data for array in arrays])
    start, bias = (
        net.output_multiplier,
        torch.from_numpy(memory.array(net.final_layer, "bias"))[net.output_multiplier :],
    )
    layout = (units, len(bias), start)
    dropouts = [block.dropout for block in net.blocks]

    def run(theta: Tensor, with_slope: bool, rows: Rows, kept: list[Floats] = arrays) -> tuple[Floats, Floats, Kinds]:
        for dropout in dropouts:
            tangents.check_certain(dropout)
        values = theta.detach().numpy()
        kinds = rows.last(theta)
        equal, x, weight, slopes = compiled.hidden(values, *kinds.arrays, with_slope, places, *layout)
        if not equal:  # what was equal before no longer is
            kinds = rows.kinds(theta)
            _, x, weight, slopes = compiled.hidden(values, *kinds.arrays, with_slope, places, *layout)
        logits = nn.functional.linear(torch.from_numpy(x), torch.from_numpy(weight), bias)
        return logits.numpy(), slopes, kinds

    with announced():  # compiled here, so that it is known whether it can be
        run(torch.zeros(1, size, dtype=net.context_layer.weight.dtype), True, Rows.single())
    return run


def _is_usual(block: nn.Module) -> bool:
    return (
        type(block) is MaskedResidualBlock
        and not block.use_batch_norm
        and block.activation in (nn.functional.relu, torch.relu)
    )


def _arrays(layer: nn.Linear, memory: tangents.Memory) -> list[Floats]:
    names = ("weight", "mask", "bias") if isinstance(layer, MaskedLinear) else ("weight", "bias")
    return [memory.array(layer, name) for name in names]


class _LogMass(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, theta: Tensor, run: _Run, net: CategoricalMADE, data: MassData, rows: Rows) -> Tensor:
        with_slope = ctx.needs_input_grad[0]
        # cut here, where torch does not record it
        logits, slopes, kinds = run(theta.reshape(rows.n_rows, -1), with_slope, rows)
        log_mass, slope = compiled.at_trials(logits, slopes, kinds.trial_array, data.at.numpy())
        if with_slope:
            ctx.save_for_backward(theta)
            ctx.shape = theta.shape
            ctx.slope = torch.from_numpy(slope[:, 0] if rows.row is None and theta.shape == log_mass.shape else slope)
            ctx.net, ctx.data, ctx.rows = net, data, rows
        return torch.from_numpy(log_mass)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None, None, None]:
        if torch.is_grad_enabled():
            # second derivatives were asked for (create_graph): trial by trial, by sbi's means
            (theta,) = ctx.saved_tensors
            by_trial = theta.reshape(ctx.rows.n_rows, -1)[ctx.rows.index]
            log_prob = ctx.net.log_prob(ctx.data.value, by_trial)
            (gradient,) = torch.autograd.grad(log_prob, theta, grad_output, create_graph=True)
            return gradient, None, None, None, None
        if ctx.slope.shape == grad_output.shape:  # a trial for each number that theta is
            return grad_output * ctx.slope, None, None, None, None
        gradient = ctx.rows.add_up(grad_output.unsqueeze(-1) * ctx.slope)
        return gradient.reshape(ctx.shape), None, None, None, None
