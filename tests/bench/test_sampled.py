"""The profiler finds the part of a program that works."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bench.gateways.processes import ROOT, Failed
from bench.gateways.profiling import LOADS, Section, sections
from bench.gateways.sampled import Place, Spot

BUSY = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
from manymind.engine.mill import turn
turn(0.1)
os.kill(os.getpid(), signal.SIGUSR1)
turn(0.5)
"""
MILL = """
import time

def turn(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        grind()

def grind():
    for _ in range(1000):
        pass
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    room = tmp_path / "manymind" / "engine"
    room.mkdir(parents=True)
    for package in (room, room.parent):
        (package / "__init__.py").touch()
    (room / "mill.py").write_text(MILL)
    file = tmp_path / "busy.py"
    file.write_text(BUSY)
    return file


def test_samples_name_the_room_and_the_function_from_when_they_were_wanted(program: Path) -> None:
    outcome = program.with_name("outcome.json")
    command = (sys.executable, "-m", "bench.gateways.sampled", str(outcome), str(program))
    subprocess.run(command, cwd=ROOT, check=True)
    (spots,) = msgspec.json.decode(outcome.read_bytes(), type=list[tuple[Spot, ...]])
    section = Section("c64", spots)
    assert section.samples > 20
    assert section.rooms()["engine"] > 0.9
    assert section.functions(1)[0][0].startswith("engine/mill: ")


def test_shares_are_of_all_samples() -> None:
    spots = (Spot(Place("server", "a"), 3), Spot(Place("loop"), 4), Spot(Place("server", "b"), 1))
    section = Section("c64", spots)
    assert section.rooms() == {"server": 0.5, "loop": 0.5}
    assert section.functions(2) == [("a", 0.375), ("b", 0.125)]


def test_a_load_without_samples_is_a_failure_and_no_empty_table() -> None:
    one = [Spot(Place("server", "a"), 1)]
    assert [each.load for each in sections(msgspec.json.encode([one] * len(LOADS)))] == [*LOADS]
    for told in ([one], [one, one, one, []]):
        with pytest.raises(Failed):
            sections(msgspec.json.encode(told))
