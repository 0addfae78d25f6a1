"""What is counted, traced, told and kept of attempts, and those who show it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from random import random
from uuid import uuid4

from manymind import __version__
from manymind.app.stored import Part
from manymind.canon.attempts import Attempt
from manymind.canon.faults import Fault, StoreFailed
from manymind.canon.notices import Tell
from manymind.canon.ports import Clock
from manymind.catalog.catalogue import Catalogue
from manymind.config import Config, ConfigError, webhook_secret
from manymind.egress.otlp import NotInstalled, Traces, TraceTo
from manymind.egress.proxies import read_address
from manymind.egress.trusted import Trusted
from manymind.ledger.keeper import Keeper
from manymind.server.activity import Activity, Named, at_once
from manymind.server.admission import Admission
from manymind.server.door import Application, Watch
from manymind.server.exchange import Exchange
from manymind.server.guard import is_loopback
from manymind.server.metrics import Counting, Metrics
from manymind.server.metrics_page import MetricsPage
from manymind.server.records import Records
from manymind.store.database import Database
from manymind.store.endpoint_figures import EndpointFigures, Figures
from manymind.store.rankings import Rankings
from manymind.store.reports import Reports
from manymind.store.retention import Retention
from manymind.store.webhook_outbox import WebhookOutbox
from manymind.webhooks import BadSecret, Endpoint, Webhooks, keys

log = logging.getLogger("manymind.records")
attempts_log = logging.getLogger("manymind.attempts")

SWEEP_SECONDS = 3600.0
FIGURES_SECONDS = 10.0
"""So long is not asked again how the providers of a model do."""
FIGURES_MAX = 256
FAREWELL_SECONDS = 3.0
"""So long the end of the server waits until what is to be told is written down."""


class Recorded:
    """`start` begins what goes on by itself; whoever only asks once needs none of it."""

    def __init__(
        self,
        config: Config,
        database: Database,
        client: Trusted,
        catalogue: Catalogue,
        clock: Clock,
    ) -> None:
        self._settled: Named = at_once
        self._config = config
        self._clock = clock
        self._client = client
        self._database = database
        self.reports = Reports(database)
        self._rankings = Rankings(database)
        self._retention = Retention(database)
        self._figures = EndpointFigures(database)
        self._outbox = WebhookOutbox(database)
        self.metrics = Metrics(lambda offer: catalogue.offer(offer).known)
        self._traces = _traces(config, clock)
        self._webhooks = _webhooks(config, self._outbox, client, clock)
        self._seen: dict[str, tuple[float, Mapping[str, Figures]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        if config.metrics.open and not is_loopback(config.server.host):
            raise ConfigError(
                "metrics.open would show /metrics to everybody who reaches "
                f"{config.server.host}. Leave it out, and scrape with a management key."
            )

    @property
    def tell(self) -> Tell:
        """Takes notices for the operator's webhooks."""
        return self._webhooks.tell

    def attempted(self, attempt: Attempt) -> None:
        """Hears of each attempt that was settled."""
        self.metrics.attempted(attempt)
        if self._traces is not None:
            self._traces.attempted(attempt)
        if attempts_log.isEnabledFor(logging.INFO):
            _log(attempt)

    def follow(self, keeper: Keeper) -> None:
        """Who writes the rows that are shown here."""
        self._settled = keeper.settled
        told = "Rows of the ledger that wait to be written."
        self.metrics.gauge("manymind_ledger_rows_waiting", told, lambda: keeper.waiting)

    def follow_redaction(self, counted: Counting) -> None:
        """What is found at the exits: by the name of the rule and its action, never what it was."""
        told = "What redaction has found."
        self.metrics.tally("manymind_redactions_total", told, ("rule", "action"), counted)

    def look_at(self, application: Application, room: Admission) -> None:
        """Shows how full the house is."""
        gauge = self.metrics.gauge
        gauge("manymind_connections", "Open connections.", lambda: len(application.connections))
        sockets = self._client.open_sockets
        gauge("manymind_upstream_connections", "Open sockets to providers.", sockets)
        gauge("manymind_bodies_bytes", "Bytes of bodies that are held.", lambda: room.held)
        gauge(
            "manymind_webhooks_unwritten",
            "Notices that wait for the database.",
            lambda: self._webhooks.unwritten,
        )

    def watches(self) -> tuple[Watch, ...]:
        counting = _Counting(self.metrics)
        return (counting,) if self._traces is None else (counting, _Tracing(self._traces))

    def pages(self) -> tuple[Part, ...]:
        now, settled = self._clock.today, self._settled
        return (
            Activity(self.reports, self._rankings, now, settled),
            Records(self.reports, self._retention, now, settled),
            MetricsPage(self.metrics.text, open=self._config.metrics.open),
        )

    async def measured(self, model: str) -> Mapping[str, Figures]:
        """How the offers of a model have done of late. A list is still shown without it."""
        if not self._database.opened:
            return {}
        now = self._clock.now()
        seen = self._seen.get(model)
        if seen is not None and now - seen[0] < FIGURES_SECONDS:
            return seen[1]
        try:
            figures = await self._figures.of(model, self._clock.today())
        except StoreFailed:
            return {}
        if len(self._seen) >= FIGURES_MAX:
            self._seen.clear()
        self._seen[model] = now, figures
        return figures

    def start(self) -> None:
        self._tasks.append(asyncio.create_task(self._sweeping()))
        if self._config.webhooks.urls:
            self._tasks.append(asyncio.create_task(self._webhooks.run()))

    async def aclose(self) -> None:
        """To be called before the database is closed."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        with suppress(Fault, TimeoutError):
            await asyncio.wait_for(self._webhooks.write_down(), FAREWELL_SECONDS)
        if self._traces is not None:
            await asyncio.to_thread(self._traces.close)

    async def _sweeping(self) -> None:
        while True:
            await _tried(self._sweep)
            await self._clock.sleep(SWEEP_SECONDS)

    async def _sweep(self) -> None:
        now, days = self._clock.today(), self._config.records.days
        gone = await self._retention.sweep(now, days)
        if gone:
            log.info("%d records older than %d days were deleted", gone, days)
        await self._outbox.forget(now - days * 86_400)


async def _tried(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except StoreFailed as fault:
        log.warning("old records wait: %s", fault.code)


class _Counting:
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def began(self, exchange: Exchange) -> None:
        self._metrics.began()

    def ended(self, exchange: Exchange, place: str, seconds: float) -> None:
        self._metrics.ended(exchange.method, place, exchange.outcome, seconds)


class _Tracing:
    def __init__(self, traces: Traces) -> None:
        self._traces = traces

    def began(self, exchange: Exchange) -> None:
        parent: str | None = None
        if exchange.has_header("traceparent"):
            with suppress(Fault):
                parent = exchange.header("traceparent")
        self._traces.began(exchange.request_id, parent)

    def ended(self, exchange: Exchange, place: str, seconds: float) -> None:
        method = exchange.method[:20]
        self._traces.ended(exchange.request_id, method, place, exchange.outcome, seconds)


def _log(attempt: Attempt) -> None:
    """Ids, counts, times and outcomes, and no more. What a caller calls a model stays out of it:
    the offer is named by its provider, and by its model where the ledger is read."""
    bill, usage = attempt.bill, attempt.bill.usage
    tokens_in = 0 if usage is None else usage.input_tokens
    tokens_out = 0 if usage is None else usage.output_tokens
    attempts_log.info(
        "attempt %d at %s %s in %.3f s, %d + %d tokens, %d ticks (%s)",
        attempt.number,
        attempt.provider,
        attempt.outcome,
        attempt.seconds,
        tokens_in,
        tokens_out,
        bill.ticks,
        attempt.origin.request,
        extra={
            "told": {
                "request": attempt.origin.request,
                "attempt": attempt.number,
                "provider": attempt.provider,
                "outcome": attempt.outcome,
                "seconds": round(attempt.seconds, 6),
                "first_word_seconds": attempt.first_word_seconds,
                "input_tokens": tokens_in,
                "output_tokens": tokens_out,
                "ticks": bill.ticks,
                "basis": bill.basis,
            }
        },
    )


def _traces(config: Config, clock: Clock) -> Traces | None:
    settings = config.otel
    if settings.endpoint is None:
        return None
    try:
        read_address(settings.endpoint)
    except Fault:
        raise ConfigError("otel.endpoint is no http or https address.") from None
    said = config.environment.get(settings.headers_env, "")
    pairs = (pair.partition("=") for pair in said.split(",") if "=" in pair)
    headers = {name.strip(): value.strip() for name, _, value in pairs}
    try:
        to = TraceTo(
            endpoint=settings.endpoint,
            service=settings.service,
            version=__version__,
            headers=headers,
        )
        return Traces(to, clock.today)
    except NotInstalled:
        raise ConfigError(
            "otel.endpoint is set, and OpenTelemetry is not installed. "
            "Install it with: pip install 'manymind[otel]'."
        ) from None


def _webhooks(config: Config, outbox: WebhookOutbox, client: Trusted, clock: Clock) -> Webhooks:
    settings = config.webhooks
    endpoints: list[Endpoint] = []
    if settings.urls:
        secret = webhook_secret(config)
        if secret is None:
            raise ConfigError(
                f"webhooks.urls are set, and no secret to sign with. Set {settings.secret_env}, "
                "or webhooks.secret_file."
            )
        try:
            signing = keys(secret)
        except BadSecret as error:
            raise ConfigError(f"The secret of webhooks is none: {error}") from None
        for number, url in enumerate(settings.urls):
            try:
                read_address(url)
            except Fault:
                raise ConfigError(f"webhooks.urls[{number}] is no http or https address.") from None
            endpoints.append(Endpoint(url, signing))
    return Webhooks(
        outbox,
        client,
        clock,
        endpoints,
        hours=settings.hours,
        new_id=lambda: uuid4().hex,
        chance=random,
    )
