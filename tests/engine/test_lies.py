"""Whatever agents and leader make up, together and at once, nothing false goes out as a quote."""

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.canon.requests import Request
from manymind.providers.scripted import Line
from tests.engine.laws import assert_cited, assert_grammar, assert_quoted
from tests.engine.roles import Role, call, may_call, planner, returned
from tests.engine.stage import LIBRARY, Shelf, Stage, VirtualLoop, performed
from tests.world import a_request

SHELF = Shelf(*LIBRARY)
TRUTHS = (
    "The Moon orbits the Earth.",
    "Its mean distance is 384,400 kilometres from here.",
    "The highest tides are 16 metres at the Bay of Fundy.",
    "It is 4.6 billion years old.",
)


def bent(words: str) -> st.SearchStrategy[str]:
    """A truth, or what liars make of it: other figures, other words, parts put together."""
    return st.sampled_from(
        (
            words,
            words.replace("4", "7").replace("6", "9"),
            words.replace("The", "No"),
            words[: len(words) // 2] + " and so on and so forth",
            f"{words} {TRUTHS[0]}",
            f"“{words}”",
            words.upper(),
            words[3:-3],
            "The council of elders has decided this long ago.",
        )
    )


QUOTES = st.sampled_from(TRUTHS).flatmap(bent)
DOCUMENTS = st.sampled_from((*(each.id for each in LIBRARY), "nowhere", "", "E1"))
CLAIMS = st.lists(st.tuples(QUOTES, DOCUMENTS, QUOTES), min_size=1, max_size=4)
SAYINGS = st.one_of(
    st.builds('It says "{}" in {}.'.format, QUOTES, DOCUMENTS),
    st.builds("“{}” {{{{E{}}}}}".format, QUOTES, st.integers(0, 9)),
    st.builds("> {}\n".format, QUOTES),
    st.builds("[[{}]](https://{}.example)".format, st.integers(1, 9), DOCUMENTS),
    st.sampled_from(("{{E1}}", "{{E2, E77}}", "[E1]", "{{E", "plain words. ", "\n\n", '"')),
)
TEXTS = st.lists(SAYINGS, max_size=6).map(" ".join)


def liar(claims: Sequence[tuple[str, str, str]], report: str) -> Role:
    def lie(request: Request) -> Sequence[Line]:
        if may_call(request) and not returned(request):
            return tuple(
                call("note_claim", number, text=text, document_id=document, quote=quote)
                for number, (text, document, quote) in enumerate(claims)
            )
        return (report,)

    return lie


@settings(max_examples=150)
@given(st.lists(st.tuples(CLAIMS, TEXTS), min_size=1, max_size=3), TEXTS)
def test_no_unverified_quote_is_ever_emitted(
    agents: list[tuple[list[tuple[str, str, str]], str]], answer: str
) -> None:
    roles: dict[str, Role] = {
        f"agent-{number}": liar(claims, report) for number, (claims, report) in enumerate(agents, 1)
    }
    stage = Stage({"plan": planner(len(agents)), "write": lambda _: (answer,), **roles})

    async def law() -> None:
        heard = await performed(stage, a_request("How far, and how high?"), *LIBRARY)
        assert_grammar(heard.events)
        assert_cited(heard.answer, SHELF)
        assert_quoted(heard.answer.text, SHELF)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(law())
