"""The bridge gives what sbi's own log densities and their gradients are, for every estimator that sbi builds."""

import warnings
from collections.abc import Callable, Iterator

import pyro
import pytest
import torch
from sbi.neural_nets import likelihood_nn
from sbi.neural_nets.estimators import CategoricalMADE, CategoricalMassEstimator
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from sbi.neural_nets.net_builders import build_categoricalmassestimator
from torch import Tensor, nn

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.neural.evaluation.choose import _Checked
from hddm_sbi.likelihoods.neural.evaluation.plan import evaluation_of
from hddm_sbi.likelihoods.neural.sbi_distribution import SBItoPyro

# nflows inverts its linear layers by a function that torch deprecates
pytestmark = pytest.mark.filterwarnings("ignore:torch.triangular_solve is deprecated")

FLOWS = ("mdn", "made", "maf", "maf_rqs", "nsf")
ZUKO = ("zuko_nice", "zuko_maf", "zuko_nsf", "zuko_ncsf", "zuko_sospf", "zuko_naf", "zuko_unaf", "zuko_gf", "zuko_bpf")
CATEGORICAL = ("categorical", "no blocks", "feedforward", "tanh", "embedded")
FAST = (*CATEGORICAL, "nsf", "mnle", "mnle log")


class Log(nn.Module):
    """Something that only torch knows to differentiate."""

    def forward(self, rate: Tensor) -> Tensor:
        return torch.cat([rate, rate.log()], -1)


def categorical_made(
    n_theta: int, embedding_net: nn.Module | None = None, **options: object
) -> CategoricalMassEstimator:
    n_context = n_theta if embedding_net is None else 2 * n_theta
    embedding_net = embedding_net or nn.Identity()
    net = CategoricalMADE(torch.tensor([9]), 11, num_context_features=n_context, embedding_net=embedding_net, **options)
    return CategoricalMassEstimator(net, torch.Size([1]), torch.Size([n_theta]))


