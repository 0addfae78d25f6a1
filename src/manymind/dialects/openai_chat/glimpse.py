"""The chunk that nearly all of a stream are, known at a glance: the next words of one choice.

Whatever does not look just like it is read field by field. What looks like it says the same to
either reader, so that this one decides nothing but how long it takes.
"""

import msgspec
from msgspec import Struct

from manymind.dialects.reading import DEPTH_MAX

LENGTH_MAX = 8192
"""Next words are few. A longer message is measured with care before it is believed."""


class _Delta(Struct, frozen=True, forbid_unknown_fields=True):
    """A field that is not named here may say something, too."""

    content: str
    role: str | None = None
    annotations: None = None
    audio: None = None
    function_call: None = None
    images: None = None
    reasoning: None = None
    reasoning_content: None = None
    reasoning_details: None = None
    refusal: None = None
    tool_calls: None = None


class _Choice(Struct, frozen=True):
    delta: _Delta
    index: int = 0
    finish_reason: None = None
    logprobs: None = None
    error: None = None


class Glimpse(Struct, frozen=True):
    """Beside these fields a message may hold any others, but for what the general reader would
    see in them."""

    choices: tuple[_Choice]
    model: str
    id: str | None = None
    created: int | None = None
    usage: None = None
    error: None = None

    @property
    def index(self) -> int:
        return self.choices[0].index

    @property
    def text(self) -> str:
        return self.choices[0].delta.content


_DECODER = msgspec.json.Decoder(Glimpse)


def glimpse(said: str) -> Glimpse | None:
    """The message, if all that it says is the next words of one choice."""
    if len(said) > LENGTH_MAX or said.count("{") + said.count("[") > DEPTH_MAX:
        return None
    try:
        return _DECODER.decode(said)
    except (msgspec.MsgspecError, UnicodeError):
        return None
