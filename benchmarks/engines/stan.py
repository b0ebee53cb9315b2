"""Stan: the centred model written by hand, through PyStan 3, whose chains are processes.

The lapse mixture is written trial by trial, since Stan's ``wiener`` takes one vector or one trial but returns the sum.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time

BEGIN = time.perf_counter()

from benchmarks.engines.common import (  # noqa: E402
    BY_PARTICIPANT,
    P_OUTLIER,
    PRIORS,
    SLOPE_PRIORS,
    START,
    START_SD,
    Report,
    Task,
    parameter_of,
)

TASK = Task.read()
# httpstan keeps compiled models and fits here (on Linux): in a new folder both are made again, and timed.
CACHE = tempfile.TemporaryDirectory()
os.environ["XDG_CACHE_HOME"] = CACHE.name

import httpstan.services_stub  # noqa: E402
import numpy as np  # noqa: E402
import stan  # noqa: E402

# Rows of theta: v, log a, log t0, and K slopes, the kth of the coefficient target_row[k]. wiener is the density at the
# upper boundary; the lower one is its mirror image.
PROGRAM = """
data {
  int<lower=1> N;
  int<lower=1> S;
  array[N] int<lower=1, upper=S> subject;
  vector<lower=0>[N] rt;
  array[N] int<lower=0, upper=1> choice;
  int<lower=0> K;
  array[K] int<lower=1, upper=3> target_row;
  array[K] vector[N] x;
  vector[3 + K] mean;
  vector[3 + K] spread;
  vector[3 + K] scale;
  real mean_z;
  real spread_z;
  real p_outlier;
  real log_uniform;
}
parameters {
  vector[3 + K] beta;
  real beta_z;
  vector<lower=0>[3 + K] sd;
  array[3 + K] vector[S] theta;
}
model {
  real z = inv_logit(beta_z);
  vector[S] t0 = exp(theta[3]);
  beta ~ normal(mean, spread);
  beta_z ~ normal(mean_z, spread_z);
  sd ~ normal(0, scale);
  for (k in 1:(3 + K)) {
    theta[k] ~ normal(beta[k], sd[k]);
  }
  for (i in 1:N) {
    int s = subject[i];
    vector[3] eta = [theta[1, s], theta[2, s], 0]';
    for (k in 1:K) {
      eta[target_row[k]] += x[k, i] * theta[3 + k, s];
    }
    real a = exp(eta[2]);
    real lapse = log(p_outlier) + log_uniform;
    if (rt[i] > t0[s]) {
      real f = choice[i] == 1 ? wiener_lpdf(rt[i] | a, t0[s], z, eta[1])
                              : wiener_lpdf(rt[i] | a, t0[s], 1 - z, -eta[1]);
      target += log_sum_exp(log1m(p_outlier) + f, lapse);
    } else {
      target += lapse;
    }
  }
}
"""
ELAPSED = re.compile(rb"([\d.]+) seconds \((Warm-up|Sampling)\)")


def data() -> dict:
    subject, rt, choice = TASK.trials()
    priors = [*(PRIORS[name] for name in BY_PARTICIPANT), *(SLOPE_PRIORS[name] for name in TASK.slopes)]
    return {
        "N": len(rt),
        "S": int(subject.max()) + 1,
        "subject": (subject + 1).tolist(),
        "rt": rt.tolist(),
        "choice": choice.tolist(),
        "K": len(TASK.slopes),
        "target_row": [1 + BY_PARTICIPANT.index(parameter_of(name)) for name in TASK.slopes],
        "x": [values.tolist() for values in TASK.covariates().values()],
        "mean": [mean for mean, _, _ in priors],
        "spread": [sd for _, sd, _ in priors],
        "scale": [scale for _, _, scale in priors],
        "mean_z": PRIORS["z"][0],
        "spread_z": PRIORS["z"][1],
        "p_outlier": P_OUTLIER,
        "log_uniform": -float(np.log(2.0 * TASK.window)),
    }


def start(subjects: int, chain: int) -> dict:
    """Where a chain starts: Stan's own choice, within e^2 of a t0 of one second, is on the lapses' plateau."""
    rng = np.random.default_rng((TASK.seed, chain))
    beta = np.array([START[name] for name in BY_PARTICIPANT] + [0.0] * len(TASK.slopes))
    theta = beta[:, None] + rng.normal(0.0, START_SD, (len(beta), subjects))
    return {"beta": beta.tolist(), "beta_z": START["z"], "sd": [START_SD] * len(beta), "theta": theta.tolist()}


def split(outputs: tuple[bytes, ...]) -> tuple[float, float]:
    """Seconds of warm-up and of sampling, summed over chains, as Stan reports them."""
    found = {b"Warm-up": 0.0, b"Sampling": 0.0}
    for output in outputs:
        for seconds, phase in ELAPSED.findall(output):
            found[phase] += float(seconds)
    return found[b"Warm-up"], found[b"Sampling"]


def main() -> None:
    report = Report(BEGIN)
    # One process a core; PyStan would start one for each core of the machine.
    httpstan.services_stub.executor._max_workers = TASK.cores
    content = data()
    with report.timed("compile"):
        model = stan.build(PROGRAM, data=content, random_seed=TASK.seed)
    begin = time.perf_counter()
    fit = model.sample(
        num_chains=TASK.chains,
        num_samples=TASK.draws,
        num_warmup=TASK.tune,
        save_warmup=True,
        init=[start(content["S"], chain) for chain in range(TASK.chains)],
    )
    took = time.perf_counter() - begin
    warmup, sampling = split(fit.stan_outputs)
    share = warmup / (warmup + sampling)
    report.seconds["warmup"], report.seconds["sampling"] = share * took, (1.0 - share) * took

    def values(name: str, kept: bool = True) -> np.ndarray:
        """(chains, draws, ...), of the warm-up if not ``kept``; PyStan lays chains out fastest, of saved draws."""
        found = fit[name].reshape(*fit[name].shape[:-1], TASK.tune + TASK.draws, TASK.chains)
        found = np.moveaxis(found, (-1, -2), (0, 1))
        return found[:, TASK.tune :] if kept else found[:, : TASK.tune]

    report.numbers["gradients"] = int(values("n_leapfrog__").sum())
    report.numbers["warmup_gradients"] = int(values("n_leapfrog__", kept=False).sum())
    report.numbers["divergences"] = int(values("divergent__").sum())
    beta, sd, theta = values("beta"), values("sd"), values("theta")
    draws = {"z_Intercept": values("beta_z")[..., 0]}
    for k, name in enumerate((*BY_PARTICIPANT, *TASK.slopes)):
        draws |= {name if name in TASK.slopes else f"{name}_Intercept": beta[..., k], f"{name}_sd": sd[..., k]}
        draws[f"{name}_subject"] = theta[:, :, k] - beta[..., k, None]
    report.note = "the peak of memory is the C++ compiler's"
    report.save(TASK, draws, ("pystan", "httpstan"))


if __name__ == "__main__":
    sys.exit(main())
