"""What was looked at: response times and responses, or the responses alone."""

from __future__ import annotations

from hddm_sbi.errors import DataError

BOTH = ("rt", "response")


def sees_times(observed: object) -> bool:
    """Whether response times were looked at, besides the responses.

    Args:
        observed: ``("rt", "response")`` or ``"response"``; these words, whatever the columns are called.

    Raises:
        DataError: it is neither.
    """
    names = (observed,) if isinstance(observed, str) else observed
    if isinstance(names, (tuple, list)) and sorted(map(str, names)) == sorted(BOTH):
        return True
    if isinstance(names, (tuple, list)) and tuple(names) == ("response",):
        return False
    raise DataError(
        f'observed must be ("rt", "response"), or "response" for the choices without their times, not {observed!r}; '
        "columns of other names are named with rt= and response=."
    )
