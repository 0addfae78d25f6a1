"""Texts as they are compared: without case, spelling of signs, and white space."""

import unicodedata


def plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
