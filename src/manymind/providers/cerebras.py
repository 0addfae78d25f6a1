"""Cerebras: open models, very fast. It gives and takes reasoning as `reasoning`."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Upstream, routes

_ACCENT = Flavour(
    cap="max_completion_tokens",
    thoughts="reasoning",
    lacks=("frequency_penalty", "presence_penalty", "verbosity"),
)

PROVIDER = Upstream(
    name="cerebras",
    authors=("cerebras",),
    credentials=(Credential("CEREBRAS_API_KEY"),),
    address_variables=("CEREBRAS_BASE_URL",),
    address="https://api.cerebras.ai/v1",
    routes=routes(OpenAIChat(_ACCENT)),
)
