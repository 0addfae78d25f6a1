"""Runs a command's asynchronous part."""

import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar, TypeVarTuple

import anyio

Given = TypeVarTuple("Given")
Outcome = TypeVar("Outcome")


def run(work: Callable[[*Given], Awaitable[Outcome]], *given: *Given) -> Outcome:
    return anyio.run(work, *given, backend_options={"use_uvloop": sys.platform != "win32"})
