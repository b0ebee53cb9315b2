"""What would change the conclusions: other priors, another weight of the data, another lapse window, no network."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError, HDDMWarning
from hddm_sbi.report.model import Model
from hddm_sbi.report.reweighting import (
    EXACT,
    LIKELIHOOD,
    POWERS,
    PRIOR,
    WINDOW,
    Change,
    changes,
    power,
)
from hddm_sbi.report.words import number
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.quantities import Quantities, quantities
from hddm_sbi.results.shifts import BY_UNIT, FEWEST_DRAWS, POSSIBLY, TOLERANCE, by_weights
from hddm_sbi.results.to_arviz import Results
from hddm_sbi.trials.columns import enumerated

FloatArray = npt.NDArray[np.float64]

COLUMNS = (
    "change", "quantity", "variable", "kind", "mean", "2.5%", "97.5%", "new mean", "new 2.5%", "new 97.5%", "shift",
    "mc_error", "pareto_k", "mostly",
)  # fmt: skip
_POPULATION = ("typical", "mean", "coefficient", "sd", "correlation")
_INTERVAL = (0.025, 0.975)
# A shift that is no small one, in posterior sds.
_LARGEST = 1.0
# More quantities than this are counted, not named.
_NAMED = 3


@dataclass(frozen=True)
class Sensitivity:
    """What would change the conclusions.

    Args:
        sentences: one or more for each change, that name what it moves.
        table: a row for each change and quantity of the population (of participants, where there is no population), on
            the scale that results have: ``mean``, ``2.5%`` and ``97.5%`` as sampled, ``new mean``, ``new 2.5%`` and
            ``new 97.5%`` under the change, ``shift`` of the mean in posterior sds with its Monte Carlo error
            ``mc_error``, which is infinite where the weights cannot be trusted, ``pareto_k``, and ``mostly``, the prior
            or participant that moves it most.
    """

    sentences: tuple[str, ...]
    table: pd.DataFrame

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def sensitivity(model: Model, idata: Results) -> Sensitivity:
    """How the posterior would differ under other priors, other weights of the data, a doubled lapse window, no network.

    The draws are reweighted, so that nothing is sampled again: to the prior, or the likelihood, to the powers 0.8 and
    1.25 (Kallioinen, Paananen, Bürkner & Vehtari 2024, Statistics and Computing 34, 57), which makes a normal prior
    wider or narrower by 12%; to lapses that are uniform over twice the window; and from a network to the exact
    likelihood where there is one. Sentences say where reweighting cannot tell, so that one has to sample again.

    Args:
        model: the model that was sampled.
        idata: what ``model.sample`` returned.

    Returns:
        ``sentences`` and ``table``.

    Raises:
        DataError: the draws are of another model, or fewer than 20.

    Example:
        >>> import hddm_sbi as hs
        >>> model = hs.HierarchicalDDM(hs.load_data(), groupby="participant_id", likelihood="exact")
        >>> print(sensitivity(model, model.sample(seed=0)))  # doctest: +SKIP
    """
    found = _of_population(quantities(idata))
    draws = np.stack(found.columns, axis=-1)
    flat = draws.reshape(-1, draws.shape[-1])
    if len(flat) < FEWEST_DRAWS:
        raise DataError(
            f"the results have {len(flat)} draws; what would change them takes at least {FEWEST_DRAWS}: sample more."
        )
    ess = np.nan_to_num(diagnostics(draws)[0], nan=len(flat))
    made = changes(model, model.coefficients(idata))
    table = pd.concat([_table(change, found, flat, ess) for change in made], ignore_index=True)
    told = table[_worth_telling(model, table)]
    return Sensitivity(tuple(_sentences(model, idata, told)), table)


def _worth_telling(model: Model, table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Rows that sentences are about: without intercepts and means, which say what the typical participant's value does.

    Results have these on other scales, and where the link is the identity as the same numbers.
    """
    levels = {term.reported.variable for _, term in model.spec.reported.common_terms() if term.reported.is_level}
    return np.asarray((table["kind"] != "mean") & ~table["variable"].isin(levels))


