"""MiniMax. Its Messages keep thoughts apart; its Chat writes most models' thoughts into the answer,
so that Messages come first."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Elsewhere, Upstream, route, routes

_ACCENT = Flavour(
    cap="max_completion_tokens",
    thoughts="reasoning_content",
    lacks=("presence_penalty", "frequency_penalty", "logit_bias"),
)

PROVIDER = Upstream(
    name="minimax",
    authors=("minimax",),
    credentials=(Credential("MINIMAX_API_KEY"),),
    address_variables=("MINIMAX_BASE_URL",),
    address="https://api.minimax.io/v1",
    routes=(
        route("anthropic_messages", under="/anthropic/v1"),
        *routes(OpenAIChat(_ACCENT), "openai_responses"),
    ),
    elsewhere=(Elsewhere("China", "https://api.minimaxi.com/v1"),),
    model="MiniMax-M2.7",
)
