"""`manymind catalog` says where prices come from, and fetches new ones with care."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.cli.shell import Shell


class Market:
    """A list of models on a free port. It keeps what it was sent, and answers with `status`."""

    def __init__(self) -> None:
        self.models: list[dict[str, Any]] = [_model(f"acme/model-{n}") for n in range(60)]
        self.body: bytes | None = None
        self.status = 200
        self.heads: list[dict[str, str]] = []
        market = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                market.heads.append({name.lower(): said for name, said in self.headers.items()})
                body = market.body or json.dumps({"data": market.models}).encode()
                self.send_response(market.status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/api/v1"
        Thread(target=self.server.serve_forever, daemon=True).start()


def _model(name: str, prompt: str = "0.000001") -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "context_length": 32_000,
        "pricing": {"prompt": prompt, "completion": "0.000002"},
    }


@pytest.fixture
def market() -> Iterator[Market]:
    market = Market()
    yield market
    market.server.shutdown()
    market.server.server_close()


@pytest.fixture
def trader(tmp_path: Path, market: Market) -> Shell:
    """A shell whose OpenRouter is the market, with a key for it."""
    return Shell(
        tmp_path, OPENROUTER_BASE_URL=market.address, OPENROUTER_API_KEY="sk-or-canary-81c2"
    )


def test_what_was_fetched_is_used_from_then_on(trader: Shell) -> None:
    assert trader.run("models", "show", "acme/model-7").code == 4
    ran = trader.run("catalog", "sync")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("60 models of http://127.0.0.1:")
    assert "60 new: acme/model-0, acme/model-1" in ran.out
    shown = trader.run("models", "show", "acme/model-7", "--json").data
    assert shown["context"] == 32_000
    assert shown["offers"][0]["prices"][0]["input"] == "1"
    assert shown["offers"][0]["priced_by"]["name"].startswith("snapshot of http://127.0.0.1")
    assert "snapshot: 60 entries, 60 with a price" in trader.run("catalog", "show").out


def test_no_key_is_sent(trader: Shell, market: Market) -> None:
    trader.run("catalog", "sync")
    assert len(market.heads) == 1
    assert "canary" not in json.dumps(market.heads)


def test_the_address_may_be_another(shell: Shell, market: Market) -> None:
    ran = shell.run("catalog", "sync", "--from", f"{market.address}/models?secret=x", "--json")
    assert (ran.code, ran.data["models"], ran.data["unusable"]) == (0, 60, 0)
    assert "secret" not in ran.out


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (500, None, "answered with status 500"),
        (302, None, "answered with status 302"),
        (200, b"<html>Log in</html>", "not a list of models"),
        (200, b'{"data": []}', "it lists 0 models"),
    ],
)
def test_a_broken_list_is_refused_and_the_one_before_stays(
    trader: Shell, market: Market, status: int, body: bytes | None, told: str
) -> None:
    trader.run("catalog", "sync")
    market.status, market.body = status, body
    ran = trader.run("catalog", "sync")
    assert ran.code == 6
    assert told in ran.err and ran.err.count("\n") == 1
    assert trader.run("models", "show", "acme/model-7").code == 0


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("nonsense", 2, "--from is no http or https address."),
        ("file:///etc/passwd", 2, "--from is no http or https address."),
        ("http://127.0.0.1:9/models", 6, "All prices stay as they were."),
    ],
)
def test_a_list_that_cannot_be_had_changes_nothing(
    shell: Shell, address: str, code: int, said: str
) -> None:
    ran = shell.run("catalog", "sync", "--from", address)
    assert (ran.code, ran.out, ran.err.count("\n")) == (code, "", 1)
    assert said in ran.err


def test_a_list_that_has_shrunk_to_less_than_half_is_refused(trader: Shell, market: Market) -> None:
    trader.run("catalog", "sync")
    market.models = market.models[:25]
    ran = trader.run("catalog", "sync")
    assert ran.code == 6
    assert "it has 25 models, and had 60" in ran.err


def test_what_becomes_cheaper_is_told_for_budgets_then_reserve_less(
    trader: Shell, market: Market
) -> None:
    trader.run("catalog", "sync")
    market.models[3] = _model("acme/model-3", "0.0000001")
    market.models[4] = _model("acme/model-4", "0.00001")
    market.models = [*market.models[:50], _model("acme/fresh")]
    done = trader.run("catalog", "sync", "--json").data
    assert (done["cheaper"], done["dearer"]) == (["acme/model-3"], ["acme/model-4"])
    assert done["added"] == ["acme/fresh"]
    assert {"acme/model-55"} <= {*done["gone"]}


def test_our_corrections_and_the_operators_prices_go_before_what_was_fetched(
    trader: Shell, market: Market
) -> None:
    market.models += [_model("x-ai/grok-4", "0.0000001")]
    trader.settle('[providers.openrouter.prices."acme/model-1"]\ninput = "9"\noutput = "9"\n')
    trader.run("catalog", "sync")
    grok = trader.run("models", "show", "openrouter/x-ai/grok-4", "--json").data
    assert grok["offers"][0]["prices"][0]["input"] == "3"
    mine = trader.run("models", "show", "openrouter/acme/model-1", "--json").data
    assert mine["offers"][0]["prices"][0]["input"] == "9"
    assert mine["offers"][0]["priced_by"]["name"] == "the operator's settings"
    told = trader.run("catalog", "drift", "openrouter/x-ai/grok-4", "--json").data["differences"]
    prices = next(each for each in told if each["offer"].endswith("grok-4"))
    assert prices["said"][-1]["voice"] == "overlay"


def test_a_damaged_snapshot_is_as_none(trader: Shell) -> None:
    trader.run("catalog", "sync")
    (kept,) = trader.home.glob(".local/share/manymind/catalog/*.json")
    assert kept.stat().st_mode & 0o077 == 0
    kept.write_bytes(kept.read_bytes()[:500])
    assert trader.run("models", "show", "acme/model-7").code == 4
    assert "none yet" in trader.run("catalog", "show").out


def test_drift_is_told_with_both_figures_and_days(shell: Shell) -> None:
    lines = shell.run("catalog", "drift", "xai/grok-4.20").out.splitlines()
    at = lines.index("xai/grok-4.20-multi-agent-0309 context")
    assert lines[at + 1].startswith("    1,000,000  feed: genai-prices")
    assert lines[at + 2].startswith("  * 2,000,000  overlay: https://")
    assert lines[at + 2].endswith(", 2026-11-21")
    assert "No source contradicts" in shell.run("catalog", "drift", "openai/gpt-5").out


def test_catalog_alone_names_its_commands(shell: Shell) -> None:
    ran = shell.run("catalog")
    assert ran.code == 2
    assert "manymind catalog sync" in ran.err
    assert "Usage: manymind catalog sync" in shell.run("help", "catalog", "sync").out
