"""Text of the command line -> values of the Python interface."""

from __future__ import annotations

from collections.abc import Sequence

from hddm_sbi.errors import ModelError


def names(values: Sequence[str]) -> tuple[str, ...]:
    """Names from a repeated option, commas separate them as well: ``["z,a", "t0"]`` -> ``("z", "a", "t0")``."""
    parts = (part.strip() for value in values for part in value.split(","))
    return tuple(part for part in parts if part)


def one_or_several(values: Sequence[str]) -> str | list[str] | None:
    """Values of a repeated option: a single one as it is, several as a list, none as None."""
    return values[0] if len(values) == 1 else list(values) or None


def correlated(values: Sequence[str]) -> bool | list[str]:
    """Whether all group effects are correlated, or of which parameters: ``["v,a"]`` -> ``["v", "a"]``.

    Raises:
        ModelError: both, or no names.
    """
    found = list(names(values))
    if [value.lower() for value in found] in (["true"], ["false"]):
        return found[0].lower() == "true"
    if not found or any(value.lower() in ("true", "false") for value in found):
        raise ModelError(
            "--correlated takes names of parameters, such as v,a, or nothing for all of them, not "
            f"'{','.join(values)}'."
        )
    return found


def contrasts(values: Sequence[str]) -> str | dict[str, str]:
    """A coding for all factors, or those of some: ``["cond=sum,stim=helmert"]``.

    Raises:
        ModelError: neither, both, or a factor given twice.
    """
    parts = names(values)
    if len(parts) == 1 and "=" not in parts[0]:
        return parts[0]
    found = _pairs(
        parts,
        "--contrasts takes one coding, such as sum, or factors, each once, with theirs, such as "
        f"cond=sum,stim=helmert, not '{','.join(values)}'.",
    )
    if not found:
        raise ModelError("--contrasts takes a coding, such as sum, or factors with theirs, such as cond=sum, not ''.")
    return found


def labels(text: str, option: str) -> tuple[str, ...]:
    """Two labels or more, separated by commas.

    Raises:
        ModelError: there are fewer.
    """
    parts = tuple(part.strip() for part in text.split(","))
    if len(parts) < 2 or not all(parts):
        raise ModelError(
            f"{option} takes two labels and a comma, lower first, such as left,right (in a race up to four, in the "
            f"order of the accumulators), not '{text}'."
        )
    return parts


def constants(values: Sequence[str]) -> dict[str, float]:
    """Parameters and their constants from ``["z=0.5"]``.

    Raises:
        ModelError: not of the form ``parameter=number``, or a parameter given twice.
    """
    found: dict[str, float] = {}
    for part in names(values):
        name, _, text = (piece.strip() for piece in part.partition("="))
        value = _number(text)
        if not name or value is None:
            raise ModelError(f"--fixed takes parameter=number, such as z=0.5, not '{part}'.")
        if name in found:
            raise ModelError(f"--fixed names '{name}' twice, with {found[name]:g} and {value:g}; give it once.")
        found[name] = value
    return found


def stimulus(text: str) -> str | dict[str, dict[str, str]]:
    """A column, or with the response that each of its levels calls for: ``"stim:word=left,nonword=right"``.

    Raises:
        ModelError: a level without a response, or given twice.
    """
    column, _, rest = text.partition(":")
    if "=" not in rest:
        return text
    refusal = (
        "--stimulus takes a column, or a column and the response that each of its levels calls for, such as "
        f"stim:word=left,nonword=right, not '{text}'."
    )
    return {column.strip(): _pairs(rest.split(","), refusal)}


def _pairs(parts: Sequence[str], refusal: str) -> dict[str, str]:
    """What each name stands for, from ``["word=left", "nonword=right"]``.

    Raises:
        ModelError: with the words of ``refusal``: no pair, or a name twice.
    """
    found: dict[str, str] = {}
    for part in parts:
        name, _, value = (piece.strip() for piece in part.partition("="))
        if not name or not value or name in found:
            raise ModelError(refusal)
        found[name] = value
    return found


def lapse_probability(text: str) -> str | float:
    """``"estimate"``, or a probability.

    Raises:
        ModelError: neither of the two.
    """
    if text == "estimate":
        return text
    value = _number(text)
    if value is None:
        raise ModelError(f"--p-outlier takes 'estimate' or a probability, such as 0.05, not '{text}'.")
    return value


def lapse_window(text: str) -> tuple[float, float | None]:
    """Ends of the lapse window in seconds; the second may be left out for the longest response time: ``"0,"``.

    Raises:
        ModelError: not one or two numbers.
    """
    low, _, high = (part.strip() for part in text.partition(","))
    start, end = _number(low), _number(high)
    if start is None or (high and end is None):
        raise ModelError(f"--lapse takes the ends of a window in seconds, such as 0,20, not '{text}'.")
    return start, end


def limit(text: str) -> float | str:
    """A time limit: seconds where the text reads as a number, else the name of a column."""
    value = _number(text)
    return text.strip() if value is None else value


def truncation(text: str) -> tuple[float | str | None, float | str | None]:
    """Ends of truncation, each a limit; one of them may be left out, or be none: ``"0.2,3"``, ``"0.2,"``, ``"none,3"``.

    Raises:
        ModelError: there are not two ends, or there is no limit among them.
    """
    parts = [part.strip() for part in text.split(",")]
    ends = [None if part.lower() in ("", "none") else limit(part) for part in parts]
    if len(ends) != 2 or ends == [None, None]:
        raise ModelError(
            "--truncate takes two ends and a comma, each in seconds, a column or none, such as 0.2,3 or none,3, not "
            f"'{text}'."
        )
    return ends[0], ends[1]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    """A whole number from 1 on, also as ``1e6`` or ``1_000_000``; None where the text is none."""
    value = _number(text)
    return int(value) if value is not None and value.is_integer() and value >= 1 else None


def count(text: str, option: str) -> int:
    """A whole number, also as ``1e6`` or ``1_000_000``.

    Raises:
        ModelError: it is none.
    """
    value = _whole(text)
    if value is None:
        raise ModelError(f"{option} takes a whole number, such as 1000000 or 1e6, not '{text}'.")
    return value


def draws(text: str, option: str) -> str | int:
    """``"auto"``, or a whole number.

    Raises:
        ModelError: neither of the two.
    """
    value = text if text == "auto" else _whole(text)
    if value is None:
        raise ModelError(f"{option} takes 'auto' or a whole number, such as 1000, not '{text}'.")
    return value
