"""`generationConfig`: how to sample, how much to write and in which form, both ways."""

from msgspec.structs import replace

from manymind.canon.requests import OutputFormat, Request
from manymind.canon.values import Aside, Json
from manymind.dialects.gemini.casing import camel
from manymind.dialects.gemini.schemas import json_schema
from manymind.dialects.gemini.thinking import read_thinking, write_thinking
from manymind.dialects.gemini.words import NAME
from manymind.dialects.losses import Losses, nest, spelt
from manymind.dialects.reading import Object

CONFIG = "generationConfig"

_JSON, _PLAIN = "application/json", "text/plain"


def read_settings(request: Request, body: Object) -> Request:
    """The request with its settings; what nobody knows of them is left in the body."""
    config = body.inner(CONFIG)
    if config is None:
        return request
    camel(config)
    request = replace(
        request,
        temperature=config.number("temperature"),
        top_p=config.number("topP"),
        top_k=config.whole("topK", 0),
        n=config.whole("candidateCount", 1),
        max_output_tokens=config.whole("maxOutputTokens", 1),
        stop=config.texts("stopSequences"),
        seed=config.whole("seed"),
        presence_penalty=config.number("presencePenalty"),
        frequency_penalty=config.number("frequencyPenalty"),
        logprobs=config.flag("responseLogprobs"),
        top_logprobs=config.whole("logprobs", 0),
        output=_read_output(config),
        reasoning=read_thinking(config),
    )
    if config.left():
        body.left()[CONFIG] = config.left()
    return request


def _read_output(config: Object) -> OutputFormat | None:
    kind = config.text("responseMimeType")
    schema = config.json("responseJsonSchema")
    older = config.json("responseSchema")
    if schema is None and older is not None:
        schema = json_schema(older)
    match kind:
        case None if schema is None:
            return None
        case None | "application/json":
            form = "json_object" if schema is None else "json_schema"
            return OutputFormat(form=form, schema=schema)
        case "text/plain" if schema is None:
            return OutputFormat(form="text")
        case _:
            return OutputFormat(form=kind, schema=schema, aside=Aside(NAME, {}))


def write_settings(body: Json, request: Request, losses: Losses) -> Json:
    """The body with the settings, beside what was kept of them."""
    given: Json = {
        "temperature": request.temperature,
        "topP": request.top_p,
        "topK": request.top_k,
        "candidateCount": request.n,
        "maxOutputTokens": request.max_output_tokens,
        "stopSequences": None if request.stop is None else list(request.stop),
        "seed": request.seed,
        "presencePenalty": request.presence_penalty,
        "frequencyPenalty": request.frequency_penalty,
        "thinkingConfig": write_thinking(request, losses),
        **_logprobs(request),
        **_output(request, losses),
    }
    fields = {name: value for name, value in given.items() if value is not None}
    return nest(body, CONFIG, fields) if fields else body


def _logprobs(request: Request) -> Json:
    if request.dialect == NAME:
        return {"responseLogprobs": request.logprobs, "logprobs": request.top_logprobs}
    if request.logprobs or request.top_logprobs:
        return {"responseLogprobs": True, "logprobs": request.top_logprobs or None}
    return {}


def _output(request: Request, losses: Losses) -> Json:
    """A schema has no name here, and is strict."""
    output = request.output
    if output is None:
        return {}
    place = spelt(request, "output")
    foreign = output.aside is not None and output.aside.dialect != NAME
    if foreign and output.form not in ("text", "json_object", "json_schema"):
        losses.lose(place)
        return {}
    losses.merge({}, output.aside, place)
    match output.form:
        case "text":
            kind = _PLAIN if request.dialect == NAME else None
        case "json_object" | "json_schema":
            kind = _JSON
        case other:
            kind = other
    return {"responseMimeType": kind, "responseJsonSchema": output.schema}
