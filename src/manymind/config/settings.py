"""What can be set, and what stands where nothing was said."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct


class ConfigError(Exception):
    """A setting that cannot be used: which one, where it stands, and what it should be."""


Port: TypeAlias = Annotated[int, Meta(ge=0, le=65535)]
Count: TypeAlias = Annotated[int, Meta(ge=1)]
Whole: TypeAlias = Annotated[int, Meta(ge=0)]
Seconds: TypeAlias = Annotated[float, Meta(gt=0)]
Dollars: TypeAlias = Annotated[Decimal, "as text or as a number, both exact"]


class ServerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`hosts` are the names under which the server is called, beside the one it binds to;
    `origins` the web pages that may call it from a browser."""

    host: str = "127.0.0.1"
    port: Port = 8484
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    body_limit_mb: Count = 64
    body_total_mb: Count = 256
    body_seconds: Seconds = 60.0
    heartbeat_seconds: Seconds = 10.0
    drain_seconds: Seconds = 30.0


class CorpusSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Folders and files that questions without documents of their own are answered from."""

    folders: tuple[str, ...] = ()


class TeamSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The models that a team's roles run on; empty means the first that is there."""

    leader: str | None = None
    agent: str | None = None


class PriceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model costs, in dollars for a million tokens, and how large it is, in tokens. A
    model whose longest output is not known fits under no cap unless the request limits it."""

    input: Dollars
    output: Dollars
    cached: Dollars | None = None
    context: Count | None = None
    max_output: Count | None = None


class ProviderSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One upstream. `key_env` names the variable that holds its key, so that no key need stand
    in a file. `dialect` is needed only for a provider that we have no file for. `prices` are by
    the provider's own names of its models; `*` stands for every model not described otherwise.

    `zdr` (zero data retention), `data_collection`, `distillable` and `quantization` are what the
    operator knows of it, for callers who ask for that in `provider`; `region` is for people.
    """

    base_url: str | None = None
    key_env: str | None = None
    key_file: str | None = None
    dialect: str | None = None
    authors: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    prices: dict[str, PriceSettings] = {}
    zdr: bool | None = None
    data_collection: Literal["allow", "deny"] | None = None
    distillable: bool | None = None
    quantization: str | None = None
    region: str | None = None


class LimitSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one request may spend where the caller sets no cap, and how long it may take."""

    request_cost_usd: Dollars | None = None
    team_cost_usd: Dollars = Decimal("5.00")
    key_cost_usd_per_day: Dollars = Decimal("10.00")
    request_seconds: Seconds = 3600.0


class AlarmSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key that within an hour spends more than `spike_factor` times what it usually does, and
    more than the floor, is told of, and with `stop_keys` stopped until somebody opens it again."""

    spike_factor: Count = 10
    spike_floor_usd: Dollars = Decimal("20.00")
    stop_keys: bool = True
class RetrySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often one request is tried: `attempts` in all, in `rounds` over those who may answer.
    `tokens` may be sent again in all, `cost_usd` may be lost on failed attempts, and a prompt
    beyond `giant_tokens` is not sent again where a failure may have been billed. A token is
    counted for each byte where nothing closer is known."""

    attempts: Count = 4
    rounds: Count = 3
    tokens: Whole = 8_000_000
    cost_usd: Dollars = Decimal("1.00")
    giant_tokens: Whole = 400_000
    wait_seconds: Seconds = 30.0


class StoreSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where answers are kept that can be asked for again, and for how many days. Without a
    `url` that is a file in the data folder; with one that begins with postgresql:// many
    servers share them. The URL may hold a password: better set MANYMIND_STORE_URL."""

    url: str | None = None
    days: Count = 30


class EgressSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`allow` opens private hosts by name for addresses that callers or models give."""

    allow: tuple[str, ...] = ()
    ca_file: str | None = None
    http_proxy: str | None = None
    https_proxy: str | None = None
    no_proxy: tuple[str, ...] = ()


class SettingsFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a settings file may hold.

    `ceilings` say, in dollars, what a call may cost at the most where nobody can compute it: by
    `provider/model`, or `provider/model@effort`.
    """

    server: ServerSettings = ServerSettings()
    corpus: CorpusSettings = CorpusSettings()
    team: TeamSettings = TeamSettings()
    limits: LimitSettings = LimitSettings()
    alarms: AlarmSettings = AlarmSettings()
    retries: RetrySettings = RetrySettings()
    egress: EgressSettings = EgressSettings()
    store: StoreSettings = StoreSettings()
    providers: dict[str, ProviderSettings] = {}
    aliases: dict[str, str] = {}
    ceilings: dict[str, Dollars] = {}


class Config(SettingsFile, frozen=True, kw_only=True):
    """All settings. `environment` holds what providers are found by; it is never printed.

    `unread` are settings files that lie in the working directory and that nobody named.
    """

    environment: Mapping[str, str]
    data: Path
    files: tuple[Path, ...] = ()
    unread: tuple[Path, ...] = ()
    key: str | None = None
