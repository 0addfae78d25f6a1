"""Accounts, budgets and the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_TABLES = (
    "attempts",
    "lease_holders",
    "budget_leases",
    "budget_windows",
    "budgets",
    "keys",
    "users",
    "tenants",
)


def upgrade() -> None:
    _accounts()
    _budgets()
    _ledger()


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)


def _accounts() -> None:
    tenants = op.create_table(
        "tenants",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
    )
    op.create_index("tenants_by_change", "tenants", ["changed_at"])
    operator = {"owner": "owner", "name": "Operator", "disabled": False}
    op.bulk_insert(tenants, [{**operator, "created_at": 0, "changed_at": 0}])

    op.create_table(
        "users",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
    )

    op.create_table(
        "keys",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("user", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("former_digest", sa.LargeBinary),
        sa.Column("former_until", sa.BigInteger),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("stopped", sa.String),
        sa.Column("rights", sa.LargeBinary, nullable=False),
    )
    op.create_index("keys_by_digest", "keys", ["digest"], unique=True)
    op.create_index("keys_by_former_digest", "keys", ["former_digest"], unique=True)
    op.create_index("keys_by_owner", "keys", ["owner", "created_at", "id"])
    op.create_index("keys_by_change", "keys", ["changed_at"])


def _budgets() -> None:
    op.create_table(
        "budgets",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("unit", sa.String, nullable=False),
        sa.Column("period", sa.String, nullable=False),
        sa.Column("cap", sa.BigInteger, nullable=False),
        sa.Column("alarm_percent", sa.Integer, nullable=False),
        sa.Column("made_by", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("budgets_by_change", "budgets", ["changed_at"])
    op.create_table(
        "budget_windows",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("budget", sa.String, primary_key=True),
        sa.Column("begins_at", sa.BigInteger, primary_key=True),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.Column("leased", sa.BigInteger, nullable=False),
        sa.Column("alarmed", sa.Boolean, nullable=False),
    )

    op.create_table(
        "budget_leases",
        sa.Column("holder", sa.String, primary_key=True),
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("budget", sa.String, primary_key=True),
        sa.Column("begins_at", sa.BigInteger, primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("recalled", sa.Boolean, nullable=False),
    )
    op.create_index("budget_leases_by_budget", "budget_leases", ["owner", "budget", "begins_at"])
    op.create_table(
        "lease_holders",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("holder", sa.String, primary_key=True),
        sa.Column("beats", sa.BigInteger, nullable=False),
        sa.Column("batch", sa.BigInteger, nullable=False),
    )


def _ledger() -> None:
    op.create_table(
        "attempts",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("request", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("user", sa.String, nullable=False),
        sa.Column("api_key", sa.String, nullable=False),
        sa.Column("route", sa.String, nullable=False),
        sa.Column("arm", sa.String, nullable=False),
        sa.Column("feature", sa.String, nullable=False),
        sa.Column("session", sa.String, nullable=False),
        sa.Column("app", sa.String, nullable=False),
        sa.Column("app_title", sa.String, nullable=False),
        sa.Column("dialect", sa.String, nullable=False),
        sa.Column("streamed", sa.Boolean, nullable=False),
        sa.Column("requested", sa.String, nullable=False),
        sa.Column("slug", sa.String, nullable=False),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("offer", sa.String, nullable=False),
        sa.Column("served", sa.String),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("finish", sa.String),
        sa.Column("native_finish", sa.String),
        sa.Column("dropped", sa.LargeBinary),
        sa.Column("micros", sa.BigInteger, nullable=False),
        sa.Column("first_micros", sa.BigInteger),
        sa.Column("reserved", sa.BigInteger, nullable=False),
        sa.Column("ticks", sa.BigInteger, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("basis", sa.String, nullable=False),
        sa.Column("flagged", sa.Boolean, nullable=False),
        sa.Column("estimated", sa.Boolean, nullable=False),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("cached_tokens", sa.BigInteger, nullable=False),
        sa.Column("written_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("reasoning_tokens", sa.BigInteger, nullable=False),
        sa.Column("tools", sa.LargeBinary),
        sa.Column("lines", sa.LargeBinary),
        sa.Column("budget", sa.String),
    )
    op.create_index("attempts_by_time", "attempts", ["owner", "at"])
    op.create_index("attempts_by_key", "attempts", ["owner", "api_key", "at"])
    op.create_index("attempts_by_model", "attempts", ["slug", "at"])
    op.create_index("attempts_by_age", "attempts", ["at"])
