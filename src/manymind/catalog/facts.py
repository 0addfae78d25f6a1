"""What an operator knows of a provider that no list of models says."""

from msgspec import Struct

from manymind.catalog.sellers import OWN, seller


class Facts(Struct, frozen=True, kw_only=True):
    """None means that nobody has said. `zdr` is for zero data retention; `data_collection` is
    allow or deny; `distillable` says that what a model writes may train another; `region` is
    where it runs, for people to read."""

    zdr: bool | None = None
    data_collection: str | None = None
    distillable: bool | None = None
    quantization: str | None = None
    region: str | None = None


UNKNOWN = Facts()

AT_HOME = Facts(zdr=True, data_collection="deny")
"""What runs on the operator's own machine sends nothing to anyone."""


def presumed(provider: str) -> Facts:
    """What holds of a provider of which the operator has said nothing."""
    return AT_HOME if provider == OWN or seller(provider).free else UNKNOWN
