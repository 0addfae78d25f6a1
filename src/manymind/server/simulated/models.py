"""The models of the simulation, by name. Each computes from the request it was sent."""

from collections.abc import Mapping, Sequence

from manymind.canon.parts import File, Image
from manymind.canon.requests import Request
from manymind.providers import acts
from manymind.providers.acts import Act, Line
from manymind.providers.assistant import assistant, parts_of, report
from manymind.providers.researcher import researcher


def vision(request: Request) -> Sequence[Line]:
    """Reports the media type, size and hash of each picture or file that it was sent."""
    seen = [
        report(part)
        for item in request.items
        for part in parts_of(item)
        if isinstance(part, Image | File)
    ]
    return ("\n".join(seen) or "I see no picture.",)


MODELS: Mapping[str, Act] = {
    "sim-echo": acts.echo,
    "sim-adder": acts.adder,
    "sim-assistant": assistant,
    "sim-caller": acts.caller,
    "sim-json": acts.jsonist,
    "sim-researcher": researcher,
    "sim-thinker": acts.thinker,
    "sim-vision": vision,
    "sim-refuser": acts.refuser,
}
