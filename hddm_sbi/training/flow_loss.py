"""Log density of a batch of decision times under their flows, with its gradient, in one pass of compiled code.

The same mathematics as ``likelihoods.neural.flow``, which autograd differentiates operation by operation: here each
trial is visited once.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hddm_sbi.compiled.arrays import clear
from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.likelihoods.neural import reverse, time_change
from hddm_sbi.likelihoods.neural.flow import Knots, build_tables, log_density
from hddm_sbi.likelihoods.neural.network import FirstPassageNetwork
from hddm_sbi.likelihoods.neural.time_change import torch_clock

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
# No choice counts more than exp of this, a thousand times, as much as it is frequent.
_LARGEST_FACTOR = math.log(1e3)


@callable_from_python
def _log_density(
    s: npt.NDArray[np.float64], weight: npt.NDArray[np.float64], slot: npt.NDArray[np.int64],
    bounds: npt.NDArray[np.int64], raw: npt.NDArray[np.float32], collapse: npt.NDArray[np.float64], kind: int,
    spacing: float, left: float, n_intervals: int, centre: int, by_raw: npt.NDArray[np.float32],
) -> float:  # fmt: skip
    """Weighted sum over trials sorted by slot; fills in its derivatives by ``raw``."""
    n_out = raw.shape[1]
    table, by_table = np.empty((n_intervals, 5)), np.empty((n_intervals, 5))
    weights, line, by_line = np.empty(n_out - 3), np.empty(n_out), np.empty(n_out)
    total = 0.0
    for k in range(len(slot)):
        first, stop = bounds[k], bounds[k + 1]
        for j in range(n_out):
            line[j] = raw[slot[k], j]
        reverse.fill_coefficients(line[2:], weights)
        reverse.fill_spline(line[2], weights, spacing, centre, table)
        clear(by_table)
        zeta, delta, by_zeta, by_delta = math.exp(line[0]), math.exp(line[1]), 0.0, 0.0
        for i in range(first, stop):
            out = time_change.clock(kind, s[i], collapse[slot[k], 0], collapse[slot[k], 1])
            u, log_rate = out[0], out[1]
            root = math.sqrt(u)
            position = (delta * root - zeta / root - left) / spacing
            interval = int(min(max(math.floor(position), 0.0), n_intervals - 1.0))
            x = position - interval
            p = table[interval]
            t = p[0] + spacing * x * (p[1] + x * (p[2] / 2.0 + x * (p[3] / 3.0 + x * p[4] / 4.0)))
            slope = p[1] + x * (p[2] + x * (p[3] + x * p[4]))
            bend = (p[2] + x * (2.0 * p[3] + x * 3.0 * p[4])) / spacing
            stretch = 0.5 * (delta * u + zeta)
            w = weight[i]
            total += w * (-0.5 * t * t + math.log(slope * stretch / (u * root)) + log_rate - _HALF_LOG_TWO_PI)
            by_x, by_stretch = w * (bend / slope - t * slope), 0.5 * w / stretch
            by_delta += by_x * root + by_stretch * u
            by_zeta += by_stretch - by_x / root
            row, raised, by_slope = by_table[interval], -w * t * spacing * x, w / slope
            row[0] -= w * t
            row[1] += raised + by_slope
            row[2] += x * (raised / 2.0 + by_slope)
            row[3] += x * x * (raised / 3.0 + by_slope)
            row[4] += x * x * x * (raised / 4.0 + by_slope)
        reverse.spline_backward(by_table, weights, spacing, centre, by_line[2:])
        by_line[0], by_line[1] = by_zeta * zeta, by_delta * delta
        for j in range(n_out):
            by_raw[slot[k], j] = by_line[j]
    return total


class FlowLogDensity(torch.autograd.Function):
    """Sum of log densities, differentiable by the flows' parameters: log zeta, log delta, offset and log slopes."""

    @staticmethod
    def forward(
        ctx: Any, raw: Tensor, s: Tensor, weight: Tensor, slot: Tensor, collapse: Tensor, kind: str, knots: Knots
    ) -> Tensor:
        """The weighted sum over trials.

        Args:
            ctx: the context in which torch keeps what the pass back needs.
            raw: parameters of the flows, (slots, 3 + coefficients), float32.
            s: canonical decision times, (n,).
            weight: weight of each decision time, shape (n,).
            slot: index of the slot of tables of each decision time, shape (n,).
            collapse: parameters of the boundaries' clock, (slots, 2).
            kind: how the boundaries approach each other, see ``canonical``.
            knots: the grid of the spline's knots.
        """
        order = np.argsort(slot.numpy(), kind="stable")
        kinds, first = np.unique(slot.numpy()[order], return_index=True)
        by_raw = torch.zeros_like(raw)
        total = _log_density(
            s.double().numpy()[order], weight.double().numpy()[order], kinds, np.append(first, len(order)),
            raw.detach().numpy(), collapse.double().numpy(), time_change.CODES[kind], knots.spacing, knots.left,
            knots.n_intervals, knots.centre, by_raw.numpy(),
        )  # fmt: skip
        ctx.save_for_backward(by_raw)
        return raw.new_tensor(total)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None, None, None, None, None]:
        """The gradient, already computed."""
        (by_raw,) = ctx.saved_tensors
        return grad_output * by_raw, None, None, None, None, None, None


