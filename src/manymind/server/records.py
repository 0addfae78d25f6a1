"""Our own pages about records: sums told apart in any way, and the rows behind them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable

import msgspec

from manymind.canon.faults import BadRequest, Forbidden, NotFound
from manymind.canon.values import Json
from manymind.policy.keys import Caller
from manymind.server import record_forms
from manymind.server.activity import Named, at_once
from manymind.server.exchange import Exchange
from manymind.server.paging import Query, query
from manymind.server.record_forms import csv_rows
from manymind.server.routes import Captured, Needs, Page, Route
from manymind.server.seeing import dimensions, known, moment, period, wanted, whose
from manymind.server.stream import until_hang_up
from manymind.store.attempt_rows import AttemptRow
from manymind.store.facts import SECOND_MICROS, Whose
from manymind.store.reports import LINES_MAX, Cursor, Reports, place
from manymind.store.retention import Retention

MANAGED, OWN = "/v1/manage", "/v1"
LOGS_MAX = 500
EXPORTED_BYTES = 64 * 1024
"""So much of an export is gathered before it goes out."""

_FILTERS = (
    *("since", "until", "model", "provider", "key", "user", "feature", "app", "route"),
    *("arm", "outcome"),
)
_CURSOR = msgspec.json.Decoder(tuple[int, str, str])


class Records:
    """`now` tells the seconds since 1970; see `Activity` for `settled`. What a key that manages
    sees under `/v1/manage`, one that asks models sees of itself under `/v1`."""

    def __init__(
        self,
        reports: Reports,
        retention: Retention,
        now: Callable[[], float],
        settled: Named = at_once,
    ) -> None:
        self._reports = reports
        self._retention = retention
        self._now = now
        self._settled = settled

    def routes(self) -> tuple[Route, ...]:
        pages: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/usage", self.usage),
            ("GET", "/logs", self.logs),
            ("GET", "/logs/{id}", self.log),
        )
        both: tuple[tuple[str, Needs], ...] = ((MANAGED, "manage"), (OWN, "any"))
        return (
            *(
                Route(method=method, path=prefix + path, page=page, needs=needs)
                for prefix, needs in both
                for method, path, page in pages
            ),
            Route(method="DELETE", path=f"{MANAGED}/logs", page=self.forget, needs="manage"),
        )

    async def usage(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        asked = query(exchange)
        known(asked, *_FILTERS[:-1], "by", "period", "limit", "offset", "format")
        mine, which = whose(caller), wanted(asked, self._now())
        by, each = dimensions(asked), period(asked)
        await self._settled()
        lines = await self._reports.usage(
            mine,
            which,
            by=by,
            period=each,
            limit=asked.whole("limit", 1, LINES_MAX) or 1000,
            offset=asked.whole("offset", 0, 10**9) or 0,
        )
        data = [record_forms.usage(line, by, each) for line in lines]
        if _form(asked, "json", "csv") == "csv":
            head = list(data[0]) if data else [*by]
            await _csv(exchange, csv_rows([head, *(line.values() for line in data)]))
            return
        total = record_forms.sums(await self._reports.total(mine, which))
        body: Json = {"object": "list", "data": data, "total": total}
        await exchange.reply(200, msgspec.json.encode(body))

    async def logs(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        asked = query(exchange)
        known(asked, *_FILTERS, "limit", "after", "format")
        mine, which = whose(caller), wanted(asked, self._now())
        await self._settled()
        form = _form(asked, "json", "ndjson", "csv")
        paged = next((name for name in ("limit", "after") if asked.one(name) is not None), None)
        if form != "json" and paged is not None:
            raise BadRequest(
                f"An export has no pages, and so no {paged}.",
                advice="Narrow it with since and until.",
                field=paged,
            )
        if form != "json":
            await _export(exchange, form, self._reports.export(mine, which))
            return
        limit = asked.whole("limit", 1, LOGS_MAX) or 50
        after = _place(asked)
        rows = await self._reports.logs(mine, which, after=after, limit=limit + 1)
        shown = rows[:limit]
        body: Json = {
            "object": "list",
            "data": list(map(record_forms.attempt, shown)),
            "has_more": len(rows) > limit,
            "next": _token(place(shown[-1])) if len(rows) > limit else None,
        }
        await exchange.reply(200, msgspec.json.encode(body))

    async def log(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        """One request with all its attempts."""
        await self._settled()
        mine = whose(caller)
        rows = await self._reports.generation(mine, captured["id"])
        if not rows:
            raise NotFound("No request of yours goes by this id.")
        spent = await self._reports.spent(mine, rows[0].request)
        body = record_forms.generation(captured["id"], rows, spent)
        await exchange.reply(200, msgspec.json.encode(body))

    async def forget(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        """Deletes rows by age. Their sums stay, so that no total changes."""
        mine, asked = whose(caller), query(exchange)
        known(asked, "before", "tenant")
        before = moment(asked, "before", self._now())
        if before is None:
            raise BadRequest(
                "Which records are to go is not said.",
                advice="Send ?before=90d, or a day.",
                field="before",
            )
        tenant = asked.one("tenant")
        if tenant is not None and tenant != mine.tenant:
            if not caller.operates:
                raise Forbidden("These are not your records.", field="tenant")
            mine = Whose(tenant=tenant)
        gone = await self._retention.forget(mine, min(before, int(self._now() * SECOND_MICROS)))
        await exchange.reply(200, msgspec.json.encode({"object": "records", "deleted": gone}))


async def _export(exchange: Exchange, form: str, rows: AsyncIterator[AttemptRow]) -> None:
    """All rows, as they come out of the database."""

    async def send() -> None:
        kind = "text/csv; charset=utf-8" if form == "csv" else "application/x-ndjson"
        await exchange.start(200, [("content-type", kind), ("cache-control", "no-store")])
        pieces = [csv_rows([_COLUMNS])] if form == "csv" else []
        size = 0
        async for row in rows:
            piece = _written(row, form)
            pieces.append(piece)
            size += len(piece)
            if size > EXPORTED_BYTES:
                await exchange.send(b"".join(pieces))
                pieces, size = [], 0
        if pieces:
            await exchange.send(b"".join(pieces))
        await exchange.send(b"", more=False)

    await until_hang_up(exchange, send)


_COLUMNS = (
    *("at", "owner", "request", "key", "number", "user", "api_key", "route", "arm"),
    *("feature", "session"),
    *(
        "app",
        "app_title",
        "dialect",
        "streamed",
        "requested",
        "slug",
        "provider",
        "offer",
        "served",
    ),
    *("outcome", "finish", "native_finish", "dropped", "seconds", "first_word_seconds"),
    *(
        "reserved",
        "ticks",
        "cost_usd",
        "basis",
        "flagged",
        "estimated",
        "input_tokens",
        "cached_tokens",
    ),
    *("written_tokens", "output_tokens", "reasoning_tokens", "tools", "lines", "reply"),
)


def _written(row: AttemptRow, form: str) -> bytes:
    told = record_forms.attempt(row)
    if form == "ndjson":
        return msgspec.json.encode(told) + b"\n"
    return csv_rows([[_flat(told[name]) for name in _COLUMNS]])


def _flat(value: object) -> object:
    """A value for one cell."""
    if isinstance(value, dict | list | tuple):
        return msgspec.json.encode(value).decode() if value else ""
    return value


async def _csv(exchange: Exchange, body: bytes) -> None:
    await exchange.reply(200, body, "text/csv; charset=utf-8")


def _form(asked: Query, *forms: str) -> str:
    given = asked.one("format")
    form = forms[0] if given is None else given
    if form not in forms:
        raise BadRequest(f"format must be one of {', '.join(forms)}.", field="format")
    return form


def _token(at: Cursor) -> str:
    return urlsafe_b64encode(msgspec.json.encode((at.at, at.request, at.key))).decode().rstrip("=")


def _place(asked: Query) -> Cursor | None:
    said = asked.one("after")
    if said is None:
        return None
    try:
        at, request, key = _CURSOR.decode(urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    except (ValueError, msgspec.MsgspecError):
        raise BadRequest("after is no place that a page gave.", field="after") from None
    if not 0 <= at < 2**62 or "\0" in request + key:
        raise BadRequest("after is no place that a page gave.", field="after")
    return Cursor(at, request, key)
