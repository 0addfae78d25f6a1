"""Dollars of the settings, as ticks."""

from decimal import Decimal

from manymind.canon.values import Ticks
from manymind.catalog.money import ticks
from manymind.config import ConfigError


def amount(setting: str, written: Decimal) -> Ticks:
    """So many ticks; what is no amount is refused under the setting's name."""
    try:
        return ticks(written)
    except ValueError:
        raise ConfigError(f"{setting} is {written}, which is no amount in dollars.") from None
