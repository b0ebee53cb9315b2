"""Likelihoods as Pyro distributions: gradients, broadcasting, provenance, draws."""

import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro.infer import Predictive
from pyro.infer.inspect import get_model_relations
from pyro.ops.provenance import get_provenance

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.observation.seen import SeenTrials
from hddm_sbi.likelihoods.trial_distribution import TrialDistribution
from tests.observing import model_of

DDM = ExactDDM()
ROW = torch.tensor([0, 1, 1, 0, 2])
TRIALS = torch.tensor([[0.7, 1.0], [0.9, 0.0], [1.4, 1.0], [0.5, 0.0], [2.1, 1.0]], dtype=torch.float64)


def theta_rows(*lead: int, seed: int = 0) -> torch.Tensor:
    """Three rows of v, a, z, t0, under any leading dimensions."""
    rng = np.random.default_rng(seed)
    low, high = np.array([-1.0, 1.0, 0.3, 0.1]), np.array([1.0, 2.0, 0.7, 0.3])
    return torch.from_numpy(rng.uniform(low, high, (*lead, 3, 4)))


def of_trials(simulator=None):
    """The five trials, bound to the exact density."""
    trials = SeenTrials.whole(TRIALS[:, 0].numpy(), TRIALS[:, 1].long().numpy(), ROW.numpy())
    return model_of(DDM, simulator).bind(trials)


def fake_simulator(theta, seed):
    rng = np.random.default_rng(seed)
    return theta[:, 3] + rng.exponential(size=len(theta)), rng.integers(0, 2, len(theta))


def test_log_prob_is_the_likelihoods():
    theta = theta_rows()
    trials = TrialDistribution(of_trials(), theta)
    assert trials.batch_shape == (5,)
    assert trials.event_shape == (2,)
    log_f = DDM.log_prob(TRIALS[:, 0].numpy(), TRIALS[:, 1].long().numpy(), theta.numpy(), ROW.numpy())
    np.testing.assert_array_equal(trials.log_prob(TRIALS).numpy(), log_f)


@pytest.mark.parametrize("lead", [(), (2,), (2, 1)])
def test_gradcheck(lead):
    theta = theta_rows(*lead).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: TrialDistribution(of_trials(), p).log_prob(TRIALS), (theta,))


def test_leading_dimensions_broadcast():
    theta = theta_rows(6, 1)
    values = torch.stack([TRIALS, TRIALS + torch.tensor([0.1, 0.0])])[:, None]  # (2, 1, 5, 2)
    log_f = TrialDistribution(of_trials(), theta[:, None]).log_prob(values)  # theta (6, 1, 1, 3, 4)
    assert log_f.shape == (6, 2, 1, 5)
    for i in range(6):
        for j in range(2):
            alone = TrialDistribution(of_trials(), theta[i, 0]).log_prob(values[j, 0])
            np.testing.assert_array_equal(log_f[i, j, 0].numpy(), alone.numpy())


def test_expand():
    theta = theta_rows()
    trials = TrialDistribution(of_trials(fake_simulator), theta).expand([4, 5])
    assert trials.batch_shape == (4, 5)
    assert trials.sample((3,)).shape == (3, 4, 5, 2)
    log_f = trials.log_prob(TRIALS)
    np.testing.assert_array_equal(log_f[2].numpy(), TrialDistribution(of_trials(), theta).log_prob(TRIALS).numpy())


def test_float32_theta_is_widened():
    theta = theta_rows().float().requires_grad_()
    log_f = TrialDistribution(of_trials(), theta).log_prob(TRIALS)
    assert log_f.dtype == torch.float64
    log_f.sum().backward()
    assert theta.grad is not None and theta.grad.dtype == torch.float32


def test_gradient_before_t0_is_zero():
    theta = theta_rows().requires_grad_()
    early = TRIALS.clone()
    early[:, 0] = 0.05
    log_f = TrialDistribution(of_trials(), theta).log_prob(early)
    assert torch.all(log_f == -torch.inf)
    log_f.sum().backward()
    assert theta.grad is not None and torch.all(theta.grad == 0)


