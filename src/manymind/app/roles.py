"""Which models the team's roles run on: those of the settings, else the best guess that there is.

The guess is a vendor's model before one of a local server, as a small local model makes a poor
team; without either the reader does the work.
"""

from collections.abc import Sequence

from manymind.app.upstreams import Found
from manymind.canon.faults import NoSuchModel
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.offers import Offer
from manymind.config import Config, ConfigError
from manymind.engine.settings import TeamSettings
from manymind.routing.router import Router

_NO_TALKERS = ("embed", "rerank", "minilm", "bge-", "whisper", "tts", "moderation", "guard")
"""What the names of models hold that cannot hold a conversation."""

_PREFERRED = ("xai", "openai", "anthropic", "gemini", "openrouter")
"""Whose models lead a team where several vendors are ready; behind them the rest, by name."""


def team(config: Config, catalogue: Catalogue, ready: Sequence[Found], reader: str) -> TeamSettings:
    said = config.team
    leader = said.leader or said.agent or _usual(catalogue, ready) or reader
    return TeamSettings(leader=leader, agent=said.agent or leader)


def check(config: Config, router: Router) -> None:
    """Refuses models of the settings that nobody here serves, before a question depends on it."""
    for setting, model in (("leader", config.team.leader), ("agent", config.team.agent)):
        if model is None:
            continue
        try:
            served = router.served(model)
        except NoSuchModel as fault:
            raise ConfigError(f"team.{setting}: {fault.full}") from None
        if served[0].offer.inner:
            raise ConfigError(f"team.{setting} is {model}, which is the team itself.")


def _usual(catalogue: Catalogue, ready: Sequence[Found]) -> str | None:
    ranked = sorted(ready, key=_rank)
    for each in ranked:
        if each.upstream.model is not None:
            return f"{each.name}/{each.upstream.model}"
    for each in ranked:
        offers = catalogue.shelf(each.name).offers if each.upstream.keyless else ()
        model = next(filter(_talks, offers), None)
        if model is not None:
            return model.key
    return None


def _rank(found: Found) -> tuple[int, str]:
    known = found.name in _PREFERRED
    return _PREFERRED.index(found.name) if known else len(_PREFERRED), found.name


def _talks(offer: Offer) -> bool:
    return not any(word in offer.native.lower() for word in _NO_TALKERS)
