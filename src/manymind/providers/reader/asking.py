"""What a question wants: its parts, the kind of answer, the words to look for."""

import re
from typing import Literal, TypeAlias, get_args

from msgspec import Struct
from msgspec.structs import replace

from manymind.corpus.words import STOP_WORDS, query_terms
from manymind.providers.reader.languages import foreign_kinds, idle_words

Kind: TypeAlias = Literal[
    "fact", "count", "when", "who", "where", "why", "how", "judge", "list", "contact", "summary"
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
        ("contact", r"\b(?:e-?mail|phone|telephone|mobile|web ?site|url|homepage)\b"
                    r"|\bhow (?:do|can|could|may) (?:i|we|you|one) (?:reach|contact|call)\b"),
        ("count", r"\bhow (?:many|much|long|old|far|tall|high|deep|wide|big|large|heavy|fast|often"
                  r"|hot|cold)\b|\b(?:number|amount|percentage|share|cost|price|height|length|depth"
                  r"|weight|size|age|distance|budget|fee|salary|speed|range|rate) of\b"
                  r"|\bwhat (?:is|was) the (?:\w+ )?"
                  r"(?:cost|price|budget|fee|height|range|limit)\b"),
        ("when", r"\bwhen\b|\b(?:what|which|in what) (?:year|date|day|month|time)\b|\bhow recent"),
        ("who", r"\bwho(?:se|m)?\b|\bname of the (?:person|author|keeper|owner|head)\b"),
        ("where", r"\bwhere\b|\b(?:what|which) (?:place|city|country|town|room|island|building)\b"),
        ("why", r"\bwhy\b|\breasons? (?:for|why|that)\b|\bwhat caused\b"),
        ("how", r"\bsteps? (?:for|to|of|in)\b|\bprocedure\b|\binstructions for\b"),
        ("list", r"\bwhich (?:\w+ )?\w+s (?:are|were|do|does|did|has|have|must|may|can|need)\b"
                 r"|\b(?:list|lists|enumerate)\b|\bwhat (?:are|were) (?:all )?(?:the|your|its)\b"
                 r"|\bname (?:all|the|every)\b|\bwhat (?:kinds?|types?|sorts?) of\b"),
        ("how", r"\bhow\b"),
        ("judge", r"^\W*(?:is|are|was|were|do|does|did|can|could|may|must|should|has|have|had|will"
                  r"|would)\b"),
)  # fmt: skip
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _ASKED_BY
)
_PREPOSITION = (
    r"(?:(?:at|in|on|by|to|for|from|with|of|within|since|until|under|about|um|auf|ab|seit|bis|von|mit"
    r"|à|en|de|depuis) )?"
)
_ASKING = (
    r"(?:who(?:m|se)?|what|when|where|which|why|how|wer|wie|wann|wo|warum|welche[rs]?|qui|quand|où"
    r"|pourquoi|comment|combien|quel(?:le)?s?|quién|cuándo|dónde|cuánt[oa]s?)\b"
)
_ASKS = re.compile(
    _PREPOSITION + _ASKING + r"|(?:is|are|was|were|did|do|does|may|can|must)\b", re.IGNORECASE
)
_CUT = re.compile(
    r"(?<=[?？])\s+|\n+\s*(?:[-*•]|\d{1,2}[.)])\s+|\n{2,}|;\s+(?=(?:and )?"
    rf"{_PREPOSITION}{_ASKING})|,? (?:and|und|et|y) (?={_PREPOSITION}{_ASKING})",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"\W*(?:and|but|so|then|also|what about|how about|und|et)\b|\b(?:it|its|they|them|their|he|him"
    r"|his|she|her|that|those|these|there|this one|er|sie|ihr|ihre|il|elle|ils|elles)\b",
    re.IGNORECASE,
)
_CAPITAL = re.compile(r"(?<=[\w,;:'’\"“(] )[\"“(]?([A-Z\u00c0-\u00de][\w'’-]+)")
_COUNTED = re.compile(
    r"\b(?:how much (?:does|do|did|is|are|was|were) (?:a|an|the|one)|how (?:many|much)|number of"
    r"|amount of|wie ?viele?|combien de|combien d['’]|cuánt[oa]s?)"
    r"\s+((?:[^\W\d_][\w'’-]*\s*){1,3})",
    re.IGNORECASE,
)
_VERBS = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|may|must|should|will|would|per|in|on|at|of"
    r"|for|to|from|there|it|they|you|we|i)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_DEFINES = re.compile(
    r"\W*(?:(?:what|who) (?:exactly )?(?:is|are|was|were)|what does (?=.{1,60} (?:mean|do)\W*$)"
    r"|(?:tell me|what do you know) about|define|explain|was ist|wer ist|qu['’]est-ce que?"
    r"|qui est)\b",
    re.IGNORECASE,
)
_OPTIONS = re.compile(
    r"(?:,|:|\bbetween|\bcompare|\bis|\bare|\bdoes|\bhas)\s+(?:the |a |an )?"
    r"([\w'’ -]{2,40}?)\s+(?:or|and|vs\.?|versus)\s+(?:the |a |an )?([\w'’ -]{2,40}?)\s*[?.]?\s*$",
    re.IGNORECASE,
)


