"""Where accounts are made and changed, by people at a terminal and over HTTP alike.

The rules: the operator may do everything. A management key acts within its own tenant and within
its own rights, and whatever it may not make, it may not touch either: to change the secret of a
key with larger rights would be to have them. No key changes itself.
"""

from collections.abc import Callable
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.accounts import Key, Tenant, User
from manymind.canon.budgets import Budget, Period
from manymind.canon.faults import BadRequest, Conflict, Forbidden, NotFound
from manymind.canon.origins import Rights
from manymind.canon.values import Ticks
from manymind.policy.keys import Caller
from manymind.policy.minting import Chance, mint
from manymind.policy.rights import check_grant
from manymind.store.accounts import Accounts
from manymind.store.budgets import Budgets
from manymind.store.keys import New, StoredKeys

_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Limit(Struct, frozen=True, kw_only=True):
    """What a key may spend in a period."""

    cap: Ticks
    period: Period = "total"


class Wish(Struct, frozen=True, kw_only=True):
    """A key as somebody wants it. `limit` is the house's own where it is not `capped` by a word
    of theirs, which may be that there is to be none."""

    name: str
    user: str = ""
    rights: Rights = Rights()
    expires_at: int | None = None
    limit: Limit | None = None
    capped: bool = False


class Made(Struct, frozen=True):
    """`secret` is shown once, to whoever asked."""

    key: Key
    secret: str


