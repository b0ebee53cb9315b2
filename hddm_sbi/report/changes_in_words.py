"""What changes of a model move, in sentences that name it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import HDDMWarning
from hddm_sbi.report.protocol import Model
from hddm_sbi.report.reweighting import EXACT, LIKELIHOOD, POWERS, PRIOR, WINDOW, power
from hddm_sbi.report.words import counted, number
from hddm_sbi.results.shifts import POSSIBLY, TOLERANCE, is_fine
from hddm_sbi.results.to_arviz import Results
from hddm_sbi.trials.columns import enumerated

# More quantities, or participants, than this are counted, not named.
_NAMED = 3


def in_words(
    model: Model, idata: Results, table: pd.DataFrame, left_out: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """The sentences of a sensitivity analysis.

    Args:
        model: the model that was sampled.
        idata: its results.
        table: of ``Sensitivity``.
        left_out: by change, the participants who were left as they were sampled.
    """
    told = _Told(table[_worth_telling(model, table)], left_out)
    wider = f"{100.0 * (POWERS[0] ** -0.5 - 1.0):.0f}%"
    powers = " or ".join(f"{exponent:g}" for exponent in POWERS)
    yield from told.about(
        [power(PRIOR, exponent) for exponent in POWERS],
        f"Taking all priors to the power {powers} (a normal prior {wider} wider or narrower)",
        "build the model with such priors and sample again",
    )
    yield from told.about(
        [power(LIKELIHOOD, exponent) for exponent in POWERS],
        f"Taking the likelihood to the power {powers}, as if there were fewer or more data like these,",
        "sample more draws",
    )
    yield from told.conflict()
    if (table["change"] == WINDOW).any():
        yield from told.about([WINDOW], "Spreading lapses over a window twice as long", _longer(model))
    elif model.likelihood.lapses is None:
        yield "The model has no lapses, so that no window of theirs matters; p_outlier='estimate' adds them."
    yield from _network(model, idata, told)


def _worth_telling(model: Model, table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Rows that sentences are about: without intercepts and means, which say what the typical participant's value does.

    Results have these on other scales, and where the link is the identity as the same numbers.
    """
    levels = {term.reported.variable for _, term in model.spec.reported.common_terms() if term.reported.is_level}
    return np.asarray((table["kind"] != "mean") & ~table["variable"].isin(levels))


def _longer(model: Model) -> str:
    """How to sample with the longer window."""
    lapses = model.likelihood.lapses
    assert lapses is not None
    ends = lapses.ends(model.trials.seen(model.spec.row, model.spec.n_rows))
    end = 2.0 * float(ends.max()) - lapses.low
    return f"build the model with lapse=({lapses.low:g}, {end:.4g}) and sample again"


def _network(model: Model, idata: Results, told: _Told) -> Iterator[str]:
    """What a network may have done, as far as it is cheap to tell."""
    if str(idata.attrs.get("likelihood", "")) == "exact":
        yield "The likelihood is exact, so that no network can be wrong."
        return
    if told.has(EXACT):
        yield from told.about(
            [EXACT], "Putting the exact likelihood in the place of the sampled one", "sample with likelihood='exact'"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HDDMWarning)  # the sentence says it
        box = model.outside_box(idata)
    if box is not None:
        yield box.sentence
    yield "By how much an approximate likelihood may have moved every mean is told in full by model.certify(idata)."


