"""What a team proved of its answer, as every dialect shows it, and how a caller asks for it.

It stands beside what the dialect's own clients look for, as a field of ours: their SDKs keep a
field that they do not know. Only this server's own team can say it; `providers/sieve.py` takes it
from whatever another server sends.
"""

from typing import cast

from msgspec import to_builtins

from manymind.canon.values import Json
from manymind.canon.verification import Verification
from manymind.dialects.reading import Object

VERIFICATION = "verification"
UNSUPPORTED = "unsupported_claims"

POLICIES = ("mark", "drop")


def read_unsupported(body: Object) -> str | None:
    """What is to be done with claims that are not supported."""
    said = body.text(UNSUPPORTED)
    if said is not None and said not in POLICIES:
        raise body.wrong(UNSUPPORTED, f"must be {' or '.join(POLICIES)}")
    return said


def proved(verification: Verification | None) -> Json:
    """The field, where there is something to say."""
    if verification is None:
        return {}
    built: object = to_builtins(verification)
    return {VERIFICATION: _slim(built)}


def _slim(value: object) -> object:
    """Without fields that have no value; lists stay, also where they are empty."""
    match value:
        case dict():
            items = cast("Json", value).items()
            return {name: _slim(inner) for name, inner in items if inner is not None}
        case list() | tuple():
            return [_slim(inner) for inner in cast("list[object]", value)]
        case _:
            return value
