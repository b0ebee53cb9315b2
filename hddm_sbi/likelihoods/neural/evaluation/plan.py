"""What is known of a set of trials under an estimator, found once for all steps of a sampler."""

from __future__ import annotations

import math
from dataclasses import dataclass
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
        value: (n, *input_shape).
        row: (n,), or None if trial i is under row i.
        n_rows: number of rows.
    """

    value: Tensor
    row: Tensor | None
    n_rows: int


class Layout(NamedTuple):
    """How values and rows of theta lie to each other, and where the network is.

    Args:
        value_shape: without the dimensions of an event.
        row_shape: of theta, without those of a condition.
        shape: what both broadcast to.
        dtype: of the network.
        device: of the network.
    """

    value_shape: torch.Size
    row_shape: torch.Size
    shape: torch.Size
    dtype: torch.dtype
    device: torch.device

    def trials(self, value: Tensor, event_shape: torch.Size) -> Trials:
        """Of ``value``, (*value_shape, *event_shape)."""
        flat = value.reshape(self.value_shape + event_shape).expand(self.shape + event_shape)
        flat = flat.reshape(-1, *event_shape).to(self.device)
        n_rows = math.prod(self.row_shape)
        if self.row_shape == self.shape:
            return Trials(flat, None, n_rows)
        row = torch.arange(n_rows, device=self.device).reshape(self.row_shape).expand(self.shape)
        return Trials(flat, row.reshape(-1), n_rows)


class Plan:
    """Trials, which of them can have a density, and what the way of evaluation needs of these.

    Args:
        estimator: that they are to be evaluated under.
        way: how.
        trials: what.
        dtype: of the network.
    """

    def __init__(self, estimator: ConditionalDensityEstimator, way: Way, trials: Trials, dtype: torch.dtype) -> None:
        self._way, self._trials = way, trials._replace(value=trials.value.to(dtype))
        keep = possible(estimator, trials.value.detach())
        self._keep = None if bool(keep.all()) else keep
        self._parts = self._some(estimator, self._keep)

    def log_prob(self, estimator: ConditionalDensityEstimator, theta: Tensor, validate: bool) -> Tensor:
        """Log density of each trial under its row of theta, as for ``Way``; -inf where there is none."""
        data, rows = self._parts
        if rows.n:
            try:
                log_prob = self._way.log_prob(estimator, data, theta, rows)
            except ValueError:
                check_numbers(theta)  # torch's distributions, which some networks are made of, check what they get
                raise
            if math.isfinite(float(log_prob.detach().sum())):
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
                log_prob = self._way.log_prob(estimator, data, theta, rows) if rows.n else _nothing(theta)
            return self._in_place(log_prob, theta, keep)
        assert self._keep is not None
        return self._in_place(_nothing(theta), theta, self._keep)

    def _some(self, estimator: ConditionalDensityEstimator, keep: Tensor | None) -> tuple[Any, Rows]:
        value, row, n_rows = self._trials
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


@dataclass(frozen=True)
class _Remembered:
    value: Tensor
    layout: Layout
    plan: Plan

    def fits(self, value: Tensor, layout: Layout) -> bool:
        """By their values, since a tensor may be changed in place."""
        mine = self.value
        return (
            self.layout == layout
            and mine.dtype == value.dtype
            and mine.device == value.device
            and torch.equal(mine, value)
        )


class Evaluation:
    """An estimator's way of evaluation, and the plans made with it.

    Args:
        estimator: any of sbi's. It is not kept: what is kept of it must not keep it alive.
    """

    def __init__(self, estimator: ConditionalDensityEstimator) -> None:
        self.way = way_for(estimator)
        self._remembered: list[_Remembered] = []
        places = ((module._parameters, name) for module in estimator.modules() for name in module._parameters)
        # where the first of the network's parameters is kept: it may be replaced
        self._place = next((at for at in places if at[0][at[1]] is not None and at[0][at[1]].is_floating_point()), None)

    def network_type(self, estimator: ConditionalDensityEstimator, theta: Tensor) -> tuple[torch.dtype, torch.device]:
        """Dtype and device that the network runs in; theta's if it has neither parameters nor buffers."""
        of = None if self._place is None else self._place[0].get(self._place[1])
        if of is None:
            of = next((buffer for buffer in estimator.buffers() if buffer.is_floating_point()), theta)
        return of.dtype, of.device

    def plan(self, estimator: ConditionalDensityEstimator, value: Tensor, layout: Layout) -> Plan:
        """The plan for values, (*value_shape, *input_shape), made if it is not remembered."""
        fixed = not (value.requires_grad and torch.is_grad_enabled())
        if fixed:
            for remembered in self._remembered:
                if remembered.fits(value, layout):
                    return remembered.plan
        trials = layout.trials(value, torch.Size(estimator.input_shape))
        plan = Plan(estimator, self.way, trials, layout.dtype)
        if fixed:
            new = _Remembered(value.detach().clone(), layout, plan)
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
            plan = Plan(estimator, self.way, Trials(value, local, len(used)), theta.dtype)
            parts.append(plan.log_prob(estimator, rows[used], validate))
        return torch.cat(parts)


_EVALUATIONS: WeakKeyDictionary[ConditionalDensityEstimator, Evaluation] = WeakKeyDictionary()


def evaluation_of(estimator: ConditionalDensityEstimator) -> Evaluation:
    """Made once for each estimator."""
    found = _EVALUATIONS.get(estimator)
    if found is None:
        found = _EVALUATIONS[estimator] = Evaluation(estimator)
    return found
