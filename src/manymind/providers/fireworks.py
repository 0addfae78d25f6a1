"""Fireworks: open models, named `accounts/fireworks/models/…`."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Embeds, Upstream, routes

PROVIDER = Upstream(
    name="fireworks",
    authors=("fireworks", "fireworks-ai"),
    credentials=(Credential("FIREWORKS_API_KEY"),),
    address_variables=("FIREWORKS_BASE_URL",),
    address="https://api.fireworks.ai/inference/v1",
    path="/inference/v1",
    routes=routes(
        OpenAIChat(Flavour(cap="max_tokens", thoughts="reasoning_content")),
        "anthropic_messages",
        "openai_responses",
    ),
    embeds=Embeds(),
)
