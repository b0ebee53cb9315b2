"""Terms whose coefficients vary by group, and the formula in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hddm_sbi.design.grouping import Grouping
from hddm_sbi.design.strata import Strata
from hddm_sbi.design.terms import Term
from hddm_sbi.design.tokens import written


@dataclass(frozen=True)
class GroupedTerm:
    """A term whose coefficients vary by group.

    Args:
        term: the term.
        grouping: its grouping factor.
        linked: whether a population term has the same columns.
        bracket: which of the parameter's brackets of this factor it stands in, from 0; brackets are independent of each
            other, as in lme4.
        block: brms' ``|p|``: all terms with this name and factor, also those of other parameters, are correlated.
        independent: whether the user said that it is independent of all others, by ``||``.
        by: the levels within which standard deviations are apart, by ``gr(subject, by=patient)``.
        own: whether the user wrote it.
    """

    term: Term
    grouping: Grouping
    linked: bool
    bracket: int = 0
    block: str | None = None
    independent: bool = False
    by: Strata | None = None
    own: bool = False


Correlated = Callable[[GroupedTerm], bool]


def named(grouped: GroupedTerm) -> bool:
    """Whether a term is correlated with others where nothing but the formula says so: by a name, ``|p|``."""
    return grouped.block is not None


def formula_text(
    common: Sequence[Term], group: Sequence[GroupedTerm], offset: Sequence[Term] = (), correlated: Correlated = named
) -> str:
    """The right-hand side in words: ``1 + conf + (1 + conf || subject)``, which is read as the same design.

    Args:
        common: population terms.
        group: group terms.
        offset: terms without a coefficient.
        correlated: whether the effects of a bracket are correlated, asked of its terms.
    """
    parts = [_sum(common)] if common else []
    parts += [f"offset({term.written})" for term in offset]
    parts += [bracket_text(members, any(map(correlated, members))) for members in brackets_of(group)]
    return " + ".join(parts)


def brackets_of(group: Sequence[GroupedTerm]) -> list[list[GroupedTerm]]:
    """The group terms of one parameter, bracket by bracket."""
    found: dict[tuple[tuple[str, ...], int], list[GroupedTerm]] = {}
    for grouped in group:
        found.setdefault((grouped.grouping.columns, grouped.bracket), []).append(grouped)
    return list(found.values())


def bracket_text(members: Sequence[GroupedTerm], correlated: bool) -> str:
    """One bracket: ``(1 + conf || subject)``; a single effect has nothing to be independent of."""
    first = members[0]
    groups = ":".join(map(written, first.grouping.columns))
    if first.by is not None:
        groups = f"gr({groups}, by={written(first.by.column)})"
    bar = "|" if correlated or not several(members) else "||"
    if first.block is not None:
        bar = f"|{written(first.block)}|"
    return f"({_sum([grouped.term for grouped in members])} {bar} {groups})"


def several(members: Sequence[GroupedTerm]) -> bool:
    """Whether a bracket has more than one effect."""
    return sum(grouped.term.matrix.shape[1] for grouped in members) > 1


def said_of_independence(group_of: Mapping[str, Sequence[GroupedTerm]], correlated: Correlated = named) -> str | None:
    """A line for users who wrote ``(x | subject)``, which elsewhere means a covariance, where effects are independent.

    Args:
        group_of: group terms by parameter.
        correlated: whether the effects of a bracket are correlated, asked of its terms.

    Returns:
        One sentence that names the first such bracket, None where there is none.
    """
    found = [
        (parameter, members)
        for parameter, group in group_of.items()
        for members in brackets_of(group)
        if members[0].own and several(members) and not members[0].independent and not any(map(correlated, members))
    ]
    if not found:
        return None
    parameter, members = found[0]
    more = "" if len(found) == 1 else f", and those of {len(found) - 1} more brackets,"
    return (
        f"The effects in {bracket_text(members, True)} of {parameter}{more} are taken as independent of each other; "
        f"write {bracket_text(members, False)} to say so, or correlated=True to estimate their correlations."
    )


def _sum(terms: Sequence[Term]) -> str:
    names = [term.written for term in terms]
    return " + ".join(names if "1" in names else ["0", *names])
