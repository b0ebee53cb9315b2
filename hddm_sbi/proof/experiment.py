"""A user's experiment as something that can be simulated and fitted again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from hddm_sbi.errors import DataError
from hddm_sbi.inference.predictive import predict
from hddm_sbi.likelihoods.observation.bound import BoundTrials
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.to_arviz import Results, group, to_datasets
from hddm_sbi.results.variables import Coordinates, Variables
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.trials.trials import Trials

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Coefficients = Mapping[str, FloatArray]

# A fit is repeated with twice the draws where what is looked at is not known well enough, this many times at most.
REPEATS = 3
# Chains that disagree more than this are not usable: short fits are not held to the 1.01 of a final one.
R_HAT_BELOW = 1.05


@dataclass(frozen=True)
class Experiment:
    """A model of the user's design, whose outcomes can be replaced. It is what workers get.

    Args:
        spec: the model's structure on the trials.
        likelihood: of what was seen of the trials.
        trials: as they were observed.
        variables: coefficients by site, (chains, draws, ...), to the variables of a posterior and their labels.
        fit: samples the posterior of outcomes, rt and choice, of the same trials, or of them beside those observed;
            takes the options of ``HierarchicalDDM.sample``.
        options: the model as the user stated it.
        weights: sha256 of a network's weights, or None.
    """

    spec: ModelSpec
    likelihood: BoundTrials
    trials: Trials
    variables: Callable[[Coefficients], tuple[Variables, Coordinates]]
    fit: Callable[..., Results]
    options: Mapping[str, Any]
    weights: str | None

    def posterior(self, coefficients: Coefficients) -> xr.Dataset:
        """The variables that results have, of any coefficients, such as true ones."""
        variables, coords = self.variables(coefficients)
        named = {name: (("chain", "draw", *dims), values) for name, (dims, values) in variables.items()}
        return to_datasets({"posterior": named}, coords)["posterior"]

    def simulate(self, coefficients: Coefficients, seed: int) -> tuple[FloatArray, IntArray]:
        """One experiment, (trials,) each: responses, omissions and what was not recorded as in the observed one.

        Raises:
            DataError: the parameters allow no trial.
        """
        times, options = predict(self.spec, self.likelihood, coefficients, seed)
        rt, choice = times.reshape(-1), options.reshape(-1).astype(np.int64)
        seen, none = self.likelihood.trials, np.isnan(rt) & (choice < 0)
        impossible = none & ~np.isfinite(seen.deadline) & (not seen.go)
        if impossible.any():
            raise DataError(
                f"the parameters that were drawn allow no response on {int(impossible.sum()):,} of {seen.n:,} trials, "
                "or none that stays in truncated data: narrower priors (priors=) leave such values out."
            )
        rt[~seen.rt_seen & seen.choice_seen] = np.nan
        choice[seen.rt_seen & ~seen.choice_seen] = -1
        return rt, choice

    @property
    def n_subjects(self) -> int:
        """Number of participants; 1 where trials are not told apart."""
        return max(len(self.trials.subjects), 1)


@dataclass(frozen=True)
class Settings:
    """How each simulated experiment is fitted.

    Args:
        draws: number of draws kept of each chain, at first.
        tune: number of warm-up draws of each chain, or ``"auto"``, as in ``HierarchicalDDM.sample``.
        chains: number of chains, one after the other: tasks are what runs side by side.
    """

    draws: int = 400
    tune: int | Literal["auto"] = "auto"
    chains: int = 2

    @property
    def as_json(self) -> dict[str, object]:
        """For the record of a run."""
        return asdict(self)


@dataclass(frozen=True)
class Fitted:
    """A fit, and how it went.

    Args:
        results: from ``sample``.
        seconds: that it took, with all repeats.
        draws: of all chains.
        divergences: among them.
        r_hat: the largest of what was looked at.
        ess: the smallest.
    """

    results: Results
    seconds: float
    draws: int
    divergences: int
    r_hat: float
    ess: float

    @property
    def posterior(self) -> xr.Dataset:
        """The draws."""
        return group(self.results, "posterior")

    @property
    def record(self) -> dict[str, float]:
        """Columns for the rows of a task."""
        return {
            "seconds": round(self.seconds, 3), "draws": self.draws, "divergences": self.divergences,
            "worst_r_hat": self.r_hat, "least_ess": self.ess,
        }  # fmt: skip


def fit(
    experiment: Experiment,
    outcomes: tuple[FloatArray, IntArray],
    settings: Settings,
    seed: int,
    looked_at: Callable[[xr.Dataset], FloatArray],
    needed: float,
    *,
    beside: bool = False,
) -> Fitted:
    """Fit a simulated experiment until what is looked at is known well enough, or no more repeats are left.

    Args:
        experiment: the experiment.
        outcomes: rt and choice of its trials.
        settings: of the first attempt; each repeat has twice the draws.
        seed: of all of them.
        looked_at: draws of the quantities that count, (chains, draws, quantities), of a posterior.
        needed: effective draws of each.
        beside: whether the observed outcomes are in the data as well.
    """
    import torch

    torch.set_num_threads(1)
    begin = time.perf_counter()
    for repeat in range(1 + REPEATS):
        draws = settings.draws * 2**repeat
        results = experiment.fit(
            *outcomes, beside, draws=draws, tune=settings.tune, chains=settings.chains, seed=seed, cores=1,
            progress=False,
        )  # fmt: skip
        ess, _, r_hat = diagnostics(looked_at(group(results, "posterior")))
        least, worst = float(np.nanmin(ess, initial=np.inf)), float(np.nanmax(r_hat, initial=1.0))
        if least >= needed and worst < R_HAT_BELOW:
            break
    diverging = int(group(results, "sample_stats")["diverging"].sum())
    return Fitted(results, time.perf_counter() - begin, settings.chains * draws, diverging, worst, least)


def integer(seeds: np.random.SeedSequence) -> int:
    """A seed for functions that take a whole number."""
    return int(seeds.generate_state(1, np.uint32)[0] >> 1)
