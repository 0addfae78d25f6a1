"""What `manymind tokens` finds, and how it is shown."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from manymind.app.stock import described
from manymind.app.upstreams import outgoing
from manymind.canon.faults import BadRequest, Unauthorized, UpstreamBroken
from manymind.catalog.sellers import SELLERS
from manymind.cli.columns import print_columns
from manymind.cli.pricing import offer_of
from manymind.cli.reading import texts
from manymind.config import Config
from manymind.tokens.counter import Basis, Counter
from manymind.tokens.drift import Drift

_REPLY_BYTES_MAX = 4 * 1024 * 1024


class Row(Struct, frozen=True, kw_only=True):
    file: str
    model: str
    tokens: int
    basis: Basis


class _Listed(Struct):
    data: tuple[Drift, ...]


def rows(files: Sequence[Path], models: tuple[str, ...], config: Config) -> list[Row]:
    """The tokens of each file for each model."""
    catalogue, counter = described(config), Counter()
    providers = tuple(dict.fromkeys([*config.providers, *(seller.name for seller in SELLERS)]))
    offers = [offer_of(catalogue, name, providers) for name in models]
    found: list[Row] = []
    for name, text in texts(files):
        for offer in offers:
            counted = counter.text_now(offer.key, offer.slug, text)
            found.append(
                Row(file=name, model=offer.slug, tokens=counted.tokens, basis=counted.basis)
            )
    return found


def print_table(found: list[Row]) -> None:
    """A line for each file and a column for each model; with several files also their sum."""
    models = list(dict.fromkeys(row.model for row in found))
    files = list(dict.fromkeys(row.file for row in found))
    by_place = {(row.file, row.model): row for row in found}
    table = [("file", *models)]
    for file in files:
        cells = (by_place[file, model] for model in models)
        table.append((file, *(_shown(row.tokens, row.basis) for row in cells)))
    if len(files) > 1:
        sums = ([by_place[file, model] for file in files] for model in models)
        table.append(("all", *(_sum(rows) for rows in sums)))
    print_columns(table, left=1)
    if any(row.basis == "estimate" for row in found):
        print("~ is an estimate, about the most that it can be.")


def print_json(found: list[Row]) -> None:
    print(msgspec.json.encode({"schema_version": 1, "rows": found}).decode())


async def drift(config: Config, server: str | None) -> tuple[Drift, ...]:
    """What the running server has learnt of its counts."""
    host = f"[{config.server.host}]" if ":" in config.server.host else config.server.host
    base = (server or f"http://{host}:{config.server.port}").rstrip("/")
    headers = {"accept": "application/json"}
    if config.key is not None:
        headers["authorization"] = f"Bearer {config.key}"
    if not base.startswith(("http://", "https://")):
        raise BadRequest(
            "--server is no http or https address.", advice="Write it as http://127.0.0.1:8484."
        )
    client = outgoing(config)
    try:
        async with client.get(
            f"{base}/api/v1/tokens/drift", headers=headers, deadline_seconds=10.0
        ) as reply:
            if reply.status == 401:
                raise Unauthorized(f"{base} wants a key.", advice="Set MANYMIND_API_KEY.")
            body = await reply.read(_REPLY_BYTES_MAX)
            return msgspec.json.decode(body, type=_Listed).data
    except UpstreamBroken as fault:
        raise UpstreamBroken(
            fault.message, advice="Start it with manymind serve, or name it with --server."
        ) from None
    except (msgspec.MsgspecError, UnicodeError):
        raise UpstreamBroken(
            f"{base} does not answer as a Manymind server would.", advice="Name it with --server."
        ) from None
    finally:
        await client.aclose()


def print_drift(told: tuple[Drift, ...]) -> None:
    if not told:
        print("Nothing was compared yet: the server begins once somebody has counted.")
        return
    lines = (
        (each.model, str(each.samples), *(f"{ratio:.3f}" for ratio in _ratios(each)))
        for each in told
    )
    print_columns([("model", "samples", "least", "mean", "most"), *lines], left=1)


def print_drift_json(told: tuple[Drift, ...]) -> None:
    print(msgspec.json.encode({"schema_version": 1, "drift": told}).decode())


def _ratios(each: Drift) -> tuple[float, float, float]:
    return each.least, each.mean, each.most


def _sum(found: list[Row]) -> str:
    sure = all(row.basis == "exact" for row in found)
    return _shown(sum(row.tokens for row in found), "exact" if sure else "estimate")


def _shown(tokens: int, basis: Basis) -> str:
    return f"{'~' if basis == 'estimate' else ''}{tokens:,}"
