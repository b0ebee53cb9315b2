"""Which columns a factor gets in each term, so that all terms together have full rank and lose nothing.

The rule is that of patsy and R, by ``pick_contrasts`` of formulae: a factor has a column less than levels where the
terms before it, the intercept among them, already span the constant. formulae's own use of it takes the terms in the
order written, and codes the terms that it adds for ``1 + a:b:c`` a second time, which leaves 9 columns for 12 cells;
so it is used here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from formulae.contrasts import pick_contrasts

from hddm_sbi.design.calls import Component
from hddm_sbi.design.products import Product

Coding = dict[str, bool]


def coded(products: Sequence[Product], categoric: Mapping[Component, bool]) -> list[tuple[Product, Coding]]:
    """The terms to evaluate, in order: those given, each after the terms that it lacks for full rank.

    Args:
        products: population terms of one formula, or the terms of one bracket.
        categoric: whether a component is a factor.

    Returns:
        for each term, whether each of its factors has a column for every level, by name.
    """
    # what the same numbers are multiplied with shares its coding: x, x:a and x:a:b, but not a:b
    families: dict[frozenset[Component], dict[int, list[Component]]] = {}
    for position in sorted(range(len(products)), key=lambda position: len(products[position].components)):
        parts = products[position].components
        family = frozenset(part for part in parts if not categoric[part])
        families.setdefault(family, {})[position] = [part for part in parts if categoric[part]]
    result: dict[int, list[tuple[Product, Coding]]] = {}
    for members in families.values():
        for position, codings in pick_contrasts(members).items():
            result[position] = [_subterm(products[position], coding, categoric) for coding in codings]
    return [term for position in range(len(products)) for term in result[position]]


def _subterm(
    term: Product, coding: Mapping[Component, bool], categoric: Mapping[Component, bool]
) -> tuple[Product, Coding]:
    parts = tuple(part for part in term.components if not categoric[part] or part in coding)
    return Product(parts, term.bracket), {part.name: full for part, full in coding.items()}
