"""What the engines' scripts share; it runs in each engine's environment, so NumPy is all that it needs.

The model is the same everywhere. For participant s and trial i, with theta = (v, log a, logit z, log t0):

    theta_sk ~ Normal(beta_k, sd_k) for v, log a and log t0;   logit z is the same for all participants
    (rt, choice)_i ~ (1 - p) Wiener(v_s, a_s, z, t0_s) + p Uniform(0, window) / 2,   p = 0.05

Draws are compared on that scale, whatever an engine samples: ``v_Intercept`` (beta), ``v_sd``, and ``v_subject``, the
participants' deviations theta_s - beta.

A slope, say of log a on a column ``theta``, is one more such coefficient with its own beta and sd, ``a_theta``,
``a_theta_sd`` and ``a_theta_subject``; columns have a mean of zero, so that no engine's centring moves an intercept.
"""

from __future__ import annotations

import csv
import json
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

# beta ~ Normal(mean, sd); the third number is the scale of the half-normal prior of the sd between participants.
PRIORS = {
    "v": (0.0, 2.0, 1.0),
    "a": (float(np.log(1.5)), 0.5, 0.5),
    "t0": (float(np.log(0.3)), 0.6, 0.5),
    "z": (0.0, 0.5, None),
}
# The same of slopes, named <parameter>_<column>; a task says which of them are in the model.
SLOPE_PRIORS = {"v_conf": (0.0, 1.0, 0.5), "a_theta": (0.0, 0.3, 0.2)}
BY_PARTICIPANT = tuple(name for name, (_, _, scale) in PRIORS.items() if scale is not None)
P_OUTLIER = 0.05
# A safe place to start for engines that leave that to the user: before nearly every response, chance accuracy.
START = {"v": 0.0, "a": PRIORS["a"][0], "t0": float(np.log(0.1)), "z": 0.0}
START_SD = 0.1


@dataclass(frozen=True)
class Task:
    """What an engine is asked to do.

    Args:
        data: path of the table.
        window: of the lapses, in seconds.
        out: folder of what the engine writes.
        draws, tune, chains, cores, seed: how long, and on what.
        slopes: names of ``SLOPE_PRIORS``.
        options: the engine's own.
    """

    data: str
    window: float
    out: str
    draws: int
    tune: int
    chains: int
    cores: int
    seed: int
    slopes: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls) -> Task:
        """The task whose path is the first argument."""
        return cls(**json.loads(Path(sys.argv[1]).read_text()))

    def trials(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Participant (from 0), response time in seconds and choice (0 lower, 1 upper), each of shape (trials,)."""
        with open(self.data, newline="") as file:
            rows = [(row["subject"], float(row["rt"]), int(row["response"])) for row in csv.DictReader(file)]
        labels, rt, choice = (np.array(column) for column in zip(*rows, strict=True))
        if all(label.isdecimal() for label in labels.tolist()):
            labels = labels.astype(np.int64)  # as a table has them: 2 comes before 10
        return np.unique(labels, return_inverse=True)[1], rt, choice

    def covariates(self) -> dict[str, np.ndarray]:
        """The column of each slope, of shape (trials,), by the slope's name."""
        with open(self.data, newline="") as file:
            rows = list(csv.DictReader(file))
        return {name: np.array([float(row[column_of(name)]) for row in rows]) for name in self.slopes}

    def formula(self, parameter: str) -> str:
        """The right-hand side of a parameter's formula but for its group terms: 1, or 1 + theta."""
        return " + ".join(["1", *(column_of(name) for name in self.slopes if parameter_of(name) == parameter)])


def parameter_of(slope: str) -> str:
    """The parameter of a slope: a of a_theta."""
    return slope.partition("_")[0]


def column_of(slope: str) -> str:
    """The column of a slope: theta of a_theta."""
    return slope.partition("_")[2]


class Report:
    """Seconds of the parts of a run, and what else is known of it.

    Seconds are keyed ``import``, ``build``, ``compile``, ``warmup``, ``sampling`` (wall), numbers ``gradients`` and
    ``divergences`` (of the kept draws, all chains) and ``warmup_gradients``. What an engine does not say is absent.
    """

    def __init__(self, begin: float) -> None:
        self.seconds: dict[str, float] = {"import": time.perf_counter() - begin}
        self.numbers: dict[str, float] = {}
        self.note = ""

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Adds the block's wall time to that of ``name``."""
        begin = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

    def save(self, task: Task, draws: dict[str, np.ndarray], packages: tuple[str, ...]) -> None:
        """Write draws.npz, name -> (chains, draws, ...), and report.json into the task's folder."""
        out = Path(task.out)
        np.savez(out / "draws.npz", **{name: np.asarray(values, np.float64) for name, values in draws.items()})
        versions = {"python": platform.python_version()} | {name: version(name) for name in packages}
        content = {"seconds": self.seconds, "numbers": self.numbers, "note": self.note, "versions": versions}
        (out / "report.json").write_text(json.dumps(content, indent=1))
