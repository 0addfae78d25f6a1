"""What a question wants: its parts, the kind of answer, the words to look for."""

import re
from typing import Literal, TypeAlias

from msgspec import Struct

from manymind.corpus.words import STOP_WORDS, query_terms

Kind: TypeAlias = Literal[
    "fact", "count", "when", "who", "where", "why", "how", "judge", "list", "summary"
]

PARTS_MAX = 8
WORDS_MAX = 600

_LABEL = re.compile(
    r"^[ \t]*(?:\*\*)?(?:your objective|objective|answer this|the question|question|task|query)"
    r"(?:\*\*)?[ \t]*:[ \t]*(?:\*\*)?",
    re.IGNORECASE | re.MULTILINE,
)
_GREETING = re.compile(
    r"\W*(?:hi|hello|hey|hallo|bonjour|hola|good (?:morning|afternoon|evening|day)|greetings"
    r"|thanks?(?: you)?(?: very much| a lot)?|cheers|ping|test)\b[\w ,]{0,16}[.!?\s]*$",
    re.IGNORECASE,
)
_WHO_ARE_YOU = re.compile(
    r"\b(?:who|what) (?:exactly )?are you\b|\bwhat can you do\b|\bwhich model are you\b"
    r"|\bare you (?:an? )?(?:real |large )?(?:ai|llm|language model|human|person|bot|robot|chatgpt"
    r"|gpt|claude|grok|gemini)\b|\bintroduce yourself\b|\bwhat(?:'s| is) your name\b"
    r"|^\W*help\W*$|\bwhat model\b.*\byou\b",
    re.IGNORECASE,
)
_SHELF = re.compile(
    r"\b(?:which|what|list|show)\b[\w ,]{0,30}\b(?:documents|files|sources)\b"
    r"(?: (?:do|can|are|have|did) [\w ]{0,40})?\W*$",
    re.IGNORECASE,
)
_MAKING = re.compile(
    r"\W*(?:please |could you |can you |would you |now )*(?:write|compose|translate|rewrite"
    r"|paraphrase|draft|generate|create|imagine|implement|refactor|calculate|compute|solve|invent"
    r"|brainstorm|pretend|roleplay|convert|fix|debug|sing|tell me a (?:joke|story))\b",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"\b(?:summar\w+|overview|key points|main points|tl;?dr|outline|gist|what (?:is|are) (?:this|th"
    r"ese|the) (?:documents?|texts?|files?) about)\b",
    re.IGNORECASE,
)
_ASKED_BY: tuple[tuple[Kind, str], ...] = (
        ("count", r"\bhow (?:many|much|long|old|far|tall|high|deep|wide|big|large|heavy|fast|often"
                  r"|hot|cold)\b|\b(?:number|amount|percentage|share|cost|price|height|length|depth"
                  r"|weight|size|age|distance|budget|fee|salary|speed|range|rate) of\b"
                  r"|\bwhat (?:is|was) the (?:\w+ )?"
                  r"(?:cost|price|budget|fee|height|range|limit)\b"),
        ("when", r"\bwhen\b|\b(?:what|which|in what) (?:year|date|day|month|time)\b|\bhow recent"),
        ("who", r"\bwho(?:se|m)?\b|\bname of the (?:person|author|keeper|owner|head)\b"),
        ("where", r"\bwhere\b|\b(?:what|which) (?:place|city|country|town|room|island|building)\b"),
        ("why", r"\bwhy\b|\breasons? (?:for|why|that)\b|\bwhat caused\b"),
        ("list", r"\bwhich (?:\w+ )?\w+s (?:are|were|do|did|have|must|may|can)\b|\blist\b"
                 r"|\bwhat (?:are|were) (?:all )?the\b|\bname (?:all|the)\b|\benumerate\b"),
        ("how", r"\bhow\b|\bsteps?\b|\bprocedure\b|\binstructions for\b"),
        ("judge", r"^\W*(?:is|are|was|were|do|does|did|can|could|may|must|should|has|have|had|will"
                  r"|would)\b"),
)  # fmt: skip
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _ASKED_BY
)
_ASKS = re.compile(r"\b(?:who|what|when|where|which|why|how|is|are|was|were|did|do|does)\b", re.I)
_CUT = re.compile(
    r"(?<=[?？])\s+|\n+\s*(?:[-*•]|\d{1,2}[.)])\s+|\n{2,}|;\s+(?=(?:and )?"
    r"(?:who|what|when|where|which|why|how)\b)|,? and "
    r"(?=(?:who|what|when|where|which|why|how (?:many|much|long|old|far))\b)",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"\W*(?:and|but|so|then|also|what about|how about)\b|\b(?:it|its|they|them|their|he|him|his"
    r"|she|her|that|those|there|this one)\b",
    re.IGNORECASE,
)
_CAPITAL = re.compile(r"(?<=[\w,;:'’\"“(] )[\"“(]?([A-Z\u00c0-\u00de][\w'’-]+)")


