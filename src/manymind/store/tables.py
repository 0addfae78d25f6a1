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
