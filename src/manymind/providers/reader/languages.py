"""Questions in German, French and Spanish: enough to tell what kind of answer is wanted, and
which words of a question say nothing of its subject."""

import re
from typing import TypeAlias

Patterns: TypeAlias = tuple[tuple[str, re.Pattern[str]], ...]

_GERMAN = """
    wie wer wen wem wessen wo wohin woher wann warum wieso weshalb welche welcher welches welchen
    welchem was ist sind war waren hat haben hatte hatten wird werden wurde wurden darf dürfen kann
    können muss müssen soll sollen gibt es ein eine einen einem einer eines der die das den dem des
    und oder in im am an auf aus bei mit nach von vom vor zu zum zur für über unter um als auch
    nicht man sich viel viele vielen lange heißt heißen denn er sie ihr ihre sein seine ich wir du
    mir uns bitte pro seit bis wieviel diese dieser dieses hoch lang alt weit tief breit groß gross
    schwer teuer oft jahr"""
_FRENCH = """
    qui que quoi quand où pourquoi comment combien quel quelle quels quelles est sont était étaient
    a ont le la les un une des du de d l au aux et ou en dans sur pour par avec ce cette ces se s
    il elle ils elles on ne pas peut peuvent doit doivent y je nous vous mon ma mes son sa ses leur
    leurs été être avoir fait depuis jusqu qu n c j coûte coûtent"""
_SPANISH = """
    quién quiénes qué cuándo dónde cómo cuánto cuánta cuántos cuántas cuál cuáles por porque es son
    era eran está están el la los las un una unos unas de del al y o en con para se su sus no lo le
    hay tiene tienen puede pueden debe deben desde hasta fue fueron ha han"""

_KINDS: dict[str, tuple[tuple[str, str], ...]] = {
    "de": (
        ("when", r"\bwann\b|\bwelche[mns]? (?:jahr|tag|datum|monat)|\bviel uhr\b"),
        ("count", r"\bwie ?viele?n?\b|\bwie (?:hoch|lange?|alt|weit|tief|breit|groß|gross|schwer"
                  r"|teuer|schnell|oft|warm|kalt|dick)\b|\b(?:anzahl|höhe|preis)\b"),
        ("who", r"\bwe(?:r|n|m|ssen)\b"),
        ("where", r"\bwo(?:hin|her)?\b"),
        ("why", r"\b(?:warum|wieso|weshalb|weswegen)\b"),
        ("list", r"\b(?:welche|nenne|liste)\b"),
        ("how", r"\bwie\b"),
        ("judge", r"^\W*(?:ist|sind|war|darf|dürfen|kann|können|muss|müssen|hat|haben|gibt)\b"),
    ),
    "fr": (
        ("when", r"\bquand\b|\bquelle (?:date|heure|année)\b|\bquel (?:jour|mois|an)\b"),
        ("count", r"\bcombien\b|\bquel(?:le)? est (?:la|le) (?:hauteur|prix|longueur|nombre|taille"
                  r"|poids|montant|profondeur)\b"),
        ("why", r"\bpourquoi\b"),
        ("where", r"\boù\b"),
        ("who", r"\bqui\b"),
        ("list", r"\b(?:quels|quelles|liste[rz]?)\b"),
        ("how", r"\bcomment\b"),
        ("judge", r"^\W*(?:est-ce|est|sont|peut|peut-on|faut-il|y a-t-il)\b"),
    ),
    "es": (
        ("when", r"\bcuándo\b|\bqué (?:año|fecha|día)\b"),
        ("count", r"\bcuánt[oa]s?\b"),
        ("who", r"\bquién(?:es)?\b"),
        ("where", r"\bdónde\b"),
        ("why", r"\bpor qué\b"),
        ("list", r"\bcuáles\b|\blista\b"),
        ("how", r"\bcómo\b"),
        ("judge", r"^\W*(?:es|son|está|puede|hay|se puede)\b"),
    ),
}  # fmt: skip

_WORDS = {
    "de": frozenset(_GERMAN.split()),
    "fr": frozenset(_FRENCH.split()),
    "es": frozenset(_SPANISH.split()),
}
_PATTERNS: dict[str, Patterns] = {
    name: tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in kinds)
    for name, kinds in _KINDS.items()
}
_ENGLISH = frozenset(
    re.findall(
        r"\w+",
        """the a an is are was were of in on at to what who when where why how which does do did
        and or for with it its be can may must has have had there this that i you we they""",
    )
)

FOREIGN_DATE = re.compile(
    r"\b\d{1,2}(?:\.|er|º)? (?:de )?(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September"
    r"|Oktober|November|Dezember|janvier|février|mars|avril|mai|juin|juillet|août|septembre"
    r"|octobre|novembre|décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre"
    r"|octubre|noviembre|diciembre)\b(?: (?:de )?\d{4})?|\b\d{1,2}\.\d{1,2}\.(?:\d{4})?"
    r"|\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|montags?|dienstags?|mittwochs?|donnerstags?"
    r"|freitags?|samstags?|sonntags?|werktags|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|lunes|martes|miércoles|jueves|viernes|sábado|domingo)\b",
    re.IGNORECASE,
)
"""Days, and dates as other languages write them: to be seen and not to be read."""

BECAUSE = re.compile(
    r"\b(?:because|since|due to|so that|in order|reasons?|therefore|thus|hence|owing to"
    r"|weil|denn|damit|deshalb|daher|darum|wegen|aufgrund|car|parce qu|afin|à cause|grâce"
    r"|puisqu|porque|debido|para que|ya que)\b",
    re.IGNORECASE,
)
"""What a sentence says that gives a reason."""


def idle_words(text: str) -> frozenset[str]:
    """The words of a question's language that say nothing of its subject; none of an English one,
    whose idle words the index knows."""
    name = _language(text)
    return _WORDS[name] if name else frozenset()


def foreign_kinds(text: str) -> Patterns:
    """How questions of this language are told apart; nothing for English."""
    name = _language(text)
    return _PATTERNS[name] if name else ()


def _language(text: str) -> str:
    """Which of the languages a question is in, by its idle words; the empty text for English and
    for all others."""
    words = re.findall(r"[^\W\d_]+", text.lower()[:600])
    english = sum(word in _ENGLISH for word in words)
    counts = {name: sum(word in known for word in words) for name, known in _WORDS.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] > english else ""
