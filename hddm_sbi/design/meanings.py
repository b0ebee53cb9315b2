"""What reported coefficients are, in words: differences between which levels, per unit of what, and where."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from hddm_sbi.design.contrasts import MEAN, meanings, origin
from hddm_sbi.design.parts import Part, parts_of
from hddm_sbi.design.terms import Term


def in_words(terms: Sequence[Term]) -> list[tuple[str, ...]]:
    """The meaning of each coefficient of each term, on the scale of the link.

    Args:
        terms: of one parameter's population, or of one grouping factor.

    Returns:
        For each term a text for each column: ``LC - HC, where stim = LL``, ``for one unit of age``.
    """
    parts = [parts_of(term) for term in terms]
    return [tuple(_meaning(column, parts) for column in _columns(of)) for of in parts]


def covariates_in_words(terms: Sequence[Term]) -> list[tuple[str, str]]:
    """Where the priors of covariates sit, and what their unit is: pairs of name and words.

    Args:
        terms: of all parameters' populations.
    """
    found: dict[str, str] = {}
    for term in terms:
        for part in parts_of(term):
            if not part.is_factor and part.columns == 1:
                centre, scale = float(part.centre[0]), float(part.scale[0])
                two = part.is_two_valued
                found[part.name] = (
                    f"{'middle' if two else 'mean'} {centre:.4g}, {'distance' if two else 'sd'} {scale:.4g}"
                )
    return list(found.items())


def _columns(parts: Sequence[Part]) -> list[tuple[tuple[Part, str], ...]]:
    """For each column of a term, its parts and what each of them says."""
    return list(product(*([(part, text) for text in _texts(part)] for part in parts)))


def _texts(part: Part) -> list[str]:
    if part.contrast is not None and part.levels is not None:
        return meanings(part.contrast, part.levels)
    if part.columns == 1:
        return [f"one unit of {part.name}"]
    return [f"one unit of column {column + 1} of {part.name}" for column in range(part.columns)]


def _meaning(column: Sequence[tuple[Part, str]], terms: Sequence[Sequence[Part]]) -> str:
    """The effect, and where it is: in cells of its own, and of other parts that it depends on."""
    cells = [f"{part.name} = {text}" for part, text in column if _is_level(part, text)]
    means = [part.name for part, text in column if part.is_full and text == MEAN]
    effects = [(part, text) for part, text in column if not _is_level(part, text) and text != MEAN]
    if not effects:
        what = "the value"
    elif len(effects) == 1:
        part, text = effects[0]
        what = text if part.is_factor else f"for {text}"
    else:
        what = " by ".join(f"({text})" for _, text in effects)
    own = {part.name for part, _ in column}
    beside = {
        part.name: part
        for term in terms
        for part in term
        if own <= {other.name for other in term} and part.name not in own and not part.is_full
    }
    places = [*cells, *(place for part in beside.values() if (place := _place(part)))]
    averaged = [*means, *(part.name for part in beside.values() if not _place(part))]
    if places:
        what += f", where {' and '.join(places)}"
    return what + (f", averaged over the levels of {' and '.join(averaged)}" if averaged else "")


def _is_level(part: Part, text: str) -> bool:
    return part.is_full and part.levels is not None and text in map(str, part.levels)


def _place(part: Part) -> str | None:
    """Where the other effects are those that are reported: at a level, at zero; None where they are averaged."""
    if part.contrast is None or part.levels is None:
        return f"{part.name} = 0"
    level = origin(part.contrast, part.levels)
    return None if level is None else f"{part.name} = {level}"
