"""How many bytes of callers' bodies are in the house at once."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from manymind.canon.faults import Overloaded

RETRY_SECONDS = 5.0


class Admission:
    """Each body may be large, and many may come at once; together they must fit into memory. A
    body counts from its first byte to the end of its answer, for so long it is held."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self.held = 0

    @contextmanager
    def visit(self) -> Generator[Callable[[int], None]]:
        """Gives what a request calls for each piece of its body, before it is kept. Whoever is
        alone is let in."""
        own = 0

        def take(size: int) -> None:
            nonlocal own
            if self.held > own and self.held + size > self._bytes_max:
                raise Overloaded(
                    "This server holds as many large requests as it can.",
                    advice="Try again shortly, or have the operator raise server.body_total_mb.",
                    retry_after=RETRY_SECONDS,
                )
            own += size
            self.held += size

        try:
            yield take
        finally:
            self.held -= own
