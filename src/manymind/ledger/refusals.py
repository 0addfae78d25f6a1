"""Why a call does not pass the gate: by which budget, what is left of it, and when it begins
anew."""

from datetime import UTC, datetime
from math import inf

from manymind.canon.budgets import Budget
from manymind.canon.faults import Fault, OverBudget, RateSpent
from manymind.catalog.money import dollars
from manymind.ledger.slices import Slice


def refusal(part: Slice, need: int, moment: float) -> Fault:
    left = max(0, part.room + part.free)
    return _too_fast(part, need, left, moment) if part.meter.rate else _over(part, need, left)


def _too_fast(part: Slice, need: int, left: int, moment: float) -> Fault:
    budget = part.meter.budget
    if need > budget.cap:
        return RateSpent(
            f"This request could use {need:,} {budget.unit}, and its key may use {budget.cap:,} "
            "in a minute.",
            advice="Send less, set a lower max_output_tokens, or ask for a higher rate.",
        )
    seconds = max(1.0, part.ends_at - moment)
    return RateSpent(
        f"This key may use {budget.cap:,} {budget.unit} in a minute, and {left:,} are left; this "
        f"request could use {need:,}.",
        advice=f"Try again in {seconds:.0f} s.",
        retry_after=seconds,
    )


def _over(part: Slice, need: int, left: int) -> Fault:
    budget = part.meter.budget
    resets = "It is never reset."
    if part.ends_at != inf:
        resets = f"It is reset at {datetime.fromtimestamp(part.ends_at, UTC):%Y-%m-%d %H:%M} UTC."
    return OverBudget(
        f"This could use {_sum(budget, need)}, and {_sum(budget, left)} of the {_name(budget)} "
        f"({_sum(budget, budget.cap)}) is left. {resets}",
        advice="Raise the budget, shorten the prompt, or set a lower max_output_tokens.",
    )


def _name(budget: Budget) -> str:
    period = "" if budget.period == "total" else f" of this {budget.period}"
    return f"{budget.scope}'s budget {budget.id}{period}"


def _sum(budget: Budget, amount: int) -> str:
    if budget.unit == "ticks":
        return f"${dollars(amount)}"
    return f"{amount:,} {budget.unit}"
