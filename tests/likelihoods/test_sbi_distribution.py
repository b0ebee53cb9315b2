"""SBItoPyro over continuous, discrete and mixed estimators of sbi, and over one that evaluates rows itself."""

import pickle
from collections.abc import Iterator

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro.infer import MCMC, NUTS, Predictive
from pyro.infer.inspect import get_dependencies, get_model_relations
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor, nn

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.neural.sbi_distribution import SBItoPyro
from tests.likelihoods.estimators import KINDS, N_THETA, SCALARS, make, naive, values

# nflows inverts its linear layers by a function that torch deprecates
pytestmark = pytest.mark.filterwarnings("ignore:torch.triangular_solve is deprecated")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """These tensors are tiny: more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=KINDS)
def estimator(request: pytest.FixtureRequest) -> ConditionalDensityEstimator:
    return make(request.param)


@pytest.mark.parametrize(
    ("value_shape", "theta_shape"),
    [
        ((), ()),
        ((6,), ()),
        ((), (6,)),
        ((6,), (6,)),
        ((4, 6), (6,)),
        ((6,), (4, 1)),
        ((4, 1), (6,)),
        ((3, 1, 6), (4, 1)),
    ],
)
def test_values_and_batches_broadcast(
    estimator: ConditionalDensityEstimator, value_shape: tuple[int, ...], theta_shape: tuple[int, ...]
) -> None:
    value, theta = values(estimator, *value_shape), torch.randn(*theta_shape, N_THETA)
    log_prob = SBItoPyro(estimator, theta).log_prob(value)
    shape = torch.broadcast_shapes(value_shape, theta_shape)
    assert log_prob.shape == shape
    flat_value = value.expand(*shape, *estimator.input_shape).reshape(-1, *estimator.input_shape)
    expected = naive(estimator, flat_value.to(theta.dtype), theta.expand(*shape, N_THETA).reshape(-1, N_THETA))
    assert torch.isfinite(log_prob).all()
    assert not log_prob.requires_grad
    torch.testing.assert_close(log_prob.reshape(-1), expected.detach(), rtol=1e-4, atol=1e-4)


def test_no_trials_have_no_density(estimator: ConditionalDensityEstimator) -> None:
    theta = torch.randn(0, N_THETA)
    assert SBItoPyro(estimator, theta).log_prob(torch.ones(0, *estimator.input_shape)).shape == (0,)


def test_expand_changes_the_batch_shape_only(estimator: ConditionalDensityEstimator) -> None:
    theta = torch.randn(4, 1, N_THETA)
    small = SBItoPyro(estimator, theta)
    large = small.expand([3, 4, 5])
    assert isinstance(large, SBItoPyro)
    assert large.batch_shape == (3, 4, 5)
    assert large.event_shape == estimator.input_shape
    assert large.theta.shape == (3, 4, 5, N_THETA)
    value = values(estimator, 4, 5)
    torch.testing.assert_close(large.log_prob(value), small.log_prob(value).expand(3, 4, 5))
    assert large.sample().shape == (3, 4, 5, *estimator.input_shape)
    with pytest.raises(RuntimeError):
        large.expand([3, 6, 5])


@pytest.mark.parametrize("dtype", (torch.float32, torch.float64))
def test_draws_have_shape_dtype_and_support(estimator: ConditionalDensityEstimator, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    distribution = SBItoPyro(estimator, torch.randn(4, 1, N_THETA, dtype=dtype))
    draws = distribution.sample(torch.Size([7, 2]))
    assert draws.shape == (7, 2, 4, 1, *estimator.input_shape)
    assert draws.dtype == dtype
    assert distribution.support.check(draws).all()
    assert distribution.support.check(draws).shape == (7, 2, 4, 1)
    assert torch.isfinite(distribution.log_prob(draws)).all()
    assert not distribution.has_rsample
    assert not distribution.has_enumerate_support
    assert distribution(sample_shape=torch.Size([2])).shape == (2, 4, 1, *estimator.input_shape)


@pytest.mark.parametrize("kind", ("counts", "mixed log"))
def test_draws_follow_the_density(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    # small chunks, so that a draw is put together from several
    monkeypatch.setattr("hddm_sbi.likelihoods.neural.sbi_distribution._CHUNK", 3000)
    distribution = SBItoPyro(make(kind), torch.tensor([[0.5, -1.0], [-1.5, 1.0]]))
    draws = distribution.sample(torch.Size([8000]))
    codes = torch.tensor([0.0, 1.0, 2.0, 3.0, 5.0] if kind == "counts" else [0.0, 1.0, 2.0])
    share = (draws[..., -1:] == codes).double().mean(0)
    if kind == "counts":
        mass = distribution.log_prob(codes.reshape(-1, 1, 1)).exp().T.double()
    else:
        rt = torch.linspace(-6.0, 4.0, 4001, dtype=torch.float64).exp()
        grid = torch.cartesian_prod(codes.double(), rt).flip(-1).unsqueeze(1)
        density = distribution.log_prob(grid).double().exp().reshape(len(codes), len(rt), 2)
        mass = torch.trapezoid(density, rt, dim=1).T
    torch.testing.assert_close(mass.sum(-1), torch.ones(2, dtype=torch.float64), atol=0.005, rtol=0.0)
    error = (share - mass).abs() / (mass * (1.0 - mass) / 8000).sqrt()
    assert (error < 4.0).all()


def test_float64_theta_meets_a_float32_network(estimator: ConditionalDensityEstimator) -> None:
    theta = torch.randn(6, N_THETA, dtype=torch.float64)
    single = SBItoPyro(estimator, theta.float()).log_prob(values(estimator, 6))
    double = SBItoPyro(estimator, theta).log_prob(values(estimator, 6))
    assert double.dtype == torch.float64
    torch.testing.assert_close(double.float(), single)
    torch.set_default_dtype(torch.float64)
    try:
        torch.testing.assert_close(SBItoPyro(estimator, theta).log_prob(values(estimator, 6)), double)
        assert SBItoPyro(estimator, theta).sample().shape == (6, *estimator.input_shape)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("ties", (False, True))
def test_gradients_match_finite_differences(estimator: ConditionalDensityEstimator, ties: bool) -> None:
    estimator = estimator.double()
    # equal rows that are parameters of their own: each has its own gradient
    theta = torch.randn(5, N_THETA, dtype=torch.float64)
    theta = theta[torch.arange(5) % 2] if ties else theta
    weight = torch.randn(3, 5, dtype=torch.float64)
    value = values(estimator, 3, 5)

    def objective(theta: Tensor) -> Tensor:
        return (weight * SBItoPyro(estimator, theta).log_prob(value)).sum()

    theta.requires_grad_()
    (gradient,) = torch.autograd.grad(objective(theta), theta)
    step = 1e-6
    for index in ((0, 0), (0, 1), (2, 0), (3, 1)):
        move = torch.zeros_like(theta)
        move[index] = step
        with torch.no_grad():
            slope = (objective(theta + move) - objective(theta - move)) / (2.0 * step)
        assert abs(float(gradient[index] - slope)) < 1e-5 * (1.0 + abs(float(slope)))


@pytest.mark.parametrize("kind", ("row", "counts", "mixed"))
def test_second_derivatives_with_equal_rows(kind: str) -> None:
    estimator = make(kind).double()
    theta = torch.randn(1, N_THETA, dtype=torch.float64).repeat(3, 1)
    value = values(estimator, 3)
    hessian = torch.autograd.functional.hessian(lambda t: SBItoPyro(estimator, t).log_prob(value).sum(), theta)
    expected = torch.autograd.functional.hessian(lambda t: naive(estimator, value.double(), t).sum(), theta)
    torch.testing.assert_close(hessian, expected)


@pytest.fixture
def rows_seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Numbers of rows that linear layers were given, one entry for each call."""
    seen: list[int] = []
    linear = nn.functional.linear

    def counting(input: Tensor, *args: Tensor) -> Tensor:
        seen.append(input.shape[:-1].numel())
        return linear(input, *args)

    monkeypatch.setattr(nn.functional, "linear", counting)
    yield seen


