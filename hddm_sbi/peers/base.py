"""What a peer is: its models, and what their parameters are here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from hddm_sbi.peers.formula import names_in

# a formula, or several of which the first counts whose parameters are all there
Formulas = str | tuple[str, ...]


@dataclass(frozen=True)
class Condition:
    """What has to hold of a peer's parameters, beyond the range of ours, for the models to be the same.

    Args:
        formula: an array of truth values.
        reason: why there is no equivalent elsewhere, a main clause.
    """

    formula: str
    reason: str


@dataclass(frozen=True)
class Equivalent:
    """A model of a peer, and the one here that is the same.

    Args:
        there: the peer's name of it.
        here: ours, a name of ``list_models()``.
        theta: for each of our parameters in order its formula in the peer's names.
        defaults: what the peer takes for parameters that are not given.
        p_outlier, lapse: formulas of the probability of a lapse and of the end of the window, which begins at 0; left
            out where their parameters are not given.
        conditions: what has to hold besides.
        accumulators: how many race; 0 where none do.
        note: what else there is to know, whole sentences.
    """

    there: str
    here: str
    theta: Mapping[str, Formulas]
    defaults: Mapping[str, float] = field(default_factory=dict)
    p_outlier: str = ""
    lapse: str = ""
    conditions: tuple[Condition, ...] = ()
    accumulators: int = 0
    note: str = ""

    def chosen(self, given: Collection[str]) -> dict[str, str]:
        """The formula of each of our parameters that the given ones, or defaults, allow."""
        known = {*given, *self.defaults}
        found = {}
        for name, formulas in self.theta.items():
            for formula in _each(formulas):
                if names_in(formula) <= known:
                    found[name] = formula
                    break
        return found

    def lapses(self, given: Collection[str]) -> dict[str, str]:
        """The formulas of the lapses, where the given parameters, or defaults, have any."""
        formulas = {"p_outlier": self.p_outlier, "lapse": self.lapse}
        known = {*given, *self.defaults}
        return formulas if self.p_outlier and names_in(self.p_outlier) <= known else {}

    def missing(self, given: Collection[str]) -> list[str]:
        """The parameters without which one of ours has no formula."""
        lacking = [name for name in self.theta if name not in self.chosen(given)]
        needed = {one for name in lacking for one in names_in(_each(self.theta[name])[0])}
        return [name for name in self.names if name in needed - {*given, *self.defaults}]

    def unused(self, given: Collection[str]) -> list[str]:
        """The given parameters that no formula asks for."""
        formulas = [*self.chosen(given).values(), *self.lapses(given).values(), *(c.formula for c in self.conditions)]
        used = {name for formula in formulas for name in names_in(formula)}
        return [name for name in given if name not in used]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All parameters that it may have there, in the order in which formulas name them."""
        return tuple(dict.fromkeys(self._mentioned()))

    @property
    def needed(self) -> tuple[str, ...]:
        """The parameters that it cannot do without."""
        return tuple(self.missing(()))

    def _mentioned(self) -> Iterator[str]:
        formulas = [formula for each in self.theta.values() for formula in _each(each)]
        formulas += [condition.formula for condition in self.conditions]
        formulas += [self.p_outlier, self.lapse] if self.p_outlier else []
        for formula in formulas:
            yield from sorted(names_in(formula), key=formula.index)


@dataclass(frozen=True)
class Peer:
    """Another package of the field.

    Args:
        key: the name by which it is asked for.
        name: its own name.
        models: its models that have an equivalent here.
        responses: how its responses are coded here, a sentence.
        without: patterns of names of its models that have none, and why, a main clause each.
        aliases: other names by which it may be asked for.
        read: returns the parameters of its model objects, and None of anything else; None: it has no such objects.
    """

    key: str
    name: str
    models: tuple[Equivalent, ...]
    responses: str
    without: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    read: Callable[[object], dict[str, float] | None] | None = None

    @property
    def its(self) -> str:
        """Its name as whose something is."""
        return f"{self.name}'" if self.name.endswith("s") else f"{self.name}'s"


def _each(formulas: Formulas) -> tuple[str, ...]:
    return (formulas,) if isinstance(formulas, str) else formulas
