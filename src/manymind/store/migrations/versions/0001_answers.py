"""Kept answers, and conversations."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("parent", sa.String),
        sa.Column("dialect", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("kept_at", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("asked", sa.LargeBinary, nullable=False),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("events", sa.LargeBinary),
    )
    op.create_index("answers_by_time", "answers", ["owner", "dialect", "kept_at", "id"])
    op.create_index("answers_by_age", "answers", ["kept_at"])
    op.create_table(
        "conversations",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("metadata", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "conversation_items",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("conversation", sa.String, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("item", sa.LargeBinary, nullable=False),
    )
    op.create_index(
        "conversation_items_by_id",
        "conversation_items",
        ["owner", "conversation", "id"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("conversation_items")
    op.drop_table("conversations")
    op.drop_table("answers")
