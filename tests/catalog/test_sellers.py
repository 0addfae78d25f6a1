"""What an operator is told to set is what some provider looks for."""

from manymind.catalog.sellers import SELLERS, settings_for
from manymind.providers import find


def test_every_setting_is_looked_for_by_its_provider() -> None:
    upstreams = find()
    for seller in SELLERS:
        if seller.setting:
            upstream = upstreams[seller.name]
            keys = {credential.variable for credential in upstream.credentials}
            assert seller.setting in keys | set(upstream.address_variables)


def test_nobody_is_sent_to_a_provider_that_is_not_there() -> None:
    assert settings_for("google") == ("GEMINI_API_KEY", "OPENROUTER_API_KEY")
    assert settings_for("openai") == ("OPENAI_API_KEY", "OPENROUTER_API_KEY")
    assert settings_for("nobody") == ("OPENROUTER_API_KEY",)
