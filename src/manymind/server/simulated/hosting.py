"""Serves the simulation on a socket."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class RawHttp(HttpToolsProtocol):
    """HTTP that lets an application write past it: `extensions["manymind.raw"]["write"]`."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        transport = self.transport

        async def write(data: bytes) -> None:
            if data:
                transport.write(data)
            else:
                transport.close()
                await asyncio.sleep(0)

        self.scope["extensions"] = {"manymind.raw": {"write": write}}


def configured(app: Any, host: str, port: int) -> uvicorn.Config:
    """How uvicorn serves a simulation: quietly, and with the doors to the bare socket."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=RawHttp,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


async def serve(app: Any, host: str = "127.0.0.1", port: int = 8585) -> None:
    """Serves until the process is told to stop."""
    await uvicorn.Server(configured(app, host, port)).serve()
