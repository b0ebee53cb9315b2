"""A `Likelihood` as a Pyro distribution over trials, with its gradient handed to torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from pyro.distributions import TorchDistribution
from pyro.ops.provenance import detach_provenance, get_provenance, track_provenance
from torch.autograd.function import once_differentiable
from torch.distributions import constraints

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.base import FloatArray, IntArray, Likelihood

# (theta of shape (trials, parameters), seed) -> rt and choice, each of shape (trials,)
TrialSimulator = Callable[[FloatArray, int], tuple[FloatArray, IntArray]]


def _as_numpy(tensor: torch.Tensor) -> Any:
    return np.ascontiguousarray(tensor.detach().cpu().numpy())


class _TrialLogProb(torch.autograd.Function):
    """Log density of trials (batch, n) from theta (batch, R, k); its backward adds up the trials of each row."""

    @staticmethod
    def forward(
        ctx: Any, theta: torch.Tensor, value: torch.Tensor, row: torch.Tensor, likelihood: Likelihood
    ) -> torch.Tensor:
        rows, index = _as_numpy(theta), _as_numpy(row)
        rt, choice = _as_numpy(value[..., 0]), _as_numpy(value[..., 1].to(torch.int64))
        log_f = np.empty(rt.shape)
        with_grad = ctx.needs_input_grad[0]
        grad = np.empty((*rt.shape, rows.shape[-1])) if with_grad else None
        for batch in np.ndindex(rt.shape[:-1]):
            if grad is None:
                log_f[batch] = likelihood.log_prob(rt[batch], choice[batch], rows[batch], index)
            else:
                log_f[batch], grad[batch] = likelihood.log_prob_grad(rt[batch], choice[batch], rows[batch], index)
        if grad is not None:
            ctx.save_for_backward(torch.from_numpy(grad), row)
            ctx.theta_shape = theta.shape
        return torch.from_numpy(log_f)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad_output: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        grad, row = ctx.saved_tensors
        by_row = grad.new_zeros(ctx.theta_shape)
        # 0 * gradient of a trial that a mask or a scale of zero leaves out is zero: gradients are finite by contract.
        by_row.index_add_(-2, row, grad * grad_output.unsqueeze(-1))
        return by_row, None, None, None


class TrialDistribution(TorchDistribution):
    """Trials (rt, choice) given their parameters, for use inside a plate of trials:

        pyro.sample("trials", TrialDistribution(likelihood, theta, row), obs=torch.stack([rt, choice], -1))

    Batch shape (..., n), event shape (2,), float64. Leading dimensions of theta (chains, posterior draws) are batch
    dimensions left of the trials; values broadcast against them.

    Args:
        likelihood: log density of (rt, choice) and its gradient.
        theta: parameters on their natural scales, shape (..., R, k), k the likelihood's parameters in order.
        row: row of theta for each trial, integers in [0, R), shape (n,).
        simulate: draws trials from theta (trials, k) and a seed; without it `sample` raises. The seed comes from
            torch's global generator, so `pyro.set_rng_seed` and `torch.manual_seed` make draws reproducible.

    Raises:
        ModelError: theta or row do not fit the likelihood or each other.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}  # theta out of range: density zero
    has_rsample = False

    def __init__(
        self,
        likelihood: Likelihood,
        theta: torch.Tensor,
        row: torch.Tensor,
        simulate: TrialSimulator | None = None,
        validate_args: bool | None = None,
    ) -> None:
        _check_shapes(likelihood, theta, row)
        self.likelihood = likelihood
        self.theta = theta.to(torch.float64)
        self.row = row.to(torch.int64)
        self.simulate = simulate
        batch_shape = torch.Size((*theta.shape[:-2], len(row)))
        super().__init__(batch_shape, torch.Size((2,)), validate_args=validate_args)
        if self._validate_args and len(row) and not _within(row, theta.shape[-2]):
            raise ModelError(
                f"row runs from {int(row.min())} to {int(row.max())}, but theta has {theta.shape[-2]} rows: "
                "number the rows from 0."
            )

    @property
    def support(self) -> constraints.Constraint:
        """rt above zero, choice in {0, ..., n_choices - 1}."""
        choice = constraints.integer_interval(0, self.likelihood.n_choices - 1)
        return constraints.independent(constraints.cat([constraints.positive, choice], dim=-1), 1)

    def expand(self, batch_shape: Any, _instance: Any = None) -> TrialDistribution:
        """The same trials with further batch dimensions on the left; a single trial may be repeated."""
        batch_shape = torch.Size(batch_shape)
        theta = self.theta.expand(*batch_shape[:-1], *self.theta.shape[-2:])
        return TrialDistribution(
            self.likelihood, theta, self.row.expand(batch_shape[-1]), self.simulate, validate_args=self._validate_args
        )

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """Log density per trial, float64.

        Args:
            value: (rt, choice) in the last dimension, shape broadcastable to (..., n, 2).

        Returns:
            Shape (..., n), differentiable by theta; -inf where the density is zero.

        Raises:
            ModelError: a gradient with respect to the trials themselves is asked for.
        """
        if value.requires_grad:
            raise ModelError("the log density of trials has no gradient by rt here: give the trials as data, obs=...")
        if self._validate_args:
            self._validate_sample(value)
        # The computation leaves torch, and Pyro's record of which sites a tensor comes from would stop here.
        origins = get_provenance([self.theta, self.row, value])
        theta, row, value = (detach_provenance(tensor) for tensor in (self.theta, self.row, value))
        batch = torch.broadcast_shapes(self.batch_shape, value.shape[:-1])
        theta = theta.expand(*batch[:-1], *theta.shape[-2:])
        value = value.to(torch.float64).expand(*batch, 2)
        row = row.expand(batch[-1])
        return track_provenance(_TrialLogProb.apply(theta, value, row, self.likelihood), origins)

    def sample(self, sample_shape: Any = ()) -> torch.Tensor:
        """Simulated trials, shape sample_shape + (..., n, 2), float64.

        Raises:
            ModelError: the distribution was made without a simulator.
        """
        if self.simulate is None:
            raise ModelError("these trials cannot be drawn: give TrialDistribution a `simulate` function.")
        origins = get_provenance([self.theta, self.row])
        theta, row = detach_provenance(self.theta), detach_provenance(self.row)
        shape = self._extended_shape(torch.Size(sample_shape))
        theta = theta[..., row, :].expand(*shape[:-1], theta.shape[-1])
        seed = int(torch.randint(2**31 - 1, ()).item())
        rt, choice = self.simulate(_as_numpy(theta.reshape(-1, theta.shape[-1])), seed)
        trials = np.stack([np.asarray(rt, np.float64), np.asarray(choice, np.float64)], axis=-1)
        return track_provenance(torch.from_numpy(trials).reshape(shape), origins)


def _within(row: torch.Tensor, rows: int) -> bool:
    return int(row.min()) >= 0 and int(row.max()) < rows


def _check_shapes(likelihood: Likelihood, theta: torch.Tensor, row: torch.Tensor) -> None:
    if theta.dim() < 2 or theta.shape[-1] != len(likelihood.parameters):
        raise ModelError(
            f"theta has shape {tuple(theta.shape)}, but the likelihood needs (..., rows, "
            f"{len(likelihood.parameters)}): one column for each of {', '.join(likelihood.parameters)}."
        )
    if row.dim() != 1:
        raise ModelError(f"row has shape {tuple(row.shape)}: give the row of theta for each trial, shape (n,).")
