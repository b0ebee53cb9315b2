"""Twenty participants of two hundred trials: NUTS on the models beyond the ddm finds what the data were made of."""

import numpy as np
import pandas as pd
import pytest

import hddm_sbi as hs
from hddm_sbi.results.diagnostics import diagnostics
from tests.chances import next_count_bound, r_hat_bound

# what participants share, and the parameter whose recovery is asked
MORE = {"full_ddm": {"sv": 1.0, "sz": 0.3, "st0": 0.1}, "angle": {"theta": 0.35}}
ASKED = {"full_ddm": "sv", "angle": "theta"}
LIKELIHOOD = {"full_ddm": "exact", "angle": "nle"}
CHAINS, TUNE, DRAWS = 4, 300, 400
# Least effective draws of all quantities: 400 and more in the fits that were looked at. The range of starting points,
# which two hundred trials hardly tell, mixes most slowly.
EFFECTIVE = 300
# Mean and variance of the number of draws that diverge, of 1,600: none did in three fits, and five in six.
DIVERGENCES = {"full_ddm": (0.1, 0.1), "angle": (1.0, 2.0)}


def experiment(model: str, seed: int) -> pd.DataFrame:
    """Times to 10 ms, which the formula of the full_ddm takes once where trials share them."""
    rng, parts = np.random.default_rng(seed), []
    for subject in range(20):
        theta = [
            rng.normal(1.2, 0.4), 1.6 * np.exp(rng.normal(0.0, 0.15)), rng.normal(0.5, 0.03),
            0.3 * np.exp(rng.normal(0.0, 0.1)), *MORE[model].values(),
        ]  # fmt: skip
        rt, choice = hs.simulate(model, theta, 200, seed=100 * seed + subject)
        parts.append(pd.DataFrame({"subject": subject, "rt": rt.round(2), "response": choice}))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", MORE)
def test_nuts_recovers_what_a_model_has_beyond_the_ddm(name: str) -> None:
    model = hs.HierarchicalDDM(experiment(name, 2), groupby="subject", model=name, likelihood=LIKELIHOOD[name])
    idata = model.sample(draws=DRAWS, tune=TUNE, chains=CHAINS, seed=1, progress=False)
    found = idata["posterior"][ASKED[name]].to_numpy()
    assert int(idata["sample_stats"]["diverging"].sum()) <= next_count_bound(*DIVERGENCES[name], of=1)
    # 0.5 and 1.5 sds, and 0.06 and 0.14 of the truth; the draws tell the mean to 0.1 sds, and the sd to a tenth
    assert abs(found.mean() - MORE[name][ASKED[name]]) < 3.0 * found.std()
    assert found.std() < 0.25 * MORE[name][ASKED[name]]
    columns = [values.to_numpy().reshape(CHAINS, DRAWS, -1) for values in idata["posterior"].values()]
    r_hat = diagnostics(np.concatenate(columns, axis=-1))[2]
    # 1.11; it is 1.012 to 1.022
    assert r_hat.max() < r_hat_bound(len(r_hat), EFFECTIVE, CHAINS)
