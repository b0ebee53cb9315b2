"""The stream of simulations: reproducible, canonical, inside the widened box."""

import math

import numpy as np
import pytest
import torch

from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.ssm import SSM, Parameter, get_model
from hddm_sbi.training.stream import Batch, SimulationStream, _widen
from hddm_sbi.training.supplied import with_box
from tests.likelihoods.networks import DDM, MODELS, RACE


def _stream(ssm: SSM, rows: int = 500, trials: int = 3, seed: int = 7) -> SimulationStream:
    return SimulationStream(ssm, Canonical.of(ssm), rows, trials, seed)


@pytest.mark.parametrize("ssm", MODELS, ids=lambda ssm: ssm.name)
def test_a_batch_depends_on_seed_and_step_alone(ssm: SSM) -> None:
    batch, again = _stream(ssm).batch(4), _stream(ssm).batch(4)
    assert torch.equal(batch.theta, again.theta)
    assert torch.equal(batch.x, again.x)
    for other in (_stream(ssm).batch(5), _stream(ssm, seed=8).batch(4)):
        assert not torch.any((batch.theta == other.theta).all(-1))
        assert not torch.equal(batch.x, other.x)


def test_batches_are_the_batches_of_their_steps() -> None:
    stream = _stream(DDM, rows=20)
    steps = list(stream.batches(3, 6))
    assert [step for step, _ in steps] == [3, 4, 5]
    for step, batch in steps:
        assert torch.equal(batch.x, stream.batch(step).x)


def test_an_early_stop_leaves_no_thread_behind() -> None:
    batches = _stream(DDM, rows=20).batches(0, 1000)
    next(batches)
    batches.close()


@pytest.mark.parametrize("ssm", MODELS, ids=lambda ssm: ssm.name)
def test_shapes_and_rows(ssm: SSM) -> None:
    batch = _stream(ssm).batch(0)
    assert batch.theta.shape == (500, len(ssm.parameters))
    assert batch.x.shape == (1500, 2)
    assert batch.theta.dtype == batch.x.dtype == torch.float32
    assert torch.equal(batch.row, torch.arange(500).repeat_interleave(3))
    assert torch.all(batch.x[:, 0] > 0)
    assert set(batch.x[:, 1].tolist()) == set(map(float, range(ssm.n_choices)))


def test_a_model_with_symmetries_is_simulated_in_canonical_form_over_the_widened_box() -> None:
    v, a, z, t0 = _stream(DDM, rows=20_000, trials=1).batch(0).theta.double().numpy().T
    assert np.all(a == 1.0)
    assert np.all(t0 == 0.0)
    # canonical drift is v a: |v| up to 6.6 and a up to 5 (5 / 0.3)^0.05
    assert np.abs(v).max() <= 6.6 * 5.0 * (5.0 / 0.3) ** 0.05 * (1 + 1e-6)
    assert np.abs(v).max() > 30.0
    odds = (0.95 / 0.05) ** (1 + 2 * 0.05)
    assert z.min() >= 1.0 / (1.0 + odds) - 1e-6
    assert z.max() <= odds / (1.0 + odds) + 1e-6
    assert z.min() < 0.05 < 0.95 < z.max()


def test_a_model_without_symmetries_is_simulated_as_it_is() -> None:
    theta = _stream(RACE, rows=20_000, trials=1).batch(0).theta.double().numpy()
    for column, parameter in zip(theta.T, RACE.parameters, strict=True):
        low, high = _widen(*parameter.box, "positive", (0.0, 1.0))
        assert low * (1 - 1e-6) <= column.min() < column.max() <= high * (1 + 1e-6)
        # the whole range is used: the largest gap of 20,000 uniform draws is far below a hundredth of it
        assert column.min() < low + 0.01 * (high - low)
        assert column.max() > high - 0.01 * (high - low)


@pytest.mark.parametrize(
    ("box", "support"),
    [((-6.0, 6.0), "real"), ((0.3, 5.0), "positive"), ((0.0, 2.0), "positive"), ((0.05, 0.95), "unit")],
)
def test_widening_stays_in_the_support(box: tuple[float, float], support: str) -> None:
    low, high = _widen(*box, support, (0.0, 1.0))
    assert low <= box[0] < box[1] < high
    assert low < box[0] or box[0] == 0.0
    assert support == "real" or low >= 0.0
    assert support != "unit" or high < 1.0


def test_a_share_of_central_drifts() -> None:
    whole = SimulationStream(DDM, Canonical.of(DDM), 20_000, 1, 7)
    half = SimulationStream(DDM, Canonical.of(DDM), 20_000, 1, 7, central=lambda step: 0.5 * (step >= 2))
    assert torch.equal(whole.batch(1).theta, half.batch(1).theta)
    drift, central = whole.batch(2).theta[:, 0], half.batch(2).theta[:, 0]
    assert torch.allclose(central[:10_000], 0.25 * drift[:10_000])
    assert torch.equal(central[10_000:], drift[10_000:])
    # nothing but drifts moves, and the race has none
    assert torch.equal(whole.batch(2).theta[:, 1:], half.batch(2).theta[:, 1:])
    race = [SimulationStream(RACE, Canonical.of(RACE), 50, 1, 7, c).batch(0) for c in (lambda _: 0.0, lambda _: 1.0)]
    assert torch.equal(race[0].theta, race[1].theta)


@pytest.mark.parametrize("support", [(1.0, math.inf), (-math.inf, 3.0), (0.5, math.inf)])
def test_no_simulation_leaves_the_support(support: tuple[float, float]) -> None:
    """Whatever the link makes of an interval that is open on one side only."""
    parameter = Parameter("k", support, "identity", (1.0, 3.0))
    ssm = SSM("one", (parameter,), RACE.simulator)
    k = _stream(ssm, rows=5000)._draw(np.random.default_rng(1), 0.0)[:, 0]
    assert parameter.contains(k).all()
    assert k.min() < 1.0 or support[0] == 1.0
    assert k.max() > 3.0 or support[1] == 3.0


def test_a_batch_for_a_device_without_double_precision() -> None:
    x = torch.zeros(3, 2)
    batch = Batch(x, x, torch.zeros(3, dtype=torch.int64), torch.zeros(3, dtype=torch.float64))
    assert batch.on("cpu") is batch
    moved = batch.on("meta")
    assert moved.log_ratio is not None
    assert moved.log_ratio.dtype == torch.float32
    assert moved.log_ratio.device.type == "meta"


def test_values_that_make_the_model_a_simpler_one_are_among_the_parameters() -> None:
    full, sv = get_model("full_ddm"), get_model("full_ddm").parameter_names.index("sv")
    assert 0.02 < float((_stream(full, rows=2000).batch(0).theta[:, sv] == 0.0).float().mean()) < 0.06
    narrow = with_box(full, {"sv": (0.5, 1.0)})
    assert not torch.any(_stream(narrow, rows=2000).batch(0).theta[:, sv] == 0.0)
