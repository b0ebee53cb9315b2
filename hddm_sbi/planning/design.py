"""A planned experiment in a few lines: factors, their levels, the model, and a table of trials of any size."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch.distributions as td

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import DataError, HDDMWarning, ModelError
from hddm_sbi.proof.experiment import Coefficients, Experiment
from hddm_sbi.results.contrasts.asked import Asked
from hddm_sbi.spec.distributions import in_words
from hddm_sbi.trials.columns import listed, plain

PARTICIPANT = "participant"
FACTORS = ("within", "between")
# What a design says beside the options of the model.
OWN = (*FACTORS, "typical", "sd")
# Options that are about a table that exists.
_OF_TABLES = ("self", "df", "groupby", "rt", "response", "rt_unit")
# Placeholders of responses, in seconds, until they are simulated; lapses may come in the same window.
_FIRST, _LAST, _WINDOW = 0.35, 2.0, 5.0

IntArray = npt.NDArray[np.int64]

# By factor: the relative number of trials, or of participants, of each level.
Levels = Mapping[str, Mapping[object, float]]


@dataclass(frozen=True)
class PlannedDesign:
    """A planned experiment.

    Args:
        within: factors that each participant meets all levels of, with relative numbers of trials.
        between: factors of which each participant has one level, with relative numbers of participants.
        options: of ``HierarchicalDDM``.
    """

    within: Levels
    between: Levels
    options: Mapping[str, Any]

    @classmethod
    def of(cls, design: object) -> PlannedDesign:
        """What the user's mapping says.

        Raises:
            ModelError: an unknown entry, or a factor without two levels.
            DataError: a cell without trials or participants.
        """
        if not isinstance(design, Mapping):
            raise ModelError(
                f"the design is {design!r:.60}; give a mapping, such as {{'within': {{'cond': ['speed', 'accuracy']}}, "
                "'formula': 'a ~ cond'}."
            )
        allowed = [name for name in inspect.signature(HierarchicalDDM.__init__).parameters if name not in _OF_TABLES]
        unknown = [name for name in design if name not in (*OWN, *allowed)]
        if unknown:
            raise ModelError(
                f"the design has the entry '{unknown[0]}', which is none: it takes {listed(OWN)}, and the options of "
                f"HierarchicalDDM that do not name columns of a table: {listed(allowed)}."
            )
        within, between = (_levels(kind, design.get(kind) or {}) for kind in FACTORS)
        twice = [name for name in within if name in between]
        if twice:
            raise ModelError(
                f"the design has the factor '{twice[0]}' both within and between participants: choose one."
            )
        options = {name: value for name, value in design.items() if name not in OWN}
        return cls(within, between, {"coding": "accuracy", **options})

    @property
    def as_json(self) -> dict[str, object]:
        """For the record of a run."""
        return {
            **{kind: {name: {str(k): v for k, v in levels.items()} for name, levels in own.items()}
               for kind, own in zip(FACTORS, (self.within, self.between), strict=True)},
            **{name: _described(value) for name, value in self.options.items()},
        }  # fmt: skip

    @property
    def fewest(self) -> int:
        """The smallest number of participants with somebody in each group."""
        groups = int(np.prod([len(levels) for levels in self.between.values()]))
        return next(n for n in range(max(groups, 2), 100_000) if self.counts(n).min() > 0)

    def counts(self, participants: int) -> IntArray:
        """Participants of each group, the largest remainders rounded up, shape (groups,)."""
        shares = np.array([np.prod(cell) for cell in product(*(x.values() for x in self.between.values()))])
        exact = participants * shares / shares.sum()
        counts = np.floor(exact + 1e-9).astype(np.int64)
        order = np.argsort(counts - exact, kind="stable")
        counts[order[: participants - counts.sum()]] += 1
        return counts

    def table(self, participants: int, trials: int) -> pd.DataFrame:
        """Trials of such an experiment, with placeholders of responses.

        Raises:
            DataError: a cell has no trials, or a group no participants.
        """
        groups = list(product(*self.between.values()))
        counts = self.counts(participants)
        self._check_groups(groups, counts)
        cells = list(product(*self.within.values()))
        weights = [float(np.prod(cell)) for cell in product(*(x.values() for x in self.within.values()))]
        numbers = np.round(trials * np.array(weights)).astype(np.int64)
        if not numbers.all():
            empty = cells[int(np.argmin(numbers))]
            raise DataError(
                f"with {trials} trials a cell the design has none in the cell {_named(self.within, empty)}: give it "
                "more trials, or leave its level out."
            )
        cell = np.repeat(np.arange(len(cells)), numbers)
        group = np.repeat(np.arange(len(groups)), counts)
        table = pd.DataFrame({PARTICIPANT: np.repeat(np.arange(1, participants + 1), len(cell))})
        for k, factor in enumerate(self.between):
            table[factor] = np.repeat([groups[g][k] for g in group], len(cell))
        for k, factor in enumerate(self.within):
            table[factor] = np.tile([cells[c][k] for c in cell], participants)
        return table.assign(**self._placeholders(len(table)))

    def _check_groups(self, groups: Sequence[tuple[object, ...]], counts: IntArray) -> None:
        if not counts.all():
            empty = groups[int(np.argmin(counts))]
            raise DataError(
                f"with {counts.sum()} participants the design has nobody in the group {_named(self.between, empty)}: "
                f"plan with at least {self.fewest}."
            )

    def _placeholders(self, n: int) -> dict[str, Any]:
        """Response times from fast to slow and every option, so that the table can be read as trials."""
        deadline, options = self.options.get("deadline"), self.options.get("choices") or (0, 1)
        last = min(_LAST, 0.9 * deadline) if isinstance(deadline, int | float) else _LAST
        at = np.arange(n)
        spread = (at * 0.6180339887) % 1.0  # the golden ratio: evenly spread within every cell
        times = min(_FIRST, 0.5 * last) + spread * (last - min(_FIRST, 0.5 * last))
        wrong = at % 5 == 0
        choice = np.where(wrong, (at // 5) % (len(options) - 1), len(options) - 1)
        response = np.array(options, dtype=object)[choice]
        if self.options.get("go") is not None:  # a withheld response has no time
            times[response != self.options["go"]] = np.nan
        return {"rt": times, "response": response}

    def model(self, participants: int, trials: int) -> HierarchicalDDM:
        """The model of an experiment of this size.

        Raises:
            HDDMError: as ``HierarchicalDDM``, or a cell is empty.
        """
        deadline = self.options.get("deadline")
        options = {"lapse": (0.0, None if deadline is not None else _WINDOW), **self.options}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HDDMWarning)  # they are about placeholders
            return HierarchicalDDM(self.table(participants, trials), groupby=PARTICIPANT, **options)


@dataclass(frozen=True)
class Planned:
    """An experiment of one size.

    Args:
        experiment: what is simulated and fitted.
        asked: from coefficients by site, (chains, draws, *site shape), to what contrasts are asked of.
    """

    experiment: Experiment
    asked: Callable[[Coefficients], Asked]

    @classmethod
    def of(cls, design: PlannedDesign, participants: int, trials: int) -> Planned:
        """One of a design.

        Raises:
            HDDMError: as ``PlannedDesign.model``.
        """
        model = design.model(participants, trials)
        return cls(model._experiment(), model._asked)


def _described(value: object) -> object:
    """An option as JSON takes it, the same in every session: objects of the user's are told by their names."""
    if isinstance(value, Mapping):
        return {str(name): _described(one) for name, one in value.items()}
    if isinstance(value, td.Distribution):
        return in_words(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Sequence | set | frozenset):
        return [_described(one) for one in value]
    return str(getattr(value, "name", type(value).__name__))


