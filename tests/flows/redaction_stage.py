"""The whole program with redaction, and canaries of several kinds."""

import json
from collections.abc import Sequence
from random import Random

from manymind.canon.items import Called
from manymind.canon.requests import Request
from manymind.policy.redaction.vault import PLACEHOLDER
from manymind.providers.acts import Line, last_words, this_turn
from tests.flows.stage import Stage
from tests.policy.redaction import samples

ON = '[redaction]\nmode = "on"\n'
MADE = samples.examples(Random(21))
MAIL, SECRET, CARD, PEM = (MADE[name][1] for name in ("email", "openai_key", "card", "private_key"))
CANARIES = (MAIL, SECRET, CARD, PEM, PEM.replace("\n", "\\n"), json.dumps(CARD)[1:-1])
WORDS = f"Write to {MAIL} about {CARD}, the key being “{SECRET}”, thanks"


def mailer(request: Request) -> Sequence[Line]:
    """Calls the tool that it is offered with the caller's own words, once."""
    if this_turn(request):
        return ("It was sent.",)
    arguments = json.dumps({"city": f"{last_words(request)}"})
    return (Called(call_id="call_1", name="weather", arguments=arguments),)


def reached(stage: Stage, *canaries: str) -> list[str]:
    """What of the canaries came to a vendor, in a body, a path or a header."""
    assert stage.simulated.visits
    seen = " ".join(
        f"{visit.raw.decode()} {json.dumps(visit.body, ensure_ascii=False)} {visit.path} "
        f"{visit.query} {visit.headers}"
        for visit in stage.simulated.visits
    )
    return [canary for canary in canaries or CANARIES if canary in seen]


def marks(stage: Stage) -> list[list[str]]:
    """The placeholders in each body that came to a vendor."""
    bodies = (visit.raw.decode() for visit in stage.simulated.visits if visit.raw)
    return [PLACEHOLDER.findall(body) for body in bodies]
