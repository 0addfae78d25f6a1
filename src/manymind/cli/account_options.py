"""Options that the commands of accounts share."""

from typing import Annotated, TypeAlias

import typer

TenantOption: TypeAlias = Annotated[
    str | None, typer.Option("--tenant", metavar="ID", help="Whose; the operator's own otherwise.")
]
KeyArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="KEY", help="By its id, or by its name if only one has that.")
]
Several: TypeAlias = list[str] | None
