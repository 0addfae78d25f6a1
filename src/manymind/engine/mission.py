"""What one run knows: its request, its team, its money and its hours. Built once, then shared."""

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.documents import Card
from manymind.canon.items import Item
from manymind.canon.ports import Allotment, Desk
from manymind.canon.requests import Request
from manymind.engine.blackboard import Post
from manymind.engine.briefs import Prefix
from manymind.engine.calls import Calls
from manymind.engine.instruments import Shared
from manymind.engine.mouth import Mouth
from manymind.engine.purse import Purse, Tally
from manymind.engine.settings import TeamSettings, Width
from manymind.engine.timing import Alarms, Timetable


class Mission(Struct, frozen=True, kw_only=True):
    """`native` is the conversation with its calls and results as they were; in `prefix` they are
    told in words."""

    request: Request
    desk: Desk
    settings: TeamSettings
    width: Width
    question: str
    cards: tuple[Card, ...]
    native: tuple[Item, ...]
    prefix: Prefix
    mouth: Mouth
    calls: Calls
    shared: Shared
    purse: Purse
    tally: Tally
    post: Post
    alarms: Alarms
    hours: Timetable

    @property
    def unsupported(self) -> str:
        """What is done with claims that are not supported: mark or drop."""
        return self.request.unsupported or self.settings.unsupported

    def at(
        self, step: str, allotment: Allotment, deadline: float | None, *, final: bool = False
    ) -> Desk:
        """The desk of one call of this run; a steer is for the team, not for its models."""
        return replace(
            self.desk.at(step, allotment),
            depth=self.desk.depth + 1,
            deadline=deadline,
            inbox=None,
            final=final,
        )

    def inner(self, model: str, tokens: int) -> Request:
        """A call of a model of this run, without its words: what every one of them shares."""
        asked = self.request
        return Request(
            model=model,
            instructions=self.prefix.instructions,
            items=self.prefix.items,
            max_output_tokens=tokens,
            temperature=asked.temperature,
            top_p=asked.top_p,
            top_k=asked.top_k,
            stream=True,
            stream_usage=True,
            store=asked.store,
            user=asked.user,
            safety_identifier=asked.safety_identifier,
            service_tier=asked.service_tier,
            prompt_cache_key=asked.prompt_cache_key,
        )
