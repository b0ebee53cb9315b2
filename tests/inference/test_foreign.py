"""Networks that were trained elsewhere: the choices that they know, and responses before any is possible."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import hddm_sbi as hs
from hddm_sbi.choose import choose_likelihood
from hddm_sbi.errors import HDDMWarning, ModelError
from hddm_sbi.inference.foreign import early_mass
from hddm_sbi.ssm.registry import get_model

DDM = get_model("ddm")


class Responses:
    """A likelihood that draws responses by a function of theta."""

    parameters, n_choices = DDM.parameter_names, 2

    def __init__(self, draws, known=(0.0, 1.0)) -> None:
        self._draws, self.known_choices = draws, known

    def draws(self, theta, n, seed=0):
        return self._draws(theta, n)


def responses(share: float, choices=(0.0, 1.0)):
    """A share of the responses comes 0.1 s before t0, the rest after."""

    def draws(theta, n):
        early = np.arange(n) < share * n
        choice = np.resize(np.array(choices), (len(theta), n))
        return np.where(early, theta[:, 3:4] - 0.1, theta[:, 3:4] + 0.3), choice

    return draws


@pytest.fixture
def table() -> pd.DataFrame:
    rt, choice = hs.simulate("ddm", (1.0, 1.5, 0.5, 0.3), 60, seed=2)
    return pd.DataFrame({"rt": rt, "response": choice})


@pytest.fixture
def fit_with(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch):
    """A model of the table with a likelihood that draws so."""

    def build(likelihood):
        chosen = replace(choose_likelihood(DDM, "exact"), density=likelihood, label="foreign")
        monkeypatch.setattr("hddm_sbi.api.choose_likelihood", lambda ssm, given: chosen)
        return hs.HierarchicalDDM(table)

    return build


def test_early_responses_are_counted_at_each_parameter_vector() -> None:
    theta = np.array([[[1.0, 1.5, 0.5, 0.3]], [[1.0, 2.0, 0.5, 0.4]]])

    def draws(theta, n):
        rt, choice = responses(0.25)(theta, n)
        return np.where(theta[:, 3:4] > 0.35, theta[:, 3:4] + 0.1, rt), choice

    found = early_mass(Responses(draws), DDM, theta)
    assert found is not None and found.matters
    assert (found.mean, found.worst) == (0.125, 0.25)
    assert "12% of its probability on average and 25% at worst (v 1, a 1.5, z 0.5, t0 0.3)" in found.sentence
    assert "before the non-decision time t0" in found.sentence
    assert early_mass(choose_likelihood(DDM, "exact").density, DDM, theta) is None


def test_a_model_without_a_delay_responds_after_zero() -> None:
    ssm = hs.SSM("plain", (hs.Parameter("v", (0.0, np.inf), "log", (0.5, 2.0)),), lambda theta, n, seed: None)
    found = early_mass(Responses(lambda theta, n: (np.full((len(theta), n), -0.1), None)), ssm, np.ones((1, 3, 1)))
    assert found is not None and found.mean == 1.0
    assert "to response times before 0, where no response is possible: its densities" in found.sentence


@pytest.mark.parametrize("share", [0.0125, 0.56])
def test_early_responses_are_said_before_anything_is_sampled(fit_with, share: float) -> None:
    with pytest.warns(HDDMWarning, match="'foreign' responds too early") as caught:
        fit_with(Responses(responses(share)))
    (one,) = caught
    assert ("1.2%" if share < 0.1 else "56%") in str(one.message)
    assert one.filename == __file__ or "test_foreign" in one.filename


def test_networks_that_start_in_time_are_not_talked_about(fit_with, table) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_with(Responses(responses(0.0)))
        for likelihood in ("exact", "nle"):
            hs.HierarchicalDDM(table, likelihood=likelihood)


def test_a_choice_that_training_never_saw_is_refused(fit_with) -> None:
    with pytest.raises(ModelError, match="have the choice 0, which the network 'foreign' has never seen: it knows 1;"):
        fit_with(Responses(responses(0.0), known=(1.0,)))


def test_choices_of_a_network_that_does_not_say_which_it_knows(fit_with) -> None:
    with pytest.raises(ModelError, match=r"choice 0, which .* does not draw: its choices lie between -1\.1 and 1;"):
        fit_with(Responses(responses(0.0, (-1.1, -0.9, 1.0)), known=None))
    with pytest.warns(HDDMWarning, match=r"draws choices such as 0\.1, which are no options"):
        fit_with(Responses(responses(0.0, (0.1, 0.9, 1.2)), known=None))
