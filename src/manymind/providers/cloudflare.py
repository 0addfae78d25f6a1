"""Cloudflare's Workers AI. The account stands in the address; its models are named `@cf/…`."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Embeds, Upstream, routes

PROVIDER = Upstream(
    name="cloudflare",
    authors=("cloudflare",),
    credentials=(Credential("CLOUDFLARE_API_TOKEN"), Credential("CLOUDFLARE_API_KEY")),
    address_variables=("CLOUDFLARE_BASE_URL",),
    address="https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1",
    routes=routes(OpenAIChat(Flavour(cap="max_tokens")), "openai_responses"),
    listing=None,
    embeds=Embeds(dimensions=None),
)