def _levels(kind: str, factors: object) -> Levels:
    if not isinstance(factors, Mapping):
        raise ModelError(f"'{kind}' is {factors!r:.60}; give factors with their levels: {{'cond': ['a', 'b']}}.")
    found = {}
    for factor, levels in factors.items():
        if factor in (PARTICIPANT, "rt", "response"):
            raise ModelError(f"the factor '{factor}' has the name of a column that every experiment has; rename it.")
        if isinstance(levels, str) or not isinstance(levels, Mapping | Sequence) or len(set(levels)) < 2:
            raise ModelError(f"the factor '{factor}' has the levels {levels!r:.60}; give two or more.")
        shares = levels if isinstance(levels, Mapping) else dict.fromkeys(levels, 1.0)
        for level, share in shares.items():
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0.0 < share < np.inf:
                what = "trials" if kind == "within" else "participants"
                raise DataError(
                    f"the cell {factor}={plain(level)} is empty, since its share of {what} is {share!r}: give a "
                    "positive number, or leave the level out."
                )
        found[str(factor)] = {level: float(share) for level, share in shares.items()}
    return found


def _named(factors: Levels, cell: Sequence[object]) -> str:
    return ", ".join(f"{factor}={plain(level)}" for factor, level in zip(factors, cell, strict=True))
