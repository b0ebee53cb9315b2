from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import OutputError
from hddm_sbi.inference.density_check import DensityCheck
from hddm_sbi.inference.foreign import EarlyMass
from hddm_sbi.results.certificate import Certificate, certificate
from hddm_sbi.results.quantities import Quantities
from hddm_sbi.results.shifts import SCORE, WHOLE, Shifts

FOUND = Quantities(
    ("v", "a", "v_subject[3]"),
    ("v", "a", "v_subject"),
    ("typical", "typical", "participant"),
    np.empty(0),
    ((), (), (0,)),
)
SOUND = DensityCheck(0.004, 0.006, np.zeros(4), 1, 3, 100_000)


def _certificate(shift, error, method=SCORE, k=None, density=SOUND, has_exact=True) -> Certificate:
    shifts = Shifts(np.array(shift), np.broadcast_to(error, 3).astype(float), method, 800, k)
    return certificate(FOUND, shifts, density, None, 0.1, has_exact)


def test_small_shifts_pass() -> None:
    made = _certificate([0.01, -0.04, 0.0], 0.02)
    assert made.passed
    assert made.sentence == (
        "The network is good enough: it moves no posterior mean by more than 0.08 sd, 2 standard errors allowed for "
        "(largest a: -0.04 +- 0.02; score test on 800 simulated experiments)."
    )
    assert list(made.table.columns) == ["variable", "kind", "shift", "mc_error", "method", "verdict"]
    assert list(made.table.index) == list(FOUND.labels)
    assert (made.table["verdict"] == "fine").all()
    assert repr(made).startswith(
        "Certificate: passed (to pass, every |shift| - 2 mc_error must be at most 0.1 sd, and every |shift| + 2 "
        "mc_error at most 0.25 sd)\nThe network is good enough"
    )


def test_a_large_shift_fails_and_is_named() -> None:
    made = _certificate([0.3, 0.02, -2.31], 0.04, WHOLE, 0.31)
    assert not made.passed
    assert list(made.table["verdict"]) == ["off", "fine", "off"]
    assert made.sentence == (
        "The network is NOT good enough, do not use these means as they are: it moves v_subject[3] by -2.31 +- 0.04 sd "
        "and 1 other by less, where 0.1 is tolerated (reweighting, 800 draws, Pareto k 0.31); use likelihood='exact'."
    )
    assert "use a network trained longer" in _certificate([0.3, 0.0, 0.0], 0.01, has_exact=False).sentence


@pytest.mark.parametrize(
    ("shift", "error", "verdict"),
    [
        (0.12, 0.01, "fine"),  # hardly more than tolerated
        (0.14, 0.01, "off"),
        (0.15, 0.02, "unclear"),  # more than tolerated by two standard errors, not by three
        (-0.15, 0.02, "unclear"),
        (0.05, 0.09, "fine"),
        (0.05, 0.11, "unclear"),  # may be more than 2.5 times what is tolerated
        (0.24, 0.05, "unclear"),
        (0.0, np.inf, "unclear"),
        (-0.14, 0.01, "off"),
    ],
)
def test_verdicts(shift: float, error: float, verdict: str) -> None:
    made = _certificate([shift, 0.0, 0.0], [error, 0.0, 0.0])
    assert made.table["verdict"].iloc[0] == verdict
    assert made.passed == (verdict == "fine")
    assert ("NOT clear" in made.sentence) == (verdict == "unclear" and np.isfinite(error))


def test_weights_that_cannot_be_trusted_say_so() -> None:
    made = _certificate([0.0, 0.0, 0.0], np.inf, WHOLE, 1.7)
    assert not made.passed
    assert "too far from the exact one" in made.sentence
    assert "method='score'" in made.sentence


def test_wrong_probabilities_fail_alone() -> None:
    made = _certificate([0.0, 0.0, 0.0], 0.01, density=replace(SOUND, distance=0.03))
    assert not made.passed
    assert "by up to 0.0300 at 3 parameter vectors of the posterior" in str(made)
    assert "the network is wrong there" in str(made)
    assert made.sentence.startswith("The network is NOT good enough, whatever it does to the means")
    assert "is good enough" not in repr(made)


@pytest.mark.parametrize("error", [0.01, 0.2])
def test_what_passes_is_what_the_headline_says(error: float) -> None:
    """Whatever the shifts, and whether or not probabilities are right."""
    for shift in np.linspace(-0.3, 0.3, 25):
        for distance in (0.004, 0.03):
            made = _certificate([shift, 0.0, 0.0], error, density=replace(SOUND, distance=distance))
            allowed = abs(shift) - 2 * error <= 0.1 and abs(shift) + 2 * error <= 0.25
            assert made.passed == (allowed and distance < 0.01)
            assert made.sentence.startswith("The network is good enough") == made.passed


def test_an_exact_likelihood_is_no_network() -> None:
    shifts = Shifts(np.array([0.3, 0.0, 0.0]), np.full(3, 0.01), SCORE, 800)
    for shift in (shifts, replace(shifts, shift=np.zeros(3))):
        for distance in (0.004, 0.03):
            made = certificate(FOUND, shift, replace(SOUND, distance=distance), None, 0.1, False, what="likelihood")
            assert "The likelihood is" in made.sentence
            assert "network" not in str(made)


def test_the_table_is_saved(tmp_path) -> None:
    made = _certificate([0.01, -0.04, 0.0], 0.02)
    made.to_csv(tmp_path / "certificate.csv")
    saved = pd.read_csv(tmp_path / "certificate.csv", index_col="quantity")
    np.testing.assert_allclose(saved["shift"], made.table["shift"])
    assert list(saved["verdict"]) == ["fine"] * 3
    with pytest.raises(OutputError, match="cannot be written"):
        made.to_csv(tmp_path / "no" / "folder.csv")


def test_impossible_times_of_a_foreign_network_are_told() -> None:
    shifts = Shifts(np.zeros(3), np.full(3, 0.01), SCORE, 800, None)
    early = EarlyMass(0.0125, 0.56, np.array([1.0, 0.6, 0.5, 1.1]), ("v", "a", "z", "t0"), "t0")
    made = certificate(FOUND, shifts, SOUND, None, 0.1, True, early=early)
    assert made.sentences[-1] == early.sentence
    assert early.sentence in str(made)
    assert "1.2% of its probability on average and 56% at worst (v 1, a 0.6, z 0.5, t0 1.1)" in early.sentence
    silent = replace(early, mean=0.0, worst=0.0)
    assert not silent.matters
    assert silent.sentence == "It gives next to no probability to response times before the non-decision time t0."
