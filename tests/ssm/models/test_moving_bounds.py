"""Moving boundaries, leak and jumps: simulators against the ddm at their limits, and against numerical solutions."""

import math

import numpy as np
import pytest

from benchmarks.fokker_planck import Passage
from benchmarks.stable_passage import StablePassage
from benchmarks.truth import truth
from hddm_sbi.likelihoods.exact.ddm_cdf import ddm_cdf
from hddm_sbi.ssm import get_model, simulate
from hddm_sbi.ssm.models import levy as levy_module
from tests.ssm.distances import bound, distance_to

N = 200_000
# Solutions are good to 1e-7, save where drift and jumps of alpha near 1 meet.
SOLVED = 3e-5
T0 = 0.3
# v, a, z, and what makes the model the ddm
LIMITS = {"angle": (0.0,), "weibull": (3.0, 1e9), "ornstein": (0.0,), "levy": (2.0,)}
NEARLY = {"angle": (1e-9,), "weibull": (0.5, 1e18), "ornstein": (-1e-9,), "levy": (2.0 - 1e-9,)}
PLACES = [(1.0, 2.0, 0.3), (-3.0, 0.8, 0.85), (0.0, 1.5, 0.5)]
# v, a, z and the rest: middling; biased start; strong collapse, leak or jumps; fast; slow
POINTS = {
    "angle": [
        (1.0, 2.0, 0.5, 0.3), (3.0, 1.2, 0.7, 1.0), (-0.5, 1.5, 0.2, 1.3), (6.0, 0.3, 0.95, 0.1), (0.0, 3.0, 0.05, 0.6),
        (2.0, 5.0, 0.5, 1.5),
    ],
    "weibull": [
        (1.0, 2.0, 0.5, 2.0, 1.5), (3.0, 1.2, 0.7, 0.5, 1.0), (-0.5, 1.5, 0.2, 5.0, 0.4), (6.0, 0.3, 0.95, 0.3, 0.3),
        (0.0, 5.0, 0.5, 5.0, 0.3), (2.0, 5.0, 0.5, 1.0, 0.5),
    ],
    "ornstein": [
        (1.0, 2.0, 0.5, 1.0), (3.0, 1.2, 0.7, -1.5), (-0.5, 1.5, 0.2, 1.5), (6.0, 0.3, 0.95, -1.5),
        (2.0, 3.0, 0.5, -1.5), (6.0, 5.0, 0.1, 1.5),
    ],
    "levy": [
        (1.0, 2.0, 0.5, 1.5), (-0.5, 1.5, 0.2, 1.8), (2.0, 0.5, 0.9, 1.9), (0.0, 3.0, 0.05, 1.6), (1.0, 2.0, 0.3, 1.35),
        (0.0, 1.0, 0.5, 1.1),
    ],
}  # fmt: skip


def _theta(place: tuple[float, ...], more: tuple[float, ...]) -> np.ndarray:
    return np.array([*place, T0, *more])


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("place", PLACES)
def test_limit_is_the_ddm(name: str, place: tuple[float, ...]) -> None:
    for more in (LIMITS[name], NEARLY[name]):
        rt, choice = simulate(name, _theta(place, more), N, seed=31)
        for option in (0, 1):
            assert distance_to(rt - T0, choice, option, lambda t, c=option: ddm_cdf(t, c, *place)) < bound(N)


@pytest.mark.parametrize(("name", "point"), [(name, point) for name, points in POINTS.items() for point in points])
def test_draws_agree_with_the_solution(name: str, point: tuple[float, ...]) -> None:
    theta = _theta(point[:3], point[3:])
    solution = truth(name, theta)
    rt, choice = simulate(name, theta, N, seed=32)
    assert np.all(np.isfinite(rt))
    assert rt.min() > T0
    for option in (0, 1):
        assert distance_to(rt - T0, choice, option, lambda t, c=option: solution.cdf(t, c)) < bound(N) + SOLVED
    share = float(solution.cdf(1e6, 1))
    # Bernstein's bound: 16 = log(1e7)
    assert abs(choice.mean() - share) <= np.sqrt(2 * 16 * share * (1 - share) / N) + 16 / N + SOLVED
    assert abs(rt.mean() - T0 - solution.mean) < 5.5 * rt.std() / np.sqrt(N) + SOLVED


