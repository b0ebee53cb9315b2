"""Any sbi estimator as a likelihood for sampling, through torch's automatic differentiation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.neural.bridge import SBItoPyro


class EstimatorLikelihood:
    """The density of (rt, choice) under a trained sbi estimator, satisfying ``Likelihood``.

    Args:
        estimator: its input is rt and choice, its condition theta.
        parameters: names of theta's columns.
        n_choices: number of response options.

    Raises:
        ModelError: the estimator has another input or condition.
    """

    def __init__(self, estimator: ConditionalDensityEstimator, parameters: Sequence[str], n_choices: int = 2) -> None:
        shapes = (tuple(estimator.input_shape), tuple(estimator.condition_shape))
        if shapes != ((2,), (len(parameters),)):
            raise ModelError(
                f"the estimator is for data of shape {shapes[0]} given theta of shape {shapes[1]}; a likelihood of "
                f"this model needs (2,) (rt, choice) given ({len(parameters)},) ({', '.join(parameters)})."
            )
        self.estimator = estimator
        self.parameters = tuple(parameters)
        self.n_choices = n_choices

    def log_prob(self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray) -> FloatArray:
        """Log density per trial; see ``Likelihood.log_prob``."""
        with torch.no_grad():
            by_trial = torch.tensor(theta[row], dtype=torch.float64)
            return SBItoPyro(self.estimator, by_trial, validate_args=False).log_prob(_trials(rt, choice)).numpy()

    def log_prob_grad(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log density per trial and its gradient; see ``Likelihood.log_prob_grad``."""
        # a copy of theta for each trial gives each trial a gradient of its own; equal rows are still evaluated once
        by_trial = torch.tensor(theta[row], dtype=torch.float64, requires_grad=True)
        with torch.enable_grad():
            log_prob = SBItoPyro(self.estimator, by_trial, validate_args=False).log_prob(_trials(rt, choice))
            possible = torch.isfinite(log_prob)
            (gradient,) = torch.autograd.grad(log_prob[possible].sum(), by_trial)
        gradient = torch.where(possible.unsqueeze(-1), gradient, torch.zeros_like(gradient))
        return log_prob.detach().numpy(), torch.nan_to_num(gradient).numpy()


def _trials(rt: FloatArray, choice: IntArray) -> torch.Tensor:
    return torch.from_numpy(np.column_stack([rt, choice]).astype(np.float64))
