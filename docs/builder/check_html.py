"""What a built site must be: links that lead somewhere, and nothing that a browser fetches from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself, in contrast to what a reader follows.
_FETCHED = {("script", "src"), ("img", "src"), ("link", "href"), ("source", "src"), ("iframe", "src")}
_IN_STYLES = re.compile(r"""(?:url\(\s*['"]?|@import\s+['"])(https?:)?//""")


class _Page(HTMLParser):
    """Ids, links and fetched addresses of a page, and its pictures without a text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.untold: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {value for name in ("id", "name") if (value := given.get(name))}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        for name, value in attrs:
            if (tag, name) in _FETCHED and value and given.get("rel") not in ("canonical", "next", "prev"):
                self.fetched.append(value)
        if tag == "img" and not given.get("alt"):
            self.untold.append(given.get("src") or "")


def faults(site: Path) -> list[str]:
    """What is wrong with a built site.

    Args:
        site: its folder.

    Returns:
        One line for each link that leads nowhere, address on another server that a browser would fetch, and picture
        without a text for those who cannot see it.
    """
    pages = {path.resolve(): _Page(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}
    found = []
    for path, page in pages.items():
        name = path.relative_to(site.resolve()).as_posix()
        found += [f"{name}: fetches {each}" for each in page.fetched if urlsplit(each).netloc]
        found += [f"{name}: {each} has no alternative text" for each in page.untold]
        lost = [each for each in page.links + page.fetched if not _leads(each, path, pages)]
        found += [f"{name}: {each} leads nowhere" for each in lost]
    for path in sorted(site.rglob("*.css")):
        if _IN_STYLES.search(path.read_text(encoding="utf-8")):
            found.append(f"{path.relative_to(site).as_posix()}: fetches from another server")
    return found


def _leads(link: str, path: Path, pages: dict[Path, _Page]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True  # elsewhere: not asked from here
    there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not there.exists():
        return False
    return not parts.fragment or there not in pages or unquote(parts.fragment) in pages[there].ids
