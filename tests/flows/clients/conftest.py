"""Where the clients are, and which of them there are."""

from pathlib import Path

import pytest

from tests.flows.clients.installed import Clients


@pytest.fixture
def clients(pytestconfig: pytest.Config) -> Clients:
    return Clients(Path(str(pytestconfig.getoption("--clients"))))
