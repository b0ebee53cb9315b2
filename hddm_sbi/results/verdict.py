"""Can the draws be trusted? The usual diagnostics, in sentences that name the worst case and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from hddm_sbi.results.summary import summarise
from hddm_sbi.results.to_arviz import Results, group, has_group

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021: "R-hat < 1.01", "at least 50 effective draws for each split
# chain", two of which make a chain.
R_HAT_BELOW = 1.01
ESS_PER_CHAIN = 100

# Betancourt 2016 (arXiv:1604.00695) reports trouble below 0.2 to 0.3; Stan warns below 0.3 since 2020.
E_BFMI_ABOVE = 0.3

# A single draw at the limit costs nothing; one in a hundred says that the sampler is being held back.
SATURATED_BELOW = 0.01


@dataclass(frozen=True)
class Verdict:
    """Whether a sample can be trusted, and why.

    Args:
        ok: all checks passed.
        sentences: a headline, then one sentence for each check, failed ones first.
    """

    ok: bool
    sentences: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.sentences)


@dataclass(frozen=True)
class _Check:
    passed: bool
    sentence: str


def verdict(idata: Results, *, summary: pd.DataFrame | None = None, max_tree_depth: int = 10) -> Verdict:
    """Judge convergence: R-hat, effective sample sizes, divergences, tree depth, energy.

    Args:
        idata: what ``model.sample`` returned.
        summary: ``summarise(idata)``, where there is one already.
        max_tree_depth: the limit that the sampler ran under.

    Returns:
        ``ok`` where R-hat is below 1.01 and both effective sample sizes are at least 100 a chain for every quantity, no
        draw diverged, the energy's E-BFMI is at least 0.3 in every chain, and less than 1% of the trees were cut short.
    """
    table = summarise(idata) if summary is None else summary
    chains = int(group(idata, "posterior").sizes["chain"])
    checks = [*_not_finite(table), _r_hat(table, chains), _ess(table, chains)]
    if has_group(idata, "sample_stats"):
        checks += _sampler_checks(group(idata, "sample_stats"), max_tree_depth)
    ok = all(check.passed for check in checks)
    headline = "The sampler converged." if ok else "The sampler has NOT converged: do not use these draws as they are."
    return Verdict(ok, (headline, *(check.sentence for check in sorted(checks, key=lambda check: check.passed))))


def _not_finite(table: pd.DataFrame) -> Iterator[_Check]:
    bad = table.index[~np.isfinite(table["mean"].to_numpy())]
    if len(bad):
        yield _Check(False, f"{bad[0]}{_and_others(len(bad))} took values that are not finite: check the priors.")


def _r_hat(table: pd.DataFrame, chains: int) -> _Check:
    if chains < 2:
        return _Check(False, "R-hat cannot be judged from a single chain: sample at least 4.")
    values = table["r_hat"].dropna()
    if values.empty:
        return _Check(False, "R-hat cannot be judged from so few draws: sample more.")
    where, worst = str(values.idxmax()), float(values.max())
    if worst < R_HAT_BELOW:
        return _Check(True, f"R-hat is at most {worst:.3f} ({where}), below {R_HAT_BELOW}.")
    above = int((values >= R_HAT_BELOW).sum())
    return _Check(
        False,
        f"R-hat is {worst:.3f} for {where}{_and_others(above)}, where it should be below {R_HAT_BELOW}: the chains "
        "disagree; sample longer (more tune and draws), and if that does not help, simplify the model.",
    )


def _ess(table: pd.DataFrame, chains: int) -> _Check:
    needed = ESS_PER_CHAIN * chains
    worst = {name: table[f"ess_{name}"].dropna() for name in ("bulk", "tail")}
    if any(values.empty for values in worst.values()):
        return _Check(False, "Effective sample sizes cannot be judged from so few draws: sample more.")
    shown = " and ".join(f"{values.min():.0f} in the {name} ({values.idxmin()})" for name, values in worst.items())
    if all(values.min() >= needed for values in worst.values()):
        return _Check(True, f"Effective sample sizes are at least {shown}; {needed} are needed.")
    return _Check(
        False,
        f"The smallest effective sample sizes are {shown}, and {needed} are needed ({ESS_PER_CHAIN} a chain): means "
        "and intervals of such quantities are imprecise; sample more draws.",
    )


def _and_others(count: int) -> str:
    if count == 1:
        return ""
    return " and one other quantity" if count == 2 else f" and {count - 1} other quantities"


def _sampler_checks(stats: xr.Dataset, max_tree_depth: int) -> Iterator[_Check]:
    if "diverging" in stats:
        yield _divergences(stats["diverging"].to_numpy())
    if "energy" in stats:
        yield _energy(stats["energy"].transpose("chain", "draw").to_numpy())
    if "tree_depth" in stats:
        yield _tree_depth(stats["tree_depth"].to_numpy(), max_tree_depth)


def _divergences(diverging: npt.NDArray[np.bool_]) -> _Check:
    count = int(diverging.sum())
    if count == 0:
        return _Check(True, "No draw diverged.")
    return _Check(
        False,
        f"{_share(count, diverging.size)} diverged: the sampler misses a part of the posterior; sample with more tune "
        "draws, and if that does not help, simplify the model (random_slopes=False, or shared parameters).",
    )


def _energy(energy: FloatArray) -> _Check:
    values = e_bfmi(energy)
    chain, worst = int(np.argmin(values)), float(values.min())
    if worst >= E_BFMI_ABOVE:
        return _Check(True, f"E-BFMI is at least {worst:.2f}, above {E_BFMI_ABOVE}.")
    if np.isnan(worst):
        return _Check(False, f"E-BFMI cannot be computed: the energy of chain {chain} does not move; sample again.")
    return _Check(
        False,
        f"E-BFMI is {worst:.2f} in chain {chain}, where it should be at least {E_BFMI_ABOVE}: the tails are explored "
        "slowly; sample longer, or simplify the model.",
    )


def e_bfmi(energy: FloatArray) -> FloatArray:
    """Energy Bayesian fraction of missing information of each chain (Betancourt 2016), shape (chains,).

    Args:
        energy: shape (chains, draws); a chain whose energy does not move has NaN.
    """
    spread = np.sum((energy - energy.mean(axis=1, keepdims=True)) ** 2, axis=1)
    steps = np.sum(np.diff(energy, axis=1) ** 2, axis=1)
    return np.divide(steps, spread, out=np.full(len(energy), np.nan), where=spread > 0.0)


def _tree_depth(depth: IntArray, limit: int) -> _Check:
    count = int((depth >= limit).sum())
    if count == 0:
        return _Check(True, f"No tree reached the depth of {limit}.")
    passed = count / depth.size < SATURATED_BELOW
    advice = "few enough to ignore" if passed else "sample with more tune draws, or simplify the model"
    return _Check(passed, f"The trees of {_share(count, depth.size)} were cut at a depth of {limit}: {advice}.")


def _share(count: int, total: int) -> str:
    return f"{count:,} of {total:,} draws ({_percent(count / total)})"


def _percent(share: float) -> str:
    """A share with two digits that count."""
    percent = 100.0 * share
    if share > 0.0 and percent < 0.01:
        return "less than 0.01%"
    return f"{percent:.2g}%" if percent < 10.0 else f"{percent:.0f}%"


@dataclass(frozen=True)
class BoxReport:
    """How far the draws leave the range that a network was trained on.

    Args:
        overall: share of draws outside, over all participants.
        by_subject: share of each participant's draws outside.
        by_parameter: share of draws for which the parameter is outside.
        sentence: the same in words.
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
        names: of the parameters.
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
    who = f" (up to {_percent(by_subject[worst])}, for participant {subjects[worst]})" if subjects else ""
    return (
        f"{_percent(overall)} of the draws{who} lie outside the range that the network was trained on, mainly in "
        f"'{parameter}'."
    )
