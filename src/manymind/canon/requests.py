"""What a caller asks for. None always means: the caller did not say."""

from typing import TypeAlias

from msgspec import Struct

from manymind.canon.items import Item
from manymind.canon.parts import Text
from manymind.canon.preferences import Preferences
from manymind.canon.values import Aside, Json, Ticks


class Function(Struct, frozen=True, kw_only=True, tag_field="kind", tag="function"):
    """A function of the caller's that the model may call."""

    name: str
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None
    cache: Json | None = None
    aside: Aside | None = None


class HostedTool(Struct, frozen=True, kw_only=True, tag_field="kind", tag="hosted"):
    """A tool that the server runs: `tool` is the dialect-free name, `data` the declaration."""

    tool: str
    dialect: str
    data: Json


class UnreadTool(Struct, frozen=True, kw_only=True, tag_field="kind", tag="unread"):
    """A declaration of a kind that we do not know."""

    dialect: str
    data: Json


Tool: TypeAlias = Function | HostedTool | UnreadTool


class ToolChoice(Struct, frozen=True, kw_only=True):
    """`mode` is auto, none, required or named; `unread` keeps a form that we do not know."""

    mode: str
    name: str | None = None
    unread: Json | None = None
    dialect: str | None = None


class OutputFormat(Struct, frozen=True, kw_only=True):
    """`form` is text, json_object or json_schema; any other form is kept in `aside`."""

    form: str
    name: str | None = None
    schema: Json | None = None
    strict: bool | None = None
    description: str | None = None
    aside: Aside | None = None


class Reasoning(Struct, frozen=True, kw_only=True):
    """How hard to think. `effort` is none, minimal, low, medium, high, xhigh or max."""

    effort: str | None = None
    summary: str | None = None
    budget_tokens: int | None = None
    enabled: bool | None = None
    exclude: bool | None = None
    encrypted: bool | None = None
    aside: Aside | None = None


class Caps(Struct, frozen=True, kw_only=True):
    """What a run may use at the most, beyond output tokens. `turns` are each agent's, and
    `total_turns` all agents' together; `attempts` counts tries at offers."""

    cost: Ticks | None = None
    turns: int | None = None
    total_turns: int | None = None
    tool_calls: int | None = None
    agents: int | None = None
    seconds: float | None = None
    attempts: int | None = None


class Request(Struct, frozen=True, kw_only=True):
    """One question to one model.

    `instructions` are what stands apart from the history (Responses, Messages); a system message
    within the history is an item. `dialect` names the wire form that it was read from. `betas`
    are features of Messages that the caller asked for beside the body, in `anthropic-beta`.
    `models` may answer in its place, in this order. They and the `preferences` stand in `aside`
    too, for an upstream that chooses among providers itself.
    `unsupported` is what a team is to do with claims that are not supported: mark or drop.
    """

    model: str
    dialect: str | None = None
    items: tuple[Item, ...] = ()
    instructions: tuple[Text, ...] | None = None
    tools: tuple[Tool, ...] | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    output: OutputFormat | None = None
    verbosity: str | None = None
    reasoning: Reasoning | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    n: int | None = None
    stream: bool = False
    stream_usage: bool | None = None
    include: tuple[str, ...] | None = None
    store: bool | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    conversation: str | None = None
    metadata: Json | None = None
    user: str | None = None
    safety_identifier: str | None = None
    service_tier: str | None = None
    prompt_cache_key: str | None = None
    cache: Json | None = None
    truncation: str | None = None
    require_parameters: bool | None = None
    models: tuple[str, ...] = ()
    preferences: Preferences | None = None
    betas: tuple[str, ...] = ()
    unsupported: str | None = None
    caps: Caps = Caps()
    aside: Aside | None = None
