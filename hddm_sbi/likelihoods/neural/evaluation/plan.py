"""What is known of a set of trials under an estimator, found once for all steps of a sampler."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.neural.evaluation.choose import Way, way_for
from hddm_sbi.likelihoods.neural.evaluation.domain import possible
from hddm_sbi.likelihoods.neural.evaluation.kinds import Rows

# Sets of trials remembered for each estimator: a model may observe several, and they are compared one by one.
_REMEMBERED = 8


class Trials(NamedTuple):
    """Trials and the row of theta that each is under.

    Args:
        value: data of each trial, shape (n, *input_shape).
        row: index of each trial's row of theta, shape (n,), or None where trial i is under row i.
        n_rows: number of rows of theta.
        shape: the shape of the log densities that are asked for, n in all.
    """

    value: Tensor
    row: Tensor | None
    n_rows: int
    shape: torch.Size

    @classmethod
    def of(
        cls,
        value: Tensor,
        event_shape: torch.Size,
        value_shape: torch.Size,
        row_shape: torch.Size,
        shape: torch.Size,
        device: torch.device,
    ) -> Trials:
        """Values, (*value_shape, *event_shape), and rows of theta, (*row_shape, ...), broadcast to ``shape``."""
        flat = value.reshape(value_shape + event_shape).expand(shape + event_shape).reshape(-1, *event_shape)
        n_rows = math.prod(row_shape)
        if row_shape == shape:
            return cls(flat.to(device), None, n_rows, shape)
        row = torch.arange(n_rows, device=device).reshape(row_shape).expand(shape)
        return cls(flat.to(device), row.reshape(-1), n_rows, shape)


class Plan:
    """Trials, which of them can have a density, and what the way of evaluation needs of these.

    Args:
        estimator: the estimator whose density is asked for.
        way: how its density is evaluated.
        trials: the data, and the row of theta that each is under.
        dtype: the dtype in which the network runs.
    """

    def __init__(self, estimator: ConditionalDensityEstimator, way: Way, trials: Trials, dtype: torch.dtype) -> None:
        self._way, self._trials, self.shape = way, trials._replace(value=trials.value.to(dtype)), trials.shape
        keep = possible(estimator, trials.value.detach())
        self._keep = None if bool(keep.all()) else keep
        self._parts = self._some(estimator, self._keep)

    def log_prob(self, estimator: ConditionalDensityEstimator, theta: Tensor, validate: bool) -> Tensor:
        """Log density of each trial under its row of theta, as for ``Way``; -inf where there is none."""
        data, rows = self._parts
        if rows.n:
            try:
                log_prob, finite = self._way.log_prob(estimator, data, theta, rows)
            except ValueError:
                check_numbers(theta)  # torch's distributions, which some networks are made of, check what they get
                raise
            if finite:
                return log_prob if self._keep is None else self._in_place(log_prob, theta, self._keep)
            if validate:
                check_numbers(theta)
            zero = log_prob.isnan() | log_prob.isneginf()
            every = torch.ones(len(self._trials.value), dtype=torch.bool, device=zero.device)
            keep = every if self._keep is None else self._keep
            if bool(zero.any()):
                # evaluated again without them: where there is no density, theta would get NaN for a gradient
                keep = keep.masked_scatter(keep, ~zero)
                data, rows = self._some(estimator, keep)
                log_prob = self._way.log_prob(estimator, data, theta, rows)[0] if rows.n else _nothing(theta)
            return self._in_place(log_prob, theta, keep)
        assert self._keep is not None
        return self._in_place(_nothing(theta), theta, self._keep)

    def _some(self, estimator: ConditionalDensityEstimator, keep: Tensor | None) -> tuple[Any, Rows]:
        value, row, n_rows, _ = self._trials
        if keep is not None:
            value, row = value[keep], torch.nonzero(keep).squeeze(-1) if row is None else row[keep]
        data = self._way.prepare(estimator, value) if len(value) else None
        return data, Rows(row, n_rows, len(value), value.device)

    @staticmethod
    def _in_place(log_prob: Tensor, theta: Tensor, keep: Tensor) -> Tensor:
        return theta.new_full(keep.shape, -torch.inf).masked_scatter(keep, log_prob)


def check_numbers(theta: Tensor) -> None:
    """Raises ``ModelError`` if theta has NaN."""
    n = int(theta.isnan().sum())
    if n:
        raise ModelError(f"theta has NaN in {n} of its {theta.numel()} elements; it must be numbers.")


def _nothing(theta: Tensor) -> Tensor:
    """Of no trials, as a function of theta: so that it has a gradient, zero, also where nothing depends on it."""
    return theta.flatten()[:0]


class Evaluation:
    """An estimator's way of evaluation, and the plans made with it.

    Args:
        estimator: any of sbi's. It is not kept: what is kept of it must not keep it alive.
    """

    def __init__(self, estimator: ConditionalDensityEstimator) -> None:
        self.way = way_for(estimator)
        self._remembered: list[tuple[Hashable, Tensor, Plan]] = []
        places = ((module._parameters, name) for module in estimator.modules() for name in module._parameters)
        # where the first of the network's parameters is kept: it may be replaced
        self._place = next((at for at in places if at[0][at[1]] is not None and at[0][at[1]].is_floating_point()), None)

    def network_type(self, estimator: ConditionalDensityEstimator, theta: Tensor) -> tuple[torch.dtype, torch.device]:
        """Dtype and device that the network runs in; theta's if it has neither parameters nor buffers."""
        of = None if self._place is None else self._place[0].get(self._place[1])
        if of is None:
            of = next((buffer for buffer in estimator.buffers() if buffer.is_floating_point()), theta)
        return of.dtype, of.device

    def recall(self, key: Hashable, value: Tensor) -> Plan | None:
        """The plan that was made for a key and these values, told by what they are: a tensor may change in place."""
        for its_key, its_value, plan in self._remembered:
            if its_key == key and torch.equal(its_value, value):
                return None if value.requires_grad and torch.is_grad_enabled() else plan
        return None

    def plan(
        self, estimator: ConditionalDensityEstimator, trials: Trials, key: Hashable, value: Tensor, dtype: torch.dtype
    ) -> Plan:
        """A new plan, remembered for a key and the values that the trials were made of."""
        plan = Plan(estimator, self.way, trials, dtype)
        if not (value.requires_grad and torch.is_grad_enabled()):
            new = (key, value.detach().clone(), plan)
            self._remembered = [new, *self._remembered[: _REMEMBERED - 1]]
        return plan

    def in_chunks(
        self, estimator: ConditionalDensityEstimator, trials: Trials, theta: Tensor, size: int, validate: bool
    ) -> Tensor:
        """Log density of each trial, some at a time; nothing is remembered."""
        rows = theta.reshape(-1, *estimator.condition_shape)
        index = torch.arange(len(trials.value), device=theta.device) if trials.row is None else trials.row
        parts = []
        for value, row in zip(trials.value.split(size), index.split(size), strict=True):
            used, local = torch.unique(row, return_inverse=True)
            plan = Plan(estimator, self.way, Trials(value, local, len(used), row.shape), theta.dtype)
            parts.append(plan.log_prob(estimator, rows[used], validate))
        return torch.cat(parts)


_EVALUATIONS: WeakKeyDictionary[ConditionalDensityEstimator, Evaluation] = WeakKeyDictionary()


def evaluation_of(estimator: ConditionalDensityEstimator) -> Evaluation:
    """Made once for each estimator."""
    found = _EVALUATIONS.get(estimator)
    if found is None:
        found = _EVALUATIONS[estimator] = Evaluation(estimator)
    return found
