"""The way for an estimator: a fast one where there is one and it gives what the estimator's own ``log_prob`` does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import torch
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor

from hddm_sbi.likelihoods.neural.evaluation.batched_log_prob import OwnRows
from hddm_sbi.likelihoods.neural.evaluation.general import Direct, General
from hddm_sbi.likelihoods.neural.evaluation.kinds import Rows
from hddm_sbi.likelihoods.neural.evaluation.masses import Masses
from hddm_sbi.likelihoods.neural.evaluation.mixed import Mixed
from hddm_sbi.likelihoods.neural.evaluation.spline import Spline
from hddm_sbi.likelihoods.neural.evaluation.tangents import Unsupported, close

_COMPARED = 4  # trials for which a fast way is compared with sbi's: evenly spaced among the first ones given
# Forward mode costs one evaluation more for each element of theta, reverse mode two in all: worth it for few elements,
# and for few rows, which cost no more than one.
_FEW = 512


class Way(Protocol):
    """How log densities of trials are found."""

    def prepare(self, estimator: ConditionalDensityEstimator, value: Tensor) -> Any:
        """What can be found from values alone, (n, *input_shape), all of them possible."""
        ...

    def log_prob(
        self, estimator: ConditionalDensityEstimator, data: Any, theta: Tensor, rows: Rows
    ) -> tuple[Tensor, bool]:
        """Log density of each trial, (n,), under its row of theta, whose shape may be split: (..., *condition_shape).

        As the estimator gives it: it may be NaN outside the estimator's domain. And whether all are finite.
        """
        ...


def way_for(estimator: ConditionalDensityEstimator) -> Way:
    """The first way that fits."""
    if OwnRows.fits(estimator):
        return OwnRows()
    for fast in (Masses, Spline, Mixed, Direct):
        if fast.fits(estimator):
            return _Checked(fast, estimator)
    return General(estimator)


class _Checked:
    """A fast way, made and used if it agrees with sbi's own at the first trials.

    Args:
        make: makes the fast way from an estimator.
        estimator: the estimator to evaluate. It is not kept.
    """

    def __init__(
        self, make: Callable[[ConditionalDensityEstimator], Way], estimator: ConditionalDensityEstimator
    ) -> None:
        self._general = General(estimator)
        self._fast: Way | None = None
        self._agrees: bool | None = None
        # else a network that is not as it is expected to be
        with suppress(AttributeError, TypeError, ValueError):
            self._fast = make(estimator)

    def prepare(self, estimator: ConditionalDensityEstimator, value: Tensor) -> tuple[Tensor, Any]:
        """See ``Way.prepare``; for either way."""
        return value, None if self._fast is None else self._fast.prepare(estimator, value)

    def log_prob(
        self, estimator: ConditionalDensityEstimator, data: tuple[Tensor, Any], theta: Tensor, rows: Rows
    ) -> tuple[Tensor, bool]:
        """See ``Way.log_prob``."""
        value, prepared = data
        fast = self._fast
        if fast is not None and self._agrees is None:
            self._agrees = self._compare(fast, estimator, value, theta.detach(), rows)
        if fast is not None and self._agrees and not _reverse_is_cheaper(theta, rows):
            try:
                return fast.log_prob(estimator, prepared, theta, rows)
            except Unsupported:
                pass
        return self._general.log_prob(estimator, value, theta, rows)

    def _compare(
        self, fast: Way, estimator: ConditionalDensityEstimator, value: Tensor, theta: Tensor, rows: Rows
    ) -> bool | None:
        """Whether both give the same values and derivatives; None if these trials do not tell."""
        rows_of_theta = theta.reshape(rows.n_rows, -1)
        usable = torch.nonzero(rows_of_theta.isfinite().all(-1)[rows.index]).squeeze(-1)
        if len(usable) == 0:
            return None
        which = usable[torch.linspace(0, len(usable) - 1, min(len(usable), _COMPARED), device=rows.device).long()]
        some, by_trial, results = value[which].detach(), rows_of_theta[rows.index[which]], []
        own_rows = Rows(None, len(some), len(some), rows.device)
        for way in (fast, self._general):
            with torch.enable_grad():
                condition = by_trial.clone().requires_grad_()
                try:
                    log_prob, _ = way.log_prob(estimator, way.prepare(estimator, some), condition, own_rows)
                except Exception:  # whatever goes wrong inside a network that is not as it is expected to be
                    if way is self._general:
                        raise
                    return False
                (gradient,) = torch.autograd.grad(log_prob.sum(), condition, allow_unused=True)
            results.append((log_prob.detach(), torch.zeros_like(condition) if gradient is None else gradient))
        (ours, our_slope), (theirs, their_slope) = results
        known = theirs.isfinite() & their_slope.isfinite().all(-1)
        if not bool(known.any()):
            return None
        return close(ours[known], theirs[known]) and close(our_slope[known], their_slope[known])


def _reverse_is_cheaper(theta: Tensor, rows: Rows) -> bool:
    if rows.n_rows <= _FEW or not (theta.requires_grad and torch.is_grad_enabled()):
        return False
    elements = theta.numel() // rows.n_rows
    one = rows.kinds(theta.reshape(rows.n_rows, elements)).one
    n_distinct = rows.n_rows if one is None else len(one)
    return n_distinct > _FEW and n_distinct * (1 + elements) > 3 * rows.n
