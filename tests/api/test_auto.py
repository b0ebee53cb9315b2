"""``draws="auto"``: as many draws as it takes, the same for a seed, and a word where they are not enough."""

from __future__ import annotations

import numpy as np
import pytest

from hddm_sbi.errors import HDDMWarning, ModelError
from hddm_sbi.inference.stopping import counts_of
from hddm_sbi.results.to_arviz import group


@pytest.fixture(scope="module")
def model(_experiment):
    from hddm_sbi.api import HierarchicalDDM

    return HierarchicalDDM(_experiment.copy(), pooling="complete", likelihood="exact")


@pytest.fixture(scope="module")
def found(model):
    return model.sample(seed=3, progress=False)


def test_a_run_takes_what_it_needs_and_says_so(model, found) -> None:
    reached = int(found.attrs["draws_reached"])
    assert found.attrs["draws_asked"] == "auto" and reached in counts_of(10_000)
    assert group(found, "posterior").sizes == {"chain": 4, "draw": reached}
    assert found.attrs["ended_because"] == "every quantity is known well enough"
    judged = model.diagnose(found)
    assert judged.ok and judged.degree == "good" and judged.unusable == ()
    assert str(judged).startswith("The sampler converged.")


def test_its_draws_are_those_of_so_many_asked_for(model, found) -> None:
    if found.attrs["restarts"] != "0":
        pytest.skip("a run that began anew has a longer warm-up")
    asked = model.sample(draws=int(found.attrs["draws_reached"]), seed=3, cores=1, progress=False)
    assert asked.attrs["ended_because"] == "it has the number of draws asked for"
    for name, values in group(found, "posterior").items():
        np.testing.assert_array_equal(values, group(asked, "posterior")[name])


def test_too_few_draws_allowed_are_told(model) -> None:
    with pytest.warns(
        HDDMWarning, match=r"sampling ended after 20 draws of each chain because it has as many .*max_draws"
    ):
        few = model.sample(seed=3, tune=200, max_draws=20, progress=False)
    assert few.attrs["draws_reached"] == "20" and not model.diagnose(few).ok


def test_pyro_takes_a_number(model) -> None:
    few = model.sample(sampler="pyro", tune=50, max_draws=15, chains=1, progress=False)
    assert few.attrs["draws_reached"] == "15" and few.attrs["draws_asked"] == "auto"


def test_bad_numbers_are_named(model) -> None:
    with pytest.raises(ModelError, match="draws is 'all'; give a number, or 'auto'"):
        model.sample(draws="all")
    with pytest.raises(ModelError, match=r"chains"):
        model.sample(chains="4")
