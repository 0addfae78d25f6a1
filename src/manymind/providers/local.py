"""Servers on one's own machine. None needs a key; all speak Chat Completions, and know the cap on
output by its older name."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import Credential, Embeds, Upstream, routes


def _local(name: str, address: str, *variables: str, port: int) -> Upstream:
    return Upstream(
        name=name,
        authors=(name,),
        credentials=(Credential(f"{name.upper()}_API_KEY"),),
        address_variables=variables,
        address=address,
        port=port,
        keyless=True,
        routes=routes(OpenAIChat(Flavour(cap="max_tokens"))),
        embeds=Embeds(),
    )


PROVIDERS = (
    _local("ollama", "http://127.0.0.1:11434", "OLLAMA_HOST", "OLLAMA_BASE_URL", port=11434),
    _local("vllm", "http://127.0.0.1:8000/v1", "VLLM_BASE_URL", port=8000),
    _local("llamacpp", "http://127.0.0.1:8080/v1", "LLAMACPP_BASE_URL", port=8080),
    _local("lmstudio", "http://127.0.0.1:1234/v1", "LMSTUDIO_BASE_URL", port=1234),
)
"""Found only where an address is set: nobody's ports are tried uninvited."""
