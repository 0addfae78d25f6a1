"""What can be set, and what stands where nothing was said."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct


class ConfigError(Exception):
    """A setting that cannot be used: which one, where it stands, and what it should be."""


Port: TypeAlias = Annotated[int, Meta(ge=0, le=65535)]
Count: TypeAlias = Annotated[int, Meta(ge=1)]
Whole: TypeAlias = Annotated[int, Meta(ge=0)]
Seconds: TypeAlias = Annotated[float, Meta(gt=0)]
TeamName: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
Dollars: TypeAlias = Annotated[Decimal, "as text or as a number, both exact"]
Percent: TypeAlias = Annotated[float, Meta(gt=0, le=100)]
Models: TypeAlias = Annotated[tuple[str, ...], Meta(min_length=1, max_length=16)]
Hours: TypeAlias = Annotated[str, Meta(pattern=r"^([01]?[0-9]|2[0-3])-([01]?[0-9]|2[0-4])$")]


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
    written: Dollars | None = None
    written_long: Dollars | None = None
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
    """What one request may spend where the caller sets no cap, how long it may take, and how large
    a prompt may be: of anybody, and of single tenants. Keys and routes may set less."""

    request_cost_usd: Dollars | None = None
    team_cost_usd: Dollars = Decimal("5.00")
    key_cost_usd_per_day: Dollars = Decimal("10.00")
    request_seconds: Seconds = 3600.0
    prompt_tokens: Count | None = None
    tenant_prompt_tokens: dict[str, Count] = {}


class WhenSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which requests an arm of a route is for: all that is said must hold. Names may hold `*`.
    `hours` are those of the day in UTC, from one to another (22-6 is the night)."""

    prompt_tokens_min: Count | None = None
    prompt_tokens_max: Count | None = None
    feature: tuple[str, ...] = ()
    session: tuple[str, ...] = ()
    app: tuple[str, ...] = ()
    tenant: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    dialect: tuple[str, ...] = ()
    metadata: dict[str, str] = {}
    tools: bool | None = None
    images: bool | None = None
    json_schema: bool | None = None
    hours: Hours | None = None


class ArmSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way that a route may go. The first arm in the file that applies answers; `percent` is
    how many of those who come so far it takes. `provider` is OpenRouter's object."""

    models: Models
    when: WhenSettings | None = None
    percent: Percent | None = None
    provider: dict[str, Any] | None = None


class ShadowSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that is asked the same as a route, and that nobody hears. It is paid from a cap of
    its own. What a caller does not want stored goes there only if `unstored` is true."""

    model: str
    day_cost_usd: Dollars = Decimal("1.00")
    max_cost_usd: Dollars | None = None
    percent: Percent = 100.0
    at_once: Count = 4
    request_seconds: Seconds = 600.0
    unstored: bool = False


class RouteSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A route, which callers ask as the model route/NAME. Its `models` answer in this order, unless
    one of its arms applies; `provider` is OpenRouter's object of preferences."""

    models: Models
    description: str = ""
    arms: dict[str, ArmSettings] = {}
    provider: dict[str, Any] | None = None
    max_prompt_tokens: Count | None = None
    max_output_tokens: Count | None = None
    max_cost_usd: Dollars | None = None
    request_seconds: Seconds | None = None
    shadow: ShadowSettings | None = None


class PresetSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model and settings under one name, which callers ask as the model @preset/NAME. What the
    caller says itself goes before, unless the preset is `locked`. Tools, tool_choice,
    response_format and provider are written as in a request to Chat Completions."""

    model: str = ""
    models: tuple[str, ...] = ()
    description: str = ""
    instructions: str = ""
    locked: bool = False
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    max_output_tokens: Count | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    seed: int | None = None
    stop: tuple[str, ...] | None = None
    service_tier: str | None = None
    tools: tuple[dict[str, Any], ...] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, Any] | None = None
    provider: dict[str, Any] | None = None


class CacheSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether answers may be given again to the same question of the same key, how long, and how
    much is kept: of one answer, and for one tenant."""

    enabled: bool = True
    seconds: Annotated[int, Meta(ge=1, le=86_400)] = 300
    answer_kb: Count = 1024
    tenant_mb: Count = 256


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


class RecordSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many days the row of each attempt is kept. Its sums are kept by the day, for ever."""

    days: Count = 90


class MetricsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`open` lets /metrics be read without a key, where only this machine reaches the server."""

    open: bool = False


class OtelSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where traces go by OTLP over HTTP; without an `endpoint` there are none. `headers_env`
    names the variable that holds what the collector wants as headers, as name=value,name=value."""

    endpoint: str | None = None
    service: str = "manymind"
    headers_env: str = "OTEL_EXPORTER_OTLP_HEADERS"


class WebhookSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told of alarms. The secret, whsec_ and base64, is in a variable or a file; of two,
    with a blank between them, both sign. After so many `hours` a notice is given up."""

    urls: tuple[str, ...] = ()
    secret_env: str = "MANYMIND_WEBHOOK_SECRET"  # noqa: S105 # the name of a variable
    secret_file: str | None = None
    hours: Seconds = 72.0


RedactionAction: TypeAlias = Literal["block", "redact", "flag", "off"]


class RedactionRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done with what a rule finds. With a `pattern` it is a rule of the operator's own,
    of a `kind`, which is only tried where the `keyword` stands in a text, if there is one."""

    action: RedactionAction | None = None
    pattern: str | None = None
    kind: Literal["secret", "personal"] = "secret"
    keyword: str = ""


class RedactionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may not leave, nor be written down. `secrets` and `personal` say what is done with
    each kind, `rules` what with a single one. Calls by the keys and the routes of `exempt_keys`
    and `exempt_routes` go out as they are. `key_file` holds the key that placeholders are made
    with, and what is written down is sealed with; without one it is made in the data folder."""

    mode: Literal["off", "on"] = "off"
    secrets: RedactionAction = "redact"
    personal: RedactionAction = "redact"
    exempt_keys: tuple[str, ...] = ()
    exempt_routes: tuple[str, ...] = ()
    key_file: str | None = None
    rules: dict[str, RedactionRule] = {}


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
    alarms: AlarmSettings = AlarmSettings()
    retries: RetrySettings = RetrySettings()
    egress: EgressSettings = EgressSettings()
    store: StoreSettings = StoreSettings()
    redaction: RedactionSettings = RedactionSettings()
    cache: CacheSettings = CacheSettings()
    routes: dict[str, RouteSettings] = {}
    presets: dict[str, PresetSettings] = {}
    records: RecordSettings = RecordSettings()
    metrics: MetricsSettings = MetricsSettings()
    otel: OtelSettings = OtelSettings()
    webhooks: WebhookSettings = WebhookSettings()
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
    redaction_key: str | None = None