# A start next to a boundary: most leave within a few hundredths of the time that a path takes from one to the other.
@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("angle", (0.0, 3.0, 0.05, 0.6)),
        ("weibull", (0.0, 3.0, 0.05, 3.0, 3.0)),
        ("weibull", (0.0, 2.0, 0.05, 1.0, 1.0)),
        ("ornstein", (0.0, 3.0, 0.05, 0.6)),
        ("ornstein", (1.0, 3.0, 0.05, -1.5)),
    ],
)
def test_draws_from_next_to_a_boundary(name: str, point: tuple[float, ...]) -> None:
    n = 2_000_000
    theta = _theta(point[:3], point[3:])
    solution = truth(name, theta)
    rt, choice = simulate(name, theta, n, seed=38)
    for option in (0, 1):
        assert distance_to(rt - T0, choice, option, lambda t, c=option: solution.cdf(t, c)) < bound(n)
    # the first hundredth and tenth of those who leave there
    for share in (0.01, 0.1):
        t = float(np.interp(share, solution.lower / solution.lower[-1], solution.t))
        p = float(solution.cdf(t, 0))
        assert abs(np.mean((rt - T0 < t) & (choice == 0)) - p) < 5.5 * np.sqrt(p / n) + 1e-3 * p


@pytest.mark.parametrize("point", POINTS["angle"] + [(1.0, 2.0, 0.3, 1.57)])
def test_nobody_responds_after_the_boundaries_have_met(point: tuple[float, ...]) -> None:
    rt, _ = simulate("angle", _theta(point[:3], point[3:]), N, seed=33)
    assert rt.max() <= T0 + point[1] / (2.0 * math.tan(point[3])) * (1.0 + 1e-12)


@pytest.mark.parametrize("v", [-1.0, 0.0, 2.5])
def test_the_solution_of_the_ddm_is_the_formula(v: float) -> None:
    solved = truth("ornstein", np.array([v, 1.4, 0.2, 0.0, 0.0]))
    assert isinstance(solved, Passage)
    for option in (0, 1):
        assert np.abs(solved.cdf(solved.t, option) - ddm_cdf(solved.t, option, v, 1.4, 0.2)).max() < 1e-6


def test_the_solution_for_jumps_tends_to_the_formula() -> None:
    # what is left is of first order in 2 - alpha
    t = np.linspace(0.05, 3.0, 60)
    for option in (0, 1):
        far, near = (
            np.abs(
                truth("levy", np.array([1.0, 1.4, 0.3, 0.0, alpha])).cdf(t, option) - ddm_cdf(t, option, 1.0, 1.4, 0.3)
            )
            for alpha in (1.98, 1.998)
        )
        assert 0.0 < near.max() < 0.15 * far.max() < 0.002


def test_a_stable_process_leaves_a_ball_in_the_time_of_getoor() -> None:
    # Getoor (1961): mean (1 - x^2)^(alpha / 2) / Gamma(1 + alpha) for characteristic exponent |k|^alpha
    for alpha, z in ((1.2, 0.5), (1.7, 0.1)):
        solved = truth("levy", np.array([0.0, 2.0, z, 0.0, alpha]))
        assert isinstance(solved, StablePassage)
        x = 2.0 * z - 1.0
        theory = (1.0 - x * x) ** (0.5 * alpha) / math.gamma(1.0 + alpha) * 2.0 ** (0.5 * alpha)
        assert solved.mean == pytest.approx(theory, rel=1e-9)


# v, a, z, t0 and the rest: drifts for which the reversed one is not hopeless
RATIOS = {
    "ddm": (0.8, 1.5, 0.4, 0.2),
    "angle": (0.8, 1.5, 0.4, 0.2, 0.5),
    "weibull": (0.8, 1.5, 0.4, 0.2, 1.5, 0.8),
    "ornstein": (0.8, 1.5, 0.4, 0.2, 1.2),
    "full_ddm": (0.8, 1.5, 0.4, 0.2, 0.7, 0.3, 0.1),
}


@pytest.mark.parametrize("name", [*RATIOS, "ornstein, excited"])
def test_reweighted_paths_are_those_of_the_reversed_drift(name: str) -> None:
    theta = np.array([RATIOS[name.split(",")[0]]])
    if name.endswith("excited"):
        theta[0, 4] = -1.2
    ssm = get_model(name.split(",")[0])
    assert ssm.ratio_simulator is not None
    rt, choice, log_ratio = ssm.ratio_simulator(theta, 2 * N, 34)
    reversed_drift = theta * np.where(np.arange(theta.shape[1]) == 0, -1.0, 1.0)
    direct = ssm.simulator(reversed_drift, 2 * N, 35)
    weight = np.exp(-log_ratio)
    cuts = np.quantile(direct[0], [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98])
    for statistic in (
        lambda rt, choice: np.ones(rt.shape),
        lambda rt, choice: choice,
        lambda rt, choice: rt,
        lambda rt, choice: rt * choice,
        *(lambda rt, choice, cut=cut: (rt < cut) & (choice == 1) for cut in cuts),
        *(lambda rt, choice, cut=cut: (rt < cut) & (choice == 0) for cut in cuts),
    ):
        by_weight, plainly = weight * statistic(rt, choice), 1.0 * statistic(*direct)
        error = math.hypot(by_weight.std(), plainly.std()) / math.sqrt(2 * N)
        assert abs(by_weight.mean() - plainly.mean()) < 5.5 * error


