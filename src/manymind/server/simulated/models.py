"""The models of the simulation, by name. Each computes from the request it was sent."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from hashlib import sha256

from manymind.canon.items import Item, Returned, Said
from manymind.canon.parts import File, Image
from manymind.canon.requests import Request
from manymind.providers import acts
from manymind.providers.acts import Act, Line
from manymind.providers.researcher import researcher


def vision(request: Request) -> Sequence[Line]:
    """Reports the media type, size and hash of each picture or file that it was sent."""
    seen = [
        _report(part)
        for item in request.items
        for part in _parts(item)
        if isinstance(part, Image | File)
    ]
    return ("\n".join(seen) or "I see no picture.",)


def _parts(item: Item) -> Sequence[object]:
    return item.parts if isinstance(item, Said | Returned) else ()


def _report(part: Image | File) -> str:
    kind = "image" if isinstance(part, Image) else "file"
    if part.data is not None:
        try:
            data = b64decode(part.data, validate=True)
        except ValueError:
            return f"{kind}: broken base64"
        digest = sha256(data).hexdigest()[:16]
        return f"{kind}: {part.media_type}, {len(data)} bytes, sha256 {digest}"
    if part.url is not None:
        return f"{kind}: {part.url}"
    return f"{kind}: file {part.file_id}"


MODELS: Mapping[str, Act] = {
    "sim-echo": acts.echo,
    "sim-adder": acts.adder,
    "sim-caller": acts.caller,
    "sim-json": acts.jsonist,
    "sim-researcher": researcher,
    "sim-thinker": acts.thinker,
    "sim-vision": vision,
    "sim-refuser": acts.refuser,
}
