"""How long it takes to look through 8 MB of prose, code and logs, and who has to wait meanwhile.

    .venv/bin/python bench/redaction.py

- Cold: the first text after the start, for which the state machines are still being made.
- Warm: another text of the same kind. Again: the same text once more, as a conversation sends it.
- The loop: the longest that the event loop stood still while a whole request was masked.
- Back: an answer of 1 MB in pieces of 20 characters, restored.
"""

import random
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
from msgspec.structs import replace

from manymind.canon.events import Chunk, Wrote, spoken
from manymind.canon.items import Said
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.policy.redaction.conversation import Conversation
from manymind.policy.redaction.personal import PERSONAL
from manymind.policy.redaction.remembering import Remembering
from manymind.policy.redaction.scanner import Scanner
from manymind.policy.redaction.secrets import SECRETS

SIZE = 8 * 1024 * 1024
SCAN_SECONDS, STALL_SECONDS = 0.5, 0.02
ROOT = Path(__file__).parents[1]


def mixed(seed: int) -> str:
    """A third each of this project's prose and code and of made-up logs, shuffled by paragraphs,
    with 200 values planted."""
    chance = random.Random(seed)
    prose = "".join(path.read_text() for path in sorted((ROOT / "docs").rglob("*.md")))
    code = "".join(path.read_text() for path in sorted((ROOT / "src").rglob("*.py")))
    logs = "\n\n".join(
        "\n".join(_logged(chance) for _ in range(20)) for _ in range(SIZE // 3 // 2000)
    )
    parts = [part for text in (prose, code, logs) for part in _filled(text).split("\n\n")]
    chance.shuffle(parts)
    for _ in range(200):
        parts[chance.randrange(len(parts))] += f"\nmail p{chance.randrange(9999)}@acme.example\n"
    return "\n\n".join(parts)[:SIZE]


def _logged(chance: random.Random) -> str:
    return (
        f"2026-11-30T12:{chance.randrange(60):02}:{chance.random() * 60:09.6f}Z INFO "
        f"req_{chance.getrandbits(128):032x} POST /v1/responses 200 in {chance.randrange(9999)} ms"
    )


def _filled(text: str) -> str:
    return (text * (SIZE // 3 // len(text) + 1))[: SIZE // 3]


def a_conversation(finding: Remembering, text: str) -> tuple[Conversation, Request]:
    said = Said(role="user", parts=(Text(text=text),))
    heard: list[tuple[str, str]] = []

    def note(rule: str, action: str) -> None:
        heard.append((rule, action))

    return Conversation(finding, b"seed", (said,), note), Request(model="m", items=(said,))


async def timed(finding: Remembering, text: str) -> tuple[float, float, int]:
    """Seconds for a whole request, the longest stall of the loop, and what was found."""
    exits, request = a_conversation(finding, text)
    seconds, worst = await watched(lambda: exits.outgoing(request))
    return seconds, worst, sum(exits.counts.values())


async def watched(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Seconds that it takes, and the longest that the loop stood still meanwhile."""
    seconds = worst = 0.0

    async def watch() -> None:
        nonlocal worst
        while True:
            begun = time.perf_counter()
            await anyio.sleep(0.001)
            worst = max(worst, time.perf_counter() - begun - 0.001)

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        await anyio.sleep(0.05)
        worst = 0.0
        begun = time.perf_counter()
        await work()
        seconds = time.perf_counter() - begun
        group.cancel_scope.cancel()
    return seconds, worst


async def back(finding: Remembering) -> float:
    exits, request = a_conversation(finding, "Write to ann@acme.example")
    masked = await exits.outgoing(request)
    [item] = masked.items
    assert isinstance(item, Said)
    [part] = item.parts
    assert isinstance(part, Text)
    answer = (part.text + " and so on. ") * (1024 * 1024 // (len(part.text) + 12))
    length = 0

    async def say(chunk: Chunk) -> None:
        nonlocal length
        length += len(chunk.events)

    ear = exits.hearing(request, say)
    begun = time.perf_counter()
    for at in range(0, len(answer), 20):
        await ear(spoken(Wrote(item="i", text=answer[at : at + 20])))
    return time.perf_counter() - begun


async def main() -> int:
    rules = [replace(r, action="redact") for r in (*SECRETS, *PERSONAL) if r.action != "off"]
    finding = Remembering(Scanner(rules))
    first, second = mixed(1), mixed(2)
    slow = False
    _, idle = await watched(lambda: anyio.sleep(0.3))
    print(f"idle   {300:6} ms, the loop {idle * 1e3:4.1f} ms: what this machine takes by itself")
    for name, text in (("cold", first), ("warm", second), ("again", second)):
        seconds, stall, found = await timed(finding, text)
        slow |= seconds > SCAN_SECONDS or stall > STALL_SECONDS
        print(f"{name:6} {seconds * 1e3:6.0f} ms, the loop {stall * 1e3:4.1f} ms, {found} found")
    print(f"back   {await back(finding) * 1e3:6.0f} ms for 1 MB in pieces of 20 characters")
    return int(slow)


if __name__ == "__main__":
    sys.exit(anyio.run(main))
