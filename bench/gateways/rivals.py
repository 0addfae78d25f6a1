"""Other gateways: installed into a folder of their own from the public registries, and started as
their documentation says, one process each."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.gateways.contestants import KEY, MODELS, Contestant, Start
from bench.gateways.processes import ROOT
from bench.gateways.wire import CHAT, MESSAGES, RESPONSES

CACHE = Path(os.environ.get("BENCH_CACHE", ROOT / ".bench"))
LITELLM, PORTKEY, TENSORZERO = "1.106.2", "1.15.2", "2026.6.0"
HONO_SERVER, HONO_SOCKETS = "1.13.8", "1.2.0"
"""Portkey changes headers in place that later versions of its server keep immutable, so that
every stream fails (its issue 1389). These are of the time when it did not."""
INSTALL_SECONDS = 300
_OWN = f"python{sys.version_info.major}.{sys.version_info.minor}"
_PORTKEY_PLACE = CACHE / f"portkey-{PORTKEY}-{HONO_SERVER}"
_PORTKEY = _PORTKEY_PLACE / "node_modules/@portkey-ai/gateway/build/start-server.js"
_EMBEDDED = """
import signal, sys
from pathlib import Path
from urllib.parse import urlsplit
from tensorzero.tensorzero import _start_http_gateway

gateway = _start_http_gateway(
    config_file=sys.argv[1], clickhouse_url=None, postgres_url=None, valkey_url=None,
    async_setup=False,
)
whole = Path(sys.argv[2] + ".part")
whole.write_text(str(urlsplit(gateway.base_url).port))
whole.rename(sys.argv[2])
signal.pause()
"""


def _installed(place: Path, *commands: tuple[str, ...]) -> str:
    """Why it could not be installed; nothing where it was, or was there."""
    if place.exists():
        return ""
    CACHE.mkdir(parents=True, exist_ok=True)
    for command in commands:
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"not installed: {command[0]}: {type(error).__name__}"
        if done.returncode:
            lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
            return f"not installed: {lines[-1] if lines else command[0]}"
    return "" if place.exists() else "not installed: the package brought no program"


def _python(name: str, version: str, package: str) -> Callable[[], str]:
    """An environment of its own, so that its dependencies meet none of ours; made anew for
    another version."""
    place, requirement = CACHE / name, f"{package}=={version}"
    mark = place / f"lib/{_OWN}/site-packages/{name}-{version}.dist-info"
    python = str(place / "bin/python")
    if uv := shutil.which("uv"):
        make = (uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place))
        fill = (uv, "pip", "install", "--quiet", "--python", python, requirement)
    else:
        make = (sys.executable, "-m", "venv", str(place))
        fill = (python, "-m", "pip", "install", "--quiet", requirement)
    return lambda: _installed(mark, make, fill)


def _portkey_missing() -> str:
    if not shutil.which("node") or not shutil.which("npm"):
        return "not installed: it needs node and npm"
    wanted = {
        "private": True,
        "dependencies": {"@portkey-ai/gateway": PORTKEY},
        "overrides": {"@hono/node-server": HONO_SERVER, "@hono/node-ws": HONO_SOCKETS},
    }
    _PORTKEY_PLACE.mkdir(parents=True, exist_ok=True)
    (_PORTKEY_PLACE / "package.json").write_bytes(msgspec.json.encode(wanted))
    options = ("--silent", "--no-audit", "--no-fund", "--prefix", str(_PORTKEY_PLACE))
    return _installed(_PORTKEY, ("npm", "install", *options))


def _litellm(folder: Path, port: int, upstream: int) -> Start:
    models = "".join(
        f"""  - model_name: {model}
    litellm_params:
      model: openai/{model}
      api_base: http://127.0.0.1:{upstream}/v1
      api_key: upstream-key
      use_chat_completions_api: true
"""
        for model in MODELS
    )
    settings = folder / "litellm.yaml"
    settings.write_text(
        f"model_list:\n{models}general_settings:\n  master_key: {KEY}\n"
        "litellm_settings:\n  use_chat_completions_url_for_anthropic_messages: true\n"
    )
    options = ("--config", str(settings), "--host", "127.0.0.1", "--port", str(port))
    return Start(
        (str(CACHE / "litellm/bin/litellm"), *options, "--num_workers", "1"),
        {
            "LITELLM_MODE": "PRODUCTION",
            "LITELLM_LOG": "ERROR",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "NO_DOCS": "True",
        },
    )


def _portkey(folder: Path, port: int, upstream: int) -> Start:
    node = shutil.which("node") or "node"
    return Start((node, str(_PORTKEY), f"--port={port}", "--headless"), {"NODE_ENV": "production"})


def _to_portkey(upstream: int) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {KEY}",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"http://127.0.0.1:{upstream}/v1",
    }


def _tensorzero(folder: Path, port: int, upstream: int) -> Start:
    settings = folder / "tensorzero.toml"
    settings.write_text(
        "[gateway]\nobservability.enabled = false\n"
        + "".join(
            f"""
[models.{model}]
routing = ["bench"]
[models.{model}.providers.bench]
type = "openai"
model_name = "{model}"
api_base = "http://127.0.0.1:{upstream}/v1/"
api_key_location = "none"
"""
            for model in MODELS
        )
    )
    python = str(CACHE / "tensorzero/bin/python")
    return Start((python, "-c", _EMBEDDED, str(settings), str(folder / "port")))


RIVALS = (
    Contestant(
        name="litellm", start=_litellm, most_rounds=1, version=lambda: LITELLM,
        missing=_python("litellm", LITELLM, "litellm[proxy]"),
        paths={
            CHAT: "/v1/chat/completions", RESPONSES: "/v1/responses", MESSAGES: "/v1/messages",
        },
        note="its proxy in production mode with a master key, one worker, no database; told to "
        "bridge Responses and Messages to Chat Completions; slow, so one round",
    ),
    Contestant(
        name="portkey", start=_portkey, version=lambda: PORTKEY, missing=_portkey_missing,
        paths={CHAT: "/v1/chat/completions"}, headers=_to_portkey,
        note=f"its open gateway, one process, on @hono/node-server {HONO_SERVER}, as its streams "
        "fail on later ones; it passes the key on and checks none itself",
    ),
    Contestant(
        name="tensorzero", start=_tensorzero, tells_port=True, version=lambda: TENSORZERO,
        missing=_python("tensorzero", TENSORZERO, "tensorzero"),
        paths={CHAT: "/openai/v1/chat/completions"}, model="tensorzero::model_name::{}",
        note="the gateway embedded in its Python client, observability off; it checks no key",
    ),
)  # fmt: skip
