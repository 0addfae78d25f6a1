"""OpenRouter: many vendors' models behind one key, named `author/model`."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Embeds, Upstream, routes

PROVIDER = Upstream(
    name="openrouter",
    authors=("openrouter",),
    credentials=(Credential("OPENROUTER_API_KEY"),),
    address_variables=("OPENROUTER_BASE_URL",),
    address="https://openrouter.ai/api/v1",
    routes=routes(
        OpenAIChat(Flavour(extended=True, thoughts="reasoning_details")),
        "openai_responses",
        "anthropic_messages",
    ),
    headers=(("x-title", "Manymind"),),
    routing=True,
    embeds=Embeds(user=True),
    model="x-ai/grok-4.20",
)
