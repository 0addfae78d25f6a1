"""`manymind config show`: every setting, and where its value comes from."""

from typing import Annotated

import typer

from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption


def show(
    changed: Annotated[
        bool, typer.Option("--changed", help="Only what is not the default.")
    ] = False,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Show every setting, its value, and where it is set.

    The origin is default, the line of a file, a variable of the environment, or an option of the
    command line. Of secrets it says only that they are set.
    """
    from manymind.cli.setting_out import print_settings, print_settings_json, shown
    from manymind.config import Flags

    found = shown(Flags(config=config, data=data), changed=changed)
    (print_settings_json if json else print_settings)(found)


COMMAND = Command(
    run=show,
    name="config show",
    examples=("manymind config show", "manymind config show --changed --json"),
    prints="""
{"schema_version", "settings": [{"name", "value", "origin"}]}
""",
)
