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
Seconds: TypeAlias = Annotated[float, Meta(gt=0)]
TeamName: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
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
    """The models that a team's roles run on; empty means the first that is there. `reader` is
    the agents' model where documents are read through, and `verifier` judges whether quotes
    support their claims: best another house's model; without one nobody judges. `unsupported`
    says what is done with claims that are not supported, unless the request does."""

    leader: str | None = None
    agent: str | None = None
    reader: str | None = None
    verifier: str | None = None
    unsupported: Literal["mark", "drop"] = "mark"


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
    """

    base_url: str | None = None
    key_env: str | None = None
    key_file: str | None = None
    dialect: str | None = None
    authors: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    prices: dict[str, PriceSettings] = {}


class LimitSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one request may spend where the caller sets no cap, and how long it may take."""

    request_cost_usd: Dollars | None = None
    team_cost_usd: Dollars = Decimal("5.00")
    request_seconds: Seconds = 3600.0


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
    `provider/model`, or `provider/model@effort`. Each of `teams` is a model of its own,
    `manymind/team-NAME`; a role that it leaves out is that of `team`.
    """

    server: ServerSettings = ServerSettings()
    corpus: CorpusSettings = CorpusSettings()
    team: TeamSettings = TeamSettings()
    teams: dict[TeamName, TeamSettings] = {}
    limits: LimitSettings = LimitSettings()
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
