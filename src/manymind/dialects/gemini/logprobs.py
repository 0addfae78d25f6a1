"""How likely each token was: Google's two lists, and the canon's one."""

from typing import cast

from manymind.canon.values import Json
from manymind.dialects.reading import Object

_NAMES = {"token": "token", "logprob": "logProbability", "token_id": "tokenId"}


def read_logprobs(candidate: Object) -> tuple[Json, ...] | None:
    """What nobody can read of it is passed over: the words do not depend on it."""
    result = candidate.peek("logprobsResult")
    if not isinstance(result, dict):
        return None
    chosen = _objects(cast("Json", result).get("chosenCandidates"))
    if not chosen:
        return None
    candidate.take("logprobsResult")
    steps = _objects(cast("Json", result).get("topCandidates"))
    tops = [_objects(step.get("candidates")) for step in steps]
    return tuple(
        {**_read(token), "top_logprobs": [_read(one) for one in tops[n]] if n < len(tops) else []}
        for n, token in enumerate(chosen)
    )


def write_logprobs(logprobs: list[Json]) -> Json:
    tops = [_objects(token.get("top_logprobs")) for token in logprobs]
    result: Json = {"chosenCandidates": [_write(token) for token in logprobs]}
    if any(tops):
        result["topCandidates"] = [{"candidates": [_write(one) for one in top]} for top in tops]
    return result


def _read(token: Json) -> Json:
    return {ours: token[own] for ours, own in _NAMES.items() if own in token}


def _write(token: Json) -> Json:
    return {own: token[ours] for ours, own in _NAMES.items() if ours in token}


def _objects(value: object) -> list[Json]:
    values = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("Json", one) for one in values if isinstance(one, dict)]
