"""Turns one reply of an upstream into speech, whichever way it chose to answer.

What it sends is judged by its first byte, not by its content type: some servers send one whole
object where a stream was asked, some the other way round, and the answer is the same fold.
"""

from collections.abc import Callable

from manymind.canon.answers import Answer, Folding
from manymind.canon.events import Chunk, Ended, Noted, Say, spoken, words
from manymind.canon.faults import CutShort, TimedOut, UpstreamBroken
from manymind.dialects.mirror import Dialect, Message, Sealing
from manymind.dialects.sse import Parser
from manymind.egress.reply import Reply
from manymind.providers.sieve import Sieve

WHOLE_BYTES_MAX = 64 * 1024 * 1024

AFTERWORD_SECONDS = 1.0
"""Once the answer has ended, the body may take so long to end too, so that the socket can serve
again; a server that leaves it open costs nobody more than that."""

_BLANK = b" \t\r\n\xef\xbb\xbf"


class Hearing:
    """`lost` is told first, so that the caller knows what the answer did not take into account.

    `listening` is False while the listener speaks for itself: its faults are not the upstream's.
    """

    def __init__(
        self,
        dialect: Dialect,
        say: Say,
        lost: tuple[str, ...],
        sieve: Sieve,
    ) -> None:
        self.listening = True
        self._dialect = dialect
        self._say = say
        self._lost = lost
        self._sieve = sieve
        self._ended = False

    async def hear(self, reply: Reply, *, streamed: bool) -> None:
        """Speak all that the reply says, or raise what is wrong with it."""
        start = await self._start(reply)
        if not start:
            if streamed:
                raise CutShort(f"{reply.host} closed its stream before the first event.")
            raise UpstreamBroken(f"{reply.host} sent an empty answer.")
        if start[:1] == b"<" or "html" in reply.headers.get("content-type", "").lower():
            raise UpstreamBroken(
                f"{reply.host} answered with a web page instead of an answer.",
                advice="Check the provider's base URL, and any proxy or login page on the way.",
            )
        if start[:1] == b"{":
            rest = await reply.read(WHOLE_BYTES_MAX)
            await self._speak(self._dialect.read_reply(self._sieve.body(start + rest)))
        else:
            await self._stream(start, reply)

    async def _start(self, reply: Reply) -> bytes:
        """The first bytes that are not blank."""
        while piece := await reply.take():
            if start := piece.lstrip(_BLANK):
                return start
        return b""

    async def _stream(self, piece: bytes, reply: Reply) -> None:
        parser, reader = Parser(), self._dialect.reader()

        def read(message: Message) -> Chunk:
            said = self._sieve.answer(message.data)
            sifted = message if said is message.data else Message(said, message.event)
            return reader.feed(sifted)

        while piece:
            for message in parser.feed(piece):
                await self._speak(read(message))
            piece = await self._more(reply)
        for message in parser.end():
            await self._speak(_last(read, message, reply.host))
        await self._speak(reader.end())

    async def _more(self, reply: Reply) -> bytes:
        if self._ended:
            reply.hurry(AFTERWORD_SECONDS)
        try:
            return await reply.take()
        except (TimedOut, UpstreamBroken):
            if self._ended:
                return b""
            raise

    async def _speak(self, chunk: Chunk) -> None:
        if words(chunk) is None:
            if not chunk.events and chunk.wire is None:
                return
            self._ended = self._ended or any(isinstance(each, Ended) for each in chunk.events)
        self.listening = False
        if self._lost:
            lost, self._lost = self._lost, ()
            await self._say(spoken(Noted(what="dropped", data={"parameters": list(lost)})))
        await self._say(chunk)
        self.listening = True


async def skimmed(reply: Reply, sealing: Sealing, dialect: Dialect, sieve: Sieve) -> Answer:
    """A whole reply, opened no further than must be."""
    if reply.waiting[:1] == b"{":
        body = sieve.body(reply.arrived() or await reply.read(WHOLE_BYTES_MAX))
        answer = sealing.skim_reply(body)
        return answer or _folded(dialect.read_reply(body))
    folding = Folding()

    async def fold(chunk: Chunk) -> None:
        folding.hear(chunk)

    await Hearing(dialect, fold, (), sieve).hear(reply, streamed=False)
    return folding.answer()


def _folded(chunk: Chunk) -> Answer:
    folding = Folding()
    folding.hear(chunk)
    return folding.answer()


def _last(feed: Callable[[Message], Chunk], message: Message, host: str) -> Chunk:
    """An event whose end never came may be whole all the same; if not, the stream was cut."""
    try:
        return feed(message)
    except UpstreamBroken as fault:
        raise CutShort(
            f"{host} broke off in the middle of an event.",
            advice="Ask again; what came so far is not the whole answer.",
        ) from fault
