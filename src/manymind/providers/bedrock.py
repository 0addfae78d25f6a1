"""Amazon Bedrock, by its API keys and the imitations of OpenAI and Anthropic at its runtime."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Only, Upstream, route, routes

PROVIDER = Upstream(
    name="bedrock",
    authors=("bedrock", "amazon"),
    credentials=(Credential("AWS_BEARER_TOKEN_BEDROCK"),),
    address_variables=("BEDROCK_BASE_URL",),
    address="https://bedrock-runtime.{AWS_REGION|AWS_DEFAULT_REGION}.amazonaws.com/openai/v1",
    path="/openai/v1",
    routes=(
        *routes(OpenAIChat(Flavour(cap="max_completion_tokens")), "openai_responses"),
        route("anthropic_messages", under="/anthropic/v1"),
    ),
    only=(Only("anthropic.", "anthropic_messages"),),
    listing=None,
)
