"""The texts of files and folders that a command is given."""

import sys
from collections.abc import Sequence
from pathlib import Path

from manymind.canon.faults import BadRequest, NotFound, TooLarge
from manymind.corpus.folders import read_folders
from manymind.corpus.plain import as_text

FILE_BYTES_MAX = 64 * 1024 * 1024
"""As much as the server takes of a body."""


def texts(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """Each file's name and text. Of a folder, what the program itself would read of it; what was
    left out is told on stderr."""
    found: list[tuple[str, str]] = []
    for path in paths:
        found += _folder(path) if path.is_dir() else [(str(path), _text(path))]
    return found


def _folder(path: Path) -> list[tuple[str, str]]:
    read = read_folders([path])
    if read.skipped:
        first = read.skipped[0]
        more = f", and {len(read.skipped) - 1:,} more" if len(read.skipped) > 1 else ""
        why = first.why.rstrip(".").lower()
        print(f"{path}: left out {first.name} ({why}){more}", file=sys.stderr)
    if not read.documents:
        raise NotFound(f"{path} holds no text.", advice="Name a folder with text files in it.")
    return [(str(path / document.id), document.text) for document in read.documents]


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise NotFound(
            f"{path} cannot be read: {(error.strerror or '').lower()}.",
            advice="Check its name, and that you may read it.",
        ) from None
    text = as_text(data)
    if text is None:
        raise BadRequest(f"{path} is not text.", advice="Turn it into text first, or leave it out.")
    if len(data) > FILE_BYTES_MAX:
        raise TooLarge(
            f"{path} is larger than {FILE_BYTES_MAX // 2**20} MiB.",
            advice="Split it; no model reads so much at once.",
        )
    return text
