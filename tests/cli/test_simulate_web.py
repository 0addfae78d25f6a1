"""The made-up web, started from a shell."""

import urllib.request
from pathlib import Path

from tests.cli.shell import Shell


def test_it_says_where_its_sites_are_and_serves_them(tmp_path: Path) -> None:
    process = Shell(tmp_path).start("simulate-web", "--port", "0")
    try:
        assert process.stderr is not None
        first = process.stderr.readline()
        assert "pages listens on http://127.0.0.1:" in first
        assert "http://atlas.localhost:" in process.stderr.readline()
        where = first.rpartition(" ")[2].strip()
        with urllib.request.urlopen(f"{where}/search?q=puffin&format=json") as reply:
            assert b"atlantic puffin" in reply.read()
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    process = shell.start("simulate-web", "--port", "0")
    try:
        assert process.stderr is not None
        port = process.stderr.readline().strip().rpartition(":")[2]
        done = shell.run("simulate-web", "--port", port)
        assert (done.code, "cannot be listened on" in done.err) == (3, True)
    finally:
        process.terminate()
        process.wait(10)
