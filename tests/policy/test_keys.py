"""Who calls."""

import pytest

from manymind.canon.faults import Unauthorized
from manymind.policy.keys import Keys


def test_without_a_key_everybody_on_loopback_is_the_owner() -> None:
    assert Keys(None).identify(None).id == "owner"
    assert Keys(None).identify("placeholder").id == "owner"
    assert not Keys(None).required


def test_the_key_opens() -> None:
    assert Keys("sésame").identify("sésame").id == "owner"


@pytest.mark.parametrize("given", [None, "", "sesame", "sésame ", "SÉSAME", "\udcff"])
def test_anything_else_is_refused_without_being_repeated(given: str | None) -> None:
    with pytest.raises(Unauthorized) as refused:
        Keys("sésame").identify(given)
    assert "sésame" not in refused.value.full
    assert not given or given not in refused.value.full
