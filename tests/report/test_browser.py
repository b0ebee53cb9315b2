"""The page in a browser: it draws, sorts, filters, chooses, prints, fits a phone, and asks for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.report.browser import Browser, find_browser

pytestmark = pytest.mark.skipif(find_browser() is None, reason="there is no Chromium here, or no pipe to drive it by")

_DRAWN = "document.querySelectorAll('figure.drawn').length === document.querySelectorAll('figure.chart').length"
# Charts are drawn when they come into view.
_SCROLL = """new Promise((done) => {
  let y = 0;
  const timer = setInterval(() => {
    scrollTo(0, y += 400);
    if (y > document.body.scrollHeight) { clearInterval(timer); done(); }
  }, 10);
})"""


@pytest.fixture(scope="module")
def path(crossed, tmp_path_factory) -> Path:
    model, idata = crossed
    return model.report(idata, tmp_path_factory.mktemp("browser") / "report.html")


@pytest.fixture(scope="module")
def _browser(path: Path) -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def page(_browser: Browser, path: Path) -> Iterator[Browser]:
    """The page, freshly loaded at the size of a desktop; afterwards, what it said and asked for."""
    _browser.errors.clear()
    _browser.requests.clear()
    _browser.resize(1280, 900)
    _browser.open(path)
    yield _browser
    assert _browser.errors == []
    assert {url for url in _browser.requests if not url.startswith("data:")} == {path.resolve().as_uri()}


def _draw_all(page: Browser) -> None:
    page.run(_SCROLL)
    page.until(_DRAWN)


def test_charts_are_drawn_and_show_what_is_chosen(page: Browser) -> None:
    _draw_all(page)
    marks = "document.querySelectorAll('#times .mark-rect path').length"
    first = page.run("document.querySelector('#times .drawing').innerHTML")
    assert page.run(marks) > 10
    page.run(
        "(() => { const box = document.querySelector('#times select[name=participant]'); box.value = 'p003';"
        " box.dispatchEvent(new Event('change')); })()"
    )
    page.until(f"document.querySelector('#times .drawing').innerHTML !== {first!r}")
    options = "[...document.querySelector('#times select[name=condition]').options].map((one) => one.value)"
    assert page.run(options)[0] == "all conditions" and len(page.run(options)) == 5


_COLUMN = "[...document.querySelectorAll('#TABLE tbody tr:not([hidden])')].map((row) => row.cells[PLACE].dataset.value)"


def test_tables_sort_by_keyboard_and_filter(page: Browser) -> None:
    page.run("document.querySelector('[aria-label=\"Table of participants\"] table').id = 'people'")
    place = page.run("[...document.querySelectorAll('#people th')].findIndex((head) => head.textContent === 'a')")
    values = _COLUMN.replace("#TABLE", "#people").replace("PLACE", str(place))
    before = [float(value) for value in page.run(values)]
    page.run(f"document.querySelectorAll('#people th button')[{place}].focus()")
    for expected in (sorted(before), sorted(before, reverse=True)):
        page.press("Enter", 13)
        assert [float(value) for value in page.run(values)] == expected
    assert page.run(f"document.querySelectorAll('#people th')[{place}].getAttribute('aria-sort')") == "descending"
    page.run(
        "(() => { const box = document.querySelector('#participants ~ .filter input'); box.value = 'P002 hard';"
        " box.dispatchEvent(new Event('input')); })()"
    )
    shown = page.run("[...document.querySelectorAll('#people tbody tr:not([hidden])')].map((row) => row.innerText)")
    assert len(shown) == 2 and all("p002" in row and "cond=hard" in row for row in shown)
    assert page.run("document.querySelector('#participants ~ .filter output').textContent") == "2 of 20 rows"


def test_it_fits_a_phone_and_paper(page: Browser, tmp_path: Path) -> None:
    page.resize(360, 740)
    page.open(Path(page.requests[0].removeprefix("file://")))
    _draw_all(page)
    assert page.run("document.documentElement.scrollWidth") == 360
    page.print(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert page.run("[...document.querySelectorAll('details:not(.screen)')].every((one) => one.open)")


def test_without_scripts_everything_is_there_but_what_moves(path: Path, tmp_path: Path) -> None:
    browser = Browser(scripts=False)
    try:
        browser.open(path)
        count = browser.call("DOM.getDocument")["root"]["nodeId"]
        figures = browser.call("DOM.querySelectorAll", nodeId=count, selector="figure.chart svg")["nodeIds"]
        rows = browser.call("DOM.querySelectorAll", nodeId=count, selector="table tbody tr")["nodeIds"]
        controls = browser.call("DOM.querySelectorAll", nodeId=count, selector="select, input, button.copy")["nodeIds"]
        assert len(figures) >= 8 and len(rows) > 40 and controls == []
        for node in figures:
            assert browser.call("DOM.getBoxModel", nodeId=node)["model"]["width"] > 100
    finally:
        browser.close()
