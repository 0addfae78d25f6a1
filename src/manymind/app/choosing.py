"""How the house chooses among providers, from what the settings say of them and of retries."""

from collections.abc import Mapping

from manymind.app.amounts import amount
from manymind.catalog.facts import Facts, presumed
from manymind.config import Config, ConfigError, ProviderSettings
from manymind.dialects.preferences import QUANTIZATIONS
from manymind.routing.patience import Patience


def patience(config: Config) -> Patience:
    said = config.retries
    return Patience(
        attempts_max=said.attempts,
        rounds_max=said.rounds,
        tokens_again_max=said.tokens,
        ticks_lost_max=amount("retries.cost_usd", said.cost_usd),
        giant_tokens=said.giant_tokens,
        wait_seconds_max=said.wait_seconds,
    )


def facts(config: Config) -> Mapping[str, Facts]:
    """What the operator says of each provider, over what holds of it anyway."""
    return {name: _facts(name, said) for name, said in config.providers.items()}


def _facts(name: str, said: ProviderSettings) -> Facts:
    if said.quantization is not None and said.quantization not in QUANTIZATIONS:
        known = ", ".join(sorted(QUANTIZATIONS))
        raise ConfigError(
            f"providers.{name}.quantization is {said.quantization}; it is one of {known}."
        )
    otherwise = presumed(name)
    return Facts(
        zdr=otherwise.zdr if said.zdr is None else said.zdr,
        data_collection=said.data_collection or otherwise.data_collection,
        distillable=said.distillable,
        quantization=said.quantization,
        region=said.region,
    )
