"""HSSM: its analytical DDM, sampled by NumPyro or PyMC, centred or not (options ``sampler``, ``centred``).

Where HSSM states things differently, the model is rewritten so that it is the same: its ``a`` is half of the boundary
separation, so the prior of log a moves by log 2; it does not divide the lapse density by the two choices, so the
window is twice as long. What cannot be the same: it floors the density of a trial at e^-66, below the lapses' anyway.
"""

from __future__ import annotations

import os
import sys
import time

BEGIN = time.perf_counter()

from benchmarks.engines.common import (  # noqa: E402
    BY_PARTICIPANT,
    P_OUTLIER,
    PRIORS,
    SLOPE_PRIORS,
    Report,
    Task,
    column_of,
    parameter_of,
)

TASK = Task.read()
# NumPyro runs chains in parallel only on as many devices; JAX reads this when it is imported.
os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={TASK.chains}"

import bambi as bmb  # noqa: E402
import hssm  # noqa: E402
import jax  # noqa: E402
import numpy as np  # noqa: E402
import numpyro.infer  # noqa: E402
import pandas as pd  # noqa: E402

NAMES = {"v": "v", "a": "a", "t0": "t", "z": "z"}  # ours -> HSSM's
LINKS = {"v": "identity", "a": "log", "t0": "log", "z": "logit"}
SHIFT = {"v": 0.0, "a": np.log(2.0), "t0": 0.0, "z": 0.0}  # ours minus HSSM's intercept


class Compilation:
    """Seconds in which JAX traces and compiles: the length of the union of the intervals that it reports."""

    def __init__(self) -> None:
        self._intervals: list[tuple[float, float]] = []
        jax.monitoring.register_event_duration_secs_listener(self._note)

    def _note(self, event: str, seconds: float, **_: object) -> None:
        if event.startswith("/jax/core/compile/"):
            now = time.perf_counter()
            self._intervals.append((now - seconds, now))

    def seconds(self, since: float) -> float:
        """Of the time after ``since``."""
        total, end = 0.0, since
        for low, high in sorted(self._intervals):
            total += max(0.0, high - max(low, end))
            end = max(end, high)
        return total


class PhasedMCMC(numpyro.infer.MCMC):
    """NumPyro's MCMC, with warm-up and sampling run and timed apart; each phase is compiled by itself."""

    report: Report
    compilation: Compilation

    def run(self, rng_key, *args, extra_fields=(), init_params=None, **kwargs):
        if getattr(self, "_in_phase", False):  # ``warmup`` calls ``run``
            return super().run(rng_key, *args, extra_fields=extra_fields, init_params=init_params, **kwargs)
        self._in_phase = True
        arguments = {"extra_fields": extra_fields, "init_params": init_params, **kwargs}
        self._phase("warmup", lambda: self.warmup(rng_key, *args, collect_warmup=True, **arguments))
        self.report.numbers["warmup_gradients"] = int(self.get_extra_fields()["num_steps"].sum())
        self._phase("sampling", lambda: super(PhasedMCMC, self).run(self.post_warmup_state.rng_key, *args, **arguments))

    def _phase(self, name, call) -> None:
        begin = time.perf_counter()
        call()
        jax.block_until_ready(self.get_extra_fields()["num_steps"])
        compiled = self.compilation.seconds(begin)
        self.report.seconds["compile"] = self.report.seconds.get("compile", 0.0) + compiled
        self.report.seconds[name] = time.perf_counter() - begin - compiled


def terms() -> list[dict]:
    """HSSM's specification of each parameter: formula, link and priors."""
    found = []
    for name, (mean, sd, scale) in PRIORS.items():
        priors = {"Intercept": {"name": "Normal", "mu": mean - SHIFT[name], "sigma": sd}}
        fixed = TASK.formula(name)
        formula = f"{NAMES[name]} ~ {fixed}"
        if scale is not None:
            formula += f" + ({fixed}|subject)"
            priors["1|subject"] = between(scale)
        for slope in (s for s in TASK.slopes if parameter_of(s) == name):
            mean, sd, scale = SLOPE_PRIORS[slope]
            priors[column_of(slope)] = {"name": "Normal", "mu": mean, "sigma": sd}
            priors[f"{column_of(slope)}|subject"] = between(scale)
        found.append({"name": NAMES[name], "formula": formula, "link": LINKS[name], "prior": priors})
    return found


