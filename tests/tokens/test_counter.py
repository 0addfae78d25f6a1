"""Counts come out as OpenAI publishes them, and are labelled where nobody can be sure."""

import pytest

from manymind.canon.items import Called, Item, Said
from manymind.canon.parts import Audio, File, Image, Part, Text
from manymind.canon.requests import Function, HostedTool, Request
from manymind.tokens.counter import Counter
from manymind.tokens.drift import Sample, drift, drifts
from tests.flows.forms import PIXEL
from tests.world import a_request, said

JARGON = (
    (
        "system",
        None,
        "You are a helpful, pattern-following assistant that translates corporate jargon into "
        "plain English.",
    ),
    ("system", "example_user", "New synergies will help drive top-line growth."),
    ("system", "example_assistant", "Things working well together will increase revenue."),
    (
        "system",
        "example_user",
        "Let's circle back when we have more bandwidth to touch base on opportunities for "
        "increased leverage.",
    ),
    (
        "system",
        "example_assistant",
        "Let's talk later when we're less busy about how to do better.",
    ),
    (
        "user",
        None,
        "This late pivot means we don't have time to boil the ocean for the client deliverable.",
    ),
)
WEATHER = Function(
    name="get_current_weather",
    description="Get the current weather in a given location",
    parameters={
        "type": "object",
        "properties": {
            "location": {
                "type": "string",
                "description": "The city and state, e.g. San Francisco, CA",
            },
            "unit": {
                "type": "string",
                "description": "The unit of temperature to return",
                "enum": ["celsius", "fahrenheit"],
            },
        },
        "required": ["location"],
    },
)


def counted(slug: str, request: Request, counter: Counter | None = None) -> tuple[int, str]:
    found = (counter or Counter()).count_now(slug, slug, request)
    return found.tokens, found.basis


@pytest.mark.parametrize(
    ("slug", "tokens"),
    [("openai/gpt-4", 129), ("openai/gpt-3.5-turbo", 129), ("openai/gpt-4o", 124)],
)
def test_the_published_example_of_messages_comes_out(slug: str, tokens: int) -> None:
    items = tuple(
        Said(role=role, name=name, parts=(Text(text=text),)) for role, name, text in JARGON
    )
    assert counted(slug, Request(model=slug, items=items)) == (tokens, "exact")


@pytest.mark.parametrize(
    ("slug", "tokens"), [("openai/gpt-4", 105), ("openai/gpt-4o", 101), ("openai/gpt-4o-mini", 101)]
)
def test_the_published_example_of_functions_comes_out(slug: str, tokens: int) -> None:
    system = "You are a helpful assistant that can answer to questions about the weather."
    items = (said(system, "system"), said("What's the weather like in San Francisco?"))
    assert counted(slug, Request(model=slug, items=items, tools=(WEATHER,))) == (tokens, "exact")


@pytest.mark.parametrize(
    ("slug", "detail", "tokens"),
    [
        ("openai/gpt-4o", None, 85 + 170),
        ("openai/gpt-4o", "low", 85),
        ("openai/gpt-4o-mini", None, 2833 + 5667),
    ],
)
def test_a_picture_counts_by_its_tiles(slug: str, detail: str | None, tokens: int) -> None:
    image = Image(data=PIXEL, media_type="image/png", detail=detail)
    bare, _ = counted(slug, Request(model=slug, items=(Said(role="user"),)))
    whole = Request(model=slug, items=(Said(role="user", parts=(image,)),))
    assert counted(slug, whole) == (bare + tokens, "exact")


@pytest.mark.parametrize(
    "part",
    [
        Image(url="https://example.com/a.png"),
        Image(data="%%%", media_type="image/png"),
        File(file_id="file-1"),
        File(data="JVBERi0x", media_type="application/pdf"),
        File(data="!", media_type="text/plain"),
        Audio(data="AAAA", format="wav"),
    ],
)
def test_what_nobody_can_count_makes_an_estimate(part: Part) -> None:
    request = Request(model="", items=(Said(role="user", parts=(part,)),))
    assert counted("openai/gpt-4o", request)[1] == "estimate"


@pytest.mark.parametrize(
    "item", [Called(call_id="1", name="f", arguments='{"a": 1}'), said("hello")]
)
@pytest.mark.parametrize("slug", ["anthropic/claude-sonnet-4-5", "acme/x", "", "openai/gpt-9"])
def test_any_model_is_counted(slug: str, item: Item) -> None:
    tokens, basis = counted(slug, Request(model=slug, items=(item,)))
    assert (tokens > 5, basis) == (True, "estimate")


def test_a_tool_of_the_providers_adds_to_the_estimate() -> None:
    tool = HostedTool(tool="web_search", dialect="openai_responses", data={"type": "web_search"})
    bare = counted("openai/gpt-5", a_request())[0]
    assert counted("openai/gpt-5", a_request(tools=(tool,)))[0] > bare + 500


def test_an_estimate_learns_from_what_providers_report() -> None:
    counter = Counter()
    request = a_request("word " * 1000)
    before = counter.count_now("anthropic/claude", "anthropic/claude", request)
    counter.samples.note("anthropic/claude", Sample(before.plain, round(before.plain * 1.2)))
    after = counter.count_now("anthropic/claude", "anthropic/claude", request)
    assert before.plain * 1.2 <= after.tokens < before.tokens
    assert after.basis == "estimate"


def test_drift_is_told_by_model_and_from_large_prompts_where_there_are_any() -> None:
    samples = Counter().samples
    assert drift(samples, "a/b") is None
    samples.note("a/b", Sample(10, 100))
    small = drift(samples, "a/b")
    assert small is not None
    assert small.most == 10
    samples.note("a/b", Sample(1000, 1100))
    samples.note("a/b", Sample(1000, 1300))
    [known] = drifts(samples)
    assert (known.samples, known.least, known.mean, known.most) == (2, 1.1, 1.2, 1.3)
