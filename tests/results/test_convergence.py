"""Bounds on draws: sound ones pass, planted faults are found, in the degree and the quantities that they concern."""

import numpy as np
import pytest
import xarray as xr

from hddm_sbi.inference.nuts import sample_nuts
from hddm_sbi.inference.sampler import NutsSettings
from hddm_sbi.results.convergence import ESS_NEEDED, R_HAT_BELOW, look_at, r_hat_bounds
from hddm_sbi.results.summary import diagnose_quantities
from hddm_sbi.results.to_arviz import group, to_inference_data
from hddm_sbi.results.verdict import verdict

SAMPLE = ("chain", "draw")
PEOPLE = 40


def posterior(rng, draws=1_000, chains=4):
    """Sound draws of a population and its participants, as variables."""
    shape = (chains, draws)
    return {
        "v": (SAMPLE, rng.normal(size=shape)),
        "v_Intercept": (SAMPLE, rng.normal(size=shape)),
        "v_Intercept_subject_sd": (SAMPLE, np.abs(rng.normal(size=shape))),
        "t0": (SAMPLE, rng.normal(size=shape)),
        "v_subject": ((*SAMPLE, "subject"), rng.normal(size=(*shape, PEOPLE))),
        "t0_subject": ((*SAMPLE, "subject"), 0.5 + 0.01 * rng.normal(size=(*shape, PEOPLE))),
        "v_Intercept_subject": ((*SAMPLE, "subject"), rng.normal(size=(*shape, PEOPLE))),
    }


def stats(rng, draws=1_000, chains=4):
    shape = (chains, draws)
    return {
        "diverging": np.zeros(shape, bool), "tree_depth": np.full(shape, 4), "energy": rng.normal(size=shape)
    }  # fmt: skip


def judge(variables, of_sampler, rng):
    coords = {"subject": tuple(range(100, 100 + PEOPLE))}
    trials = np.repeat(np.arange(100, 100 + PEOPLE), 20)
    groups = {
        "posterior": variables,
        "sample_stats": {name: (SAMPLE, values) for name, values in of_sampler.items()},
        "observed_data": {"rt": (("trial",), 0.6 + rng.gamma(2.0, 0.1, trials.size))},
        "constant_data": {"subject": (("trial",), trials)},
    }
    idata = to_inference_data(groups, coords, {})
    found = look_at(group(idata, "posterior"), of_sampler, 10)
    judged = verdict(idata)
    assert judged.ok == found.enough == (judged.degree == "good")
    return judged, found


@pytest.mark.parametrize("seed", range(5))
def test_sound_draws_of_many_quantities_are_enough(seed):
    rng = np.random.default_rng(seed)
    judged, found = judge(posterior(rng), stats(rng), rng)
    assert judged.ok and judged.unusable == () and not found.flawed


def test_the_bound_of_participants_follows_from_their_number_and_draws():
    rng = np.random.default_rng(0)
    table = diagnose_quantities(xr.Dataset(posterior(rng)))
    bounds = r_hat_bounds(table, 4)
    population = ~table["kind"].isin(("participant", "deviation")).to_numpy()
    assert (bounds[population] == R_HAT_BELOW).all()
    assert (bounds >= R_HAT_BELOW).all()
    few = table.assign(ess_bulk=float(ESS_NEEDED), ess_tail=float(ESS_NEEDED))
    # chi-square of 7 degrees of freedom, one in 24,000: 31.5; 50 effective draws each half chain
    assert r_hat_bounds(few, 4)[~population] == pytest.approx(np.sqrt(1 + 31.5 / 7 / 50), abs=2e-3)
    fewer = table.assign(ess_bulk=20.0, ess_tail=20.0)  # too few are no excuse
    np.testing.assert_array_equal(r_hat_bounds(fewer, 4), r_hat_bounds(few, 4))


def apart(rng, how_far, chain):
    """One chain sits elsewhere."""
    return rng.normal(size=(4, 1_000)) + how_far * (np.arange(4) == chain)[:, None]


def slow(rng, rho):
    """Chains that hardly move: autoregressive."""
    x = rng.normal(size=(4, 1_000))
    for t in range(1, 1_000):
        x[:, t] = rho * x[:, t - 1] + np.sqrt(1 - rho**2) * x[:, t]
    return x


def rarely_changing(rng, stay):
    """Two modes, and few changes between them."""
    changes = rng.random((4, 1_000)) > stay
    return np.cumsum(changes, axis=1) % 2 * 4.0 + rng.normal(size=(4, 1_000))


