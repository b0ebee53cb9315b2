from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reading.exports import EXPORTS


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    """A copy of an export that may be spoiled: ``export("labjs_1.csv", text=lambda text: text[:100])``."""

    def copy(name: str, change: Callable[[bytes], bytes] | None = None, as_: str | None = None) -> Path:
        path = tmp_path / (as_ or name)
        shutil.copyfile(EXPORTS / name, path)
        if change is not None:
            path.write_bytes(change(path.read_bytes()))
        return path

    return copy
