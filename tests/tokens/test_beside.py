"""The tokenizer's process: asked by many, ended by anyone, left behind by nobody."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.tokens.beside import Beside

PROGRAM = """
import sys
from manymind.tokens.beside import Beside
print(Beside("cl100k").count("hello world"), flush=True)
sys.stdin.read()
"""


def children(pid: int) -> set[int]:
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for each in listed for child in each.read_text().split()}


@contextmanager
def beside(vocabulary: str = "cl100k") -> Generator[Beside]:
    tokenizer = Beside(vocabulary)
    try:
        yield tokenizer
    finally:
        tokenizer.end()


def test_no_process_runs_before_it_is_asked_nor_after_it_was_ended() -> None:
    before = children(os.getpid())
    with beside() as tokenizer:
        assert children(os.getpid()) == before
        assert tokenizer.count("hello world") == 2
        assert len(children(os.getpid()) - before) == 1
    assert children(os.getpid()) == before


def test_another_process_takes_the_place_of_one_that_died() -> None:
    before = children(os.getpid())
    with beside() as tokenizer:
        tokenizer.count("hello")
        (pid,) = children(os.getpid()) - before
        os.kill(pid, signal.SIGKILL)
        assert tokenizer.count("hello world") == 2


def test_threads_have_each_their_own_count() -> None:
    texts = ["word " * size for size in range(1, 200)]
    with beside() as tokenizer, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(tokenizer.count, texts))
        assert found == [tokenizer.count(text) for text in texts]
        assert found[-1] > found[0]


def test_what_cannot_be_sent_is_said_and_leaves_it_fit_to_count() -> None:
    with beside() as tokenizer:
        with pytest.raises(UnicodeEncodeError):
            tokenizer.count("\ud800")
        assert tokenizer.count("") == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4))
def test_no_text_is_taken_for_a_part_of_the_next(texts: list[str]) -> None:
    for text in texts:
        assert 0 <= SHARED.count(text) <= len(text.encode())


SHARED = Beside("cl100k")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, None])
def test_it_ends_with_whoever_started_it(number: signal.Signals | None) -> None:
    with subprocess.Popen(
        (sys.executable, "-c", PROGRAM), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        assert parent.stdout.readline() == b"2\n"
        (child,) = children(parent.pid)
        if number is None:
            parent.stdin.close()
        else:
            parent.send_signal(number)
        parent.wait()
    assert ended(child)


def ended(pid: int) -> bool:
    """Whether a process is no more, or soon will be."""
    try:
        waiting = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ready, _, _ = select.select([waiting], [], [], 10)
    os.close(waiting)
    return bool(ready)
