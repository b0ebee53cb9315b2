"""Vega, which draws the charts: here as pictures, and in the page as a script that is kept between reports."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from hddm_sbi._files import write_file
from hddm_sbi._resources import cache_folder
from hddm_sbi.report.charts.chart import ROWS, Chart

# The grammar that the specifications are written in; the library brings several.
_GRAMMAR = "6.1"
_LIBRARY = "vl-convert-python"
# What the page calls.
_EXPOSED = "window.vegaEmbed = vegaEmbed;"


def picture(chart: Chart) -> str:
    """The chart of the first choices as SVG."""
    import vl_convert

    rows = json.loads(chart.first_rows().to_json(orient="records", double_precision=6))
    spec = {**chart.whole_spec(), "datasets": {ROWS: rows}, "width": chart.width}
    return str(vl_convert.vegalite_to_svg(spec, vl_version=_GRAMMAR))


@cache
def script() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, which defines ``vegaEmbed``.

    To put it together takes a second or two, so that it is kept in the user's cache, where there is one.
    """
    import vl_convert

    place = _place()
    if place is not None:
        with suppress(OSError, UnicodeError):
            return place.read_text(encoding="utf-8")
    text = str(vl_convert.javascript_bundle(_EXPOSED, vl_version=_GRAMMAR)).replace("</script", r"<\/script")
    if place is not None:
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            write_file(place, text.encode())
    return text


def versions() -> str:
    """What draws the charts, and under which licence."""
    import vl_convert

    return f"Vega {vl_convert.get_vega_version()} and Vega-Lite {_GRAMMAR}"


def licence() -> str:
    """The licence of what the script holds, which has to go with it."""
    return (Path(__file__).parent / "vega-licence.txt").read_text(encoding="utf-8")


def _place() -> Path | None:
    folder = cache_folder()
    return None if folder is None else folder / "report" / f"vega-{version(_LIBRARY)}-{_GRAMMAR}.js"
