"""Where the exports are, and how a file is refused."""

from __future__ import annotations

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
