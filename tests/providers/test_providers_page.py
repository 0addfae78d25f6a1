"""The page about providers says what their files say."""

import re
from pathlib import Path

from manymind.providers import find
from manymind.providers.upstream import blanks

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "providers.md"
ROWS = {
    row[0].strip("`"): row[1:]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if (row := [cell.strip() for cell in line.strip("|").split(" | ")]) and len(row) == 6
}


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_provider_has_its_row() -> None:
    assert ROWS.keys() - {"provider"} == find().keys()
    guide = (PAGE.parents[1] / "guides" / "gateway.md").read_text(encoding="utf-8")
    assert (len(find()), "Twenty-six are known" in guide) == (26, True)


def test_each_row_says_what_the_file_says() -> None:
    for name, upstream in find().items():
        keys, addresses, dialects, vectors, address = ROWS[name]
        needed = [] if upstream.keyless else [each.variable for each in upstream.credentials]
        needed += [each for names in blanks(upstream) for each in names.split(" or ")]
        assert quoted(keys) == needed, name
        assert quoted(addresses) == list(upstream.address_variables), name
        assert quoted(dialects) == [route.dialect for route in upstream.routes], name
        assert vectors == ("yes" if upstream.embeds else "no"), name
        assert quoted(address) == [upstream.address], name


def test_every_other_address_is_named() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for upstream in find().values():
        for each in upstream.elsewhere:
            assert f"`{upstream.address_variables[0]}={each.address}`" in text
