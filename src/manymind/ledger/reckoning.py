"""How each row of the ledger came by its sum, as JSON that is kept beside it."""

import msgspec

from manymind.canon.attempts import Attempt
from manymind.catalog.arithmetic import Line, lines
from manymind.catalog.prices import MILLION
from manymind.ledger.pricing import CataloguePricing

COUNTED = ("usage", "late")
"""Where the provider counted, in its answer or afterwards."""

_ENCODER = msgspec.json.Encoder()


class Reckoning:
    """The lines add up, rounded up once, to what was charged: where it was charged on another
    ground than usage there is one line of that name, and where a provider claims more than the
    price list says, the rest stands as `claimed`."""

    def __init__(self, pricing: CataloguePricing) -> None:
        self._pricing = pricing

    def __call__(self, attempt: Attempt) -> bytes | None:
        charged = attempt.bill.ticks
        if not charged:
            return None
        return _ENCODER.encode(self.lines(attempt, charged))

    def lines(self, attempt: Attempt, charged: int) -> tuple[Line, ...]:
        bill = attempt.bill
        whole = Line(bill.basis, 1, charged * MILLION)
        price = self._pricing.price(attempt.offer) if bill.basis in COUNTED else None
        found = None if price is None or bill.usage is None else lines(price, bill.usage)
        if found is None:
            return (whole,)
        missing = charged * MILLION - sum([line.quantity * line.rate for line in found])
        if 0 <= missing < MILLION:
            return found
        if missing < 0:  # Another price held when it was charged.
            return (whole,)
        return (*found, Line("claimed", 1, missing))
