"""The probability of a response between two times under any sbi estimator, with its derivatives by theta."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor

from hddm_sbi.likelihoods.base import ANY, FloatArray, IntArray
from hddm_sbi.likelihoods.neural.flow_mass import flow_log_mass, is_flow
from hddm_sbi.likelihoods.neural.sbi_distribution import SBItoPyro
from hddm_sbi.likelihoods.quadrature import Items, mass_by_quadrature

# A copy in double precision is used if its densities are the estimator's, at so many of its draws, but for rounding.
_COMPARED, _TOLERATED = 32, 1e-3
# Two rules of quadrature agree no better than the networks' rounding, 1e-7 in single precision.
_TOLERANCE = {torch.float64: 1e-9}
_TOLERANCE_IN_SINGLE = 1e-6
# Items, and nodes of the derivatives, at once: some 10 kB of activations a node.
_ITEMS, _NODES = 200, 20_000


class EstimatorMass:
    """Log masses under an estimator of (rt, choice).

    Where the estimator's density of times is a flow the mass is a closed form, else it is found by quadrature. Networks
    run in double precision where they can.

    Args:
        estimator: any of sbi's estimators of (rt, choice).
        choices: the option indices that it gives mass to.
        theta: finite parameters at which copies of it are compared with it, shape (rows, parameters).
    """

    def __init__(self, estimator: ConditionalDensityEstimator, choices: Sequence[int], theta: FloatArray) -> None:
        self._choices = np.array(choices, dtype=np.int64)
        some = np.resize(theta, (_COMPARED, theta.shape[1]))
        drawn = _draws(estimator, some)
        self._estimator = _in_double(estimator, drawn, some)
        self._is_flow = is_flow(self._estimator, drawn, some)
        dtype = next((each.dtype for each in self._estimator.parameters()), torch.float32)
        self._tolerance = _TOLERANCE.get(dtype, _TOLERANCE_IN_SINGLE)

    def log_mass_grad(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray, with_gradient: bool
    ) -> tuple[FloatArray, FloatArray]:
        """See ``Density.log_mass_grad``; without the gradient, zeros in its place."""
        log_mass, gradient = np.full(len(choice), -np.inf), np.zeros((len(choice), theta.shape[1]))
        possible = (t1 < t2) & (t2 > 0.0) & np.isfinite(theta[row]).all(1)
        parts = [(choice == ANY) | (choice == each) for each in self._choices]
        trial = np.concatenate([np.flatnonzero(part & possible) for part in parts])
        if len(trial) == 0:
            return log_mass, gradient
        option = np.repeat(self._choices, [np.count_nonzero(part & possible) for part in parts])
        # few of these differ, so each is found once
        keys = np.column_stack([row[trial], option, np.maximum(t1[trial], 0.0), t2[trial]])
        distinct, place = np.unique(keys, axis=0, return_inverse=True)
        place = place.reshape(-1)
        items = Items(
            distinct[:, 1].astype(np.int64), distinct[:, 2], distinct[:, 3], theta[distinct[:, 0].astype(np.int64)]
        )
        found, slope = self._of_items(items, with_gradient)
        np.logaddexp.at(log_mass, trial, found[place])
        whole = log_mass[trial]
        share = np.exp(found[place] - np.where(whole > -np.inf, whole, 0.0))
        np.add.at(gradient, trial, share[:, None] * slope[place])
        return log_mass, gradient

    def _of_items(self, items: Items, with_gradient: bool) -> tuple[FloatArray, FloatArray]:
        log_mass, gradient = np.empty(len(items.t1)), np.zeros(items.theta.shape)
        for first in range(0, len(log_mass), _ITEMS):
            at = np.arange(first, min(first + _ITEMS, len(log_mass)))
            some, left = items.some(at), np.arange(len(at))
            if self._is_flow:
                log_mass[at], gradient[at] = flow_log_mass(self._estimator, some, with_gradient)
                left = np.flatnonzero(np.isnan(log_mass[at]) | ~np.isfinite(gradient[at]).all(1))
            if len(left):
                log_mass[at[left]], gradient[at[left]] = self._by_quadrature(some.some(left), with_gradient)
        return log_mass, np.where(log_mass[:, None] > -np.inf, gradient, 0.0)

    def _by_quadrature(self, items: Items, with_gradient: bool) -> tuple[FloatArray, FloatArray]:
        theta = torch.from_numpy(items.theta)

        def log_density(item: IntArray, rt: FloatArray) -> FloatArray:
            with torch.no_grad():
                return _log_prob(self._estimator, rt, items.choice[item], theta[item]).numpy()

        found, gradient = mass_by_quadrature(log_density, items, self._tolerance), np.zeros(items.theta.shape)
        for first in range(0, len(found.item) if with_gradient else 0, _NODES):
            at = slice(first, first + _NODES)
            item, share = found.item[at], torch.from_numpy(found.share[at])
            with torch.enable_grad():
                by_item = theta.clone().requires_grad_()
                log_f = _log_prob(self._estimator, found.rt[at], items.choice[item], by_item[item])
                (slope,) = torch.autograd.grad((log_f * share).sum(), by_item)
            gradient += slope.numpy()
        return found.log_mass, np.nan_to_num(gradient)


def _log_prob(estimator: ConditionalDensityEstimator, rt: FloatArray, choice: IntArray, theta: Tensor) -> Tensor:
    """Log density of each trial under its own theta (n, parameters)."""
    return SBItoPyro(estimator, theta, validate_args=False).log_prob(torch.from_numpy(np.column_stack([rt, choice])))


def _draws(estimator: ConditionalDensityEstimator, theta: FloatArray) -> FloatArray:
    """One draw of rt and choice under each theta, (n, 2); torch's generator stays as it was."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        return SBItoPyro(estimator, torch.from_numpy(theta), validate_args=False).sample().numpy()


def _in_double(
    estimator: ConditionalDensityEstimator, drawn: FloatArray, theta: FloatArray
) -> ConditionalDensityEstimator:
    """A copy in double precision, if it can be made and is the same; else the estimator itself."""
    try:
        double = copy.deepcopy(estimator).double()
        with torch.no_grad():
            data, given = torch.from_numpy(drawn), torch.from_numpy(theta)
            ours, its = (SBItoPyro(each, given, validate_args=False).log_prob(data) for each in (double, estimator))
    except Exception:  # whatever goes wrong inside of a network that is not made for it
        return estimator
    return double if torch.allclose(ours, its, rtol=_TOLERATED, atol=_TOLERATED) else estimator