def plate_model(trials=None):
    mu = pyro.sample("mu", dist.Normal(torch.tensor(0.0, dtype=torch.float64), 1.0))
    with pyro.plate("subject", 3):
        v = pyro.sample("v", dist.Normal(mu, 0.3))
    rest = torch.tensor([1.5, 0.5, 0.2], dtype=torch.float64).expand(*v.shape, 3)
    theta = torch.cat([v[..., None], rest], -1)
    with pyro.plate("trial", 5):
        return pyro.sample("trials", TrialDistribution(of_trials(fake_simulator), theta), obs=trials)


def test_provenance_survives():
    relations = get_model_relations(plate_model, (TRIALS,))
    assert relations["sample_sample"]["trials"] == ["v"]
    assert relations["observed"] == ["trials"]
    assert relations["plate_sample"]["trial"] == ["trials"]
    assert get_model_relations(plate_model)["sample_sample"]["trials"] == ["v"]


def test_no_provenance_outside_of_tracking():
    assert not get_provenance(TrialDistribution(of_trials(), theta_rows()).log_prob(TRIALS))


def test_trace_in_a_plate_has_gradients():
    trace = pyro.poutine.trace(
        pyro.poutine.condition(plate_model, {"v": torch.full((3,), 0.2, dtype=torch.float64, requires_grad=True)})
    ).get_trace(TRIALS)
    trace.compute_log_prob()
    assert trace.nodes["trials"]["log_prob"].shape == (5,)
    trace.log_prob_sum().backward()
    assert torch.all(trace.nodes["v"]["value"].grad != 0)


@pytest.mark.parametrize("parallel", [False, True])
def test_predictive(parallel):
    draws = {
        "mu": torch.zeros(7, dtype=torch.float64),
        "v": torch.linspace(-1, 1, 21, dtype=torch.float64).reshape(7, 3),
    }
    if parallel:
        draws["mu"] = draws["mu"][:, None]  # global sites stand left of the plate dimension
    out = Predictive(plate_model, draws, return_sites=("trials",), parallel=parallel)()
    assert out["trials"].shape == (7, 5, 2)


def test_draws_follow_the_global_seed():
    trials = TrialDistribution(of_trials(fake_simulator), theta_rows())
    pyro.set_rng_seed(3)
    first, second = trials.sample(), trials.sample()
    pyro.set_rng_seed(3)
    assert torch.equal(trials.sample(), first)
    assert not torch.equal(first, second)
    assert first.dtype == torch.float64
    assert torch.all(trials.support.check(first))


def test_simulator_gets_each_trials_parameters():
    theta = theta_rows(4)
    seen = []

    def simulate(parameters, seed):
        seen.append(parameters)
        return parameters[:, 0] + 2.0, np.ones(len(parameters), np.int64)

    drawn = TrialDistribution(of_trials(simulate), theta).sample((2,))
    assert len(seen) == 2 * 4 and seen[0].shape == (5, 4)
    np.testing.assert_array_equal(drawn[1, :, :, 0].numpy(), theta[:, ROW, 0].numpy() + 2.0)


def test_support():
    check = TrialDistribution(of_trials(), theta_rows()).support.check
    values = torch.tensor(
        [[0.5, 1.0], [0.0, 1.0], [0.5, 2.0], [0.5, 0.5], [np.nan, 1.0], [0.5, -1.0]], dtype=torch.float64
    )
    assert check(values).tolist() == [True, False, False, False, True, True]


def test_values_off_the_support_are_refused():
    bad = TRIALS.clone()
    bad[0, 1] = 2.0
    with pytest.raises(ValueError, match="support"):
        TrialDistribution(of_trials(), theta_rows(), validate_args=True).log_prob(bad)


def test_bad_arguments():
    with pytest.raises(ModelError, match=r"theta has shape \(3, 3\).*v, a, z, t0"):
        TrialDistribution(DDM, theta_rows()[:, :3], ROW)
    with pytest.raises(ModelError, match="theta has 2 rows, but the trials have 3"):
        TrialDistribution(of_trials(), theta_rows()[:2])
    with pytest.raises(ModelError, match="cannot be drawn"):
        TrialDistribution(of_trials(), theta_rows()).sample()
    with pytest.raises(ModelError, match="give the trials as data"):
        TrialDistribution(of_trials(), theta_rows()).log_prob(TRIALS.clone().requires_grad_())
