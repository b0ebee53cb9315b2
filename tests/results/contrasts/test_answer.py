"""A contrast of many participants fits a screen: the table shows those at either end."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hddm_sbi.results.contrasts.answer import Contrast, summarise_draws


def contrast_of(participants: int) -> tuple[Contrast, np.ndarray]:
    rng = np.random.default_rng(participants)
    means = rng.permutation(participants).astype(np.float64)
    draws = means + 0.1 * rng.normal(size=(4, 100, participants))
    labels = pd.Index([f"p{int(mean)}" for mean in means], name="subject")
    found = xr.DataArray(draws, dims=("chain", "draw", "subject"))
    return Contrast(
        "v", "each", found, summarise_draws(draws, labels, 0.0, 0.95, None), (), 0.95, 0.0, None, None
    ), means


@pytest.mark.parametrize(("participants", "lines"), [(40, 40), (41, 21), (200, 21)])
def test_many_participants_fit_a_screen(participants: int, lines: int) -> None:
    answer, _ = contrast_of(participants)
    assert len(str(answer).splitlines()) == lines + 3  # the contrast, and two lines of headings


def test_those_at_either_end_are_shown_in_order() -> None:
    answer, _ = contrast_of(200)
    shown = [line.split()[0] for line in str(answer).splitlines()[3:]]
    assert shown == [f"p{k}" for k in range(10)] + ["..."] + [f"p{k}" for k in range(190, 200)]
    assert "... 180 between them: the summary has all 200 ..." in str(answer)
    assert len(answer.summary) == 200
