"""What the web of the Marren Isles knows, read from its tables."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

_HERE = Path(__file__).parent


class Island(Struct, frozen=True):
    """`light` and what follows tell of its lighthouse; `ship` is none where nobody lives."""

    name: str
    area_km2: float
    people: int
    town: str
    light: str
    metres: int
    lit: date
    engineer: str
    range_miles: int
    bird: str
    pairs: int
    festival: str
    month: str
    ship: str
    minutes: int

    @property
    def inhabited(self) -> bool:
        return self.people > 0


class Engineer(Struct, frozen=True):
    name: str
    born: int
    died: int
    place: str
    note: str


class Ship(Struct, frozen=True):
    name: str
    built: int
    cars: int
    passengers: int


class News(Struct, frozen=True):
    slug: str
    day: date
    title: str
    about: tuple[str, ...]
    says: str


class World(Struct, frozen=True):
    islands: tuple[Island, ...]
    engineers: tuple[Engineer, ...]
    ships: tuple[Ship, ...]
    news: tuple[News, ...]


class Question(Struct, frozen=True, kw_only=True):
    """`says` stands in a good answer and `never` in none; `sources` are the pages that hold it,
    and `trap` is the page that would lead astray."""

    ask: str
    kind: str
    says: tuple[str, ...]
    never: tuple[str, ...] = ()
    sources: tuple[str, ...]
    trap: str | None = None


class _Questions(Struct, frozen=True):
    questions: tuple[Question, ...]


@cache
def world() -> World:
    return msgspec.convert(_table("world.toml"), World)


def questions() -> tuple[Question, ...]:
    """What can be asked of this web, with what is known of good answers."""
    return msgspec.convert(_table("questions.toml"), _Questions).questions


def slug(name: str) -> str:
    return "-".join(name.lower().replace("'", "").split())


def _table(name: str) -> dict[str, object]:
    return tomllib.loads((_HERE / name).read_text(encoding="utf-8"))
