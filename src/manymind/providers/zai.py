"""Z.ai: GLM. Subscribers of its coding plan have an address of their own."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Elsewhere, Upstream, route, routes

PROVIDER = Upstream(
    name="zai",
    authors=("z-ai", "zai"),
    credentials=(Credential("ZAI_API_KEY"),),
    address_variables=("ZAI_BASE_URL",),
    address="https://api.z.ai/api/paas/v4",
    path="/api/paas/v4",
    routes=(
        *routes(OpenAIChat(Flavour(cap="max_tokens", thoughts="reasoning_content"))),
        route("anthropic_messages", under="/api/anthropic/v1"),
    ),
    listing=None,
    elsewhere=(Elsewhere("coding plan", "https://api.z.ai/api/coding/paas/v4"),),
)