def balanced_log_prob(
    network: FirstPassageNetwork, theta: Tensor, x: Tensor, row: Tensor, weight: Tensor, balance: float
) -> Tensor:
    """What training maximises: log densities of trials without uniform delay, with more weight on rarer choices.

    A choice of probability P counts P^-balance times as much, with P as the network has it. That moves no optimum:
    given the choice the weight is a constant, and in the probability of choices it is undone by an offset to their
    scores, as in case-control studies (Prentice & Pyke 1979).

    Args:
        network: the network that is trained.
        theta: parameters on their natural scales, shape (rows, parameters).
        x: rt and choice, (n, 2); rt beyond the shift.
        row: row of theta for each trial, (n,).
        weight: weight of each trial in the loss, shape (n,).
        balance: how much more rarer choices count, between 0 (not at all) and 1.

    Returns:
        The weighted sum over trials, differentiable by the network's weights.
    """
    canonical, n_choices = network.canonical, network.canonical.n_choices
    reduced = canonical.reduce(theta)
    views = canonical.views(reduced.inputs)
    log_choice = network.log_choice(views)
    log_factor = (-balance * log_choice.detach()).clamp_max(_LARGEST_FACTOR)
    choice, log_unit = x[:, 1].long(), reduced.log_unit[row]
    slot = row * n_choices + choice
    weight = weight * torch.exp(log_factor).flatten()[slot]
    score = torch.log_softmax(log_choice + log_factor, -1).flatten()[slot] - log_unit
    s = (x[:, 0] - reduced.shift[row]) * torch.exp(-log_unit)
    log_zeta, log_delta, offset, log_slopes = network.flow_parameters(views)
    raw = torch.cat([torch.stack([log_zeta, log_delta, offset], -1), log_slopes], -1).flatten(0, 1)
    collapse = torch.stack(canonical.collapse_parameters(reduced.inputs), -1)
    if x.device.type == "cpu":
        pairs = collapse.repeat_interleave(n_choices, 0)
        flow = FlowLogDensity.apply(raw, s, weight, slot, pairs, canonical.collapse, network.knots)
    else:
        tables = build_tables(raw[:, 0], raw[:, 1], raw[:, 2], raw[:, 3:], network.knots)
        u, log_rate, _ = torch_clock(canonical.collapse, s, collapse[row, 0], collapse[row, 1])
        flow = (weight * (log_density(u, tables, slot, network.knots) + log_rate)).sum()
    return flow + (weight * score).sum()
