"""What a picture counts as, by the vendors' published rules."""

import re
from base64 import b64decode
from binascii import Error
from math import ceil

from msgspec import Struct

from manymind.canon.parts import Image

UNKNOWN = 2_048
"""What a picture is taken for where no rule is published: more than most vendors count."""

_HEAD = 64 * 1024
"""Characters of base64 that are looked at; the size of a picture stands near its beginning."""


class Tiles(Struct, frozen=True):
    """`base` for any picture, and `tile` for each square of 512 after it was scaled to fit."""

    base: int
    tile: int

    def tokens(self, size: tuple[int, int] | None, detail: str | None) -> int:
        if detail == "low":
            return self.base
        if size is None:
            return self.base + 8 * self.tile
        width, height = size
        shrink = min(1.0, 2048 / max(width, height))
        width, height = width * shrink, height * shrink
        shrink = min(1.0, 768 / min(width, height))
        across, down = ceil(width * shrink / 512), ceil(height * shrink / 512)
        return self.base + self.tile * across * down


class Patches(Struct, frozen=True):
    """Squares of 32, at most 1,536 of them, times what the model weighs them with (in percent)."""

    percent: int

    def tokens(self, size: tuple[int, int] | None, detail: str | None) -> int:
        width, height = size or (2048, 2048)
        squares = min(1536, ceil(width / 32) * ceil(height / 32))
        return -(-squares * self.percent // 100)


class Area(Struct, frozen=True):
    """A token for so many points, up to the size that pictures are scaled down to."""

    points: int
    most: int

    def tokens(self, size: tuple[int, int] | None, detail: str | None) -> int:
        if size is None:
            return self.most
        return min(self.most, ceil(size[0] * size[1] / self.points))


_RULES: tuple[tuple[re.Pattern[str], Tiles | Patches | Area], ...] = (
    (re.compile(r"openai/(gpt-4\.1-mini|gpt-5(\.\d)?-mini)"), Patches(162)),
    (re.compile(r"openai/(gpt-4\.1-nano|gpt-5(\.\d)?-nano)"), Patches(246)),
    (re.compile(r"openai/o4-mini"), Patches(172)),
    (re.compile(r"openai/gpt-4o-mini"), Tiles(2833, 5667)),
    (re.compile(r"openai/gpt-5"), Tiles(70, 140)),
    (re.compile(r"openai/o[13]"), Tiles(75, 150)),
    (re.compile(r"openai/"), Tiles(85, 170)),
    (re.compile(r"anthropic/"), Area(750, 4784)),
)


def image_tokens(slug: str, image: Image) -> tuple[int, bool]:
    """What a picture counts as for a model, and whether a published rule and its size say so."""
    rule = next((rule for name, rule in _RULES if name.match(slug)), None)
    if rule is None:
        return UNKNOWN, False
    size = dimensions(image)
    # Vendors weigh older models so; a Patches model scales beyond its most in its own way.
    sure = isinstance(rule, Tiles) and (size is not None or image.detail == "low")
    return rule.tokens(size, image.detail), sure


def dimensions(image: Image) -> tuple[int, int] | None:
    """Width and height of a picture whose data we hold; None where they cannot be told."""
    try:
        data = b64decode((image.data or "")[:_HEAD])
    except (Error, ValueError):
        return None
    size = _png(data) or _gif(data) or _jpeg(data)
    return size if size is not None and min(size) > 0 else None


def _png(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or len(data) < 24:
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _gif(data: bytes) -> tuple[int, int] | None:
    if data[:6] not in (b"GIF87a", b"GIF89a") or len(data) < 10:
        return None
    return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """The frame header lies behind segments of other kinds, each with its length."""
    at = 2 if data.startswith(b"\xff\xd8") else len(data)
    while at + 9 <= len(data) and data[at] == 0xFF:
        mark = data[at + 1]
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            height = int.from_bytes(data[at + 5 : at + 7], "big")
            return int.from_bytes(data[at + 7 : at + 9], "big"), height
        at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return None
