"""Settings: the nearer place wins, and a mistake is reported with the file it stands in."""

from collections.abc import Generator
from contextlib import chdir
from decimal import Decimal
from pathlib import Path

import pytest

from manymind.config import ConfigError, Flags, load, secret, unknown_variables


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "manymind.toml"
    path.write_text(
        """
        [server]
        port = 9000
        body_limit_mb = 3

        [corpus]
        folders = ["papers", "/srv/papers"]

        [providers.acme]
        base_url = "http://acme.example/v1"
        dialect = "openai_chat"
        key_env = "ACME_KEY"

        [aliases]
        "x-ai/grok" = "manymind/multi-agent"
        """
    )
    return path


def test_flags_win_over_the_environment_and_that_over_files(written: Path) -> None:
    environment = {"MANYMIND_PORT": "9100", "HOME": str(written.parent)}
    assert load(Flags(config=written), {"HOME": "/"}).server.port == 9000
    assert load(Flags(config=written), environment).server.port == 9100
    assert load(Flags(config=written, port=9200), environment).server.port == 9200


def test_folders_in_a_file_are_meant_from_where_the_file_lies(written: Path) -> None:
    folders = load(Flags(config=written), {"HOME": "/"}).corpus.folders
    assert folders == (str(written.parent / "papers"), "/srv/papers")


def test_keys_come_from_the_variable_or_the_file_that_the_settings_name(written: Path) -> None:
    config = load(Flags(config=written), {"HOME": "/", "ACME_KEY": "k1"})
    assert secret(config, "acme") == "k1"
    assert secret(config, "unknown") is None
    (written.parent / "key").write_text("k2\n")
    written.write_text(f'[providers.acme]\nkey_file = "{written.parent / "key"}"\n')
    assert secret(load(Flags(config=written), {"HOME": "/"}), "acme") == "k2"


def test_a_key_file_that_is_not_there_is_named(written: Path) -> None:
    written.write_text('[providers.acme]\nkey_file = "/nowhere/key"\n')
    with pytest.raises(ConfigError, match=r"providers\.acme\.key_file is /nowhere/key"):
        secret(load(Flags(config=written), {"HOME": "/"}), "acme")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[server]\nprot = 1", "prot"),
        ("[server]\nport = 'x'", "port"),
        ("[server", "is not TOML"),
        ("[corpus]\nfolders = [1]", "folders"),
        ("[unknown]", "There is no table unknown. Known are server, corpus"),
        ("[server]\nprot = 1", "[server] has no setting prot. Did you mean port? Known are host"),
        ("[providers.acme]\nurl = 1", "[providers.acme] has no setting url"),
        ("[providers.acme.prices.x]\ninput = 1", "providers.acme.prices.x: "),
        ("[providers.acme.prices.x]\ninput = 'y'\noutput = 1", "providers.acme.prices.x.input: "),
        ("[server]\nport = 70000", "server.port: expected int <= 65535"),
        ("[limits]\nrequest_seconds = 0", "limits.request_seconds: expected float > 0"),
        ("[limits]\nteam_cost_usd = true", "limits.team_cost_usd: "),
        ("[aliases]\na = 1", "aliases.a: expected str, got int"),
        ("server = 1", "server: expected object, got int"),
        ("[[corpus]]", "corpus: expected object, got array"),
    ],
)
def test_a_mistake_is_named_with_its_file(written: Path, content: str, said: str) -> None:
    written.write_text(content)
    with pytest.raises(ConfigError) as mistake:
        load(Flags(config=written), {"HOME": "/"})
    assert said in str(mistake.value)
    assert str(written) in str(mistake.value)


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not there"):
        load(Flags(config=tmp_path / "absent.toml"), {"HOME": "/"})


def test_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="MANYMIND_PORT"):
        load(None, {"HOME": "/nowhere", "MANYMIND_PORT": "99999"})


def test_customary_proxy_variables_are_honoured() -> None:
    environment = {"HOME": "/nowhere", "https_proxy": "http://proxy:3128", "NO_PROXY": "a, b"}
    egress = load(None, environment).egress
    assert egress.https_proxy == "http://proxy:3128"
    assert egress.no_proxy == ("a", "b")


