"""Who changed what of the accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "account_changes",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("fields", sa.String, nullable=False),
    )
    op.create_index("account_changes_by_age", "account_changes", ["at"])


def downgrade() -> None:
    op.drop_table("account_changes")
