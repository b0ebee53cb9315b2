"""Where the exports are, copies with a change, and how a file is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

import hddm_sbi as hs

EXPORTS = Path(__file__).resolve().parent.parent / "exports"


def question(path: object, **options: object) -> str:
    """The one sentence with which a file is refused."""
    with pytest.raises(hs.HDDMError) as caught:
        hs.read(path, **options)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 1500
    return message


def lines(name: str) -> list[str]:
    return (EXPORTS / name).read_text(encoding="utf-8-sig").splitlines()


def edited(name: str, change: Callable[[dict[str, str]], None]) -> bytes:
    """A CSV with something changed in every row."""
    rows = list(csv.DictReader(io.StringIO("\n".join(lines(name)))))
    for row in rows:
        change(row)
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
