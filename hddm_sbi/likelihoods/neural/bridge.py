"""A trained sbi estimator as a Pyro distribution."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from pyro.distributions import TorchDistribution
from pyro.ops.provenance import detach_provenance, get_provenance, track_provenance
from sbi.neural_nets.estimators import MixedDensityEstimator
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor
from torch.distributions import constraints

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.neural.rows import categories, log_prob_rows

# Trials evaluated at once where no gradient is asked for: at some 10 kB of activations a trial (sbi's stock networks: a
# few layers of 50 to 100 units, in several copies) 200 MB.
_CHUNK = 20_000


class SBItoPyro(TorchDistribution):
    """The distribution of data given theta that a trained sbi density estimator stands for, for use in a Pyro model.

    ``event_shape`` is the estimator's ``input_shape``: (2,) for rt and choice, (1,) for a count or any other scalar. A
    scalar may also be given without that last dimension of size 1: ``pyro.sample("obs", SBItoPyro(estimator,
    rate.unsqueeze(-1)), obs=counts)`` reads counts of shape (n,) and of shape (n, 1) alike (and draws shape (n, 1)).

    Values and ``batch_shape`` broadcast against each other. The density is -inf, never NaN and never an error, where
    the estimator gives none: outside ``support``, at counts or choices that training never saw. Networks run in their
    own dtype and on their own device; log densities come back in those of theta. They run once for each distinct row of
    theta where the estimator allows it (``log_prob_rows``). Gradients reach theta and the value; the network is fixed.

    Args:
        estimator: continuous, discrete or mixed; an attribute ``support``, a torch constraint on its inputs, is
            respected if it has one.
        theta: what the estimator is conditioned on, shape batch_shape + condition_shape.
        validate_args: as in torch: check theta for NaN.

    Raises:
        ModelError: if theta's last dimensions are not the estimator's ``condition_shape``.
    """

    arg_constraints = {"theta": constraints.real_vector}  # noqa: RUF012  (torch's convention)
    has_rsample = False
    has_enumerate_support = False

    def __init__(
        self, estimator: ConditionalDensityEstimator, theta: Tensor, validate_args: bool | None = None
    ) -> None:
        for name in ("log_prob", "sample", "input_shape", "condition_shape"):
            if not hasattr(estimator, name):
                kind = type(estimator).__name__
                raise ModelError(f"SBItoPyro needs a trained sbi density estimator; {kind} has no {name}.")
        theta = theta if isinstance(theta, Tensor) else torch.as_tensor(theta)
        theta = theta if theta.is_floating_point() else theta.to(torch.get_default_dtype())
        n_batch = theta.dim() - len(estimator.condition_shape)
        if n_batch < 0 or theta.shape[n_batch:] != estimator.condition_shape:
            raise ModelError(
                f"theta has shape {tuple(theta.shape)}, but its last dimensions must be the estimator's condition "
                f"shape {tuple(estimator.condition_shape)}; a single parameter needs theta.unsqueeze(-1)."
            )
        self.estimator = estimator
        # as given: expand() only changes the batch shape, so that copies of theta are never evaluated
        self._theta = theta
        if theta.numel() == 0:
            validate_args = False  # torch's check of a vector fails on no vectors
        super().__init__(theta.shape[:n_batch], torch.Size(estimator.input_shape), validate_args=validate_args)

    @property
    def theta(self) -> Tensor:
        """What the estimator is conditioned on, shape batch_shape + condition_shape."""
        return self._theta.expand(self.batch_shape + self.estimator.condition_shape)

    @property
    def support(self) -> constraints.Constraint:
        """The values that can have a density.

        The estimator's own ``support`` if it declares one. Otherwise integers for discrete variables (not negative,
        unless training saw negative ones) and real numbers for continuous ones (positive for mixed data trained on log
        scale).
        """
        own = getattr(self.estimator, "support", None)
        if isinstance(own, constraints.Constraint):
            return own
        n_event = len(self.event_shape)
        discrete = categories(self.estimator)
        if discrete is None:
            return constraints.independent(constraints.real, n_event)
        # counts beyond those seen are possible data without mass, so there is no upper end
        lowest = min(0, *(int(values[0]) for values in discrete))
        integer = type(constraints.nonnegative_integer)(lowest)
        if not isinstance(self.estimator, MixedDensityEstimator):
            return constraints.independent(integer, n_event)
        continuous = constraints.positive if self.estimator.log_transform_input else constraints.real
        lengths = [self.event_shape[-1] - len(discrete), len(discrete)]
        return constraints.independent(constraints.cat([continuous, integer], dim=-1, lengths=lengths), 1)

    def expand(self, batch_shape: Any, _instance: SBItoPyro | None = None) -> SBItoPyro:
        """The same distribution with a batch shape that the present one broadcasts to."""
        batch_shape = torch.Size(batch_shape)
        self.theta.expand(batch_shape + self.estimator.condition_shape)  # raises where it cannot
        new: SBItoPyro = self._get_checked_instance(SBItoPyro, _instance)
        new.estimator, new._theta = self.estimator, self._theta
        super(SBItoPyro, new).__init__(batch_shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def log_prob(self, value: Tensor) -> Tensor:
        """Log density of ``value``, whose shape broadcasts against batch_shape + event_shape; shape of the batches."""
        provenance = get_provenance([self._theta, value])
        theta, value = detach_provenance(self._theta), detach_provenance(value)
        value = self._with_event(value)
        batch = value.shape[: value.dim() - len(self.event_shape)]
        shape = torch.broadcast_shapes(batch, self.batch_shape)
        dtype, device = self._network_type(theta)
        rows = theta.reshape(-1, *self.estimator.condition_shape)
        own_batch = theta.shape[: theta.dim() - len(self.estimator.condition_shape)]
        row = torch.arange(len(rows), device=device).reshape(own_batch).expand(shape).reshape(-1)
        if shape.numel() == 0:
            return track_provenance(theta.new_zeros(shape), provenance)
        flat = value.expand(shape + self.event_shape).reshape(-1, *self.event_shape).to(device)
        # the parameters of a trained network still ask for gradients; here they are fixed
        wanted = torch.is_grad_enabled() and (theta.requires_grad or value.requires_grad)
        with torch.set_grad_enabled(wanted):
            log_prob = self._log_prob(flat, rows.to(device=device, dtype=dtype), row, dtype)
        return track_provenance(log_prob.to(theta).reshape(shape), provenance)

    @torch.no_grad()
    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw data, shape sample_shape + batch_shape + event_shape, in the dtype and on the device of theta."""
        sample_shape = torch.Size(sample_shape)
        provenance, theta = get_provenance(self._theta), detach_provenance(self.theta)
        dtype, device = self._network_type(theta)
        rows = theta.reshape(-1, *self.estimator.condition_shape).to(device=device, dtype=dtype)
        n_draws, parts = sample_shape.numel(), []
        for some_rows in rows.split(max(1, _CHUNK // max(1, n_draws))):
            size = max(1, _CHUNK // max(1, len(some_rows)))
            numbers = [min(size, n_draws - start) for start in range(0, n_draws, size)]
            with _default_dtype(dtype):
                draws = [self.estimator.sample(torch.Size([n]), some_rows) for n in numbers]
            parts.append(torch.cat([draw.reshape(-1, len(some_rows), *self.event_shape) for draw in draws]))
        draw = torch.cat(parts, 1).to(theta).reshape(self.shape(sample_shape))
        return track_provenance(draw, provenance)

    def _with_event(self, value: Tensor) -> Tensor:
        """The value with its event dimensions, which a scalar may lack."""
        value = torch.as_tensor(value)
        n_event = len(self.event_shape)
        if value.shape[value.dim() - n_event :] == self.event_shape and value.dim() >= n_event:
            return value
        if self.event_shape == (1,):
            return value.unsqueeze(-1)
        raise ModelError(
            f"The value has shape {tuple(value.shape)}, but its last dimensions must be the estimator's input shape "
            f"{tuple(self.event_shape)}; reshape the data."
        )

    def _network_type(self, theta: Tensor) -> tuple[torch.dtype, torch.device]:
        for tensor in chain(self.estimator.parameters(), self.estimator.buffers()):
            if tensor.is_floating_point():
                return tensor.dtype, tensor.device
        return theta.dtype, theta.device

    def _possible(self, value: Tensor) -> Tensor:
        """Whether the estimator can give values, (n, *event_shape), a density: shape (n,)."""
        possible = self.support.check(value) & value.isfinite().flatten(1).all(-1)
        known = categories(self.estimator)
        for i, values in enumerate(known or ()):
            # sbi raises at values above those it saw and reads those in the gaps as their next neighbour
            column = value[:, i - len(known or ())]
            possible = possible & torch.isin(column, values.to(column.dtype))
        return possible

    def _log_prob(self, value: Tensor, theta: Tensor, row: Tensor, dtype: torch.dtype) -> Tensor:
        """Log density of trials, (n, *event_shape), under their rows of theta: shape (n,)."""
        keep = self._possible(value)
        value = value.to(dtype)
        log_prob = self._by_row(value[keep], theta, row[keep])
        zero = log_prob.isnan() | log_prob.isneginf()
        if bool(zero.any()):
            # evaluated again without them: where there is no density, theta would get NaN for a gradient
            keep = keep.masked_scatter(keep, ~zero)
            log_prob = self._by_row(value[keep], theta, row[keep])
        # nothing of theta is added, only its graph: it has a gradient, zero, also where nothing depends on it
        log_prob = torch.cat([log_prob, theta.flatten()[:0]])
        return theta.new_full(row.shape, -torch.inf).masked_scatter(keep, log_prob)

    def _by_row(self, value: Tensor, theta: Tensor, row: Tensor) -> Tensor:
        if not len(value):
            return theta.new_empty(0)
        with _default_dtype(theta.dtype):
            if torch.is_grad_enabled() or len(value) <= _CHUNK:
                return log_prob_rows(self.estimator, value, theta, row)
            parts = []
            for some_values, some_rows in zip(value.split(_CHUNK), row.split(_CHUNK), strict=True):
                used, local = torch.unique(some_rows, return_inverse=True)
                parts.append(log_prob_rows(self.estimator, some_values, theta[used], local))
            return torch.cat(parts)


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """The network's dtype as torch's default: sbi makes constants in the default, and they must fit the network."""
    before = torch.get_default_dtype()
    if before == dtype:
        yield
        return
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
