"""Reasoning, both ways: two fields that hold it as a string, and OpenRouter's array of details."""

from typing import cast

from manymind.canon.items import Thought
from manymind.canon.parts import Text
from manymind.canon.values import Json
from manymind.dialects.openai_chat.parts import NAME
from manymind.dialects.reading import Object
from manymind.dialects.seals import is_marked

STRINGS = ("reasoning_content", "reasoning")
"""The fields in which reasoning stands as a plain string."""


def read_thoughts(message: Object) -> list[Thought]:
    """Reasoning in whichever of its three fields it stands; two may say the same."""
    details = message.peek("reasoning_details")
    thoughts: list[Thought] = []
    if isinstance(details, list) and details:
        thoughts = [read_detail(detail) for detail in message.each("reasoning_details") or ()]
    told = any(thought.content or thought.summary for thought in thoughts)
    said: str | None = None
    for name in STRINGS:
        text = message.peek(name)
        if not isinstance(text, str):
            continue
        if told or text == said:
            message.take(name)
        elif said is None:
            message.take(name)
            said = text
            thoughts.append(Thought(content=(Text(text=text),), form=name))
    return thoughts


def read_detail(detail: Object) -> Thought:
    """One entry of OpenRouter's `reasoning_details`; of an unknown type, it stays aside whole."""
    kind = detail.peek("type")
    summary: tuple[Text, ...] = ()
    content: tuple[Text, ...] = ()
    encrypted = signature = None
    if kind == "reasoning.summary":
        summary = (Text(text=detail.text("summary") or ""),)
    elif kind == "reasoning.text":
        content = (Text(text=detail.text("text") or ""),)
        signature = detail.text("signature")
    elif kind == "reasoning.encrypted":
        encrypted = detail.text("data")
    if summary or content or encrypted is not None:
        detail.take("type")
    form = detail.peek("format")
    anthropic = isinstance(form, str) and form.startswith("anthropic")
    return Thought(
        summary=summary,
        content=content,
        encrypted=encrypted,
        signature=signature,
        id=detail.text("id"),
        redacted=encrypted is not None and anthropic,
        digest=bool(content) and anthropic,
        form="reasoning_details",
        aside=detail.rest(NAME),
    )


def write_details(item: Thought) -> list[Json]:
    """A thought as entries of `reasoning_details`: one for each form in which it is there."""
    details: list[Json] = []
    if item.content or item.signature is not None:
        detail: Json = {"type": "reasoning.text", "text": told(item.content)}
        if item.signature is not None:
            detail["signature"] = item.signature
        details.append(detail)
    if item.summary:
        details.append({"type": "reasoning.summary", "summary": told(item.summary)})
    if item.encrypted is not None:
        details.append({"type": "reasoning.encrypted", "data": item.encrypted})
    return [{**_standing(item), **detail} for detail in details or [{}]]


def _standing(item: Thought) -> Json:
    """What stands on each entry of a thought, and tells a server whose it is."""
    fields: Json = {}
    if item.aside is not None and item.aside.dialect == NAME:
        fields.update(item.aside.fields)
    if item.form is None:
        fields.setdefault("format", maker(item))
    if item.id is not None:
        fields["id"] = item.id
    return fields


def maker(item: Thought) -> str:
    """OpenRouter's word for the kind of seal."""
    if item.signature is not None or item.redacted:
        return "anthropic-claude-v1"
    if is_marked(item.encrypted):
        return "google-gemini-v1"
    return "unknown" if item.encrypted is None else "openai-responses-v1"


def told(texts: tuple[Text, ...]) -> str:
    return "\n\n".join(text.text for text in texts)


def renamed(data: Json, where: str) -> Json:
    """A reply for OpenRouter's readers, who know reasoning by the name `reasoning` alone: where
    its choices say it otherwise, it stands there, too. `where` is message or delta."""
    choices = data.get("choices")
    if not isinstance(choices, list):
        return data
    told = [_renamed(choice, where) for choice in cast("list[object]", choices)]
    return {**data, "choices": told}


def _renamed(choice: object, where: str) -> object:
    if not isinstance(choice, dict):
        return choice
    whole = cast("Json", choice)
    message = whole.get(where)
    if not isinstance(message, dict):
        return whole
    said = cast("Json", message)
    text = said.get("reasoning_content")
    if not isinstance(text, str) or "reasoning" in said:
        return whole
    return {**whole, where: {**said, "reasoning": text}}
