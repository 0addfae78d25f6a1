"""The words of the Gemini dialect, and what they are called in the canon."""

NAME = "gemini"

STOPS = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "ESCALATION": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
}
"""Why a candidate ended. Whatever else is said (a malformed call, no image, …) is `other`."""

ENDINGS = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "refusal": "SAFETY",
}
"""The same the other way."""

CUT = {"length": "max_output_tokens", "content_filter": "content_filter", "other": "other"}
"""What the end of a candidate says of the whole answer, where it is not the whole."""