def _of_population(found: Quantities) -> Quantities:
    """The population's quantities; where there is no population, the participants'."""
    kinds = _POPULATION if any(kind in ("typical", "mean") for kind in found.kinds) else (*_POPULATION, "participant")
    keep = [k for k, kind in enumerate(found.kinds) if kind in kinds and np.ptp(found.columns[k]) > 0.0]
    return Quantities(*(tuple(values[k] for k in keep) for values in (
        found.labels, found.variables, found.kinds, found.columns, found.places
    )))  # fmt: skip


def _table(change: Change, found: Quantities, flat: FloatArray, ess: FloatArray) -> pd.DataFrame:
    some = flat[change.at]
    shifts = by_weights(some, ess, change.added)
    moved = -shifts.shift  # of those that were sampled, against the changed ones
    n = len(some)
    low, high = np.quantile(flat, _INTERVAL, axis=0)
    before = _quantiles(some, np.full(n, 1.0 / n))
    after = _quantiles(some, 1.0 / n + change.added.weights)
    mean, sd = flat.mean(axis=0), some.std(axis=0)
    error = shifts.mc_error
    if change.added.method == BY_UNIT:  # right to first order, which so large a shift is not
        error = np.where(np.abs(moved) > _LARGEST, np.inf, error)
    columns = (
        change.name, found.labels, found.variables, found.kinds, mean, low, high, mean + moved * sd,
        low + after[0] - before[0], high + after[1] - before[1], moved, error, change.added.pareto_k,
        _mostly(change, some),
    )  # fmt: skip
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def _quantiles(values: FloatArray, weights: FloatArray) -> FloatArray:
    """The ends of the interval of weighted draws, shape (2, quantities), from (draws, quantities) and (draws,).

    Weights may be negative where they are sums of those of participants; the distribution function is then taken as
    the largest value it had so far.
    """
    order = np.argsort(values, axis=0)
    ordered = np.take_along_axis(values, order, axis=0)
    own = weights[order]
    reached = np.maximum.accumulate(np.cumsum(own, axis=0) - 0.5 * own, axis=0)
    return np.stack(
        [[np.interp(p, reached[:, k], ordered[:, k]) for k in range(values.shape[1])] for p in _INTERVAL]
    )


def _mostly(change: Change, some: FloatArray) -> list[str]:
    """The part of a change, such as one prior, that moves each quantity most, to first order."""
    centred = change.log_ratios - change.log_ratios.mean(axis=0)
    by_part = np.abs(centred.T @ (some - some.mean(axis=0)))
    return [change.parts[k] for k in by_part.argmax(axis=0)]


def _sentences(model: Model, idata: Results, table: pd.DataFrame) -> Iterator[str]:
    wider = f"{100.0 * (POWERS[0] ** -0.5 - 1.0):.0f}%"
    powers = " or ".join(f"{exponent:g}" for exponent in POWERS)
    yield from _about(
        table, [power(PRIOR, exponent) for exponent in POWERS],
        f"All priors to the power {powers} (a normal prior {wider} wider or narrower)", "prior",
    )  # fmt: skip
    yield from _about(
        table, [power(LIKELIHOOD, exponent) for exponent in POWERS],
        f"The likelihood to the power {powers}, as if there were fewer or more data like these,",
    )  # fmt: skip
    yield from _conflict(table)
    if (table["change"] == WINDOW).any():
        yield from _about(table, [WINDOW], "Lapses that are uniform over a window twice as long")
    elif model.likelihood.lapses is None:
        yield "The model has no lapses, so that no window of theirs matters; p_outlier='estimate' adds them."
    yield from _network(model, idata, table)


