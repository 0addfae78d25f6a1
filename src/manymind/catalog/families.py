"""What all models of a family have in common, shipped as `families.toml` beside this file.

The feed of prices knows no modalities, parameters or dates. A rule here gives them to every
offer whose name fits, whoever sells it, so that one line describes twenty models.
"""

import re
from collections.abc import Iterable
from datetime import date
from fnmatch import translate
from functools import cache
from importlib.resources import files

from msgspec import Struct, toml
from msgspec.structs import replace

from manymind.catalog.offers import Offer, Source
from manymind.catalog.shelves import loose


class Family(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`models` are patterns of names with their author (`openai/gpt-5*`); `beside` are patterns of
    those that do not belong to it. Dots and dashes are one, and a variant after a colon is as its
    model. With `provider` the rule holds there alone: who retires a model decides for himself.

    `parameters` names a list of `Families`. What is given goes before what an earlier rule gave;
    windows and longest answers only fill gaps, and not those of a variant, which may be longer.
    Without `checked` nobody has looked lately: so it is said of old, and `source` is where to look.
    """

    models: tuple[str, ...]
    source: str
    checked: date | None = None
    beside: tuple[str, ...] = ()
    provider: str | None = None
    context: int | None = None
    max_output: int | None = None
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None
    parameters: str | None = None
    unsupported: tuple[str, ...] | None = None
    efforts: tuple[str, ...] | None = None
    knowledge: str | None = None
    retires: date | None = None


class Families(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    parameters: dict[str, tuple[str, ...]] = {}
    family: tuple[Family, ...] = ()

    def described(self, offers: Iterable[Offer]) -> tuple[Offer, ...]:
        """The offers, with what is known of their families."""
        rules = [(_pattern(each.models), _pattern(each.beside), each) for each in self.family]
        return tuple(self._described(offer, rules) for offer in offers)

    def _described(
        self, offer: Offer, rules: list[tuple[re.Pattern[str], re.Pattern[str], Family]]
    ) -> Offer:
        name = loose(offer.slug.partition(":")[0])
        for wanted, unwanted, family in rules:
            elsewhere = family.provider not in (None, offer.provider)
            if not elsewhere and wanted.match(name) and not unwanted.match(name):
                offer = self._like(offer, family)
        return offer

    def _like(self, offer: Offer, family: Family) -> Offer:
        listed = self.parameters[family.parameters] if family.parameters is not None else None
        sized = family if ":" not in offer.slug else None
        return replace(
            offer,
            context=offer.context or (sized and sized.context),
            max_output=offer.max_output or (sized and sized.max_output),
            inputs=family.inputs or offer.inputs,
            outputs=family.outputs or offer.outputs,
            parameters=listed or offer.parameters,
            unsupported=offer.unsupported if family.unsupported is None else family.unsupported,
            efforts=offer.efforts if family.efforts is None else family.efforts,
            knowledge=family.knowledge or offer.knowledge,
            retires=family.retires or offer.retires,
            described_by=(*offer.described_by, Source(family.source, family.checked)),
        )


@cache
def shipped() -> Families:
    """The rules that come with the program."""
    data = files("manymind.catalog").joinpath("families.toml").read_bytes()
    return toml.decode(data, type=Families)


def _pattern(patterns: Iterable[str]) -> re.Pattern[str]:
    """Any of these; of none, a pattern that nothing matches."""
    return re.compile("|".join(translate(loose(each)) for each in patterns) or r"(?!)")
