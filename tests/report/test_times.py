"""Response times in bins."""

from __future__ import annotations

import numpy as np

from hddm_sbi.report.times import ALL, BINS, EVERYBODY, binned_times
from tests.plots.made import predicted_trials


def test_bins_are_those_of_a_count_by_hand() -> None:
    data = predicted_trials()
    table = binned_times(data, ["cond"])
    assert table["participant"].unique().tolist() == [EVERYBODY, "a", "b", "c", "d", "e"]
    assert table["condition"].unique().tolist() == [ALL, "cond=A", "cond=B"]
    own = table[(table["participant"] == "b") & (table["condition"] == "cond=B") & (table["response"] == "LL")]
    rows = (data.subject == 1) & (data.columns["cond"] == "B")
    end = np.quantile(data.rt, 0.985)
    edges = np.linspace(0.0, end, BINS + 1)

    def share(rt: np.ndarray, choice: np.ndarray) -> np.ndarray:
        kept = rt[rows][(choice[rows] == 1) & (rt[rows] < end)]
        return 100.0 * np.histogram(kept, edges)[0] / rows.sum()

    place = np.rint(own["start"] / edges[1]).astype(int).to_numpy()
    np.testing.assert_allclose(own["observed"], share(data.rt, data.choice)[place], atol=0.006)
    sets = np.stack([share(rt, choice) for rt, choice in zip(data.predicted_rt, data.predicted_choice, strict=True)])
    for name, ends in (("low", 0.05), ("median", 0.5), ("high", 0.95)):
        np.testing.assert_allclose(own[name], np.quantile(sets, ends, axis=0)[place], atol=0.006)


def test_shares_add_up_to_the_trials_that_are_shown() -> None:
    data = predicted_trials()
    whole = binned_times(data, [])
    everybody = whole[whole["participant"] == EVERYBODY]
    shown = 100.0 * (data.rt < np.quantile(data.rt, 0.985)).mean()
    assert abs(everybody["observed"].sum() - shown) < 0.1
    assert whole["condition"].unique().tolist() == [ALL]