class _Told:
    """A table of changes, and the participants whom each leaves as they were sampled."""

    def __init__(self, table: pd.DataFrame, left_out: Mapping[str, tuple[str, ...]]) -> None:
        self._table, self._left_out = table, left_out

    def has(self, name: str) -> bool:
        """Whether there is such a change."""
        return bool((self._table["change"] == name).any())

    def about(self, names: Sequence[str], what: str, remedy: str) -> Iterator[str]:
        """What some changes, which are told together, move; and the remedy where the draws do not tell."""
        rows = self._table[self._table["change"].isin(names)]
        known = rows[np.isfinite(rows["mc_error"])]
        k = f"Pareto k {rows['pareto_k'].max():.2f}"
        apart = list(dict.fromkeys(who for name in names for who in self._left_out.get(name, ())))
        if known.empty:
            yield f"{what} changes the posterior too much to be told from these draws ({k}): to know, {remedy}."
            return
        if apart:
            yield f"{what} changes {_people(apart)} more than these draws can tell ({k}): to know, {remedy}."
            what = f"Without {'them' if len(apart) > 1 else 'this one'}, it"
        size, error = known["shift"].abs(), known["mc_error"]
        surely = known[size - POSSIBLY * error > TOLERANCE]
        unclear = known[~is_fine(size, error, TOLERANCE) & ~known["quantity"].isin(surely["quantity"])]
        if not surely.empty:
            yield f"{what} moves {_moved(surely)}."
        elif unclear.empty:
            most = (size + POSSIBLY * error).max()
            worst = known.loc[size.idxmax()]
            yield (
                f"{what} moves no mean by more than {most:.2f} posterior sds (most that of {worst['quantity']}, by "
                f"{worst['shift']:+.2f})."
            )
        yield from _crossing(known[is_fine(size, error, TOLERANCE) | known.index.isin(surely.index)])
        if not unclear.empty:
            who = f"{what[0].lower()}{what[1:]}" if surely.empty and not apart else "it"
            yield f"Whether {who} moves {_unclear(unclear)}."
        untold = [name for name in names if name not in set(known["change"])]
        if untold:
            yield f"What {enumerated(untold)} does these draws do not tell ({k}): to know, {remedy}."

    def conflict(self) -> Iterator[str]:
        """Prior and data that pull in different directions: a higher power of either moves the mean the other way."""
        pair = [
            self._table[self._table["change"] == power(what, POWERS[1])].set_index("quantity")
            for what in (PRIOR, LIKELIHOOD)
        ]
        prior, data = (
            rows["shift"].where(rows["shift"].abs() - POSSIBLY * rows["mc_error"] > TOLERANCE) for rows in pair
        )
        apart = [str(label) for label in prior.index if prior[label] * data[label] < 0.0]
        if apart:
            yield f"Prior and data disagree on {_listed(apart)}: does the prior say what you meant?"


def _moved(rows: pd.DataFrame) -> str:
    """The quantities that are moved, each by its largest shift, the largest first."""
    order = rows["shift"].abs().sort_values(ascending=False).index
    largest = rows.loc[order].drop_duplicates("quantity")
    named = [
        f"{row['quantity']} by {row['shift']:+.2f} posterior sds ({row['change']}: from {number(row['mean'])} to "
        f"{number(row['new mean'])}{_mostly(row)})"
        for row in largest.head(_NAMED).to_dict("records")
    ]
    more = len(largest) - _NAMED
    return enumerated([*named, f"{counted(more, 'other')} by less"] if more > 0 else named)


def _unclear(rows: pd.DataFrame) -> str:
    """The quantities of which too few draws tell too little."""
    ordered = rows.loc[rows["shift"].abs().sort_values(ascending=False).index].drop_duplicates("quantity")
    worst = ordered.iloc[0]
    return (
        f"{_listed(list(ordered['quantity']))} by more than {TOLERANCE:g} posterior sds is not clear from these draws "
        f"({worst['quantity']}: {worst['shift']:+.2f} +- {worst['mc_error']:.2f}); sample more"
    )


def _mostly(row: Mapping[str, object]) -> str:
    """Of priors, the one that matters."""
    return f", mostly by the prior of {row['mostly']}" if str(row["change"]).startswith(f"{PRIOR} ") else ""


def _crossing(rows: pd.DataFrame) -> Iterator[str]:
    """Where the interval comes to hold 0, or to leave it out: what conclusions are often drawn from."""
    held = (rows["2.5%"] <= 0.0) & (rows["97.5%"] >= 0.0)
    holds = (rows["new 2.5%"] <= 0.0) & (rows["new 97.5%"] >= 0.0)
    for row in rows[held != holds].drop_duplicates("quantity").head(_NAMED).to_dict("records"):
        does = "leaves 0 out then" if row["2.5%"] <= 0.0 <= row["97.5%"] else "holds 0 then"
        yield (
            f"The 95% interval of {row['quantity']} {does} ({row['change']}: {number(row['new 2.5%'])} to "
            f"{number(row['new 97.5%'])} in place of {number(row['2.5%'])} to {number(row['97.5%'])}): do not base a "
            "conclusion on that alone."
        )


def _people(labels: list[str]) -> str:
    return f"participant {labels[0]}" if len(labels) == 1 else f"the participants {_listed(labels)}"


def _listed(labels: list[str]) -> str:
    more = len(labels) - _NAMED
    return enumerated([*labels[:_NAMED], counted(more, "other")] if more > 0 else labels)
