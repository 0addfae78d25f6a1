"""Seals on thoughts. A vendor signs or encrypts what its model thought and refuses it back when
a letter has changed; so does the simulation, with a key that is no secret."""

import hmac
from base64 import b64decode, b64encode
from hashlib import sha256

_KEY = b"manymind simulated provider"


def signature(thought: str) -> str:
    return b64encode(_mac(thought.encode())).decode()


def genuine(thought: str, signed: str) -> bool:
    """Whether the signature is that of the thought."""
    return hmac.compare_digest(signature(thought), signed)


def sealed(thought: str) -> str:
    """The thought in a form that only `unsealed` reads."""
    data = thought.encode()
    return b64encode(_mac(data) + _veiled(data)).decode()


def unsealed(seal: str) -> str | None:
    """The thought again; None where the seal was touched."""
    try:
        raw = b64decode(seal, validate=True)
        data = _veiled(raw[32:])
        return data.decode() if hmac.compare_digest(_mac(data), raw[:32]) else None
    except ValueError:
        return None


def _mac(data: bytes) -> bytes:
    return hmac.digest(_KEY, data, sha256)


def _veiled(data: bytes) -> bytes:
    return bytes(byte ^ 0x5A for byte in data)
