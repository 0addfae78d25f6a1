"""NVIDIA's catalogue of hosted models, named `author/model`."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Upstream, routes

PROVIDER = Upstream(
    name="nvidia",
    authors=("nvidia",),
    credentials=(Credential("NVIDIA_API_KEY"),),
    address_variables=("NVIDIA_BASE_URL",),
    address="https://integrate.api.nvidia.com/v1",
    routes=routes(OpenAIChat(Flavour(cap="max_tokens"))),
)
