"""A certificate that was written among the attributes of results is the same certificate."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from hddm_sbi.inference.density_check import DensityCheck
from hddm_sbi.inference.foreign import EarlyMass
from hddm_sbi.results.certificate import Certificate
from hddm_sbi.results.saving.certificates import read_certificate, written_certificate
from hddm_sbi.results.verdict import BoxReport

TABLE = pd.DataFrame(
    {"variable": ["v", "a"], "kind": ["typical", "typical"], "shift": [0.01, -0.31], "mc_error": [0.02, np.inf]}
).assign(method="score", verdict=["fine", "unclear"])
TABLE.index = pd.Index(["v", "a[cond=x]"], name="quantity")


def _again(certificate: Certificate) -> Certificate:
    found = read_certificate(SimpleNamespace(attrs={"certificate": written_certificate(certificate)}))
    assert found is not None
    return found


def test_all_of_a_certificate_comes_back() -> None:
    box = BoxReport(0.02, np.array([0.01, 0.03]), np.array([0.0, 0.02]), "2% lie outside.")
    early = EarlyMass(0.1, 0.3, np.array([0.5, 1.5]), ("v", "a"), "t0")
    density = DensityCheck(0.004, 0.006, np.array([0.5, 1.5]), 1, 8, 100_000)
    before = Certificate(TABLE, 0.1, "score test", density, box, True, early=early)
    after = _again(before)
    pd.testing.assert_frame_equal(after.table, before.table)
    assert after.sentences == before.sentences and repr(after) == repr(before)
    assert after.passed == before.passed
    np.testing.assert_array_equal(after.box.by_subject, box.by_subject)  # type: ignore[union-attr]


def test_parts_that_are_not_there_stay_so() -> None:
    after = _again(Certificate(TABLE.iloc[:1], 0.1, "score test", None, None, False, "likelihood"))
    assert (after.density, after.box, after.early, after.what) == (None, None, None, "likelihood")
    assert after.passed


def test_results_without_a_certificate_have_none() -> None:
    assert read_certificate(SimpleNamespace(attrs={})) is None
