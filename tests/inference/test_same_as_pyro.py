"""The potential is minus the potential energy of the Pyro model built from the same spec, and so is its gradient."""

import numpy as np
import pandas as pd
import pyro.distributions
import pytest
import torch
from pyro.infer.mcmc.util import initialize_model

from hddm_sbi.inference.potential import Potential
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.formulas import get_exact
from hddm_sbi.likelihoods.observation.observation_model import ObservationModel
from hddm_sbi.pyro_model.plate import plate_model
from hddm_sbi.spec.build import build_spec
from hddm_sbi.spec.lapsing import lapses_of
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.trials.reading import read_trials
from hddm_sbi.trials.trials import Trials
from tests.observing import lapsing, model_of

MODELS = {
    "intercepts": {},
    "slopes": {"formula": ["v ~ conf", "a ~ 0 + stim"], "p_outlier": 0.05},
    "numeric": {"formula": "v ~ theta * conf", "random_slopes": False, "shared": ("z",)},
    "accuracy": {"coding": "accuracy", "formula": "v ~ stim", "p_outlier": 0},
    "two groupings": {"formula": "v ~ stim + (1 + stim|subject) + (1|item)"},
    "cell means": {"formula": "v ~ 0 + conf:stim", "links": {"a": "identity"}, "fixed": {"t0": 0.2}},
    "apart": {"pooling": "none", "formula": "v ~ conf"},
    "stimulus": {"coding": "stimulus", "stimulus": "side"},
    "criterion": {"coding": "stimulus", "stimulus": "side", "formula": "v ~ conf, v_bias ~ 0 + stim", "shared": "v"},
    "criterion apart": {"coding": "stimulus", "stimulus": "side", "formula": "v_bias ~ 1", "pooling": "none"},
    "criterion alone": {"coding": "stimulus", "stimulus": "side", "formula": "v_bias ~ theta", "fixed": {"v": 0}},
    "go": {"coding": "stimulus", "stimulus": "side", "p_outlier": 0},
    "correlated": {"formula": ["v ~ conf", "a ~ stim"], "correlated": True},
    "correlated drifts": {
        "coding": "stimulus",
        "stimulus": "side",
        "formula": "v_bias ~ 1",
        "correlated": ["v", "v_bias"],
    },
    "complete": {"pooling": "complete", "formula": "a ~ conf + theta"},
    "priors": {
        "priors": {
            "v_Intercept": torch.distributions.StudentT(3.0, 0.5, 1.0),
            "a_Intercept_subject_sd": torch.distributions.Exponential(3.0),
            "z_Intercept": pyro.distributions.Uniform(-1.0, 1.0),
            "t0_Intercept": torch.distributions.Gumbel(-1.0, 0.5),
        }
    },
}


def energies(spec, likelihood, trials, u):
    """Value and gradient of Pyro's potential energy at u, in the order of our coordinates."""
    of_trials = model_of(likelihood).bind(trials.seen(spec.row, spec.n_rows))
    potential = Potential(spec, of_trials)
    # a starting point is given: whether Pyro's own search finds a possible one is a matter of luck
    start = {site.name: torch.tensor(u[site.slice]) for site in potential.layout.sites}
    _, potential_fn, transforms, trace = initialize_model(plate_model(spec, of_trials), initial_params=start)
    sites = {}
    for site in potential.layout.sites:
        # raw coefficients have no transform: Pyro leaves out those that would do nothing
        shape = transforms[site.name](trace.nodes[site.name]["value"]).shape
        assert shape.numel() == site.size, site.name
        sites[site.name] = torch.tensor(u[site.slice]).reshape(shape).requires_grad_(True)
    assert set(sites) == set(transforms)
    energy = potential_fn(sites)
    gradients = torch.autograd.grad(energy, list(sites.values()))
    return energy.item(), np.concatenate([g.reshape(-1).numpy() for g in gradients])


