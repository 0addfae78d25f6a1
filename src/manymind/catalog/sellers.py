"""The providers that the catalogue knows by name, and how people spell them."""

from collections.abc import Collection

from msgspec import Struct


class Seller(Struct, frozen=True):
    """`name` is ours. `authors` are the spellings under which its models are known; `feed` is
    its name in genai-prices, empty if it is not there; `setting` is what an operator sets to
    have it, empty while no provider of ours calls it. A seller that `resells` offers other
    authors' models under their full `author/name`. What a `free` one serves runs on the
    operator's own machine. The models of a `closed` one are all known. `families` are how the
    names of its models begin, as people write them without an author.
    """

    name: str
    authors: tuple[str, ...]
    feed: str
    setting: str
    resells: bool = False
    free: bool = False
    closed: bool = False
    families: tuple[str, ...] = ()


OWN = "manymind"
"""The provider name of our own models."""

SELLERS = (
    Seller("xai", ("x-ai", "xai"), "x-ai", "XAI_API_KEY", families=("grok-",)),
    Seller("openai", ("openai",), "openai", "OPENAI_API_KEY", families=("gpt-", "o1", "o3", "o4")),
    Seller("anthropic", ("anthropic",), "anthropic", "ANTHROPIC_API_KEY", families=("claude-",)),
    Seller("gemini", ("google", "gemini"), "google", "GEMINI_API_KEY", families=("gemini-",)),
    Seller("deepseek", ("deepseek",), "deepseek", "DEEPSEEK_API_KEY", families=("deepseek-",)),
    Seller(
        "mistral",
        ("mistralai", "mistral"),
        "mistral",
        "MISTRAL_API_KEY",
        families=("mistral-", "codestral", "devstral", "magistral", "ministral", "pixtral"),
    ),
    Seller("qwen", ("qwen", "alibaba"), "", "DASHSCOPE_API_KEY", families=("qwen",)),
    Seller("minimax", ("minimax",), "minimax", "MINIMAX_API_KEY", families=("minimax-",)),
    Seller(
        "moonshot",
        ("moonshotai", "moonshot"),
        "moonshotai",
        "MOONSHOT_API_KEY",
        families=("kimi-",),
    ),
    Seller("zai", ("z-ai", "zai"), "zai", "ZAI_API_KEY", families=("glm-",)),
    Seller("cohere", ("cohere",), "cohere", "COHERE_API_KEY", families=("command-", "embed-v4")),
    Seller("perplexity", ("perplexity",), "perplexity", "PERPLEXITY_API_KEY"),
    Seller("voyage", ("voyageai", "voyage"), "voyageai", "VOYAGE_API_KEY", families=("voyage-",)),
    Seller("groq", ("groq",), "groq", "GROQ_API_KEY"),
    Seller("cerebras", ("cerebras",), "cerebras", "CEREBRAS_API_KEY"),
    Seller("together", ("together", "togetherai"), "together", "TOGETHER_API_KEY"),
    Seller("fireworks", ("fireworks", "fireworks-ai"), "fireworks", "FIREWORKS_API_KEY"),
    Seller("nvidia", ("nvidia",), "", "NVIDIA_API_KEY"),
    Seller("cloudflare", ("cloudflare",), "cloudflare", "CLOUDFLARE_API_TOKEN"),
    Seller("azure", ("azure",), "azure", "AZURE_OPENAI_API_KEY"),
    Seller("bedrock", ("bedrock", "amazon"), "aws", "AWS_BEARER_TOKEN_BEDROCK"),
    Seller("openrouter", ("openrouter",), "openrouter", "OPENROUTER_API_KEY", resells=True),
    Seller(OWN, (OWN,), "", "", closed=True),
    *(
        Seller(name, (name,), "", setting, free=True)
        for name, setting in (
            ("ollama", "OLLAMA_HOST"),
            ("vllm", "VLLM_BASE_URL"),
            ("llamacpp", "LLAMACPP_BASE_URL"),
            ("lmstudio", "LMSTUDIO_BASE_URL"),
            ("scripted", ""),
        )
    ),
)
_BY_NAME = {seller.name: seller for seller in SELLERS}
_BY_AUTHOR = {author: seller for seller in SELLERS for author in seller.authors}


def seller(name: str) -> Seller:
    """The seller of that name; one that we do not know sells under its own name alone."""
    return _BY_NAME.get(name) or Seller(name, (name,), name, "")


def same(first: str, second: str) -> bool:
    """Whether two spellings (`x-ai`, `xai`) mean the same house."""
    return first == second or _house(first) == _house(second)


def provider_of(author: str, providers: Collection[str]) -> str | None:
    """The configured provider that sells the models of `author` itself."""
    return next((name for name in providers if same(name, author)), None)


def author_of(name: str) -> str:
    """Whose model a name without an author probably means; empty if nobody can tell."""
    found = (each for each in SELLERS if name.lower().startswith(each.families))
    return next((each.authors[0] for each in found), "")


def settings_for(author: str) -> tuple[str, ...]:
    """What an operator would set to serve this author's models."""
    direct = _BY_AUTHOR.get(author)
    resellers = [each for each in SELLERS if each.resells and each is not direct]
    ways = (each.setting for each in (direct, *resellers) if each is not None)
    return tuple(way for way in ways if way)


def _house(spelling: str) -> str:
    known = _BY_AUTHOR.get(spelling.lower())
    return known.name if known is not None else spelling.lower()
