"""From data to draws: both samplers give the same posterior, and it covers the truth."""

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.inference.coordinates import Rounded
from hddm_sbi.inference.initial import estimate, starting_points
from hddm_sbi.inference.layout import coefficients
from hddm_sbi.inference.nuts import sample_nuts
from hddm_sbi.inference.potential import Potential
from hddm_sbi.inference.sampler import NutsSettings
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.spec.build import build_spec
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.trials.reading import read_trials
from tests.chances import far_apart, next_count_bound
from tests.observing import bound, lapsing

DDM = get_model("ddm")


@pytest.mark.slow
def test_samplers_and_coordinates_agree():
    subjects, n = 6, 60
    rng = np.random.default_rng(1)
    theta = np.column_stack([1.0 + 0.4 * rng.normal(size=subjects), *np.full((3, subjects), [[1.4], [0.5], [0.3]])])
    rt, choice = DDM.simulator(theta, n, 1)
    frame = pd.DataFrame({"subject": np.repeat(np.arange(subjects), n), "rt": rt.ravel(), "response": choice.ravel()})
    trials = read_trials(frame, groupby="subject")
    spec, _ = build_spec(DDM, trials, shared=("a", "z", "t0"), p_outlier=0.05)
    likelihood = lapsing(ExactDDM(), (0.0, 10.0))
    potential = Potential(spec, bound(likelihood, spec, trials.rt, trials.choice))
    at = estimate(potential, DDM)
    target = Rounded(potential, at)
    start, runs = starting_points(target), {}
    for name, model, sampler, draws in (
        ("nutpie", target, "nutpie", 1000),
        ("pyro", target, "pyro", 300),
        ("u", None, "nutpie", 1000),
    ):
        settings = NutsSettings(draws=draws, tune=300, chains=2, seed=4)
        if model is not None:
            raw = sample_nuts(model, start, settings, sampler, progress=False).raw
            u = target.to_u(raw.u)
            # in the coordinates that are sampled in earnest none diverged in 20 runs; in others up to 3% do
            assert raw.stats["diverging"].sum() <= next_count_bound(0.1, 0.1, of=1), name
        else:
            u = sample_nuts(potential, lambda seed: at, settings, sampler, progress=False).raw.u
        runs[name] = coefficients(spec, u)
    sites = ("v_Intercept", "a_Intercept", "z_Intercept", "t0_Intercept", "v_Intercept_subject_sd")
    for site in sites:
        for other in ("pyro", "u"):
            assert not far_apart(runs["nutpie"][site], runs[other][site], 3 * len(sites), length=25), (site, other)
    # the posterior of these data has the truth within 1.5 sds, and draws of other seeds move that by 0.1
    for site, truth in (("v_Intercept", 1.0), ("a_Intercept", np.log(1.4)), ("t0_Intercept", np.log(0.3))):
        draws = runs["nutpie"][site]
        assert abs(draws.mean() - truth) < 4 * draws.std()
