"""Google's Gemini API. Its own dialect has the model in the path and the key in a header of its
own; the second route, the list of models and the vectors are Google's imitation of OpenAI."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import PATHS, Credential, Embeds, Route, Upstream, route

PROVIDER = Upstream(
    name="gemini",
    authors=("google", "gemini"),
    credentials=(Credential("GEMINI_API_KEY"), Credential("GOOGLE_API_KEY")),
    address_variables=("GEMINI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"),
    address="https://generativelanguage.googleapis.com/v1beta",
    path="/v1beta",
    routes=(
        route("gemini", style="x-goog-api-key"),
        Route(
            "openai_chat",
            f"/openai{PATHS['openai_chat']}",
            OpenAIChat(Flavour(cap="max_completion_tokens")),
        ),
    ),
    listing="/openai/models",
    embeds=Embeds(path="/openai/embeddings"),
    model="gemini-2.5-flash",
)
