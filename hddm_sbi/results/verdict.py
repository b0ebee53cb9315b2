"""Can the draws be trusted? The usual diagnostics, in sentences that name the worst case and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.results.convergence import (
    ESS_NEEDED,
    OF_GROUPS,
    R_HAT_BELOW,
    disagreeing,
    imprecise,
    r_hat_bounds,
)
from hddm_sbi.results.readings import two_readings
from hddm_sbi.results.sampler_checks import Check, percent, sampler_checks
from hddm_sbi.results.summary import summarise
from hddm_sbi.results.to_arviz import Results, group, has_group

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# More names than this are counted, not listed.
_NAMED = 4


@dataclass(frozen=True)
class Verdict:
    """Whether a sample can be trusted, and why.

    Args:
        ok: whether all checks passed.
        sentences: a headline, then one sentence for each check, failed ones first.
        degree: ``"good"``; ``"partial"``: the population's quantities can be used, those in ``unusable`` not yet;
            ``"bad"``: nothing can be used as it is.
        unusable: labels of the quantities that cannot be used.
    """

    ok: bool
    sentences: tuple[str, ...]
    degree: Literal["good", "partial", "bad"]
    unusable: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def verdict(idata: Results, *, summary: pd.DataFrame | None = None, max_tree_depth: int = 10) -> Verdict:
    """Judge convergence: R-hat, effective sample sizes, divergences, tree depth, energy.

    Args:
        idata: what ``model.sample`` returned.
        summary: ``summarise(idata)``, where there is one already.
        max_tree_depth: the limit that the sampler ran under.

    Returns:
        ``ok`` where both effective sample sizes are at least 400 for every quantity, R-hat is below 1.01 for the
        population's and below a bound that allows for their number for single participants' quantities, no draw
        diverged, the energy's E-BFMI is at least 0.3 in every chain, and less than 1% of the trees were cut short.
        ``degree`` is ``"partial"`` where only participants' quantities fall short.
    """
    table = summarise(idata) if summary is None else summary
    chains = int(group(idata, "posterior").sizes["chain"])
    whole = [*_not_finite(table)]
    if has_group(idata, "sample_stats"):
        stats = group(idata, "sample_stats").transpose("chain", "draw", ...)
        whole += sampler_checks({str(name): x.to_numpy() for name, x in stats.data_vars.items()}, max_tree_depth)
    checks = [*whole, _r_hat(table, chains), _ess(table)]
    if all(check.passed for check in checks):
        return Verdict(True, _sentences("The sampler converged.", checks), "good", ())
    lacking = disagreeing(table, chains) | imprecise(table)
    judged = table[["ess_bulk", "ess_tail", "r_hat"]].notna().any().all()
    partial = judged and all(check.passed for check in whole) and set(table["kind"][lacking]) <= set(OF_GROUPS)
    if not partial:
        headline = "The sampler has NOT converged: do not use these draws as they are."
        return Verdict(False, _sentences(headline, checks), "bad", tuple(map(str, table.index)))
    unusable = tuple(map(str, table.index[lacking]))
    headline = (
        "The sampler converged for the population's quantities, which can be used, and for those of participants but "
        f"{_listed(unusable)}: do not use {'these' if len(unusable) > 1 else 'this one'} yet."
    )
    checks += [Check(False, sentence) for sentence in two_readings(idata, unusable)]
    return Verdict(False, _sentences(headline, checks), "partial", unusable)


def _sentences(headline: str, checks: Sequence[Check]) -> tuple[str, ...]:
    return (headline, *(check.sentence for check in sorted(checks, key=lambda check: check.passed)))


def _listed(labels: Sequence[str]) -> str:
    if len(labels) > _NAMED:
        return f"{', '.join(labels[:_NAMED])} and {len(labels) - _NAMED} more"
    return ", ".join(labels)


def _not_finite(table: pd.DataFrame) -> Iterator[Check]:
    bad = table.index[~np.isfinite(table["mean"].to_numpy())]
    if len(bad):
        yield Check(False, f"{bad[0]}{_and_others(len(bad))} took values that are not finite: check the priors.")


def _r_hat(table: pd.DataFrame, chains: int) -> Check:
    if chains < 2:
        return Check(False, "R-hat cannot be judged from a single chain: sample at least 4.")
    values = table["r_hat"].dropna()
    if values.empty:
        return Check(False, "R-hat cannot be judged from so few draws: sample more.")
    bounds, apart = pd.Series(r_hat_bounds(table, chains), table.index), disagreeing(table, chains)
    if not apart.any():
        where, worst = str(values.idxmax()), float(values.max())
        allowed = f"below {R_HAT_BELOW}"
        if worst >= R_HAT_BELOW:  # of one among many participants' quantities
            allowed = (
                f"below the {bounds[where]:.3f} allowed for the largest of {_of_groups(table)} participants' values"
            )
        return Check(True, f"R-hat is at most {worst:.3f} ({where}), {allowed}.")
    where = str((table["r_hat"] - bounds)[apart].idxmax())
    return Check(
        False,
        f"R-hat is {table['r_hat'][where]:.3f} for {where}{_and_others(int(apart.sum()))}, where it should be below "
        f"{bounds[where]:.3g}: the chains disagree; sample longer (more tune and draws), and if that does not help, "
        "simplify the model.",
    )


def _of_groups(table: pd.DataFrame) -> int:
    return int(table["kind"].isin(OF_GROUPS).sum())


def _ess(table: pd.DataFrame) -> Check:
    worst = {name: table[f"ess_{name}"].dropna() for name in ("bulk", "tail")}
    if any(values.empty for values in worst.values()):
        return Check(False, "Effective sample sizes cannot be judged from so few draws: sample more.")
    shown = " and ".join(f"{values.min():.0f} in the {name} ({values.idxmin()})" for name, values in worst.items())
    if not imprecise(table).any():
        return Check(True, f"Effective sample sizes are at least {shown}; {ESS_NEEDED} are needed.")
    return Check(
        False,
        f"The smallest effective sample sizes are {shown}, and {ESS_NEEDED} are needed: means and intervals of such "
        'quantities are imprecise; sample more draws (draws="auto" with a larger max_draws).',
    )


def _and_others(count: int) -> str:
    if count == 1:
        return ""
    return " and one other quantity" if count == 2 else f" and {count - 1} other quantities"


@dataclass(frozen=True)
class BoxReport:
    """How far the draws leave the range that a network was trained on.

    Args:
        overall: share of draws outside, over all participants.
        by_subject: share of each participant's draws outside.
        by_parameter: share of draws for which the parameter is outside.
        sentence: the finding in words.
    """

    overall: float
    by_subject: FloatArray
    by_parameter: FloatArray
    sentence: str

    def warning(self, has_exact: bool) -> str:
        """The sentence, and what to do, which depends on whether the model has an exact likelihood."""
        advice = (
            "check the result with likelihood='exact'"
            if has_exact
            else "check the result with certify(idata), or train a network on a wider range, train_nle(..., box=...)"
        )
        return f"{self.sentence.removesuffix('.')}: where that is more than a few, {advice}."


def box_report(
    theta: FloatArray, box: FloatArray, subject: IntArray, names: Sequence[str], subjects: Sequence[object] = ()
) -> BoxReport:
    """The share of draws outside the box of a network, by participant.

    Args:
        theta: parameters on their natural scales, shape (draws, rows, parameters); rows are unique design rows.
        box: lower and upper end for each parameter, shape (parameters, 2).
        subject: participant of each row, shape (rows,).
        names: the names of the parameters.
        subjects: labels of the participants.
    """
    outside = (theta < box[:, 0]) | (theta > box[:, 1])
    by_row = outside.any(axis=2).mean(axis=0)
    by_subject = np.bincount(subject, by_row) / np.maximum(np.bincount(subject), 1)
    by_parameter = outside.mean(axis=(0, 1))
    overall = float(by_row.mean())
    sentence = _box_sentence(overall, by_subject, by_parameter, names, subjects)
    return BoxReport(overall, by_subject, by_parameter, sentence)


def _box_sentence(
    overall: float, by_subject: FloatArray, by_parameter: FloatArray, names: Sequence[str], subjects: Sequence[object]
) -> str:
    if overall == 0.0:
        return "All draws lie within the range that the network was trained on."
    parameter = names[int(np.argmax(by_parameter))]
    worst = int(np.argmax(by_subject))
    who = f" (up to {percent(by_subject[worst])}, for participant {subjects[worst]})" if subjects else ""
    return (
        f"{percent(overall)} of the draws{who} lie outside the range that the network was trained on, mainly in "
        f"'{parameter}'."
    )
