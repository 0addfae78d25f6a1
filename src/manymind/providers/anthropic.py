"""Anthropic: Claude. A token of a subscription goes where a key of the API does not."""

from manymind.providers.upstream import Credential, Upstream, routes

PROVIDER = Upstream(
    name="anthropic",
    authors=("anthropic",),
    credentials=(
        Credential("ANTHROPIC_API_KEY", "x-api-key"),
        Credential("ANTHROPIC_AUTH_TOKEN", "bearer"),
    ),
    address_variables=("ANTHROPIC_BASE_URL",),
    address="https://api.anthropic.com",
    versioned=False,
    routes=routes("anthropic_messages"),
    listing="/models?limit=1000",
    headers=(("anthropic-version", "2023-06-01"),),
    model="claude-sonnet-4-5",
)