_OF = re.compile(
    r"\b(?:value|meaning|definition|purpose|steps?|procedure|instructions|process) (?:of|for|to)\b",
    re.IGNORECASE,
)
_INVERTED = re.compile(r"-(?:t-)?(?:elles?|ils?|on|ce|je|tu|nous|vous)\b", re.IGNORECASE)
_IDENTIFIER = re.compile(r"\w_\w|[a-z][A-Z]|`|\(\)")
_CODE_WORDS = re.compile(r"\b(?:function|method|class|constant|variable|returns?)\b", re.I)
_REACHING = re.compile(r"\b(?:reach|contact|call)\b", re.IGNORECASE)
_ASKED_OF = re.compile(r"\b(?:who|what)\s+(?!(?:is|are|was|were|does|do|did)\b)\w+", re.IGNORECASE)


class Question(Struct, frozen=True):
    """One part of what was asked.

    `named` are terms of proper names: an answer has one of them. `lent` are terms of what was
    asked before: they lead to the right place and answer nothing. `counted` is what a figure is
    asked of. `words` are the question's words in their order, for what an answer says in the
    same ones. `options` are what is to be compared: each is to be heard. `defines`: the question
    asks what or who something is.
    """

    text: str
    kind: Kind
    keywords: str
    terms: tuple[str, ...]
    named: frozenset[str] = frozenset()
    lent: tuple[str, ...] = ()
    counted: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    options: tuple[frozenset[str], ...] = ()
    defines: bool = False


class Asked(Struct, frozen=True):
    """What the last word of the user asks for. `about` is greeting, self, shelf, making, nothing,
    summary or question."""

    about: str
    parts: tuple[Question, ...] = ()


def understood(text: str, earlier: str = "") -> Asked:
    """`earlier` is what was said before; a question that leans on it borrows its words."""
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
        subject = _question(_SUMMARY.sub(" ", text), earlier, "summary")
        return Asked("summary", (replace(subject, text=text.strip()),))
    about = "making" if _MAKING.match(text) else "question"
    made: list[Question] = []
    for part in parts_of(text):
        made.append(_question(part, " ".join(one.text for one in made[:1]) or earlier))
    return Asked(about, tuple(made))


def core(text: str) -> str:
    """The question itself, where a longer brief names it: what follows the last such label."""
    labels = list(_LABEL.finditer(text))
    inner = text[labels[-1].end() :].strip() if labels else ""
    return (inner or text).strip()[-6_000:]


def parts_of(text: str) -> list[str]:
    """The questions in a question, in the order in which they are asked."""
    pieces = [
        piece.strip(" \t\n,;") for piece in _CUT.split(text) if piece and piece.strip(" \n,;")
    ]
    asking = [piece for piece in pieces if "?" in piece or "？" in piece or _ASKS.match(piece)]
    if len(asking) < 2:
        return [text]
    return list(dict.fromkeys(asking))[:PARTS_MAX]


def leans(text: str) -> bool:
    """Whether a question says by itself what it is about."""
    return _LEANS.search(text[:80]) is not None or len(telling(text)) <= 1


