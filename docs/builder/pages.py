"""Pages of the site from files of the repository: which there are, and where their links lead."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
# Files that are read on the site, too, by what they are called there.
_OTHERS = {"CONTRIBUTING.md": "extending", "CHANGELOG.md": "changes", "data/README.md": "bundled-data"}
_FENCE = re.compile(r"^(```|~~~).*?^\1", flags=re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(\]\()([^)\s]+)(\))")
_FILL = re.compile(r"^<!-- fill: (\S+) ?(.*?) -->$", flags=re.MULTILINE)
_TOCTREE = re.compile(r"^:::\{toctree\}\n(.*?)^:::$", flags=re.DOTALL | re.MULTILINE)

# From what stands behind the name of a table to its Markdown.
Fill = Callable[[str], str]


class PageError(Exception):
    """Pages that lead nowhere; one line each."""


def pages() -> dict[str, str]:
    """Every page of the site: its name there by the file of the repository that it comes from.

    Returns:
        Names without a suffix by path, both relative and with slashes: ``{"docs/data.md": "data", ...}``.
    """
    found = {f"docs/{path.name}": path.stem for path in DOCS.glob("*.md")}
    found |= {f"benchmarks/results/{path.name}": f"results/{path.stem}" for path in results()}
    found |= {f"tutorials/{path.name}": f"tutorials/{path.stem}" for path in tutorials()}
    return found | _OTHERS


def results() -> list[Path]:
    """The tables that benchmarks write."""
    return sorted((ROOT / "benchmarks" / "results").glob("*.md"))


def tutorials() -> list[Path]:
    """The tutorials, scripts whose text stands in comments."""
    return sorted((ROOT / "tutorials").glob("*.py"))


def contents(text: str) -> list[str]:
    """The pages that a page's tables of contents name, in their order.

    Args:
        text: the page, Markdown.

    Returns:
        Names of pages.
    """
    lines = [line.strip() for block in _TOCTREE.findall(text) for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(":")]


def place(source: str, text: str, out: Path, fills: Mapping[str, Fill]) -> None:
    """Write a page into the folder that the site is made of, its links turned to pages and its tables filled in.

    Args:
        source: the file of the repository it comes from, relative.
        text: what it says, Markdown.
        out: the folder.
        fills: what fills ``<!-- fill: NAME ... -->``, by name.

    Raises:
        PageError: links that lead nowhere.
    """
    page = pages()[source]
    text = _FILL.sub(lambda found: fills[found[1]](found[2]), text)
    target = out / f"{page}.md"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(_turned(source, page, text, out), encoding="utf-8")


def _turned(source: str, page: str, text: str, out: Path) -> str:
    """The text with links to files of the repository turned into links to pages, or to copies of the files."""
    lost: list[str] = []

    def turn(found: re.Match[str]) -> str:
        link, _, anchor = found[2].partition("#")
        if "://" in link or link.startswith("mailto:") or not link:
            return found[0]
        if ((out / page).parent / link).is_file():
            return found[0]  # what a tutorial drew or wrote, which is there already
        path = Path(os.path.normpath((ROOT / source).parent / link))
        if not path.is_file():
            lost.append(f"{source}: {found[2]} leads nowhere.")
            return found[0]
        there = path.relative_to(ROOT).as_posix()
        if there in pages():
            there = f"{pages()[there]}.md"
        else:
            there = f"files/{there}"
            (out / there).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, out / there)
        here = os.path.relpath(out / there, (out / page).parent).replace(os.sep, "/")
        return f"{found[1]}{here}{'#' if anchor else ''}{anchor}{found[3]}"

    pieces, last = [], 0
    for fence in _FENCE.finditer(text):  # code stays as it is
        pieces += [_LINK.sub(turn, text[last : fence.start()]), fence[0]]
        last = fence.end()
    pieces.append(_LINK.sub(turn, text[last:]))
    if lost:
        raise PageError("\n".join(lost))
    return "".join(pieces)
