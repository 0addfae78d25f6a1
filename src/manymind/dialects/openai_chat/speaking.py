"""One choice of a reply to the caller, put into words: the same for a stream and a whole reply.

Chat has one message where others have several items. Separate messages within it, and separate
thoughts, are set apart by an empty line; citations count from the start of the whole text.
"""

from msgspec import Struct

from manymind.canon.items import Called, Thought, Unread
from manymind.canon.parts import Citation, Image
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.losses import nest
from manymind.dialects.mirror import View
from manymind.dialects.openai_chat.citations import moved, write_annotation
from manymind.dialects.openai_chat.parts import NAME
from manymind.dialects.openai_chat.thoughts import maker, write_details

FINISHES = {"length": "length", "tool_calls": "tool_calls", "content_filter": "content_filter"}
BREAK = "\n\n"


class Manner(Struct, frozen=True):
    """How this caller wants reasoning and the like: plainly, or with OpenRouter's additions."""

    openrouter: bool = False
    details: bool = False

    @property
    def thought_field(self) -> str:
        return "reasoning" if self.openrouter else "reasoning_content"


def manner(request: Request, view: View) -> Manner:
    """Who asks with OpenRouter's `reasoning` object understands its details, too."""
    house = view.house == "openrouter"
    aside = request.reasoning.aside if request.reasoning is not None else None
    return Manner(house, house or (aside is not None and aside.dialect == NAME))


class Speech:
    """What one choice has said; each method gives the delta that says more."""

    def __init__(self, how: Manner) -> None:
        self._how = how
        self._length = 0
        self._said: str | None = None
        self._thought: tuple[str, str, int] | None = None
        self._thoughts = 0
        self._calls = 0
        self._notes: list[Json] = []
        self._told = 0
        self._shown = 0

    @property
    def called(self) -> bool:
        return self._calls > 0

    def lead(self, item: str, *, apart: bool) -> str:
        """What comes before the first words of another message."""
        if self._said == item:
            return ""
        first, self._said = self._said is None, item
        return "" if first or not apart or not self._length else BREAK

    def text(self, text: str) -> Json:
        self._length += len(text)
        return {"content": text}

    @property
    def length(self) -> int:
        return self._length

    def cite(self, citation: Citation, start: int) -> Json:
        """OpenAI's readers keep but one list, so for them citations wait for the message's end."""
        note = write_annotation(moved(citation, start))
        # The number tells a reader of deltas that this is one more, and not more of the last.
        self._notes.append({"index": self._told + len(self._notes), **note})
        return self.notes() if self._how.openrouter else {}

    def notes(self) -> Json:
        """The citations that were not told yet."""
        notes, self._notes = self._notes, []
        self._told += len(notes)
        return {"annotations": notes} if notes else {}

    def refuse(self, text: str) -> Json:
        return {"refusal": text}

    def show(self, image: Image) -> Json:
        url = image.url
        if image.data is not None:
            url = f"data:{image.media_type or 'image/png'};base64,{image.data}"
        if not url:
            return {}
        self._shown += 1
        shown = {"index": self._shown - 1, "type": "image_url", "image_url": {"url": url}}
        return {"images": [shown]}

    def think(self, place: tuple[str, str, int], text: str) -> Json:
        """More of a thought; `place` tells one stretch of reasoning from the next."""
        lead = ""
        if place != self._thought:
            lead = BREAK if self._thought is not None else ""
            self._thoughts += 1
            self._thought = place
        delta: Json = {self._how.thought_field: lead + text}
        if self._how.details:
            name = "summary" if place[1] == "summary" else "text"
            detail = {"type": f"reasoning.{name}", name: text, "index": self._thoughts - 1}
            delta["reasoning_details"] = [detail]
        return delta

    def seal(self, thought: Thought) -> Json:
        """What vouches for a thought, or holds it locked, once it is over."""
        if not self._how.details:
            return {}
        details: list[Json] = []
        for detail in write_details(thought):
            name = detail.get("type")
            if name == "reasoning.text" and thought.signature is not None:
                details.append({**detail, "text": ""})
            elif name == "reasoning.encrypted":
                self._thoughts += 1
                details.append(detail)
        index = max(self._thoughts - 1, 0)
        form = maker(thought)
        seals = [{"format": form, **detail, "index": index} for detail in details]
        return {"reasoning_details": seals} if seals else {}

    def call(self, called: Called) -> Json:
        fields: Json = {"index": self._calls, "id": called.call_id, "type": "function"}
        self._calls += 1
        if called.aside is not None and called.aside.dialect == NAME:
            fields = {**called.aside.fields, **fields}
        return nest(fields, "function", {"name": called.name, "arguments": called.arguments})

    def call_unread(self, called: Unread) -> Json:
        self._calls += 1
        return {"index": self._calls - 1, **called.data}


def finish(reason: str | None, ended: str | None, *, called: bool) -> str:
    """The finish reason of a choice: of its own, else of the whole answer's end."""
    if reason is None or reason == "other":
        if ended is not None:
            return "content_filter" if ended == "content_filter" else "length"
        return "tool_calls" if called else "stop"
    if reason == "refusal":
        return "content_filter"
    if reason == "stop" and called:
        return "tool_calls"
    return FINISHES.get(reason, "stop")
