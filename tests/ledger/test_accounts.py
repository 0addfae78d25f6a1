"""A request may spend what it asks for, and never more than the operator allows."""

import pytest

from manymind.canon.origins import Origin
from manymind.canon.requests import Caps
from manymind.ledger.accounts import Accounts, Defaults
from tests.world import a_request


@pytest.mark.parametrize(
    ("model", "asked", "left"),
    [
        ("team", None, 50),
        ("team", 20, 20),
        ("team", 80, 50),
        ("plain", None, None),
        ("plain", 20, 20),
        ("plain", 0, 0),
    ],
)
async def test_the_lower_of_both_caps_holds(
    model: str, asked: int | None, left: int | None
) -> None:
    accounts = Accounts(Defaults(team=50), lambda name: name == "team")
    request = a_request(model=model, caps=Caps(cost=asked))
    assert (await accounts.allot(Origin(), request)).left() == left