def test_data_goes_where_it_customarily_goes() -> None:
    assert load(None, {"HOME": "/h"}).data == Path("/h/.local/share/manymind")
    assert load(None, {"HOME": "/h", "XDG_DATA_HOME": "/d"}).data == Path("/d/manymind")
    assert load(Flags(data=Path("/f")), {"HOME": "/h"}).data == Path("/f")


@pytest.fixture
def folder(tmp_path: Path) -> Generator[Path]:
    """A folder to work in, with a home elsewhere."""
    (tmp_path / "work").mkdir()
    with chdir(tmp_path / "work"):
        yield tmp_path / "work"


def home(folder: Path, content: str = "") -> dict[str, str]:
    """An environment whose user has these settings."""
    place = folder.parent / ".config" / "manymind"
    place.mkdir(parents=True, exist_ok=True)
    (place / "manymind.toml").write_text(content)
    return {"HOME": str(folder.parent)}


def test_variables_are_laid_over_the_file_setting_by_setting(folder: Path) -> None:
    environment = home(folder, "[server]\nport = 9000\nbody_limit_mb = 3")
    config = load(None, environment | {"MANYMIND_PORT": "9100"})
    assert (config.server.port, config.server.body_limit_mb) == (9100, 3)
    assert [path.name for path in config.files] == ["manymind.toml"]


def test_a_file_that_is_named_stands_alone(folder: Path) -> None:
    environment = home(folder, "[server]\nport = 9000")
    (folder / "manymind.toml").write_text("[server]\nport = 9100")
    (folder / "other.toml").write_text("[server]\nhost = 'localhost'")
    for flags, more in (
        (Flags(config=Path("other.toml")), {}),
        (None, {"MANYMIND_CONFIG": "other.toml"}),
    ):
        config = load(flags, environment | more)
        assert (config.server.host, config.server.port) == ("localhost", 8484)


def test_money_is_exact_as_text_and_as_a_number(folder: Path) -> None:
    for written in ("0.1", "'0.1'"):
        (folder / "m.toml").write_text(f"[limits]\nteam_cost_usd = {written}")
        limits = load(Flags(config=Path("m.toml")), {"HOME": "/"}).limits
        assert limits.team_cost_usd == Decimal("0.1")


def test_every_plain_setting_has_a_variable(folder: Path) -> None:
    environment = home(folder, "[limits]\nrequest_seconds = 5\n[server]\nhosts = ['a']") | {
        "MANYMIND_LIMITS_REQUEST_SECONDS": "90",
        "MANYMIND_LIMITS_TEAM_COST_USD": "0.30",
        "MANYMIND_SERVER_HOSTS": "models.example, other.example",
        "MANYMIND_TEAM_LEADER": "openai/gpt-5",
        "MANYMIND_HOST": "::1",
    }
    config = load(None, environment)
    assert config.limits.request_seconds == 90.0
    assert config.limits.team_cost_usd == Decimal("0.30")
    assert config.server.hosts == ("models.example", "other.example")
    assert (config.team.leader, config.server.host) == ("openai/gpt-5", "::1")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MANYMIND_PORT", "many", "MANYMIND_PORT: expected int"),
        ("MANYMIND_LIMITS_REQUEST_SECONDS", "-1", "MANYMIND_LIMITS_REQUEST_SECONDS: expected"),
        ("MANYMIND_LIMITS_TEAM_COST_USD", "five", "MANYMIND_LIMITS_TEAM_COST_USD: invalid decimal"),
    ],
)
def test_a_mistake_in_a_variable_is_named(variable: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(None, {"HOME": "/nowhere", variable: value})


def test_variables_that_are_none_of_ours_are_found(folder: Path) -> None:
    config = load(None, home(folder) | {"MANYMIND_PROT": "1", "MANYMIND_PORT": "1"})
    assert unknown_variables(config) == ("MANYMIND_PROT",)


def test_paths_in_a_file_are_meant_from_where_it_lies(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "key").write_text("k3")
    (inner / "m.toml").write_text(
        "[egress]\nca_file = 'ca.pem'\n[providers.acme]\nkey_file = 'key'\n"
    )
    config = load(Flags(config=Path("inner/m.toml")), {"HOME": "/"})
    assert config.egress.ca_file == "inner/ca.pem"
    assert secret(config, "acme") == "k3"
