"""How the sellers write their own names."""

_TITLES = {
    "anthropic": "Anthropic",
    "azure": "Azure",
    "bedrock": "Amazon Bedrock",
    "cerebras": "Cerebras",
    "cloudflare": "Cloudflare",
    "cohere": "Cohere",
    "deepseek": "DeepSeek",
    "fireworks": "Fireworks",
    "gemini": "Google AI Studio",
    "groq": "Groq",
    "llamacpp": "llama.cpp",
    "lmstudio": "LM Studio",
    "manymind": "Manymind",
    "minimax": "MiniMax",
    "mistral": "Mistral",
    "moonshot": "Moonshot AI",
    "nvidia": "NVIDIA",
    "ollama": "Ollama",
    "openai": "OpenAI",
    "openrouter": "OpenRouter",
    "perplexity": "Perplexity",
    "qwen": "Alibaba",
    "together": "Together",
    "vllm": "vLLM",
    "voyage": "Voyage AI",
    "xai": "xAI",
    "zai": "Z.AI",
}


def title(seller: str) -> str:
    """A seller's name for people; one that we do not know is called as the settings call it."""
    return _TITLES.get(seller, seller)
