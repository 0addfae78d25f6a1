"""Items of kept answers by their ids, so that a request can refer to them."""

import re
from collections.abc import Iterator

import msgspec
import sqlalchemy as sa
from alembic import op
from msgspec import Struct

revision = "0002"
down_revision = "0001"

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,200}")

_KEPT = """
    SELECT owner, id, kept_at FROM answers
    WHERE dialect = 'openai_responses' ORDER BY kept_at DESC, owner, id
"""
_ASKED = "SELECT asked FROM answers WHERE owner = :owner AND id = :id"
_ANSWERED = "SELECT answer FROM answers WHERE owner = :owner AND id = :id"
_ENTER = """
    INSERT INTO answer_items (owner, id, answer, asked, kept_at)
    VALUES (:owner, :id, :answer, :asked, :kept_at) ON CONFLICT DO NOTHING
"""


class _Item(Struct):
    id: str | None = None
    data: dict[str, object] = {}


class _Output(Struct):
    item: _Item
    choice: int = 0


class _Answer(Struct):
    outputs: tuple[_Output, ...] = ()


def upgrade() -> None:
    op.create_table(
        "answer_items",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("answer", sa.String, nullable=False),
        sa.Column("asked", sa.Boolean, nullable=False),
        sa.Column("kept_at", sa.BigInteger, nullable=False),
    )
    op.create_index("answer_items_by_answer", "answer_items", ["owner", "answer"])
    op.create_index("answer_items_by_age", "answer_items", ["kept_at"])
    op.create_index("conversation_items_by_name", "conversation_items", ["owner", "id"])
    _enter()


def downgrade() -> None:
    op.drop_index("conversation_items_by_name", "conversation_items")
    op.drop_table("answer_items")


def _enter() -> None:
    """The items of what is kept already: an answer's own go before those that were sent back, and
    the newest before the others. Bodies may be megabytes long, and are read one at a time."""
    connection = op.get_bind()
    kept = connection.execute(sa.text(_KEPT)).all()
    for asked in (False, True):
        body = sa.text(_ASKED if asked else _ANSWERED)
        for row in kept:
            held = connection.execute(body, {"owner": row.owner, "id": row.id}).scalar_one()
            fields = {"owner": row.owner, "answer": row.id, "kept_at": row.kept_at, "asked": asked}
            entries = [{**fields, "id": name} for name in dict.fromkeys(_names(held, asked=asked))]
            if entries:
                connection.execute(sa.text(_ENTER), entries)


def _names(body: bytes, *, asked: bool) -> Iterator[str]:
    """The ids of the items in what was asked, or in an answer."""
    if asked:
        found = msgspec.json.decode(body, type=tuple[_Item, ...])
    else:
        outputs = msgspec.json.decode(body, type=_Answer).outputs
        found = tuple(output.item for output in outputs if output.choice == 0)
    for item in found:
        name = item.id or item.data.get("id")
        if isinstance(name, str) and _NAME.fullmatch(name):
            yield name
