"""Trials of people whose effects are jointly normal, simulated by hand: what the package's own designs are held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

import hddm_sbi as hs

Array = np.ndarray


def equicorrelated(k: int, rho: float) -> Array:
    """A correlation matrix, shape (k, k), of which every correlation is ``rho``."""
    return np.full((k, k), rho) + (1.0 - rho) * np.eye(k)


def alternating(k: int, rho: float) -> Array:
    """A correlation matrix, shape (k, k): ``rho`` by distance, ``rho`` ** 2 two apart, with signs that alternate."""
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k)))
    return np.sign(rho) ** apart * np.abs(rho) ** apart


def deviations(rng: np.random.Generator, groups: int, sds: Sequence[float], correlations: Array | None = None) -> Array:
    """Effects of groups as differences from the population, shape (groups, effects); independent by default."""
    s = np.asarray(sds, dtype=np.float64)
    factor = np.eye(len(s)) if correlations is None else np.linalg.cholesky(correlations)
    return rng.normal(size=(groups, len(s))) @ (s[:, None] * factor).T


def with_trials(df: pd.DataFrame, rng: np.random.Generator, **parameters: Array | float) -> pd.DataFrame:
    """The table with rt and response of each row.

    Args:
        df: one row a trial.
        rng: whose next number seeds the simulation.
        parameters: v, log a, logit z and log t0, as ``v``, ``a``, ``z``, ``t0``, a number each or one for each row.
    """
    v, log_a, logit_z, log_t0 = (np.broadcast_to(parameters[name], len(df)) for name in ("v", "a", "z", "t0"))
    theta = np.column_stack([v, np.exp(log_a), 1.0 / (1.0 + np.exp(-logit_z)), np.exp(log_t0)])
    rt, choice = hs.simulate("ddm", theta, 1, int(rng.integers(2**31)))
    return df.assign(rt=rt[:, 0], response=choice[:, 0])


def pairs(variable: str, effects: Sequence[str], correlations: Array, prefix: str = "") -> dict[str, float]:
    """The correlations by the names that a summary gives them, ``subject_corr[v_Intercept, a_Intercept]``."""
    return {
        f"{variable}[{prefix}{one}, {other}]": float(correlations[i, j])
        for i, one in enumerate(effects)
        for j, other in enumerate(effects)
        if i < j
    }


def within(participants: int, trials: int, **factors: Sequence[str]) -> pd.DataFrame:
    """A table with every participant in every cell of the factors, in turn: columns subject, number and the factors."""
    number = np.tile(np.arange(trials), participants)
    columns: dict[str, Array] = {"subject": np.repeat(np.arange(participants), trials), "number": number}
    every = 1
    for name, levels in factors.items():
        columns[name] = np.array(levels)[number // every % len(levels)]
        every *= len(levels)
    return pd.DataFrame(columns)


def numbered(truth: Mapping[str, float], prefix: str, values: Array) -> dict[str, float]:
    """The truth, and ``prefix[0]``, ``prefix[1]``, ... besides."""
    return {**truth, **{f"{prefix}[{k}]": float(value) for k, value in enumerate(values)}}
