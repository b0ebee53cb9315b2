"""A trained sbi estimator as a Pyro distribution."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from pyro.distributions import TorchDistribution
from pyro.ops.provenance import detach_provenance, get_provenance, track_provenance
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor
from torch.distributions import constraints

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.neural.evaluation.domain import of_numbers, support_of
from hddm_sbi.likelihoods.neural.evaluation.plan import Evaluation, Trials, check_numbers, evaluation_of

# Trials evaluated at once where no gradient is asked for: at some 10 kB of activations a trial (sbi's stock networks: a
# few layers of 50 to 100 units, in several copies) 200 MB.
_CHUNK = 20_000


class SBItoPyro(TorchDistribution):
    """The distribution of data given theta that a trained sbi density estimator stands for, for use in a Pyro model.

    ``pyro.sample("obs", SBItoPyro(estimator, lam[location]), obs=chips)``: where the estimator has one parameter, theta
    may be its values, shape batch_shape. Data of one variable are then numbers, too: ``event_shape`` is (), and chips
    and draws have the shape of the batch. A last dimension of size 1 is always read as that of the parameter. With
    theta of shape batch_shape + condition_shape, ``event_shape`` is the estimator's ``input_shape``: (2,) for rt and
    choice, (1,) for a count or any other scalar, which draws have and data may go without.

    Values and ``batch_shape`` broadcast against each other. The density is -inf, never NaN and never an error, where
    the estimator gives none: outside ``support``, at counts or choices that its training never saw (sbi itself raises
    there, or takes the next greater count that was seen). Networks run in their own dtype and on their own device; log
    densities come back in those of theta. They run once for each distinct row of theta where the estimator allows it,
    and what follows from the data alone is found once. Gradients reach theta and the value; the network is fixed.

    Args:
        estimator: continuous, discrete or mixed; an attribute ``support``, a torch constraint on its inputs, is
            respected if it has one.
        theta: what the estimator is conditioned on, shape batch_shape + condition_shape, or batch_shape.
        validate_args: as in torch: whether NaN in theta is an error, here or, by default, in ``log_prob``.

    Raises:
        ModelError: if theta's last dimensions are not the estimator's ``condition_shape``, or theta has NaN.
    """

    arg_constraints = {"theta": constraints.real_vector}  # noqa: RUF012  (torch's convention)
    has_rsample = False
    has_enumerate_support = False

    def __init__(
        self, estimator: ConditionalDensityEstimator, theta: Tensor, validate_args: bool | None = None
    ) -> None:
        condition, event = _shapes(estimator)
        theta = theta if isinstance(theta, Tensor) else torch.as_tensor(theta)
        theta = theta if theta.is_floating_point() else theta.to(torch.get_default_dtype())
        batch = theta.shape[: theta.dim() - len(condition)]
        if batch + condition != theta.shape:
            if condition != (1,):
                raise ModelError(
                    f"theta has shape {tuple(theta.shape)}, but its last dimensions must be the estimator's condition "
                    f"shape {tuple(condition)}; torch.stack([...], -1) or unsqueeze(-1) adds a dimension."
                )
            batch = theta.shape
            event = torch.Size() if event == (1,) else event
        self.estimator = estimator
        # as given: expand() only changes the batch shape, so that copies of theta are never evaluated
        self._theta, self._rows = theta, batch
        # torch's check of theta takes as long as a small network: unless asked for, it is left to log_prob
        super().__init__(batch, event, validate_args=False)
        if validate_args is None:
            del self._validate_args  # as for every distribution
        else:
            self._validate_args = validate_args
            if validate_args:
                check_numbers(theta)

    @property
    def theta(self) -> Tensor:
        """What the estimator is conditioned on, shape batch_shape + condition_shape."""
        condition = self.estimator.condition_shape
        return self._theta.reshape(self._rows + condition).expand(self.batch_shape + condition)

    @property
    def support(self) -> constraints.Constraint:
        """The values that can have a density.

        The estimator's own ``support`` if it declares one. Otherwise integers for discrete variables (not negative,
        unless training saw negative ones) and real numbers for continuous ones (positive for mixed data trained on log
        scale).
        """
        support = support_of(self.estimator)
        return support if self.event_shape == self.estimator.input_shape else of_numbers(support)

    def expand(self, batch_shape: Any, _instance: SBItoPyro | None = None) -> SBItoPyro:
        """The same distribution with a batch shape that the present one broadcasts to."""
        batch_shape = torch.Size(batch_shape)
        if torch.broadcast_shapes(self.batch_shape, batch_shape) != batch_shape:
            raise RuntimeError(f"a batch of shape {tuple(self.batch_shape)} does not expand to {tuple(batch_shape)}")
        new: SBItoPyro = self._get_checked_instance(SBItoPyro, _instance)
        new.estimator, new._theta, new._rows = self.estimator, self._theta, self._rows
        super(SBItoPyro, new).__init__(batch_shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def log_prob(self, value: Tensor) -> Tensor:
        """Log density of ``value``, whose shape broadcasts against batch_shape + event_shape; shape of the batches.

        Raises:
            ModelError: the shape of the value does not fit, or can be read in two ways.
        """
        theta, value = self._theta, value if isinstance(value, Tensor) else torch.as_tensor(value)
        provenance: frozenset[str] = frozenset()
        if type(theta) is not Tensor or type(value) is not Tensor:
            provenance = get_provenance([theta, value])
            theta, value = detach_provenance(theta), detach_provenance(value)
        evaluation = evaluation_of(self.estimator)
        dtype, device = evaluation.network_type(self.estimator, theta)
        rows = theta if theta.dtype == dtype and theta.device == device else theta.to(device, dtype)
        # the parameters of a trained network still ask for gradients; here they are fixed
        wanted = torch.is_grad_enabled() and (theta.requires_grad or value.requires_grad)
        if wanted and torch.get_default_dtype() == dtype:
            log_prob = self._log_prob(evaluation, value, rows, wanted)
        else:
            with nullcontext() if wanted else torch.no_grad(), default_dtype(dtype):
                log_prob = self._log_prob(evaluation, value, rows, wanted)
        if log_prob.dtype != theta.dtype or log_prob.device != theta.device:
            log_prob = log_prob.to(theta)
        return track_provenance(log_prob, provenance) if provenance else log_prob

    def _log_prob(self, evaluation: Evaluation, value: Tensor, theta: Tensor, wanted: bool) -> Tensor:
        """In the dtype and on the device of the network, which are those of ``theta``; gradients are wanted or not."""
        estimator = self.estimator
        key = (value.shape, value.dtype, self._rows, self._batch_shape, self._event_shape, theta.dtype, theta.device)
        plan = evaluation.recall(key, value)
        if plan is None:
            value_shape, shape = self._read(value.shape)
            if shape.numel() == 0:
                return theta.new_zeros(shape)
            trials = Trials.of(value, estimator.input_shape, value_shape, self._rows, shape, theta.device)
            if not wanted and shape.numel() > _CHUNK:
                return evaluation.in_chunks(estimator, trials, theta, _CHUNK, self._validate_args).reshape(shape)
            plan = evaluation.plan(estimator, trials, key, value, theta.dtype)
        log_prob = plan.log_prob(estimator, theta, self._validate_args)
        return log_prob if log_prob.shape == plan.shape else log_prob.reshape(plan.shape)

    @torch.no_grad()
    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw data, shape sample_shape + batch_shape + event_shape, in the dtype and on the device of theta."""
        sample_shape = torch.Size(sample_shape)
        provenance, theta = get_provenance(self._theta), detach_provenance(self.theta)
        dtype, device = evaluation_of(self.estimator).network_type(self.estimator, theta)
        rows = theta.reshape(-1, *self.estimator.condition_shape).to(device=device, dtype=dtype)
        n_draws, parts = sample_shape.numel(), []
        for some_rows in rows.split(max(1, _CHUNK // max(1, n_draws))):
            size = max(1, _CHUNK // max(1, len(some_rows)))
            numbers = [min(size, n_draws - start) for start in range(0, n_draws, size)]
            with default_dtype(dtype):
                draws = [self.estimator.sample(torch.Size([n]), some_rows) for n in numbers]
            parts.append(torch.cat([draw.reshape(-1, len(some_rows), *self.estimator.input_shape) for draw in draws]))
        draw = torch.cat(parts, 1).to(theta).reshape(self.shape(sample_shape))
        return track_provenance(draw, provenance)

    def _read(self, given: torch.Size) -> tuple[torch.Size, torch.Size]:
        """The shape of a value without the dimensions of an event, and what it and the batch broadcast to."""
        batch, one = self.batch_shape, self.estimator.input_shape
        shape = given
        if self.event_shape == one:
            if given[len(given) - len(one) :] == one and len(given) >= len(one):
                shape = given[: len(given) - len(one)]
            elif one != (1,):
                raise ModelError(
                    f"The value has shape {tuple(given)}, but its last dimensions must be the estimator's input shape "
                    f"{tuple(one)}; reshape the data."
                )
        elif given[-1:] == one:
            if given[:-1] == batch:
                return batch, batch
            vectors, numbers = _broadcast(given[:-1], batch), _broadcast(given, batch)
            if numbers is None:
                shape = given[:-1]
            elif vectors is not None and given.numel() > 1 and batch.numel() > 1:
                raise ModelError(
                    f"A value of shape {tuple(given)} for a batch of shape {tuple(batch)} may be numbers or vectors of "
                    "one element; give value.squeeze(-1) if it is vectors, value.expand(...) if it is numbers."
                )
        if shape == batch:
            return shape, shape
        both = _broadcast(shape, batch)
        if both is None:
            raise ModelError(
                f"The value's shape {tuple(given)} does not broadcast against the batch, which theta gives the shape "
                f"{tuple(batch)}; give one datum for each row of theta, or one row of theta."
            )
        return shape, both


def _shapes(estimator: ConditionalDensityEstimator) -> tuple[torch.Size, torch.Size]:
    """Of a condition and of an input."""
    try:
        if callable(estimator.log_prob) and callable(estimator.sample):
            return estimator.condition_shape, estimator.input_shape
    except AttributeError:
        pass
    needed = ("log_prob", "sample", "input_shape", "condition_shape")
    missing = next(name for name in needed if not hasattr(estimator, name))
    raise ModelError(f"SBItoPyro needs a trained sbi density estimator; {type(estimator).__name__} has no {missing}.")


def _broadcast(first: torch.Size, second: torch.Size) -> torch.Size | None:
    try:
        return torch.broadcast_shapes(first, second)
    except RuntimeError:
        return None


def default_dtype(dtype: torch.dtype) -> AbstractContextManager[None]:
    """The network's dtype as torch's default: sbi makes constants in the default, and they must fit the network."""
    before = torch.get_default_dtype()
    return nullcontext() if before == dtype else _changed_default(dtype, before)


@contextmanager
def _changed_default(dtype: torch.dtype, before: torch.dtype) -> Iterator[None]:
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
