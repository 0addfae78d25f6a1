"""OpenTelemetry's own exporter. Only `otlp` loads this module, and only where traces are wanted."""

from opentelemetry import trace as api
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from manymind.egress.otlp import Sender, Told, TraceTo

REPLY_SECONDS = 10
FLUSH_MILLISECONDS = 3000


class _Ids(IdGenerator):
    """Gives a span the number that was settled for it, by which others may know it already."""

    def __init__(self) -> None:
        self.trace = 1
        self.span = 1

    def generate_trace_id(self) -> int:
        return self.trace

    def generate_span_id(self) -> int:
        return self.span


class SdkSender(Sender):
    def __init__(self, to: TraceTo) -> None:
        self._ids = _Ids()
        resource = Resource.create({"service.name": to.service, "service.version": to.version})
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=resource,
            id_generator=self._ids,
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(
            endpoint=to.endpoint, headers=dict(to.headers), timeout=REPLY_SECONDS
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("manymind", to.version)

    def send(self, told: Told) -> None:
        self._ids.trace, self._ids.span = told.trace, told.id
        above: api.Span = api.INVALID_SPAN
        if told.parent is not None:
            flags = api.TraceFlags(api.TraceFlags.SAMPLED)
            context = api.SpanContext(told.trace, told.parent, is_remote=True, trace_flags=flags)
            above = api.NonRecordingSpan(context)
        span = self._tracer.start_span(
            told.name,
            context=api.set_span_in_context(above),
            kind=api.SpanKind[told.kind],
            attributes=told.said,
            start_time=int(told.begun * 1e9),
        )
        if told.failed is not None:
            span.set_attribute("error.type", told.failed)
            span.set_status(api.StatusCode.ERROR)
        span.end(end_time=int(told.ended * 1e9))

    def close(self) -> None:
        self._provider.force_flush(FLUSH_MILLISECONDS)
        self._provider.shutdown()
