"""Groq: open models, fast. It refuses probabilities and names, and has but one choice to give."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Upstream, routes

_ACCENT = Flavour(
    cap="max_completion_tokens",
    lacks=("logprobs", "top_logprobs", "logit_bias"),
    nameless=True,
)

PROVIDER = Upstream(
    name="groq",
    authors=("groq",),
    credentials=(Credential("GROQ_API_KEY"),),
    address_variables=("GROQ_BASE_URL",),
    address="https://api.groq.com/openai/v1",
    path="/openai/v1",
    routes=routes(OpenAIChat(_ACCENT), "openai_responses"),
)
