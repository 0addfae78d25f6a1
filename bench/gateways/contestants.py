"""Who takes part: how each is started, as its own documentation says, and where it is asked."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from bench.gateways.wire import CHAT, FLOOD, MESSAGES, PACED, PLAIN, RESPONSES

KEY = "sk-bench-0123456789abcdef0123456789abcdef"
MODELS = (PLAIN, PACED, FLOOD)
PROGRAM = Path(sys.executable).with_name("manymind")


class Start(msgspec.Struct, frozen=True):
    """A command, and what it needs in its environment."""

    command: tuple[str, ...]
    env: dict[str, str] = {}
    key: str = ""
    """What its callers show, where that is no part of the settings."""

    def environment(self, home: Path) -> dict[str, str]:
        """A bare one: no key, setting or proxy of whoever runs the benchmark."""
        return {"PATH": os.environ["PATH"], "HOME": str(home), **self.env}


class Contestant(msgspec.Struct, frozen=True, kw_only=True):
    """One gateway. `start` is given a folder for its files, its port and the upstream's; `paths`
    are its front doors by dialect; `missing` says why it cannot run here."""

    name: str
    start: Callable[[Path, int, int], Start] | None
    paths: Mapping[str, str]
    version: Callable[[], str]
    missing: Callable[[], str]
    model: str = "{}"
    headers: Callable[[int], dict[str, str]] = lambda _: {"Authorization": f"Bearer {KEY}"}
    note: str = ""
    most_rounds: int = 100
    phases: tuple[str, ...] = ()
    """The only ones that it goes through, if any are named."""
    tells_port: bool = False
    """It takes a port of its own choosing, and writes it to the file `port` in its folder."""


def _ours(folder: Path, port: int, upstream: int) -> Start:
    settings = folder / "manymind.toml"
    settings.write_text(
        f"""[providers.bench]
base_url = "http://127.0.0.1:{upstream}/v1"
dialect = "openai_chat"

[providers.bench.prices."*"]
input = "1"
output = "2"
context = 20000000
max_output = 4096
"""
    )
    options = ("--config", str(settings), "--data", str(folder / "data"), "--port", str(port))
    return Start(
        (str(PROGRAM), "serve", *options),
        {"MANYMIND_API_KEY": KEY, "BENCH_API_KEY": "upstream-key"},
    )


def _booked(folder: Path, port: int, upstream: int) -> Start:
    """With a key of its own that has a budget: each call is held against it, and its row is in
    the ledger."""
    start = _ours(folder, port, upstream)
    places = start.command[2:6]
    create = ("keys", "create", "bench", "--limit", "1000000", "--per", "day")
    done = subprocess.run(
        (str(PROGRAM), *create, *places), env=start.environment(folder), text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise OSError(f"no key could be made: {done.stderr.strip()[:200]}")
    return msgspec.structs.replace(start, key=done.stdout.strip())


def _nginx(folder: Path, port: int, upstream: int) -> Start:
    """Bodies are passed on as they come, which is nginx at its quickest."""
    settings = folder / "nginx.conf"
    settings.write_text(
        f"""daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/bodies;
  proxy_temp_path {folder}/proxied;
  fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  keepalive_requests 1000000000;
  client_max_body_size 64m;
  upstream simulated {{
    server 127.0.0.1:{upstream};
    keepalive 128;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://simulated;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
    }}
  }}
}}
"""
    )
    return Start((_nginx_path(), "-e", str(folder / "error.log"), "-c", str(settings)))


def _nginx_path() -> str:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin") or ""


def _no_nginx() -> str:
    return "" if _nginx_path() else "nginx is not installed (apt-get install nginx-light)"


def asked(*command: str) -> str:
    """The last word of what a program says of its version."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).split()
    return said[-1].rpartition("/")[2] if said else "unknown"


def _openai(path: str = "/v1") -> dict[str, str]:
    return {CHAT: f"{path}/chat/completions"}


DIRECT = Contestant(
    name="direct", start=None, paths=_openai(), version=lambda: "", missing=lambda: "",
    note="the load straight to the upstream: what is added, is added to this",
)  # fmt: skip
NGINX = Contestant(
    name="nginx", start=_nginx, paths=_openai(), missing=_no_nginx,
    version=lambda: asked(_nginx_path(), "-v"),
    note="a plain reverse proxy: no key check, nothing read or counted",
)  # fmt: skip
OURS = Contestant(
    name="manymind", start=_ours, model="bench/{}", missing=lambda: "",
    version=lambda: asked(str(PROGRAM), "--version"),
    paths={**_openai(), RESPONSES: "/v1/responses", MESSAGES: "/v1/messages"},
    note="`manymind serve` with a key, one process, prices known, so that every call is metered",
)  # fmt: skip
BOOKED = Contestant(
    name="booked", start=_booked, model="bench/{}", missing=lambda: "", paths=OURS.paths,
    version=OURS.version,
    phases=("idle", "c1", "c64", "steady", "paced", RESPONSES, MESSAGES),
    note="manymind again, asked with a stored key that has a budget for the day: each call is "
    "reserved for, settled, and written into the ledger, in SQLite",
)  # fmt: skip