class Question(Struct, frozen=True):
    """One part of what was asked. `named` are terms of proper names: an answer has one of them."""

    text: str
    kind: Kind
    keywords: str
    terms: tuple[str, ...]
    named: frozenset[str] = frozenset()


class Asked(Struct, frozen=True):
    """What the last word of the user asks for. `about` is greeting, self, shelf, making, nothing,
    summary or question."""

    about: str
    parts: tuple[Question, ...] = ()


def understood(text: str, earlier: str = "") -> Asked:
    """`earlier` is what the user said before; a question that leans on it borrows its words."""
    text = core(text)
    if not text.strip():
        return Asked("nothing")
    if _GREETING.match(text):
        return Asked("greeting")
    if len(text) < 200 and _WHO_ARE_YOU.search(text):
        return Asked("self")
    if len(text) < 120 and _SHELF.search(text):
        return Asked("shelf")
    if _SUMMARY.search(text):
        return Asked("summary", (_question(_SUMMARY.sub(" ", text), earlier, "summary"),))
    parts = _parts(text)
    about = "making" if _MAKING.match(text) else "question"
    if len(parts) == 1:
        return Asked(about, (_question(parts[0], earlier),))
    first = parts[0]
    return Asked(
        about, tuple(_question(part, first if part != first else earlier) for part in parts)
    )


def core(text: str) -> str:
    """The question itself, where a longer brief names it: what follows the last such label."""
    labels = list(_LABEL.finditer(text))
    inner = text[labels[-1].end() :].strip() if labels else ""
    return (inner or text).strip()[-6_000:]


def _parts(text: str) -> list[str]:
    pieces = [
        piece.strip(" \t\n,;") for piece in _CUT.split(text) if piece and piece.strip(" \n,;")
    ]
    asking = [piece for piece in pieces if "?" in piece or "？" in piece or _ASKS.match(piece)]
    if len(asking) < 2:
        return [text]
    return list(dict.fromkeys(asking))[:PARTS_MAX]


def _question(text: str, earlier: str, kind: Kind | None = None) -> Question:
    own = _telling(text)
    leans = bool(earlier) and (_LEANS.search(text[:80]) is not None or not own)
    keywords = own if len(own) <= 40 else own[:40]
    if leans and len(own) < 5:
        keywords = [*own, *[word for word in _telling(earlier)[:10] if word not in own]]
    kind = kind or _kind(text)
    joined = " ".join(keywords)[:WORDS_MAX]
    named = {term for found in _CAPITAL.finditer(text) for term in query_terms(found[1])}
    terms = query_terms(joined) if keywords else ()
    return Question(text.strip(), kind, joined, terms, frozenset(named & set(terms)))


def _kind(text: str) -> Kind:
    for kind, asks in _KINDS:
        if asks.search(text):
            return kind
    return "fact"


def _telling(text: str) -> list[str]:
    """The words that say what it is about, once each."""
    words = re.findall(r"[\w'’.,:/@+#-]*\w", text)
    telling = [word.strip("'’.,:/") for word in words]
    return list(
        dict.fromkeys(word for word in telling if word and word.lower().split("'")[0] not in _IDLE)
    )


_IDLE = STOP_WORDS | {
    "document", "documents", "according", "question", "answer", "says", "say", "said", "quote",
    "following", "text", "given", "mentioned", "passage", "information", "explain", "describe",
    "list", "name", "using", "use", "used", "detail", "details", "briefly", "short", "sentence",
    "long", "old", "far", "year", "date", "day", "ok",
}  # fmt: skip
