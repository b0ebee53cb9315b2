"""Clean experiments of many kinds, and recordings of them with faults planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from hddm_sbi.trials.recording import FloatArray, Recording

SIZES = [(3, 40), (3, 500), (8, 80), (20, 60), (60, 100), (200, 20)]


def times(rng: np.random.Generator, people: int, trials: int, spread: float = 0.2) -> FloatArray:
    """First passage times of a Wiener process at one boundary, by participant, seconds, shape (people, trials)."""
    scale = np.exp(rng.normal(0.0, spread, (people, 1)))
    boundary, drift = rng.uniform(0.6, 1.4), rng.uniform(1.0, 3.0)
    decision = rng.wald(boundary / drift, boundary**2, (people, trials))
    return scale * (rng.uniform(0.15, 0.4) + decision)


def recording(seed: int, people: int, trials: int, *, unit: str = "s", step: float = 0.001) -> Recording:
    """An ordinary experiment; ``step`` is that of its clock in seconds, 0 for none."""
    rng = np.random.default_rng([seed, people, trials])
    rt = times(rng, people, trials).ravel()
    rt = np.maximum(np.round(rt / step), 1.0) * step if step else rt
    return Recording(
        rt=np.round(rt, 4) * (1000.0 if unit == "ms" else 1.0),
        unit=unit,
        choice=(rng.random(rt.size) < 0.85).astype(np.int64),
        subject=np.repeat(np.arange(people), trials),
        subjects=tuple(range(101, 101 + people)),
        index=pd.RangeIndex(rt.size),
        groupby="participant",
    )


def some(seed: int, made: Recording, share: float) -> np.ndarray:
    """Rows chosen at random, at least five of them."""
    rng = np.random.default_rng([seed, 1])
    rows = rng.random(made.n) < share
    rows[rng.choice(made.n, 5, replace=False)] = True
    return rows


def with_rt(made: Recording, rows: np.ndarray, rt: object) -> Recording:
    """The recording with other response times in some rows."""
    return replace(made, rt=np.where(rows, rt, made.rt))


def clean(seed: int) -> Recording:
    """An experiment without a fault, of any kind: sizes, clocks, lapses, deadlines, slow people, single slow trials."""
    rng = np.random.default_rng([seed, 2])
    people, trials = int(rng.choice([1, 3, 8, 20, 60, 200])), int(rng.choice([10, 20, 50, 100, 500]))
    trials = min(trials, 20_000 // people)
    rt = times(rng, people, trials, spread=rng.choice([0.1, 0.4])) * rng.choice([0.7, 1.0, 4.0])
    if rng.random() < 0.3:  # heavy tails
        rt = rt * np.exp(np.abs(rng.standard_t(3.0, rt.shape)) * 0.3).clip(max=20.0)
    lapses = rng.random(rt.shape) < rng.choice([0.0, 0.02, 0.1])
    rt = np.where(lapses, rng.uniform(0.05, rng.choice([3.0, 20.0]), rt.shape), rt)
    subject = np.repeat(np.arange(people), trials)
    rt = rt.ravel()
    in_time = rt <= np.quantile(rt, rng.choice([0.5, 0.85, 0.97, 1.0, 1.0, 1.0]))
    rt, subject = rt[in_time], subject[in_time]
    for person in rng.choice(people, rng.integers(0, people + 1), replace=False):
        own = np.flatnonzero(subject == person)
        if own.size > 4:
            rt[rng.choice(own)] = rng.uniform(5.0, 60.0)
    step = rng.choice([0.0, 0.001, 0.01, 1.0 / 60.0])
    rt = np.round(np.maximum(np.round(rt / step), 1.0) * step, 4) if step else rt
    unit = str(rng.choice(["s", "ms"]))
    _, subject = np.unique(subject, return_inverse=True)
    return Recording(
        rt=rt * (1000.0 if unit == "ms" else 1.0),
        unit=unit,
        choice=(rng.random(rt.size) < rng.uniform(0.55, 0.99)).astype(np.int64),
        subject=subject,
        subjects=tuple(range(int(subject.max()) + 1)),
        index=pd.RangeIndex(rt.size),
        coding=str(rng.choice(["response", "accuracy"])),
        groupby="participant",
    )
