"""JSON and JSON lines -> a table of text, as a CSV of the same would have it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence

import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.bounds import check_cell, check_columns
from hddm_sbi.reading.raw import Raw


def looks_like_json(name: str, text: str) -> bool:
    """Whether a text is meant as JSON, by its beginning or the file's name."""
    start = text.lstrip()[:2]
    return start[:1] == "{" or start in ("[{", "[[", "[]") or (start == "[\n") or name.lower().endswith(".json")


def read_json(name: str, text: str, notes: Sequence[str] = ()) -> Raw:
    """The table in a text: a list of objects, a line for each, lists of objects a line, or one object of columns.

    Args:
        name: of the file.
        text: the text.
        notes: what was decided before.

    Raises:
        DataError: it is not JSON, was cut off, or holds no table.
    """
    values, layout = _parse(name, text)
    records = list(_records(name, values))
    columns: dict[str, None] = {}
    for record in records:
        columns.update(dict.fromkeys(record))
    check_columns(name, len(columns))
    if not columns:
        raise DataError(f"the JSON file '{name}' holds no trials; it needs a list of objects, one a trial.")
    cells = {column: [_cell(name, record.get(column)) for record in records] for column in columns}
    return Raw(name, pd.DataFrame(cells, dtype=object), layout, tuple(notes))


def _parse(name: str, text: str) -> tuple[list[object], str]:
    try:
        return [json.loads(text)], "JSON"
    except RecursionError as error:
        raise DataError(f"the JSON file '{name}' nests its lists too deeply to be a table of trials.") from error
    except ValueError as error:
        whole = error
    values: list[object] = []
    lines = [line for line in text.split("\n") if line.strip()]
    for number, line in enumerate(lines, start=1):
        try:
            values.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            if not values:
                break
            raise DataError(
                f"line {number} of '{name}', which has a JSON value a line, is none"
                + (": the file was cut off; copy it again, or delete that line." if number == len(lines) else ".")
            ) from error
    if len(values) == len(lines) and values:
        return values, "JSON lines"
    position = getattr(whole, "pos", 0)
    cut = position >= len(text.rstrip()) - 1 or "Unterminated" in str(whole)
    raise DataError(
        f"the file '{name}' begins as JSON and "
        + (
            "ends before it is complete: it was cut off; copy it again."
            if cut
            else f"is none at character {position:,}."
        )
    ) from whole


def _records(name: str, values: Iterable[object]) -> Iterable[dict[str, object]]:
    for value in values:
        if isinstance(value, list):
            yield from _records(name, value)
        elif isinstance(value, dict):
            inner = _inner(value)
            if inner is None:
                yield {str(key): entry for key, entry in value.items()}
            else:
                yield from inner
        else:
            raise DataError(
                f"the JSON file '{name}' holds {type(value).__name__} values where trials should be; it needs a list "
                "of objects, one a trial."
            )


def _inner(value: dict[str, object]) -> Iterable[dict[str, object]] | None:
    """The trials within an object: a list of objects under one of its names, or columns of equal length."""
    lists = {key: entry for key, entry in value.items() if isinstance(entry, list) and entry}
    for key in ("trials", "data"):
        if key in lists and all(isinstance(entry, dict) for entry in lists[key]):
            rest = {other: entry for other, entry in value.items() if not isinstance(entry, (list, dict))}
            return [{**rest, **entry} for entry in lists[key]]
    whole = len(lists) == len(value) > 1 and len({len(entry) for entry in lists.values()}) == 1
    if whole and not any(isinstance(cell, (dict, list)) for entry in lists.values() for cell in entry):
        return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    return None


def _cell(name: str, value: object) -> str:
    """A value as a CSV has it: nothing for null, true and false, lists and objects as JSON."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        check_cell(name, len(value))
        return value
    return json.dumps(value, ensure_ascii=False)
