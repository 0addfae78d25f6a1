"""Files and folders on disk, as documents.

Read are text files. Left out, with the reason, are hidden and ignored files, binary and very
large ones, and links: nothing outside of the given folders is ever opened.
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from manymind.canon.documents import Document
from manymind.canon.faults import NotFound
from manymind.corpus.ignore import Rule, ignored, read_rules
from manymind.corpus.naming import Skipped
from manymind.corpus.plain import as_text

FILE_BYTES_MAX = 16 * 1024 * 1024
TOTAL_BYTES_MAX = 512 * 1024 * 1024
FILES_MAX = 200_000
_DEPTH_MAX = 40
_SKIPPED_MAX = 10_000
_LEFT_OUT = frozenset({"node_modules", "__pycache__", "site-packages", "bower_components"})
_IGNORE_FILES = (".gitignore", ".ignore", ".manymindignore")

Progress = Callable[[str, int, int], None]


class Reading(Struct, frozen=True):
    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...]


def read_folders(paths: Sequence[Path], progress: Progress | None = None) -> Reading:
    """All text files under these paths. An id is the path within its folder; where several
    folders are given, the folder's name stands before it."""
    walk = _Walk(progress)
    for path in paths:
        root = path.resolve()
        if root.is_dir():
            walk.folder(root, f"{root.name}/" if len(paths) > 1 else "")
        elif root.is_file():
            walk.file(root, root.name)
        else:
            raise NotFound(
                f"There is no file or folder {str(path)!r}.",
                advice="Give a path that exists and may be read.",
            )
    if progress:
        progress("reading", len(walk.documents), len(walk.documents))
    return Reading(tuple(walk.documents), tuple(walk.skipped))


class _Walk:
    def __init__(self, progress: Progress | None) -> None:
        self.documents: list[Document] = []
        self.skipped: list[Skipped] = []
        self._progress = progress
        self._bytes = 0

    def folder(self, root: Path, prefix: str) -> None:
        for path, name in self._files(root, "", (), 0):
            self.file(path, prefix + name)

    def file(self, path: Path, name: str) -> None:
        if len(self.documents) >= FILES_MAX or self._bytes >= TOTAL_BYTES_MAX:
            self._skip(name, "The limit of what is read from folders is reached.")
            return
        data = self._data(path, name)
        if data is None:
            return
        text = as_text(data)
        if text is None:
            self._skip(name, "It is not text.")
        elif not text.strip():
            self._skip(name, "It is empty.")
        else:
            self._bytes += len(data)
            self.documents.append(Document(id=name, text=text))
            if self._progress and len(self.documents) % 200 == 0:
                self._progress("reading", len(self.documents), 0)

    def _data(self, path: Path, name: str) -> bytes | None:
        """The file's bytes, from the very file that was looked at; a pipe is never waited for."""
        try:
            with open(path, "rb", opener=_open) as file:
                found = os.fstat(file.fileno())
                if not stat.S_ISREG(found.st_mode):
                    self._skip(name, "It is not a regular file.")
                    return None
                if found.st_size > FILE_BYTES_MAX:
                    self._skip(name, f"It is larger than {FILE_BYTES_MAX // 2**20} MiB.")
                    return None
                return file.read(FILE_BYTES_MAX + 1)[:FILE_BYTES_MAX]
        except OSError as wrong:
            self._skip(name, wrong.strerror or "It cannot be read.")
            return None

    def _files(
        self, folder: Path, inside: str, rules: tuple[Rule, ...], depth: int
    ) -> Iterator[tuple[Path, str]]:
        """Each file to read, with its path from the root, folder by folder and by name."""
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as wrong:
            self._skip(inside or ".", wrong.strerror or "It cannot be read.")
            return
        rules = (*rules, *_rules_of(entries, inside))
        for entry in entries:
            name = _shown(f"{inside}/{entry.name}" if inside else entry.name)
            is_folder = entry.is_dir(follow_symlinks=False)
            why = _why_not(entry, name, is_folder, rules, depth)
            if why:
                self._skip(name, why)
            elif is_folder:
                yield from self._files(Path(entry.path), name, rules, depth + 1)
            else:
                yield Path(entry.path), name

    def _skip(self, name: str, why: str) -> None:
        if len(self.skipped) < _SKIPPED_MAX:
            self.skipped.append(Skipped(_shown(name), why))


def _why_not(
    entry: "os.DirEntry[str]", name: str, is_folder: bool, rules: tuple[Rule, ...], depth: int
) -> str:
    if entry.name.startswith("."):
        return "It is hidden."
    if entry.is_symlink():
        return "It is a link; links are not followed."
    if is_folder and entry.name in _LEFT_OUT:
        return "Folders of this name are left out."
    if is_folder and depth >= _DEPTH_MAX:
        return "It is too deep down."
    if ignored(rules, name, is_folder):
        return "An ignore file leaves it out."
    return ""


def _rules_of(entries: Sequence["os.DirEntry[str]"], inside: str) -> tuple[Rule, ...]:
    rules: tuple[Rule, ...] = ()
    for entry in entries:
        if entry.name in _IGNORE_FILES and entry.is_file(follow_symlinks=False):
            try:
                text = Path(entry.path).read_text("utf-8", "replace")
            except OSError:
                continue
            rules = (*rules, *read_rules(text, inside))
    return rules


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _shown(name: str) -> str:
    """A file name that is not UTF-8, written so that it can be sent."""
    return name.encode("utf-8", "replace").decode()
