"""How many bytes of callers' bodies are in the house at once."""

from collections.abc import Callable

from manymind.canon.faults import Overloaded

RETRY_SECONDS = 5.0


class Admission:
    """Each body may be large, and many may come at once; together they must fit into memory. A
    body counts from its first byte to the end of its answer, for so long it is held."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self.held = 0

    def visit(self) -> "Visit":
        return Visit(self)

    def fits(self, own: int, more: int) -> bool:
        """Whether so many bytes more may come in, of one who holds `own`. Whoever is alone is
        let in."""
        return self.held <= own or self.held + more <= self._bytes_max


class Visit:
    """A block in which one request holds what it takes."""

    __slots__ = ("_admission", "_own")

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._own = 0

    def __enter__(self) -> Callable[[int], None]:
        """Gives what the request calls for each piece of its body, before it is kept."""
        return self._take

    def __exit__(self, *outcome: object) -> None:
        self._admission.held -= self._own

    def _take(self, size: int) -> None:
        if not self._admission.fits(self._own, size):
            raise Overloaded(
                "This server holds as many large requests as it can.",
                advice="Try again shortly, or have the operator raise server.body_total_mb.",
                retry_after=RETRY_SECONDS,
            )
        self._own += size
        self._admission.held += size
