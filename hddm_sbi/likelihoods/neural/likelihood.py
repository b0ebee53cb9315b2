"""A first-passage network as a likelihood for sampling: float64, compiled, networks once per row of theta."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import Any

import numpy as np

from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.driver.piece import CompiledPiece
from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.conditioning import condition, condition_by_table, reduce_rows
from hddm_sbi.likelihoods.neural.network import FirstPassageNetwork
from hddm_sbi.likelihoods.neural.network_memory import layered, tabled
from hddm_sbi.likelihoods.neural.network_piece import network_piece
from hddm_sbi.likelihoods.neural.network_record import BoolArray, form_of, layers_of
from hddm_sbi.likelihoods.neural.table import Table, tabulated
from hddm_sbi.likelihoods.neural.trial_densities import densities
from hddm_sbi.likelihoods.neural.trial_masses import masses


class FirstPassageLikelihood:
    """The density of a ``FirstPassageNetwork``, satisfying ``Likelihood``.

    Args:
        network: trained; its weights are copied. An estimator is such a network.
    """

    any_by_choice: bool = True

    def __init__(self, network: FirstPassageNetwork) -> None:
        self.canonical: Canonical = network.canonical
        self.parameters = self.canonical.names
        self.n_choices = self.canonical.n_choices
        self._form = form_of(network)
        self._time, self._choice = layers_of(network.time_net), layers_of(network.choice_net)
        self._forward = self._time.forward, self._choice.forward
        self._network = copy.deepcopy(network)

    @cached_property
    def _table(self) -> Table | None:
        """Made when a density is first asked for: a model that is only looked at needs none."""
        return tabulated(self._network, self._form)

    def log_prob(self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray) -> FloatArray:
        """Log density per trial, shape (trials,); see ``Density.log_prob``."""
        return densities(rt, choice, *self._at(theta, row, 0), _no_gradient(rt))

    def log_prob_grad(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log density per trial and its gradient; see ``Density.log_prob_grad``."""
        gradient = np.zeros((len(rt), theta.shape[1]))
        return densities(rt, choice, *self._at(theta, row, 1), gradient), gradient

    def log_mass(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> FloatArray:
        """Log probability of a response between two times; see ``Density.log_mass``."""
        return masses(choice, t1, t2, *self._at(theta, row, 0), _no_gradient(t1))

    def log_mass_grad(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same and its gradient; see ``Density.log_mass_grad``."""
        gradient = np.zeros((len(t1), theta.shape[1]))
        return masses(choice, t1, t2, *self._at(theta, row, 1), gradient), gradient

    def _at(self, theta: FloatArray, row: IntArray, order: int) -> tuple[Any, ...]:
        """What compiled code needs to know of theta for values, or for gradients (order 1)."""
        theta = np.ascontiguousarray(theta, dtype=np.float64)
        form = self._form
        canonical = reduce_rows(theta, form)
        n_tangents = canonical.shape[1] if order else 0
        if self._table is not None:
            networks = condition_by_table(canonical, n_tangents, form, self._table)
        else:
            networks = condition(canonical, n_tangents, form, *self._forward)
        return theta, row, canonical, *networks, form

    def piece(self, demand: BoolArray, slots: int) -> CompiledPiece:
        """The compiled piece; see ``driver.piece``.

        Args:
            demand: which choices' densities or masses each row of theta is asked for, shape (rows, choices).
            slots: threads that may use it at a time.
        """
        if self._table is not None:
            return network_piece(tabled(self._form, self._table, demand, slots))
        return network_piece(layered(self._form, self._time, self._choice, demand, slots))


def _no_gradient(trials: FloatArray) -> FloatArray:
    return np.empty((len(trials), 0))
