"""The whole program with every kind of upstream behind it, for one mishap at a time."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tests.flows.stage import Stage, on_stage

_ONE_DIALECT = '[providers.{}]\ndialect = "{}"\n'

UPSTREAMS: Mapping[str, tuple[str, str]] = {
    "anthropic": ("anthropic", ""),
    "gemini": ("gemini", ""),
    "gemini by gemini": ("gemini", _ONE_DIALECT.format("gemini", "gemini")),
    "openai": ("openai", ""),
    "openai by chat": ("openai", _ONE_DIALECT.format("openai", "openai_chat")),
    "openai by responses": ("openai", _ONE_DIALECT.format("openai", "openai_responses")),
    "openrouter": ("openrouter", ""),
    "vllm": ("vllm", ""),
    "xai": ("xai", ""),
}
"""Providers, and the settings that keep one to a dialect."""

HASTY = "[limits]\nrequest_seconds = 2.0\n"


def facing(
    folder: Path, upstream: str, settings: str = "", environment: Mapping[str, str] | None = None
) -> AbstractAsyncContextManager[Stage]:
    """The program in front of this upstream."""
    return on_stage(folder, settings=UPSTREAMS[upstream][1] + settings, environment=environment)


def model(upstream: str, knobs: str, name: str = "sim-echo") -> str:
    """The name of a model that meets with this mishap."""
    return f"{UPSTREAMS[upstream][0]}/{name};{knobs}".rstrip(";")
