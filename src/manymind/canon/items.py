"""The unit of history, of answers and of events.

`joined` says how items stand in a dialect that has messages: True, in the same message as the
item before; False, it begins one; None, the dialect it came from has no messages.
`aside` of the first item of a message holds the message's own unknown fields.
"""

from typing import TypeAlias

from msgspec import Struct

from manymind.canon.parts import Part, Text
from manymind.canon.values import Aside, Json


class Said(Struct, frozen=True, kw_only=True, tag_field="kind", tag="said"):
    """A message's words. `role` is system, developer, user or assistant."""

    role: str
    parts: tuple[Part, ...] = ()
    id: str | None = None
    status: str | None = None
    name: str | None = None
    joined: bool | None = None
    aside: Aside | None = None


class Thought(Struct, frozen=True, kw_only=True, tag_field="kind", tag="thought"):
    """Reasoning: in the open (`content`), in short (`summary`), or sealed (`encrypted`).

    `signature` vouches for `content` where the dialect signs it; `redacted` means that nothing
    but the sealed form was given. `form` is the field it stood in where a dialect knows several
    (reasoning, reasoning_content, reasoning_details), so that it returns to the same one.
    `digest` means that its vendor shows a summary as `content`, which the signature is for.
    """

    summary: tuple[Text, ...] = ()
    content: tuple[Text, ...] = ()
    encrypted: str | None = None
    signature: str | None = None
    redacted: bool = False
    digest: bool = False
    form: str | None = None
    id: str | None = None
    status: str | None = None
    joined: bool | None = None
    aside: Aside | None = None


class Called(Struct, frozen=True, kw_only=True, tag_field="kind", tag="called"):
    """A call of one of the caller's functions. `arguments` is JSON text as the model wrote it."""

    call_id: str
    name: str
    arguments: str = ""
    id: str | None = None
    status: str | None = None
    cache: Json | None = None
    joined: bool | None = None
    aside: Aside | None = None


class Returned(Struct, frozen=True, kw_only=True, tag_field="kind", tag="returned"):
    """What a called function gave back. `failed` is None where the dialect cannot say."""

    call_id: str
    parts: tuple[Part, ...] = ()
    failed: bool | None = None
    id: str | None = None
    status: str | None = None
    cache: Json | None = None
    joined: bool | None = None
    aside: Aside | None = None


class Hosted(Struct, frozen=True, kw_only=True, tag_field="kind", tag="hosted"):
    """A tool call that the server made itself; `tool` is web_search, open_page, search, …"""

    tool: str
    id: str | None = None
    status: str | None = None
    action: Json | None = None
    output: Json | None = None
    joined: bool | None = None
    aside: Aside | None = None


class Unread(Struct, frozen=True, kw_only=True, tag_field="kind", tag="unread"):
    """An item of a kind that we do not know, whole, for the dialect that does."""

    dialect: str
    data: Json
    joined: bool | None = None


Item: TypeAlias = Said | Thought | Called | Returned | Hosted | Unread


def id_of(item: Item) -> str | None:
    """The id that an item came with, whatever its kind."""
    if not isinstance(item, Unread):
        return item.id
    wire = item.data.get("id")
    return wire if isinstance(wire, str) else None
