"""Bytes that are plain text, as text."""

import codecs

_SNIFFED = 8_192
_CONTROL_SHARE_MAX = 0.1
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 27})


def as_text(data: bytes) -> str | None:
    """UTF-8 (or UTF-16 that says so); what is wrong in it is replaced. None for binary data."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _lines(data.decode("utf-16", "replace"))
    head = data[:_SNIFFED]
    if b"\0" in head:
        return None
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if head and controls / len(head) > _CONTROL_SHARE_MAX:
        return None
    text = data.decode("utf-8-sig", "replace")
    if text[:_SNIFFED].count("\ufffd") > _CONTROL_SHARE_MAX * len(text[:_SNIFFED]):
        text = data.decode("cp1252", "replace")
    return _lines(text)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")
