"""What an attempt sends is what may leave, and its answer is heard as it was before that.

It is asked before an attempt is weighed, so that what is reserved is for what is sent. What stays
in this program does not leave.
"""

from manymind.canon.events import Say
from manymind.canon.exits import Exits
from manymind.canon.ports import Desk
from manymind.canon.requests import Request
from manymind.catalog.offers import Offer
from manymind.catalog.sellers import OWN
from manymind.routing.question import Question


async def leaving(offer: Offer, question: Question, desk: Desk) -> Question:
    """The question as it may go to this offer. One that nobody looks into stays a letter."""
    exits = _exits(offer, desk)
    if exits is None:
        return question
    request = question.request
    masked = await exits.outgoing(request)
    return question if masked is request else Question(masked)


def hearing(offer: Offer, request: Request, say: Say, desk: Desk) -> Say:
    """The ear for the answer to what was sent."""
    exits = _exits(offer, desk)
    return say if exits is None else exits.hearing(request, say)


def _exits(offer: Offer, desk: Desk) -> Exits | None:
    return None if offer.provider == OWN else desk.exits
