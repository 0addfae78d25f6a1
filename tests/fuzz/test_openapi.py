"""What /openapi.json promises is what the server does, for whatever schemathesis makes up."""

from collections.abc import Generator
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks

from manymind import __version__
from manymind.providers.scripted import Scripted
from manymind.server.openapi import document
from tests.fuzz.stage import running, running_home
from tests.server.stage import Terms, application

load_all_checks()

STAGED = application(Scripted("echo"), Terms(body_seconds=1.0, body_bytes=20_000_000))


THERE = {(route.method.lower(), route.path.replace("...}", "}")) for route in STAGED.routes}
TOLD = document(__version__)
PATHS = cast("dict[str, dict[str, Any]]", TOLD["paths"])


def staged() -> dict[str, Any]:
    """The description of what stands on this stage, which has no database."""
    paths = {
        path: {method: said for method, said in operations.items() if (method, path) in THERE}
        for path, operations in PATHS.items()
    }
    return {**TOLD, "paths": {path: said for path, said in paths.items() if said}}


def beyond() -> dict[str, Any]:
    """The paths of which something stands in the whole program alone."""
    paths = {
        path: operations
        for path, operations in PATHS.items()
        if any((method, path) not in THERE for method in operations)
    }
    return {**TOLD, "paths": paths}


SCHEMA = cast("Any", schemathesis.openapi.from_dict(staged()))
BEYOND = cast("Any", schemathesis.openapi.from_dict(beyond()))
"""Schemathesis leaves the types of what it makes open."""

MODELS_MATTER = [cast("Any", checks).positive_data_acceptance]
"""Whether a well-formed request can be carried out depends on the model, not on the document."""

EXAMPLES = settings().max_examples // 4
"""A path's share; `make test-long` makes ten times as many."""


@pytest.fixture(scope="module")
def url() -> Generator[str]:
    with running(STAGED) as url:
        yield url


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with running_home(tmp_path_factory.mktemp("home")) as url:
        yield url


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_path_keeps_its_promises(case: Any, url: str) -> None:
    case.call_and_validate(base_url=url, timeout=5, excluded_checks=MODELS_MATTER)


@BEYOND.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_path_of_the_whole_program_keeps_its_promises(case: Any, home: str) -> None:
    case.call_and_validate(base_url=home, timeout=5, excluded_checks=MODELS_MATTER)
