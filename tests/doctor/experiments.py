"""Clean experiments of several designs, and the faults that are planted in one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import hddm_sbi as hs


@dataclass(frozen=True)
class Design:
    """An experiment and the options by which it is read."""

    table: pd.DataFrame
    options: dict[str, Any]


def _simulate(model: str, theta: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rt, choice = hs.simulate(model, theta, 1, seed)
    return np.asarray(rt).ravel(), np.asarray(choice).ravel()


def _people(rng: np.random.Generator, people: int, trials: int) -> tuple[np.ndarray, np.ndarray]:
    """Each trial's participant, and v, a, z, t0 of each trial."""
    theta = np.column_stack(
        [
            rng.normal(1.2, 0.4, people),
            np.exp(rng.normal(0.4, 0.15, people)),
            np.full(people, 0.5),
            np.exp(rng.normal(-1.2, 0.15, people)),
        ]
    )
    subject = np.repeat(np.arange(people), trials)
    return subject, theta[subject]


def two_conditions(seed: int = 1, people: int = 20, trials: int = 120) -> Design:
    """A condition that varies from trial to trial, coded by response, times to the millisecond."""
    rng = np.random.default_rng([seed, 1])
    subject, theta = _people(rng, people, trials)
    cond = rng.permuted(np.tile(np.resize([0, 1], trials), (people, 1)), axis=1).ravel()
    theta[:, 0] = np.where(cond == 1, theta[:, 0], 0.5 * theta[:, 0]) * np.where(rng.random(len(cond)) < 0.5, 1, -1)
    rt, choice = _simulate("ddm", theta, seed)
    table = pd.DataFrame(
        {
            "subject": subject + 1,
            "trial": np.tile(np.arange(1, trials + 1), people),
            "cond": np.array(["hard", "easy"])[cond],
            "rt": np.round(rt, 3),
            "response": np.array(["left", "right"])[choice],
        }
    )
    return Design(table, {"groupby": "subject", "formula": "v ~ cond"})


def accuracy(seed: int = 2, people: int = 15, trials: int = 100) -> Design:
    """Errors and correct responses, a covariate of trials and one of people, in milliseconds."""
    rng = np.random.default_rng([seed, 2])
    subject, theta = _people(rng, people, trials)
    theta[:, 0] = np.abs(theta[:, 0]) + 0.3
    theta[:, 1] += 0.3
    rt, choice = _simulate("ddm", theta, seed)
    table = pd.DataFrame(
        {
            "subject": [f"s{k:02d}" for k in subject],
            "load": rng.normal(0.0, 1.0, len(rt)),
            "score": rng.normal(0.0, 1.0, people)[subject],
            "rt": np.round(1000.0 * rt),
            "response": choice,
        }
    )
    options = {"groupby": "subject", "formula": "v ~ load + score", "coding": "accuracy", "rt_unit": "ms"}
    return Design(table, options)


def race(seed: int = 3, people: int = 10, trials: int = 150) -> Design:
    """A race of three accumulators."""
    rng = np.random.default_rng([seed, 3])
    mean = np.array([2.0, 2.5, 1.5, 1.0, 0.5, 0.25])
    theta = np.exp(rng.normal(np.log(mean), 0.1, (people, 6)))
    subject = np.repeat(np.arange(people), trials)
    rt, choice = _simulate("rdm", theta[subject], seed)
    table = pd.DataFrame({"subject": subject, "rt": rt, "response": choice})
    return Design(table, {"groupby": "subject", "model": "rdm"})


def go_nogo(seed: int = 4, people: int = 12, trials: int = 160) -> Design:
    """Go responses by a deadline of 1.5 s; all others were withheld."""
    rng = np.random.default_rng([seed, 4])
    subject, theta = _people(rng, people, trials)
    stim = rng.permuted(np.tile(np.resize([1, 1, 1, 0], trials), (people, 1)), axis=1).ravel()
    theta[:, 0] = np.where(stim == 1, 2.0, -1.5)
    rt, choice = _simulate("ddm", theta, seed)
    made = (choice == 1) & (rt < 1.5)
    table = pd.DataFrame(
        {
            "subject": subject,
            "stim": np.array(["nogo", "go"])[stim],
            "rt": np.where(made, rt, np.nan),
            "response": np.where(made, "go", None),
        }
    )
    return Design(table, {"groupby": "subject", "go": "go", "deadline": 1.5, "formula": "v ~ stim"})


def deadline(seed: int = 5, people: int = 16, trials: int = 120) -> Design:
    """Omissions that are named, stimulus coding, two groups of people."""
    rng = np.random.default_rng([seed, 5])
    subject, theta = _people(rng, people, trials)
    stim = rng.integers(0, 2, len(subject))
    theta[:, 0] *= np.where(stim == 1, 1.0, -1.0)
    rt, choice = _simulate("ddm", theta, seed)
    late = rt > 2.0
    table = pd.DataFrame(
        {
            "subject": subject,
            "group": np.array(["control", "patient"])[subject % 2],
            "stim": np.array(["left", "right"])[stim],
            "rt": np.where(late, np.nan, rt),
            "response": np.where(late, None, np.array(["left", "right"], dtype=object)[choice]),
        }
    )
    options = {"groupby": "subject", "deadline": 2.0, "coding": "stimulus", "stimulus": "stim", "formula": "a ~ group"}
    return Design(table, options)


CLEAN: dict[str, Callable[..., Design]] = {
    "two conditions": two_conditions,
    "accuracy": accuracy,
    "race": race,
    "go/no-go": go_nogo,
    "deadline": deadline,
}
