"""Text of ``hddm-sbi plan`` -> a design, effects and sizes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hddm_sbi.errors import ModelError


def factors(values: Sequence[str], option: str) -> dict[str, Any]:
    """Factors with their levels, and relative numbers: ``["cond=speed,accuracy", "stim=go:3,nogo:1"]``.

    Raises:
        ModelError: not of this form, or a factor given twice.
    """
    found: dict[str, Any] = {}
    for text in values:
        name, _, rest = (part.strip() for part in text.partition("="))
        levels = [part.strip() for part in rest.split(",") if part.strip()]
        if not name or not levels or name in found:
            raise ModelError(
                f"{option} takes a factor, once, with its levels, such as cond=speed,accuracy or stim=go:3,nogo:1, not "
                f"'{text}'."
            )
        shares = {level.partition(":")[0]: _number(level.partition(":")[2] or "1", text, option) for level in levels}
        found[name] = shares if any(":" in level for level in levels) else levels
    return found


def values(texts: Sequence[str], option: str) -> dict[str, Any]:
    """Values by name, behind the last sign of equality: ``["v[cond=a] - v[cond=b] = 0.4"]``; or ``normal(0.4, 0.1)``.

    Raises:
        ModelError: not of this form.
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, _, rest = (part.strip() for part in text.rpartition("="))
        law = re.fullmatch(r"normal\(([^,]+),([^,]+)\)", rest, re.IGNORECASE)
        if not name:
            raise ModelError(
                f"{option} takes a name and a value, such as 'v[cond=a] - v[cond=b] = 0.4' or 'v = normal(1, 0.1)', "
                f"not '{text}'."
            )
        found[name] = _number(rest, text, option) if law is None else _normal(law, text, option)
    return found


def sizes(text: str, option: str) -> Sequence[int]:
    """Numbers to choose among: ``10:60``, both ends included, ``10:60:5``, or ``40,80``.

    Raises:
        ModelError: not of this form.
    """
    try:
        if ":" not in text:
            return [int(part) for part in text.split(",")]
        low, high, step = (*(int(part) for part in text.split(":")), 1)[:3]
    except ValueError:
        low, high, step = 0, 0, 0
    if not (0 < low <= high and step > 0):
        raise ModelError(f"{option} takes a range, 10:60 or 10:60:5, or numbers, 40,80, not '{text}'.")
    return range(low, high + 1, step)


def _normal(law: re.Match[str], text: str, option: str) -> Any:
    from torch.distributions import Normal

    mean, sd = (_number(part, text, option) for part in law.groups())
    if sd <= 0.0:
        raise ModelError(f"{option} has '{text}', whose standard deviation is not positive.")
    return Normal(mean, sd)


def _number(part: str, text: str, option: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise ModelError(f"{option} has '{text}', in which '{part}' is to be a number.") from None
