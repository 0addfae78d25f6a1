"""Tool calls that come in pieces, held back until they are whole."""

from collections.abc import Iterator
from typing import cast

from msgspec import Struct

from manymind.canon.values import Json
from manymind.dialects.openai_chat.hearing import grown


class _Choice(Struct):
    """The chunk and the choice that the first piece came in, and the calls so far."""

    frame: Json
    choice: Json
    calls: dict[int, Json] = {}


class Held:
    """Takes the pieces out of chunks as they pass, and gives each choice's calls back whole."""

    def __init__(self) -> None:
        self._choices: dict[int, _Choice] = {}

    def pass_on(self, chunk: Json) -> Iterator[Json]:
        """The chunks to send in place of this one, calls before the reason they end with."""
        choices: list[Json] = []
        for position, choice in enumerate(_objects(chunk.get("choices"))):
            delta = choice.get("delta")
            number = _number(choice.get("index"), position)
            calls = _objects(cast("Json", delta).get("tool_calls") if delta else None)
            ended = choice.get("finish_reason") is not None
            if ended and number not in self._choices:
                choices.append(choice)
                continue
            if calls:
                choice = {**choice, "delta": _without(cast("Json", delta), "tool_calls")}
                self._hold(number, calls, chunk, choice)
            if ended:
                yield from self.release(number)
            if ended or not calls or _says(cast("Json", choice["delta"])):
                choices.append(choice)
        if choices or not chunk.get("choices"):
            yield {**chunk, "choices": choices}

    def release(self, number: int) -> Iterator[Json]:
        held = self._choices.pop(number, None)
        if held is not None:
            delta = {"tool_calls": list(held.calls.values())}
            yield {**held.frame, "choices": [{**held.choice, "delta": delta}]}

    def release_all(self) -> Iterator[Json]:
        for number in tuple(self._choices):
            yield from self.release(number)

    def _hold(self, number: int, calls: list[Json], chunk: Json, choice: Json) -> None:
        held = self._choices.get(number)
        if held is None:
            frame = _without(_without(chunk, "choices"), "usage")
            first = {**_without(choice, "logprobs"), "finish_reason": None}
            held = self._choices[number] = _Choice(frame, first)
        for position, call in enumerate(calls):
            index = _number(call.get("index"), position)
            known = held.calls.get(index)
            if known is not None and call.get("id") not in (None, "", known.get("id")):
                index = max(held.calls) + 1  # Some servers number every call 0.
                call, known = {**call, "index": index}, None
            held.calls[index] = call if known is None else grown(known, call)


def passes(chunk: Json) -> bool:
    """Whether a chunk holds one choice that neither calls nor ends, so that nothing is held."""
    choices = _objects(chunk.get("choices"))
    if len(choices) != 1 or choices[0].get("finish_reason") is not None:
        return False
    delta = choices[0].get("delta")
    return isinstance(delta, dict) and not cast("Json", delta).get("tool_calls")


def _objects(value: object) -> list[Json]:
    values = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("Json", one) for one in values if isinstance(one, dict)]


def _number(value: object, position: int) -> int:
    return value if isinstance(value, int) else position


def _without(fields: Json, name: str) -> Json:
    return {key: value for key, value in fields.items() if key != name}


def _says(delta: Json) -> bool:
    return any(value not in (None, "", []) for value in delta.values())
