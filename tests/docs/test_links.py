"""Links between the pages lead somewhere."""

import pytest

from tests.docs.pages import ROOT, Page, page, pages


@pytest.mark.parametrize("each", pages(), ids=lambda each: each.name)
def test_links_lead_to_pages_and_headings(each: Page) -> None:
    broken = [link for link in each.links if not leads(each, link)]
    assert broken == []


def leads(each: Page, link: str) -> bool:
    if link.startswith(("https://", "http://", "mailto:")):
        return True  # The world outside is not ours to test.
    name, _, anchor = link.partition("#")
    path = (each.path.parent / name).resolve() if name else each.path
    if not path.is_relative_to(ROOT) or not path.exists():
        return False
    return not anchor or anchor in page(str(path.relative_to(ROOT))).anchors


@pytest.mark.parametrize("each", pages(), ids=lambda each: each.name)
def test_a_page_has_one_title(each: Page) -> None:
    titles = [line for line in each.prose.splitlines() if line.startswith("# ")]
    assert len(titles) == 1


def test_every_page_of_the_docs_can_be_reached() -> None:
    known, waiting = set[str](), ["README.md"]
    while waiting:
        name = waiting.pop()
        if name in known or not name.endswith(".md"):
            continue
        known.add(name)
        each = page(name)
        for link in each.links:
            target = (each.path.parent / link.partition("#")[0]).resolve()
            if target.is_relative_to(ROOT) and target.is_file():
                waiting.append(str(target.relative_to(ROOT)))
    below = {each.name for each in pages() if not each.name.startswith("docs/decisions/")}
    assert below - known == set()
