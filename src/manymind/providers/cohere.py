"""Cohere, by its imitation of OpenAI."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Embeds, Upstream, routes

PROVIDER = Upstream(
    name="cohere",
    authors=("cohere",),
    credentials=(Credential("COHERE_API_KEY"), Credential("CO_API_KEY")),
    address_variables=("COHERE_BASE_URL",),
    address="https://api.cohere.ai/compatibility/v1",
    path="/compatibility/v1",
    routes=routes(OpenAIChat(Flavour(cap="max_tokens"))),
    listing=None,
    embeds=Embeds(dimensions=None),
)
