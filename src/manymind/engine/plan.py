"""What the team is to do: the leader's plan, or one that code makes when the leader has none."""

import re
from typing import Literal, TypeAlias, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.documents import Card
from manymind.canon.requests import OutputFormat
from manymind.engine.json_text import inner_json
from manymind.engine.settings import Width

Mode: TypeAlias = Literal["research", "read", "deliberate", "solo"]

_MODES: tuple[Mode, ...] = get_args(Mode)
_NAMED: dict[str, Mode] = {mode: mode for mode in _MODES}
_TEXT_MAX = 2_000
_PARTS_MAX = 16
_OPINIONS = 3
"""Independent answers where the leader asked for no number."""

_DEALT_MAX = 200
"""More documents than these are searched as a whole."""

_SENTENCE = re.compile(r"[^?？\n]*[?？]")
_LISTED = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+(.{8,})$", re.MULTILINE)
_CROSS_CHECK = "Check what the others may get wrong here, and look for what speaks against it: "


class Work(Struct, frozen=True):
    """One agent's share. Its searches stay `within` these documents unless it names others."""

    objective: str
    boundaries: str = ""
    within: tuple[str, ...] = ()


class Plan(Struct, frozen=True, kw_only=True):
    """`narrowed` says why it has fewer agents than were planned, if it has."""

    mode: Mode
    reason: str
    work: tuple[Work, ...] = ()
    narrowed: str | None = None


class _Written(Struct):
    mode: str
    reason: str = ""
    work: list[Work] = []


PLAN_FORMAT = OutputFormat(
    form="json_schema",
    name="plan",
    strict=True,
    schema={
        "type": "object",
        "properties": {
            "mode": {"type": "string", "enum": list(_MODES)},
            "reason": {"type": "string"},
            "work": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "objective": {"type": "string"},
                        "boundaries": {"type": "string"},
                    },
                    "required": ["objective", "boundaries"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["mode", "reason", "work"],
        "additionalProperties": False,
    },
)


def read_plan(text: str) -> Plan | None:
    """The plan as the leader wrote it; None where it is none."""
    try:
        written = msgspec.json.decode(inner_json(text), type=_Written)
    except (msgspec.DecodeError, RecursionError):
        return None
    mode = _NAMED.get(written.mode)
    work = tuple(
        Work(item.objective.strip()[:_TEXT_MAX], item.boundaries.strip()[:_TEXT_MAX])
        for item in written.work
        if item.objective.strip()
    )
    if mode is None or (mode != "solo" and not work):
        return None
    return Plan(mode=mode, reason=written.reason.strip()[:_TEXT_MAX], work=work)


def default_plan(question: str, cards: tuple[Card, ...], width: Width) -> Plan:
    """The question by its parts, the documents dealt out; opinions where there are none."""
    agents = width.agents - 1
    if not cards:
        work = tuple(Work(question) for _ in range(agents if width.fixed else _OPINIONS))
        return Plan(mode="deliberate", reason="no plan, no documents", work=work[:agents])
    parts = parts_of(question)
    hands = max(1, min(len(cards), agents // len(parts))) if len(cards) <= _DEALT_MAX else 1
    work = tuple(
        _with(part, cards[hand::hands]) if hands > 1 else Work(part)
        for part in parts
        for hand in range(hands)
    )
    return Plan(mode="research", reason="no plan: divided by code", work=work)


def fitted(
    plan: Plan, question: str, cards: tuple[Card, ...], width: Width, *, equipped: bool
) -> Plan:
    """The plan as this team can do it: not more agents than allowed, and as many as the caller
    named; documents dealt out where all must be read; nothing to look up without tools."""
    agents = width.agents - 1
    if agents < 1 or (plan.mode == "solo" and not width.fixed):
        return Plan(mode="solo", reason=plan.reason)
    mode: Mode = plan.mode if plan.mode != "solo" else "research"
    if not equipped:
        mode = "deliberate"
    work = plan.work or (Work(question),)
    if mode == "read" and cards:
        work = _dealt(work, cards, agents)
    work = _joined(work, agents)
    if width.fixed:
        work = _extended(work, mode, agents)
    return Plan(mode=mode, reason=plan.reason, work=work)


def narrowed(plan: Plan, most: int, why: str) -> Plan:
    """The same work for fewer hands."""
    if plan.mode == "solo" or len(plan.work) <= most:
        return plan
    return replace(plan, work=_joined(plan.work, max(1, most)), narrowed=why)


def parts_of(question: str) -> tuple[str, ...]:
    """The questions in a question: list items, else sentences that ask, else the whole."""
    for pattern in (_LISTED, _SENTENCE):
        found = [match.group(match.re.groups).strip() for match in pattern.finditer(question)]
        parts = tuple(dict.fromkeys(part for part in found if len(part) > 2))
        if 1 < len(parts) <= _PARTS_MAX:
            return parts
    return (question,)


def _with(objective: str, cards: tuple[Card, ...]) -> Work:
    names = tuple(card.id for card in cards)
    within = names if len(names) <= _DEALT_MAX else ()
    return Work(objective, f"Only these documents: {', '.join(names)}"[:_TEXT_MAX], within)


def _dealt(work: tuple[Work, ...], cards: tuple[Card, ...], agents: int) -> tuple[Work, ...]:
    """Every document to one reader, evenly by size: the largest first, to whoever has least."""
    objective = " ".join(dict.fromkeys(item.objective for item in work))[:_TEXT_MAX]
    hands: list[list[Card]] = [[] for _ in range(min(agents, len(cards)))]
    sizes = [0] * len(hands)
    for card in sorted(cards, key=lambda card: -card.size):
        least = sizes.index(min(sizes))
        hands[least].append(card)
        sizes[least] += card.size
    return tuple(_with(objective, tuple(hand)) for hand in hands)


def _joined(work: tuple[Work, ...], agents: int) -> tuple[Work, ...]:
    """What is too much for so many agents, dealt out among them."""
    if len(work) <= agents:
        return work
    hands = [work[start::agents] for start in range(agents)]
    return tuple(
        Work(
            "\n".join(item.objective for item in hand),
            "\n".join(item.boundaries for item in hand if item.boundaries),
            _all_within(hand),
        )
        for hand in hands
    )


def _all_within(hand: tuple[Work, ...]) -> tuple[str, ...]:
    """Where one of them may look anywhere, all may."""
    if not all(item.within for item in hand):
        return ()
    return tuple(dict.fromkeys(name for item in hand for name in item.within))


def _extended(work: tuple[Work, ...], mode: Mode, agents: int) -> tuple[Work, ...]:
    """The caller wants this many: the others answer too, or check what the first ones do."""
    check = "" if mode == "deliberate" else _CROSS_CHECK
    again = (work[number % len(work)] for number in range(agents - len(work)))
    extra = (Work(check + item.objective, item.boundaries, item.within) for item in again)
    return (*work, *extra)
