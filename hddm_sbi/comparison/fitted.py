"""A model with draws of its posterior: what is compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hddm_sbi.likelihoods.observation.bound import BoundTrials
from hddm_sbi.results.to_arviz import Results, spaced
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.ssm.base import SSM
from hddm_sbi.trials.trials import Trials

FloatArray = npt.NDArray[np.float64]
# draws by site, each of shape (chains, draws, *site shape); or (draws, *site shape) where it is said
Coefficients = Mapping[str, FloatArray]


@dataclass(frozen=True)
class Fitted:
    """A model and draws of its posterior.

    Args:
        spec: the model's structure.
        bound: the likelihood of the observed trials.
        trials: the trials of the experiment.
        ssm: the process.
        coefficients: draws by site, each of shape (chains, draws, *site shape).
        likelihood: the label of the likelihood, such as ``"exact"``.
        weights: sha256 of the network's weights; None without a network.
        idata: the results that the draws are from.
    """

    spec: ModelSpec
    bound: BoundTrials
    trials: Trials
    ssm: SSM
    coefficients: Coefficients
    likelihood: str
    weights: str | None
    idata: Results

    @property
    def shape(self) -> tuple[int, int]:
        """Number of chains, and of draws of each."""
        chains, draws = next(iter(self.coefficients.values())).shape[:2]
        return chains, draws

    @property
    def n_draws(self) -> int:
        """Number of draws of all chains."""
        chains, draws = self.shape
        return chains * draws

    def thinned(self, most: int) -> Coefficients:
        """About so many of the draws at most, evenly spaced in every chain."""
        chains, draws = self.shape
        keep = spaced(draws, max(1, most // chains))
        return {site: value[:, keep] for site, value in self.coefficients.items()}


def flat(coefficients: Coefficients) -> dict[str, FloatArray]:
    """The draws of all chains behind each other, (draws, *site shape)."""
    return {site: value.reshape(-1, *value.shape[2:]) for site, value in coefficients.items()}


def count(coefficients: Coefficients) -> int:
    """Length of the first dimension: chains, or draws where they are flat."""
    return len(next(iter(coefficients.values())))
