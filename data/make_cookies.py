"""Draw data/cookies.csv: chocolate chips per cookie from five factories, one of them with few cookies.

Run ``python data/make_cookies.py`` to write the file again, or give another path to write to.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

RATES = (9.3, 6.0, 9.6, 8.9, 8.1)  # mean chips per cookie at each location
COOKIES = (30, 30, 30, 30, 5)  # cookies counted at each location
SEED = 2025


def draw() -> list[tuple[int, int]]:
    """Location (1 to 5) and number of chips of each cookie."""
    rng = np.random.default_rng(SEED)
    counts = [rng.poisson(rate, size=n) for rate, n in zip(RATES, COOKIES, strict=True)]
    return [(location, int(chips)) for location, drawn in enumerate(counts, start=1) for chips in drawn]


def write(path: Path) -> None:
    """Write the table as CSV with columns location and chips, the same bytes on every platform."""
    lines = ["location,chips", *(f"{location},{chips}" for location, chips in draw())]
    path.write_bytes(("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("cookies.csv"))
