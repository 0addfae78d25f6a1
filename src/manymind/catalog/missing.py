"""What to say about a model that no configured provider serves."""

from collections.abc import Collection
from difflib import get_close_matches

from manymind.canon.faults import NoSuchModel
from manymind.catalog.catalogue import VARIANTS, Catalogue
from manymind.catalog.sellers import author_of, provider_of, seller, settings_for

_NAME_MAX = 120
_NEAREST = 3


def nearest(catalogue: Catalogue, name: str, providers: Collection[str]) -> tuple[str, ...]:
    """The names among these providers' models that are most like `name`."""
    spelled: dict[str, str] = {}
    for offer in catalogue.stock(providers):
        for known in (offer.slug, offer.slug.rpartition("/")[2], offer.native):
            spelled.setdefault(known.lower(), offer.slug)
    close = get_close_matches(name[:_NAME_MAX].lower(), spelled, n=2 * _NEAREST, cutoff=0.75)
    return tuple(dict.fromkeys(spelled[each] for each in close))[:_NEAREST]


def missing(
    catalogue: Catalogue, name: str, providers: Collection[str], list_: str | None = None
) -> NoSuchModel:
    """The fault for `name`, with what would help: a setting, a near name, or the list. An entry
    of `providers` may be a single model of ours, which is then all that we suggest of them.
    `list_` says how to see all names where that is not by asking the server."""
    if not name:
        return NoSuchModel(
            "The model's name is empty.",
            advice=list_ or "GET /v1/models lists the names.",
            field="model",
        )
    shown = name if len(name) <= _NAME_MAX else name[:_NAME_MAX] + "…"
    author, slash, _ = name.partition("/")
    if not slash:
        author = author_of(name)
    settings = settings_for(author) if author else ()
    variant = name.rpartition(":")[2] if ":" in name else ""
    if variant == "online":
        return NoSuchModel(
            f"`:online` of {shown} asks for a search of the web, which is not there yet.",
            advice="Ask for the model without it, or set OPENROUTER_API_KEY: OpenRouter has it.",
            field="model",
        )
    if variant in VARIANTS:
        return NoSuchModel(
            f"`:{variant}` of {shown} is a variant that only OpenRouter serves.",
            advice="Set OPENROUTER_API_KEY, or ask for the model without it.",
            field="model",
        )
    names = {entry.partition("/")[0] for entry in providers}
    sold = provider_of(author, names) is not None or any(seller(each).resells for each in names)
    if settings and not sold and not seller(author).closed:
        ways = " or ".join(settings)
        return NoSuchModel(
            f"No provider is configured for {shown}.", advice=f"Set {ways}.", field="model"
        )
    close = nearest(catalogue, name, providers)
    configured = ", ".join(sorted(names)) or "none"
    listed = list_ or f"Configured providers: {configured}. GET /v1/models lists their models."
    return NoSuchModel(
        f"No model {shown}.",
        advice=f"Did you mean {' or '.join(close)}?" if close else listed,
        field="model",
    )
