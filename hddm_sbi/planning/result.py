"""What a plan found: curves, the sizes that are enough, and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hddm_sbi.planning.curve import Curve
from hddm_sbi.planning.goals import Goal
from hddm_sbi.proof.counting import how_fits_went

# The range that is said of the number of participants, and of the probability to reach the goal.
RANGE = (0.05, 0.95)


@dataclass(frozen=True, repr=False)
class Plan:
    """What ``plan`` found; ``print`` shows the sentences and the table.

    Args:
        answers: a row for each number of trials a cell: ``trials``; ``participants``, the fewest that are enough, NaN
            where no number in the range is; ``low`` and ``high``, a 90% range of what is needed; ``power`` and
            ``power_error``, the probability to reach the goal with so many (with the most, where they are not enough)
            and its Monte Carlo standard error.
        curve: a row for each size: ``trials``, ``participants``, ``power``, ``power_error``, and the 90% range ``low``,
            ``high``; ``fits`` and ``reached``, simulated experiments of this size, and those that reached the goal.
        sentences: what they say.
        fits: a row for each simulated experiment: ``participants``, ``trials``, ``truth``, ``mean``, ``sd``, the 95%
            interval ``low``, ``high``, ``measure`` (what the goal is about), ``reached``, and how the fit went.
        failed: experiments that could not be simulated or fitted: ``task`` and ``reason``.
        goal: in words.
        power: the probability that was asked for.
    """

    answers: pd.DataFrame
    curve: pd.DataFrame
    sentences: tuple[str, ...]
    fits: pd.DataFrame
    failed: pd.DataFrame
    goal: str
    power: float

    @property
    def ok(self) -> bool:
        """Whether some size in the range is enough."""
        return bool(self.answers["participants"].notna().any())

    def __str__(self) -> str:
        return "\n".join([*self.sentences, "", self.answers.to_string(index=False, float_format="{:.3g}".format)])

    __repr__ = __str__


def result(
    curve: Curve, goal: Goal, power: float, supposed: Mapping[str, object], fits: pd.DataFrame, failed: pd.DataFrame
) -> Plan:
    """Tables and sentences of the outcomes.

    Args:
        curve: its posterior.
        goal: of each experiment.
        power: the probability with which it is to be reached.
        supposed: what the plan rests on, for the sentences: see ``_supposed``.
        fits: rows of the tasks.
        failed: the tasks without rows.
    """
    answers = pd.DataFrame([_answer(curve, power, trials) for trials in curve.trials])
    said = [*_found(curve, answers, goal, power), *_supposed(supposed), *how_fits_went(fits, failed)]
    return Plan(answers, _curve_table(curve, fits), tuple(said), fits, failed, goal.words, power)


def _answer(curve: Curve, power: float, trials: int) -> dict[str, float]:
    found = curve.smallest(power, trials)
    low, high = curve.needed_band(power, trials, RANGE)
    mean, error = curve.power(curve.participants[-1] if found is None else found, trials)
    return {
        "trials": trials, "participants": np.nan if found is None else found, "low": np.ceil(low),
        "high": np.ceil(high), "power": mean, "power_error": error,
    }  # fmt: skip


def _curve_table(curve: Curve, fits: pd.DataFrame) -> pd.DataFrame:
    counted = fits.groupby(["trials", "participants"])["reached"].agg(["size", "sum"])
    rows = []
    for trials in curve.trials:
        for n in curve.participants:
            (mean, error), (low, high) = curve.power(n, trials), curve.band(n, trials, RANGE)
            number, reached = counted.loc[(trials, n)] if (trials, n) in counted.index else (0, 0)
            rows.append((trials, n, mean, error, low, high, int(number), int(reached)))
    names = ["trials", "participants", "power", "power_error", "low", "high", "fits", "reached"]
    return pd.DataFrame(rows, columns=names)


def _found(curve: Curve, answers: pd.DataFrame, goal: Goal, power: float) -> Iterator[str]:
    enough, most = answers[answers["participants"].notna()], curve.participants[-1]
    yield (f"The goal: {goal.sentence}, in {power:.0%} of experiments; {len(curve.reached)} were simulated and fitted.")
    if enough.empty:
        best = answers.loc[answers["power"].idxmax()]
        yield (
            f"No size in the range reaches it: with {most} participants and {best.trials:.0f} trials a cell it is "
            f"reached in {best.power:.0%} of experiments (Monte Carlo error {_error(best.power_error)}); more of "
            "either, a larger smallest effect of interest, or a lower goal is needed."
        )
        return
    for row in enough.itertuples():
        bound = f"{min(row.high, most):.0f}" + (" or more" if row.high > most else "")
        yield (
            f"{row.participants:.0f} participants with {row.trials} trials a cell: {row.power:.0%} of experiments "
            f"(Monte Carlo error {_error(row.power_error)}); what is needed lies between "
            f"{max(row.low, 1):.0f} and {bound} participants (90%)."
        )
        if row.participants == curve.participants[0] and len(curve.participants) > 1:
            yield f"With {row.trials} trials a cell the fewest of the range are enough; fewer may be, too."
    for row in answers[answers["participants"].isna()].itertuples():
        yield f"With {row.trials} trials a cell {most} participants are not enough: {row.power:.0%} of experiments."


def _supposed(supposed: Mapping[str, object]) -> Iterator[str]:
    for name, words in supposed.items():
        yield f"{name}: {words}."


def _error(value: float) -> str:
    return f"{max(value, 0.001):.1%}"
