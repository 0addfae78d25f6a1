"""Which way the operator's settings send a request."""

from msgspec import Struct

from manymind.canon.preferences import Preferences
from manymind.canon.values import Json, Ticks


class Shadow(Struct, frozen=True, kw_only=True):
    """A second model that is asked the same, and that nobody hears. It is paid from a cap of its
    own: `day_cost` in all and `max_cost` a question, and at most `at_once` are under way. What is
    not to be stored goes to it only if `unstored` says so."""

    model: str
    day_cost: Ticks
    max_cost: Ticks | None = None
    percent: float = 100.0
    at_once: int = 4
    seconds: float = 600.0
    unstored: bool = False


class Course(Struct, frozen=True, kw_only=True):
    """`route` is the named route, empty where a model was asked for by its own name, and `arm`
    which of its arms. `models` are asked in this order. `preferences` are how their offers are
    chosen, and `provider` the same in OpenRouter's words. The caps are the route's own."""

    route: str = ""
    arm: str = ""
    preset: str = ""
    models: tuple[str, ...] = ()
    provider: Json | None = None
    preferences: Preferences | None = None
    max_prompt_tokens: int | None = None
    max_output_tokens: int | None = None
    max_cost: Ticks | None = None
    seconds: float | None = None
    shadow: Shadow | None = None


DIRECT = Course()
"""The way of a request that no setting has a word on."""
