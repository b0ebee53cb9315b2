"""Fixtures of the plots' tests."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest

from hddm_sbi.plots.observed import Predicted
from tests.plots.made import predicted_trials


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture
def predicted() -> Predicted:
    return predicted_trials()
