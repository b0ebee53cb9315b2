"""The experiments that the engines are compared on: columns subject, rt (seconds) and response (0 lower, 1 upper)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import hddm_sbi as hs

# The simulated experiment: 30 participants of 40 trials, about 1% errors and 4% fast guesses.
PARTICIPANTS, TRIALS, SEED = 30, 40, 20
POPULATION = {"v": (3.0, 0.6), "log_a": (np.log(1.6), 0.15), "log_t0": (np.log(0.28), 0.1)}  # mean, sd
GUESSES, GUESS_SECONDS = 0.04, (0.08, 0.22)


def cavanagh() -> pd.DataFrame:
    """The bundled experiment: 3,988 trials of 14 participants, rts in steps of 10 ms (Cavanagh et al. 2011)."""
    df = hs.load_data("cavanagh_theta")
    response = (df["response"] > 0).astype(int)
    return pd.DataFrame({"subject": df["participant_id"], "rt": df["rt"], "response": response})


def covariate() -> pd.DataFrame:
    """The bundled experiment as it was meant: conflict in the drift, the EEG's theta of the trial in the boundaries.

    Both columns have a mean of zero; every trial is a row of its own of the design.
    """
    df = hs.load_data("cavanagh_theta")
    conflict = (df["conf"] == "HC").astype(float)
    return cavanagh().assign(conf=conflict - conflict.mean(), theta=df["theta"] - df["theta"].mean())


def ceiling() -> pd.DataFrame:
    """A harder one, simulated: few trials, hardly an error, and some guesses before the stimulus is processed."""
    rng = np.random.default_rng(SEED)
    v, log_a, log_t0 = (rng.normal(mean, sd, PARTICIPANTS) for mean, sd in POPULATION.values())
    theta = np.column_stack([v, np.exp(log_a), np.full(PARTICIPANTS, 0.5), np.exp(log_t0)])
    rt, choice = hs.simulate("ddm", theta, TRIALS, SEED)
    guess = rng.random(rt.shape) < GUESSES
    rt = np.where(guess, rng.uniform(*GUESS_SECONDS, rt.shape), rt).round(3)  # computers record milliseconds
    choice = np.where(guess, rng.integers(0, 2, rt.shape), choice)
    subject = np.repeat(np.arange(PARTICIPANTS), TRIALS)
    return pd.DataFrame({"subject": subject, "rt": rt.ravel(), "response": choice.ravel()})


def smoke() -> pd.DataFrame:
    """A piece of the bundled experiment, with which to try the benchmark itself."""
    df = cavanagh()
    return df[df["subject"] < 3].groupby("subject").head(60).reset_index(drop=True)


DATA = {"cavanagh": cavanagh, "covariate": covariate, "ceiling": ceiling, "smoke": smoke}
COMPARED = ("cavanagh", "covariate", "ceiling")
# Slopes of the model, which vary between participants; none elsewhere.
SLOPES = {"covariate": ("v_conf", "a_theta")}
# Seconds over which lapses are spread: longer than any rt. Over 20 s, the bundled experiment's, a fast guess is so
# improbable that the model would rather give its participant another t0: two modes, which no sampler is to blame for.
WINDOW = {"cavanagh": 20.0, "covariate": 20.0, "ceiling": 2.0, "smoke": 20.0}


def write(name: str, folder: Path) -> Path:
    """Write one of the experiments as a table, and say where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    DATA[name]().to_csv(path, index=False)
    return path
