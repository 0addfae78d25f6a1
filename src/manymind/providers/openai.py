"""OpenAI."""

from manymind.providers.upstream import Credential, Upstream, routes

PROVIDER = Upstream(
    name="openai",
    authors=("openai",),
    credentials=(Credential("OPENAI_API_KEY"),),
    address_variables=("OPENAI_BASE_URL",),
    address="https://api.openai.com/v1",
    routes=routes("openai_responses", "openai_chat"),
    model="gpt-5.4-mini",
)
