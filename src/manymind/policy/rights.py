"""Nobody grants more than they have."""

from collections.abc import Sequence

from manymind.canon.faults import Forbidden
from manymind.canon.origins import Rights

NUMBERS = (
    "requests_per_minute",
    "tokens_per_minute",
    "concurrency",
    "max_prompt_tokens",
    "max_output_tokens",
    "max_cost",
)
PATTERNS = ("models", "routes", "tools")

_ANYTHING = "\x00"
"""Stands for whatever a `*` may match; no pattern may hold it."""


def check_grant(granted: Rights, own: Rights) -> None:
    """Raises `Forbidden` where rights go beyond those of whoever grants them."""
    if own.infers and own.manages:
        return  # The operator.
    if granted.infers == granted.manages:
        raise Forbidden("A key either infers or manages.", field="rights.infers")
    field = excess(granted, own)
    if field is not None:
        raise Forbidden(
            f"Your key has a smaller {field} than what it would grant.",
            advice="Grant the same or less; a limit that your key has cannot be left out.",
            field=f"rights.{field}",
        )


def excess(granted: Rights, own: Rights) -> str | None:
    """The first right that goes beyond one's own, whichever of the two keys may manage."""
    for field in NUMBERS:
        least, most = getattr(granted, field), getattr(own, field)
        if most is not None and (least is None or least > most):
            return field
    for field in PATTERNS:
        if not _within(getattr(granted, field), getattr(own, field)):
            return field
    return "caches" if granted.caches and not own.caches else None


def _within(patterns: Sequence[str], own: Sequence[str]) -> bool:
    """Whether all that the one list matches, the other does too."""
    if not own:
        return True
    return bool(patterns) and all(any(covers(mine, each) for mine in own) for each in patterns)


def covers(pattern: str, other: str) -> bool:
    """Whether a pattern matches whatever another does. A star of the other can stand for a letter
    that no pattern names, and only a star matches that."""
    return matches(pattern, other.replace("*", _ANYTHING))


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern, in which a `*` stands for anything, matches a text: in time that grows
    with their lengths alone, as a regular expression would not promise."""
    first, *middle = pattern.split("*")
    if not middle:
        return pattern == text
    last = middle.pop()
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True
