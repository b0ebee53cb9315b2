"""The likelihood of what an experiment shows: a density, lapses, and the table of what may be seen of a trial."""

from __future__ import annotations

from dataclasses import dataclass

from hddm_sbi.likelihoods.base import Density
from hddm_sbi.likelihoods.observation.bound import BoundTrials, TrialSimulator
from hddm_sbi.likelihoods.observation.lapses import Lapses
from hddm_sbi.likelihoods.observation.seen import SeenTrials


@dataclass(frozen=True)
class ObservationModel:
    """A density with what stands between a process and the data; satisfies ``Likelihood``.

    Args:
        density: the density of the process.
        lapses: the lapses that are mixed into it, or None.
        simulator: draws responses of the process, by the law of its density; None where no trials are simulated.
    """

    density: Density
    lapses: Lapses | None = None
    simulator: TrialSimulator | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of theta's columns: the process's parameters, then those of the lapses."""
        return (*self.density.parameters, *(() if self.lapses is None else self.lapses.parameters))

    @property
    def n_choices(self) -> int:
        """Number of response options."""
        return self.density.n_choices

    def bind(self, trials: SeenTrials) -> BoundTrials:
        """The likelihood of what was seen of given trials."""
        return BoundTrials(self.density, self.lapses, trials, self.simulator)
