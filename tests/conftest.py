"""What every test may use, and the choice of what a long matrix runs today."""

import random
from pathlib import Path

import hypothesis
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=1, help="chooses today's sample of the matrices")
    parser.addoption("--whole", action="store_true", help="run every long matrix whole")
    parser.addoption(
        "--clients",
        default=Path.home() / ".cache" / "manymind" / "clients",
        help="where the clients are installed that the long tests drive",
    )


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.register_profile("sample", deadline=None, derandomize=False)
    hypothesis.settings.register_profile("whole", deadline=None, max_examples=1000)
    hypothesis.settings.load_profile("whole" if config.getoption("--whole") else "sample")


def pytest_report_header(config: pytest.Config) -> str:
    return f"matrices: {'whole' if config.getoption('--whole') else config.getoption('--seed')}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keeps of each test marked `matrix(keep=n)` n cases, drawn by the seed; drops `long`."""
    if config.getoption("--whole"):
        return
    matrices: dict[str, list[pytest.Item]] = {}
    dropped = {item for item in items if item.get_closest_marker("long")}
    for item in items:
        if item.get_closest_marker("matrix"):
            matrices.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for name, cases in matrices.items():
        marker = cases[0].get_closest_marker("matrix")
        keep = marker.kwargs["keep"] if marker is not None else len(cases)
        drawn = random.Random(f"{config.getoption('--seed')} {name}")
        dropped.update(drawn.sample(cases, max(0, len(cases) - keep)))
    config.hook.pytest_deselected(items=[item for item in items if item in dropped])
    items[:] = [item for item in items if item not in dropped]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
