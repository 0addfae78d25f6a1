"""The other benchmarks beside this one, each of a part of the program by itself."""

import ast
import subprocess
import sys

import msgspec

from bench.gateways.processes import ROOT
from bench.gateways.table import bare

PART_SECONDS = 60
PARTS = {
    "team": "The team of 16 beside a gather of its calls",
    "reader": "The reader over 8 MB",
    "tokens": "Counting tokens",
}


class Part(msgspec.Struct, frozen=True):
    title: str
    about: str
    said: str


def run_parts() -> tuple[Part, ...]:
    return tuple(_run(name, title) for name, title in PARTS.items())


def _run(name: str, title: str) -> Part:
    print(f"  bench.{name}", file=sys.stderr, flush=True)
    source = (ROOT / "bench" / f"{name}.py").read_text()
    about = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0]
    try:
        done = subprocess.run(
            (sys.executable, "-m", f"bench.{name}"),
            cwd=ROOT, capture_output=True, text=True, timeout=PART_SECONDS, check=False,
        )  # fmt: skip
        said = done.stdout.rstrip()
        if done.returncode:
            last = bare(" ".join(done.stderr.strip().splitlines()[-1:]))
            said = f"{said}\nIt ended with exit code {done.returncode}. {last}".strip()
    except subprocess.TimeoutExpired:
        said = f"It did not end within {PART_SECONDS} s."
    return Part(title, about, said)
