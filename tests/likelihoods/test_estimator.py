"""The first-passage estimator: a density by construction, whatever its weights, and an sbi estimator like any other."""

import math
import warnings

import numpy as np
import pytest
import torch
from sbi.inference import NLE
from sbi.utils import BoxUniform

from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator, first_passage_estimator
from hddm_sbi.ssm import SSM, Parameter, simulate
from tests.likelihoods.networks import DDM, MODELS, PLAIN, RACE, SMALL, network, outside, thetas
from tests.ssm.distances import bound, distance_to

# log decision times of the quadrature, in units of the squared length scale: densities vanish at both ends
LOG_TIMES = torch.linspace(-24.0, 16.0, 16_001, dtype=torch.float64)


def _everywhere(ssm: SSM) -> torch.Tensor:
    return torch.from_numpy(np.concatenate([thetas(ssm), outside(ssm)]))


def _on_grid(estimator: FirstPassageEstimator, theta: torch.Tensor, choice: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Response times and density per unit of log decision time."""
    _, shift, _, log_unit = estimator.canonical.reduce(theta[None])
    decision = torch.exp(log_unit + LOG_TIMES)
    x = torch.stack([shift + decision, torch.full_like(decision, choice)], -1)
    log_prob = estimator.log_prob_rows(x, theta[None], torch.zeros(len(x), dtype=torch.long))
    # the difference from the shift, not the grid, is what the estimator sees
    density = torch.nan_to_num(torch.exp(log_prob), nan=torch.inf) * (x[:, 0] - shift)
    return x[:, 0], density


@pytest.mark.parametrize("ssm", MODELS, ids=lambda ssm: ssm.name)
def test_the_density_integrates_to_one_and_the_cdf_is_its_integral(ssm: SSM) -> None:
    estimator = network(ssm)
    step = float(LOG_TIMES[1] - LOG_TIMES[0])
    for theta in _everywhere(ssm):
        total = 0.0
        for choice in range(ssm.n_choices):
            with torch.no_grad():
                rt, density = _on_grid(estimator, theta, choice)
                zero = torch.zeros(len(rt), dtype=torch.long)
                cdf = estimator.cdf(rt, zero + choice, theta[None], zero)
                limit = estimator.condition(theta[None]).log_choice[0, choice].exp()
            simpson = step / 3.0 * (density[:-2:2] + 4.0 * density[1::2] + density[2::2])
            # where jumps may come at once, some do before the grid begins
            assert ssm.name == "levy" or cdf[0] < 1e-9
            integral = cdf[0] + torch.cumsum(simpson, 0)
            assert torch.all(torch.diff(cdf) >= 0)
            assert torch.allclose(integral, cdf[2::2], atol=2e-6, rtol=0)
            assert abs(float(cdf[-1] - limit)) < 1e-9
            total += float(integral[-1])
        assert total == pytest.approx(1.0, abs=5e-6)


@pytest.mark.parametrize("ssm", MODELS, ids=lambda ssm: ssm.name)
def test_impossible_trials(ssm: SSM) -> None:
    estimator, theta = network(ssm), torch.from_numpy(thetas(ssm, 1))
    _, shift, _, _ = estimator.canonical.reduce(theta)
    start = float(shift[0])
    never = [[start, 0], [start - 0.1, 1], [-1.0, 0], [np.nan, 1], [np.inf, 1], [-np.inf, 0]]
    never += [[start + 1.0, code] for code in (-1, ssm.n_choices, 0.5, np.nan, np.inf, 99)]
    x = torch.tensor(never, dtype=torch.float64)
    row = torch.zeros(len(x), dtype=torch.long)
    assert torch.all(estimator.log_prob_rows(x, theta, row) == -torch.inf)
    possible = torch.tensor([[start + 1e-9, 0.0], [start + 1.0, 1.0], [start + 1e6, 0.0]], dtype=torch.float64)
    assert torch.all(torch.isfinite(estimator.log_prob_rows(possible, theta, row[:3])[1:]))
    assert not torch.any(torch.isnan(estimator.log_prob_rows(possible, theta, row[:3])))
    cdf = estimator.cdf(torch.tensor([start, start - 1.0], dtype=torch.float64), torch.tensor([0, 1]), theta, row[:2])
    assert torch.all(cdf == 0.0)


@pytest.mark.parametrize("double", [True, False])
@pytest.mark.parametrize("ssm", [DDM, PLAIN, RACE], ids=lambda ssm: ssm.name)
def test_samples_follow_the_cdf(ssm: SSM, double: bool) -> None:
    estimator = network(ssm, double=double)
    exact = network(ssm)
    n = 50_000
    for theta in torch.from_numpy(np.concatenate([thetas(ssm, 2), outside(ssm)[2:4]])):
        torch.manual_seed(1)
        draws = estimator.sample((n,), theta[None] if double else theta[None].float())
        assert draws.shape == (n, 1, 2)
        rt, choice = draws[:, 0].double().numpy().T
        assert np.all(np.isfinite(rt))

        def cdf(t: np.ndarray, option: int, theta: torch.Tensor = theta) -> np.ndarray:
            row = torch.zeros(len(t), dtype=torch.long)
            with torch.no_grad():
                return exact.cdf(torch.from_numpy(t), row + option, theta[None], row).numpy()

        rounding = 0.0 if double else 2e-3
        for option in range(ssm.n_choices):
            assert distance_to(rt, choice, option, lambda t, c=option: cdf(t, c)) < bound(n) + rounding


def test_no_draw_of_a_float32_network_is_absurd(monkeypatch: pytest.MonkeyPatch) -> None:
    # uniform draws this near to one round to one in float32, where the normal quantile is infinite
    monkeypatch.setattr(torch, "rand", lambda n, **options: torch.full((n,), 1.0 - 1e-12, dtype=torch.float64))
    draws = network(DDM, double=False).sample((4,), torch.tensor([[0.5, 1.5, 0.5, 0.3]]))
    assert torch.all(torch.isfinite(draws))
    assert torch.all(draws[..., 0] < 1e3)


def test_sampling_shapes() -> None:
    estimator, theta = network(DDM), torch.from_numpy(thetas(DDM, 3))
    assert estimator.sample((), theta).shape == (3, 2)
    assert estimator.sample((5,), theta).shape == (5, 3, 2)
    assert estimator.sample(torch.Size([4, 5]), theta).shape == (4, 5, 3, 2)
    assert estimator.sample((5,), theta[0]).shape == (5, 1, 2)


def test_log_prob_takes_sbi_shapes() -> None:
    estimator, theta = network(DDM), torch.from_numpy(thetas(DDM, 3))
    x = estimator.sample((5,), theta)
    one_by_one = torch.stack(
        [estimator.log_prob_rows(x[:, b], theta[b : b + 1], torch.zeros(5, dtype=torch.long)) for b in range(3)], -1
    )

    def same(value: torch.Tensor, expected: torch.Tensor) -> bool:
        return value.shape == expected.shape and torch.allclose(value, expected, rtol=1e-12)

    assert same(estimator.log_prob(x, theta), one_by_one)
    assert same(estimator.log_prob(x[0], theta), one_by_one[:1])
    assert same(estimator.log_prob(x[:, :1], theta[:1]), one_by_one[:, :1])
    # a batch of one broadcasts on either side, also where sizes happen to divide
    first = estimator.log_prob_rows(x[:3, 0].repeat_interleave(3, 0), theta, torch.arange(3).repeat(3)).reshape(3, 3)
    assert same(estimator.log_prob(x[:3, :1], theta), first)
    last = estimator.log_prob_rows(x.reshape(-1, 2), theta[:1], torch.zeros(15, dtype=torch.long)).reshape(5, 3)
    assert same(estimator.log_prob(x, theta[:1]), last)
    assert same(estimator.log_prob(x, theta.expand(5, 3, 4)), one_by_one)
    assert same(estimator.loss(x[0], theta), -one_by_one[0])
    with pytest.raises(RuntimeError):
        estimator.log_prob(x, theta[:2])


@pytest.mark.parametrize("ssm", MODELS, ids=lambda ssm: ssm.name)
def test_it_stays_finite_and_smooth_far_outside_the_box(ssm: SSM) -> None:
    """Along a line from the box's centre outwards, densities and scores are finite and second differences small."""
    estimator = network(ssm)
    centre = ssm.box.mean(axis=1)
    # ever smaller steps, since a positive parameter that ends at 0 acts by its logarithm
    steps = 1.0 - np.linspace(1.0, 0.0, 2001) ** 4
    for target in outside(ssm):
        line = torch.from_numpy(centre + steps[:, None] * (target - centre)).requires_grad_()
        _, shift, _, log_unit = estimator.canonical.reduce(line)
        for choice in range(ssm.n_choices):
            rt = shift + 0.3 * torch.exp(log_unit)
            x = torch.stack([rt, torch.full_like(rt, choice)], -1)
            log_prob = estimator.log_prob_rows(x, line, torch.arange(len(line)))
            (score,) = torch.autograd.grad(log_prob.sum(), line, retain_graph=True)
            assert torch.all(torch.isfinite(log_prob))
            assert torch.all(torch.isfinite(score))
            step = log_prob.detach().diff()
            # no jumps: neighbouring differences change by a small part of the largest one
            assert step.diff().abs().max() < 0.1 * step.abs().max() + 1e-6


@pytest.mark.parametrize("double", [True, False])
def test_it_is_never_nan_however_close_to_the_shift(double: bool) -> None:
    theta = torch.tensor([[0.5, 1.5, 0.5, 0.0], [-6.0, 0.3, 0.05, 0.0], [6.0, 5.0, 0.95, 0.0]], dtype=torch.float64)
    times = torch.logspace(-300 if double else -37, 6, 500, dtype=torch.float64)
    estimator = network(DDM, double=double)
    for choice in (0.0, 1.0):
        x = torch.stack([times, torch.full_like(times, choice)], -1)[:, None].expand(-1, 3, 2)
        with torch.no_grad():
            log_prob = estimator.log_prob(x, theta) if double else estimator.log_prob(x.float(), theta.float())
        assert not torch.any(torch.isnan(log_prob))
        # rising up to the mode, falling after it
        peak = log_prob.argmax(0)
        assert torch.all((peak > 0) & (peak < len(times) - 1))
        assert torch.all(log_prob[0] < -1e5)


def test_symmetries_hold_exactly() -> None:
    estimator = network(DDM)
    theta = torch.from_numpy(thetas(DDM, 5))
    x = estimator.sample((20,), theta)
    base = estimator.log_prob(x, theta)
    v, a, z, t0 = theta.unbind(-1)
    shifted = estimator.log_prob(x + torch.tensor([0.5, 0.0]), torch.stack([v, a, z, t0 + 0.5], -1))
    assert torch.allclose(shifted, base, rtol=1e-8, atol=1e-8)
    mirrored = torch.stack([x[..., 0], 1.0 - x[..., 1]], -1)
    assert torch.allclose(estimator.log_prob(mirrored, torch.stack([-v, a, 1.0 - z, t0], -1)), base, rtol=1e-9)
    c = 1.7
    stretched = torch.stack([t0 + c**2 * (x[..., 0] - t0), x[..., 1]], -1)
    scaled = estimator.log_prob(stretched, torch.stack([v / c, a * c, z, t0], -1))
    assert torch.allclose(scaled + 2.0 * np.log(c), base, rtol=1e-8, atol=1e-8)


def test_a_support_that_reaches_below_zero_is_a_real_one() -> None:
    ssm = SSM("leaky", (*DDM.parameters, Parameter("g", (-2.0, math.inf), "identity", (-1.0, 1.0))), DDM.simulator)
    assert Canonical.of(ssm).supports == ("real", "positive", "unit", "positive", "real")
    trial = torch.tensor([[1.0, 1.0]], dtype=torch.float64)
    with torch.no_grad():
        low, high = (network(ssm).log_prob(trial, theta[None]) for theta in _two_leaks())
    assert float(low) != float(high)


def _two_leaks() -> torch.Tensor:
    return torch.tensor([[0.5, 1.5, 0.5, 0.3, -0.9], [0.5, 1.5, 0.5, 0.3, -0.1]], dtype=torch.float64)


def _simulations(ssm: SSM, n: int = 2000) -> tuple[torch.Tensor, torch.Tensor]:
    theta = thetas(ssm, n, seed=3)
    rt, choice = simulate(ssm, theta, n=1, seed=4)
    x = np.stack([rt[:, 0], choice[:, 0]], -1)
    return torch.from_numpy(theta).float(), torch.from_numpy(x).float()


@pytest.mark.parametrize("ssm", [DDM, PLAIN, RACE], ids=lambda ssm: ssm.name)
def test_it_trains_with_nle_and_builds_a_posterior(ssm: SSM) -> None:
    theta, x = _simulations(ssm)
    low, high = torch.from_numpy(ssm.box).float().T
    torch.manual_seed(2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sbi comments on the data's scale and on short training
        prior = BoxUniform(low, high)
        inference = NLE(prior, density_estimator=first_passage_estimator(ssm, SMALL), show_progress_bars=False)
        estimator = inference.append_simulations(theta, x).train(
            max_num_epochs=4, learning_rate=3e-3, training_batch_size=100
        )
        assert isinstance(estimator, FirstPassageEstimator)
        start = first_passage_estimator(ssm, SMALL)(theta, x)
        with torch.no_grad():
            assert float(estimator.loss(x, theta).mean()) < float(start.loss(x, theta).mean())
        posterior = inference.build_posterior(mcmc_method="slice_np_vectorized")
        observed = estimator.sample((10,), theta[:1])[:, 0]
        posterior.set_default_x(observed)
        potential = posterior.potential(theta[:3])
    by_hand = estimator.log_prob(observed.unsqueeze(1).expand(10, 3, 2), theta[:3]).sum(0) + prior.log_prob(theta[:3])
    assert potential.shape == (3,)
    assert torch.allclose(potential, by_hand.detach(), rtol=1e-4, atol=1e-3)


def test_a_model_without_diffusion_starts_at_its_typical_time() -> None:
    theta, x = _simulations(RACE)
    estimator = first_passage_estimator(RACE)(theta, x)
    assert float(estimator.log_time_scale) == pytest.approx(float(torch.log(x[:, 0]).median()), abs=1e-6)
