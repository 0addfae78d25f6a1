"""Keeps every voice to the grammar of events, whatever a model or a cut did to its stream."""

from collections.abc import Iterable, Iterator

from manymind.canon.events import (
    Advanced,
    Began,
    Cited,
    Closed,
    Ended,
    Happened,
    Opened,
    PartClosed,
    PartOpened,
    Wrote,
)


class _Voice:
    def __init__(self) -> None:
        self.ended = False
        self.used: set[str] = set()
        self.open: dict[str, list[tuple[str, int]]] = {}


class Grammar:
    """What each voice has begun and not ended. It lets through what may be said now, and drops
    the rest: a word of an item that is not open cannot be folded by anyone."""

    def __init__(self) -> None:
        self._voices: dict[str, _Voice] = {}

    def admit(self, events: Iterable[Happened]) -> tuple[Happened, ...]:
        return tuple(event for event in events if self._take(event))

    def loose(self, prefix: str) -> tuple[Happened, ...]:
        """Closes the items whose key starts so: their call ended before they did."""
        return tuple(
            closing
            for name, voice in self._voices.items()
            for key in tuple(voice.open)
            if key.startswith(prefix)
            for closing in _close(name, voice, key)
        )

    def below(self, voice: str) -> tuple[str, ...]:
        """The voices under this one that have not ended."""
        return tuple(
            name
            for name, state in self._voices.items()
            if name.startswith(f"{voice}/") and not state.ended
        )

    def hush(self, voice: str) -> tuple[Happened, ...]:
        """Closes everything that a voice still has open."""
        state = self._voices.get(voice)
        if state is None or state.ended:
            return ()
        keys = tuple(state.open)
        return tuple(closing for key in keys for closing in _close(voice, state, key))

    def _take(self, event: Happened) -> bool:
        if isinstance(event, Began):
            return self._voices.setdefault(event.voice, state := _Voice()) is state
        voice = self._voices.get(event.voice)
        if voice is None or voice.ended:
            return False
        match event:
            case Opened():
                return _open(voice, event.item)
            case PartOpened() | Wrote() | Cited() | Advanced() | PartClosed() | Closed():
                return _within(voice, event)
            case Ended():
                voice.ended = not voice.open
                return voice.ended
            case _:
                return True


def _open(voice: _Voice, item: str) -> bool:
    if item in voice.used:
        return False
    voice.used.add(item)
    voice.open[item] = []
    return True


def _within(
    voice: _Voice, event: PartOpened | Wrote | Cited | Advanced | PartClosed | Closed
) -> bool:
    parts = voice.open.get(event.item)
    if parts is None:
        return False
    match event:
        case PartOpened():
            parts.append((event.where, event.part))
        case PartClosed():
            if (event.where, event.part) not in parts:
                return False
            parts.remove((event.where, event.part))
        case Closed():
            del voice.open[event.item]
        case _:
            pass
    return True


def _close(name: str, voice: _Voice, key: str) -> Iterator[Happened]:
    for where, part in voice.open.pop(key):
        yield PartClosed(voice=name, item=key, part=part, where=where)
    yield Closed(voice=name, item=key, status="incomplete")
