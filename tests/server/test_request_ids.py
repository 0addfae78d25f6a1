"""Names of requests: in the order of time, and not to be guessed."""

from uuid import RFC_4122, UUID

from manymind.server.request_ids import RequestIds


def test_an_id_is_a_uuid_that_tells_its_time() -> None:
    name = UUID(RequestIds(lambda: 1_796_031_000.25)().removeprefix("req_"))
    assert (name.version, name.variant) == (7, RFC_4122)
    assert name.int >> 80 == 1_796_031_000_250


def test_later_ids_come_later_in_an_index() -> None:
    times = iter(range(1_000, 2_000))
    new_id = RequestIds(lambda: float(next(times)))
    names = [new_id() for _ in range(1_000)]
    assert names == sorted(names)


def test_ids_of_one_moment_are_unlike() -> None:
    new_id = RequestIds(lambda: 1_796_031_000.0)
    assert len({new_id() for _ in range(5_000)}) == 5_000
