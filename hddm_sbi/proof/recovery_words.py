"""What a recovery says: which parameters a design tells, which it does not, and what would help."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from hddm_sbi.proof.counting import binomial_p, how_fits_went
from hddm_sbi.proof.experiment import Experiment
from hddm_sbi.proof.recover_task import INTERVAL
from hddm_sbi.proof.recovery import held
from hddm_sbi.tasks.job import TASK
from hddm_sbi.trials.columns import enumerated

# Correlations of estimates with true values: .9 leaves 19% of the variance between participants unexplained, .7 half.
WELL, ROUGHLY = 0.9, 0.7
# A posterior of more than half the prior's variance is mostly the prior.
_LEARNED = 0.5
# Draws of two coefficients that correlate more than this are told by their combination alone.
_TRADE_OFF = 0.8
# Chance that a quantity, of all of them, is said to be off where none is.
_CHANCE = 0.01
# A bias below this share of the posterior's width changes no conclusion.
_SMALL_BIAS = 0.1


def recovery_sentences(
    experiment: Experiment, table: pd.DataFrame, participants: pd.DataFrame, rows: pd.DataFrame, failed: pd.DataFrame,
    origin: str,
) -> tuple[str, ...]:  # fmt: skip
    """All of them, the most important first.

    Args:
        experiment: the experiment.
        table, participants: the tables of the recovery.
        rows: its estimates.
        failed: the data sets without.
        origin: where true values came from.
    """
    n, who = rows[TASK].nunique(), len(experiment.trials.subjects)
    of = f"{who} participants, " if who else ""
    head = f"{n} data sets of this design ({of}{experiment.trials.n:,} trials), true values from {origin}."
    return (
        head,
        *how_fits_went(rows, failed),
        *_told_apart(participants),
        *_not_learned(table),
        *_trade_offs(table),
        *_trade_offs(participants),
        *_coverage(rows),
        *_biases(table),
        *_what_helps(table, participants, who),
    )


def _told_apart(participants: pd.DataFrame) -> Iterator[str]:
    r = participants["correlation"] if len(participants) else pd.Series(dtype=float)
    if r.notna().any():
        groups = (("well in", r[r >= WELL]), ("roughly in", r[(r >= ROUGHLY) & (r < WELL)]), ("not in", r[r < ROUGHLY]))
        parts = [
            f"{words} {enumerated([f'{name} ({_r(value, participants, name)})' for name, value in some.items()])}"
            for words, some in groups
            if len(some)
        ]
        yield f"Participants can be told apart {'; '.join(parts)}: correlation of estimates with true values."


def _not_learned(table: pd.DataFrame) -> Iterator[str]:
    some = table[(table["learned"] < _LEARNED) & table["kind"].isin(["coefficient", "sd", "correlation"])]
    if len(some):
        width = np.sqrt(np.clip(1.0 - some["learned"], 0.0, None))
        shown = [f"{name} ({share:.0%} as wide)" for name, share in width.items()]
        yield f"The data say little of {enumerated(shown)}: posteriors are not much narrower than their priors."


def _trade_offs(table: pd.DataFrame) -> Iterator[str]:
    pairs: dict[tuple[str, ...], float] = {}
    for name, row in table.iterrows():
        if abs(row["partner_r"]) >= _TRADE_OFF:
            pairs.setdefault(tuple(sorted((str(name), str(row["partner"])))), float(row["partner_r"]))
    for (one, other), r in pairs.items():
        yield (
            f"{one} and {other} trade off (their draws correlate {r:.2f}): the data tell a combination of them better "
            "than either."
        )


def _coverage(rows: pd.DataFrame) -> Iterator[str]:
    population = rows[rows["kind"].isin(["coefficient", "sd", "correlation"])]
    some = population if len(population) else rows
    share, sets = held(some).mean(), some[TASK].nunique()
    error = held(some).groupby(some[TASK]).mean().std() / np.sqrt(sets)
    what = "quantities of the population" if len(population) else "participants' values"
    yield f"{INTERVAL:.0%} intervals of {what} held the truth in {share:.1%} of cases (± {error:.1%})."
    by_quantity = held(population).groupby(population["quantity"]).agg(["sum", "size", "mean"])
    for name, row in by_quantity.iterrows():
        if binomial_p(int(row["sum"]), int(row["size"]), INTERVAL) < _CHANCE / len(by_quantity):
            yield (
                f"Those of {name} held it in {row['mean']:.0%}, {'too' if row['mean'] < INTERVAL else 'more'} "
                f"{'seldom' if row['mean'] < INTERVAL else 'often than they say'} for chance."
            )


def _biases(table: pd.DataFrame) -> Iterator[str]:
    from scipy.stats import norm

    some = table[table["kind"].isin(["coefficient", "sd", "correlation"])]
    beyond = norm.isf(0.5 * _CHANCE / max(len(some), 1))
    for name, row in some.iterrows():
        relative = row["bias"] / row["posterior_sd"]
        if abs(row["bias"]) > beyond * row["bias_error"] and abs(relative) > _SMALL_BIAS:
            yield (
                f"{name} is estimated too {'high' if relative > 0 else 'low'}, by {abs(row['bias']):.2g} on average "
                f"({abs(relative):.1f} posterior sds)."
            )


def _what_helps(table: pd.DataFrame, participants: pd.DataFrame, who: int) -> Iterator[str]:
    """Doubling trials or participants, and what each would do.

    The posterior variance of a population coefficient is about (s^2 + e^2 / trials) / participants, with s the sd
    between participants; estimates of single ones have the reliability r^2 = s^2 / (s^2 + e^2 / trials), which grows
    with trials by the formula of Spearman and Brown (1910).
    """
    shares = dict(_shares_of_spread(table, who))
    if shares:
        narrower = [f"{name} by {1.0 - np.sqrt((1.0 + share) / 2.0):.0%}" for name, share in shares.items()]
        yield (
            f"Twice the participants would make intervals of the population about {1.0 - np.sqrt(0.5):.0%} narrower; "
            f"twice the trials of each would make those of {enumerated(narrower)} narrower."
        )
    r = participants["correlation"] if len(participants) else pd.Series(dtype=float)
    some = [(str(name), float(value)) for name, value in r[(r < WELL) & (r > 0.0)].items()]
    if some:
        times = [f"{name} {(WELL**2 / (1.0 - WELL**2)) / (value**2 / (1.0 - value**2)):.2g}" for name, value in some]
        yield (
            f"To tell participants apart with a correlation of {WELL:g} would take a multiple of the trials of each, "
            f"about: {enumerated(times)}."
        )
    rest = sorted({str(name).partition("[")[0] for name in r[r < ROUGHLY].index})
    if rest:
        yield f"Where differences in {enumerated(rest)} are of no interest, one value for all will do (shared={rest})."


def _shares_of_spread(table: pd.DataFrame, who: int) -> Iterator[tuple[str, float]]:
    """Of population coefficients, the share of their posterior variance that is spread between participants."""
    sds = table[table["kind"] == "sd"]
    for name, row in table[table["kind"] == "coefficient"].iterrows():
        variable, _, cell = str(name).partition("[")
        own = [sd for sd in sds.index if sd.startswith(f"{variable}_") and sd.partition("[")[2] == cell]
        if who and len(own) == 1:
            yield str(name), float(np.clip(sds.loc[own[0], "truth"] ** 2 / who / row["posterior_sd"] ** 2, 0.0, 1.0))


def _r(value: float, participants: pd.DataFrame, name: object) -> str:
    error = participants.loc[name, "correlation_error"]
    return f"{value:.2f} ± {error:.2f}" if np.isfinite(error) else f"{value:.2f}"
