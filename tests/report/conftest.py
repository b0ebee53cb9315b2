from __future__ import annotations

import pytest

import hddm_sbi as hs
from hddm_sbi.results.to_arviz import Results
from tests.report.small import experiment, fitted


@pytest.fixture(scope="session")
def crossed() -> tuple[hs.HierarchicalDDM, Results]:
    """Two factors, one of which a second parameter lacks."""
    return fitted(experiment(), formula=["v ~ cond*side", "a ~ cond"], correlated=["v", "a"])