def _about(table: pd.DataFrame, names: list[str], what: str, part: str = "") -> Iterator[str]:
    """What some changes, which are told together, move."""
    rows = table[table["change"].isin(names)]
    known = rows[np.isfinite(rows["mc_error"])]
    verb = "move" if what.endswith(")") or what.startswith("Lapses") else "moves"
    if known.empty:
        yield (
            f"{what} would change the posterior too much to be told from these draws (Pareto k "
            f"{rows['pareto_k'].max():.2f}): to know, build the model so and sample again."
        )
        return
    size = known["shift"].abs()
    surely = known[size - POSSIBLY * known["mc_error"] > TOLERANCE]
    worst = known.loc[size.idxmax()]
    error = f" +- {number(worst['mc_error'])}"
    if surely.empty:
        yield (
            f"{what} {verb} no mean by surely more than {TOLERANCE:g} posterior sds (most, by {worst['shift']:+.2f}"
            f"{error}, that of {worst['quantity']})."
        )
    else:
        yield f"{what} {verb} {_moved(surely, part)}."
    yield from _crossing(known)
    untold = sorted(set(rows["change"]) - set(known["change"]))
    if untold:
        yield f"Of {enumerated(untold)} the draws do not tell (Pareto k {rows['pareto_k'].max():.2f})."


def _moved(rows: pd.DataFrame, part: str) -> str:
    """The quantities that are moved, each by its largest shift, the largest first."""
    largest = rows.reindex(rows["shift"].abs().sort_values(ascending=False).index).drop_duplicates("quantity")
    named = [
        f"{row.quantity} by {row.shift:+.2f} posterior sds ({row.change}: from {number(row.mean)} to {number(new)}"
        f"{f', mostly by the prior of {row.mostly}' if part else ''})"
        for row, new in zip(largest.head(_NAMED).itertuples(), largest["new mean"].head(_NAMED), strict=True)
    ]
    more = len(largest) - _NAMED
    return enumerated([*named, f"{more} more by above {TOLERANCE:g} sds"] if more > 0 else named)


def _crossing(rows: pd.DataFrame) -> Iterator[str]:
    """Where the interval comes to hold 0, or to leave it out: what conclusions are often drawn from."""
    held = (rows["2.5%"] <= 0.0) & (rows["97.5%"] >= 0.0)
    holds = (rows["new 2.5%"] <= 0.0) & (rows["new 97.5%"] >= 0.0)
    crossed = rows[held != holds].drop_duplicates("quantity")
    for row in crossed.head(_NAMED).to_dict("records"):
        does = "leaves 0 out then" if row["2.5%"] <= 0.0 <= row["97.5%"] else "holds 0 then"
        yield (
            f"The 95% interval of {row['quantity']} {does} ({row['change']}: {number(row['new 2.5%'])} to "
            f"{number(row['new 97.5%'])} in place of {number(row['2.5%'])} to {number(row['97.5%'])}): do not base a "
            "conclusion on that side alone."
        )


def _conflict(table: pd.DataFrame) -> Iterator[str]:
    """Prior and data that pull in different directions: a higher power of either moves the mean the other way."""
    pair = [table[table["change"] == power(what, POWERS[1])].set_index("quantity") for what in (PRIOR, LIKELIHOOD)]
    prior, data = (rows["shift"].where(rows["shift"].abs() - POSSIBLY * rows["mc_error"] > TOLERANCE) for rows in pair)
    apart = [str(label) for label in prior.index if prior[label] * data[label] < 0.0]
    if apart:
        shown = enumerated(apart[:_NAMED]) + (f" and {len(apart) - _NAMED} more" if len(apart) > _NAMED else "")
        yield f"Prior and data disagree on {shown}: look whether the prior says what you meant."


def _network(model: Model, idata: Results, table: pd.DataFrame) -> Iterator[str]:
    """What a network may have done, as far as it is cheap to tell."""
    if (table["change"] == EXACT).any():
        yield from _about(table, [EXACT], "The exact likelihood in place of the sampled one")
    elif str(idata.attrs.get("likelihood", "")) == "exact":
        yield "The likelihood is exact, so that no network can be wrong."
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HDDMWarning)  # the sentence says it
        box = model.outside_box(idata)
    if box is not None:
        yield box.sentence
    yield "By how much an approximate likelihood may have moved every mean is told by model.certify(idata)."
