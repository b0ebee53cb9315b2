"""The log priors of draws are the part of the joint density that they claim to be."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.distributions as td

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.inference.layout import Layout
from hddm_sbi.inference.log_priors import log_priors
from hddm_sbi.spec.linear import natural_parameters
from tests.report.made import experiment, model_of


@pytest.mark.parametrize("kind", ["ddm", "apart", "complete"])
def test_joint_density_is_likelihood_priors_raw_coefficients_and_jacobian(kind: str) -> None:
    model = model_of(kind)
    layout = Layout.of(model.spec)
    u = np.random.default_rng(0).normal(scale=0.3, size=layout.ndim)
    values = layout.unpack(u)
    coefficients = layout.coefficients(values)
    bound = model.likelihood.bind(model.trials.seen(model.spec.row, model.spec.n_rows))
    total = bound.log_prob(natural_parameters(model.spec, coefficients)).sum()
    total += sum(
        float(x[0]) for x in log_priors(model.spec, {k: x[np.newaxis] for k, x in coefficients.items()}).values()
    )
    for site in layout.sites:
        if site.kind == "raw":
            total -= 0.5 * (u[site.slice] ** 2 + math.log(2.0 * math.pi)).sum()
        else:
            at = torch.as_tensor(u[site.slice].reshape(site.shape))
            transform = td.biject_to(site.support)
            total += float(transform.log_abs_det_jacobian(at, transform(at)).sum())
    assert total == pytest.approx(model.log_density(u), abs=1e-6)


def test_correlations_have_lkj_to_the_last_constant() -> None:
    flat, peaked = (
        HierarchicalDDM(
            experiment(), groupby="subject", likelihood="exact", correlated=["v", "a"], priors={"subject_corr": eta}
        )
        for eta in (1.0, 3.0)
    )
    layout, rng = Layout.of(flat.spec), np.random.default_rng(0)
    found, expected = [], []
    for _ in range(2):
        u = rng.normal(scale=0.3, size=layout.ndim)
        coefficients = {k: x[np.newaxis] for k, x in layout.coefficients(layout.unpack(u)).items()}
        found.append(float(log_priors(peaked.spec, coefficients)["subject_corr"][0]))
        expected.append(peaked.log_density(u) - flat.log_density(u))
        assert log_priors(flat.spec, coefficients)["subject_corr"][0] == 0.0
    assert found[0] - found[1] == pytest.approx(expected[0] - expected[1], abs=1e-8)
