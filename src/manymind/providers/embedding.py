"""Vectors from a provider on the network."""

from collections.abc import Mapping

from msgspec.structs import replace

from manymind.canon.embeddings import EmbedRequest, Vectors
from manymind.canon.faults import Fault, Unsupported
from manymind.canon.ports import Desk, Embedder
from manymind.dialects import embeddings
from manymind.dialects.openai_faults import read_fault
from manymind.egress.trusted import Trusted
from manymind.providers.remote import WHOLE, left, refusal
from manymind.providers.sieve import Sieve
from manymind.providers.upstream import Embeds, Settings, Upstream, greeting, locate

REPLY_BYTES_MAX = 128 * 1024 * 1024


class RemoteEmbedder(Embedder):
    """`embeds` says what the server takes; what it does not is refused, so that another server
    of the same model may be asked."""

    def __init__(
        self,
        name: str,
        url: str,
        client: Trusted,
        embeds: Embeds,
        *,
        headers: Mapping[str, str],
        secrets: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self._url = url
        self._client = client
        self._embeds = embeds
        self._headers = {
            **headers,
            "content-type": "application/json",
            "accept": "application/json",
        }
        self._sieve = Sieve(secrets)

    async def embed(self, request: EmbedRequest, desk: Desk) -> Vectors:
        body = self._written(request)
        try:
            async with self._client.post(
                self._url,
                headers=self._headers,
                body=body,
                deadline_seconds=left(desk),
                patience=WHOLE,
            ) as reply:
                if not 200 <= reply.status < 300:
                    raise await refusal(reply, read_fault, desk.clock)
                data = await reply.read(REPLY_BYTES_MAX)
            vectors = embeddings.read_reply(data, len(request.inputs))
        except Fault as fault:
            fault.upstream = self.name
            fault.message = self._sieve.blotted(fault.message)
            fault.advice = self._sieve.blotted(fault.advice)
            fault.args = (fault.message,)
            raise
        return replace(vectors, model=self._sieve.blotted(vectors.model))

    def _written(self, request: EmbedRequest) -> bytes:
        if request.dimensions is not None and self._embeds.dimensions is None:
            raise self._cannot("dimensions", "chooses the length of its vectors itself")
        if not self._embeds.tokens and not all(isinstance(each, str) for each in request.inputs):
            raise self._cannot("input", "takes texts and no token ids")
        return embeddings.write_request(
            request,
            dimensions=self._embeds.dimensions or "",
            packed=self._embeds.packed,
            user=self._embeds.user,
        )

    def _cannot(self, field: str, why: str) -> Unsupported:
        return Unsupported(
            f"{self.name} {why}.",
            advice=f"Leave out {field}, or use another provider."
            if field != "input"
            else "Send the texts themselves, or use another provider.",
            field=field,
            unbilled=True,
        )


def embedder(upstream: Upstream, settings: Settings, client: Trusted) -> Embedder | None:
    """What gives this upstream's vectors, if it has any."""
    if upstream.embeds is None:
        return None
    return RemoteEmbedder(
        upstream.name,
        locate(upstream, settings.base_url) + upstream.embeds.path,
        client,
        upstream.embeds,
        headers=greeting(upstream, settings),
        secrets=((settings.key or "").strip(), *settings.headers.values()),
    )
