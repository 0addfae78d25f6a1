"""No module needs itself, by whatever way round; what is imported for its types alone counts."""

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter

import grimp


def circle(needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Modules that need each other in turn; none where there is an order to import them in."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return tuple(found)
    return ()


def test_no_module_of_the_house_needs_itself() -> None:
    graph = grimp.build_graph("manymind", exclude_type_checking_imports=False)
    needs = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    assert len(needs) > 200
    assert circle(needs) == ()


def test_a_circle_would_be_seen() -> None:
    found = circle({"purse": ["hold"], "hold": ["allotment"], "allotment": ["purse"], "tick": []})
    assert {"purse", "hold", "allotment"} == set(found)
