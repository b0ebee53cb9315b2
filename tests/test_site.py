"""The documentation site: every page has its place, every name its entry, and a fault in a page is found."""

from __future__ import annotations

import inspect
import re
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import FunctionType

import pytest
import typer

import hddm_sbi as hs
from docs.builder.check_html import faults
from docs.builder.pages import DOCS, ROOT, PageError, contents, pages, place, results, tutorials
from docs.builder.tables import FILLS
from docs.builder.tutorials import cells, write_page
from hddm_sbi.cli import app

TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
COMMANDS = typer.main.get_command(app).commands


def test_every_page_has_one_place() -> None:
    found, waiting = ["index"], ["index"]
    while waiting:
        below = contents(TEXTS.get(waiting.pop(), ""))
        found += below
        waiting += below
    assert sorted(found) == sorted(pages().values())


@pytest.mark.parametrize("name", ["start", "guides", "tutorials", "evidence", "reference"])
def test_a_table_of_contents_is_one_that_can_be_read(name: str) -> None:
    """What stands in the hidden table stands in the text, too, as a link to the file."""
    links = {(DOCS / link.partition("#")[0]).resolve() for link in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name])}
    linked = {page for file, page in pages().items() if (ROOT / file).resolve() in links}
    assert set(contents(TEXTS[name])) <= linked


def test_every_table_of_a_benchmark_is_told_with_its_command() -> None:
    rows = re.findall(
        r"^\| \[.*\]\(\.\./(\S+)\) \| .* \| `(make|python) \S+.*` \|$", TEXTS["evidence"], flags=re.MULTILINE
    )
    assert {file for file, _ in rows} == {path.relative_to(ROOT).as_posix() for path in results()}


def test_every_public_name_is_in_the_reference() -> None:
    text = "".join(TEXTS[name] for name in TEXTS if name.startswith("api-"))
    entries = re.findall(r"^\.\. auto\w+:: (\S+)$", text, flags=re.MULTILINE)
    assert len(entries) == len(set(entries))
    aliases = {"plot_predictive", "plots.plot_predictive"}
    names = {name for name in hs.__all__ if name not in ("__version__", "plots")}
    names |= {f"plots.{name}" for name in hs.plots.__all__}
    assert names - aliases <= {entry.removeprefix("hddm_sbi.") for entry in entries}
    assert all(f"`hs.{name}`" in text for name in aliases)


def entries() -> dict[str, object]:
    """What the reference shows, with the methods of classes, by name."""
    text = "".join(TEXTS[name] for name in TEXTS if name.startswith("api-"))
    found: dict[str, object] = {}
    for entry in re.findall(r"^\.\. auto\w+:: (\S+)$", text, flags=re.MULTILINE):
        module, _, name = entry.rpartition(".")
        found[entry] = value = getattr(import_module(module), name)
        if inspect.isclass(value):
            parts = {part: each for part, each in vars(value).items() if not part.startswith("_")}
            told = (FunctionType, property, cached_property)
            found |= {f"{entry}.{part}": each for part, each in parts.items() if isinstance(each, told)}
    return found


@pytest.mark.parametrize(("name", "value"), entries().items(), ids=entries())
def test_docstrings_mark_up_nothing_by_accident(name: str, value: object) -> None:
    """A star, a bar or a single backtick before a word is markup for the site, which then ends with a warning."""
    text = re.sub(r"``.*?``", "", inspect.getdoc(value) or "", flags=re.DOTALL)
    prose = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith((">>>", "...")))
    assert not re.search(r"(^|[\s('\"])[*|`]+\w", prose), name


def test_every_command_is_in_the_reference() -> None:
    sections = re.findall(r"^## (\S+)\n\n<!-- fill: options (\S+) -->$", TEXTS["commands"], flags=re.MULTILINE)
    assert [heading for heading, _ in sections] == [command for _, command in sections] == list(COMMANDS)


