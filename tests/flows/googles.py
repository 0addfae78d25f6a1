"""Google's official SDK, in front of any address."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from google.genai import Client
from google.genai.pagers import AsyncPager
from google.genai.types import (
    Content,
    CountTokensResponse,
    GenerateContentConfig,
    GenerateContentResponse,
    HttpOptions,
    ListModelsConfig,
    Model,
)


class Models(Protocol):
    """What the SDK does for us, without the types of libraries that it only may use."""

    async def generate_content(
        self, *, model: str, contents: str | list[Content], config: GenerateContentConfig
    ) -> GenerateContentResponse: ...

    async def generate_content_stream(
        self, *, model: str, contents: str | list[Content], config: GenerateContentConfig
    ) -> AsyncIterator[GenerateContentResponse]: ...

    async def count_tokens(
        self, *, model: str, contents: str | list[Content]
    ) -> CountTokensResponse: ...

    async def list(self, *, config: ListModelsConfig) -> AsyncPager[Model]: ...

    async def get(self, *, model: str) -> Model: ...


@asynccontextmanager
async def googles(url: str) -> AsyncGenerator[Models]:
    """The SDK's models, at a server of any make."""
    async with Client(api_key="none", http_options=HttpOptions(base_url=url)).aio as client:
        yield client.models
