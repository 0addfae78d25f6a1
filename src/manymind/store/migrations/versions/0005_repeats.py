"""Answers that are given again to the same question."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "repeats",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("api_key", sa.String, primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("offer", sa.String, nullable=False),
        sa.Column("kept_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("events", sa.LargeBinary, nullable=False),
    )
    op.create_index("repeats_by_time", "repeats", ["owner", "kept_at"])
    op.create_index("repeats_by_end", "repeats", ["ends_at"])


def downgrade() -> None:
    op.drop_table("repeats")
