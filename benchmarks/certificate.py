"""Does the certificate catch networks that are wrong, by as much as they are wrong, and let the right one pass?

Run ``python benchmarks/certificate.py``. Simulated experiments are fitted by the exact likelihood, by the bundled
network and by spoiled copies of it: noise on the last layer of the network of the decision times, or the log odds of
the choices made smaller. What ``certify`` says of each posterior mean is compared with the difference of the two fits,
in posterior sds; that difference has a Monte Carlo error of its own, of about 0.03.
"""

from __future__ import annotations

import copy
import time
import warnings

import numpy as np
import pandas as pd
import torch

import hddm_sbi as hs
from hddm_sbi.results.quantities import quantities

DRAWS, CHAINS = 1500, 2
# noise in units of the weights' sd, and the factor of the log odds
SPOILED = {
    "as bundled": (0.0, 1.0),
    "noise 0.5": (0.5, 1.0),
    "noise 1": (1.0, 1.0),
    "odds 0.97": (0.0, 0.97),
    "odds 0.8": (0.0, 0.8),
}


def experiment(subjects: int, trials: int, seed: int = 0) -> pd.DataFrame:
    """Participants around v = 1, a = 1.6, z = 0.5, t0 = 0.3."""
    rng = np.random.default_rng(seed)
    links = rng.normal([1.0, 0.5, 0.0, -1.2], [0.4, 0.15, 0.2, 0.2], size=(subjects, 4))
    v, a, z, t0 = links.T
    theta = np.column_stack([v, np.exp(a), 1.0 / (1.0 + np.exp(-z)), np.exp(t0)])
    rt, choice = hs.simulate("ddm", theta, trials, seed=seed + 1)
    return pd.DataFrame({"subject": np.repeat(range(subjects), trials), "rt": rt.ravel(), "response": choice.ravel()})


def spoiled(noise: float, odds: float) -> hs.FirstPassageEstimator:
    """A copy of the bundled network with its last layers changed."""
    network = copy.deepcopy(hs.load_pretrained("ddm"))
    with torch.no_grad():
        weight = network.time_net[-1].weight
        step = torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
        weight.add_(noise * weight.std() * step.to(weight))
        for values in network.choice_net[-1].parameters():
            values.mul_(odds)
    return network


def fit(table: pd.DataFrame, likelihood: object, seed: int) -> tuple[hs.HierarchicalDDM, object, np.ndarray]:
    """The model, its results, and the draws of its quantities."""
    groupby = "subject" if table["subject"].nunique() > 1 else None
    model = hs.HierarchicalDDM(table, groupby=groupby, likelihood=likelihood)
    idata = model.sample(draws=DRAWS, tune=1000, chains=CHAINS, seed=seed, progress=False)
    found = quantities(idata)
    return model, idata, found.draws.reshape(-1, len(found.labels))


def main() -> None:
    """Print a row for each experiment, network and method."""
    warnings.simplefilter("ignore")
    rows = []
    for subjects, trials in ((1, 1000), (10, 200)):
        table = experiment(subjects, trials)
        _, _, exact = fit(table, "exact", seed=1)
        for name, how in SPOILED.items():
            model, idata, draws = fit(table, spoiled(*how), seed=2)
            actual = (draws.mean(axis=0) - exact.mean(axis=0)) / draws.std(axis=0)
            for method in ("reweighting", "score"):
                start = time.perf_counter()
                made = model.certify(idata, method=method)
                seconds = time.perf_counter() - start
                shift = made.table["shift"].to_numpy()
                worst = int(np.argmax(np.abs(shift)))
                rows.append(
                    {
                        "trials": f"{subjects} x {trials}",
                        "network": name,
                        "method": made.table["method"].iloc[0],
                        "passed": made.passed,
                        "largest": made.table.index[worst],
                        "shift": shift[worst],
                        "actual": actual[worst],
                        "rms actual": np.sqrt(np.mean(actual**2)),
                        "rms error": np.sqrt(np.mean((shift - actual) ** 2)),
                        "seconds": seconds,
                    }
                )
                print(
                    pd.DataFrame(rows[-1:]).to_string(index=False, header=len(rows) == 1, float_format="%.3f"),
                    flush=True,
                )


if __name__ == "__main__":
    main()
