"""The default likelihood: the network that travels with the package."""

from __future__ import annotations

import numpy as np

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.results.to_arviz import group
from hddm_sbi.weights.checkpoint import sha256
from hddm_sbi.weights.store import pretrained_path
from tests.observing import on_rows


def test_the_default_likelihood_is_the_pretrained_network(experiment) -> None:
    model = HierarchicalDDM(experiment, groupby="subject")
    assert "likelihood nle" in str(model)
    idata = model.sample(draws=20, tune=50, chains=2, seed=1, progress=False)
    assert idata.attrs["likelihood"] == "nle"
    assert idata.attrs["weights_sha256"] == sha256(pretrained_path("ddm"))
    assert "draws_outside_training_box" in idata.attrs
    assert np.isfinite(group(idata, "posterior")["v"]).all()


def test_it_is_close_to_the_exact_density(experiment) -> None:
    models = [HierarchicalDDM(experiment, groupby="subject", likelihood=kind) for kind in ("nle", "exact")]
    rt, choice = models[0].trials.rt, models[0].trials.choice
    theta = np.array([[1.0, 1.5, 0.5, 0.2, 0.05]])
    row = np.zeros(len(rt), dtype=np.int64)
    network, exact = (on_rows(model.likelihood, rt, choice, theta, row).log_prob(theta) for model in models)
    # several times the network's measured mean error of .002 a trial
    assert np.mean(np.abs(network - exact)) < 0.02
