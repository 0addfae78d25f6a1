"""Who calls, where there are no keys but the operator's own."""

import pytest

from manymind.canon.faults import Unauthorized
from manymind.policy.keys import OPERATING, Keys


def test_without_a_key_everybody_on_loopback_is_the_operator() -> None:
    assert Keys(None).known(None) == OPERATING
    assert Keys(None).known("placeholder") == OPERATING
    assert not Keys(None).required


async def test_what_begins_like_a_key_of_ours_must_be_one_even_then() -> None:
    assert Keys(None).known("mm-placeholder") is None
    with pytest.raises(Unauthorized):
        await Keys(None).identify("mm-placeholder")


def test_the_key_opens() -> None:
    assert Keys("sésame").known("sésame") == OPERATING


@pytest.mark.parametrize("given", [None, "", "sesame", "sésame ", "SÉSAME", "\udcff", "mm-sésame"])
async def test_anything_else_is_refused_without_being_repeated(given: str | None) -> None:
    keys = Keys("sésame")
    assert keys.known(given) is None
    with pytest.raises(Unauthorized) as refused:
        await keys.identify(given)
    assert "sésame" not in refused.value.full
    assert not given or given not in refused.value.full
