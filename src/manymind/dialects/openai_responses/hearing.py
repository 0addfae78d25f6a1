"""One item as it is heard piece by piece, and made whole when its end says more."""

from manymind.canon.events import Cited, Closed, Happened, Opened, PartClosed, PartOpened, Wrote
from manymind.canon.items import Called, Item
from manymind.canon.parts import Citation, Part, Refusal, Text
from manymind.canon.values import Json
from manymind.dialects.openai_responses.telling import Place, blank, parts_of, shell, status_of


class _Part:
    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.citations = 0
        self.logprobs = False
        self.closed = False


class Hearing:
    """What has been heard of an item so far. Upstreams that skip a step are made up for: a part
    opens with its first piece, and what only the end of a part or item tells is told then."""

    def __init__(self, key: str, item: Item) -> None:
        self.key = key
        self.value = shell(item)
        self.closed = False
        self._parts: dict[Place, _Part] = {}
        self._arguments: list[str] = []

    def open(self) -> Opened:
        return Opened(item=self.key, value=self.value)

    def open_part(self, place: Place, part: Part) -> list[Happened]:
        if place in self._parts:
            return []
        self._parts[place] = _Part()
        where, number = place
        return [PartOpened(item=self.key, part=number, where=where, value=blank(part))]

    def write(
        self, place: Place, part: Part, text: str, logprobs: tuple[Json, ...] | None = None
    ) -> list[Happened]:
        """More text of a part; `part` is what it is, should it not have been opened."""
        events = self.open_part(place, part)
        heard = self._parts[place]
        heard.pieces.append(text)
        heard.logprobs = heard.logprobs or logprobs is not None
        where, number = place
        wrote = Wrote(item=self.key, part=number, where=where, text=text, logprobs=logprobs)
        return [*events, wrote]

    def write_arguments(self, text: str) -> list[Happened]:
        self._arguments.append(text)
        return [Wrote(item=self.key, where="arguments", text=text)]

    def cite(self, place: Place, citation: Citation) -> list[Happened]:
        events = self.open_part(place, Text(text=""))
        self._parts[place].citations += 1
        return [*events, Cited(item=self.key, part=place[1], citation=citation)]

    def close_part(self, place: Place, part: Part) -> list[Happened]:
        """The part as it is in the end."""
        heard = self._parts.get(place)
        if heard is not None and heard.closed:
            return []
        events = self.open_part(place, part)
        events.extend(self._rest(place, part))
        self._parts[place].closed = True
        known = isinstance(part, Text | Refusal) and part.aside is None
        where, number = place
        value = None if known else blank(part)
        return [*events, PartClosed(item=self.key, part=number, where=where, value=value)]

    def close_arguments(self, arguments: str) -> list[Happened]:
        rest = _rest_of(arguments, self._arguments)
        return self.write_arguments(rest) if rest else []

    def close_whole(self, item: Item) -> list[Happened]:
        """The item as it is in the end."""
        events: list[Happened] = []
        for place, part in parts_of(item).items():
            events.extend(self.close_part(place, part))
        if isinstance(item, Called):
            events.extend(self.close_arguments(item.arguments))
        sealed = shell(item)
        events.extend(self.close(status_of(item) or "completed", sealed))
        self.value = sealed
        return events

    def close(self, status: str, sealed: Item | None = None) -> list[Happened]:
        events: list[Happened] = [
            PartClosed(item=self.key, part=number, where=where)
            for (where, number), heard in self._parts.items()
            if not heard.closed
        ]
        self.closed = True
        news = None if sealed == self.value else sealed
        return [*events, Closed(item=self.key, status=status, sealed=news)]

    def _rest(self, place: Place, part: Part) -> list[Happened]:
        """What of the part has not been heard yet."""
        if not isinstance(part, Text | Refusal):
            return []
        heard = self._parts[place]
        rest = _rest_of(part.text, heard.pieces)
        logprobs = part.logprobs if isinstance(part, Text) and not heard.logprobs else None
        events = self.write(place, part, rest, logprobs) if rest or logprobs else []
        for citation in part.citations[heard.citations :] if isinstance(part, Text) else ():
            events.extend(self.cite(place, citation))
        return events


def _rest_of(whole: str, pieces: list[str]) -> str:
    """What was written stands, even where the end tells it differently."""
    written = "".join(pieces)
    return whole[len(written) :] if whole.startswith(written) else ""
