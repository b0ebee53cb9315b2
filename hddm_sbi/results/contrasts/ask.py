"""A contrast as text -> its answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from hddm_sbi.errors import FormulaError, ModelError
from hddm_sbi.results.contrasts.answer import Contrast, imprecise, summarise_draws
from hddm_sbi.results.contrasts.asked import Asked, FloatArray
from hddm_sbi.results.contrasts.bayes_factor import BayesFactor
from hddm_sbi.results.contrasts.cells import Cells, check_column, find_cells
from hddm_sbi.results.contrasts.expression import (
    Expression,
    Leaf,
    Operation,
    Quantity,
    Slope,
    evaluate,
    is_share_of_itself,
    moved,
    parameters_in,
    quantities_in,
)
from hddm_sbi.results.contrasts.linear import NotLinear, linear_value
from hddm_sbi.results.contrasts.notes import notes
from hddm_sbi.results.contrasts.savage_dickey import bayes_factor
from hddm_sbi.results.contrasts.syntax import read_contrast
from hddm_sbi.results.contrasts.values import OF, SCALES, of_participants, of_population
from hddm_sbi.results.to_arviz import coordinate
from hddm_sbi.trials.columns import listed, plain

# A slope is a difference over so many sds of the column: exact for lines, and for curves as good as a derivative.
_STEP = 1e-4
_BY_PARTICIPANT = ("participants", "sample")


def ask(
    asked: Asked,
    text: str,
    of: str = "typical",
    scale: str = "natural",
    interval: float = 0.95,
    rope: tuple[float, float] | None = None,
    null: float | None = None,
    evidence: bool = False,
) -> Contrast:
    """The answer to a contrast; see ``HierarchicalDDM.contrast``.

    Raises:
        FormulaError: the contrast cannot be read, or names what the model does not have.
        ModelError: an option that is none, or that does not fit the contrast.
    """
    checked = _check_options(of, scale, interval, rope, null)
    tree = read_contrast(text)
    text = " ".join(text.split())
    names = parameters_in(tree)
    if not names:
        raise FormulaError(f"the contrast '{text}' names no parameter; the model has {', '.join(asked.names)}.")
    cells = [find_cells(asked, quantity) for quantity in quantities_in(tree)]
    _check_of(asked, names, of)
    reference = (1.0 if is_share_of_itself(tree) else 0.0) if null is None else float(null)
    found = bayes_factor_of(asked, tree, text, of, scale, reference) if evidence else None
    values = values_of(asked, tree, of, scale)
    said = [*notes(asked, cells, of in _BY_PARTICIPANT), *_divisors(asked, tree, of, scale)]
    labels = pd.Index([text], name="contrast")
    dims: tuple[str, ...] = ("chain", "draw")
    if of in _BY_PARTICIPANT:
        assert asked.groupby is not None
        present = ~np.isnan(values[0, 0])
        said += _absent(asked, present, text)
        if of == "participants":
            dims = (*dims, asked.groupby.replace("/", "÷"))
            labels = pd.Index(np.array(coordinate(asked.participants))[present], name=asked.groupby)
            shown = values[..., present]
        else:
            values = values[..., present].mean(axis=-1)
    if of != "participants":
        shown = values[..., np.newaxis]
    _check_finite(shown, text)
    coords = {dims[2]: coordinate(asked.participants)} if len(dims) == 3 else {}
    draws = xr.DataArray(values, dims=dims, coords=coords, name="contrast", attrs={"contrast": text})
    table = summarise_draws(shown, labels, reference, interval, checked)
    said += list(imprecise(table))
    return Contrast(text, _whose(asked, of, scale), draws, table, tuple(said), interval, reference, checked, found)


def bayes_factor_of(asked: Asked, tree: Expression, text: str, of: str, scale: str, null: float) -> BayesFactor:
    """The Bayes factor of a contrast.

    Raises:
        ModelError: it is not linear in the population's coefficients, see ``linear_value``, or has no stated prior.
    """
    if of in _BY_PARTICIPANT:
        raise ModelError(
            f"a Bayes factor is about the population's average effect, not of='{of}'; ask with of='typical'."
        )
    try:
        form = evaluate(tree, lambda leaf: _leaf(asked, leaf, lambda cells: linear_value(asked, cells, scale)))
    except NotLinear:
        raise ModelError(
            f"a Bayes factor needs sums and differences of coefficients, but '{text}' multiplies or divides them; on "
            "scale='link' a ratio of positive parameters is a difference."
        ) from None
    return bayes_factor(asked, form, null, text)


def values_of(asked: Asked, tree: Expression, of: str = "typical", scale: str = "natural") -> FloatArray:
    """Draws of the contrast, shape (chains, draws) or (chains, draws, participants)."""

    def value_of(cells: Cells) -> FloatArray:
        if of in _BY_PARTICIPANT:
            return of_participants(asked, cells, scale)
        return of_population(asked, cells, of, scale)

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        try:
            return np.asarray(evaluate(tree, lambda leaf: _leaf(asked, leaf, value_of)), dtype=np.float64)
        except ZeroDivisionError:
            raise FormulaError("the contrast divides a number by zero; leave that part out.") from None


def _leaf(asked: Asked, leaf: Leaf, value_of: Callable[[Cells], Any]) -> Any:
    """The value of a quantity, or of its slope, from those at cells."""
    if isinstance(leaf, Quantity):
        return value_of(find_cells(asked, leaf))
    at, step = _around(asked, leaf)
    high, low = (value_of(find_cells(asked, moved(leaf.of, leaf.column, at + side * step))) for side in (1.0, -1.0))
    return (high - low) * (0.5 / step)


def _around(asked: Asked, slope: Slope) -> tuple[float, float]:
    """Where a slope is taken, and how far to either side."""
    name, column = slope.of.parameter, slope.column
    check_column(asked, slope.of, column)
    if column in asked.factors(name) and column not in asked.conditions.numeric:
        levels = list(dict.fromkeys(asked.conditions.table[column].tolist()))
        raise FormulaError(
            f"'{slope.text}' asks for a slope, but '{column}' has the levels {listed(levels)}; write the difference "
            f"'{name}[{column}={plain(levels[-1])}] - {name}[{column}={plain(levels[0])}]'."
        )
    values = asked.design.frame[column].to_numpy(dtype=np.float64)
    at = dict(slope.of.at).get(column)
    return float(values[asked.design.row].mean()) if at is None else float(at), _STEP * float(values.std())


def _divisors(asked: Asked, tree: Expression, of: str, scale: str) -> Iterator[str]:
    """A sentence for each divisor that is positive in some draws and negative in others."""
    if not isinstance(tree, Operation):
        return
    for side in (tree.left, tree.right):
        yield from _divisors(asked, side, of, scale)
    if tree.sign == "/" and parameters_in(tree.right):
        values = values_of(asked, tree.right, of, scale)
        if ((values > 0.0).any(axis=(0, 1)) & (values < 0.0).any(axis=(0, 1))).any():
            yield "The divisor is positive in some draws and negative in others: mean and sd then say little."


def _absent(asked: Asked, present: npt.NDArray[np.bool_], text: str) -> Iterator[str]:
    """A sentence on the participants who lack a condition.

    Raises:
        ModelError: all of them do.
    """
    without = [label for label, there in zip(asked.participants, present, strict=True) if not there]
    if len(without) == len(asked.participants):
        raise ModelError(
            f"no participant saw all conditions that '{text}' compares, as between groups of participants; ask with "
            "of='typical', or state a condition that each has seen."
        )
    if without:
        yield f"Without a value, since they lack one of the conditions: {listed(without)}."


def _check_finite(values: FloatArray, text: str) -> None:
    lacking = int((~np.isfinite(values)).any(axis=-1).sum())
    if lacking:
        raise ModelError(f"'{text}' is infinite or undefined in {lacking:,} draws; does it divide by zero?")


def _whose(asked: Asked, of: str, scale: str) -> str:
    words = {
        "typical": "typical participant" if asked.groupby is not None else "population",
        "mean": "population mean",
        "participants": "each participant",
        "sample": "mean of the participants in the data",
    }
    return f"{words[of]}, {scale} scale"


def _check_of(asked: Asked, names: Sequence[str], of: str) -> None:
    """Refuse to report of somebody whom the model does not have.

    Raises:
        ModelError: says what to ask for instead.
    """
    listed_names = listed(names)
    if of in _BY_PARTICIPANT:
        if asked.groupby is None or not any(asked.varies(name) for name in names):
            raise ModelError(
                f"of='{of}' needs values that vary by participant, and {listed_names} has none; leave it out."
            )
        return
    without = [name for name in names if not asked.has_population(name)]
    if without:
        raise ModelError(
            f"pooling 'none' fits participants apart, so that '{without[0]}' has no typical value; ask with "
            "of='participants', or of='sample' for their mean."
        )


def _check_options(of: str, scale: str, interval: float, rope: object, null: object) -> tuple[float, float] | None:
    """The ROPE as two numbers, None where there is none.

    Raises:
        ModelError: an option that is none.
    """
    if of not in OF:
        raise ModelError(f"of is {of!r}; choose one of {listed(OF)}.")
    if scale not in SCALES:
        raise ModelError(f"scale is {scale!r}; choose one of {listed(SCALES)}.")
    if not _is_number(interval) or not 0.0 < interval < 1.0:
        raise ModelError(f"interval is {interval!r}; give a probability, such as 0.95.")
    if null is not None and not _is_number(null):
        raise ModelError(f"null is {null!r}; give the value that the contrast is compared with, or leave it out.")
    if rope is None:
        return None
    try:
        low, high = (float(end) for end in rope)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        low, high = math.nan, math.nan
    if not low < high:
        raise ModelError(
            f"rope is {rope!r}; give the two ends of the region that counts as no effect, rope=(-0.1, 0.1)."
        )
    return low, high


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and math.isfinite(float(value))
