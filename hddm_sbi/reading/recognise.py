"""Which program wrote the tables: one for all of them, or the user says."""

from __future__ import annotations

from collections.abc import Sequence

from hddm_sbi.errors import DataError
from hddm_sbi.reading.raw import Raw
from hddm_sbi.reading.sources import SOURCES, Source

AUTO = "auto"


def recognise(tables: Sequence[Raw], source: str = AUTO) -> Source:
    """The source of the tables.

    Args:
        tables: at least one.
        source: ``"auto"``, or the key of one.

    Raises:
        DataError: there is no such source, or the tables are of several.
    """
    known = {one.key: one for one in SOURCES}
    if source != AUTO:
        if source not in known:
            raise DataError(f"source={source!r} is not known; it is 'auto' or one of {', '.join(map(repr, known))}.")
        return known[source]
    found: dict[str, list[str]] = {}
    for raw in tables:
        found.setdefault(source_of(raw).key, []).append(raw.name)
    if len(found) > 1:
        told = "; ".join(f"{known[key].name} {_files(names)}" for key, names in found.items())
        raise DataError(
            f"the files are of several sources: {told}; read those of one source at a time, or say which all are with "
            "source=."
        )
    return known[next(iter(found))]


def source_of(raw: Raw) -> Source:
    """The first source that recognises a table; the last one takes any."""
    return next(one for one in SOURCES if one.recognises(raw))


def _files(names: Sequence[str]) -> str:
    return f"'{names[0]}'" if len(names) == 1 else f"'{names[0]}' and {len(names) - 1} more"
