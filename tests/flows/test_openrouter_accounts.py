"""OpenRouter's own client manages keys here as it does there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openrouter import OpenRouter
from openrouter.errors import (
    ForbiddenResponseError,
    NotFoundResponseError,
    UnauthorizedResponseError,
)

from tests.flows.managed_stage import Holder, managing

pytestmark = pytest.mark.filterwarnings("ignore:.*DEPRECATED:DeprecationWarning")
"""Their models warn of fields of their own."""


def client(holder: Holder) -> OpenRouter:
    return OpenRouter(api_key=holder.key, server_url=f"{holder.url}/api/v1")


async def test_a_key_is_made_listed_changed_and_deleted(tmp_path: Path, url: str) -> None:
    async with managing(tmp_path, url) as managed:
        manager, _ = await managed.tenant()
        async with client(manager) as openrouter:
            keys = openrouter.api_keys
            end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
            made = await keys.create_async(
                name="Ann's", limit=2.5, limit_reset="monthly", expires_at=end
            )
            assert made.key.startswith("mm-")
            assert (made.data.name, made.data.limit, made.data.limit_reset) == (
                "Ann's",
                2.5,
                "monthly",
            )
            assert (made.data.expires_at, made.data.limit_remaining) == (end, 2.5)
            listed = (await keys.list_async()).data
            assert made.data.hash in {each.hash for each in listed}
            changed = await keys.update_async(
                hash=made.data.hash, name="Bob's", disabled=True, limit=1
            )
            assert (changed.data.name, changed.data.disabled, changed.data.limit) == (
                "Bob's",
                True,
                1,
            )
            assert made.data.hash not in {each.hash for each in (await keys.list_async()).data}
            with_it = (await keys.list_async(include_disabled=True)).data
            assert made.data.hash in {each.hash for each in with_it}
            found = await keys.get_async(hash=made.data.hash)
            assert found.data.updated_at is not None
            unlimited = await keys.update_async(hash=made.data.hash, limit=None)
            assert unlimited.data.limit is None
            assert (await keys.delete_async(hash=made.data.hash)).DELETED
            with pytest.raises(NotFoundResponseError):
                await keys.get_async(hash=made.data.hash)


async def test_a_key_learns_what_it_may_and_has_spent(tmp_path: Path, url: str) -> None:
    async with managing(tmp_path, url) as managed:
        manager, user = await managed.tenant()
        async with client(user) as openrouter:
            own = (await openrouter.api_keys.get_current_key_metadata_async()).data
            assert (own.limit, own.limit_reset, own.is_management_key) == (10, "daily", False)
            assert own.effective_budget is not None
            assert own.effective_budget.scope == "key_limit"
            assert own.label == f"{user.key[:7]}…"
            with pytest.raises(ForbiddenResponseError):
                await openrouter.api_keys.create_async(name="another")
            with pytest.raises(ForbiddenResponseError):
                await openrouter.credits.get_credits_async()
        async with client(manager) as openrouter:
            own = (await openrouter.api_keys.get_current_key_metadata_async()).data
            assert (own.limit, own.is_management_key) == (None, True)
            credits = (await openrouter.credits.get_credits_async()).data
            assert (credits.total_credits, credits.total_usage) == (0, 0)
        async with client(managed.operator) as openrouter:
            own = (await openrouter.api_keys.get_current_key_metadata_async()).data
            assert own.label == "operator"


async def test_who_is_not_known_is_told_so(tmp_path: Path, url: str) -> None:
    async with managing(tmp_path, url) as managed:
        stranger = Holder(managed.operator.url, managed.operator.session, "mm-stranger")
        async with client(stranger) as openrouter:
            with pytest.raises(UnauthorizedResponseError):
                await openrouter.api_keys.get_current_key_metadata_async()
