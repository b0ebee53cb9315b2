"""Small histograms as inline SVG, one a participant, with one axis for all."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import numpy as np

from hddm_sbi.doctor.histograms import Histograms
from hddm_sbi.trials.recording import IntArray

_WIDTH, _HEIGHT, _BELOW = 160, 40, 20


def drawings(times: Histograms) -> Iterator[str]:
    """The explanation, and a list of figures."""
    end = float(times.edges[-1])
    two = (
        f"<b class=up>{escape(times.names[1])}</b> upwards, <b class=down>{escape(times.names[0])}</b> downwards; "
        if times.names
        else ""
    )
    yield (
        f'<p class="hint">{two}from 0 to {end:.3g} s, the last bar with all that is longer; each as high as its '
        "highest bar. The line is the median.</p>"
    )
    yield '<ul class="histograms">'
    for person, label in enumerate(times.labels):
        yield _figure(times, person, escape(str(label)))
    yield "</ul>"


def _figure(times: Histograms, person: int, label: str) -> str:
    up, down = times.up[person], times.down[person]
    total, median = int(up.sum() + down.sum()), float(times.medians[person])
    below = _BELOW if times.names else 0
    highest = max(int(up.max(initial=0)), int(down.max(initial=0) * _HEIGHT / max(below, 1)), 1)
    shapes = [f'<path class="up" d="{_bars(up, highest, -1)}"/>']
    if below:
        shapes.append(f'<path class="down" d="{_bars(down, highest, 1)}"/>')
    if np.isfinite(median):
        x = min(median / float(times.edges[-1]), 1.0) * _WIDTH
        shapes.append(f'<path class="median" d="M{x:.1f} 0V{_HEIGHT + below}"/>')
    words = f"{total:,} times, median {median:.3f} s" if total else "no times"
    return (
        f'<li><figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT + below}" role="img" aria-label="{label}: {words}">'
        f'<path class="axis" d="M0 {_HEIGHT}H{_WIDTH}"/>{"".join(shapes)}</svg>'
        f"<figcaption><b>{label}</b> {words}</figcaption></figure></li>"
    )


def _bars(counts: IntArray, highest: int, sign: int) -> str:
    """A path of rectangles from the axis, upwards (-1) or downwards (1)."""
    width = _WIDTH / len(counts)
    return "".join(
        f"M{k * width:g} {_HEIGHT}v{sign * count / highest * _HEIGHT:.1f}h{width:g}V{_HEIGHT}z"
        for k, count in enumerate(counts.tolist())
        if count
    )
