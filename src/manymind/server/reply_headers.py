"""The headers of our replies, with what each says: for browsers, which show a page only those that
are named, and for those who read the description of our paths."""

from manymind.canon.values import Json

_RATES = {
    "limit": "How many {unit} the key may have in a minute.",
    "remaining": "How many {unit} of this minute are left.",
    "reset": "When the next minute of {unit} begins.",
}
_UNITS = ("requests", "tokens")

EVERYWHERE = {"x-request-id": "The id of the request, by which its record is found."}

REFUSED = {"retry-after": "The seconds after which to ask again, where that is known."}

ANSWERED = {
    "x-manymind-route": "The named route by which the request went.",
    "x-manymind-arm": "The arm of that route.",
    "x-manymind-model": "The model that answers, by its name at every provider.",
    "x-manymind-provider": "The provider that answers.",
    "x-manymind-attempts": "What was tried, with the status of each attempt.",
    "x-manymind-cache": "Whether the answer was given before: hit or miss.",
    "x-manymind-cache-age": "How many seconds ago.",
    "x-manymind-redacted": "How many values each rule of redaction has found.",
    "x-manymind-dropped-parameters": "What the provider was not told, as it cannot take it.",
    **{
        f"x-ratelimit-{what}-{unit}": said.format(unit=unit)
        for unit in _UNITS
        for what, said in _RATES.items()
    },
    **{
        f"anthropic-ratelimit-{unit}-{what}": said.format(unit=unit)
        for unit in _UNITS
        for what, said in _RATES.items()
    },
}
"""Each only where there is something to say. Rates are told to keys that have them, in Messages
under Anthropic's names."""

COUNTED = {"x-manymind-count": "How the count came about: exact, provider or estimate."}

EXPOSED = ", ".join(("request-id", *EVERYWHERE, *REFUSED, *ANSWERED, *COUNTED))
"""What a page of a listed origin may read."""


def described(headers: dict[str, str]) -> Json:
    """Headers as OpenAPI describes them."""
    return {
        name: {"description": said, "schema": {"type": "string"}} for name, said in headers.items()
    }