def make(kind: str, n_theta: int = 1, n_data: int = 1) -> ConditionalDensityEstimator:
    """Untrained, with weights that make it depend on theta."""
    torch.manual_seed(7)
    theta = 0.5 + torch.rand(300, n_theta)
    chips, rt = torch.randint(0, 9, (300, 1)).float(), 0.2 + torch.rand(300, n_data)
    builders: dict[str, Callable[[], ConditionalDensityEstimator]] = {
        "categorical": lambda: build_categoricalmassestimator(chips, theta),
        "no blocks": lambda: categorical_made(n_theta, num_blocks=0),
        "feedforward": lambda: categorical_made(n_theta, use_residual_blocks=False),
        "tanh": lambda: categorical_made(n_theta, activation=torch.tanh),
        "embedded": lambda: categorical_made(n_theta, Log()),
        "mnle": lambda: likelihood_nn("mnle")(theta, torch.cat([rt[:, :1], chips.clamp(max=2)], 1)),
        "mnle log": lambda: likelihood_nn("mnle", log_transform_x=True)(
            theta, torch.cat([rt[:, :1], chips.clamp(max=2)], 1)
        ),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sbi's builders announce what they infer from the data
        estimator = builders[kind]() if kind in builders else likelihood_nn(kind)(theta, rt)
    for parameter in estimator.parameters():
        with torch.no_grad():
            parameter += 0.1 * torch.randn_like(parameter)
    return estimator.eval()


def data_for(estimator: ConditionalDensityEstimator, n: int) -> Tensor:
    torch.manual_seed(8)
    width = estimator.input_shape[0]
    if isinstance(estimator, CategoricalMassEstimator):
        return torch.randint(0, 9, (n, 1))
    rt = 0.3 + 0.7 * torch.rand(n, width)
    if hasattr(estimator, "discrete_net"):
        rt[:, -1] = torch.randint(0, 3, (n,)).float()
    return rt


def log_prob_and_gradient(log_prob: Callable[[Tensor], Tensor], theta: Tensor) -> tuple[Tensor, Tensor]:
    theta = theta.clone().requires_grad_()
    value = log_prob(theta)
    # not the same weight everywhere, so that no gradient is right by chance
    weight = torch.linspace(0.5, 1.5, len(value), dtype=value.dtype)
    (gradient,) = torch.autograd.grad((weight * value).sum(), theta)
    return value.detach(), gradient


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """These tensors are tiny: more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("rows", ("shared", "apart", "one"))
@pytest.mark.parametrize(
    ("kind", "n_theta", "n_data"),
    [(kind, n, 1) for kind in FAST for n in (1, 3)]
    + [(kind, 1, 1) for kind in ("mdn", "made", "maf", *ZUKO)]
    + [(kind, 2, 2) for kind in FLOWS],
)
def test_values_and_gradients_are_those_of_sbi(kind: str, n_theta: int, n_data: int, rows: str) -> None:
    estimator = make(kind, n_theta, n_data).double()
    torch.manual_seed(9)
    n = 23
    theta = 0.5 + torch.rand({"shared": 4, "apart": n, "one": 1}[rows], n_theta, dtype=torch.float64)
    index = torch.arange(n) % len(theta)
    data = data_for(estimator, n)

    def sbis(by_trial: Tensor) -> Tensor:
        return estimator.log_prob(data.double().unsqueeze(0), by_trial).squeeze(0)

    expected, slope = log_prob_and_gradient(sbis, theta[index])
    for _ in range(2):  # what is found once is found in the first call, and used in the second
        value, gradient = log_prob_and_gradient(lambda t: SBItoPyro(estimator, t).log_prob(data), theta[index])
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(gradient, slope, rtol=1e-5, atol=1e-5)
    value, gradient = log_prob_and_gradient(lambda t: SBItoPyro(estimator, t[index]).log_prob(data), theta)
    torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)
    _, slope = log_prob_and_gradient(lambda t: sbis(t[index]), theta)
    torch.testing.assert_close(gradient, slope, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", FAST)
def test_the_fast_ways_are_taken(kind: str) -> None:
    estimator = make(kind, 2)
    theta = (0.5 + torch.rand(5, 2)).requires_grad_()
    SBItoPyro(estimator, theta).log_prob(data_for(estimator, 5))
    way = evaluation_of(estimator).way
    assert isinstance(way, _Checked)
    assert way._fast is not None and way._agrees


def test_an_estimator_that_only_looks_like_one_of_sbis_is_asked_itself() -> None:
    class Tempered(CategoricalMassEstimator):
        def log_prob(self, input: Tensor, condition: Tensor, **options: object) -> Tensor:
            return 0.5 * super().log_prob(input, condition, **options)

    inner = make("categorical")
    estimator = Tempered(inner.net, inner.input_shape, inner.condition_shape)
    theta, data = 0.5 + torch.rand(6), torch.arange(6)
    torch.testing.assert_close(
        SBItoPyro(estimator, theta).log_prob(data), 0.5 * SBItoPyro(inner, theta).log_prob(data), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("kind", ("categorical", "no blocks", "embedded", "nsf", "mnle"))
def test_changed_weights_count(kind: str) -> None:
    estimator, other = make(kind), make(kind)
    theta, data = 0.5 + torch.rand(6, 1), data_for(estimator, 6)
    first = SBItoPyro(estimator, theta).log_prob(data)

    def check() -> None:
        expected = estimator.log_prob(data.to(theta.dtype).unsqueeze(0), theta).squeeze(0)
        torch.testing.assert_close(SBItoPyro(estimator, theta).log_prob(data), expected.detach(), rtol=1e-3, atol=1e-4)

    for parameter in estimator.parameters():
        parameter.data += 0.1
    check()
    assert not torch.allclose(SBItoPyro(estimator, theta).log_prob(data), first)
    names = dict(estimator.named_parameters())
    estimator.load_state_dict(other.state_dict())
    torch.testing.assert_close(SBItoPyro(estimator, theta).log_prob(data), first)
    estimator.load_state_dict(
        {name: 1.1 * each if name in names else each for name, each in other.state_dict().items()}, assign=True
    )
    check()
    single = SBItoPyro(estimator, theta).log_prob(data)
    estimator.double()
    double = SBItoPyro(estimator, theta.double()).log_prob(data)
    torch.testing.assert_close(double.float(), single, rtol=1e-3, atol=1e-4)


def test_units_left_out_at_random_are_left_out() -> None:
    torch.manual_seed(1)
    theta = torch.rand(300, 1)
    estimator = build_categoricalmassestimator(
        torch.arange(300.0).remainder(9).unsqueeze(-1),
        theta,
        num_categories_per_variable=torch.tensor([9]),
        dropout_probability=0.5,
    )
    distribution = SBItoPyro(estimator.eval(), theta[:9])
    counts = torch.arange(9)
    torch.testing.assert_close(distribution.log_prob(counts), distribution.log_prob(counts))
    estimator.train()
    assert not torch.equal(distribution.log_prob(counts), distribution.log_prob(counts))


def test_data_that_change_in_place_are_other_data() -> None:
    estimator, theta = make("categorical"), 0.5 + torch.rand(4)
    data = torch.tensor([0, 1, 2, 3])
    first = SBItoPyro(estimator, theta).log_prob(data)
    data.numpy()[:] = [3, 2, 1, 77]
    second = SBItoPyro(estimator, theta).log_prob(data)
    expected = SBItoPyro(estimator, theta).log_prob(torch.tensor([3, 2, 1, 77]))
    torch.testing.assert_close(second, expected)
    assert torch.isneginf(second[3]) and not torch.allclose(first[:3], second[:3])


@pytest.mark.parametrize("kind", ("categorical", "nsf", "mnle", "maf"))
@pytest.mark.parametrize("dtype", (torch.float32, torch.float64))
def test_rates_and_data_may_be_numbers(kind: str, dtype: torch.dtype) -> None:
    estimator = make(kind)
    data = data_for(estimator, 7)
    lam = (0.5 + torch.rand(3, dtype=dtype)).requires_grad_()
    location = torch.arange(7) % 3
    numbers, vectors = SBItoPyro(estimator, lam[location]), SBItoPyro(estimator, lam[location].unsqueeze(-1))
    event = () if estimator.input_shape == (1,) else (2,)
    assert (numbers.batch_shape, numbers.event_shape) == ((7,), event)
    assert (vectors.batch_shape, vectors.event_shape) == ((7,), estimator.input_shape)
    expected = vectors.log_prob(data)
    assert expected.dtype == dtype
    given = [data, data.double()] + ([] if event else [data[:, 0], data[:, 0].double()])
    for value in given:
        torch.testing.assert_close(numbers.log_prob(value), expected)
        torch.testing.assert_close(vectors.log_prob(value), expected)
    assert numbers.sample().shape == (7, *event)
    assert numbers.sample(torch.Size([2])).shape == (2, 7, *event)
    assert numbers.support.check(numbers.sample()).shape == (7,)
    assert numbers.theta.shape == (7, 1)
    one = SBItoPyro(estimator, lam[0])
    assert one.batch_shape == () and one.expand([7]).log_prob(data).shape == (7,)
    (gradient,) = torch.autograd.grad(numbers.log_prob(data).sum(), lam)
    (same,) = torch.autograd.grad(vectors.log_prob(data).sum(), lam)
    torch.testing.assert_close(gradient, same)


def test_a_table_of_masses() -> None:
    estimator, lam = make("categorical"), 0.5 + torch.rand(4)
    table = SBItoPyro(estimator, lam).log_prob(torch.arange(9).unsqueeze(-1))
    assert table.shape == (9, 4)
    torch.testing.assert_close(table.exp().sum(0), torch.ones(4))


def test_shapes_that_can_be_read_in_two_ways_are_refused() -> None:
    with pytest.raises(ModelError, match=r"theta has shape \(6,\).*\(3,\)"):
        SBItoPyro(make("categorical", 3), torch.zeros(6))
    estimator = make("categorical")
    square = SBItoPyro(estimator, torch.rand(5, 4)).expand([5, 4])
    assert square.log_prob(torch.zeros(4)).shape == (5, 4)
    assert square.log_prob(torch.zeros(5, 1)).shape == (5, 4)
    with pytest.raises(ModelError, match=r"shape \(4, 1\).*numbers or vectors"):
        SBItoPyro(estimator, torch.rand(4, 4)).log_prob(torch.zeros(4, 1))
    with pytest.raises(ModelError, match=r"shape \(3,\) does not broadcast.*\(5,\)"):
        SBItoPyro(estimator, torch.rand(5)).log_prob(torch.zeros(3))


def test_nan_in_theta_is_said() -> None:
    distribution = SBItoPyro(make("categorical"), torch.tensor([0.7, torch.nan, 0.9]))
    # validation is one switch for the whole process, which sbi.inference turns off
    with pyro.validation_enabled(), pytest.raises(ModelError, match="theta has NaN in 1 of its 3 elements"):
        distribution.log_prob(torch.zeros(3))
    quiet = SBItoPyro(make("categorical"), torch.tensor([0.7, torch.nan, 0.9]), validate_args=False)
    assert torch.isneginf(quiet.log_prob(torch.zeros(3))).tolist() == [False, True, False]
