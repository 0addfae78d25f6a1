"""The engine's tests run in virtual time: a second of a model's silence costs nothing."""

import pytest

from tests.engine.stage import VirtualLoop


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": VirtualLoop}
