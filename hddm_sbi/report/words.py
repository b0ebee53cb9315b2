"""Small things that sentences are made of."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """``1 trial``, ``2,000 trials``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def number(value: float) -> str:
    """Three significant digits, as results are reported."""
    return f"{value:.3g}"
