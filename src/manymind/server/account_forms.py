"""Accounts as their pages tell of them."""

from collections.abc import Sequence

from msgspec import Struct

from manymind.canon.accounts import Key, Tenant, User
from manymind.canon.budgets import Budget, Standing
from manymind.canon.values import Json
from manymind.dialects.money import dollars
from manymind.server.account_fields import reset, show_cap, show_rights, told, written
from manymind.store.changing import Change
from manymind.store.lost import Loss
from manymind.store.spending import Spending

_THEIRS = {"key": "api_key", "user": "member", "tenant": "workspace"}
"""OpenRouter's words for what a budget counts."""


class Counted(Struct, frozen=True):
    """A budget, and how far it is used."""

    budget: Budget
    standing: Standing

    @property
    def left(self) -> int:
        return self.standing.left(self.budget)


def show_key(key: Key, spending: Spending, limit: Counted | None) -> Json:
    """In OpenRouter's words, with ours behind them."""
    return {
        "hash": key.id,
        "name": key.name,
        "label": key.label,
        "disabled": key.disabled,
        **show_spending(spending, limit),
        "created_at": written(key.created_at),
        "updated_at": written(key.changed_at // 1_000_000),
        "expires_at": written(key.expires_at),
        "last_used_at": None,
        "creator_user_id": key.user or None,
        "external_user": None,
        "workspace_id": key.tenant,
        "id": key.id,
        "object": "key",
        "tenant": key.tenant,
        "user": key.user or None,
        "created_by": key.created_by,
        "stopped": key.stopped,
        "rights": show_rights(key.rights),
    }


def show_spending(spending: Spending, limit: Counted | None) -> Json:
    """What a key has spent, and may. Nobody brings keys of their own here."""
    return {
        "limit": None if limit is None else told(limit.budget.cap),
        "limit_remaining": None if limit is None else told(limit.left),
        "limit_reset": None if limit is None else reset(limit.budget.period),
        "usage": told(spending.total),
        "usage_daily": told(spending.day),
        "usage_weekly": told(spending.week),
        "usage_monthly": told(spending.month),
        "include_byok_in_limit": False,
        "byok_usage": 0,
        "byok_usage_daily": 0,
        "byok_usage_weekly": 0,
        "byok_usage_monthly": 0,
    }


def show_layers(counted: Sequence[Counted]) -> Json:
    """The budgets in money that hold for a key, and the one that is used up first."""
    money = [each for each in counted if each.budget.unit == "ticks"]
    least = min(money, key=lambda each: each.left, default=None)
    return {
        "budgets": [_layer(each) for each in money],
        "effective_budget": None if least is None else _layer(least),
    }


def _layer(counted: Counted) -> Json:
    budget, standing = counted.budget, counted.standing
    own = budget.id == f"{budget.subject}.limit"
    return {
        "budget_id": budget.id,
        "guardrail_id": None,
        "include_byok": False,
        "limit_usd": dollars(budget.cap),
        "remaining_usd": dollars(budget.cap - standing.used - standing.lent),
        "reset_interval": reset(budget.period) or _others(budget),
        "resets_at": written(standing.resets_at),
        "scope": "key_limit" if own else _THEIRS.get(budget.scope, budget.scope),
        "spend_usd": dollars(standing.used),
    }


def _others(budget: Budget) -> str | None:
    return None if budget.period == "total" else budget.period


def show_budget(counted: Counted) -> Json:
    budget, standing = counted.budget, counted.standing
    suffix = "_usd" if budget.unit == "ticks" else ""
    return {
        "id": budget.id,
        "object": "budget",
        "tenant": budget.owner,
        "scope": budget.scope,
        "subject": budget.subject,
        "unit": budget.unit,
        "period": budget.period,
        f"cap{suffix}": show_cap(budget.unit, budget.cap),
        f"used{suffix}": show_cap(budget.unit, standing.used),
        f"lent{suffix}": show_cap(budget.unit, standing.lent),
        f"left{suffix}": show_cap(budget.unit, counted.left),
        "begins_at": written(standing.begins_at),
        "resets_at": written(standing.resets_at),
        "alarm_percent": budget.alarm_percent,
        "made_by": budget.made_by or "operator",
    }


def show_tenant(tenant: Tenant) -> Json:
    return {
        "id": tenant.id,
        "object": "tenant",
        "name": tenant.name,
        "created_at": written(tenant.created_at),
        "disabled": tenant.disabled,
    }


def show_user(user: User) -> Json:
    return {
        "id": user.id,
        "object": "user",
        "tenant": user.tenant,
        "name": user.name,
        "created_at": written(user.created_at),
        "disabled": user.disabled,
    }


def show_change(change: Change) -> Json:
    return {
        "id": str(change.at),
        "object": "change",
        "at": written(change.at / 1_000_000),
        "tenant": change.tenant,
        "actor": change.actor,
        "action": change.action,
        "kind": change.kind,
        "subject": change.subject,
        "fields": list(change.fields),
    }


def show_loss(loss: Loss) -> Json:
    """Without its budget nobody knows any more what it was counted in."""
    amount = loss.amount if loss.unit is None else show_cap(loss.unit, loss.amount)
    return {
        "id": loss.id,
        "object": "loss",
        "tenant": loss.owner,
        "budget": loss.budget,
        "unit": loss.unit,
        "amount_usd" if loss.unit == "ticks" else "amount": amount,
        "at": written(int(loss.at)),
    }


def show_reconciled(loss: Loss, used: int) -> Json:
    told = used if loss.unit is None else show_cap(loss.unit, used)
    said = "used_usd" if loss.unit == "ticks" else "used"
    return {**show_loss(loss), said: told, "reconciled": True}
