"""OpenRouter's pages about what was done: one request, a month by day, and the rankings."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import msgspec

from manymind.canon.faults import BadRequest, NotFound
from manymind.canon.values import Json
from manymind.policy.keys import Caller
from manymind.server import record_forms
from manymind.server.exchange import Exchange
from manymind.server.manners import Manners
from manymind.server.paging import Query, query
from manymind.server.routes import Captured, Needs, Page, Route
from manymind.server.seeing import known, whose
from manymind.store.facts import DAY_MICROS, Wanted
from manymind.store.rankings import APPS_MAX, RANKED, Rankings
from manymind.store.reports import Reports

PREFIX = "/api/v1"
ACTIVE_DAYS = 30
WINDOW_DAYS_MAX = 400
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Named(Protocol):
    """Waits until what was just settled can be read."""

    async def __call__(self) -> None: ...


async def at_once() -> None:
    """For who writes each row when it is settled."""


class Activity:
    """`now` tells the seconds since 1970. Rows may be written a little after their reply went
    out: `settled` waits for those."""

    def __init__(
        self,
        reports: Reports,
        rankings: Rankings,
        now: Callable[[], float],
        settled: Named = at_once,
    ) -> None:
        self._reports = reports
        self._rankings = rankings
        self._now = now
        self._settled = settled

    def routes(self) -> tuple[Route, ...]:
        pages: tuple[tuple[str, Page, Needs], ...] = (
            ("/generation", self.generation, "any"),
            ("/activity", self.activity, "manage"),
            ("/datasets/rankings-daily", self.ranked, "any"),
            ("/datasets/app-rankings", self.apps, "any"),
        )
        manners = Manners(house="openrouter")
        return tuple(
            Route(method="GET", path=PREFIX + path, page=page, manners=manners, needs=needs)
            for path, page, needs in pages
        )

    async def generation(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        name = query(exchange).one("id")
        if not name:
            raise BadRequest("The id is missing.", advice="Ask for ?id=gen-….", field="id")
        await self._settled()
        mine = whose(caller)
        rows = await self._reports.generation(mine, name)
        if not rows:
            raise NotFound(
                "No request of yours goes by this id.",
                advice="Records appear within a second, and go after records.days.",
                field="id",
            )
        spent = await self._reports.spent(mine, rows[0].request)
        await _reply(exchange, {"data": record_forms.generation(name, rows, spent)})

    async def activity(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        """The last thirty days, today among them, by day, model and provider."""
        mine, asked = whose(caller), query(exchange)
        known(asked, "date", "api_key_hash", "user_id")
        today = self._today()
        only = _day(asked, "date")
        since, until = only or today - timedelta(days=ACTIVE_DAYS), only or today
        if not today - timedelta(days=ACTIVE_DAYS) <= since <= today:
            raise BadRequest(f"date is not within the last {ACTIVE_DAYS} days.", field="date")
        wanted = Wanted(
            since=_micros(since),
            until=_micros(until + timedelta(days=1)),
            key=asked.one("api_key_hash"),
            user=asked.one("user_id"),
        )
        await self._settled()
        lines = await self._reports.usage(mine, wanted, by=("model", "provider"), period="day")
        newest_first = sorted(lines, key=lambda line: -line.at)
        await _reply(exchange, {"data": list(map(record_forms.activity, newest_first))})

    async def ranked(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        asked = query(exchange)
        known(asked, "start_date", "end_date", "period")
        start, end = self._window(asked)
        given = asked.one("period")
        period = "day" if given is None else given
        if period not in ("day", "week", "month"):
            raise BadRequest("period must be day, week or month.", field="period")
        found = await self._rankings.models(whose(caller), _between(start, end), period)
        data: list[Json] = [
            {
                "date": record_forms.day(each.at),
                "model_permaslug": each.model,
                "total_tokens": str(each.tokens),
                "requests": each.requests,
                "share": each.share,
            }
            for each in found
        ]
        await _reply(exchange, {"data": data, "meta": self._meta(start, end)})

    async def apps(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        asked = query(exchange)
        known(asked, "start_date", "end_date", "limit", "offset", "sort")
        if asked.one("sort") not in (None, "popular"):
            raise BadRequest("Apps are ranked as popular only.", field="sort")
        start, end = self._window(asked)
        limit = asked.whole("limit", 1, APPS_MAX) or RANKED
        offset = asked.whole("offset", 0, APPS_MAX) or 0
        found = await self._rankings.apps(
            whose(caller), _between(start, end), limit=limit, offset=offset
        )
        data: list[Json] = [
            {
                "rank": each.rank,
                "app_id": record_forms.app_id(each.url),
                "app_name": each.title or each.url,
                "app_url": each.url,
                "total_tokens": str(each.tokens),
                "total_requests": each.requests,
            }
            for each in found
        ]
        await _reply(exchange, {"data": data, "meta": self._meta(start, end)})

    def _window(self, asked: Query) -> tuple[date, date]:
        """Both days included; today and the month before it where nothing is said."""
        end = _day(asked, "end_date") or self._today()
        start = _day(asked, "start_date") or end - timedelta(days=ACTIVE_DAYS)
        if not 0 <= (end - start).days <= WINDOW_DAYS_MAX:
            raise BadRequest(
                f"start_date must lie before end_date, by {WINDOW_DAYS_MAX} days at the most.",
                field="start_date",
            )
        return start, end

    def _meta(self, start: date, end: date) -> Json:
        return {
            "as_of": datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="seconds"),
            "start_date": start.isoformat(),
            "end_date": end.isoformat(),
            "version": "v1",
        }

    def _today(self) -> date:
        return datetime.fromtimestamp(self._now(), UTC).date()


def _day(asked: Query, field: str) -> date | None:
    said = asked.one(field)
    if said is None:
        return None
    try:
        found = date.fromisoformat(said if _DAY.fullmatch(said) else "")
    except ValueError:
        raise BadRequest(f"{field} must be a day such as 2026-11-30.", field=field) from None
    if not 1970 <= found.year <= 9000:
        raise BadRequest(f"{field} lies too far away.", field=field)
    return found


def _micros(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY_MICROS


def _between(start: date, end: date) -> Wanted:
    return Wanted(since=_micros(start), until=_micros(end + timedelta(days=1)))


async def _reply(exchange: Exchange, body: Json) -> None:
    await exchange.reply(200, msgspec.json.encode(body))
