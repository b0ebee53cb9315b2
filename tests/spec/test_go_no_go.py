"""Go/no-go: the starting point has a narrow prior, and one value for all unless a formula says otherwise."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.distributions as td
from scipy.special import expit, logit

from hddm_sbi.spec.build import build_spec
from hddm_sbi.spec.table import prior_table
from hddm_sbi.ssm.registry import get_model


def test_the_starting_point_lies_near_the_middle(build, parameter):
    z = parameter("z", go=True)
    assert z.group == () and len(parameter("v", go=True).group) == 1
    prior = z.common[0].prior
    low, high = (float(expit(float(prior.loc) + sign * 1.96 * float(prior.scale))) for sign in (-1, 1))
    assert low == pytest.approx(0.45, abs=0.002) and high == pytest.approx(0.55, abs=0.002)
    source = prior_table(build(go=True)[0]).set_index("variable")["source"]["z_Intercept"]
    assert source.startswith("go/no-go: 0.45 to 0.55, because")


def test_the_same_on_the_natural_scale(parameter):
    prior = parameter("z", go=True, links={"z": "identity"}).common[0].prior
    torch.manual_seed(0)
    low, high = np.quantile(prior.sample((20_000,)).numpy(), [0.025, 0.975])
    # a quantile in the tail of 20,000 draws has a standard error of 0.0005
    assert low == pytest.approx(0.45, abs=0.004) and high == pytest.approx(0.55, abs=0.004)


def test_formulas_and_priors_of_the_user_come_first(parameter):
    z = parameter("z", "z ~ conf + (1 | subject)", go=True, priors={"z_Intercept": td.Normal(0.0, 0.7)})
    assert len(z.group) == 1 and float(z.common[0].prior.scale) == pytest.approx(0.7)
    apart = parameter("z", go=True, pooling="none")
    assert apart.group == () and len(apart.common) == 1


def test_other_models(build, trials, own):
    z = build_spec(get_model("full_ddm"), replace(trials, go=True))[0].parameter("z")
    assert float(z.common[0].prior.scale) == 0.1
    # a race has no start between two boundaries, and this model says nothing of its own
    for ssm in (get_model("rdm"), own):
        plain, go = (build_spec(ssm, replace(trials, go=go))[0] for go in (False, True))
        assert [(t.site, str(t.prior)) for _, t in plain.common_terms()] == [
            (t.site, str(t.prior)) for _, t in go.common_terms()
        ]


def test_cell_means_are_as_narrow(parameter):
    z = parameter("z", "z ~ 0 + conf", go=True)
    assert float(z.common[0].prior.scale) == pytest.approx(0.1)
    assert np.isclose(logit(0.5), float(z.common[0].prior.loc))