def test_every_model_and_parameter_is_explained() -> None:
    asked = re.findall(r"^## (\S+)\n(?:.*\n)*?<!-- fill: parameters (\S+) -->$", TEXTS["models"], flags=re.MULTILINE)
    assert [heading for heading, _ in asked] == [model for _, model in asked] == hs.list_models()
    filled = "".join(FILLS[name](rest) for name, rest in re.findall(r"<!-- fill: (\w+) (.*) -->", TEXTS["priors"]))
    assert {p.name for name in hs.list_models() for p in hs.get_model(name).parameters} <= set(
        re.findall(r"^\| `(\w+)`", filled, flags=re.MULTILINE)
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_table_of_options_has_them_all(name: str) -> None:
    rows = FILLS["options"](name).splitlines()
    for parameter in COMMANDS[name].params:
        shown = parameter.name.upper() if parameter.param_type_name == "argument" else parameter.opts[0]
        (row,) = [row for row in rows if row.startswith("| ") and f"`{shown}`" in row.split(" | ")[0]]
        assert row.count(" | ") == 2


def test_links_become_pages_or_copies(tmp_path: Path) -> None:
    text = "[a](data.md#formulas) [b](../CONTRIBUTING.md) ![c](plots-models.png)\n\n```\n[d](data.md)\n```\n"
    place("docs/plots.md", text, tmp_path, FILLS)
    written = (tmp_path / "plots.md").read_text(encoding="utf-8")
    assert written == text.replace("../CONTRIBUTING", "extending").replace("plots-models", "files/docs/plots-models")
    assert (tmp_path / "files" / "docs" / "plots-models.png").is_file()
    place("benchmarks/results/scale.md", "[a](../../docs/speed.md)", tmp_path, FILLS)
    assert (tmp_path / "results" / "scale.md").read_text(encoding="utf-8") == "[a](../speed.md)"


def test_a_link_that_leads_nowhere_ends_the_build(tmp_path: Path) -> None:
    with pytest.raises(PageError, match=r"docs/plots\.md: nowhere\.md leads nowhere"):
        place("docs/plots.md", "[a](nowhere.md)", tmp_path, FILLS)


@pytest.mark.parametrize("path", tutorials(), ids=lambda path: path.stem)
def test_a_tutorial_is_text_and_code(path: Path) -> None:
    found = cells(path.read_text(encoding="utf-8"))
    assert found[0].is_text and found[0].source.startswith("# ")
    for cell in found:
        if not cell.is_text:
            compile(cell.source, path.name, "exec")
    assert sum(not cell.is_text for cell in found) >= 4


def test_the_page_of_a_tutorial_has_what_it_prints_draws_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "small.py"
    script.write_text(
        "# ---\n# jupyter:\n# ---\n\n# %% [markdown]\n# # Small\n#\n# A line. It rises:\n\n"
        "# %%\nimport warnings\nimport matplotlib.pyplot as plt\nimport hddm_sbi as hs\nprint('said')\n6 * 7\n\n"
        "# %%\nwarnings.warn('mind this', hs.HDDMWarning)\naxes = plt.figure().subplots().plot([0, 1])\n"
        "with open('report.html', 'w') as file:\n    file.write('<p>found</p>')\n",
        encoding="utf-8",
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    write_page(script, tmp_path)
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert page.startswith("# Small\n\nA line. It rises:\n")
    assert "```\nsaid\n42\n```" in page and "```\nHDDMWarning: mind this\n```" in page
    assert "![It rises](small-1.png)" in page
    assert (tmp_path / "small-1.png").stat().st_size > 1000
    assert "[report.html](small-report.html)" in page
    assert (tmp_path / "small-report.html").read_text(encoding="utf-8") == "<p>found</p>"


def test_a_site_with_faults_is_found_out(tmp_path: Path) -> None:
    good = '<h1 id="top">a</h1><a href="#top">b</a><a href="b.html#there">c</a><a href="https://doi.org/x">d</a>'
    (tmp_path / "a.html").write_text(good, encoding="utf-8")
    (tmp_path / "b.html").write_text('<h2 id="there">b</h2><img src="b.png" alt="text">', encoding="utf-8")
    (tmp_path / "b.png").write_bytes(b"")
    (tmp_path / "site.css").write_text("p { background: url(b.png) }", encoding="utf-8")
    assert faults(tmp_path) == []
    bad = '<a href="#gone">a</a><a href="c.html">b</a><script src="https://cdn.org/x.js"></script><img src="b.png">'
    (tmp_path / "a.html").write_text(bad, encoding="utf-8")
    (tmp_path / "site.css").write_text("@import 'https://fonts.org/css';", encoding="utf-8")
    assert faults(tmp_path) == [
        "a.html: fetches https://cdn.org/x.js",
        "a.html: b.png has no alternative text",
        "a.html: #gone leads nowhere",
        "a.html: c.html leads nowhere",
        "site.css: fetches from another server",
    ]
