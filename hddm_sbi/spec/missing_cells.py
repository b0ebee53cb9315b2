"""Participants without trials in a condition, whose own effects of it the data do not tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.design.design import Design
from hddm_sbi.design.grouping import Grouping
from hddm_sbi.design.terms import Term
from hddm_sbi.trials.columns import enumerated, plain
from hddm_sbi.trials.plausibility import Finding
from hddm_sbi.trials.trials import Trials

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# More names than this are counted.
_NAMED = 3


def find_missing_cells(design: Design, grouping: Grouping, trials: Trials, pooled: bool) -> Iterator[Finding]:
    """Groups that say nothing of an effect of theirs, by term; what follows from a part of it is not said again.

    Args:
        design: which terms vary between the groups.
        grouping: the groups.
        trials: the experiment.
        pooled: whether the groups have a population.
    """
    prepared = design.columns.prepare(trials.frame)
    single = np.bincount(grouping.index, minlength=len(grouping.groups)) < 2  # said elsewhere
    said: list[tuple[frozenset[str], frozenset[int]]] = []
    for term in _varying(design, grouping.factor):
        cells = _number(term, grouping) if not term.factors else _conditions(term, grouping, prepared)
        if cells is None:
            continue
        known = frozenset().union(*(groups for columns, groups in said if columns <= set(term.variables)))
        lacking = [int(k) for k in np.flatnonzero(~cells.occurs.all(axis=1)) if not single[k] and k not in known]
        if not lacking:
            continue
        said.append((frozenset(term.variables), frozenset(lacking)))
        words = _Words(grouping, trials.groupby, enumerated(term.variables), pooled)
        within = np.flatnonzero(cells.varies).tolist()
        mostly_between = pooled and 2 * len(within) < len(grouping.groups)
        sentence = words.between(within) if mostly_between else words.missing(cells, lacking)
        rows = np.isin(grouping.index, within if mostly_between else lacking)
        yield Finding("missing cells", "warning", sentence, rows)


def _varying(design: Design, factor: str) -> list[Term]:
    """The terms, besides the intercept, that vary between the groups, each once, parts before their interactions."""
    grouped = [one for parameter in design.parameters.values() for one in parameter.group]
    found = {one.term.name: one.term for one in grouped if one.grouping.factor == factor and one.term.variables}
    return sorted(found.values(), key=lambda term: len(term.variables))


@dataclass(frozen=True)
class _Cells:
    """Which conditions of a term each group has trials in.

    Args:
        names: of the conditions, such as ``cond=B``; none for a number.
        occurs: shape (groups, conditions); for a number, whether it varies within the group, shape (groups, 1).
    """

    names: tuple[str, ...]
    occurs: BoolArray

    @property
    def varies(self) -> BoolArray:
        """Whether groups have more than one condition, shape (groups,)."""
        return self.occurs.sum(axis=1) > (1 if self.names else 0)

    def missing(self, group: int) -> tuple[str, ...]:
        """The conditions that a group lacks."""
        return tuple(name for name, there in zip(self.names, self.occurs[group], strict=True) if not there)


def _number(term: Term, grouping: Grouping) -> _Cells:
    """Of a number, whether it varies within the groups."""
    varies = np.zeros((len(grouping.groups), 1), dtype=np.bool_)
    varies[grouping.index[grouping.differs(term.matrix)]] = True
    return _Cells((), varies)


def _conditions(term: Term, grouping: Grouping, prepared: pd.DataFrame) -> _Cells | None:
    """The conditions of a term; None where a factor is made of numbers inside the formula, such as I(x > 0)."""
    labels = prepared[list(term.factors)].astype(object)
    if any(labels[name].nunique() > term.matrix.shape[1] + 1 for name in term.factors):
        return None
    codes, found = pd.MultiIndex.from_frame(labels).factorize()
    names = [", ".join(f"{f}={plain(x)}" for f, x in zip(term.factors, one, strict=True)) for one in found]
    occurs = np.zeros((len(grouping.groups), len(names)), dtype=np.bool_)
    occurs[grouping.index, codes] = True
    return _Cells(tuple(names), occurs)


@dataclass(frozen=True)
class _Words:
    """Sentences on groups that say nothing of the effect of some columns."""

    grouping: Grouping
    groupby: str | None
    effect: str
    pooled: bool

    def _noun(self, n: int) -> str:
        if self.grouping.factor == self.groupby:
            return "participant" if n == 1 else "participants"
        return f"{'level' if n == 1 else 'levels'} of '{self.grouping.factor}'"

    def _names(self, which: Sequence[int]) -> str:
        return enumerated([str(plain(self.grouping.groups[k])) for k in which])

    def _groups(self, which: Sequence[int]) -> str:
        """``participants s3 and s5``; many are counted."""
        if len(which) > _NAMED:
            return f"{len(which)} of {len(self.grouping.groups)} {self._noun(2)}"
        return f"{self._noun(len(which))} {self._names(which)}"

    def missing(self, cells: _Cells, lacking: Sequence[int]) -> str:
        """Groups that lack conditions."""
        its, has = ("its", "has") if len(lacking) == 1 else ("their", "have")
        source = f"{'the population' if self.pooled else 'the prior'} alone"
        if not cells.names:
            slope = f"{its} slope{'' if len(lacking) == 1 else 's'}"
            come = "comes" if len(lacking) == 1 else "come"
            return f"'{self.effect}' does not vary within {self._groups(lacking)}: {slope} of it {come} from {source}."
        missing = {cells.missing(k) for k in lacking}
        one = min(missing) if len(missing) == 1 else ()
        if 0 < len(one) <= _NAMED:
            where, effect = enumerated(one).replace(" and ", " and in "), f"{its} effect there comes"
        else:
            example = f"{self._names(lacking[:1])} none in {cells.missing(lacking[0])[0]}"
            where, effect = f"some conditions of {self.effect} ({example})", f"{its} effects there come"
        return f"{self._groups(lacking)} {has} no trials in {where}: {effect} from {source}."

    def between(self, within: Sequence[int]) -> str:
        """A factor that differs within few groups."""
        named = f" ({self._names(within)})" if len(within) <= _NAMED else ""
        return (
            f"'{self.effect}' differs within {len(within)} of {len(self.grouping.groups)} {self._noun(2)}{named}, and "
            "only between the others: how much its effect varies between them comes mostly from the prior; check "
            "these rows, or give all the same effect with random_slopes=False."
        )