class Office:
    """`usual` is what a new key may spend where nobody said; `changed` is told of every change,
    so that this process goes by it at once."""

    def __init__(
        self,
        accounts: Accounts,
        keys: StoredKeys,
        budgets: Budgets,
        *,
        chance: Chance,
        usual: Limit | None,
        changed: Callable[[], None],
    ) -> None:
        self.accounts = accounts
        self.keys = keys
        self.budgets = budgets
        self._chance = chance
        self._usual = usual
        self._changed = changed

    async def tenant(self, caller: Caller, asked: str | None) -> str:
        """Whose accounts a caller means, who may name any tenant only if it is the operator."""
        if asked is None or asked == caller.id:
            return caller.id
        if not caller.operates:
            raise NotFound("There is no tenant of this id.")
        return (await self.accounts.tenant(asked)).id

    async def create_tenant(self, caller: Caller, name: str) -> Tenant:
        _operates(caller)
        return await self.accounts.create_tenant(self._id("ten_"), name, by=_actor(caller))

    async def amend_tenant(
        self, caller: Caller, tenant: str, name: str | None, disabled: bool | None
    ) -> Tenant:
        _operates(caller)
        amended = await self.accounts.amend_tenant(tenant, name, disabled, by=_actor(caller))
        self._changed()
        return amended

    async def forget_tenant(self, caller: Caller, tenant: str) -> None:
        _operates(caller)
        await self.accounts.forget_tenant(tenant, by=_actor(caller))
        self._changed()

    async def create_user(self, caller: Caller, tenant: str, name: str) -> User:
        return await self.accounts.create_user(tenant, self._id("usr_"), name, by=_actor(caller))

    async def amend_user(
        self, caller: Caller, tenant: str, user: str, name: str | None, disabled: bool | None
    ) -> User:
        _not_own(caller.user == user and not caller.operates, "user")
        amended = await self.accounts.amend_user(tenant, user, name, disabled, by=_actor(caller))
        self._changed()
        return amended

    async def forget_user(self, caller: Caller, tenant: str, user: str) -> None:
        await self.accounts.forget_user(tenant, user, by=_actor(caller))
        for budget in await self.budgets.listed(tenant, scope="user", subject=user):
            await self.budgets.drop(tenant, budget.id)

    async def create_key(self, caller: Caller, tenant: str, wish: Wish) -> Made:
        """The limit stands before the key does: whatever comes between, none is without."""
        _check_grant(caller, wish.rights, wish.expires_at)
        limit = wish.limit if wish.capped or not wish.rights.infers else self._usual
        await self._check_limit(caller, limit)
        minted = mint(self._chance)
        new = New(
            id=self._id("key_"),
            user=wish.user,
            name=wish.name,
            digest=minted.digest,
            label=minted.label,
            rights=wish.rights,
            expires_at=wish.expires_at,
        )
        await self._set_limit(caller, tenant, new.id, limit)
        try:
            key = await self.keys.create(tenant, new, by=_actor(caller))
        except BaseException:
            await self._set_limit(caller, tenant, new.id, None)
            raise
        self._changed()
        return Made(key, minted.secret)

    async def amend_key(
        self,
        caller: Caller,
        tenant: str,
        key: str,
        change: Callable[[Key], Key],
        limit: Callable[[Limit | None], Limit | None] | None = None,
    ) -> Key:
        """`change` and `limit` say what becomes of the key, and of its limit, as they stand."""
        found = await self._touched(caller, tenant, key)
        wanted = change(found)
        _check_grant(caller, wanted.rights, wanted.expires_at)
        before = await self.limit_of(tenant, key)
        if limit is not None:
            await self._check_change(caller, before, limit(_as_limit(before)))
        if wanted != found:
            found = await self.keys.amend(
                wanted, by=_actor(caller), check=partial(_unchanged, found)
            )
            self._changed()
        if limit is not None:
            await self._set_limit(caller, tenant, key, limit(_as_limit(before)))
            fields = ("limit", "limit_reset")
            await self.accounts.note(tenant, _actor(caller), "changed", "key", key, fields)
        return found

    async def rotate_key(
        self, caller: Caller, tenant: str, key: str, grace_seconds: int = 0
    ) -> Made:
        await self._touched(caller, tenant, key)
        minted = mint(self._chance)
        rotated = await self.keys.rotate(
            tenant,
            key,
            minted.digest,
            minted.label,
            grace_seconds=grace_seconds,
            by=_actor(caller),
            check=_touching(caller),
        )
        self._changed()
        return Made(rotated, minted.secret)

    async def open_key(self, caller: Caller, tenant: str, key: str) -> Key:
        await self._touched(caller, tenant, key)
        by, check = _actor(caller), _touching(caller)
        opened = await self.keys.open(tenant, key, by=by, check=check)
        self._changed()
        return opened

    async def forget_key(self, caller: Caller, tenant: str, key: str) -> None:
        await self._touched(caller, tenant, key)
        await self.keys.forget(tenant, key, by=_actor(caller), check=_touching(caller))
        self._changed()
        for budget in await self.budgets.listed(tenant, scope="key", subject=key):
            await self.budgets.drop(tenant, budget.id)

    async def limit_of(self, tenant: str, key: str) -> Budget | None:
        """The budget that is a key's own limit."""
        try:
            return await self.budgets.find(tenant, limit_id(key))
        except NotFound:
            return None

    async def define_budget(self, caller: Caller, budget: Budget) -> Budget:
        """For a user or key that there is; for a tenant the operator alone."""
        tenant, subject = budget.owner, budget.subject
        match budget.scope:
            case "tenant":
                _sets_tenants(caller)
                if subject != tenant:
                    raise BadRequest("A tenant's budget has itself as subject.", field="subject")
            case "user":
                await self.accounts.user(tenant, subject)
            case "key":
                await self._touched(caller, tenant, subject)
            case "route" | "feature":
                if not subject:
                    raise BadRequest(f"Which {budget.scope}?", field="subject")
        named = replace(budget, id=self._id("bud_"), made_by=caller.key)
        await self.accounts.note(tenant, _actor(caller), "created", "budget", named.id, ("cap",))
        return await self.budgets.define(named)

    async def amend_budget(
        self, caller: Caller, budget: Budget, cap: int, alarm_percent: int
    ) -> Budget:
        await self._may_change(caller, budget, loosens=cap > budget.cap)
        fields = ("cap", "alarm_percent")
        await self.accounts.note(
            budget.owner, _actor(caller), "changed", "budget", budget.id, fields
        )
        return await self.budgets.amend(
            budget.owner, budget.id, cap=cap, alarm_percent=alarm_percent
        )

    async def drop_budget(self, caller: Caller, budget: Budget) -> None:
        await self._may_change(caller, budget, loosens=True)
        await self.accounts.note(budget.owner, _actor(caller), "deleted", "budget", budget.id)
        await self.budgets.drop(budget.owner, budget.id)

    async def _may_change(self, caller: Caller, budget: Budget, *, loosens: bool) -> None:
        if budget.scope == "tenant":
            _sets_tenants(caller)
        if budget.scope == "key":
            if budget.id == limit_id(budget.subject):
                raise Conflict(
                    "This budget is the limit of a key.", advice="Change the key's limit instead."
                )
            try:
                await self._touched(caller, budget.owner, budget.subject)
            except NotFound:
                return  # Its key is gone, and it counts nothing any more.
        if loosens:
            may_loosen(caller, budget)

    async def _check_change(
        self, caller: Caller, before: Budget | None, limit: Limit | None
    ) -> None:
        await self._check_limit(caller, limit)
        if before is not None and not _tightens(before, limit):
            may_loosen(caller, before)

    async def _set_limit(self, caller: Caller, tenant: str, key: str, limit: Limit | None) -> None:
        before, name = await self.limit_of(tenant, key), limit_id(key)
        if before is not None and limit is not None and before.period == limit.period:
            await self.budgets.amend(tenant, name, cap=limit.cap)
            return
        if before is not None:
            await self.budgets.drop(tenant, name)
        if limit is not None:
            budget = Budget(
                owner=tenant,
                id=name,
                scope="key",
                subject=key,
                unit="ticks",
                period=limit.period,
                cap=limit.cap,
                made_by=caller.key,
            )
            await self.budgets.define(budget)

    async def _check_limit(self, caller: Caller, limit: Limit | None) -> None:
        """A key that is limited itself makes none that may spend more."""
        own = await self.limit_of(caller.id, caller.key) if caller.key else None
        fits = limit is not None and own is not None and limit.period == own.period
        if own is not None and not (fits and limit is not None and limit.cap <= own.cap):
            raise Forbidden(
                "Your key has a smaller limit than what it would grant.",
                advice="Give a limit with the same reset that is not larger than its own.",
                field="limit",
            )

    async def _touched(self, caller: Caller, tenant: str, key: str) -> Key:
        """The key, if the caller may change it."""
        found = await self.keys.find(tenant, key)
        _touching(caller)(found)
        if caller.key:
            await self._check_limit(caller, _as_limit(await self.limit_of(tenant, key)))
        return found

    def _id(self, prefix: str) -> str:
        """Nobody can guess one, and none is ever used again."""
        return prefix + "".join(_LETTERS[self._chance(len(_LETTERS))] for _ in range(16))


