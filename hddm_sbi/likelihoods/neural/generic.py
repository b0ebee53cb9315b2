"""Any sbi estimator as a likelihood for sampling: compiled where its parts are known, else by torch's derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.base import BoolArray, FloatArray, IntArray
from hddm_sbi.likelihoods.driver.driver import compiled_sum
from hddm_sbi.likelihoods.driver.event_arrays import Shape
from hddm_sbi.likelihoods.driver.piece import CompiledPiece
from hddm_sbi.likelihoods.events import Events, as_they_are, density
from hddm_sbi.likelihoods.neural.estimator_mass import EstimatorMass
from hddm_sbi.likelihoods.neural.evaluation.domain import categories
from hddm_sbi.likelihoods.neural.sbi_distribution import SBItoPyro

if TYPE_CHECKING:
    from hddm_sbi.likelihoods.neural.mixed.record import Networks

# Draws of the estimator on which the compiled form is compared with the estimator itself, and how far they may differ:
# networks have single precision.
_COMPARED, _TOLERATED = 32, 1e-3


class EstimatorLikelihood:
    """The density of (rt, choice) under a trained sbi estimator; satisfies ``Density``.

    Args:
        estimator: a trained estimator whose input is (rt, choice) and whose condition is theta.
        parameters: names of theta's columns.
        n_choices: number of response options.

    Raises:
        ModelError: the estimator has another input or condition, or codes choices in another way.
    """

    any_by_choice: bool = True

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
        self._masses: EstimatorMass | None = None
        self.known_choices = _known_choices(estimator)
        strange = [choice for choice in self.known_choices or () if choice not in range(n_choices)]
        if strange:
            raise ModelError(
                f"the network '{type(estimator).__name__}' was trained on the choices "
                f"{_numbers(self.known_choices or ())}, but this model's are "
                f"{_numbers(range(n_choices))} (0 = lower, 1 = upper): it would read them as others; train it again on "
                "simulations whose choices are coded so."
            )

    def log_prob(self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray) -> FloatArray:
        """Log density per trial, shape (trials,); see ``Density.log_prob``."""
        with torch.no_grad():
            by_trial = torch.tensor(theta[row], dtype=torch.float64)
            return SBItoPyro(self.estimator, by_trial, validate_args=False).log_prob(_trials(rt, choice)).numpy()

    def log_prob_grad(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log density per trial and its gradient; see ``Density.log_prob_grad``."""
        # a copy of theta for each trial gives each trial a gradient of its own; equal rows are still evaluated once
        by_trial = torch.tensor(theta[row], dtype=torch.float64, requires_grad=True)
        with torch.enable_grad():
            log_prob = SBItoPyro(self.estimator, by_trial, validate_args=False).log_prob(_trials(rt, choice))
            possible = torch.isfinite(log_prob)
            (gradient,) = torch.autograd.grad(log_prob[possible].sum(), by_trial)
        gradient = torch.where(possible.unsqueeze(-1), gradient, torch.zeros_like(gradient))
        return log_prob.detach().numpy(), torch.nan_to_num(gradient).numpy()

    def log_mass(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> FloatArray:
        """Log probability of a response between two times; see ``Density.log_mass``."""
        return self._mass(choice, t1, t2, theta, row, False)[0]

    def log_mass_grad(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same and its gradient; see ``Density.log_mass_grad``."""
        return self._mass(choice, t1, t2, theta, row, True)

    def _mass(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray, with_gradient: bool
    ) -> tuple[FloatArray, FloatArray]:
        numbers = theta[np.isfinite(theta).all(1)]
        if self._masses is None and len(numbers):
            choices = range(self.n_choices) if self.known_choices is None else [int(c) for c in self.known_choices]
            self._masses = EstimatorMass(self.estimator, choices, numbers)
        if self._masses is None:
            return np.full(len(choice), -np.inf), np.zeros((len(choice), len(self.parameters)))
        return self._masses.log_mass_grad(choice, t1, t2, theta, row, with_gradient)

    def draws(self, theta: FloatArray, n: int, seed: int = 0) -> tuple[FloatArray, FloatArray]:
        """rt and choice as the network draws them, (rows, n) each, for theta (rows, parameters)."""
        return draws_of(self.estimator, theta, n, seed)

    def piece(self, demand: BoolArray, slots: int) -> CompiledPiece | None:
        """The compiled piece, for the estimator that sbi's MNLE builds, else None; see ``driver.piece``.

        Args:
            demand: which choices' densities or masses each row of theta is asked for, shape (rows, choices).
            slots: threads that may use it at a time.
        """
        if self._networks is None:
            return None
        return _Known(self._networks).piece(demand, slots)

    @cached_property
    def _networks(self) -> Networks | None:
        """The estimator's networks, if they are known and compute what the estimator does."""
        from hddm_sbi.likelihoods.neural.mixed.record import networks_of

        networks = networks_of(self.estimator, self.n_choices)
        return networks if networks is not None and self._agrees(networks) else None

    def _agrees(self, networks: Networks) -> bool:
        """Whether log densities of the compiled form are the estimator's: sbi may compute otherwise one day."""
        rng = np.random.default_rng(0)
        theta = networks.time.mean + networks.time.sd * rng.uniform(-1.5, 1.5, (_COMPARED, len(self.parameters)))
        rt, choice = draws_of(self.estimator, theta, 1)
        rt, row, option = rt[:, 0], np.arange(_COMPARED), choice[:, 0].astype(np.int64)
        expected = self.log_prob(rt, option, theta, row)
        found = [_compiled_log_prob(networks, rt[i : i + 1], option[i : i + 1], theta[i : i + 1]) for i in row]
        return bool((np.abs(found - expected) <= _TOLERATED * (1.0 + np.abs(expected))).all())


class _Known:
    """The piece of networks that are known."""

    any_by_choice = True

    def __init__(self, networks: Networks) -> None:
        self._networks = networks

    def piece(self, demand: BoolArray, slots: int) -> CompiledPiece:
        """The piece; see ``driver.piece``."""
        from hddm_sbi.likelihoods.neural.mixed.piece import mixed_piece

        return mixed_piece(self._networks, demand, slots)


def _compiled_log_prob(networks: Networks, rt: FloatArray, choice: IntArray, theta: FloatArray) -> float:
    """The log density of one trial by the compiled form."""
    one = Events(np.zeros(1, np.int64), np.zeros(1, np.int64), (density(choice, rt),), False, 1, np.full(1, -np.inf))
    shape = Shape(1, theta.shape[1], -1, -1)
    native = compiled_sum(_Known(networks), len(networks.category), [as_they_are(one)], shape, 1)
    assert native is not None
    theta, by_theta = np.ascontiguousarray(theta), np.empty(theta.shape)
    return native(0, theta, by_theta)


def draws_of(
    estimator: ConditionalDensityEstimator, theta: FloatArray, n: int, seed: int = 0
) -> tuple[FloatArray, FloatArray]:
    """rt and choice drawn from an estimator of these, (rows, n) each; torch's generator stays as it was."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        by_row = torch.tensor(theta, dtype=torch.float64)
        drawn = SBItoPyro(estimator, by_row, validate_args=False).sample(torch.Size([n])).numpy()
    return np.ascontiguousarray(drawn[..., 0].T), np.ascontiguousarray(drawn[..., 1].T)


def _known_choices(estimator: ConditionalDensityEstimator) -> tuple[float, ...] | None:
    """The choices that an estimator of (rt, choice) gives mass to; None where it does not say."""
    known = categories(estimator)
    return None if not known else tuple(float(value) for value in known[-1])


def _numbers(values: Sequence[float]) -> str:
    """Numbers as a person writes them."""
    *most, last = [f"{value:g}" for value in values]
    return f"{', '.join(most)} and {last}" if most else last


def _trials(rt: FloatArray, choice: IntArray) -> torch.Tensor:
    return torch.from_numpy(np.column_stack([rt, choice]).astype(np.float64))
