"""Is the network's posterior the exact one? Fits the bundled experiment and reweights the draws to the exact density.

Run ``python benchmarks/network_against_exact.py``. Draws of the network's posterior get the importance weights
p(data | theta) / q(data | theta), smoothed by Pareto-smoothed importance sampling (Vehtari et al. 2024); what the
weights change in a mean or a standard deviation is what the network got wrong. With k below 0.7 they can be trusted.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

import hddm_sbi as hs
from hddm_sbi.inference.predictive import pointwise_log_prob
from hddm_sbi.results.to_arviz import arviz

# The posterior means and sds published for these data, exact likelihood, v, a, z and t0 by participant.
PUBLISHED = {"v": (0.448, 0.080), "a": (1.976, 0.086), "z": (0.491, 0.008), "t0": (0.478, 0.031)}


def fit(likelihood: str, seed: int) -> tuple[hs.HierarchicalDDM, pd.DataFrame, dict[str, np.ndarray]]:
    """The model, its scalar draws as columns, and its coefficients."""
    model = hs.HierarchicalDDM(
        hs.load_data("cavanagh_theta"),
        groupby="participant_id",
        likelihood=likelihood,
        p_outlier=0.05,
        lapse=(0.0, 20.0),
    )
    posterior = model.sample(draws=1000, tune=1000, chains=4, seed=seed).posterior
    coefficients = {name: posterior[name].to_numpy() for name in posterior.data_vars}
    columns = {
        f"{name}{list(at) if at else ''}": values.reshape(4000, -1)[:, k]
        for name, values in coefficients.items()
        for k, at in enumerate(np.ndindex(*values.shape[2:]))
    }
    return model, pd.DataFrame(columns), coefficients


def main() -> None:
    """Print the comparison."""
    network, draws, coefficients = fit("nle", seed=1)
    exact, truth, _ = fit("exact", seed=2)
    total = {
        name: pointwise_log_prob(model.spec, model._bound, coefficients).sum(-1).ravel()
        for name, model in (("network", network), ("exact", exact))
    }
    log_weights, k = arviz.psislw(total["exact"] - total["network"])
    weights = np.exp(np.asarray(log_weights))
    weights /= weights.sum()
    mean = draws.mul(weights, axis=0).sum()
    sd = np.sqrt(((draws - mean) ** 2).mul(weights, axis=0).sum())
    shift, ratio = (mean - draws.mean()) / sd, draws.std(ddof=0) / sd
    effective, moved, change = 1.0 / np.sum(weights**2), shift.abs(), (ratio - 1.0).abs()
    print(f"{len(draws.columns)} quantities, Pareto k {float(k):.2f}, {effective:.0f} of 4000 draws effective")
    print(f"shift of a mean: median {moved.median():.3f} sd, largest {moved.max():.3f} ({moved.idxmax()})")
    print(f"change of an sd: median {change.median():.1%}, largest {change.max():.1%} ({change.idxmax()})")
    table = pd.DataFrame(
        {
            "network": [f"{draws[p].mean():.3f} ({draws[p].std():.3f})" for p in PUBLISHED],
            "exact": [f"{truth[p].mean():.3f} ({truth[p].std():.3f})" for p in PUBLISHED],
            "published": [f"{m:.3f} ({s:.3f})" for m, s in PUBLISHED.values()],
        },
        index=list(PUBLISHED),
    )
    print(table.to_string())


if __name__ == "__main__":
    main()
