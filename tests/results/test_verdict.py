from __future__ import annotations

import numpy as np
import pytest

from hddm_sbi.results.sampler_checks import e_bfmi
from hddm_sbi.results.summary import summarise
from hddm_sbi.results.to_arviz import to_inference_data
from hddm_sbi.results.verdict import box_report, verdict


def _only(idata) -> str:
    """The sentence of the check that failed, if exactly one did; failed checks come first."""
    judged = verdict(idata)
    assert not judged.ok
    assert judged.sentences[0].startswith("The sampler has NOT converged")
    assert not any(word in " ".join(judged.sentences[2:]) for word in ("should be", "sample longer", "diverged:"))
    return judged.sentences[1]


def test_sound_draws_pass(make_results) -> None:
    idata = make_results()
    judged = verdict(idata)
    assert judged.ok
    assert judged.sentences[0] == "The sampler converged."
    text = str(judged)
    for words in ("R-hat is at most 1.0", "400 are needed", "No draw diverged", "E-BFMI is at least", "depth of 10"):
        assert words in text
    assert verdict(idata, summary=summarise(idata)) == judged


def test_names_the_chains_that_disagree(make_results) -> None:
    shifted = np.random.default_rng(0).normal(size=(4, 250)) + np.array([0.0, 0.0, 0.0, 3.0])[:, None]
    judged = verdict(make_results({"a_Intercept": shifted}))
    assert not judged.ok
    assert judged.sentences[1].startswith("R-hat is 1.")
    assert "for a_Intercept, where it should be below 1.01" in judged.sentences[1]
    assert "a_Intercept" in judged.sentences[2]
    assert "400 are needed:" in judged.sentences[2]


def test_counts_the_other_quantities(make_results) -> None:
    stuck = np.repeat(np.arange(4.0)[:, None], 250, axis=1)
    shown = verdict(make_results({"a": stuck, "a_mean": stuck, "a_Intercept": stuck})).sentences[1]
    assert shown.startswith("R-hat is inf for a and 2 other quantities,")


def test_counts_divergences(make_results) -> None:
    diverging = np.zeros((4, 250), dtype=bool)
    diverging[2, 10:22] = True
    sentence = _only(make_results(stats={"diverging": diverging}))
    assert sentence.startswith("12 of 1,000 draws (1.2%) diverged:")


def test_tree_depth_matters_where_it_is_more_than_a_few(make_results) -> None:
    depth = np.full((4, 250), 5)
    depth[0, :9] = 10
    few = verdict(make_results(stats={"tree_depth": depth}))
    assert few.ok
    assert "The trees of 9 of 1,000 draws (0.9%) were cut at a depth of 10: few enough to ignore." in few.sentences
    depth[0, 9] = 10
    assert _only(make_results(stats={"tree_depth": depth})).startswith("The trees of 10 of 1,000 draws (1%) were cut")
    assert verdict(make_results(stats={"tree_depth": depth}), max_tree_depth=12).ok


def test_names_the_chain_of_low_energy_information(make_results) -> None:
    rng = np.random.default_rng(0)
    energy = rng.normal(size=(4, 250))
    energy[3] = np.cumsum(rng.normal(size=250))
    assert "in chain 3, where it should be at least 0.3" in _only(make_results(stats={"energy": energy}))
    energy[3] = 1.0
    assert "the energy of chain 3 does not move" in _only(make_results(stats={"energy": energy}))


def test_e_bfmi_is_two_for_independent_energies() -> None:
    # E[(e_i - e_j)^2] = 2 Var(e); standard error of the ratio about sqrt(8 / n)
    values = e_bfmi(np.random.default_rng(0).normal(size=(2, 20_000)))
    np.testing.assert_allclose(values, 2.0, atol=4 * np.sqrt(8 / 20_000))


def test_cannot_judge_one_chain_or_a_few_draws() -> None:
    def results(chains: int, draws: int) -> object:
        rng = np.random.default_rng(0)
        return to_inference_data({"posterior": {"v": (("chain", "draw"), rng.normal(size=(chains, draws)))}}, {}, {})

    assert "from a single chain: sample at least 4" in verdict(results(1, 500)).sentences[1]
    assert "from so few draws" in verdict(results(4, 2)).sentences[1]


def test_names_what_is_not_finite(make_results) -> None:
    broken = np.random.default_rng(0).normal(size=(4, 250))
    broken[0, 0] = np.inf
    assert _only(make_results({"t0_mean": broken})).startswith("t0_mean took values that are not finite")


BOX = np.array([[-6.0, 6.0], [0.3, 5.0]])


def test_box_report_by_participant() -> None:
    theta = np.tile([1.0, 1.5], (10, 3, 1))  # 10 draws, 3 rows: two of participant 0, one of participant 1
    theta[:4, 1, 0] = 7.0
    theta[:1, 1, 1] = 0.1
    theta[5:7, 2, 1] = 5.5
    report = box_report(theta, BOX, np.array([0, 0, 1]), ("v", "a"), ("anna", "ben"))
    assert report.overall == pytest.approx(6 / 30)
    np.testing.assert_allclose(report.by_subject, [4 / 20, 2 / 10])
    np.testing.assert_allclose(report.by_parameter, [4 / 30, 3 / 30])
    assert report.sentence.startswith("20% of the draws (up to 20%, for participant anna) lie outside the range")
    assert "mainly in 'v'" in report.sentence


def test_a_warning_says_what_can_be_done() -> None:
    report = box_report(np.full((2, 1, 2), 7.0), BOX, np.array([0]), ("v", "a"))
    assert report.sentence.endswith("mainly in 'v'.")
    ending = "mainly in 'v': where that is more than a few, check the result with likelihood='exact'."
    assert report.warning(has_exact=True).endswith(ending)
    assert "check the result with certify(idata), or train a network on a wider" in report.warning(has_exact=False)


def test_box_report_of_draws_inside() -> None:
    theta = np.tile([-6.0, 5.0], (2, 1, 1))  # the ends belong to the box
    report = box_report(theta, BOX, np.array([0]), ("v", "a"))
    assert report.overall == 0.0
    assert report.sentence == "All draws lie within the range that the network was trained on."


def test_a_tiny_share_is_not_called_none() -> None:
    theta = np.tile([1.0, 1.5], (20_000, 1, 1))
    theta[0, 0, 0] = 6.5
    assert box_report(theta, BOX, np.array([0]), ("v", "a")).sentence.startswith("less than 0.01% of the draws lie")