PLANTED = {
    "chain apart by .5 sd": lambda rng: apart(rng, 0.5, 3),
    "chain apart by 1 sd": lambda rng: apart(rng, 1.0, 0),
    "chain apart by 5 sd": lambda rng: apart(rng, 5.0, 2),
    "two and two": lambda rng: apart(rng, 3.0, 1) + apart(rng, 3.0, 2),
    "wider chain": lambda rng: rng.normal(size=(4, 1_000)) * (1.0 + 2.0 * (np.arange(4) == 1))[:, None],
    "half of a chain elsewhere": lambda rng: rng.normal(size=(4, 1_000)) + 3.0 * (np.indices((4, 1_000)).sum(0) < 500),
    "autoregressive": lambda rng: slow(rng, 0.99),
    "slower": lambda rng: slow(rng, 0.999),
    "rare changes of mode": lambda rng: rarely_changing(rng, 0.995),
    "a trend": lambda rng: rng.normal(size=(4, 1_000)) + np.linspace(0.0, 2.0, 1_000),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_of_a_population_quantity_is_fatal(name):
    rng = np.random.default_rng(3)
    variables = posterior(rng) | {"v_Intercept": (SAMPLE, PLANTED[name](rng))}
    judged, found = judge(variables, stats(rng), rng)
    assert judged.degree == "bad" and not found.flawed
    assert judged.sentences[0].startswith("The sampler has NOT converged")
    assert any("v_Intercept" in sentence for sentence in judged.sentences[1:])
    assert found.expected > 1_000


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_of_one_participant_leaves_the_population_usable(name):
    rng = np.random.default_rng(4)
    variables = posterior(rng)
    variables["v_subject"][1][..., 7] = PLANTED[name](rng)
    judged, _ = judge(variables, stats(rng), rng)
    assert judged.degree == "partial"
    assert judged.unusable == ("v_subject[107]",)
    assert "population's quantities, which can be used, and for those of participants but v_subject[107]" in str(judged)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("diverging", np.arange(4_000).reshape(4, 1_000) == 17),
        ("energy", np.cumsum(np.random.default_rng(0).normal(size=(4, 1_000)), axis=1)),
        ("tree_depth", np.where(np.arange(4_000).reshape(4, 1_000) < 41, 10, 4)),
    ],
)
def test_what_more_draws_do_not_cure_is_a_flaw(name, values):
    rng = np.random.default_rng(5)
    judged, found = judge(posterior(rng), stats(rng) | {name: values}, rng)
    assert judged.degree == "bad" and found.flawed and found.missing


class Funnel:
    """Neal's: the sd of nine coordinates is the exponential of half the first."""

    ndim, native = 10, None

    def log_density(self, u):
        return self.log_density_grad(u)[0]

    def log_density_grad(self, u):
        precision = np.exp(-u[0])
        by_first = -u[0] / 9.0 - 4.5 + 0.5 * precision * (u[1:] @ u[1:])
        value = -(u[0] ** 2) / 18.0 - 4.5 * u[0] - 0.5 * precision * (u[1:] @ u[1:])
        return value, np.concatenate([[by_first], -precision * u[1:]])


class Modes:
    """Two normal distributions far from each other."""

    ndim, native = 2, None

    def log_density(self, u):
        return self.log_density_grad(u)[0]

    def log_density_grad(self, u):
        side = np.sign(u[0]) or 1.0
        at = u - np.array([10.0 * side, 0.0])
        return -0.5 * float(at @ at), -at


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("target", [Funnel(), Modes()])
def test_samples_of_bad_geometry_are_not_enough(target, seed):
    """Chains begin on both sides, and stay there, or come into the neck of the funnel too rarely."""
    chains = []
    for chain in range(4):
        begin = np.concatenate([[0.5 * (-1.0) ** chain], np.full(target.ndim - 1, 0.1)])
        settings = NutsSettings(300, 200, 1, 10 * seed + chain)
        chains.append(sample_nuts(target, lambda _, u=begin: u, settings, progress=False).raw)
    u = np.concatenate([raw.u for raw in chains])
    of_sampler = {name: np.concatenate([raw.stats[name] for raw in chains]) for name in chains[0].stats}
    variables = {f"v_x{k}": (SAMPLE, u[..., k]) for k in range(target.ndim)}
    judged, _ = judge({"v": (SAMPLE, u[..., 0])} | variables, of_sampler, np.random.default_rng(seed))
    assert judged.degree == "bad"


def test_two_readings_of_the_fastest_trials_are_told():
    rng = np.random.default_rng(6)
    variables = posterior(rng)
    # the draws of one participant's t0 lie now below, now above the fastest trials
    variables["t0_subject"][1][..., 3] = 0.55 + 0.04 * rarely_changing(rng, 0.998)
    judged, _ = judge(variables, stats(rng), rng)
    assert judged.unusable == ("t0_subject[103]",)
    (told,) = [sentence for sentence in judged.sentences if "two readings" in sentence]
    assert told.startswith("The fastest trials of participant 103 (0.6") and "lapses in up to" in told
