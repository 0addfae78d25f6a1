"""Moonshot: Kimi. It wants its reasoning back with the calls that came of it."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Elsewhere, Upstream, route, routes

PROVIDER = Upstream(
    name="moonshot",
    authors=("moonshotai", "moonshot"),
    credentials=(Credential("MOONSHOT_API_KEY"),),
    address_variables=("MOONSHOT_BASE_URL",),
    address="https://api.moonshot.ai/v1",
    routes=(
        *routes(
            OpenAIChat(Flavour(cap="max_tokens", thoughts="reasoning_content")),
            "openai_responses",
        ),
        route("anthropic_messages", under="/anthropic/v1"),
    ),
    elsewhere=(Elsewhere("China", "https://api.moonshot.cn/v1"),),
    model="kimi-k2.6",
)
