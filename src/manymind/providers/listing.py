"""What models an upstream has, by its own account."""

from typing import cast

import msgspec
from msgspec import Struct

from manymind.canon.faults import Fault, UpstreamBroken, UpstreamRefused
from manymind.egress.reply import Patience
from manymind.egress.trusted import Trusted
from manymind.providers.upstream import Settings, Upstream, greeting, locate

LIST_SECONDS = 20.0
_LIST_BYTES_MAX = 32 * 1024 * 1024
_QUICK = Patience(first_byte_seconds=LIST_SECONDS, idle_seconds=5.0)
_WINDOWS = ("context_length", "max_model_len", "max_input_tokens", "context_window")


class Listed(Struct, frozen=True, kw_only=True):
    """A model as its provider lists it; `window` is in tokens, None where it does not say."""

    id: str
    name: str | None = None
    window: int | None = None


async def models(upstream: Upstream, settings: Settings, client: Trusted) -> tuple[Listed, ...]:
    """The models that the upstream offers to this key, as it lists them."""
    if upstream.listing is None:
        return ()
    url = locate(upstream, settings.base_url) + upstream.listing
    try:
        async with client.get(
            url,
            headers={**greeting(upstream, settings), "accept": "application/json"},
            deadline_seconds=LIST_SECONDS,
            patience=_QUICK,
        ) as reply:
            if reply.status in (401, 403):
                raise UpstreamRefused(
                    f"{upstream.name} does not accept our key.",
                    advice="Check " + _variables(upstream) + ".",
                )
            if reply.status != 200:
                raise UpstreamBroken(
                    f"{upstream.name} answered with status {reply.status} instead of its models.",
                    advice="Check the provider's base URL.",
                )
            return _read(upstream.name, await reply.read(_LIST_BYTES_MAX))
    except Fault as fault:
        fault.upstream = upstream.name
        raise


def _read(name: str, body: bytes) -> tuple[Listed, ...]:
    try:
        entries = msgspec.json.decode(body, type=_List).data
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise UpstreamBroken(
            f"{name} answered with something that is not a list of models.",
            advice="Check the provider's base URL.",
        ) from None
    return tuple(_entry(entry) for entry in entries if isinstance(entry.get("id"), str))


class _List(Struct):
    data: list[dict[str, object]]


def _entry(entry: dict[str, object]) -> Listed:
    names = (entry.get("display_name"), entry.get("name"))
    windows = (entry.get(field) for field in _WINDOWS)
    return Listed(
        id=cast("str", entry["id"]),
        name=next((name for name in names if isinstance(name, str)), None),
        window=next((window for window in windows if type(window) is int and window > 0), None),
    )


def _variables(upstream: Upstream) -> str:
    return " or ".join(credential.variable for credential in upstream.credentials) or "its key"
