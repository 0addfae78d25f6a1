"""Spans as a collector reads them."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.flows.receiver import Posted


class Span(Struct, frozen=True, kw_only=True):
    name: str
    trace: str
    id: str
    parent: str
    kind: int
    seconds: float
    failed: bool
    said: dict[str, Any]


def spans(posts: Iterable[Posted]) -> list[Span]:
    found: list[Span] = []
    for post in posts:
        request = ExportTraceServiceRequest.FromString(post.body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    found.append(
                        Span(
                            name=span.name,
                            trace=span.trace_id.hex(),
                            id=span.span_id.hex(),
                            parent=span.parent_span_id.hex(),
                            kind=span.kind,
                            seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                            failed=span.status.code == 2,
                            said={each.key: _value(each.value) for each in span.attributes},
                        )
                    )
    return found


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind)
