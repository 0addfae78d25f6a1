"""Attempts by their reply's id, what stays of deleted ones, and what is to be told by webhook."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_DIMENSIONS = ("slug", "provider", "user", "api_key", "route", "arm", "feature", "app")
_SUMS = (
    "requests",
    "attempts",
    "completed",
    "failed",
    "limited",
    "ticks",
    "input_tokens",
    "cached_tokens",
    "written_tokens",
    "output_tokens",
    "reasoning_tokens",
)


def upgrade() -> None:
    op.add_column("attempts", sa.Column("reply", sa.String))
    op.create_index("attempts_by_reply", "attempts", ["reply", "owner"])
    op.create_index("attempts_by_request", "attempts", ["request"])
    op.create_table(
        "attempt_days",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("day", sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.String, primary_key=True) for name in _DIMENSIONS),
        sa.Column("app_title", sa.String, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in _SUMS),
    )
    op.create_index("attempt_days_by_day", "attempt_days", ["day"])
    op.create_table(
        "webhook_outbox",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("endpoint", sa.String, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("said", sa.String),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("webhook_outbox_by_due", "webhook_outbox", ["state", "due_at"])


def downgrade() -> None:
    op.drop_table("webhook_outbox")
    op.drop_table("attempt_days")
    op.drop_index("attempts_by_request", "attempts")
    op.drop_index("attempts_by_reply", "attempts")
    op.drop_column("attempts", "reply")