def _question(text: str, earlier: str, kind: Kind | None = None) -> Question:
    own = _subject(text)
    borrows = bool(earlier) and leans(text) and len(own) <= 4
    lent = [word for word in _lendable(earlier) if word not in own] if borrows else []
    kind = kind or _kind(text)
    if lent and kind == "fact" and not _ASKS.match(text):
        kind = _kind(earlier)
    if not own:
        own, lent = lent, []
    terms = query_terms(" ".join(own)[:WORDS_MAX]) if own else ()
    named = {term for found in _CAPITAL.finditer(text) for term in query_terms(found[1])}
    given = query_terms(" ".join(lent)) if lent else ()
    return Question(
        text=text.strip(),
        kind=kind,
        keywords=" ".join((*own, *lent))[:WORDS_MAX],
        terms=terms,
        named=frozenset(named & set(terms)),
        lent=tuple(term for term in given if term not in terms),
        counted=_counted(text) & frozenset(terms),
        words=tuple(re.findall(r"\w+", text.lower()[:WORDS_MAX])),
        options=_options(text, frozenset(terms)),
        defines=_DEFINES.match(text) is not None,
    )


def _subject(text: str) -> list[str]:
    """The telling words, without those that stand for what is asked and not in what answers."""
    text = _OF.sub(" ", text)
    if _IDENTIFIER.search(text):
        text = _CODE_WORDS.sub(" ", text)
    if _kind(text) == "contact":
        text = _REACHING.sub(" ", text)
    return telling(text)[:40]


def _lendable(earlier: str) -> list[str]:
    """What a later question may borrow: what an earlier one is about, and not what it asks of
    that (`Who approves leave?` lends leave)."""
    return telling(_ASKED_OF.sub(" ", earlier, count=1))[:10] or telling(earlier)[:10]


def _kind(text: str) -> Kind:
    for name, asks in foreign_kinds(text):
        if asks.search(text):
            return _BY_NAME[name]
    for kind, asks in _KINDS:
        if asks.search(text):
            return kind
    return "fact"


_BY_NAME: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}


def _counted(text: str) -> frozenset[str]:
    """What a figure is asked of: the last word before the verb in `how many storm petrels are`."""
    found = _COUNTED.search(text)
    words = telling(_VERBS.sub("", found[1])) if found else []
    return frozenset(query_terms(words[-1])) if words else frozenset()


def _options(text: str, terms: frozenset[str]) -> tuple[frozenset[str], ...]:
    """What is to be compared: the terms that only one side has."""
    found = _OPTIONS.search(text.strip())
    if found is None:
        return ()
    sides = [frozenset(query_terms(side)) & terms for side in found.groups()]
    own = (sides[0] - sides[1], sides[1] - sides[0])
    return own if all(own) else ()


def telling(text: str) -> list[str]:
    """The words that say what it is about, once each."""
    idle = _IDLE | idle_words(text)
    text = _INVERTED.sub(" ", text)
    words = re.findall(r"[\w'’.,:/@+#-]*\w", text)
    found = [word.strip("'’.,:/") for word in words]
    found = [re.sub(r"^[ldjnsc]['’](?=\w)", "", word, flags=re.IGNORECASE) for word in found]
    return list(
        dict.fromkeys(
            word for word in found if word and re.split("['’]", word.lower())[0] not in idle
        )
    )


_IDLE = STOP_WORDS | {
    "document", "documents", "according", "question", "answer", "says", "say", "said", "quote",
    "following", "text", "given", "mentioned", "passage", "information", "explain", "describe",
    "list", "name", "using", "use", "used", "detail", "details", "briefly", "short", "sentence",
    "long", "old", "far", "ok", "ever", "currently", "actually", "exactly", "happen", "happens",
    "happened", "come", "came", "comes", "called", "mean", "means", "compare", "difference",
    "compared", "really", "please", "look", "like", "may", "shall", "whether", "since",
    "get", "gets", "got", "go", "goes", "went", "place", "there", "does",
    "anyone", "anybody", "someone", "somebody", "anything", "something", "everyone", "everybody",
    "looks", "looked", "after", "before", "during", "until", "within", "stay",
    "over", "under", "often", "through", "across", "against", "per",
    "kind", "kinds", "sort", "sorts", "type", "types", "different", "between", "versus", "vs",
}  # fmt: skip
