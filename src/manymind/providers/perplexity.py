"""Perplexity: models that search. Since September 2026 they answer on Responses alone."""

from manymind.providers.upstream import Credential, Upstream, routes

PROVIDER = Upstream(
    name="perplexity",
    authors=("perplexity",),
    credentials=(Credential("PERPLEXITY_API_KEY"),),
    address_variables=("PERPLEXITY_BASE_URL",),
    address="https://api.perplexity.ai/v1",
    routes=routes("openai_responses"),
    listing=None,
)
