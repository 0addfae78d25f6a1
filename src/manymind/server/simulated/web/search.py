"""Finds pages by their words, and tells of them as SearXNG does."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from manymind.server.simulated.web.pages import SUFFIX, Page, address

RESULTS_MAX = 10
_WORD = re.compile(r"[a-z0-9]+(?:[.,][0-9]+)*")
_SITE = re.compile(r"(-?)site:(\S+)")
_TITLE_WEIGHT = 3.0
_STOPS = frozenset(
    {
        *("a", "and", "are", "at", "be", "by", "did", "does", "for", "how", "in", "is", "it"),
        *("many", "of", "on", "the", "to", "was", "what"),
    }
)


class Finder:
    def __init__(self, pages: Iterable[Page]) -> None:
        self._pages = tuple(pages)
        self._words = [Counter(_words(f"{' '.join(page.says)}")) for page in self._pages]
        self._titles = [set(_words(page.title)) for page in self._pages]
        self._spread = Counter(word for words in self._words for word in words)

    def find(self, query: str, *, since: date | None = None) -> list[Page]:
        """The best pages first. `site:` keeps to a site, and `-site:` away from one."""
        sites = _SITE.findall(query)
        words = [word for word in _words(_SITE.sub("", query)) if word not in _STOPS]
        scored: list[tuple[float, int]] = []
        for number, page in enumerate(self._pages):
            if not _allowed(page, sites) or (since is not None and page.day < since):
                continue
            score = sum(self._score(word, number) for word in dict.fromkeys(words))
            if score > 0:
                scored.append((-score, number))
        return [self._pages[number] for _, number in sorted(scored)[:RESULTS_MAX]]

    def _score(self, word: str, number: int) -> float:
        rarity = 1 + len(self._pages) / (1 + self._spread[word])
        title = _TITLE_WEIGHT if word in self._titles[number] else 0.0
        return rarity * (title + min(2, self._words[number][word]))


def told(query: str, found: Iterable[Page], port: int) -> Mapping[str, Any]:
    """What SearXNG answers to `format=json`."""
    results = [
        {
            "url": address(page.name, port),
            "title": page.title,
            "content": " ".join(page.says)[:200],
            "publishedDate": f"{(page.claimed or page.day).isoformat()}T00:00:00",
            "engine": "marren",
            "engines": ["marren"],
            "category": "general",
            "score": 1.0 / rank,
        }
        for rank, page in enumerate(found, 1)
    ]
    return {
        "query": query,
        "number_of_results": len(results),
        "results": results,
        "answers": [],
        "corrections": [],
        "infoboxes": [],
        "suggestions": [],
        "unresponsive_engines": [],
    }


def _allowed(page: Page, sites: Iterable[tuple[str, str]]) -> bool:
    host = page.site + SUFFIX
    for barred, site in sites:
        within = host == site or host.endswith(f".{site}")
        if within == bool(barred):
            return False
    return True


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
