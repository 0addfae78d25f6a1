"""What the command line asks, and the request that it makes."""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from manymind.canon.faults import BadRequest, NotFound, TooLarge
from manymind.canon.items import Said
from manymind.canon.parts import File, Part, Text
from manymind.canon.requests import Caps, OutputFormat, Reasoning, Request
from manymind.canon.values import Ticks
from manymind.catalog.money import ticks
from manymind.catalog.sellers import OWN
from manymind.config import Config

INLINE_BYTES_MAX = 16 * 1024 * 1024
"""Of a file that goes into the prompt. Larger ones are for the models that read from shelves."""


class Question(Struct, frozen=True, kw_only=True):
    """`piped` is what came by standard input beside the words of the command line. `look` is
    quiet, plain or live."""

    text: str
    model: str
    piped: str = ""
    files: tuple[Path, ...] = ()
    effort: str | None = None
    agents: int | None = None
    budget: str | None = None
    max_output: int | None = None
    seconds: float | None = None
    schema: Path | None = None
    output: Path | None = None
    json: bool = False
    look: str = "plain"


def reads_shelves(model: str, config: Config) -> bool:
    """Whether the model is ours, and finds its documents itself."""
    return config.aliases.get(model, model).startswith(f"{OWN}/")


def requested(question: Question, config: Config) -> Request:
    """The request. All that can be wrong with it is found here, before anything costs money."""
    for path in question.files:
        if not path.exists():
            raise NotFound(f"There is no file or folder {path}.")
    if question.output is not None:
        _check_writable(question.output)
    own = reads_shelves(question.model, config)
    effort = question.effort
    return Request(
        model=question.model,
        items=(Said(role="user", parts=_parts(question, inline=not own)),),
        reasoning=Reasoning(effort=effort) if effort is not None else None,
        output=_schema(question.schema),
        caps=Caps(cost=_cap(question), agents=question.agents, seconds=question.seconds),
        # What was piped in and what lies in the folders answer the question together.
        metadata={"shelves": "both"} if own and question.piped and question.files else None,
        max_output_tokens=question.max_output,
        include=("agents",) if own else None,
        stream=True,
    )


def _parts(question: Question, *, inline: bool) -> tuple[Part, ...]:
    parts: list[Part] = [Text(text=question.text)]
    if question.piped:
        parts.append(File(name="stdin", media_type="text/plain", text=question.piped))
    if inline:
        parts.extend(_inline(path) for path in question.files)
    return tuple(parts)


def _inline(path: Path) -> File:
    """A file's text in the prompt, for models that cannot reach our shelves."""
    if path.is_dir():
        raise BadRequest(
            f"{path} is a folder.",
            advice=f"Only the models {OWN}/… search folders; give this one single files.",
        )
    data = _bytes(path)
    if len(data) > INLINE_BYTES_MAX:
        raise TooLarge(
            f"{path} is larger than {INLINE_BYTES_MAX >> 20} MiB.",
            advice=f"The models {OWN}/… search files of any number; ask one of those.",
        )
    if b"\0" in data[:8192]:
        raise BadRequest(f"{path} is not text.", advice="Only text can be put into the prompt.")
    return File(name=path.name, media_type="text/plain", text=data.decode("utf-8", "replace"))


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(INLINE_BYTES_MAX + 1)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from None


def _cap(question: Question) -> Ticks | None:
    if question.budget is None:
        return None
    try:
        return ticks(question.budget)
    except ValueError:
        raise BadRequest(
            f"--budget {question.budget} is no amount in dollars.", advice="Write it as 0.50."
        ) from None


def _schema(path: Path | None) -> OutputFormat | None:
    if path is None:
        return None
    try:
        schema = msgspec.json.decode(_bytes(path), type=dict[str, object])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadRequest(f"The schema {path} is not a JSON object: {error}.") from None
    return OutputFormat(form="json_schema", name="answer", schema=schema, strict=True)


def _check_writable(path: Path) -> None:
    """Now, and not when the answer has been paid for."""
    folder = path.parent
    if path.is_dir():
        problem = "it is a folder"
    elif not folder.is_dir():
        problem = f"there is no folder {folder}"
    elif not os.access(path if path.exists() else folder, os.W_OK):
        problem = "that is not permitted"
    else:
        return
    raise BadRequest(f"--output {path} cannot be written: {problem}.")
