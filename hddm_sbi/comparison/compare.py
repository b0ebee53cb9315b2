"""Several models of the same trials, compared by what they predict of participants, or trials, not seen before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd

from hddm_sbi._progress import Bar
from hddm_sbi.comparison.fitted import Fitted, FloatArray
from hddm_sbi.comparison.integrated import Integrator, population_draws
from hddm_sbi.comparison.judging import BEST, OPEN, Difference, difference, standard_error
from hddm_sbi.comparison.leaving_out import LeftOut, leave_out, log_mean_exp, worth
from hddm_sbi.comparison.refit import draws_without
from hddm_sbi.comparison.result import Comparison
from hddm_sbi.comparison.same_trials import check_same_trials
from hddm_sbi.comparison.soundness import flaws
from hddm_sbi.comparison.units import PARTICIPANT, Units, units_of
from hddm_sbi.comparison.wording import approximate, ranking, unreliable
from hddm_sbi.errors import DataError, ModelError
from hddm_sbi.inference.predictive import FEWEST_FOR_LOO, pointwise_log_prob, thinned
from hddm_sbi.results.to_arviz import Results, group, has_group
from hddm_sbi.ssm.base import whole

# Of so many draws k is known to be reliable up to 0.5 only.
_FEWEST_DRAWS = 100


class Model(Protocol):
    """A model that has draws of its posterior: ``HierarchicalDDM``."""

    def fitted(self, idata: Results) -> Fitted:
        """The model with the draws."""
        ...


def compare(
    fits: Mapping[str, tuple[Model, Results]],
    by: Literal["participant", "trial"] = "participant",
    stimulus: str | None = None,
    refit: bool = False,
    seed: int = 0,
    progress: bool = True,
) -> Comparison:
    """Compare models by what they predict of participants, or trials, that they have not seen.

    Leave-one-out cross-validation: each unit is predicted by the model fitted to all others, whose posterior is the one
    that was sampled, reweighted (Pareto-smoothed importance sampling, Vehtari, Gelman & Gabry 2017, Statistics and
    Computing 27, 1413-1432). Participants who are left out take their effects with them: these are integrated over,
    given each draw of the population (Merkle, Furr & Rabe-Hesketh 2019, Psychometrika 84, 802-829). Standard errors are
    those of independent participants.

    Args:
        fits: models of the same trials by name, each with what its ``sample`` returned.
        by: what is left out, a ``"participant"``, which asks how a model predicts new people, or a ``"trial"``, which
            asks how it predicts new trials of the same people.
        stimulus: where one model codes responses and another accuracy, the column that says which response is correct.
        refit: whether to sample a model anew without each unit whose weights cannot be relied on, some seconds or
            minutes each, instead of naming it.
        seed: of the nodes of the integrals, and of refits, a non-negative integer.
        progress: whether to show how far it is.

    Returns:
        ``table``, ``pointwise``, ``k`` and ``sentences``; ``print`` shows it.

    Raises:
        ModelError: fewer than two models, or participants cannot be left out.
        DataError: the models are of other trials, or were told other things of them; or draws are of another model, or
            fewer than 100.

    Example:
        >>> df = load_data("cavanagh_theta").query("participant_id < 5")
        >>> fits = {}
        >>> for name, formula in {"conflict": "v ~ conf", "none": "v ~ 1"}.items():
        ...     model = HierarchicalDDM(df, groupby="participant_id", formula=formula, likelihood="exact")
        ...     fits[name] = model, model.sample(draws=50, tune=50, chains=2, progress=False)
        >>> compare(fits, progress=False).sentences[0].split(":")[1]
        ' 5 participants are too few to tell how much a difference would vary with other participants; it takes 10.'
    """
    found = {str(name): _fitted(name, pair) for name, pair in _checked(fits).items()}
    check_same_trials(found, stimulus)
    units = units_of(found, by)
    seed = whole("seed", seed)
    left_out = {name: _left_out(name, fit, units, seed, progress) for name, fit in found.items()}
    if refit:
        left_out = {name: _refitted(name, fit, left_out[name], units, seed, progress) for name, fit in found.items()}
    return _answer(found, left_out, units)


def _checked(fits: object) -> Mapping[str, Any]:
    if not isinstance(fits, Mapping):
        raise ModelError(f"compare takes {{name: (model, idata), ...}}, not {type(fits).__name__}.")
    if len(fits) < 2:
        there = f"is only '{next(iter(fits))}'" if fits else "is nothing"
        raise ModelError(f"there {there} to compare; give two models or more, each under a name of its own.")
    names = list(map(str, fits))
    if repeated := [name for name in names if names.count(name) > 1]:
        raise ModelError(f"two models are called '{repeated[0]}'; give each a name of its own.")
    return fits


def _fitted(name: str, pair: Any) -> Fitted:
    if not (isinstance(pair, tuple | list) and len(pair) == 2 and hasattr(pair[0], "fitted")):
        kind = type(pair).__name__
        raise ModelError(f"'{name}' is of type {kind}; give a model and what its sample returned, (model, idata).")
    try:
        fit = pair[0].fitted(pair[1])
    except DataError as error:
        raise DataError(f"of '{name}', {error}") from error
    if fit.n_draws < _FEWEST_DRAWS:
        raise DataError(
            f"'{name}' has {fit.n_draws} draws, too few to leave anything out; sample at least {_FEWEST_DRAWS}, better "
            f"{FEWEST_FOR_LOO:,}."
        )
    return fit


def _left_out(name: str, fit: Fitted, units: Units, seed: int, progress: bool) -> LeftOut:
    """What a model predicts of each unit from the others, by weights."""
    if units.by == PARTICIPANT:
        draws = fit.thinned(population_draws(fit.trials.n))
        total = int(np.prod(next(iter(draws.values())).shape[:2]))
        with Bar(f"participants of '{name}'", total, (), progress) as bar:
            return leave_out(Integrator(fit, units.of_trial, units.n, seed, bar.move).log_likelihood(draws))
    if has_group(fit.idata, "log_likelihood"):
        values = group(fit.idata, "log_likelihood")["rt"].transpose("chain", "draw", "trial")
        if values.sizes["trial"] == fit.trials.n:
            return leave_out(values)
    draws = thinned(fit.coefficients, fit.trials.n, fewest=FEWEST_FOR_LOO)
    return leave_out(pointwise_log_prob(fit.spec, fit.bound, draws))


def _refitted(name: str, fit: Fitted, found: LeftOut, units: Units, seed: int, progress: bool) -> LeftOut:
    """The same with the model sampled without each unit whose weights cannot be relied on."""
    bad = np.flatnonzero(found.unreliable)
    if not len(bad):
        return found
    predict = _predictor(fit, units, seed)
    with Bar(f"'{name}' without one {units.by}", len(bad), (), progress) as bar:
        for done, unit in enumerate(bad.tolist(), 1):
            values = predict(unit)
            flat = values.ravel()
            elpd = log_mean_exp(flat)
            variance = float(np.sum(np.expm1(flat - elpd) ** 2)) / len(flat) ** 2 / worth(values[..., np.newaxis])
            found = found.with_refit(unit, elpd, variance)
            bar.move(done)
    return found


def _predictor(fit: Fitted, units: Units, seed: int) -> Callable[[int], FloatArray]:
    """The function from a unit to its log likelihood under draws of the posterior without it, (chains, draws)."""
    integrator = Integrator(fit, units.of_trial, units.n, seed) if units.by == PARTICIPANT else None

    def predict(unit: int) -> FloatArray:
        left_out = units.of_trial == unit
        draws = draws_without(fit, left_out, seed)
        if integrator is not None:
            return integrator.of_unit(draws, unit)
        alone = fit.bound.on(fit.bound.trials.at(left_out))
        return pointwise_log_prob(fit.spec, alone, draws)[..., 0]

    return predict


def _answer(
    fits: Mapping[str, Fitted],
    found: Mapping[str, LeftOut],
    units: Units,
) -> Comparison:
    """The table and the sentences, the best model first."""
    totals = {name: one.elpd.sum() for name, one in found.items()}
    names = sorted(found, key=lambda name: -totals[name] if np.isfinite(totals[name]) else np.inf)
    best = found[names[0]]
    flawed = {name: [*flaws(name, fit.idata)] for name, fit in fits.items()}
    sound = not any(forbids for found_of in flawed.values() for forbids, _ in found_of)
    behind: dict[str, Difference] = {}
    for name in names[1:]:
        one = found[name]
        mc_error = float(np.sqrt(best.variance.sum() + one.variance.sum()))
        behind[name] = difference(best.elpd, one.elpd, mc_error, best.unreliable | one.unreliable, units)
    rows = {name: _row(found[name], behind.get(name), units, sound) for name in names}
    index = pd.Index(units.labels, name=units.by)
    sentences = [*ranking(names, behind, units, sound)]
    for name in names:
        sentences += [*unreliable(name, found[name], units), *(sentence for _, sentence in flawed[name])]
    return Comparison(
        by=units.by,
        table=pd.DataFrame.from_dict(rows, orient="index"),
        pointwise=pd.DataFrame({name: found[name].elpd for name in names}, index=index),
        k=pd.DataFrame({name: found[name].k for name in names}, index=index),
        unreliable=pd.DataFrame({name: found[name].unreliable for name in names}, index=index),
        sentences=(*sentences, *approximate(fits)),
    )


def _row(one: LeftOut, behind: Difference | None, units: Units, sound: bool) -> dict[str, object]:
    known = one.k[~np.isnan(one.k)]
    return {
        "elpd": float(one.elpd.sum()),
        "se": standard_error(one.elpd, units),
        "difference": 0.0 if behind is None else -behind.behind,
        "se_difference": 0.0 if behind is None else behind.se,
        "mc_error": float(np.sqrt(one.variance.sum())),
        "p_loo": float((one.lpd - one.elpd).sum()),
        "worst_k": float(known.max()) if len(known) else np.nan,
        "bad_k": int(one.unreliable.sum()),
        "refitted": int(np.isnan(one.k).sum()),
        "verdict": BEST if behind is None else behind.verdict if sound else OPEN,
    }
