"""Contrasts are drawn from their draws, with what counts as no effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hddm_sbi import plots
from hddm_sbi.errors import DataError
from hddm_sbi.plots.estimates import density_curve
from hddm_sbi.results.contrasts.answer import Contrast, summarise_draws

ROPE = (-0.1, 0.1)


def made(null: float = 0.0, participants: int = 0, draws: int = 50) -> Contrast:
    rng = np.random.default_rng(0)
    shape = (2, draws, participants) if participants else (2, draws)
    values = 0.3 + 0.1 * rng.standard_normal(shape)
    dims = ("chain", "draw", "subject")[: values.ndim]
    index = pd.Index([f"p{k}" for k in range(participants)] or ["v[c=B] - v[c=A]"])
    table = summarise_draws(values.reshape(2, draws, -1), index, null, 0.9, ROPE)
    whose = "each participant" if participants else "typical participant"
    return Contrast("v[c=B] - v[c=A]", whose, xr.DataArray(values, dims=dims), table, (), 0.9, null, ROPE, None)


def test_a_contrast_is_a_density_with_its_rope() -> None:
    found = made()
    (ax,) = plots.contrast(found)
    curve = next(one for one in ax.lines if one.get_label() == found.text)
    np.testing.assert_allclose(curve.get_xydata(), np.column_stack(density_curve(found.draws.to_numpy().ravel())))
    rope = ax.patches[0]
    assert (rope.get_x(), rope.get_x() + rope.get_width()) == pytest.approx(ROPE)
    assert ax.get_title() == "\n".join([found.summary["direction"].iloc[0], found.summary["rope"].iloc[0]])
    interval = next(one for one in ax.lines if len(one.get_xdata()) == 2 and one.get_ydata()[0] < 0.0)
    np.testing.assert_allclose(interval.get_xdata(), found.summary[["5%", "95%"]].iloc[0])


def test_participants_have_rows() -> None:
    found = made(participants=4)
    (ax,) = plots.contrast(found)
    ordered = found.summary.sort_values("mean")
    assert [label.get_text() for label in ax.get_yticklabels()] == ordered.index.tolist()
    np.testing.assert_allclose(np.array(ax.collections[0].get_segments())[:, :, 0], ordered[["5%", "95%"]])


@pytest.mark.parametrize("null", [0.0, 1.0, -0.25])
def test_the_reference_is_drawn(null: float) -> None:
    (ax,) = plots.contrast(made(null))
    assert list(ax.lines[-1].get_xdata()) == [null, null]


def test_several_contrasts_and_what_is_none() -> None:
    assert len(plots.contrast([made(), made(participants=3)])) == 2
    with pytest.raises(DataError, match=r"draws what model.contrast\(idata, ...\) returns, not 'v'"):
        plots.contrast("v")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="has 10 draws, too few to plot"):
        plots.contrast(made(draws=5))
