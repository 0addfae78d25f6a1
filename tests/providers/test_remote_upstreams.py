"""Upstreams as data: names, addresses, keys, lists of models."""

import msgspec
import pytest

from manymind.canon.faults import BadRequest, Fault, UpstreamBroken, UpstreamRefused
from manymind.egress.trusted import Trusted
from manymind.providers import Listed, Settings, another, build, find, models
from manymind.providers.upstream import addressed, beyond, greeting, locate, named
from tests.egress.stage import always, once, plain, theatre
from tests.providers.toy import Toy
from tests.world import a_desk, a_request, listener

CANARY = "sk-canary-0815081508"


def test_every_upstream_is_found_with_what_it_needs() -> None:
    found = find()
    assert set(found) >= {
        "xai",
        "openai",
        "anthropic",
        "openrouter",
        "ollama",
        "vllm",
        "llamacpp",
        "lmstudio",
    }
    for upstream in found.values():
        assert upstream.routes or upstream.embeds
        assert upstream.credentials and upstream.address_variables
        assert locate(upstream, "https://host.example") == f"https://host.example{upstream.path}"
    variables = {each.variable for upstream in found.values() for each in upstream.credentials}
    assert {
        "XAI_API_KEY",
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
    } < variables


@pytest.mark.parametrize(
    ("name", "written", "located"),
    [
        ("openai", "https://api.openai.com/v1", "https://api.openai.com/v1"),
        ("openai", "https://api.openai.com/", "https://api.openai.com/v1"),
        ("openai", "https://h/openai/deployments/x/", "https://h/openai/deployments/x"),
        ("anthropic", "https://api.anthropic.com", "https://api.anthropic.com/v1"),
        ("anthropic", "https://api.anthropic.com/v1/", "https://api.anthropic.com/v1"),
        ("anthropic", "https://h/proxy", "https://h/proxy/v1"),
        ("openrouter", "https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
        ("ollama", "127.0.0.1", "http://127.0.0.1:11434/v1"),
        ("ollama", "0.0.0.0:9999", "http://127.0.0.1:9999/v1"),
        ("ollama", "http://box.lan:11434", "http://box.lan:11434/v1"),
        ("ollama", "https://box.lan", "https://box.lan/v1"),
        ("ollama", "[::]:11434", "http://[::1]:11434/v1"),
        ("vllm", "http://gpu:8000/v1", "http://gpu:8000/v1"),
        ("groq", "https://api.groq.com", "https://api.groq.com/openai/v1"),
        ("azure", "https://mine.openai.azure.com/", "https://mine.openai.azure.com/openai/v1"),
        (
            "azure",
            "https://mine.openai.azure.com/openai",
            "https://mine.openai.azure.com/openai/v1",
        ),
        ("gemini", "https://h", "https://h/v1beta"),
        ("gemini", "https://h/v1", "https://h/v1"),
        ("zai", "https://api.z.ai/api/coding/paas/v4", "https://api.z.ai/api/coding/paas/v4"),
        (
            "qwen",
            "https://dashscope.aliyuncs.com",
            "https://dashscope.aliyuncs.com/compatible-mode/v1",
        ),
    ],
)
def test_a_base_url_is_taken_as_people_write_it(name: str, written: str, located: str) -> None:
    assert locate(find()[name], written) == located


@pytest.mark.parametrize(
    "written",
    [
        "ftp://x/v1",
        "https://",
        "https://u:p@x/v1",
        "https://x/v1?key=1",
        "https://x:y/",
        "http://[",
    ],
)
def test_a_base_url_that_cannot_be_meant_is_refused(written: str) -> None:
    with pytest.raises(BadRequest, match="The base URL of openai"):
        locate(find()["openai"], written)


def test_the_key_goes_where_each_vendor_wants_it() -> None:
    found = find()
    assert greeting(found["openai"], Settings(key="k1")) == {"authorization": "Bearer k1"}
    claude = found["anthropic"]
    assert greeting(claude, Settings(key="k2\n")) == {
        "anthropic-version": "2023-06-01",
        "x-api-key": "k2",
    }
    token = greeting(claude, Settings(key="t", style="bearer"))
    assert token["authorization"] == "Bearer t" and "x-api-key" not in token
    named = Settings(headers={"X-Title": "Ours", "HTTP-Referer": "https://ours.example"})
    assert greeting(found["openrouter"], named) == {
        "x-title": "Ours",
        "http-referer": "https://ours.example",
    }


def test_an_address_with_blanks_is_whole_once_they_are_filled() -> None:
    found = find()
    aws, cloudflare = found["bedrock"], found["cloudflare"]
    assert addressed(aws, {"AWS_DEFAULT_REGION": "eu-central-1"}) == (
        "https://bedrock-runtime.eu-central-1.amazonaws.com/openai/v1"
    )
    both = {"AWS_DEFAULT_REGION": "eu-central-1", "AWS_REGION": "us-east-1"}
    assert "us-east-1" in str(addressed(aws, both))
    assert addressed(cloudflare, {"CLOUDFLARE_ACCOUNT_ID": " "}) is None
    assert addressed(found["openai"], {}) == "https://api.openai.com/v1"
    with pytest.raises(BadRequest, match="is not set") as caught:
        locate(aws, None)
    assert "AWS_REGION or AWS_DEFAULT_REGION" in caught.value.advice


@pytest.mark.parametrize(
    "region", ["evil.example/", "a.b", "-x", "x-", "a b", "a@b", "a:1", "é", "x" * 200, "{A}"]
)
def test_no_value_of_a_blank_names_another_host(region: str) -> None:
    with pytest.raises(BadRequest, match="AWS_REGION does not fit"):
        addressed(find()["bedrock"], {"AWS_REGION": region})


def test_a_path_beside_the_vendors_own_moves_with_the_base() -> None:
    deepseek = find()["deepseek"]
    messages = next(each for each in deepseek.routes if each.dialect == "anthropic_messages")
    own = "https://api.deepseek.com"
    assert beyond(deepseek, f"{own}/v1", messages) == f"{own}/anthropic/v1/messages"
    proxied = beyond(deepseek, "https://proxy.example/ds/v1", messages)
    assert proxied == "https://proxy.example/ds/anthropic/v1/messages"
    assert beyond(deepseek, "https://proxy.example/ds", messages) is None


@pytest.mark.parametrize(
    ("model", "written"),
    [
        ("gemini-2.5-pro", "gemini-2.5-pro"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("../../v1/files?x=", "..%2F..%2Fv1%2Ffiles%3Fx%3D"),
        ("a b\r\nx: y", "a%20b%0D%0Ax%3A%20y"),
    ],
)
def test_a_models_name_stays_one_segment_of_its_path(model: str, written: str) -> None:
    assert named("https://h/models/{model}:generateContent", model) == (
        f"https://h/models/{written}:generateContent"
    )


async def test_an_upstream_from_a_settings_file_answers() -> None:
    async with theatre(always(plain(b'{"t":"hi"}'))) as house:
        client = Trusted()
        upstream = another("my-box", base_url=house.url)
        assert upstream.credentials[0].variable == "MY_BOX_API_KEY"
        provider = build(upstream, Settings(key="k"), client, {"openai_chat": Toy("openai_chat")})
        heard, say = listener()
        await provider.run(a_request(), say, a_desk())
        assert heard.answer.text == "hi"
        assert house.visits[0].heads[0].startswith("POST /v1/chat/completions ")
        await client.aclose()


def test_a_dialect_nobody_knows_is_refused() -> None:
    with pytest.raises(BadRequest, match="dialect esperanto"):
        another("x", base_url="http://x", dialect="esperanto")
    with pytest.raises(BadRequest, match="speaks no dialect"):
        build(find()["anthropic"], Settings(), Trusted(), {})


async def listed(body: bytes, status: str = "200 OK") -> tuple[Listed, ...]:
    async with theatre(once(plain(body, status))) as house:
        client = Trusted()
        try:
            return await models(find()["vllm"], Settings(base_url=house.url, key=CANARY), client)
        finally:
            await client.aclose()


async def test_models_are_listed_with_what_is_known_of_them() -> None:
    body = msgspec.json.encode(
        {
            "data": [
                {"id": "a", "max_model_len": 8192},
                {"id": "b", "display_name": "B", "context_length": 2_000_000},
                {"id": "c", "context_length": "wide", "name": 7},
                {"id": 9},
                {},
            ]
        }
    )
    assert await listed(body) == (
        Listed(id="a", window=8192),
        Listed(id="b", name="B", window=2_000_000),
        Listed(id="c"),
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", b'{"data":{}}', b'{"data":[1]}', b"[" * 100_000, b'{"data":["\xff"]}'],
)
async def test_a_list_that_is_none_is_a_fault(body: bytes) -> None:
    with pytest.raises(UpstreamBroken) as caught:
        await listed(body)
    assert caught.value.upstream == "vllm"


@pytest.mark.parametrize("status", ["401 No", "403 No", "404 No", "500 No"])
async def test_a_refused_list_names_the_variable_and_not_the_key(status: str) -> None:
    with pytest.raises(Fault) as caught:
        await listed(CANARY.encode(), status)
    assert CANARY not in caught.value.full
    if status[0:3] in ("401", "403"):
        assert isinstance(caught.value, UpstreamRefused)
        assert "VLLM_API_KEY" in caught.value.full
