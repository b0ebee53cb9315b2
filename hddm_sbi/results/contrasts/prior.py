"""The prior of the coefficients of a contrast, at other widths too, and what it says of the contrast."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.distributions as td

from hddm_sbi.results.contrasts.asked import FloatArray
from hddm_sbi.spec.distributions import in_words, normal

# One population coefficient: its site, and its column there.
Column = tuple[str, int]


@dataclass(frozen=True)
class Prior:
    """A joint prior: Gaussian, or any distribution of a single coefficient.

    Args:
        columns: the coefficients.
        mean: shape (columns,); of a Gaussian.
        covariance: shape (columns, columns); of a Gaussian.
        single: the distribution of the only coefficient; None of a Gaussian.
    """

    columns: tuple[Column, ...]
    mean: FloatArray
    covariance: FloatArray
    single: td.Distribution | None = None

    def widened(self, sites: Collection[str], factor: float) -> Prior | None:
        """The prior with coefficients of some sites spread wider by a factor; None where its family has no scale."""
        if factor == 1.0:
            return self
        if self.single is not None:
            scaled = _scaled(self.single, factor)
            return None if scaled is None else replace(self, single=scaled)
        scale = np.array([factor if site in sites else 1.0 for site, _ in self.columns])
        return replace(self, covariance=self.covariance * np.outer(scale, scale))

    def density(self, constant: float, weights: FloatArray, point: float) -> float:
        """Density of constant + weights x coefficients at a point."""
        if self.single is not None:
            at = np.asarray((point - constant) / weights[0])
            return float(np.exp(log_prob(self.single, at))) / abs(float(weights[0]))
        return float(np.exp(log_prob(self._of_contrast(constant, weights), np.asarray(point))))

    def in_words(self, constant: float, weights: FloatArray) -> str:
        """What it says of the contrast: ``Normal(0, 0.5)``."""
        if self.single is None:
            return in_words(self._of_contrast(constant, weights))
        plain = constant == 0.0 and weights[0] == 1.0
        return in_words(self.single) + ("" if plain else f" of {self.columns[0][0]}")

    def _of_contrast(self, constant: float, weights: FloatArray) -> td.Distribution:
        variance = float(weights @ self.covariance @ weights)
        return normal(constant + float(weights @ self.mean), math.sqrt(variance))


def log_prob(distribution: td.Distribution, values: FloatArray) -> FloatArray:
    """Log density, -inf outside the support."""
    at = torch.as_tensor(np.asarray(values, dtype=np.float64))
    assert distribution.support is not None
    inside = distribution.support.check(at)
    some = distribution.sample().to(at.dtype)  # a value that the density takes
    return torch.where(inside, distribution.log_prob(torch.where(inside, at, some)), -torch.inf).numpy()


def _scaled(prior: td.Distribution, factor: float) -> td.Distribution | None:
    """The distribution with its scale multiplied; None where the family has none."""
    try:
        names = list(prior.arg_constraints)
    except NotImplementedError:
        return None
    if "scale" not in names:
        return None
    parameters = {name: getattr(prior, name) for name in names}
    parameters["scale"] = parameters["scale"] * factor
    family: Any = type(prior)
    return family(**parameters)
