"""docs/peers.md shows what the package does."""

from __future__ import annotations

import re

import hddm_sbi as hs
from benchmarks.peers_document import DOCUMENT, document


def test_tables_are_those_of_the_package() -> None:
    """``python -m benchmarks.peers_document`` writes them."""
    assert DOCUMENT.read_text(encoding="utf-8") == document()


def test_what_is_printed_there_is_what_is_printed() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    code, shown = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", text, flags=re.DOTALL)[0]
    names: dict[str, object] = {}
    exec(compile(code.replace("print(there)", ""), DOCUMENT.name, "exec"), names)
    assert isinstance(names["there"], hs.FromPeer)
    assert f"{names['there']}\n" == shown
