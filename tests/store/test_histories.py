"""Whatever two owners do to their answers, the store agrees with a model of a few dictionaries."""

from collections.abc import Awaitable
from itertools import count

import anyio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from manymind.canon.faults import NoSuchAnswer, NotFound
from manymind.store.answers import Window
from tests.store.stage import RESPONSES, Store, kept, opened, texts

OWNERS = ("ann", "bob")
_EXAMPLES = count()

owners = st.sampled_from(OWNERS)
numbers = st.integers(0, 7)


class Create(Struct, frozen=True):
    owner: str
    before: int | None


class Delete(Struct, frozen=True):
    owner: str
    number: int


class Read(Struct, frozen=True):
    owner: str
    number: int


acts = st.lists(
    st.builds(Create, owners, st.none() | numbers)
    | st.builds(Delete, owners, numbers)
    | st.builds(Read, owners, numbers),
    max_size=14,
)


class Model:
    """What should be there: by owner and id, the words of a turn, and the id before it."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], tuple[str, str | None]] = {}

    def history(self, owner: str, name: str) -> list[str] | None:
        """None where a link is missing."""
        words: list[str] = []
        link: str | None = name
        while link is not None:
            found = self.kept.get((owner, link))
            if found is None:
                return None
            words = [found[0], "That.", *words]
            link = found[1]
        return words


@given(acts)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_store_agrees_with_a_model(url: str, acts: list[Create | Delete | Read]) -> None:
    async def play() -> None:
        async with opened(url) as store:
            await _play(store, acts, f"{next(_EXAMPLES)}-")

    anyio.run(play)


async def _play(store: Store, acts: list[Create | Delete | Read], example: str) -> None:
    model = Model()
    names: list[str] = []

    def named(number: int) -> str:
        return names[number % len(names)] if names else "resp_none"

    for act in acts:
        owner = example + act.owner
        match act:
            case Create(before=before):
                link = None if before is None else named(before)
                name = f"resp_{len(names)}"
                names.append(name)
                await store.answers.keep(kept(name, f"said {name}", owner=owner, before=link))
                model.kept[owner, name] = (f"said {name}", link)
                await store.clock.advance(1)
            case Delete(number=number):
                there = model.kept.pop((owner, named(number)), None)
                done = store.answers.forget(owner, named(number), RESPONSES)
                assert await _found(done) == (there is not None)
            case Read(number=number):
                expected = model.history(owner, named(number))
                assert await _recalled(store, owner, named(number)) == expected
    for owner in (example + name for name in OWNERS):
        for name in names:
            assert await _recalled(store, owner, name) == model.history(owner, name)
        listed = await store.answers.listed(owner, RESPONSES, Window(limit=100))
        assert [each.answer.id for each in listed] == [n for o, n in model.kept if o == owner]


async def _found(done: Awaitable[None]) -> bool:
    try:
        await done
    except NotFound:
        return False
    return True


async def _recalled(store: Store, owner: str, name: str) -> list[str] | None:
    try:
        return texts(await store.answers.recall(owner, name))
    except NoSuchAnswer:
        return None
