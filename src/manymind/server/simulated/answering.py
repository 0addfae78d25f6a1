"""One request from its path to its reply, with the mishaps that its model's name asks for."""

import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from urllib.parse import parse_qs

import anyio
import msgspec

from manymind.providers.forms import is_object
from manymind.server.simulated import errors, listing, messages_request, vectors
from manymind.server.simulated.delivery import Delivery
from manymind.server.simulated.houses import (
    CHAT,
    COUNTERS,
    GEMINI,
    MESSAGES,
    PATHS,
    RESPONSES,
    House,
)
from manymind.server.simulated.knobs import Knobs, read_model
from manymind.server.simulated.roster import Roster
from manymind.server.simulated.talk import Json, Refused, count
from manymind.server.simulated.visits import Visit

_HTML = b"<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>\n"
_PLAIN = Knobs()
_GOOGLE = re.compile(r".*/models/(.+):(generateContent|streamGenerateContent|countTokens)")
_EMBEDDINGS = "/embeddings"


class Answering:
    """Answers one request. `welcome` says whether the caller brought the key."""

    def __init__(self, roster: Roster, visit: Visit, delivery: Delivery, *, welcome: bool) -> None:
        self._roster = roster
        self._visit = visit
        self._delivery = delivery
        self._welcome = welcome
        self._path = visit.path.rstrip("/")
        self._google = _GOOGLE.fullmatch(self._path)
        self._house = self._find_house()
        self._headers = [(self._house.request_id, f"req_sim{visit.number:08}")]

    def _find_house(self) -> House:
        doors = {**PATHS, **COUNTERS}
        for path, house in doors.items():
            if self._path.endswith(path):
                return house
        if self._google is not None or "x-goog-api-key" in self._visit.headers:
            return GEMINI
        return MESSAGES if "anthropic-version" in self._visit.headers else CHAT

    async def run(self) -> None:
        try:
            if not self._welcome:
                raise self._unauthorized()
            await self._route()
        except Refused as refused:
            await self._refuse(refused)

    def _unauthorized(self) -> Refused:
        names = {"authorization", "x-api-key", "x-goog-api-key", "api-key"}
        brought = names & self._visit.headers.keys()
        if self._house is GEMINI:
            if brought:
                words = "API key not valid. Please pass a valid API key."
                return Refused(400, words, code="API_KEY_INVALID")
            return Refused(403, "Method doesn't allow unregistered callers.")
        if self._house is MESSAGES:
            return Refused(401, "invalid x-api-key" if brought else "x-api-key header is required")
        return Refused(
            401,
            "Incorrect API key provided."
            if brought
            else "You didn't provide an API key. You need to provide your API key in an "
            "Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        )

    async def _route(self) -> None:
        page = self._page()
        if page is not None:
            await self._delivery.whole(200, page, self._headers, _PLAIN)
            return
        known = (*PATHS, *COUNTERS, _EMBEDDINGS)
        posted = any(self._path.endswith(path) for path in known)
        if not posted and self._google is None:
            raise Refused(404, f"Invalid URL ({self._visit.method} {self._visit.path})")
        if self._visit.method != "POST":
            raise Refused(405, f"Not allowed to {self._visit.method} on {self._visit.path}")
        self._visit.body = self._read_body()
        if any(self._path.endswith(path) for path in (*COUNTERS, ":countTokens")):
            await self._count()
        elif self._path.endswith(_EMBEDDINGS):
            await self._embed()
        else:
            await self._answer()

    def _page(self) -> Json | None:
        """What can be read without asking a model."""
        names = (*self._roster.names, vectors.MODEL)
        folder, _, last = self._path.rpartition("/")
        if self._path.endswith("/api/tags"):
            return listing.ollama_tags(names)
        if self._path.endswith("/api/version"):
            return {"version": "0.12.0"}
        if self._path.endswith("/api/show"):
            return listing.ollama_show()
        if self._visit.method == "GET" and last == "models":
            return _lists(self._house)[0](names)
        if self._visit.method == "GET" and folder.endswith("/models") and last in names:
            return _lists(self._house)[1](last)
        if self._visit.method == "GET" and last == "generation":
            return self._generation()
        return None

    def _generation(self) -> Json:
        answer_id = parse_qs(self._visit.query).get("id", [""])[0]
        counts = self._roster.booked(answer_id)
        if counts is None:
            raise Refused(404, "Generation not found")
        return listing.generation(answer_id, counts)

    def _read_body(self) -> Json:
        if self._visit.oversize:
            raise Refused(413, "Request exceeds the maximum allowed number of bytes.")
        try:
            data: object = msgspec.json.decode(self._visit.raw)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise Refused(400, "We could not parse the JSON body of your request.") from None
        if not is_object(data):
            raise Refused(400, "The body of your request must be a JSON object.")
        return data

    async def _count(self) -> None:
        if self._house is MESSAGES:
            asked = messages_request.read_counted(self._visit.body)
            counted: Json = {"input_tokens": count(asked.request)}
        elif self._house is GEMINI:
            body = self._visit.body.get("generateContentRequest", self._visit.body)
            sent = {name: value for name, value in body.items() if name != "model"}
            counted = {"totalTokens": count(self._house.read(sent).request)}
        else:
            asked = self._house.read(self._visit.body)
            counted = {"object": "response.input_tokens", "input_tokens": count(asked.request)}
        await self._delivery.whole(200, counted, self._headers, _PLAIN)

    async def _answer(self) -> None:
        body, house = self._visit.body, self._house
        model = self._asked_for()
        name, knobs = read_model(model)
        if name not in self._roster.names:
            raise self._no_such_model(name)
        if house is MESSAGES and "anthropic-version" not in self._visit.headers:
            raise Refused(400, "anthropic-version: header is required")
        number = await self._begun(model, knobs)
        if await self._mishap(knobs, number):
            return
        asked = house.read(self._beside(body, name))
        reply = self._roster.compose(name, house, asked, knobs)
        if asked.request.stream:
            frames = house.stream(reply, asked, knobs)
            await self._delivery.stream(frames, self._headers, knobs, house.broken)
            return
        if knobs.error is not None:
            reply = self._failed(reply)
        await self._delivery.whole(200, reply, self._headers, knobs, _words(reply))

    async def _embed(self) -> None:
        model = self._asked_for()
        name, knobs = read_model(model)
        if name != vectors.MODEL:
            raise self._no_such_model(name)
        number = await self._begun(model, knobs)
        if await self._mishap(knobs, number):
            return
        reply = vectors.answer(self._visit.body, name, knobs)
        await self._delivery.whole(200, reply, self._headers, knobs)

    def _asked_for(self) -> str:
        """The model with its knobs: from the body, or on Google's paths from there."""
        model = self._google[1] if self._google else self._visit.body.get("model")
        if not isinstance(model, str) or not model:
            raise Refused(400, "you must provide a model parameter", param="model")
        self._visit.model = model
        return model

    async def _begun(self, model: str, knobs: Knobs) -> int:
        """How often this was asked, told after the time that the knobs let pass."""
        number = self._roster.nth(model)
        await anyio.sleep(knobs.latency + knobs.jitter * spread(knobs.seed, number))
        return number

    def _beside(self, body: Json, name: str) -> Json:
        """The body with what Google has in the path."""
        if self._google is None:
            return body
        stream = self._google[2] == "streamGenerateContent"
        if stream and "alt=sse" not in self._visit.query:
            raise Refused(400, "This simulation streams with alt=sse alone.")
        return {**body, "@model": name, "@stream": stream}

    def _no_such_model(self, name: str) -> Refused:
        if self._house is MESSAGES:
            return Refused(404, f"model: {name}")
        if self._house is GEMINI:
            return Refused(404, f"models/{name} is not found for API version v1beta.")
        return Refused(
            404,
            f"The model `{name}` does not exist or you do not have access to it.",
            code="model_not_found",
            param="model",
        )

    async def _mishap(self, knobs: Knobs, number: int) -> bool:
        """Whether something happened instead of an answer."""
        if knobs.hang:
            await anyio.sleep_forever()
        if knobs.html:
            page = [("content-type", "text/html; charset=utf-8"), *self._headers]
            await self._delivery.send(200, _HTML, page)
            return True
        if knobs.redirect is not None:
            place = knobs.redirect if knobs.redirect != "1" else "/v1/elsewhere"
            await self._delivery.send(307, b"", [("location", place), *self._headers])
            return True
        if knobs.fault is not None and (knobs.times == 0 or number <= knobs.times):
            if knobs.retry_after is not None:
                self._headers.append(("retry-after", f"{knobs.retry_after:g}"))
            raise errors.of_status(knobs.fault)
        return False

    def _failed(self, reply: Json) -> Json:
        """An answer that came to nothing after it was begun."""
        if self._house is not RESPONSES:
            raise errors.broken()
        error = {"code": "server_error", "message": errors.broken().message}
        return {**reply, "status": "failed", "error": error, "output": [], "usage": None}

    async def _refuse(self, refused: Refused) -> None:
        body = self._house.refusal(refused, self._headers[0][1])
        await self._delivery.whole(refused.status, body, self._headers, _PLAIN)


_LISTS = {
    "messages": (listing.anthropic, listing.anthropic_model),
    "gemini": (listing.google, listing.google_model),
}


def _lists(house: House) -> tuple[Callable[[Iterable[str]], Json], Callable[[str], Json]]:
    return _LISTS.get(house.name, (listing.openai, listing.openai_model))


def _words(reply: Json) -> int:
    """How many tokens a whole reply says it has, for its pace."""
    usage: Json = reply.get("usage") or reply.get("usageMetadata") or {}
    names = ("output_tokens", "completion_tokens", "candidatesTokenCount")
    return next((usage[name] for name in names if usage.get(name)), 0)


def spread(seed: int, number: int) -> float:
    """Between 0 and 1, the same for the same seed and number."""
    return int.from_bytes(sha256(f"{seed}/{number}".encode()).digest()[:4], "big") / 2**32
