"""The simulation can be served on its own, without the rest of the house."""

import signal
import socket
import subprocess
import sys

import aiohttp
import anyio
import anyio.to_thread

from tests.server.simulating import body

PROGRAM = """
import sys, anyio
from manymind.server.simulated import Simulated, serve
anyio.run(serve, Simulated(), "127.0.0.1", int(sys.argv[1]))
"""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


async def test_it_serves_until_it_is_told_to_stop() -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port)])
    try:
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{port}/v1/chat/completions"
            with anyio.fail_after(20):
                while True:
                    try:
                        sent = body("chat", "sim-echo", "hello")
                        async with session.post(url, json=sent) as reply:
                            said = (await reply.json())["choices"][0]["message"]["content"]
                        break
                    except aiohttp.ClientConnectionError:
                        await anyio.sleep(0.05)
        assert said == "hello"
    finally:
        process.send_signal(signal.SIGTERM)
    assert await anyio.to_thread.run_sync(process.wait, 10) in (0, -signal.SIGTERM)
