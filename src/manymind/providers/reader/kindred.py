"""Words that mean the same in a question and in its answer, though their terms differ: irregular
verbs, measures, and a few pairs that people ask with and documents do not write with."""

from manymind.corpus.words import terms

_FAMILIES = """
    high height tall; long length; deep depth; wide width broad; heavy weight weigh;
    old age oldest; thick thickness; fast speed; far distance; cost price fee charge expensive;
    begin began begun start; build built construct; write wrote written author; buy bought purchase;
    sell sold; send sent; pay paid salary; light lit; draw drew drawn; win won winner; lose lost;
    take took taken; choose chose chosen; speak spoke; drive drove driven; lead led leader; make
    made; meet met; run ran; stand stood; teach taught; wear wore worn; catch caught; bring brought;
    hold held; keep kept; sink sank sunk; die died death; born birth; grow grew grown; fall
    fell fallen; rise rose risen; freeze froze frozen; break broke broken; forbid forbidden
    prohibit; allow may permit permitted; reach contact; employee staff; holiday vacation; use used
    usage; power watt kilowatt; temperature degree; night dark; approve approval; require required
    must; found founded; deadline due; leave left; limit maximum most; minimum least;
    first 1; second 2; third 3; fourth 4; fifth 5; sixth 6; count number; return returns
"""
_STANDS_FOR = {
    term: frozenset(relatives)
    for family in _FAMILIES.split(";")
    for relatives in [tuple(dict.fromkeys(terms(family)))]
    for term in relatives
}


def kindred(term: str) -> frozenset[str]:
    """The terms that may stand in a text where a question has this one."""
    return _STANDS_FOR.get(term, frozenset())
