"""Together: open models of many authors, named `author/model`."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Embeds, Upstream, routes

PROVIDER = Upstream(
    name="together",
    authors=("together", "togetherai"),
    credentials=(Credential("TOGETHER_API_KEY"),),
    address_variables=("TOGETHER_BASE_URL",),
    address="https://api.together.ai/v1",
    routes=routes(OpenAIChat(Flavour(cap="max_tokens"))),
    embeds=Embeds(dimensions=None),
)
