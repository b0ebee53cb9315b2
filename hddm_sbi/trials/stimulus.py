"""Stimuli: a column whose levels each call for one of the two responses -> the sign of each trial's drift."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import bdtr

from hddm_sbi.errors import DataError, ModelError, warn
from hddm_sbi.trials.columns import enumerated, get_column, labels_of, plain, rows_in_words
from hddm_sbi.trials.missing import is_missing
from hddm_sbi.trials.responses import same_label
from hddm_sbi.trials.trials import Trials

FloatArray = npt.NDArray[np.float64]
Labels = tuple[object, ...]

# People who guess follow their stimuli as seldom as is warned of in at most one experiment of ten thousand.
_CHANCE = 1e-4


@dataclass(frozen=True)
class Stimulus:
    """A column of stimuli.

    Args:
        column: its name.
        levels: as they stand in the data, or in the user's mapping.
        upper: whether each of them calls for the upper response.
        options: labels of the responses, lower first.
    """

    column: str
    levels: Labels
    upper: tuple[bool, ...]
    options: Labels

    @property
    def responses(self) -> dict[object, object]:
        """The response that each level calls for."""
        return {level: self.options[int(upper)] for level, upper in zip(self.levels, self.upper, strict=True)}

    @property
    def reading(self) -> str:
        """How stimuli were read, in words: ``stim: word = left, nonword = right``."""
        if all(same_label(level, response) for level, response in self.responses.items()):
            return f"{self.column}: {' or '.join(str(level) for level in self.levels)}"
        return f"{self.column}: {', '.join(f'{level} = {response}' for level, response in self.responses.items())}"

    def signs(self, frame: pd.DataFrame) -> FloatArray:
        """1 where the stimulus calls for the upper response, -1 where for the lower, shape (rows,).

        Raises:
            DataError: the table lacks the column, or has missing stimuli or levels that are not known.
        """
        if self.column not in frame.columns:
            raise DataError(f"the new data has no column '{self.column}', the stimulus, which turns the drift around.")
        if frame.empty:
            return np.zeros(0)
        codes, labels = _levels(frame[self.column], frame.index, self.levels)
        at = [_find(label, self.levels) for label in labels]
        unknown = [label for label, place in zip(labels, at, strict=True) if place is None]
        if unknown:
            raise DataError(
                f"column '{self.column}' has the {_named('stimulus', 'stimuli', unknown)}, which the model does not "
                f"know; it knows {_enumerated(self.levels)}."
            )
        sign_of = np.array([1.0 if self.upper[place] else -1.0 for place in at if place is not None])
        return sign_of[codes]


def read_stimulus(trials: Trials, stimulus: object) -> Stimulus:
    """The stimuli of an experiment under stimulus coding.

    Args:
        trials: of two responses.
        stimulus: a column whose levels are the two responses, or ``{"stim": {"word": "left", "nonword": "right"}}``.
            Text matches numbers that it reads as.

    Raises:
        DataError: the column is missing or of another meaning, has missing cells, or levels that call for no response.
        ModelError: the argument is neither a column nor such a mapping.

    Warns:
        HDDMWarning: fewer responses than by guessing are those that their stimuli call for.
    """
    name, mapping = _argument(stimulus, trials.options)
    column = get_column(trials.frame, name, "stimulus")
    _check_distinct(trials, name)
    index = trials.frame.index if trials.recording is None else trials.recording.index
    codes, labels = _levels(column, index, () if mapping is None else tuple(mapping))
    if mapping is None:
        found = Stimulus(name, *_as_responses(name, codes, labels, trials.options, index), trials.options)
    else:
        found = Stimulus(name, *_as_mapped(name, labels, mapping, trials.options), trials.options)
    _check_agreement(trials, found)
    return found


def _argument(stimulus: object, options: Labels) -> tuple[str, dict[object, object] | None]:
    """The column, and the response by level where the user says it."""
    if isinstance(stimulus, str):
        return stimulus, None
    if isinstance(stimulus, Mapping) and len(stimulus) == 1:
        ((name, mapping),) = stimulus.items()
        if isinstance(name, str) and isinstance(mapping, Mapping) and mapping:
            return name, dict(mapping)
    example = f'{{"stim": {{"word": {options[0]!r}, "nonword": {options[-1]!r}}}}}'
    given = "it is not given" if stimulus is None else f"not {stimulus!r:.80}"
    raise ModelError(
        'coding="stimulus" needs stimulus, the column whose levels are the responses that stimuli call for, or a '
        f"mapping such as {example}; {given}."
    )


def _check_distinct(trials: Trials, name: str) -> None:
    if trials.recording is None:
        return
    recording = trials.recording
    for argument, column in (("rt", recording.rt_name), ("response", recording.response_name)):
        if name == column:
            raise DataError(
                f"stimulus and {argument} both name the column '{name}'; the stimulus is what was shown, whatever the "
                "response to it."
            )
    if name in (trials.groupby, *trials.named_by):
        raise DataError(f"stimulus and groupby both name the column '{name}'; each needs a column of its own.")


def _levels(column: pd.Series, index: pd.Index, named: Collection[object]) -> tuple[npt.NDArray[np.int64], Labels]:
    """Which level each row has, and the levels in order."""
    missing = is_missing(column, named)
    if missing.any():
        raise DataError(
            f"column '{column.name}' has no stimulus {rows_in_words(missing, index)} ({int(missing.sum()):,} of "
            f'{len(column):,} trials), and coding="stimulus" needs one on every trial; fill them in, or choose the '
            "rows that have one."
        )
    codes, labels = labels_of(column)
    order = sorted(range(len(labels)), key=lambda k: (str(type(labels[k])), labels[k]))
    rank = np.empty(len(labels), dtype=np.int64)
    rank[order] = np.arange(len(labels))
    return rank[codes], tuple(labels[k] for k in order)


def _as_responses(
    name: str, codes: npt.NDArray[np.int64], labels: Labels, options: Labels, index: pd.Index
) -> tuple[Labels, tuple[bool, ...]]:
    """Levels that are the responses themselves."""
    at = [_find(label, options) for label in labels]
    others = [label for label, place in zip(labels, at, strict=True) if place is None]
    if not others:
        return options, (False, True)
    where = ""
    if len(others) < len(labels):
        rows = np.isin(codes, [k for k, place in enumerate(at) if place is None])
        where = f" ({rows_in_words(rows, index)})"
    raise DataError(
        f"column '{name}' has the {_named('level', 'levels', others)}{where}, which "
        f"{'is' if len(others) == 1 else 'are'} not among the responses {_enumerated(options)}; "
        f"{_advice(name, labels, options)}."
    )


def _advice(name: str, labels: Labels, options: Labels) -> str:
    """What to do about levels that are no responses: the mapping that may be meant, or to leave the others out."""
    places = {label: _find(label, options) for label in labels}
    free = [place for place in (0, 1) if place not in places.values()]
    others = [label for label, place in places.items() if place is None]
    if len(others) != len(free):
        return (
            "leave out trials whose stimulus calls for neither, or say which response each level calls for, as in "
            f'stimulus={{{name!r}: {{"word": {options[0]!r}, "nonword": {options[1]!r}}}}}'
        )
    places |= dict(zip(others, free, strict=True))
    pairs = ", ".join(f"{plain(label)!r}: {options[place]!r}" for label, place in places.items() if place is not None)
    return f"say which response each level calls for, such as stimulus={{{name!r}: {{{pairs}}}}}"


def _as_mapped(
    name: str, labels: Labels, mapping: Mapping[object, object], options: Labels
) -> tuple[Labels, tuple[bool, ...]]:
    """Levels with the responses that the user's mapping gives them."""
    levels = tuple(plain(level) for level in mapping)
    places = [_find(plain(response), options) for response in mapping.values()]
    for level, place in zip(levels, places, strict=True):
        if place is None:
            raise DataError(
                f"stimulus maps the level {level!r} of column '{name}' to {mapping[level]!r}, which is not one of the "
                f"responses {_enumerated(options)}; leave out trials whose stimulus calls for neither."
            )
    unmapped = [label for label in labels if _find(label, levels) is None]
    if unmapped:
        raise DataError(
            f"stimulus does not say which response the {_named('level', 'levels', unmapped)} of column '{name}' "
            f"{'calls' if len(unmapped) == 1 else 'call'} for; map it to {options[0]!r} or {options[1]!r}, and leave "
            "out trials whose stimulus calls for neither."
        )
    for place, option in enumerate(options):
        if place not in places:
            raise DataError(
                f"stimulus maps no level of column '{name}' to the response {option!r}; each of "
                f"{_enumerated(options)} needs at least one."
            )
    return levels, tuple(place == 1 for place in places)


def _check_agreement(trials: Trials, stimulus: Stimulus) -> None:
    """Warn where responses go against the stimuli: the mapping may be the wrong way round."""
    seen = trials.choice >= 0
    agree = (trials.choice[seen] == 1) == (stimulus.signs(trials.frame)[seen] > 0.0)
    if seen.any() and bdtr(agree.sum(), agree.size, 0.5) < _CHANCE:
        warn(
            f"only {100.0 * agree.mean():.0f}% of the {agree.size:,} responses are those that the stimuli in column "
            f"'{stimulus.column}' call for, fewer than by guessing: if the mapping is the wrong way round "
            f"({stimulus.reading}), turn it round, or the drift comes out with the wrong sign."
        )


def _find(label: object, among: Sequence[object]) -> int | None:
    return next((place for place, other in enumerate(among) if same_label(label, other)), None)


def _named(one: str, many: str, labels: Sequence[object]) -> str:
    return f"{one if len(labels) == 1 else many} {_enumerated(labels)}"


def _enumerated(labels: Sequence[object]) -> str:
    return enumerated([repr(plain(label)) for label in labels])
