"""The lines that the server logs, for people or for programs. Ids, sizes, times and outcomes: what
callers ask and are answered is in none of them."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")


class JsonLines(logging.Formatter):
    """One object a line. What a line tells in fields (`told`) stands beside its words."""

    def format(self, record: logging.LogRecord) -> str:
        told = cast("Mapping[str, object]", getattr(record, "told", {}))
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **told,
        }
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up(level: str, form: str) -> None:
    """Everything goes to stderr. Only our own lines are told at any level; of other people's,
    which may repeat what they were handed, only warnings."""
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(JsonLines() if form == "json" else plain)
    logging.basicConfig(handlers=[handler])
    logging.getLogger("manymind").setLevel(level.upper())
