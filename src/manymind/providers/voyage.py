"""Voyage: vectors, and nothing but vectors."""

from manymind.providers.upstream import Credential, Embeds, Upstream

PROVIDER = Upstream(
    name="voyage",
    authors=("voyageai", "voyage"),
    credentials=(Credential("VOYAGE_API_KEY"),),
    address_variables=("VOYAGE_BASE_URL",),
    address="https://api.voyageai.com/v1",
    routes=(),
    listing=None,
    embeds=Embeds(dimensions="output_dimension"),
)
