"""A whole reply to the caller, written from the answer."""

from typing import cast

from manymind.canon.answers import Answer
from manymind.canon.events import Stopped
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.gemini.calls import fields_of
from manymind.dialects.gemini.citations import write_citations
from manymind.dialects.gemini.logprobs import write_logprobs
from manymind.dialects.gemini.replies import FEEDBACK
from manymind.dialects.gemini.telling import Speech, Telling
from manymind.dialects.gemini.usage import COST, write_usage
from manymind.dialects.gemini.words import ENDINGS, NAME, STOPS
from manymind.dialects.reading import encode


def write_reply(answer: Answer) -> bytes:
    wire = answer.wire
    if wire is not None and wire.dialect == NAME and wire.whole:
        return encode(known_better(wire.data, answer.model, answer.usage))
    body: Json = {**fields_of(answer.aside), **_candidates(answer)}
    body |= {"modelVersion": answer.model, "responseId": answer.id}
    if answer.usage is not None:
        body["usageMetadata"] = write_usage(answer.usage)
    return encode(body)


def known_better(data: Json, model: str, usage: Usage | None) -> Json:
    """A message as its server sent it, but for the model and the cost that we know better."""
    body = dict(data)
    if model and "modelVersion" in body:
        body["modelVersion"] = model
    counted = body.get("usageMetadata")
    if usage is not None and usage.cost is not None and isinstance(counted, dict):
        body["usageMetadata"] = {**cast("Json", counted), COST: usage.cost}
    return body


def _candidates(answer: Answer) -> Json:
    telling = Telling()
    parts: dict[int, list[Json]] = {}
    logprobs: dict[int, list[Json]] = {}
    for told in telling.tell(answer):
        join(parts.setdefault(told.choice, []), told.part)
        logprobs.setdefault(told.choice, []).extend(told.logprobs or ())
    stops = {stop.choice: stop for stop in answer.stops}
    blocked = blocking(stops.get(0))
    if blocked is not None and not parts:
        return blocked
    candidates: list[Json] = []
    for number in sorted({*telling.candidates, *stops}):
        speech = telling.candidates.get(number) or Speech()
        said = [*parts.get(number, []), *speech.flush()]
        known = logprobs.get(number)
        ended = last(number, stops.get(number), answer, speech)
        if known:
            ended["logprobsResult"] = write_logprobs(known)
        candidates.append({"content": {"parts": said, "role": "model"}, **ended})
    return {"candidates": candidates}


def blocking(stopped: Stopped | None) -> Json | None:
    """What tells that the prompt itself was blocked, if it was."""
    fields = fields_of(stopped.aside) if stopped is not None else {}
    return {FEEDBACK: fields[FEEDBACK]} if FEEDBACK in fields else None


def last(number: int, stopped: Stopped | None, answer: Answer, speech: Speech) -> Json:
    """What the end of a candidate knows: why it ended, and what it cites."""
    kept = fields_of(stopped.aside) if stopped is not None else {}
    kept = {name: value for name, value in kept.items() if name != FEEDBACK}
    ended: Json = {**kept, "finishReason": finish(stopped, answer.status), "index": number}
    return write_citations(speech.spots, ended)


def finish(stopped: Stopped | None, status: str) -> str:
    """The word for an end. What was cut short for a reason that this dialect has no word for is
    said to have run out of tokens, so that nobody takes it for the whole."""
    if stopped is None:
        return "STOP" if status == "completed" else "MAX_TOKENS"
    native = stopped.native or ""
    meant = STOPS.get(native, "other")
    called = stopped.reason == "tool_calls" and meant == "stop"
    if native == native.upper() and native and (meant == stopped.reason or called):
        return native
    return ENDINGS.get(stopped.reason, "OTHER")


def join(parts: list[Json], part: Json) -> None:
    """Add a piece as it would have stood in one part."""
    if not parts or not _continues(parts[-1], part):
        parts.append(part)
        return
    text = f"{parts[-1]['text']}{part['text']}"
    parts[-1] = {**parts[-1], **part, "text": text}


def _continues(known: Json, part: Json) -> bool:
    """Whether a piece is more of a part: of its words, or what vouches for its thoughts."""
    if not isinstance(known.get("text"), str) or known.get("thought") != part.get("thought"):
        return False
    if part.get("thought"):
        return part.keys() <= {"text", "thought", "thoughtSignature"} and (
            "thoughtSignature" not in known
        )
    signed_alone = known.get("text") == "" and "thoughtSignature" in known
    return part.keys() <= {"text"} and not signed_alone
