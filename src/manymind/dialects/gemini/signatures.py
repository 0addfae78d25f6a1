"""What vouches for reasoning, carried through clients of other dialects and back.

Google signs any part of an answer, and wants the signature back on the same part. In the canon
it is the sealed form of a thought, behind a mark of ours that says whose it is: right before the
part that it signs, or alone. What other vendors need back goes to a client of this dialect as a
signature of ours, which no server of theirs is ever sent.
"""

import binascii
from base64 import b64decode, b64encode

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.items import Thought
from manymind.canon.parts import Text
from manymind.dialects.seals import GEMINI, GEMINI_ALONE

_OURS = b"manymind:"


class _Sealed(Struct, frozen=True, omit_defaults=True):
    where: str = "summary"
    encrypted: str | None = None
    signature: str | None = None
    redacted: bool = False
    id: str | None = None


def signed(signature: str, *, alone: bool = False) -> Thought:
    """The thought that a signature stands for, or what it stood for before we wrote it."""
    ours = _unsealed(signature)
    if ours is not None:
        return Thought(
            encrypted=ours.encrypted,
            signature=ours.signature,
            redacted=ours.redacted,
            id=ours.id,
        )
    return Thought(encrypted=(GEMINI_ALONE if alone else GEMINI) + signature)


def thought(text: str, signature: str | None) -> Thought:
    """A thought in the open. Its words are a summary: Google shows no others."""
    words = (Text(text=text),)
    if signature is None:
        return Thought(summary=words)
    ours = _unsealed(signature)
    if ours is not None and ours.where == "content":
        return replace(signed(signature), content=words)
    return replace(signed(signature), summary=words)


def signature_of(item: Thought) -> str | None:
    """Google's own signature, if the thought holds one."""
    sealed = item.encrypted or ""
    for mark in (GEMINI, GEMINI_ALONE):
        if sealed.startswith(mark):
            return sealed.removeprefix(mark)
    return None


def stands_alone(item: Thought) -> bool:
    return not (item.encrypted or "").startswith(GEMINI)


def seal(item: Thought) -> str | None:
    """The signature to show to a client of this dialect, whoever has signed."""
    own = signature_of(item)
    if own is not None:
        return own
    if item.encrypted is None and item.signature is None:
        return None
    sealed = _Sealed(
        where="content" if item.content and not item.summary else "summary",
        encrypted=item.encrypted,
        signature=item.signature,
        redacted=item.redacted,
        id=item.id,
    )
    return b64encode(_OURS + msgspec.json.encode(sealed)).decode()


def _unsealed(signature: str) -> _Sealed | None:
    if not signature.startswith("bWFueW1pbmQ6"):
        return None
    try:
        data = b64decode(standard(signature), validate=True)
        return msgspec.json.decode(data.removeprefix(_OURS), type=_Sealed)
    except (binascii.Error, ValueError, RecursionError):
        return None


def standard(data: str) -> str:
    """Base64 in its usual alphabet: Google's own clients write the one for URLs."""
    if "-" in data or "_" in data:
        return data.replace("-", "+").replace("_", "/")
    return data
