"""The texts of files and folders that a command is given."""

from collections.abc import Sequence
from pathlib import Path

from manymind.canon.faults import NotFound
from manymind.corpus.folders import read_folders


def texts(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """Each file's name and text. Of a folder, what the program itself would read of it."""
    found: list[tuple[str, str]] = []
    for path in paths:
        if path.is_dir():
            read = read_folders([path]).documents
            found += [(str(path / document.id), document.text) for document in read]
        else:
            found.append((str(path), _text(path)))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {(error.strerror or '').lower()}.") from None
