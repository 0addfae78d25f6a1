"""Markers: how the leader names the evidence that a sentence rests on, and nothing else does."""

import re
from collections.abc import Callable

from manymind.canon.answers import Answer
from manymind.canon.items import Said
from manymind.canon.parts import Text
from manymind.engine.evidence import Evidence
from manymind.engine.links import bare

MARKER = re.compile(r"\{\{\s*(E\d+(?:\s*[,;]?\s*E\d+)*)\s*\}\}")

_NAME = re.compile(r"E\d+")
_BRACKETED = re.compile(r"(?<!\[)\[\s*(E\d+(?:\s*[,;]\s*E\d+)*)\s*\](?![\](])|【\s*(E\d+)\s*】")
_TORN = re.compile(r"\{\{\s*+E\d++[\dE,; ]*+(?!\}\})\}?|\{\{\s*E?\}?$")
_BRACKETS = re.compile(r"[\[\]{}]")
_ROUNDS_MAX = 50
_OWN_MARK = re.compile(r"\s*\[\[?\d+\]?\](?:\([^\n]*\))?\s*")


def marked(answer: Answer, evidence: Evidence) -> str:
    """The leader's words; where it cites a claim in its dialect's own way, with our marker."""
    return "".join(
        _part_marked(part, evidence)
        for output in answer.outputs
        if output.choice == 0 and isinstance(output.item, Said)
        for part in output.item.parts
        if isinstance(part, Text)
    )


def scrubbed(text: str, evidence: Evidence) -> str:
    """Without markers of unknown claims, and without links that look like ours; what remains
    when those are gone is looked at again."""
    for _ in range(_ROUNDS_MAX):
        clean = bare(_BRACKETED.sub(_as_marker(evidence), text))
        clean = _TORN.sub("", MARKER.sub(_known(evidence), clean))
        if clean == text:
            return clean
        text = clean
    return _BRACKETS.sub("", text)


def disarmed(text: str) -> str:
    """Words of a document, or of an agent, without what would pass for a marker of the leader's:
    a document could put another one's evidence behind its own claims."""
    return MARKER.sub("", _BRACKETED.sub("", text))


def named(text: str) -> tuple[str, ...]:
    """The claims that a text names, in order."""
    return tuple(name for marker in MARKER.finditer(text) for name in _NAME.findall(marker[1]))


def _part_marked(part: Text, evidence: Evidence) -> str:
    text = part.text
    ours = [cited for cited in part.citations if evidence.get(cited.document_id or "")]
    for cited in sorted(ours, key=lambda cited: -cited.end):
        marker = f"{{{{{cited.document_id}}}}}"
        if not 0 <= cited.start < cited.end <= len(text):
            text = text.rstrip() + marker
        elif _OWN_MARK.fullmatch(text[cited.start : cited.end]):
            text = text[: cited.start] + marker + text[cited.end :]
        else:
            text = text[: cited.end] + marker + text[cited.end :]
    return text


def _as_marker(evidence: Evidence) -> Callable[[re.Match[str]], str]:
    def replaced(found: re.Match[str]) -> str:
        names = _NAME.findall(found[0])
        known = all(evidence.get(name) for name in names)
        return f"{{{{{', '.join(names)}}}}}" if known else found[0]

    return replaced


def _known(evidence: Evidence) -> Callable[[re.Match[str]], str]:
    def replaced(found: re.Match[str]) -> str:
        names = [name for name in _NAME.findall(found[1]) if evidence.get(name)]
        return f"{{{{{', '.join(names)}}}}}" if names else ""

    return replaced
