"""A fit, and what is computed of it once for all parts of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
import xarray as xr

from hddm_sbi.doctor.checkup import Checkup
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.plots.reading import indices
from hddm_sbi.report.protocol import Model
from hddm_sbi.report.quantiles import predictive_quantiles, same_people
from hddm_sbi.report.sensitivity import Sensitivity, sensitivity
from hddm_sbi.results.certificate import Certificate
from hddm_sbi.results.summary import summarise
from hddm_sbi.results.to_arviz import Results, group, recorded_model
from hddm_sbi.results.verdict import Verdict, verdict


@dataclass(frozen=True)
class Origin:
    """Where a fit comes from, as far as the model does not know it itself.

    Args:
        command: as it was typed.
        files: names of the files of the data, and the sha256 of each.
        certificate: of the network.
        checkup: of the data.
    """

    command: str = ""
    files: Sequence[tuple[str, str]] = ()
    certificate: Certificate | None = None
    checkup: Checkup | None = None


@dataclass(frozen=True, eq=False)
class Fit:
    """A model, its draws, and what is computed of them once.

    Args:
        model: the model.
        idata: what its ``sample`` returned.
        prior: draws of the prior, of the variables of the posterior.
        origin: where it comes from.
    """

    model: Model
    idata: Results
    prior: xr.Dataset
    origin: Origin = field(default_factory=Origin)

    @property
    def attrs(self) -> dict[str, Any]:
        """What the draws say of their making."""
        return dict(self.idata.attrs)

    @property
    def posterior(self) -> xr.Dataset:
        """The draws."""
        return group(self.idata, "posterior")

    @property
    def participants(self) -> str | None:
        """The dimension of the participants, if any."""
        groupby = self.model.trials.groupby
        return None if groupby is None else groupby.replace("/", "÷")

    @cached_property
    def stated(self) -> dict[str, Any]:
        """The model as the user stated it."""
        return recorded_model(self.idata)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """The table of all quantities."""
        return summarise(self.idata)

    @cached_property
    def verdict(self) -> Verdict:
        """Whether the draws can be used."""
        return verdict(self.idata, summary=self.summary)

    @cached_property
    def seed(self) -> int:
        """The seed of the draws, which that of predicted trials follows."""
        return int(self.attrs.get("seed", 0))

    @cached_property
    def sensitivity(self) -> Sensitivity:
        """What would change the conclusions."""
        return sensitivity(self.model, self.idata)

    @cached_property
    def quantiles(self) -> pd.DataFrame:
        """Observed and predicted quantiles and shares, of the same people and of new ones."""
        return predictive_quantiles(self.model, self.idata, seed=self.seed, same=self._same_people)

    @cached_property
    def predicted(self) -> Predicted:
        """The trials beside predicted ones of the same people, with the factors of the model as columns."""
        trials = self.model.trials
        rt, choice = (
            self._same_people[name].transpose("chain", "draw", "trial").to_numpy().reshape(-1, trials.n)
            for name in ("rt", "choice")
        )
        columns = {str(name): trials.frame[name].array for name in self.model.conditions.columns}
        return Predicted(
            trials.rt, trials.choice, rt, indices(choice), trials.options,
            subject=trials.subject if trials.groupby else None, subjects=trials.subjects, groupby=trials.groupby,
            columns=columns,
        ).comparable()  # fmt: skip

    @cached_property
    def _same_people(self) -> xr.Dataset:
        return same_people(self.model, self.idata, self.seed)
