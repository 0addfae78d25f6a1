"""The tables, as the newest migration leaves them. Every row has an owner.

Times are microseconds since 1970. What we know the shape of is JSON in bytes, not the
database's own JSON: it holds whatever a stranger's text holds, and is read by nobody but us.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

METADATA = MetaData()

ANSWERS = Table(
    "answers",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("parent", String),
    Column("dialect", String, nullable=False),
    Column("model", String, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("asked", LargeBinary, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("events", LargeBinary),
    Index("answers_by_time", "owner", "dialect", "kept_at", "id"),
    Index("answers_by_age", "kept_at"),
)
"""`asked` are the items that the caller sent; what came before them hangs on `parent`."""

ANSWER_ITEMS = Table(
    "answer_items",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("answer", String, nullable=False),
    Column("asked", Boolean, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
    Index("answer_items_by_answer", "owner", "answer"),
    Index("answer_items_by_age", "kept_at"),
)
"""Where the item of an id lies: in what was `asked` with an answer, or in what it said."""

CONVERSATIONS = Table(
    "conversations",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("metadata", LargeBinary, nullable=False),
)

CONVERSATION_ITEMS = Table(
    "conversation_items",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("conversation", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("id", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("item", LargeBinary, nullable=False),
    Index("conversation_items_by_id", "owner", "conversation", "id", unique=True),
    Index("conversation_items_by_name", "owner", "id"),
)

TENANTS = Table(
    "tenants",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Index("tenants_by_change", "changed_at"),
)
"""Whose rows are whose. A tenant owns itself. It counts as changed when what changed concerns all
of its keys, and when one of them was deleted."""

USERS = Table(
    "users",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

KEYS = Table(
    "keys",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("user", String, nullable=False),
    Column("name", String, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("former_digest", LargeBinary),
    Column("former_until", BigInteger),
    Column("label", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("disabled", Boolean, nullable=False),
    Column("stopped", String),
    Column("rights", LargeBinary, nullable=False),
    Index("keys_by_digest", "digest", unique=True),
    Index("keys_by_former_digest", "former_digest", unique=True),
    Index("keys_by_owner", "owner", "created_at", "id"),
    Index("keys_by_change", "changed_at"),
)
"""`label` is the visible beginning of a key, of which only a digest is kept; after a rotation the
one before may be good for some time, too. `stopped` says why the gate for money lets none of its
calls pass any more. `changed_at` grows with each change of any key, in the order in which changes
become visible: see `store.changing`."""

ACCOUNT_CHANGES = Table(
    "account_changes",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("fields", String, nullable=False),
    Index("account_changes_by_age", "at"),
)
"""Who changed what: the names of the fields, never their values."""

BUDGETS = Table(
    "budgets",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("scope", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("period", String, nullable=False),
    Column("cap", BigInteger, nullable=False),
    Column("alarm_percent", Integer, nullable=False),
    Column("made_by", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("budgets_by_change", "changed_at"),
)
"""What a `scope` (tenant, user, key, route, feature) may use of a `unit` (ticks, tokens, requests)
in a `period` (minute, day, week, month, total)."""

BUDGET_WINDOWS = Table(
    "budget_windows",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("budget", String, primary_key=True),
    Column("begins_at", BigInteger, primary_key=True),
    Column("spent", BigInteger, nullable=False),
    Column("leased", BigInteger, nullable=False),
    Column("alarmed", Boolean, nullable=False),
)
"""What was used of a budget in one period, and what is lent to running servers."""

BUDGET_LEASES = Table(
    "budget_leases",
    METADATA,
    Column("holder", String, primary_key=True),
    Column("owner", String, primary_key=True),
    Column("budget", String, primary_key=True),
    Column("begins_at", BigInteger, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("recalled", Boolean, nullable=False),
    Index("budget_leases_by_budget", "owner", "budget", "begins_at"),
)
"""The slice of a budget that one server may spend without asking; `recalled` asks for what it
does not need."""

LEASE_HOLDERS = Table(
    "lease_holders",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("holder", String, primary_key=True),
    Column("beats", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),
)
"""Running servers. Each counts on for as long as it lives, and says which batch of its rows it
wrote last. Nobody's clock is asked: who does not count on while another looks is dead."""

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("request", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("user", String, nullable=False),
    Column("api_key", String, nullable=False),
    Column("route", String, nullable=False),
    Column("arm", String, nullable=False),
    Column("feature", String, nullable=False),
    Column("session", String, nullable=False),
    Column("app", String, nullable=False),
    Column("app_title", String, nullable=False),
    Column("dialect", String, nullable=False),
    Column("streamed", Boolean, nullable=False),
    Column("requested", String, nullable=False),
    Column("slug", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("offer", String, nullable=False),
    Column("served", String),
    Column("outcome", String, nullable=False),
    Column("finish", String),
    Column("native_finish", String),
    Column("dropped", LargeBinary),
    Column("micros", BigInteger, nullable=False),
    Column("first_micros", BigInteger),
    Column("reserved", BigInteger, nullable=False),
    Column("ticks", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("basis", String, nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("written_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("tools", LargeBinary),
    Column("lines", LargeBinary),
    Column("budget", String),
    Column("reply", String),
    Index("attempts_by_time", "owner", "at"),
    Index("attempts_by_key", "owner", "api_key", "at"),
    Index("attempts_by_model", "slug", "at"),
    Index("attempts_by_age", "at"),
    Index("attempts_by_reply", "reply", "owner"),
    Index("attempts_by_request", "request"),
)
"""The ledger: one row for each try at an offer, and for each priced call of a tool. `key` is the
desk's. `micros` and `first_micros` are microseconds; `flagged` says that more was charged than
reserved, and `lines` how the cost was reckoned. `ticks` and `tokens` are what budgets were charged.
`at` is in microseconds since 1970, and `reply` is what the provider called its answer.

A row with a `budget` is no attempt: it holds in `reserved` what a server that died had borrowed of
that budget, in the budget's own unit, and counts for nothing else. While its outcome is `unknown`
that stays charged, until somebody says what it cost."""

REPEATS = Table(
    "repeats",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("api_key", String, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("offer", String, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("events", LargeBinary, nullable=False),
    Index("repeats_by_time", "owner", "kept_at"),
    Index("repeats_by_end", "ends_at"),
)
"""Answers that a key is given again for the same question, of which only a digest is kept."""

ATTEMPT_DAYS = Table(
    "attempt_days",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("slug", String, primary_key=True),
    Column("provider", String, primary_key=True),
    Column("user", String, primary_key=True),
    Column("api_key", String, primary_key=True),
    Column("route", String, primary_key=True),
    Column("arm", String, primary_key=True),
    Column("feature", String, primary_key=True),
    Column("app", String, primary_key=True),
    Column("app_title", String, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("completed", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("limited", BigInteger, nullable=False),
    Column("ticks", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("written_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Index("attempt_days_by_day", "day"),
)
"""What stays of attempts that were deleted: their sums, by the number of the day since 1970."""

WEBHOOK_OUTBOX = Table(
    "webhook_outbox",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("endpoint", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("said", String),
    Column("body", LargeBinary, nullable=False),
    Index("webhook_outbox_by_due", "state", "due_at"),
)
"""What is to be told by webhook, once for each endpoint, which is named by a digest of its URL.
`state` is waiting, told or given_up; `said` is what came of the last try."""
