"""DeepSeek. It wants its reasoning back when a tool's result follows it."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Upstream, route, routes

PROVIDER = Upstream(
    name="deepseek",
    authors=("deepseek",),
    credentials=(Credential("DEEPSEEK_API_KEY"),),
    address_variables=("DEEPSEEK_BASE_URL",),
    address="https://api.deepseek.com/v1",
    routes=(
        *routes(OpenAIChat(Flavour(cap="max_tokens", thoughts="reasoning_content"))),
        route("anthropic_messages", under="/anthropic/v1", style="x-api-key"),
    ),
    model="deepseek-v4-flash",
)
