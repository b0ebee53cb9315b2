"""Reads an SPSS file in a process of its own, which a damaged file may crash.

It is run as a script, and imports nothing of this package. Its arguments are the file, and the folder that the table
and what is known of its columns are written into.
"""

import json
import sys
from pathlib import Path

TABLE, COLUMNS = "table.parquet", "columns.json"


def main(path: str, folder: str) -> None:
    """Write the table with codes that are declared missing as they stand, and the columns' labels."""
    import pyreadstat

    frame, meta = pyreadstat.read_sav(path, user_missing=True)
    frame.to_parquet(Path(folder) / TABLE)
    columns = {
        "described": [
            [name, label] for name, label in zip(meta.column_names, meta.column_labels, strict=True) if label
        ],
        "labels": {name: list(labels.items()) for name, labels in meta.variable_value_labels.items()},
        "missing": {name: [_range(one) for one in ranges] for name, ranges in meta.missing_ranges.items()},
    }
    (Path(folder) / COLUMNS).write_text(json.dumps(columns), encoding="utf-8")


def _range(one: object) -> list[object]:
    """The lowest and the highest code."""
    return [one["lo"], one["hi"]] if isinstance(one, dict) else [one, one]


if __name__ == "__main__":
    main(*sys.argv[1:])
