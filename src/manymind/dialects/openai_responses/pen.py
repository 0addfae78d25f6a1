"""Writing with an account of what was left out."""

from manymind.canon.requests import Request
from manymind.canon.values import Aside, Json
from manymind.dialects.losses import Losses
from manymind.dialects.openai_responses.words import NAME


class Pen:
    """`own` says that the request was read from this dialect: then its extensions, which
    no other caller's upstream can be trusted with, are written as they came. What is lost is
    told in the words of `request`."""

    def __init__(self, *, own: bool, request: Request | None = None) -> None:
        self.own = own
        self._losses = Losses(NAME, request)

    @property
    def lost(self) -> tuple[str, ...]:
        return self._losses.paths

    def lose(self, path: str) -> None:
        self._losses.lose(path)

    def extend(self, fields: Json, name: str, value: object, path: str) -> None:
        """A field that this dialect has only by extension; `path` is the caller's word for it."""
        if value is None:
            return
        if self.own:
            fields[name] = value
        else:
            self._losses.lose(path)

    def merge(self, fields: Json, aside: Aside | None, path: str) -> Json:
        return self._losses.merge(fields, aside, path)


def given(**fields: object) -> Json:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
