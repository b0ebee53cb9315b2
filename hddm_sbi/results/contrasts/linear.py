"""A contrast as a linear form of the population's coefficients, on the link scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hddm_sbi.errors import ModelError
from hddm_sbi.results.contrasts.asked import Asked, FloatArray
from hddm_sbi.results.contrasts.cells import Cells
from hddm_sbi.results.contrasts.values import specs_at
from hddm_sbi.spec.linear import common_predictor

# Weights that differ from zero by rounding alone.
_ZERO = 1e-12


class NotLinear(Exception):
    """A product or a ratio of two values that both depend on coefficients."""


@dataclass(frozen=True)
class Linear:
    """constant + sum over sites of weights x coefficients.

    Args:
        constant: a number.
        weights: by site of the population's coefficients, shape (columns,).
    """

    constant: float
    weights: dict[str, FloatArray]

    def __add__(self, other: Linear | float) -> Linear:
        if not isinstance(other, Linear):
            return Linear(self.constant + other, self.weights)
        sites = dict.fromkeys((*self.weights, *other.weights))
        weights = {site: self.weights.get(site, 0.0) + other.weights.get(site, 0.0) for site in sites}
        return Linear(self.constant + other.constant, {site: np.asarray(w) for site, w in weights.items()})

    def __mul__(self, other: Linear | float) -> Linear:
        if isinstance(other, Linear):
            if other.involved:
                if self.involved:
                    raise NotLinear
                return other * self.constant
            other = other.constant
        return Linear(self.constant * other, {site: weight * other for site, weight in self.weights.items()})

    def __sub__(self, other: Linear | float) -> Linear:
        return self + other * -1.0

    def __truediv__(self, other: Linear | float) -> Linear:
        if isinstance(other, Linear):
            if other.involved:
                raise NotLinear
            other = other.constant
        return self * (1.0 / other)

    def __rsub__(self, other: float) -> Linear:
        return self * -1.0 + other

    def __rtruediv__(self, other: float) -> Linear:
        return Linear(other, {}) / self

    __radd__, __rmul__ = __add__, __mul__

    @property
    def involved(self) -> dict[str, FloatArray]:
        """The weights of the sites that matter."""
        return {site: weight for site, weight in self.weights.items() if np.abs(weight).max() > _ZERO}


def linear_value(asked: Asked, cells: Cells, scale: str) -> Linear:
    """The typical participant's value as a linear form.

    Raises:
        ModelError: on the natural scale the parameter is not linear in its coefficients.
    """
    spec = specs_at(asked, cells).population
    parameter = spec.parameter(cells.quantity.parameter)
    if scale == "natural" and parameter.link != "identity":
        raise ModelError(
            f"a Bayes factor refers to the scale on which effects are estimated, for '{parameter.name}' that of the "
            f"{parameter.link}; ask with scale='link', where its effects are differences."
        )
    if parameter.fixed is not None:
        return Linear(float(parameter.link_function.forward(np.asarray(parameter.fixed))), {})
    sites = {term.site: np.zeros(term.matrix.shape[1] if term.levels is not None else ()) for term in parameter.common}
    constant = float(np.mean(common_predictor(parameter, sites, spec.n_rows)))
    return Linear(constant, {term.site: term.matrix.mean(axis=0) for term in parameter.common})