@pytest.mark.parametrize("kind", ("row", "nsf", "counts", "codes", "mixed", "mixed log"))
@pytest.mark.parametrize("differentiable", (False, True))
def test_networks_run_once_for_each_distinct_row(kind: str, differentiable: bool, rows_seen: list[int]) -> None:
    estimator = make(kind)
    n_choices = 3 if kind.startswith("mixed") else 1
    theta = torch.randn(4, N_THETA).requires_grad_(differentiable)
    SBItoPyro(estimator, theta[torch.arange(300) % 4]).log_prob(values(estimator, 300)).sum()
    assert rows_seen
    assert max(rows_seen) <= 4 * n_choices
    rows_seen.clear()
    SBItoPyro(estimator, theta[0]).expand([300]).log_prob(values(estimator, 300))
    assert max(rows_seen) <= n_choices


def test_chunks_give_the_same(estimator: ConditionalDensityEstimator, monkeypatch: pytest.MonkeyPatch) -> None:
    theta = torch.randn(4, N_THETA)[torch.randint(4, (50,))]
    value = values(estimator, 3, 50)
    with torch.no_grad():
        whole = SBItoPyro(estimator, theta).log_prob(value)
        monkeypatch.setattr("hddm_sbi.likelihoods.neural.sbi_distribution._CHUNK", 7)
        torch.testing.assert_close(SBItoPyro(estimator, theta).log_prob(value), whole, rtol=1e-4, atol=1e-5)


