"""Wire formats, both ways. Each file that exports `DIALECT` is one; they are found here."""

from importlib import import_module
from pkgutil import iter_modules

from manymind.dialects.mirror import Dialect


def find() -> dict[str, Dialect]:
    """Every dialect of this folder, by name."""
    dialects: dict[str, Dialect] = {}
    for entry in iter_modules(__path__):
        module = import_module(f"{__name__}.{entry.name}")
        dialect: Dialect | None = getattr(module, "DIALECT", None)
        if dialect is not None:
            dialects[dialect.name] = dialect
    return dialects
