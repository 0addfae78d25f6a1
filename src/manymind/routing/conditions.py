"""When does an arm of a route apply? Pure: the hour and everything else is passed in."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct

from manymind.canon.items import Item, Returned, Said
from manymind.canon.origins import Marks
from manymind.canon.parts import Image
from manymind.canon.requests import Request
from manymind.catalog.sizes import most

Listed: TypeAlias = tuple[str, ...]

BYTES_PER_TOKEN = 4
"""For the choice of a model a fair guess at the size will do; caps count."""

_HOURS = re.compile(r"([01]?\d|2[0-3])-([01]?\d|2[0-4])")


class When(Struct, frozen=True, kw_only=True):
    """All that is said must hold; None and an empty list say nothing. Names may hold `*`. `hours`
    are those of the day in UTC, from one to another (22-6 is the night)."""

    prompt_tokens_min: int | None = None
    prompt_tokens_max: int | None = None
    feature: Listed = ()
    session: Listed = ()
    app: Listed = ()
    tenant: Listed = ()
    user: Listed = ()
    key: Listed = ()
    dialect: Listed = ()
    metadata: Mapping[str, str] = {}
    tools: bool | None = None
    images: bool | None = None
    json_schema: bool | None = None
    hours: str | None = None


class Facts:
    """What there is to know of a question, each thing looked up once, and only if it is asked."""

    def __init__(
        self,
        request: Request,
        marks: Marks,
        *,
        tenant: str,
        user: str,
        key: str,
        hour: int,
    ) -> None:
        self._request = request
        self._marks = marks
        self.tenant = tenant
        self.user = user
        self.key = key
        self.hour = hour
        self.session = marks.session
        self.app = marks.app
        self.dialect = request.dialect or ""

    @cached_property
    def feature(self) -> str:
        return self._marks.feature or self.metadata("feature")

    @cached_property
    def subject(self) -> str:
        """Who is to get the same arm each time; empty where nobody says who it is."""
        return self._marks.session or self._request.user or self.user

    @cached_property
    def prompt_tokens(self) -> int:
        return most(self._request).most // BYTES_PER_TOKEN

    @cached_property
    def tools(self) -> bool:
        return bool(self._request.tools)

    @cached_property
    def images(self) -> bool:
        return any(map(_shows, self._request.items))

    @cached_property
    def json_schema(self) -> bool:
        output = self._request.output
        return output is not None and output.form == "json_schema"

    def metadata(self, name: str) -> str:
        value = (self._request.metadata or {}).get(name)
        return value if isinstance(value, str) else ""


def holds(when: When, facts: Facts) -> bool:
    """Whether a question is of this kind. What costs the least to know is looked at first."""
    named = (
        (when.tenant, facts.tenant),
        (when.user, facts.user),
        (when.key, facts.key),
        (when.dialect, facts.dialect),
        (when.session, facts.session),
    )
    return (
        all(_listed(patterns, name) for patterns, name in named)
        and (not when.feature or _listed(when.feature, facts.feature))
        and (not when.app or any(_listed(when.app, s) for s in (facts.app.title, facts.app.url)))
        and all(_listed((wanted,), facts.metadata(name)) for name, wanted in when.metadata.items())
        and (when.hours is None or _within(when.hours, facts.hour))
        and when.tools in (None, facts.tools)
        and (when.json_schema is None or when.json_schema == facts.json_schema)
        and (when.images is None or when.images == facts.images)
        and _sized(when, facts)
    )


def _sized(when: When, facts: Facts) -> bool:
    least, most_ = when.prompt_tokens_min, when.prompt_tokens_max
    if least is None and most_ is None:
        return True
    size = facts.prompt_tokens
    return (least is None or size >= least) and (most_ is None or size <= most_)


def _listed(patterns: Listed, name: str) -> bool:
    if not patterns:
        return True
    return any(_pattern(pattern).fullmatch(name) for pattern in patterns)


def _pattern(written: str) -> re.Pattern[str]:
    """The library keeps the patterns that were made last."""
    return re.compile(re.escape(written).replace(r"\*", ".*"), re.IGNORECASE | re.DOTALL)


def _within(hours: str, hour: int) -> bool:
    found = _HOURS.fullmatch(hours)
    if found is None:
        return False
    start, end = int(found[1]), int(found[2])
    return start <= hour < end if start < end else hour >= start or hour < end


def _shows(item: Item) -> bool:
    if not isinstance(item, Said | Returned):
        return False
    return any(isinstance(part, Image) for part in item.parts)
