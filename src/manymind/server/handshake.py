"""A request to speak by WebSocket, and the messages that go both ways once it is granted."""

from manymind.server.exchange import Exchange
from manymind.server.line import AsgiLine, AsgiMessage, HungUp, Receive, Scope, Send

SOCKET = "WEBSOCKET"
"""The method that a route of this kind stands under; no line of HTTP can say it."""

DRAIN = "manymind.drain"
"""The message that the server is about to stop. Answers may still come to their end."""

RESTARTING = 1012
"""The close code that asks a client to come back, to this server or another."""


class Handshake(Exchange):
    """Until it is granted it passes the guard, and is refused, as any request is."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        async def answer(message: AsgiMessage) -> None:
            kind = message["type"]
            try:
                await send({**message, "type": _REFUSING.get(kind, kind)})
            except OSError:
                raise HungUp from None

        self._receive = receive
        self._send = answer
        super().__init__(AsgiLine({**scope, "method": SOCKET}, receive, answer), request_id)

    async def accept(self) -> None:
        await self._receive()  # That they ask for it; ASGI says so as a message.
        self.started = True
        await self._send({"type": "websocket.accept", "headers": self.added})

    async def hear(self) -> AsgiMessage:
        return await self._receive()

    async def tell(self, text: bytes) -> None:
        await self._send({"type": "websocket.send", "text": text.decode()})

    async def close(self, code: int, reason: str) -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})


_REFUSING = {
    "http.response.start": "websocket.http.response.start",
    "http.response.body": "websocket.http.response.body",
}
