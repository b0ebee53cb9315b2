"""Experiments that do not show all of a trial, simulated without any of the package's observation model.

The process is simulated by ``hs.simulate``; participants, lapses, deadlines, withheld responses and truncation are
drawn and censored here, by NumPy, as an experiment would. The package's models are told of it by their options alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch.distributions as td

import hddm_sbi as hs

FloatArray = np.ndarray
Values = Mapping[str, FloatArray]

THETA = ("v", "a", "z", "t0")
INVERSE = {"a": np.exp, "t0": np.exp, "z": lambda x: 1.0 / (1.0 + np.exp(-x))}
# Values of the parameters that a scenario leaves out.
OTHERWISE = {"a": 1.5, "z": 0.5, "t0": 0.3}
# The median of a half-normal distribution, in units of its scale.
HALF_NORMAL_MEDIAN = 0.6745
# Attempts at each trial of truncated data, by rounds; far more than any prior draw needs.
ROUNDS = 1000


@dataclass(frozen=True)
class Coefficient:
    """A population coefficient on the link scale: the mean and sd of its normal prior.

    Args:
        mean, sd: of the prior.
        group_sd: scale of the half-normal prior of the standard deviation between participants; 0: they do not differ.
    """

    mean: float
    sd: float
    group_sd: float = 0.0


@dataclass(frozen=True)
class Factor:
    """A factor of two levels that each participant sees in turn: of every ``every`` trials the last is the second."""

    name: str
    levels: tuple[str, str]
    every: int = 2


@dataclass(frozen=True)
class Scenario:
    """One kind of experiment, and the priors that its parameters are drawn from.

    The priors are so narrow that all that may be seen of a trial occurs in every data set: the model, whose parameters
    and window of lapses follow from that, is then the same for all.

    Args:
        name: for files.
        title: for people.
        coefficients: by name, ``v_Intercept`` and so on, or ``v_<factor>`` for the second level's difference.
        lapses: the numbers of the beta prior of ``p_outlier`` and ``lapse_omission``.
        factor: in the formula of v, or the stimulus that turns v round.
        signed: whether the factor is the stimulus.
        deadline: in seconds.
        truncate: (low, high), in seconds.
        go: whether choice 1 is the only response that is ever made.
        window: the end of the window of lapses, in seconds.
        fixed: constants.
        timed: whether times are seen.
    """

    name: str
    title: str
    coefficients: Mapping[str, Coefficient]
    lapses: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    factor: Factor | None = None
    signed: bool = False
    deadline: float | None = None
    truncate: tuple[float, float] | None = None
    go: bool = False
    window: float | None = None
    fixed: Mapping[str, float] = field(default_factory=dict)
    timed: bool = True

    @property
    def population(self) -> tuple[str, ...]:
        """Variables of the population: coefficients, standard deviations, probabilities of lapses."""
        sds = (f"{name}_subject_sd" for name, of in self.coefficients.items() if of.group_sd)
        return (*self.coefficients, *sds, *self.lapses)

    @property
    def varying(self) -> tuple[str, ...]:
        """Parameters that differ between participants."""
        return tuple(dict.fromkeys(_parameter(name) for name, of in self.coefficients.items() if of.group_sd))

    @property
    def stated(self) -> dict[str, Any]:
        """All that says what it is, as JSON takes it."""
        return asdict(self)

    def options(self) -> dict[str, Any]:
        """Those of ``HierarchicalDDM`` but for priors."""
        formula = ["v_bias ~ 1"] if self.signed else [] if self.factor is None else [f"v ~ {self.factor.name}"]
        found: dict[str, Any] = {"groupby": "subject", "likelihood": "exact", "formula": formula or None}
        found |= {"fixed": dict(self.fixed), "deadline": self.deadline, "truncate": self.truncate}
        found |= {"go": 1 if self.go else None, "observed": ("rt", "response") if self.timed else "response"}
        if self.window is not None:
            found["lapse"] = (0.0, self.window)
        if self.signed:
            assert self.factor is not None
            lower, upper = self.factor.levels
            found |= {"coding": "stimulus", "stimulus": {self.factor.name: {lower: 0, upper: 1}}}
        return found

    def priors(self) -> dict[str, td.Distribution]:
        """The narrow priors, as the model takes them."""
        priors: dict[str, td.Distribution] = {n: td.Normal(of.mean, of.sd) for n, of in self.coefficients.items()}
        scales = {name: of.group_sd for name, of in self.coefficients.items() if of.group_sd}
        priors |= {f"{name}_subject_sd": td.HalfNormal(scale) for name, scale in scales.items()}
        return priors | {name: td.Beta(*of) for name, of in self.lapses.items()}

    def drawn(self, rng: np.random.Generator) -> dict[str, float]:
        """The population, drawn from the narrow priors."""
        found = {name: rng.normal(of.mean, of.sd) for name, of in self.coefficients.items()}
        found |= {f"{n}_subject_sd": abs(rng.normal(0.0, of.group_sd)) for n, of in self.coefficients.items()}
        return found | {name: rng.beta(*of) for name, of in self.lapses.items()}

    def typical(self) -> dict[str, float]:
        """The population in the middle of the narrow priors."""
        found = {name: of.mean for name, of in self.coefficients.items()}
        found |= {f"{n}_subject_sd": HALF_NORMAL_MEDIAN * of.group_sd for n, of in self.coefficients.items()}
        return found | {name: a / (a + b) for name, (a, b) in self.lapses.items()}

    def simulate(
        self, population: Mapping[str, float], participants: int, trials: int, rng: np.random.Generator
    ) -> tuple[pd.DataFrame, Values]:
        """An experiment, and the values of all that the posterior has, each of one draw, (1, 1, ...)."""
        values: dict[str, FloatArray] = {name: np.array(population[name]) for name in self.population}
        for name, of in self.coefficients.items():
            deviations = population[f"{name}_subject_sd"] * rng.standard_normal(participants)
            if of.group_sd:
                values[f"{name}_subject"] = deviations
        own = self._own(values, participants)
        values |= {f"{name}_subject": own[name] for name in self.varying}
        subject, level = np.repeat(np.arange(participants), trials), self._levels(participants * trials)
        df = pd.DataFrame({"subject": subject})
        if self.factor is not None:
            df[self.factor.name] = np.array(self.factor.levels)[level]
        theta = np.column_stack([np.broadcast_to(own[name].T, (2, participants))[level, subject] for name in THETA])
        if self.signed:
            theta[:, 0] = np.where(level == 1, theta[:, 0], -theta[:, 0]) + own["v_bias"][subject, 0]
        rt, response = self._seen(theta, values, rng)
        if self.timed:
            df["rt"] = rt
        df["response"] = response
        return df, {name: np.asarray(x)[np.newaxis, np.newaxis] for name, x in values.items()}

    def _own(self, values: Values, participants: int) -> dict[str, FloatArray]:
        """Parameters of each participant on their natural scales, (participants, 1), or (participants, 2) by level."""
        found = {name: np.full((participants, 1), self.fixed.get(name, x)) for name, x in OTHERWISE.items()}
        eta: dict[str, FloatArray] = {}
        for name in self.coefficients:
            of_each = values[name] + values.get(f"{name}_subject", np.zeros(participants))
            steps = np.ones(1) if name.endswith("_Intercept") else np.arange(2.0)  # the first level has no difference
            eta[_parameter(name)] = eta.get(_parameter(name), 0.0) + of_each[:, np.newaxis] * steps
        return found | {name: INVERSE.get(name, np.asarray)(x) for name, x in eta.items()}

    def _levels(self, n: int) -> np.ndarray:
        """The factor's level of each trial, 0 or 1."""
        every = 1 if self.factor is None else self.factor.every
        return (np.arange(n) % every == every - 1).astype(np.int64) if every > 1 else np.zeros(n, dtype=np.int64)

    def _seen(self, theta: FloatArray, values: Values, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """What the experiment shows of trials of such theta: rt and response, NaN where there is none."""
        rt, response = np.full(len(theta), np.nan), np.full(len(theta), np.nan)
        missing = np.arange(len(theta))
        for _ in range(ROUNDS):
            rt[missing], response[missing] = self._responses(theta[missing], values, rng)
            if self.truncate is None:
                break
            low, high = self.truncate  # a trial that is taken out gives way to another of its kind
            missing = missing[~((rt[missing] >= low) & (rt[missing] <= high))]
            if not len(missing):
                break
        else:
            raise RuntimeError(f"{self.name}: hardly any trial is kept.")
        if self.deadline is not None:
            response[rt > self.deadline] = np.nan
        if self.go:
            response[response == 0.0] = np.nan
        rt[np.isnan(response)] = np.nan
        return rt, response

    def _responses(self, theta: FloatArray, values: Values, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Responses of the process and of lapses; both NaN where a lapse never responds."""
        n = len(theta)
        rt, choice = hs.simulate("ddm", theta, 1, seed=int(rng.integers(2**31)))
        rt, response = rt[:, 0].copy(), choice[:, 0].astype(np.float64)
        if "p_outlier" not in self.lapses:
            return rt, response
        assert self.window is not None
        lapse = rng.random(n) < values["p_outlier"]
        rt = np.where(lapse, rng.uniform(0.0, self.window, n), rt)
        response = np.where(lapse, 1.0 if self.go else rng.integers(0, 2, n), response)
        silent = lapse & (rng.random(n) < values.get("lapse_omission", 0.0))
        rt[silent] = response[silent] = np.nan
        return rt, response


def _parameter(coefficient: str) -> str:
    """The parameter of a coefficient: v of v_cond, v_bias of v_bias_Intercept."""
    return coefficient.rpartition("_")[0]


def _process(v: float = 1.0, z_sd: float = 0.2, **more: Coefficient) -> dict[str, Coefficient]:
    """Coefficients of the ddm around usual values, narrower than the package's default priors."""
    return {
        "v_Intercept": Coefficient(v, 0.3, 0.4), "a_Intercept": Coefficient(float(np.log(1.5)), 0.15, 0.15),
        "z_Intercept": Coefficient(0.0, z_sd, z_sd), "t0_Intercept": Coefficient(float(np.log(0.3)), 0.15, 0.15),
    } | more  # fmt: skip


LAPSES, SILENT = {"p_outlier": (1.0, 20.0)}, {"lapse_omission": (1.0, 1.0)}  # the package's default priors
GO = _process(v=1.8, v_stim=Coefficient(-3.0, 0.4, 0.4)) | {"z_Intercept": Coefficient(0.0, 0.1)}

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "deadline", "omissions by a deadline", _process(), LAPSES | SILENT, deadline=0.95, window=0.95,
        ),
        Scenario(
            "go", "go/no-go", GO, LAPSES | SILENT, Factor("stim", ("go", "no-go"), 4),
            deadline=1.5, window=1.5, go=True,
        ),
        Scenario("truncated", "truncated at both ends", _process(), LAPSES, truncate=(0.42, 1.25), window=1.25),
        Scenario(
            "choices", "choices alone, a and z fixed",
            {"v_Intercept": Coefficient(1.0, 0.7, 0.4), "v_cond": Coefficient(0.0, 0.7, 0.4)},
            factor=Factor("cond", ("a", "b")), fixed={"a": 1.5, "z": 0.5}, timed=False,
        ),
        Scenario(
            "attention", "omissions, half of them attentional", _process(1.2),
            {"p_outlier": (8.0, 92.0), "lapse_omission": (6.0, 4.0)}, deadline=1.45, window=1.45,
        ),
        Scenario(
            "stimulus", "stimulus coding with a drift criterion",
            _process(1.2, v_bias_Intercept=Coefficient(0.2, 0.3, 0.2)), LAPSES,
            Factor("stim", ("left", "right")), signed=True, window=10.0,
        ),
    )
}  # fmt: skip
