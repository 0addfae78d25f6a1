"""Decompression within bounds: a few bytes that unfold to gigabytes stop at the limit."""

import zlib
from collections.abc import AsyncIterator, Iterator

from manymind.canon.faults import TooLarge, UpstreamBroken

ACCEPTED = "gzip"
_STEP_BYTES = 64 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


async def unpacked(pieces: AsyncIterator[bytes], coding: str, limit: int, host: str) -> bytes:
    """The whole body in the clear; raises `TooLarge` beyond `limit` bytes, packed or not."""
    unfolding = _unfolding(coding.strip().lower(), host)
    whole = bytearray()
    packed_bytes = 0
    async for piece in pieces:
        packed_bytes += len(piece)
        for part in unfolding.feed(piece) if unfolding else (piece,):
            whole += part
            if len(whole) > limit:
                break
        if max(packed_bytes, len(whole)) > limit:
            raise TooLarge(
                f"What {host} sends is larger than {limit:,} bytes.",
                advice="Use a smaller page or file, or raise the limit.",
            )
    if unfolding and packed_bytes and not unfolding.ended:
        raise UpstreamBroken(f"{host} broke off in the middle of its answer.")
    return bytes(whole)


class _Unfolding:
    """Gives at most a step at a time, so that the limit is seen before it is passed by much."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)

    @property
    def ended(self) -> bool:
        return self._inflate.eof

    def feed(self, packed: bytes) -> Iterator[bytes]:
        while packed and not self._inflate.eof:
            try:
                part = self._inflate.decompress(packed, _STEP_BYTES)
            except zlib.error:
                raise UpstreamBroken(f"{self._host} sent a body that cannot be unpacked.") from None
            packed = self._inflate.unconsumed_tail
            yield part


def _unfolding(coding: str, host: str) -> _Unfolding | None:
    if coding in ("", "identity"):
        return None
    if coding in ("gzip", "x-gzip", "deflate"):
        return _Unfolding(host)
    raise UpstreamBroken(f"{host} packed its answer in a way that we did not ask for.")
