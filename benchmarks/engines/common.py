"""What the engines' scripts share; it runs in each engine's environment, so NumPy is all that it needs.

The model is the same everywhere. For participant s and trial i, with theta = (v, log a, logit z, log t0):

    theta_sk ~ Normal(beta_k, sd_k) for v, log a and log t0;   logit z is the same for all participants
    (rt, choice)_i ~ (1 - p) Wiener(v_s, a_s, z, t0_s) + p Uniform(0, window) / 2,   p = 0.05

Draws are compared on that scale, whatever an engine samples: ``v_Intercept`` (beta), ``v_sd``, and ``v_subject``, the
participants' deviations theta_s - beta.
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
BY_PARTICIPANT = tuple(name for name, (_, _, scale) in PRIORS.items() if scale is not None)
P_OUTLIER = 0.05
# A safe place to start for engines that leave that to the user: before nearly every response, chance accuracy.
START = {"v": 0.0, "a": PRIORS["a"][0], "t0": float(np.log(0.1)), "z": 0.0}
START_SD = 0.1


@dataclass(frozen=True)
class Task:
    """What an engine is asked to do; ``window`` is that of the lapses in seconds, ``options`` are the engine's own."""

    data: str
    window: float
    out: str
    draws: int
    tune: int
    chains: int
    cores: int
    seed: int
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