def between(scale: float) -> dict:
    """Prior of the participants' deviations: normal, with a half-normal standard deviation."""
    return {"name": "Normal", "mu": 0.0, "sigma": {"name": "HalfNormal", "sigma": scale}}


def build(centred: bool) -> hssm.HSSM:
    """The model of the task's data."""
    subject, rt, choice = TASK.trials()
    df = pd.DataFrame({"subject": [f"s{s:03d}" for s in subject], "rt": rt, "response": np.where(choice == 1, 1, -1)})
    df = df.assign(**{column_of(name): values for name, values in TASK.covariates().items()})
    return hssm.HSSM(
        df,
        model="ddm",
        loglik_kind="analytical",
        include=terms(),
        p_outlier=P_OUTLIER,
        lapse=bmb.Prior("Uniform", lower=0.0, upper=2.0 * TASK.window),
        prior_settings=None,
        noncentered=not centred,
    )


def sample(model: hssm.HSSM, sampler: str, report: Report):
    """HSSM's results; NumPyro's phases are timed apart, PyMC's by what its chains say of each draw."""
    settings = {"draws": TASK.draws, "tune": TASK.tune, "chains": TASK.chains, "random_seed": TASK.seed}
    settings |= {"idata_kwargs": {"log_likelihood": False}, "progressbar": False}
    if sampler == "numpyro":
        PhasedMCMC.report, PhasedMCMC.compilation = report, Compilation()
        numpyro.infer.MCMC = PhasedMCMC
        begin = time.perf_counter()
        found = model.sample(sampler=sampler, **settings)
        known = sum(report.seconds[name] for name in ("compile", "warmup", "sampling"))
        report.seconds["build"] += time.perf_counter() - begin - known
        return found
    begin = time.perf_counter()
    found = model.sample(sampler=sampler, cores=TASK.cores, discard_tuned_samples=False, **settings)
    took = time.perf_counter() - begin
    spent = {name: float(found[name]["perf_counter_diff"].sum()) for name in ("warmup_sample_stats", "sample_stats")}
    sampling = sum(spent.values()) / min(TASK.cores, TASK.chains)  # chains wait for a core
    report.seconds["compile"] = max(0.0, took - sampling)
    share = spent["sample_stats"] / sum(spent.values())
    report.seconds["warmup"], report.seconds["sampling"] = (1.0 - share) * sampling, share * sampling
    report.numbers["warmup_gradients"] = int(found["warmup_sample_stats"]["n_steps"].sum())
    return found


def main() -> None:
    report = Report(BEGIN)
    with report.timed("build"):
        model = build(bool(TASK.options["centred"]))
    found = sample(model, TASK.options["sampler"], report)
    posterior, stats = found["posterior"], found["sample_stats"]
    draws = {}
    for name, theirs in NAMES.items():
        draws[f"{name}_Intercept"] = posterior[f"{theirs}_Intercept"].to_numpy() + SHIFT[name]
        if name in BY_PARTICIPANT:
            draws[f"{name}_sd"] = posterior[f"{theirs}_1|subject_sigma"].to_numpy()
            draws[f"{name}_subject"] = posterior[f"{theirs}_1|subject"].to_numpy()
    for name in TASK.slopes:
        theirs = f"{NAMES[parameter_of(name)]}_{column_of(name)}"
        draws |= {name: posterior[theirs].to_numpy(), f"{name}_sd": posterior[f"{theirs}|subject_sigma"].to_numpy()}
        draws[f"{name}_subject"] = posterior[f"{theirs}|subject"].to_numpy()
    report.numbers["gradients"] = int(stats["n_steps"].sum())
    report.numbers["divergences"] = int(stats["diverging"].sum())
    report.save(TASK, draws, ("hssm", "pymc", "numpyro", "jax"))


if __name__ == "__main__":
    sys.exit(main())
