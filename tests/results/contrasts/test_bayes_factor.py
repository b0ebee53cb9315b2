"""Bayes factors are the exact ones, at each width of the prior, where the posterior is known in closed form.

The "experiment" measures each participant's whole effect c_s with a known error: y_s ~ N(c_s, NOISE^2), so that
posteriors of population and participants can be drawn exactly, and so can the marginal likelihood.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch.distributions as td
from scipy.special import logsumexp
from scipy.stats import norm

from hddm_sbi.results.contrasts.bayes_factor import WIDTHS, figure

pytestmark = pytest.mark.filterwarnings("ignore::hddm_sbi.errors.HDDMWarning")

TEXT = "v[complete=LC] - v[complete=HC]"
NOISE, GROUPS, SHAPE = 0.15, 8, (4, 500)
N = SHAPE[0] * SHAPE[1]
SDS = np.linspace(0.05, 0.8, 16)  # a uniform prior of the group sd on these values
GRID = np.linspace(-4.0, 4.0, 8001)

LogPrior = Callable[[np.ndarray], np.ndarray]


def measured(effect: float) -> np.ndarray:
    """Eight participants' effects, of mean ``effect`` and sd 0.3."""
    return effect + 0.3 * norm.ppf((np.arange(GROUPS) + 0.5) / GROUPS)


def log_joint(y: np.ndarray, log_prior: LogPrior) -> np.ndarray:
    """Of the group sd and beta on grids, participants integrated out, (sds, betas)."""
    total = np.sqrt(SDS**2 + NOISE**2)[:, None, None]
    return norm.logpdf(y, GRID[:, None], total).sum(axis=-1) + log_prior(GRID)


def exact(y: np.ndarray, log_prior: LogPrior, null: float) -> float:
    """BF10 by quadrature: both marginal likelihoods."""
    against = logsumexp(log_joint(y, log_prior)) + np.log(GRID[1] - GRID[0])
    null_at = norm.logpdf(y, null, np.sqrt(SDS**2 + NOISE**2)[:, None]).sum(axis=-1)
    return float(np.exp(against - logsumexp(null_at)))


