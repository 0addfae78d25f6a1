"""Alibaba's Model Studio: Qwen. A key belongs to one region and to its address."""

from manymind.dialects.openai_chat import Flavour, OpenAIChat
from manymind.providers.upstream import (
    Credential,
    Elsewhere,
    Embeds,
    Upstream,
    route,
    routes,
)

PROVIDER = Upstream(
    name="qwen",
    authors=("qwen", "alibaba"),
    credentials=(Credential("DASHSCOPE_API_KEY"), Credential("ALIBABA_API_KEY")),
    address_variables=("QWEN_BASE_URL", "DASHSCOPE_BASE_URL"),
    address="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    path="/compatible-mode/v1",
    routes=(
        *routes(OpenAIChat(Flavour(cap="max_tokens", thoughts="reasoning_content"))),
        route("anthropic_messages", under="/apps/anthropic/v1", style="x-api-key"),
    ),
    embeds=Embeds(),
    elsewhere=(Elsewhere("China", "https://dashscope.aliyuncs.com/compatible-mode/v1"),),
)
