"""Folders on the shelves: what is read, what is left out, and which library answers."""

import os
from pathlib import Path

import anyio
import pytest

from manymind.canon.documents import Document
from manymind.canon.faults import NotFound
from manymind.canon.requests import Request
from manymind.corpus.folders import FILE_BYTES_MAX, read_folders
from manymind.corpus.ignore import ignored, read_rules
from manymind.corpus.kept import Kept
from manymind.corpus.standing import open_folders, shelves
from tests.world import a_request, said


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    files = {
        "a.md": b"# A\nThe keeper sleeps.\n",
        "sub/b.txt": "gr\u00fcn \u706f\u5854\n".encode(),
        "sub/latin.txt": "caf\u00e9 au lait".encode("latin-1"),
        "image.png": b"\x89PNG\0\0",
        "empty.txt": b"\n",
        ".git/config": b"secret",
        ".env": b"KEY=secret",
        "node_modules/x/index.js": b"code",
        "build/out.txt": b"made",
        "keep.log": b"kept",
        "drop.log": b"dropped",
        ".gitignore": b"# comment\nbuild/\n*.log\n!keep.log\n",
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_text_is_read_and_the_rest_is_left_out_with_a_reason(root: Path) -> None:
    reading = read_folders([root])
    assert [one.id for one in reading.documents] == [
        "a.md", "keep.log", "sub/b.txt", "sub/latin.txt",
    ]  # fmt: skip
    left_out = {one.name for one in reading.skipped}
    assert left_out >= {
        "image.png",
        "empty.txt",
        ".git",
        ".env",
        "node_modules",
        "build",
        "drop.log",
    }
    assert all(one.why for one in reading.skipped)


def test_no_link_leads_out_of_the_folder(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("secret")
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    (root / "loop").symlink_to(root)
    reading = read_folders([root])
    assert not any("secret" in one.text for one in reading.documents)
    assert {"link.txt", "loop"} <= {one.name for one in reading.skipped}


def test_a_pipe_is_not_waited_for_and_a_huge_file_not_read(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with (root / "huge.txt").open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    assert {"pipe", "huge.txt"} <= {one.name for one in read_folders([root]).skipped}


def test_names_that_are_not_utf8_can_be_shown(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/bad\xff.txt")).write_text("text here")
    names = [one.id for one in read_folders([root]).documents]
    assert "bad?.txt" in names


def test_several_folders_keep_their_names_apart(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.md").write_text("Another.")
    names = [one.id for one in read_folders([root, other, root / "a.md"]).documents]
    assert {"root/a.md", "other/a.md", "a.md"} <= set(names)


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        read_folders([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("pattern", "path", "out"),
    [
        ("*.py", "a/b/c.py", True),
        ("/c.py", "a/c.py", False),
        ("a/*.py", "a/c.py", True),
        ("a/*.py", "a/b/c.py", False),
        ("a/**/c.py", "a/b/d/c.py", True),
        ("**/c.py", "c.py", True),
        ("c.p[xy]", "c.py", True),
        ("c.p[!y]", "c.py", False),
        ("#c", "#c", False),
        ("\\#c", "#c", True),
        ("c.?y", "c.py", True),
        ("[", "[", True),
        ("a" + "*a" * 60 + "b", "a" * 200, False),
    ],
)
def test_ignore_patterns_mean_what_they_do_elsewhere(pattern: str, path: str, out: bool) -> None:
    assert ignored(read_rules(pattern, ""), path, is_folder=False) is out


async def test_an_index_kept_on_disk_answers_as_the_first_one_did(
    root: Path, tmp_path: Path
) -> None:
    first = open_folders([root], tmp_path / "data")
    again = open_folders([root], tmp_path / "data")
    assert await again.search("keeper") == await first.search("keeper") != ()
    assert again.skipped == first.skipped
    assert len(list((tmp_path / "data" / "indexes").iterdir())) == 1


async def test_a_damaged_index_is_made_again(root: Path, tmp_path: Path) -> None:
    open_folders([root], tmp_path)
    (place,) = (tmp_path / "indexes").iterdir()
    for file in place.iterdir():
        if file.is_file():
            file.write_bytes(b"nonsense")
    assert await open_folders([root], tmp_path).search("keeper")


async def test_a_changed_file_is_seen(root: Path, tmp_path: Path) -> None:
    open_folders([root], tmp_path)
    (root / "a.md").write_text("The umbrella is teal.")
    assert await open_folders([root], tmp_path).search("umbrella")


def test_progress_is_told(root: Path) -> None:
    told: list[tuple[str, int, int]] = []

    def tell(what: str, done: int, of: int) -> None:
        told.append((what, done, of))

    open_folders([root], progress=tell)
    assert {what for what, _, _ in told} == {"reading", "indexing"}
    assert told[-1] == ("indexing", 4, 4)


async def names(request: Request, root: Path) -> set[str]:
    library = await shelves(open_folders([root])).library(request)
    return {card.id for card in library.cards()}


@pytest.mark.parametrize(
    ("wish", "own", "standing"),
    [(None, True, False), ("own", True, False), ("standing", False, True), ("both", True, True)],
)
async def test_a_request_with_documents_is_answered_from_those_it_wishes(
    root: Path, wish: str | None, own: bool, standing: bool
) -> None:
    metadata: dict[str, object] | None = {"shelves": wish} if wish else None
    request = a_request('<document id="mine">x y z</document>', metadata=metadata)
    found = await names(request, root)
    assert ("mine" in found, "a.md" in found) == (own, standing)


async def test_a_request_without_documents_is_answered_from_the_shelves(root: Path) -> None:
    assert "a.md" in await names(a_request("Who sleeps?"), root)
    assert await names(a_request("Who sleeps?", metadata={"shelves": "own"}), root) == set()


async def test_the_same_documents_are_indexed_once_for_all_who_ask_together() -> None:
    kept = Kept()
    documents = [Document(id="a", text="word " * 20_000)]
    found: list[int] = []

    async def ask() -> None:
        found.append(id(await kept.get(list(documents))))

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(ask)
    assert len(set(found)) == 1


async def test_whoever_hangs_up_while_a_library_is_built_hinders_nobody() -> None:
    kept = Kept()
    documents = [Document(id="a", text="some words " * 100_000)]
    with anyio.move_on_after(0.01):
        await kept.get(documents)
    with anyio.fail_after(20):
        library = await kept.get(documents)
    assert library.cards()[0].id == "a"


async def test_both_shelves_are_searched_and_checked_as_one(root: Path) -> None:
    request = a_request(items=(said('<document id="mine">The umbrella is teal.</document>'),))
    request = a_request(items=request.items, metadata={"shelves": "both"})
    library = await shelves(open_folders([root])).library(request)
    assert (await library.search("umbrella"))[0].document_id == "mine"
    assert (await library.search("keeper sleeps"))[0].document_id == "a.md"
    assert (await library.slice("a.md", 0, 3)).text == "# A"