def test_a_theta_that_nothing_depends_on_has_gradient_zero() -> None:
    # beyond its last knots sbi's spline is the identity, whatever theta
    for theta in (torch.randn(3, N_THETA), torch.zeros(3, N_THETA)):
        log_prob = SBItoPyro(make("nsf"), theta.requires_grad_()).log_prob(torch.tensor([40.0, 50.0, 60.0]))
        (gradient,) = torch.autograd.grad(log_prob.sum(), theta)
        assert (gradient == 0.0).all()


@pytest.mark.parametrize("kind", ("counts", "codes"))
def test_unseen_counts_have_no_mass(kind: str) -> None:
    theta = torch.randn(8, N_THETA, requires_grad=True)
    counts = torch.tensor([2.0, -1.0, 4.0, 5.0, 6.0, 1000.0, 2.5, torch.nan])
    log_prob = SBItoPyro(make(kind), theta).log_prob(counts)
    seen = [True, False, kind == "codes", kind == "counts", False, False, False, False]
    assert torch.isfinite(log_prob).tolist() == seen
    assert torch.isneginf(log_prob).tolist() == [not one for one in seen]
    (gradient,) = torch.autograd.grad(log_prob.sum(), theta)
    assert torch.isfinite(gradient).all()
    assert (gradient[~torch.tensor(seen)] == 0.0).all()


@pytest.mark.parametrize("kind", ("mixed", "mixed log", "row", "nsf"))
def test_impossible_trials_have_no_density_and_no_gradient(kind: str) -> None:
    theta = torch.zeros(6, N_THETA, requires_grad=True)
    rt = torch.tensor([1.5, -0.5, 0.0, 0.9, torch.inf, torch.nan])
    choice = torch.tensor([1.0, 1.0, 1.0, 3.0, 1.0, 1.0])
    trials = torch.stack([rt, choice], -1) if kind.startswith("mixed") else rt
    log_prob = SBItoPyro(make(kind), theta).log_prob(trials)
    assert not log_prob.isnan().any()
    # without the log scale, sbi's networks give density to negative times
    possible = {"mixed": 3, "nsf": 4}.get(kind, 1)
    assert torch.isfinite(log_prob).sum() == possible
    assert torch.isfinite(log_prob[0])
    (gradient,) = torch.autograd.grad(log_prob.sum(), theta)
    assert torch.isfinite(gradient).all()
    assert (gradient[torch.isneginf(log_prob)] == 0.0).all()


def test_nothing_possible_is_minus_infinity() -> None:
    theta = torch.zeros(3, N_THETA, requires_grad=True)
    log_prob = SBItoPyro(make("counts"), theta).log_prob(torch.tensor([77, 78, 79]))
    assert torch.isneginf(log_prob).all()
    (gradient,) = torch.autograd.grad(log_prob.sum(), theta)
    assert (gradient == 0.0).all()


@pytest.mark.parametrize("kind", SCALARS)
def test_a_scalar_needs_no_event_dimension(kind: str) -> None:
    distribution = SBItoPyro(make(kind), torch.randn(5, N_THETA))
    value = values(distribution.estimator, 5)
    torch.testing.assert_close(distribution.log_prob(value.squeeze(-1)), distribution.log_prob(value))


def test_the_support_is_honest() -> None:
    def admits(kind: str, *value: float) -> bool:
        return bool(SBItoPyro(make(kind), torch.zeros(N_THETA)).support.check(torch.tensor(value)))

    assert admits("counts", 4.0) and admits("counts", 1e6)
    assert not admits("counts", -1.0) and not admits("counts", 0.5)
    assert admits("nsf", -0.5) and not admits("nsf", torch.nan)
    assert admits("mixed", -0.5, 1.0) and not admits("mixed", 0.5, 0.5)
    assert admits("mixed log", 0.5, 1.0) and not admits("mixed log", -0.5, 1.0)
    assert not admits("row", -0.5)
    assert SBItoPyro(make("counts"), torch.zeros(N_THETA)).support.is_discrete


