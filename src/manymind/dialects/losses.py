"""What a request cannot carry across, in the words of the caller who wrote it."""

from manymind.canon.requests import Request
from manymind.canon.values import Aside, Json

HARMLESS = frozenset({"type", "id", "index", "status", "object", "stream_options"})
"""Unknown fields that mean nothing outside their own dialect: leaving them out is no loss."""


class Losses:
    """Gathers what the writer of one request had to leave out."""

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect
        self._paths: dict[str, None] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(self._paths)

    def lose(self, path: str) -> None:
        self._paths[path] = None

    def unless(self, value: object, path: str) -> None:
        """A field without a counterpart here is lost only if the caller gave it."""
        if value is not None:
            self.lose(path)

    def merge(self, fields: Json, aside: Aside | None, path: str = "") -> Json:
        """Write an aside back among `fields` if it came from here; else its fields are lost.

        What we have written ourselves stands.
        """
        if aside is None:
            return fields
        if aside.dialect == self._dialect:
            return {**aside.fields, **fields}
        for name, value in aside.fields.items():
            if value is not None and name not in HARMLESS:
                self.lose(f"{path}.{name}" if path else name)
        return fields


def places(request: Request) -> tuple[str, ...]:
    """Where the caller wrote each item: `messages[3]`, or `input[3]` on Responses."""
    if request.dialect == "openai_responses":
        return tuple(f"input[{n}]" for n in range(len(request.items)))
    written: list[str] = []
    message = -1
    for item in request.items:
        message += 0 if item.joined and message >= 0 else 1
        written.append(f"messages[{message}]")
    return tuple(written)