def compare(spec, likelihood, trials, seed):
    potential = Potential(spec, model_of(likelihood).bind(trials.seen(spec.row, spec.n_rows)))
    points = 0.4 * np.random.default_rng(seed).normal(size=(200, potential.ndim))
    # without lapses most points are impossible: some non-decision time lies above a response
    u = next(point for point in points if np.isfinite(potential.log_density(point)))
    value, gradient = potential.log_density_grad(u)
    energy, by_u = energies(spec, likelihood, trials, u)
    assert np.isfinite(value)
    assert value == pytest.approx(-energy, rel=1e-12, abs=1e-8)
    np.testing.assert_allclose(gradient, -by_u, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("seed", range(60))
def test_random_specs(make_spec, toy, seed):
    maker = make_spec(100 + seed)
    trials = Trials(maker.rt, maker.choice, (0, 1), pd.DataFrame(), None, np.zeros(60, int), (), "")
    compare(maker.spec(), toy, trials, seed)


@pytest.fixture(scope="module")
def experiment() -> pd.DataFrame:
    rng, n = np.random.default_rng(5), 120
    return pd.DataFrame(
        {
            "subject": np.repeat(np.arange(6), 20),
            "item": rng.integers(0, 4, n).astype(str),
            "stim": rng.choice(["LL", "WL", "WW"], n),
            "conf": rng.choice(["HC", "LC"], n),
            "side": rng.integers(0, 2, n),
            "theta": rng.normal(size=n).round(2),
            "rt": rng.uniform(1.2, 3.0, n).round(2),
            "response": rng.integers(0, 2, n),
        }
    )


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore::hddm_sbi.errors.HDDMWarning")
def test_models_of_an_experiment(experiment, name):
    options = MODELS[name]
    trials = read_trials(experiment, groupby="subject", coding=options.get("coding", "response"))
    spec, _ = build_spec(get_model("ddm"), trials, **options)
    likelihood = lapsing(ExactDDM(), (0, 5)) if options.get("p_outlier", 1) != 0 else ExactDDM()
    compare(spec, likelihood, trials, 3)


OTHERS = {
    "variability": ("full_ddm", {}),
    "variability by group": ("full_ddm", {"formula": ["sz ~ 1 + (1|subject)", "z ~ conf", "sv ~ conf"]}),
    "a width": ("full_ddm", {"fixed": {"sz": 0.1, "st0": 0}}),
    "no width": ("full_ddm", {"fixed": {"sz": 0, "st0": 0}}),
    "natural proportion": ("full_ddm", {"links": {"sz": "identity", "z": "identity"}, "shared": "z"}),
    "variability apart": ("full_ddm", {"pooling": "none"}),
    "angle": ("angle", {"formula": "theta ~ conf"}),
    "natural angle": ("angle", {"links": {"theta": "identity"}, "shared": "theta"}),
    "weibull": ("weibull", {}),
    "ornstein": ("ornstein", {}),
    "levy": ("levy", {"formula": "alpha ~ stim"}),
    "race": ("rdm", {"formula": ["v0 ~ stim", "v1 ~ stim"]}),
    "lba": ("lba", {"coding": "accuracy"}),
    "stimulus": ("full_ddm", {"coding": "stimulus", "stimulus": "side", "formula": ["v_bias ~ conf", "sz ~ conf"]}),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.filterwarnings("ignore::hddm_sbi.errors.HDDMWarning")
def test_other_models(experiment, smooth, name):
    model, options = OTHERS[name]
    ssm = get_model(model)
    trials = read_trials(experiment, groupby="subject", coding=options.get("coding", "response"))
    spec, _ = build_spec(ssm, trials, p_outlier=0, **options)
    compare(spec, smooth(ssm.parameter_names), trials, 3)


def test_a_width_that_does_not_fit_is_impossible_in_both(experiment, smooth, full_ddm):
    trials = read_trials(experiment, groupby="subject")
    spec, _ = build_spec(full_ddm, trials, p_outlier=0, fixed={"sz": 0.5}, shared="z")
    potential = Potential(spec, model_of(smooth(full_ddm.parameter_names)).bind(trials.seen(spec.row, spec.n_rows)))
    u = np.zeros(potential.ndim)
    for eta, fits in ((1.0, True), (1.2, False), (-1.2, False)):  # z = .73, .77, .23
        u[potential.layout.site("z_Intercept").start] = eta
        energy, _ = energies(spec, smooth(full_ddm.parameter_names), trials, u)
        assert np.isfinite(energy) == fits == np.isfinite(potential.log_density(u))


def test_a_width_where_both_boundaries_are_as_near(experiment, smooth, full_ddm):
    """At z = 1/2 the room has a kink: both take the mean of its slopes."""
    trials = read_trials(experiment, groupby="subject")
    spec, _ = build_spec(full_ddm, trials, p_outlier=0)
    likelihood = smooth(full_ddm.parameter_names)
    potential = Potential(spec, model_of(likelihood).bind(trials.seen(spec.row, spec.n_rows)))
    u = np.zeros(potential.ndim)
    assert (potential.theta(u)[:, 2] == 0.5).all()
    _, by_u = energies(spec, likelihood, trials, u)
    np.testing.assert_allclose(potential.log_density_grad(u)[1], -by_u, rtol=1e-9, atol=1e-6)


SEEN = {
    "deadline": {"deadline": 2.2},
    "deadlines": {"deadline": "until"},
    "go": {"go": 1, "p_outlier": 0.05},
    "truncated": {"truncate": (1.3, 2.7)},
    "truncated and deadline": {"truncate": (1.3, None), "deadline": 2.2},
    "choices alone": {"observed": "response", "fixed": {"a": 1.5}},
    "choices alone, deadline": {"observed": "response", "deadline": 2.2},
    "half": {},
}


def seen_table(experiment, seen):
    """The experiment as it is seen: some trials are late, some out of range, some half recorded."""
    table = experiment.assign(until=np.where(np.arange(len(experiment)) % 2, 2.0, 2.5))
    options = SEEN[seen]
    if "truncate" in options:
        low, high = options["truncate"]
        table = table[(table["rt"] > low) & (table["rt"] < (high or np.inf))]
    if "deadline" in options:
        late = table["rt"] > (table["until"] if options["deadline"] == "until" else options["deadline"])
        table = table.assign(rt=table["rt"].mask(late), response=table["response"].mask(late))
    if seen == "go":
        table = table.assign(rt=table["rt"].where(table["response"] == 1))
    if seen == "half":
        number = np.arange(len(table))
        table = table.assign(rt=table["rt"].mask(number % 5 == 1), response=table["response"].mask(number % 7 == 2))
        table = table[table["rt"].notna() | table["response"].notna()]
    return table


@pytest.mark.parametrize("model", ["ddm", "full_ddm", "rdm"])
@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.filterwarnings("ignore::hddm_sbi.errors.HDDMWarning")
def test_whatever_is_seen(experiment, seen, model):
    options = dict(SEEN[seen])
    if model == "rdm" and "fixed" in options:
        options["fixed"] = {"B": 1.5}
    reading = {name: options.pop(name) for name in ("deadline", "truncate", "go", "observed") if name in options}
    trials, ssm = read_trials(seen_table(experiment, seen), groupby="subject", **reading), get_model(model)
    spec, _ = build_spec(ssm, trials, **options)
    likelihood = ObservationModel(get_exact(ssm), lapses_of((0.0, 5.0), trials, spec))
    compare(spec, likelihood, trials, 4)
