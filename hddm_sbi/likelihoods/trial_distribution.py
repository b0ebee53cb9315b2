"""A likelihood bound to trials as a Pyro distribution over them, with its gradient handed to torch."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from pyro.distributions import TorchDistribution
from pyro.ops.provenance import detach_provenance, get_provenance, track_provenance
from torch.autograd.function import once_differentiable
from torch.distributions import constraints

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.observation.bound import BoundTrials
from hddm_sbi.likelihoods.observation.seen import UNSEEN


def _as_numpy(tensor: torch.Tensor) -> Any:
    return np.ascontiguousarray(tensor.detach().cpu().numpy())


class _TrialLogProb(torch.autograd.Function):
    """Log probability of trials (batch, n) from theta (batch, R, k); its backward adds up the trials of each row."""

    @staticmethod
    def forward(ctx: Any, theta: torch.Tensor, value: torch.Tensor, likelihood: BoundTrials) -> torch.Tensor:
        rows = _as_numpy(theta)
        rt, choice = _as_numpy(value[..., 0]), _as_numpy(value[..., 1].to(torch.int64))
        log_f = np.empty(rt.shape)
        with_grad = ctx.needs_input_grad[0]
        grad = np.empty((*rt.shape, rows.shape[-1])) if with_grad else None
        for batch in np.ndindex(rt.shape[:-1]):
            bound = likelihood.showing(rt[batch], choice[batch])
            if grad is None:
                log_f[batch] = bound.log_prob(rows[batch])
            else:
                log_f[batch], grad[batch] = bound.log_prob_grad(rows[batch])
        if grad is not None:
            ctx.save_for_backward(torch.from_numpy(grad), torch.from_numpy(likelihood.trials.row))
            ctx.theta_shape = theta.shape
        return torch.from_numpy(log_f)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad_output: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        grad, row = ctx.saved_tensors
        by_row = grad.new_zeros(ctx.theta_shape)
        # 0 * gradient of a trial that a mask or a scale of zero leaves out is zero: gradients are finite by contract.
        by_row.index_add_(-2, row, grad * grad_output.unsqueeze(-1))
        return by_row, None, None


class _Times(constraints.Constraint):  # type: ignore[misc]
    """Response times above zero; NaN where none was seen."""

    def check(self, value: torch.Tensor) -> torch.Tensor:
        return (value > 0.0) | torch.isnan(value)


class TrialDistribution(TorchDistribution):
    """Trials (rt, choice) given their parameters, for use inside a plate of trials:

        pyro.sample("trials", TrialDistribution(likelihood, theta), obs=torch.stack([rt, choice], -1))

    Batch shape (..., n), event shape (2,), float64. Leading dimensions of theta (chains, posterior draws) are batch
    dimensions left of the trials; values broadcast against them. What was not seen is NaN (rt) and -1 (choice).

    Args:
        likelihood: the likelihood of the trials; it knows their deadlines and whatever else was seen of them.
        theta: parameters on their natural scales, shape (..., R, k), k the likelihood's parameters in order.

    Raises:
        ModelError: theta does not fit the likelihood.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}  # theta out of range: density zero
    has_rsample = False

    def __init__(self, likelihood: BoundTrials, theta: torch.Tensor, validate_args: bool | None = None) -> None:
        _check_shapes(likelihood, theta)
        self.likelihood = likelihood
        self.theta = theta.to(torch.float64)
        batch_shape = torch.Size((*theta.shape[:-2], likelihood.trials.n))
        super().__init__(batch_shape, torch.Size((2,)), validate_args=validate_args)

    @property
    def support(self) -> constraints.Constraint:
        """rt above zero, choice in {0, ..., n_choices - 1}; NaN and -1 where they were not seen."""
        choice = constraints.integer_interval(UNSEEN, self.likelihood.density.n_choices - 1)
        return constraints.independent(constraints.cat([_Times(), choice], dim=-1), 1)

    def expand(self, batch_shape: Any, _instance: Any = None) -> TrialDistribution:
        """The same trials with further batch dimensions on the left; a single trial may be repeated."""
        batch_shape = torch.Size(batch_shape)
        theta = self.theta.expand(*batch_shape[:-1], *self.theta.shape[-2:])
        likelihood = self.likelihood
        if batch_shape[-1] != likelihood.trials.n:
            likelihood = likelihood.on(likelihood.trials.at(np.zeros(batch_shape[-1], dtype=np.int64)))
        return TrialDistribution(likelihood, theta, validate_args=self._validate_args)

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """Log probability of each trial, float64.

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
        origins = get_provenance([self.theta, value])
        theta, value = (detach_provenance(tensor) for tensor in (self.theta, value))
        batch = torch.broadcast_shapes(self.batch_shape, value.shape[:-1])
        theta = theta.expand(*batch[:-1], *theta.shape[-2:])
        value = value.to(torch.float64).expand(*batch, 2)
        likelihood = self.likelihood
        if batch[-1] != likelihood.trials.n:
            likelihood = likelihood.on(likelihood.trials.at(np.zeros(batch[-1], dtype=np.int64)))
        return track_provenance(_TrialLogProb.apply(theta, value, likelihood), origins)

    def sample(self, sample_shape: Any = ()) -> torch.Tensor:
        """Simulated trials, shape sample_shape + (..., n, 2), float64.

        The seeds come from torch's global generator, so that ``pyro.set_rng_seed`` makes draws reproducible.

        Raises:
            ModelError: the likelihood has no simulator.
        """
        if self.likelihood.simulator is None:
            raise ModelError("these trials cannot be drawn: bind them to a likelihood with a simulator.")
        origins = get_provenance([self.theta])
        theta = detach_provenance(self.theta)
        shape = self._extended_shape(torch.Size(sample_shape))
        rows = _as_numpy(theta.expand(*shape[:-2], *theta.shape[-2:]))
        trials = np.empty(tuple(shape))
        for batch in np.ndindex(*shape[:-2]):
            seed = int(torch.randint(2**31 - 1, ()).item())
            rt, choice = self.likelihood.simulate(rows[batch], seed)
            trials[batch] = np.stack([rt, choice.astype(np.float64)], axis=-1)
        return track_provenance(torch.from_numpy(trials), origins)


def _check_shapes(likelihood: BoundTrials, theta: torch.Tensor) -> None:
    names = likelihood.parameters
    if theta.dim() < 2 or theta.shape[-1] != len(names):
        raise ModelError(
            f"theta has shape {tuple(theta.shape)}, but the likelihood needs (..., rows, {len(names)}): one column for "
            f"each of {', '.join(names)}."
        )
    rows = likelihood.trials.n_rows
    if theta.shape[-2] != rows:
        raise ModelError(f"theta has {theta.shape[-2]} rows, but the trials have {rows}: one for each design row.")
