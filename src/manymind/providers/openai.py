"""OpenAI. Its reasoning models know the cap on output by its newer name alone."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Embeds, Upstream, routes

PROVIDER = Upstream(
    name="openai",
    authors=("openai",),
    credentials=(Credential("OPENAI_API_KEY"),),
    address_variables=("OPENAI_BASE_URL",),
    address="https://api.openai.com/v1",
    routes=routes("openai_responses", OpenAIChat(Flavour(cap="max_completion_tokens"))),
    embeds=Embeds(packed=True, tokens=True, user=True),
    model="gpt-5.4-mini",
)
