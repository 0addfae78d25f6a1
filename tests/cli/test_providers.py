"""`manymind providers` says whom we can ask, and what to set for the others; never a value."""

from manymind.providers import find
from tests.cli.shell import Shell

CANARY = "sk-canary-93ab"


def test_on_a_fresh_machine_each_says_what_to_set(shell: Shell) -> None:
    ran = shell.run("providers")
    assert ran.code == 0
    lines = {line.split()[1]: line for line in ran.out.splitlines()}
    assert lines.keys() == find().keys()
    assert lines["gemini"].endswith("  set GEMINI_API_KEY or GOOGLE_API_KEY")
    assert lines["ollama"].endswith("  set OLLAMA_HOST or OLLAMA_BASE_URL")
    assert lines["bedrock"].endswith(
        "  set AWS_BEARER_TOKEN_BEDROCK and AWS_REGION or AWS_DEFAULT_REGION"
    )


def test_a_ready_one_is_told_with_its_address_and_what_it_speaks(shell: Shell) -> None:
    ran = shell.run(
        "providers",
        GEMINI_API_KEY=CANARY,
        GEMINI_BASE_URL="http://127.0.0.1:9",
        DASHSCOPE_API_KEY=CANARY,
    )
    assert ran.out.startswith(
        "✓ gemini: key from GEMINI_API_KEY, address from GEMINI_BASE_URL\n"
        "    at http://127.0.0.1:9/v1beta\n"
        "    speaks gemini, openai_chat, embeddings\n"
        "✓ qwen: key from DASHSCOPE_API_KEY\n"
        "    at https://dashscope-intl.aliyuncs.com/compatible-mode/v1\n"
        "    speaks openai_chat, anthropic_messages, embeddings\n"
        "    China: QWEN_BASE_URL=https://dashscope.aliyuncs.com/compatible-mode/v1\n"
    )
    assert CANARY not in ran.out + ran.err


def test_json_says_the_same(shell: Shell) -> None:
    ran = shell.run("providers", "azure", "--json", AZURE_API_KEY=CANARY, AZURE_RESOURCE_NAME="me")
    (azure,) = ran.data["providers"]
    assert (azure["ready"], azure["found_by"], azure["set"]) == (True, "key from AZURE_API_KEY", "")
    assert azure["address"] == "https://me.openai.azure.com/openai/v1"
    assert azure["dialects"] == ["openai_responses", "openai_chat"]
    assert azure["embeddings"] is True
    (half,) = shell.run("providers", "azure", "--json", AZURE_API_KEY=CANARY).data["providers"]
    assert half["ready"] is False
    assert half["set"].endswith(" and AZURE_RESOURCE_NAME")
    assert half["address"] == "https://{AZURE_RESOURCE_NAME}.openai.azure.com/openai/v1"


def test_azures_own_address_is_enough_without_its_name(shell: Shell) -> None:
    where = {
        "AZURE_OPENAI_API_KEY": CANARY,
        "AZURE_OPENAI_ENDPOINT": "https://me.openai.azure.com/",
    }
    (azure,) = shell.run("providers", "azure", "--json", **where).data["providers"]
    assert (azure["ready"], azure["address"]) == (True, "https://me.openai.azure.com/openai/v1")


def test_a_name_that_fits_nobody_is_told(shell: Shell) -> None:
    ran = shell.run("providers", "nobody")
    assert (ran.code, ran.out) == (4, "")
    assert "No provider has that name." in ran.err
