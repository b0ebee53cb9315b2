"""This package, through its public interface (options ``likelihood``, ``sampler``)."""

from __future__ import annotations

import sys
import time

BEGIN = time.perf_counter()

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import torch.distributions as td  # noqa: E402

import hddm_sbi as hs  # noqa: E402
from benchmarks.engines.common import BY_PARTICIPANT, P_OUTLIER, PRIORS, SLOPE_PRIORS, Report, Task  # noqa: E402

TASK = Task.read()


def build() -> hs.HierarchicalDDM:
    """The model of the task's data, ready to sample."""
    priors: dict[str, td.Distribution] = {}
    for name, (mean, sd, scale) in PRIORS.items():
        priors[f"{name}_Intercept"] = td.Normal(mean, sd)
        if scale is not None:
            priors[f"{name}_Intercept_subject_sd"] = td.HalfNormal(scale)
    for name in TASK.slopes:
        mean, sd, scale = SLOPE_PRIORS[name]
        priors |= {name: td.Normal(mean, sd), f"{name}_subject_sd": td.HalfNormal(scale)}
    model = hs.HierarchicalDDM(
        pd.read_csv(TASK.data),
        groupby="subject",
        formula={name: TASK.formula(name) for name in BY_PARTICIPANT},
        likelihood=TASK.options["likelihood"],
        shared=[name for name in PRIORS if name not in BY_PARTICIPANT],
        priors=priors,
        p_outlier=P_OUTLIER,
        lapse=(0.0, TASK.window),
    )
    model.log_density(np.zeros(model.potential.ndim))  # compiles, and makes whatever else is made on demand
    return model


def sample(model: hs.HierarchicalDDM, draws: int):
    return model.sample(
        draws=draws,
        tune=TASK.tune,
        chains=TASK.chains,
        cores=TASK.cores,
        sampler=TASK.options["sampler"],
        seed=TASK.seed,
        progress=False,
    )


def main() -> None:
    report = Report(BEGIN)
    with report.timed("build"):
        model = build()
    with report.timed("sampling"):
        found = sample(model, TASK.draws)
    posterior, stats = found.posterior, found.sample_stats
    draws = {}
    for name in PRIORS:
        draws[f"{name}_Intercept"] = posterior[f"{name}_Intercept"].to_numpy()
        if name in BY_PARTICIPANT:
            draws[f"{name}_sd"] = posterior[f"{name}_Intercept_subject_sd"].to_numpy()
            draws[f"{name}_subject"] = posterior[f"{name}_Intercept_subject"].to_numpy()
    for name in TASK.slopes:
        draws |= {name: posterior[name].to_numpy(), f"{name}_sd": posterior[f"{name}_subject_sd"].to_numpy()}
        draws[f"{name}_subject"] = posterior[f"{name}_subject"].to_numpy()
    report.numbers["gradients"] = int(stats["n_steps"].sum())
    report.numbers["divergences"] = int(stats["diverging"].sum())
    if TASK.options.get("split"):
        # The same seed gives the same warm-up, so a run of one draw says how long it was; the parent takes the time
        # of this second run off that of the process.
        with report.timed("split"):
            sample(model, 1)
        report.seconds["warmup"] = min(report.seconds["split"], report.seconds["sampling"])
        report.seconds["sampling"] -= report.seconds["warmup"]
    report.save(TASK, draws, ("hddm-sbi", "nutpie", "numba", "numpy", "torch"))


if __name__ == "__main__":
    sys.exit(main())
