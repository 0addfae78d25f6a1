"""Settings: the nearer place wins, and a mistake is reported with the file it stands in."""

from pathlib import Path

import pytest

from manymind.config import ConfigError, Flags, load, secret


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
        ("[unknown]", "unknown"),
    ],
)
def test_a_mistake_is_named_with_its_file(written: Path, content: str, said: str) -> None:
    written.write_text(content)
    with pytest.raises(ConfigError) as mistake:
        load(Flags(config=written), {"HOME": "/"})
    assert said in str(mistake.value)
    assert str(written) in str(mistake.value)


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no configuration file"):
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
