"""Twenty participants of two hundred trials: NUTS on the models beyond the ddm finds what the data were made of."""

import numpy as np
import pandas as pd
import pytest

import hddm_sbi as hs
from hddm_sbi.results.diagnostics import diagnostics

# what participants share, and the parameter whose recovery is asked
MORE = {"full_ddm": {"sv": 1.0, "sz": 0.3, "st0": 0.1}, "angle": {"theta": 0.35}}
ASKED = {"full_ddm": "sv", "angle": "theta"}
LIKELIHOOD = {"full_ddm": "exact", "angle": "nle"}
# The range of starting points, which two hundred trials hardly tell, mixes most slowly.
DRAWS = {"full_ddm": 1000, "angle": 500}


def experiment(model: str, seed: int) -> pd.DataFrame:
    rng, parts = np.random.default_rng(seed), []
    for subject in range(20):
        theta = [
            rng.normal(1.2, 0.4), 1.6 * np.exp(rng.normal(0.0, 0.15)), rng.normal(0.5, 0.03),
            0.3 * np.exp(rng.normal(0.0, 0.1)), *MORE[model].values(),
        ]  # fmt: skip
        rt, choice = hs.simulate(model, theta, 200, seed=100 * seed + subject)
        parts.append(pd.DataFrame({"subject": subject, "rt": rt, "response": choice}))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", MORE)
def test_nuts_recovers_what_a_model_has_beyond_the_ddm(name: str) -> None:
    model = hs.HierarchicalDDM(experiment(name, 2), groupby="subject", model=name, likelihood=LIKELIHOOD[name])
    idata = model.sample(draws=DRAWS[name], tune=500, chains=4, seed=1, progress=False)
    found = idata["posterior"][ASKED[name]].to_numpy()
    assert int(idata["sample_stats"]["diverging"].sum()) == 0
    assert abs(found.mean() - MORE[name][ASKED[name]]) < 3.0 * found.std()
    assert found.std() < 0.25 * MORE[name][ASKED[name]]
    for site, values in idata["posterior"].items():
        assert diagnostics(values.to_numpy().reshape(4, DRAWS[name], -1))[2].max() < 1.015, site
