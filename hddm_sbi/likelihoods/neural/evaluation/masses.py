"""One discrete variable: the masses of its values, for each distinct row of theta."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from sbi.neural_nets.estimators import CategoricalMADE, CategoricalMassEstimator
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor

from hddm_sbi.likelihoods.neural.evaluation import tangents
from hddm_sbi.likelihoods.neural.evaluation.compiled import Code, Index
from hddm_sbi.likelihoods.neural.evaluation.domain import categories
from hddm_sbi.likelihoods.neural.evaluation.general import with_verdict
from hddm_sbi.likelihoods.neural.evaluation.kinds import Rows


@dataclass
class MassData:
    """Discrete values.

    Args:
        value: the values that were observed, shape (n, 1).
        at: index of each among the values that the network knows, shape (n,).
        array: the same indices as a NumPy array.
        seen: whether compiled code was already found to agree with torch on them.
    """

    value: Tensor
    at: Tensor
    array: Index
    seen: bool = False


class Found(NamedTuple):
    """What is found of trials.

    Args:
        log_mass: log probability of each trial's value, shape (n,).
        finite: whether all of these are finite.
        slope: derivatives by the elements of theta, (n, elements), as many as were asked for.
    """

    log_mass: Tensor
    finite: bool
    slope: Tensor


class Masses:
    """Log masses under sbi's categorical networks of one variable.

    Args:
        estimator: such a network. It is not kept.
    """

    def __init__(self, estimator: ConditionalDensityEstimator) -> None:
        self.net = estimator.net
        self._code: Code | None = None
        self._may_compile = True

    @staticmethod
    def fits(estimator: ConditionalDensityEstimator) -> bool:
        """Whether the estimator is one of these."""
        return (
            isinstance(estimator, CategoricalMassEstimator)
            and estimator.net.num_variables == 1
            and len(estimator.condition_shape) == 1
        )

    def prepare(self, estimator: ConditionalDensityEstimator, value: Tensor) -> MassData:
        """See ``Way.prepare``."""
        (known,) = categories(estimator) or []
        at = torch.searchsorted(known, value[:, 0].to(known.dtype).contiguous())
        return MassData(value, at, at.cpu().numpy())

    def log_prob(
        self, estimator: ConditionalDensityEstimator, data: MassData, theta: Tensor, rows: Rows
    ) -> tuple[Tensor, bool]:
        """See ``Way.log_prob``."""
        with_slope = torch.is_grad_enabled() and theta.requires_grad
        # cut here, where torch does not record it
        found = self._evaluate(data, theta.detach(), with_slope, rows)
        if not with_slope:
            return found.log_mass, found.finite
        return _Known.apply(theta, (found, self.net, data, rows)), found.finite

    def _evaluate(self, data: MassData, theta: Tensor, with_slope: bool, rows: Rows) -> Found:
        """Under rows of theta, of any shape."""
        holds = self._code is not None and self._code.holds()
        if self._code is not None and holds and data.seen:
            return Found(*self._code(theta, with_slope, rows, data.array))
        found = self._in_steps(data, theta, with_slope, rows)
        if not holds and self._may_compile:
            self._code = Code.of(self.net)
            self._may_compile = self._code is not None
        if self._code is not None and self._code.holds():
            # the first evaluation of data puts the compiled one to the proof
            again = Found(*self._code(theta, with_slope, rows, data.array))
            agree = tangents.close(again.log_mass, found.log_mass) and tangents.close(again.slope, found.slope)
            data.seen, self._may_compile = agree, agree
            self._code = self._code if agree else None
            return again if agree else found
        return found

    def _in_steps(self, data: MassData, theta: Tensor, with_slope: bool, rows: Rows) -> Found:
        theta = theta.reshape(rows.n_rows, -1)
        kinds = rows.kinds(theta)
        with torch.no_grad():
            logits, slope = tangents.made(self.net, tangents.of_theta(kinds.distinct(theta), with_slope))
            log_mass = logits.log_softmax(-1)
            slope = slope - (log_mass.exp() * slope).sum(-1, keepdim=True)
            slope = slope[:, kinds.kind, data.at].T
            return Found(*with_verdict(log_mass[kinds.kind, data.at]), slope)


class _Known(torch.autograd.Function):
    """Log masses that were found together with their slopes."""

    @staticmethod
    def forward(ctx: Any, theta: Tensor, known: tuple[Found, CategoricalMADE, MassData, Rows]) -> Tensor:
        ctx.save_for_backward(theta)
        ctx.known, ctx.shape = known, theta.shape
        return known[0].log_mass

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None]:
        found, net, data, rows = ctx.known
        if torch.is_grad_enabled():
            # second derivatives were asked for (create_graph): trial by trial, by sbi's means
            (theta,) = ctx.saved_tensors
            log_prob = net.log_prob(data.value, theta.reshape(rows.n_rows, -1)[rows.index])
            (gradient,) = torch.autograd.grad(log_prob, theta, grad_output, create_graph=True)
            return gradient, None
        if rows.row is None and ctx.shape == grad_output.shape:  # a number for each trial
            return grad_output * found.slope.reshape(-1), None
        return rows.add_up(grad_output.unsqueeze(-1) * found.slope).reshape(ctx.shape), None
