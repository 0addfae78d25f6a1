"""What is looked for, and what is done with it."""

from typing import Literal, TypeAlias

from msgspec import Struct

from manymind.policy.redaction.checks import Check, whole

Action: TypeAlias = Literal["block", "redact", "flag", "off"]
"""Refuse the request, put a placeholder in its place, only count it, or do not look for it."""

Kind: TypeAlias = Literal["secret", "personal"]


class Rule(Struct, frozen=True, kw_only=True):
    """Something to look for.

    `pattern` is RE2's; where it has a group, the group is what counts, else all of it. `check`
    then says how much of what was found is really such a thing. `action` is None where that of
    its kind holds. Where several rules find the same stretch, the earlier one has it. `hint` is a
    beginning of what the pattern finds, where that may be longer than the scanner looks ahead.
    A `token` goes on to the end of its run of letters, digits, _ and -, so that no end of it stays.
    `keyword` must stand in a text, in whatever case, or the pattern is not tried.
    """

    name: str
    kind: Kind
    pattern: str
    check: Check = whole
    action: Action | None = None
    hint: str = ""
    token: bool = False
    keyword: str = ""

    @property
    def label(self) -> str:
        """What a placeholder is called after."""
        return self.name.upper()


def secret(name: str, pattern: str, check: Check = whole, hint: str = "") -> Rule:
    return Rule(name=name, kind="secret", pattern=pattern, check=check, hint=hint, token=True)


def personal(name: str, pattern: str, check: Check = whole, action: Action | None = None) -> Rule:
    return Rule(name=name, kind="personal", pattern=pattern, check=check, action=action)
