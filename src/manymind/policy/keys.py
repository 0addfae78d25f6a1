"""Who calls? One bootstrap key so far; it is compared as a digest, in constant time."""

import hashlib
import hmac

from msgspec import Struct

from manymind.canon.faults import Unauthorized
from manymind.canon.origins import OPERATOR, Marks, Origin, Rights


class Caller(Struct, frozen=True, kw_only=True):
    """Whom a request is answered for and charged to. `id` is the tenant, who owns what is kept;
    `user` and `key` are empty where there is none. `rights` are those of the key."""

    id: str
    user: str = ""
    key: str = ""
    rights: Rights = Rights()


def origin_of(
    caller: Caller,
    request_id: str,
    marks: Marks,
    *,
    feature: str = "",
    dialect: str = "",
    streamed: bool = False,
    route: str = "",
    arm: str = "",
) -> Origin:
    """Whose call this is. A feature is what the marks name, else `feature`."""
    return Origin(
        tenant=caller.id,
        user=caller.user,
        key=caller.key,
        request=request_id,
        route=route,
        arm=arm,
        feature=marks.feature or feature,
        session=marks.session,
        app=marks.app,
        dialect=dialect,
        streamed=streamed,
    )


_OPERATOR = Caller(id=OPERATOR, rights=Rights(manages=True))


class Keys:
    """`key` is the bootstrap key; without one everybody who reaches the server is the owner,
    which is why it then binds to loopback alone."""

    def __init__(self, key: str | None) -> None:
        self._digest = _digest(key) if key else None

    @property
    def required(self) -> bool:
        return self._digest is not None

    def identify(self, given: str | None) -> Caller:
        if self._digest is None:
            return _OPERATOR
        if not given:
            raise Unauthorized(
                "No API key was given.",
                advice="Send it as Authorization: Bearer KEY or as x-api-key.",
            )
        if not hmac.compare_digest(_digest(given), self._digest):
            raise Unauthorized(
                "The API key is not known here.", advice="Check the value of your key."
            )
        return _OPERATOR


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
