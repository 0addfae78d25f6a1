"""Azure OpenAI, on its surface without versions by date. Deployments stand for models."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Embeds, Upstream, routes

PROVIDER = Upstream(
    name="azure",
    authors=("azure",),
    credentials=(
        Credential("AZURE_OPENAI_API_KEY", "api-key"),
        Credential("AZURE_API_KEY", "api-key"),
    ),
    address_variables=("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_BASE_URL", "AZURE_BASE_URL"),
    address="https://{AZURE_RESOURCE_NAME}.openai.azure.com/openai/v1",
    path="/openai/v1",
    routes=routes("openai_responses", OpenAIChat(Flavour(cap="max_completion_tokens"))),
    embeds=Embeds(packed=True, tokens=True, user=True),
)
