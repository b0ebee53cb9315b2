"""What a report asks of a model: the part of ``HierarchicalDDM`` that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from hddm_sbi.likelihoods.observation.observation_model import ObservationModel
from hddm_sbi.results.to_arviz import Results
from hddm_sbi.results.verdict import BoxReport
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.ssm.base import SSM
from hddm_sbi.trials.trials import Trials

FloatArray = npt.NDArray[np.float64]


class Model(Protocol):
    """A model that was fitted, as ``HierarchicalDDM`` is one."""

    coding: str
    trials: Trials
    ssm: SSM
    spec: ModelSpec
    likelihood: ObservationModel
    priors: pd.DataFrame

    @property
    def conditions(self) -> pd.DataFrame:
        """One row for each cell of the factors."""
        ...

    def coefficients(self, idata: Results) -> Mapping[str, FloatArray]:
        """Draws of the coefficients as they are sampled, by site, each (chains, draws, *site shape)."""
        ...

    def predict(
        self,
        idata: Results,
        newdata: pd.DataFrame | None = None,
        seed: int = 0,
        new_groups: Literal["refuse", "sample"] = "refuse",
    ) -> xr.Dataset:
        """Posterior predictive trials."""
        ...

    def outside_box(self, idata: Results) -> BoxReport | None:
        """How many draws lie outside the range that the network was trained on."""
        ...