def test_zero_drift_has_ratio_one() -> None:
    for name, point in RATIOS.items():
        theta = np.array([point])
        theta[0, 0] = 0.0
        simulator = get_model(name).ratio_simulator
        assert simulator is not None
        assert np.all(simulator(theta, 1000, 36)[2] == 0.0)


def _exponent(alpha: float, k: np.ndarray) -> np.ndarray:
    """int_0^1 (1 - cos k x) x^(-1 - alpha) dx, by its Taylor series or by rotating the contour of the rest."""
    n = np.arange(1, 30)
    size = np.array([math.lgamma(2 * m + 1) for m in n])
    near = -np.sum((-1.0) ** n * np.exp(2 * n * np.log(np.minimum(k, 5.0))[:, None] - size) / (2 * n - alpha), axis=1)
    # int_1^inf e^(ikx) x^(-1 - alpha) dx = (i e^(ik) / k) int_0^inf e^-u (1 + i u / k)^(-1 - alpha) du
    u, w = np.polynomial.laguerre.laggauss(40)
    rest = 1j * np.exp(1j * k) / k * ((1.0 + 1j * u / k[:, None]) ** (-1.0 - alpha) @ w)
    whole = k**alpha * math.pi / (2.0 * math.gamma(1.0 + alpha) * math.sin(0.5 * math.pi * alpha))
    return np.where(k < 5.0, near, whole - 1.0 / alpha + rest.real)


def _shift(alpha: float, w: float) -> float:
    """The integral of the package's by the trapezoid rule in log k, in units of the smallest jump."""
    k = np.exp(np.linspace(math.log(1e-5), math.log(1e5), 200_001))
    c = 2.0 ** (-0.5 * alpha) * math.gamma(1.0 + alpha) * math.sin(0.5 * math.pi * alpha) / math.pi
    stable = (0.5 * k * k) ** (0.5 * alpha)
    simulated = stable - 2.0 * c * _exponent(alpha, k) + c / (2.0 - alpha) * k * k
    integrand = 0.5 * np.log((simulated**2 + (w * k) ** 2) / (stable**2 + (w * k) ** 2)) / k
    # beyond the end it is the logarithm of k^(2 - alpha), divided by k
    ends = integrand[-1] + (2.0 - alpha) / k[-1]
    step = math.log(k[1] / k[0])
    return (step * (integrand.sum() - 0.5 * (integrand[0] + integrand[-1])) + ends) / math.pi


@pytest.mark.parametrize("alpha", [1.2, 1.51, 1.8])
@pytest.mark.parametrize("v", [0.0, 0.7, -6.0])
def test_shift_of_the_boundaries(alpha: float, v: float) -> None:
    e = 0.05
    packaged = levy_module.boundary_shift(np.array([v]), np.array([alpha]), np.array([e]))[0] / e
    assert packaged == pytest.approx(_shift(alpha, abs(v) * e ** (alpha - 1.0)), abs=1e-4)


def test_brownian_motion_needs_no_shift() -> None:
    shift = levy_module.boundary_shift(np.zeros(3), np.array([1.98, 1.998, 2.0]), np.full(3, 0.05))
    assert 0.0 < shift[1] < 0.15 * shift[0] < 1e-3
    assert abs(shift[2]) < 1e-9


@pytest.mark.parametrize("point", [(0.0, 1.0, 0.5, 1.2), (3.0, 1.2, 0.5, 1.2), (1.0, 2.0, 0.3, 1.6)])
def test_shifted_boundaries_make_up_for_small_jumps(monkeypatch: pytest.MonkeyPatch, point: tuple[float, ...]) -> None:
    # with jumps below a tenth of the distance replaced by Brownian motion, the error is seen
    theta, n = _theta(point[:3], point[3:]), 1_000_000
    monkeypatch.setattr(levy_module, "_THRESHOLD", 0.1)
    mean = truth("levy", theta).mean + T0
    shifted, _ = simulate("levy", theta, n, seed=37)
    monkeypatch.setattr(levy_module, "boundary_shift", lambda v, alpha, e: np.zeros(v.shape))
    plain, _ = simulate("levy", theta, n, seed=37)
    noise = 4.0 * shifted.std() / math.sqrt(n)
    assert abs(shifted.mean() - mean) < 0.15 * abs(plain.mean() - mean) + noise
    assert abs(plain.mean() - mean) > 4.0 * noise
