"""JSON as models write it."""

import re

_FENCED = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.DOTALL)


def inner_json(text: str) -> str:
    """The JSON in a text: without the fence or the words that a model puts around it."""
    text = text.strip()
    if text[:1] in ("{", "["):
        return text
    if fenced := _FENCED.search(text):
        return fenced[1].strip()
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text
