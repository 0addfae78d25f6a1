"""Which house's kind a model is of, as OpenRouter groups them by tokenizer."""

from fnmatch import fnmatchcase

_KINDS = (
    ("openai/*", "GPT"),
    ("*/gpt-*", "GPT"),
    ("*claude*", "Claude"),
    ("*gemini*", "Gemini"),
    ("*gemma*", "Gemma"),
    ("*grok*", "Grok"),
    ("*llama-4*", "Llama4"),
    ("*llama*2*", "Llama2"),
    ("*llama*", "Llama3"),
    ("*qwen3*", "Qwen3"),
    ("*qwen*", "Qwen"),
    ("*deepseek*", "DeepSeek"),
    ("mistral*/*", "Mistral"),
    ("*mistral*", "Mistral"),
    ("cohere/*", "Cohere"),
    ("*nova-*", "Nova"),
)


def kind(slug: str) -> str:
    """The group of a model by its name; `Other` where the name does not tell."""
    name = slug.lower()
    return next((kind for pattern, kind in _KINDS if fnmatchcase(name, pattern)), "Other")
