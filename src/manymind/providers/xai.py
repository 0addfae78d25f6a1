"""xAI: Grok. Its multi-agent models answer on Responses alone."""

from manymind.dialects.openai_responses import Flavour, Responses
from manymind.providers.upstream import Credential, Only, Upstream, routes

PROVIDER = Upstream(
    name="xai",
    authors=("x-ai", "xai"),
    credentials=(Credential("XAI_API_KEY"),),
    address_variables=("XAI_BASE_URL",),
    address="https://api.x.ai/v1",
    routes=routes(Responses(Flavour(turns=True)), "openai_chat", "anthropic_messages"),
    only=(Only("multi-agent", "openai_responses"),),
    model="grok-4.20",
)
