"""Five trials of each participant: chains agree, where they stuck to the edges of non-decision times before."""

import numpy as np
import pytest

from benchmarks.awkward import CASES
from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.results.convergence import OF_GROUPS
from hddm_sbi.results.summary import summarise
from hddm_sbi.results.to_arviz import group


# Around fixed bends the chains of the first begin anew with smaller steps, and take six times as many gradients.
@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 3])
def test_chains_agree(seed: int) -> None:
    data = CASES["five trials each"].simulate(seed)
    found = HierarchicalDDM(data, groupby="subject", likelihood="exact", choices=(0, 1)).sample(
        seed=seed, progress=False
    )
    stats, table = group(found, "sample_stats"), summarise(found)
    assert found.attrs["ended_because"] == "every quantity is known well enough"
    assert table["r_hat"][~table["kind"].isin(OF_GROUPS)].max() < 1.01
    assert int(stats["diverging"].sum()) == 0
    # 24 and 15 steps a draw; 101 in the second attempt of the first around fixed bends
    assert np.mean(stats["n_steps"]) < 45.0