def test_wrong_shapes_and_objects_are_named() -> None:
    with pytest.raises(ModelError, match=r"theta has shape \(5,\).*\(2,\).*unsqueeze"):
        SBItoPyro(make("nsf"), torch.zeros(5))
    with pytest.raises(ModelError, match=r"value has shape \(4, 3\).*\(2,\)"):
        SBItoPyro(make("mixed"), torch.zeros(4, N_THETA)).log_prob(torch.zeros(4, 3))
    with pytest.raises(ModelError, match="Linear has no log_prob"):
        SBItoPyro(nn.Linear(2, 2), torch.zeros(5))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="theta"):
        SBItoPyro(make("nsf"), torch.tensor([0.0, torch.nan]), validate_args=True)


def test_it_can_be_pickled(estimator: ConditionalDensityEstimator) -> None:
    distribution = SBItoPyro(estimator, torch.randn(3, N_THETA)).expand([2, 3])
    value = values(estimator, 3)
    torch.testing.assert_close(pickle.loads(pickle.dumps(distribution)).log_prob(value), distribution.log_prob(value))


SUBJECT = torch.tensor([0, 0, 1, 1, 1, 2])


def model(estimator: ConditionalDensityEstimator, obs: Tensor | None = None) -> Tensor:
    """Subjects with means around a population's."""
    mu = pyro.sample("mu", dist.Normal(torch.zeros(N_THETA), 1.0).to_event(1))
    with pyro.plate("subjects", 3):
        theta = pyro.sample("theta", dist.Normal(mu, 0.5).to_event(1))
    with pyro.plate("trials", len(SUBJECT)):
        return pyro.sample("obs", SBItoPyro(estimator, theta[..., SUBJECT, :]), obs=obs)


def pooled(estimator: ConditionalDensityEstimator, obs: Tensor | None = None) -> Tensor:
    """One theta: the plate expands its distribution."""
    first, second = (pyro.sample(name, dist.Normal(0.0, 1.0)) for name in ("first", "second"))
    with pyro.plate("trials", len(SUBJECT)):
        return pyro.sample("obs", SBItoPyro(estimator, torch.stack([first, second], -1)), obs=obs)


@pytest.mark.parametrize("kind", ("row", "nsf", "zuko", "counts", "mixed"))
def test_vectorised_predictive_and_pointwise_log_density(kind: str) -> None:
    pyro.set_rng_seed(0)
    estimator = make(kind)
    prior = {"first": torch.randn(10), "second": torch.randn(10)}
    drawn = Predictive(pooled, prior, parallel=True)(estimator)["obs"]
    assert drawn.shape == (10, len(SUBJECT), *estimator.input_shape)

    obs = values(estimator, len(SUBJECT))
    conditioned = pyro.poutine.condition(pooled, {name: draws.unsqueeze(-1) for name, draws in prior.items()})
    with pyro.plate("draws", 10, dim=-2):
        trace = pyro.poutine.trace(conditioned).get_trace(estimator, obs)
    trace.compute_log_prob()
    pointwise = trace.nodes["obs"]["log_prob"]
    assert pointwise.shape == (10, len(SUBJECT))
    theta = torch.stack([prior["first"], prior["second"]], -1)
    one = SBItoPyro(estimator, theta[3]).log_prob(obs)
    torch.testing.assert_close(pointwise[3], one.to(pointwise))


@pytest.mark.parametrize("kind", ("row", "nsf", "maf", "counts", "mixed"))
def test_pyro_sees_where_observations_come_from(kind: str) -> None:
    estimator = make(kind)
    obs = values(estimator, len(SUBJECT))
    relations = get_model_relations(model, (estimator, obs))
    assert relations["sample_sample"]["obs"] == ["theta"]
    assert relations["observed"] == ["obs"]
    dependencies = get_dependencies(model, (estimator, obs))
    assert "theta" in dependencies["prior_dependencies"]["obs"]


@pytest.mark.parametrize("kind", ("row", "counts", "mixed"))
def test_nuts_runs_on_it(kind: str) -> None:
    pyro.set_rng_seed(0)
    estimator = make(kind)
    obs = values(estimator, len(SUBJECT))
    mcmc = MCMC(NUTS(model, max_tree_depth=3), num_samples=5, warmup_steps=5, disable_progbar=True)
    mcmc.run(estimator, obs)
    draws = mcmc.get_samples()["theta"]
    assert draws.shape == (5, 3, N_THETA)
    assert torch.isfinite(draws).all()
    assert len(draws.unique(dim=0)) > 1