def draw(y: np.ndarray, log_prior: LogPrior, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Posterior draws: group sd (n,), beta (n,) and deviations (n, participants)."""
    rng, density = np.random.default_rng(seed), np.exp(log_joint(y, log_prior))
    flat = np.cumsum(density.reshape(-1) / density.sum())
    i, j = np.unravel_index(np.minimum(np.searchsorted(flat, rng.uniform(size=N)), flat.size - 1), density.shape)
    sd, beta = SDS[i], GRID[j] + (GRID[1] - GRID[0]) * rng.uniform(-0.5, 0.5, N)
    variance = 1.0 / (1.0 / NOISE**2 + 1.0 / sd**2)
    mean = variance[:, None] * (y / NOISE**2 + (beta / sd**2)[:, None])
    whole = mean + np.sqrt(variance)[:, None] * rng.normal(size=(N, len(y)))
    return sd, beta, whole - beta[:, None]


def normal_log(sd: float) -> LogPrior:
    return lambda x: norm.logpdf(x, 0.0, sd)


def of_effect(sd: np.ndarray, beta: np.ndarray, deviations: np.ndarray) -> dict[str, np.ndarray]:
    """Draws of the effect, its sd and the participants' deviations, as the model's variables."""
    return {
        "v_complete": beta.reshape(*SHAPE, 1),
        "v_complete_subject_sd": sd.reshape(*SHAPE, 1),
        "v_complete_subject": deviations.reshape(*SHAPE, GROUPS, 1),
    }


def check(table, truths: dict[str, float], largest: float = 0.1) -> None:
    for width, truth in truths.items():
        row = table.loc[width]
        assert not row["is_bound"] and row["mc_error"] < largest, width
        assert row["bf10"] == pytest.approx(truth, rel=5.0 * row["mc_error"] + 1e-3), width
        assert row["bf10"] == pytest.approx(row["prior_density"] / row["posterior_density"])


@pytest.mark.parametrize("effect", [0.0, 0.15, 0.3])
def test_effect_within_participants(build, fabricate, effect: float) -> None:
    model = build(formula="v ~ complete", priors={"v_complete": td.Normal(0.0, 0.5)})
    y = measured(effect)
    sd, beta, deviations = draw(y, normal_log(0.5))
    values = of_effect(sd, beta, deviations)
    found = model.contrast(fabricate(model, values), TEXT, bayes_factor=True).bayes_factor
    check(found.table, {width: exact(y, normal_log(0.5 * factor), 0.0) for width, factor in WIDTHS.items()})
    assert found.table.loc["half", "prior"] == "Normal(0, 0.25)"
    assert found.null.startswith("the average effect is zero (") and found.null.endswith("; people may still differ")
    assert "'subject'" in found.method
    # a multiple of an effect is the same hypothesis
    half = model.contrast(fabricate(model, values), f"({TEXT}) / 2", bayes_factor=True).bayes_factor
    np.testing.assert_allclose(half.table["bf10"], found.table["bf10"], rtol=1e-6)
    at = model.contrast(fabricate(model, values), TEXT, null=0.2, bayes_factor=True).bayes_factor
    check(at.table, {"stated": exact(y, normal_log(0.5), 0.2), "double": exact(y, normal_log(1.0), 0.2)})


def test_prior_of_another_family(build, fabricate) -> None:
    model = build(formula="v ~ complete", priors={"v_complete": td.Cauchy(0.0, 0.3)})
    y = measured(0.2)

    def cauchy(scale: float) -> LogPrior:
        return lambda x: -np.log(np.pi * scale * (1.0 + (x / scale) ** 2))

    sd, beta, deviations = draw(y, cauchy(0.3))
    values = of_effect(sd, beta, deviations)
    found = model.contrast(fabricate(model, values), TEXT, bayes_factor=True).bayes_factor
    check(found.table, {width: exact(y, cauchy(0.3 * factor), 0.0) for width, factor in WIDTHS.items()})
    assert found.table["prior"].tolist() == ["Cauchy(0, 0.15)", "Cauchy(0, 0.3)", "Cauchy(0, 0.6)"]


def test_null_beyond_the_draws_is_bounded(build, fabricate) -> None:
    model = build(formula="v ~ complete", priors={"v_complete": td.Normal(0.0, 1.0)})
    y = measured(0.0) / 3.0 + 1.5
    sd, beta, deviations = draw(y, normal_log(1.0))
    values = of_effect(sd, beta, deviations)
    found = model.contrast(fabricate(model, values), TEXT, bayes_factor=True).bayes_factor
    stated = found.table.loc["stated"]
    assert stated["is_bound"] and 100.0 < stated["bf10"] < exact(y, normal_log(1.0), 0.0)
    assert found.sentences[0].startswith("BF10 > ")


def between(build, fabricate, formula: str, priors, seed: int = 2):
    """v ~ group: participants' levels are measured, and the group's effect is regressed on them; a known group sd."""
    model = build(formula=formula, priors=priors)
    rng, s = np.random.default_rng(seed), 0.3
    is_patient = (np.arange(GROUPS) < 4).astype(float)
    x = np.column_stack([np.ones(GROUPS), is_patient])
    y = 1.0 + 0.3 * is_patient + measured(0.0)[rng.permutation(GROUPS)]

    def posterior(factor: float) -> tuple[np.ndarray, np.ndarray]:
        prior = np.diag([1.0, (0.5 * factor) ** -2.0])
        covariance = np.linalg.inv(x.T @ x / (s**2 + NOISE**2) + prior)
        return covariance @ (x.T @ y / (s**2 + NOISE**2) + prior @ [1.0, 0.0]), covariance

    mean, covariance = posterior(1.0)
    beta = rng.multivariate_normal(mean, covariance, size=N)
    variance = 1.0 / (1.0 / NOISE**2 + 1.0 / s**2)
    whole = variance * (y / NOISE**2 + beta @ x.T / s**2) + np.sqrt(variance) * rng.normal(size=(N, GROUPS))
    values = {
        "v_Intercept": beta[:, 0].reshape(SHAPE),
        "v_group": beta[:, 1].reshape(*SHAPE, 1),
        "v_Intercept_subject_sd": np.full(SHAPE, s),
        "v_Intercept_subject": (whole - beta @ x.T).reshape(*SHAPE, GROUPS),
    }
    # with effects of conditions it is the level in the middle of them that is sampled, which they do not move here
    values |= {name.replace("subject", "subject_sampled"): value for name, value in values.items() if "subject" in name}
    values |= {"v_complete": np.zeros((*SHAPE, 1)), "v_theta": np.zeros(SHAPE), "v_theta_sampled": np.zeros(SHAPE)}
    truths = {}
    for width, factor in WIDTHS.items():
        mean, covariance = posterior(factor)
        truths[width] = norm.pdf(0.0, 0.0, 0.5 * factor) / norm.pdf(0.0, mean[1], np.sqrt(covariance[1, 1]))
    return model, fabricate(model, values), truths


def test_groups_of_participants(build, fabricate) -> None:
    """A factor between participants has no effect that varies, and yet participants' levels hold its coefficient."""
    priors = {"v_group": td.Normal(0.0, 0.5), "v_Intercept": td.Normal(1.0, 1.0)}
    model, idata, truths = between(build, fabricate, "v ~ group", priors)
    found = model.contrast(idata, "v[group=patient] - v[group=control]", bayes_factor=True)
    check(found.bayes_factor.table, truths, 0.05)
    text = str(found)
    assert "BF10 = " in text and "half as wide" in text and "people may still differ" in text


def test_groups_of_participants_with_effects_of_conditions(build, fabricate) -> None:
    """Coefficients that vary in other ways are held or averaged over, whatever their draws are."""
    priors = {"v_group": td.Normal(0.0, 0.5), "v_Intercept": td.Normal(1.0, 1.0)}
    formula = "v ~ group + complete + theta + (1 + complete | subject)"
    model, idata, truths = between(build, fabricate, formula, priors)
    found = model.contrast(idata, "v[group=patient] - v[group=control]", bayes_factor=True)
    check(found.bayes_factor.table, truths, 0.05)


def test_without_groups_draws_are_smoothed(build, fabricate) -> None:
    model = build(formula="v ~ complete", pooling="complete", priors={"v_complete": td.Normal(0.0, 0.5)})

    def posterior(factor: float) -> tuple[float, float]:
        variance = 1.0 / (0.2**-2.0 + (0.5 * factor) ** -2.0)
        return variance * 0.4 / 0.2**2, variance**0.5

    mean, sd = posterior(1.0)
    beta = np.random.default_rng(5).normal(mean, sd, size=(*SHAPE, 1))
    found = model.contrast(fabricate(model, {"v_complete": beta}), TEXT, bayes_factor=True).bayes_factor
    truths = {
        width: norm.pdf(0.0, 0.0, 0.5 * factor) / norm.pdf(0.0, *posterior(factor)) for width, factor in WIDTHS.items()
    }
    check(found.table, truths, 0.2)
    assert "people" not in found.null and "same for everybody" in found.null
    # 3 / 2000 is surely more than the mass beyond all draws, and they end 2.7 or less from the null
    far = model.contrast(fabricate(model, {"v_complete": beta + 3.0}), TEXT, bayes_factor=True).bayes_factor
    assert far.table["is_bound"].loc["stated"] and far.table["bf10"].loc["stated"] > 1000.0


def test_other_widths_that_the_draws_cannot_tell(build, fabricate) -> None:
    """Draws far out under a narrow prior say nothing of what a much wider one would give."""
    model = build(formula="v ~ complete", pooling="complete", priors={"v_complete": td.Normal(0.0, 0.05)})
    beta = np.random.default_rng(5).normal(0.2, 0.05, size=(*SHAPE, 1))
    found = model.contrast(fabricate(model, {"v_complete": beta}), TEXT, bayes_factor=True).bayes_factor
    assert np.isnan(found.table.loc["double", "bf10"])
    assert "BF10 not known from these draws with a prior twice as wide" in str(found)


def test_a_prior_without_scale_has_one_width(build, fabricate) -> None:
    model = build(formula="v ~ complete", priors={"v_complete": td.Uniform(-2.0, 2.0)})
    found = model.contrast(fabricate(model), TEXT, bayes_factor=True).bayes_factor
    assert found.table["bf10"].notna().tolist() == [False, True, False]


def test_stimulus_coding(build, fabricate) -> None:
    model = build(
        coding="stimulus", stimulus={"stim": {"a": 1, "b": 0, "c": 0}}, formula=["v ~ complete", "v_bias ~ 1"],
        choices=[0, 1], priors={"v_complete": td.Normal(0.0, 0.5)},
    )  # fmt: skip
    y = measured(0.2)
    sd, beta, deviations = draw(y, normal_log(0.5))
    values = of_effect(sd, beta, deviations)
    found = model.contrast(fabricate(model, values), TEXT, bayes_factor=True).bayes_factor
    check(found.table, {width: exact(y, normal_log(0.5 * factor), 0.0) for width, factor in WIDTHS.items()})


def test_a_participant_without_the_condition_says_nothing_of_its_effect(build, fabricate) -> None:
    """Participant 2 never saw conf=LC: whatever the deviation is drawn as, the evidence is that of the others."""
    model = build(formula="v ~ conf", priors={"v_conf": td.Normal(0.0, 0.5)})
    y = np.delete(measured(0.2), 2)
    sd, beta, deviations = draw(y, normal_log(0.5))
    own = sd * np.random.default_rng(8).normal(size=N)  # from the population
    level = 0.2 * np.random.default_rng(9).normal(size=(N, GROUPS))
    found = []
    for shift in (0.0, 3.0):
        # the level that participant 2 has at conf=HC stays the same, half of the effect below the middle
        level[:, 2] += 0.5 * shift
        values = {
            "v_conf": beta.reshape(*SHAPE, 1),
            "v_conf_subject_sd": sd.reshape(*SHAPE, 1),
            "v_conf_subject": np.insert(deviations, 2, own + shift, axis=1).reshape(*SHAPE, GROUPS, 1),
            "v_Intercept_subject_sampled": level.reshape(*SHAPE, GROUPS),
            # so wide that a level says nothing of the mean effect
            "v_Intercept_subject_sampled_sd": np.full(SHAPE, 1e3),
        }
        text = "v[conf=LC] - v[conf=HC]"
        found.append(model.contrast(fabricate(model, values), text, bayes_factor=True).bayes_factor.table)
    check(found[0], {width: exact(y, normal_log(0.5 * factor), 0.0) for width, factor in WIDTHS.items()})
    np.testing.assert_allclose(found[0]["bf10"], found[1]["bf10"])


def test_figures() -> None:
    assert [figure(x) for x in (0.01234, 1.0, 12.34, 1234.0, 999.9, 3e9)] == [
        "0.0123", "1.00", "12.3", "1,230", "1,000", "3e+09",
    ]  # fmt: skip
