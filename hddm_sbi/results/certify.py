"""The certificate of a fit, assembled: which method, at which draws, for how long."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hddm_sbi.choose import Chosen
from hddm_sbi.errors import DataError, ModelError
from hddm_sbi.inference.density_check import density_check
from hddm_sbi.inference.foreign import EarlyMass, early_mass
from hddm_sbi.inference.log_ratios import Experiment, exact_log_ratios, expected_log_ratios, spread
from hddm_sbi.likelihoods.base import Density
from hddm_sbi.likelihoods.formulas import find_exact
from hddm_sbi.likelihoods.observation.given import GivenDensity
from hddm_sbi.likelihoods.observation.lapses import Lapses
from hddm_sbi.likelihoods.observation.seen import SeenTrials
from hddm_sbi.results.certificate import Certificate, certificate
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.quantities import Quantities
from hddm_sbi.results.shifts import FEWEST_DRAWS, TOLERANCE, Shifts, by_reweighting, by_score
from hddm_sbi.results.to_arviz import spaced
from hddm_sbi.results.verdict import BoxReport
from hddm_sbi.spec.group_block import blocks_of
from hddm_sbi.spec.linear import natural_parameters
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.ssm.base import SSM, whole

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

METHODS = ("auto", "reweighting", "score")
# Draws that are reweighted, and how many there must be where a likelihood is slow.
_DRAWS, _FEWEST_DRAWS = 1000, 100
# Numbers that theta may take at the draws of a score test, these draws at least and at most, and of one chunk.
_NUMBERS, _LEAST, _MOST, _CHUNK = 40_000_000, 200, 4000, 5_000_000


@dataclass(frozen=True)
class Fit:
    """What was fitted, and the posterior.

    Args:
        spec: the model's structure.
        trials: what was seen of each trial.
        ssm: the process.
        chosen: the density that was sampled, and where it comes from.
        lapses: the lapses that are mixed into it, or None.
        coefficients: draws by site, each of shape (chains, draws, *site shape).
        found: the quantities of the posterior.
        box: draws outside the range that the network was trained on.
    """

    spec: ModelSpec
    trials: SeenTrials
    ssm: SSM
    chosen: Chosen
    lapses: Lapses | None
    coefficients: Mapping[str, FloatArray]
    found: Quantities
    box: BoxReport | None

    @property
    def exact(self) -> Density | None:
        """The exact density; None where there is none, or where it is what was sampled."""
        return None if self.chosen.label == "exact" else find_exact(self.ssm)


class Certifier:
    """Certifies a fit by a network.

    Args:
        fit: the model and its posterior.
        tolerance: the shift that matters, in posterior sds.
        seconds: roughly the time that each part may take.
        seed: a non-negative integer; the same seed gives the same simulated experiments.

    Raises:
        ModelError: tolerance or seconds are not above 0, or seed is no whole number of at least 0.
        DataError: fewer than 20 draws, or some that do not move.
    """

    def __init__(self, fit: Fit, tolerance: float = TOLERANCE, seconds: float = 30.0, seed: int = 0) -> None:
        for name, value, example in (("tolerance", tolerance, "0.1"), ("seconds", seconds, "30")):
            if not (isinstance(value, int | float | np.number) and value > 0.0):
                raise ModelError(f"{name} is {value!r}; give a number above 0, such as {example}.")
        self._fit, self._tolerance, self._seconds, self._seed = fit, tolerance, seconds, whole("seed", seed)
        self._experiment = Experiment(fit.trials, fit.ssm, fit.lapses)
        self._network, self._exact = fit.chosen.density, fit.exact
        self._coefficients = {site: x.reshape(-1, *x.shape[2:]) for site, x in fit.coefficients.items()}
        self._draws = fit.found.draws.reshape(-1, len(fit.found.labels))
        self._check_draws()
        self._ess = np.nan_to_num(diagnostics(fit.found.draws)[0], nan=len(self._draws))

    def certify(self, method: str = "auto") -> Certificate:
        """The certificate, by reweighting where the weights can be trusted, else by the score test.

        Raises:
            ModelError: there is no such method, no exact likelihood to reweight to, or no network to certify: whether
                the exact likelihood is that of the simulator is asked by ``"score"``.
        """
        if method not in METHODS:
            raise ModelError(f"there is no method {method!r}; choose one of {', '.join(METHODS)}.")
        is_exact = self._fit.chosen.label == "exact"
        if method == "auto" and is_exact:
            raise ModelError(
                "the likelihood is exact: there is no network to certify; method='score' compares the formula with the "
                "simulator."
            )
        if method == "reweighting" and self._exact is None:
            raise ModelError(
                "there is no exact likelihood to reweight to, or it is the one that was sampled; use method='score'."
            )
        shifts = None if method == "score" else self._by_reweighting(required=method == "reweighting")
        shifts = shifts or self._by_score()
        is_own = isinstance(self._network, GivenDensity)
        # the density of a likelihood of the user's own may depend on the trials before
        check = (
            None if is_own else density_check(self._experiment, self._network, self._mean(), self._seed, self._seconds)
        )
        return certificate(
            self._fit.found, shifts, check, self._fit.box, self._tolerance, has_exact=self._exact is not None,
            what="likelihood" if is_exact or is_own else "network", early=self._early(),
        )  # fmt: skip

    def _check_draws(self) -> None:
        """Refuse draws that tell no posterior sd: no shift of them would ever be seen."""
        if len(self._draws) < FEWEST_DRAWS:
            raise DataError(f"the results have {len(self._draws)} draws; a certificate needs at least {FEWEST_DRAWS}.")
        matrices = {one.correlation.variable for block in blocks_of(self._fit.spec) for one in block.sets}
        for site, value in self._coefficients.items():
            if site not in matrices and (np.ptp(value, axis=0) == 0.0).any():
                raise DataError(f"the draws of '{site}' do not move, so that there is no posterior; sample again.")

    def _by_reweighting(self, required: bool) -> Shifts | None:
        """None, unless it is required, where the time there is does not suffice or the weights cannot be trusted."""
        if self._exact is None:
            return None
        wanted = spaced(len(self._draws), _DRAWS)
        wanted = wanted[spread(len(wanted))]
        until, ratios = np.inf, []
        for ratio in exact_log_ratios(self._experiment, self._network, self._exact, self._thetas(wanted)):
            until = min(until, time.monotonic() + self._seconds)  # from the first draw on, which may have compiled
            ratios.append(ratio)
            if time.monotonic() > until and not (required and len(ratios) < _FEWEST_DRAWS):
                break
        at = wanted[: len(ratios)]
        if len(at) < min(_FEWEST_DRAWS, len(wanted)):
            return None
        shifts = by_reweighting(self._draws[at], self._ess, np.array(ratios))
        return shifts if required or np.isfinite(shifts.mc_error).all() else None

    def _by_score(self) -> Shifts:
        rows, parameters = self._theta(np.zeros(1, dtype=np.int64)).shape[1:]
        count = int(np.clip(_NUMBERS // (rows * parameters), _LEAST, _MOST))
        at = spaced(len(self._draws), count)
        # half the precision is enough for predictors of covariances, and half the memory
        theta = np.empty((len(at), rows, parameters), dtype=np.float32)
        for number, one in enumerate(self._thetas(at)):
            theta[number] = one
        batches = expected_log_ratios(self._experiment, self._network, theta, self._seed)
        return by_score(self._draws[at], self._ess, batches, self._tolerance, self._seconds)

    def _early(self) -> EarlyMass | None:
        at = spaced(len(self._draws), _FEWEST_DRAWS)
        return early_mass(self._fit.chosen.density, self._fit.ssm, self._thetas(at))

    def _mean(self) -> FloatArray:
        """Posterior mean of theta, shape (rows, parameters); supports are convex, so that it lies inside."""
        at = spaced(len(self._draws), _FEWEST_DRAWS)
        return np.asarray(sum(self._thetas(at)) / len(at))

    def _thetas(self, at: IntArray) -> Iterator[FloatArray]:
        """theta at one draw after the other, computed in chunks that fit into memory."""
        size = max(1, _CHUNK // self._theta(at[:1]).size)
        for start in range(0, len(at), size):
            yield from self._theta(at[start : start + size])

    def _theta(self, at: IntArray) -> FloatArray:
        """theta at draws, counted over all chains, shape (draws, rows, parameters)."""
        theta = natural_parameters(self._fit.spec, {site: value[at] for site, value in self._coefficients.items()})
        return np.broadcast_to(theta, (len(at), *theta.shape[-2:]))
