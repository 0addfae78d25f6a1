"""The request in a message of a client's."""

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.faults import BadRequest, Unsupported
from manymind.canon.requests import Request
from manymind.dialects.mirror import Dialect
from manymind.dialects.reading import count

CREATE = "response.create"

_ADVICE = f'Send {{"type": "{CREATE}", "model": "…", "input": "…"}}.'


class _Frame(Struct):
    """What a message holds beside the body of a request."""

    type: str | None = None
    generate: bool | None = None
    stream: bool | None = None
    stream_id: str | None = None
    background: bool | None = None


def read(text: bytes, dialect: Dialect) -> tuple[Request, bool]:
    """The request, and whether it is to be answered: with `generate: false` it only waits to be
    gone on from."""
    count(text)
    try:
        fields = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        frame = msgspec.json.decode(text, type=_Frame)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise BadRequest("The message is no JSON object of ours.", advice=_ADVICE) from None
    if frame.type != CREATE:
        raise BadRequest("Messages of this type are not known.", advice=_ADVICE, field="type")
    if frame.stream_id is not None:
        raise Unsupported(
            "A socket has one stream here.",
            advice="Leave out stream_id, and open another connection for another stream.",
            field="stream_id",
        )
    if frame.background:
        raise Unsupported(
            "There is no background on a socket.", advice="Send it by POST.", field="background"
        )
    for name in _Frame.__struct_fields__:
        fields.pop(name, None)
    request = dialect.read_request(msgspec.json.encode(fields))
    return replace(request, stream=True), frame.generate is not False
