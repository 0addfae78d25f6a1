"""Mistral. It refuses every field that it does not know, and counts streams without being asked."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Embeds, Upstream, routes

_ACCENT = Flavour(
    cap="max_tokens",
    lacks=(
        "stream_options",
        "store",
        "user",
        "safety_identifier",
        "logprobs",
        "top_logprobs",
        "logit_bias",
        "service_tier",
        "verbosity",
    ),
    renamed=(("seed", "random_seed"),),
    nameless=True,
)

PROVIDER = Upstream(
    name="mistral",
    authors=("mistralai", "mistral"),
    credentials=(Credential("MISTRAL_API_KEY"),),
    address_variables=("MISTRAL_BASE_URL",),
    address="https://api.mistral.ai/v1",
    routes=routes(OpenAIChat(_ACCENT)),
    embeds=Embeds(dimensions="output_dimension"),
    model="mistral-large-2512",
)