def limit_id(key: str) -> str:
    return f"{key}.limit"


def _as_limit(budget: Budget | None) -> Limit | None:
    return None if budget is None else Limit(cap=budget.cap, period=budget.period)


def _unchanged(before: Key, now: Key) -> None:
    if now.changed_at != before.changed_at:
        raise Conflict("Somebody else changed this key just now.", advice="Try again.")


def may_loosen(caller: Caller, budget: Budget) -> None:
    """What the operator has set, only the operator loosens."""
    if not budget.made_by and not caller.operates:
        raise Forbidden(
            "The operator has set this budget.", advice="You may make it smaller, not larger."
        )


def _tightens(before: Budget, limit: Limit | None) -> bool:
    return limit is not None and limit.period == before.period and limit.cap <= before.cap


def _touching(caller: Caller) -> Callable[[Key], None]:
    def check(key: Key) -> None:
        _not_own(key.id == caller.key, "key")
        _check_grant(caller, key.rights, key.expires_at)

    return check


def _check_grant(caller: Caller, rights: Rights, expires_at: int | None) -> None:
    check_grant(rights, caller.rights)
    if caller.expires_at is not None and (expires_at is None or expires_at > caller.expires_at):
        raise Forbidden(
            "Your key expires before the one that it would grant.",
            advice="Give expires_at, not later than that of your own key.",
            field="expires_at",
        )


def _sets_tenants(caller: Caller) -> None:
    if not caller.operates:
        raise Forbidden("Only the operator sets the budgets of a whole tenant.")


def _not_own(own: bool, what: str) -> None:
    if own:
        raise Forbidden(
            f"No key changes its own {what}." if what != "key" else "No key changes itself."
        )


def _operates(caller: Caller) -> None:
    if not caller.operates:
        raise Forbidden("Only the operator of this server manages tenants.")


def _actor(caller: Caller) -> str:
    return caller.key or "operator"
