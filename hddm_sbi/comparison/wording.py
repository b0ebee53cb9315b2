"""What follows from a comparison, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from hddm_sbi.comparison.fitted import Fitted
from hddm_sbi.comparison.judging import (
    EQUAL,
    FEWEST_PARTICIPANTS,
    FEWEST_TRIALS,
    LEAST_DIFFERENCE,
    WORSE,
    Difference,
    too_few,
)
from hddm_sbi.comparison.leaving_out import LeftOut
from hddm_sbi.comparison.units import PARTICIPANT, Units
from hddm_sbi.inference.predictive import FEWEST_FOR_LOO
from hddm_sbi.results.pareto import largest_k
from hddm_sbi.trials.columns import listed

EXACT = "exact"
# More units than these are counted, not named.
_NAMED = 5


def ranking(names: Sequence[str], found: Mapping[str, Difference], units: Units, sound: bool) -> Iterator[str]:
    """A sentence for each model but the best.

    Args:
        names: the models, the best first.
        found: how far each of the others is behind.
        units: what was left out.
        sound: whether the draws of all models can be used.
    """
    best, *others = names
    few = too_few(units)
    if few:
        yield _too_few(units)
    elif not sound:
        yield "No ranking: there are draws that cannot be used as they are."
    for name in others:
        yield _one(best, name, found[name], units, ranked=sound and not few)


def _too_few(units: Units) -> str:
    who, least = ("participants", FEWEST_PARTICIPANTS) if units.of_people else ("trials", FEWEST_TRIALS)
    return (
        f"No ranking: {units.n_clusters} {who} are too few to tell how much a difference would vary with other {who}; "
        f"it takes {least}."
    )


def _one(best: str, name: str, found: Difference, units: Units, ranked: bool) -> str:
    by = f"{found.behind:,.1f} (standard error {found.se:,.1f})"
    what = "participants" if units.by == PARTICIPANT else "trials"
    if not np.isfinite(found.behind):
        return f"The elpd of '{best}' or '{name}' is not finite: there are {what} that a model holds for impossible."
    if not ranked:
        return f"'{name}' is {by} behind '{best}' in elpd."
    if found.verdict == WORSE:
        who = "participants" if units.of_people else "trials"
        return (
            f"'{best}' predicts {what} that it has not seen better than '{name}', by {by} in elpd; better for "
            f"{found.worse:,} of {units.n_clusters:,} {who}."
        )
    if found.verdict == EQUAL:
        return (
            f"'{best}' and '{name}' predict {what} that they have not seen about equally well: a difference of {by} in "
            f"elpd, below {LEAST_DIFFERENCE:g}, ranks nothing."
        )
    if found.hangs:
        return (
            f"'{name}' is {by} behind '{best}' in elpd, but that hangs on {what} whose importance weights cannot be "
            "relied on: which one predicts better is open."
        )
    return f"'{name}' is {by} behind '{best}' in elpd, which may be chance: which one predicts better is open."


def unreliable(name: str, found: LeftOut, units: Units) -> Iterator[str]:
    """Whose importance weights cannot be relied on, and what to do."""
    bad = np.flatnonzero(found.unreliable)
    if not len(bad):
        return
    what = ("participant" if units.by == PARTICIPANT else "trial") + "s" * (len(bad) > 1)
    who = [units.labels[at] for at in bad[:_NAMED]]
    shown = listed(who) + (f" and {len(bad) - _NAMED:,} more" if len(bad) > _NAMED else "")
    counted = "" if units.by == PARTICIPANT else ", counted from 0"
    those = "it" if len(bad) == 1 else "each of them"
    if found.n_draws < FEWEST_FOR_LOO:
        advice = f"Sample at least {FEWEST_FOR_LOO:,} draws, which bear {largest_k(FEWEST_FOR_LOO):.2f}."
    else:
        advice = f"Look at what is unlike the others there; compare(..., refit=True) samples the model without {those}."
    yield (
        f"Of '{name}' the importance weights of {len(bad):,} {what} ({shown}{counted}) cannot be relied on: Pareto k "
        f"is up to {found.k[bad].max():.2f}, and {found.n_draws:,} draws bear {found.largest_k:.2f}. {advice}"
    )


def approximate(fits: Mapping[str, Fitted]) -> Iterator[str]:
    """That likelihoods are approximate, where they differ between models."""
    if len({(fit.likelihood, fit.weights) for fit in fits.values()}) < 2:
        return
    networks = [name for name, fit in fits.items() if fit.likelihood != EXACT]
    yield (
        f"The likelihoods differ, and that of {listed(networks)} is approximate: its error is part of the difference; "
        "certify(idata) says how large it may be."
    )
