"""Which models the team's roles run on: those of the settings, else the best guess that there is.

The guess is a vendor's model before one of a local server, as a small local model makes a poor
team; without either the reader does the work.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from manymind.app.upstreams import Found
from manymind.canon.faults import NoSuchModel
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.offers import Offer
from manymind.catalog.sellers import OWN
from manymind.config import Config, ConfigError
from manymind.config import TeamSettings as Said
from manymind.engine.settings import TeamSettings
from manymind.routing.router import Router

_NO_TALKERS = ("embed", "rerank", "minilm", "bge-", "whisper", "tts", "moderation", "guard")
"""What the names of models hold that cannot hold a conversation."""

_PREFERRED = ("xai", "openai", "anthropic", "gemini", "openrouter")
"""Whose models lead a team where several vendors are ready; behind them the rest, by name."""


NAMED = f"{OWN}/team-"
"""How the names of teams begin that the settings describe."""

_ROLES = ("leader", "agent", "reader", "verifier")
_NO_JUDGE = "the built-in reader finds and quotes, and cannot judge"


def teams(
    config: Config, catalogue: Catalogue, ready: Sequence[Found], own: str, reader: str
) -> dict[str, TeamSettings]:
    """The settings of every team by the name of its model; `own` is the one that is always
    there. A named team takes the roles that it leaves out from there."""
    usual = _usual(catalogue, ready) or reader
    known = {own: config.team, **{NAMED + name: said for name, said in config.teams.items()}}
    return {
        name: _team(config, name, _filled(said, config.team), usual, reader)
        for name, said in known.items()
    }


def check(config: Config, router: Router) -> None:
    """Refuses models of the settings that nobody here serves, before a question depends on it."""
    told = {"team": config.team, **{f"teams.{name}": said for name, said in config.teams.items()}}
    for place, said in told.items():
        for role in _ROLES:
            _check(f"{place}.{role}", getattr(said, role), router)


def _check(setting: str, model: str | None, router: Router) -> None:
    if model is None:
        return
    try:
        served = router.served(model)
    except NoSuchModel as fault:
        raise ConfigError(f"{setting}: {fault.full}") from None
    if served[0].offer.inner:
        raise ConfigError(f"{setting} is {model}, which is a team itself.")


def _team(config: Config, name: str, said: Said, usual: str, reader: str) -> TeamSettings:
    leader = said.leader or said.agent or usual
    agent = said.agent or leader
    judge, unjudged = said.verifier, "no verifier is set"
    if judge is not None and config.aliases.get(judge, judge) == reader:
        judge, unjudged = None, _NO_JUDGE
    return TeamSettings(
        name=name,
        leader=leader,
        agent=agent,
        reader=said.reader,
        verifier=judge,
        unjudged=unjudged,
        unsupported=said.unsupported,
    )


def _filled(said: Said, base: Said) -> Said:
    missing = {role: getattr(base, role) for role in _ROLES if getattr(said, role) is None}
    return replace(said, **missing)


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
