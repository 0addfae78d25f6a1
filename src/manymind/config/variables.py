"""Settings out of the environment."""

from collections.abc import Iterator, Mapping
from typing import Any, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import fields, replace

from manymind.config.files import merged, plain
from manymind.config.lines import Content
from manymind.config.settings import ConfigError, EgressSettings, SettingsFile

SHORT: Mapping[str, str] = {"server.host": "MANYMIND_HOST", "server.port": "MANYMIND_PORT"}
"""Settings whose variable is shorter than their name."""

OTHERS = (
    "MANYMIND_CONFIG",
    "MANYMIND_DATA",
    "MANYMIND_API_KEY",
    "MANYMIND_REDACTION_KEY",
    "MANYMIND_WEBHOOK_SECRET",
)
"""Variables that no setting of a file stands for."""


def variables() -> Iterator[tuple[str, str, Any]]:
    """Every setting that a variable can hold, which a table cannot: the variable, the setting, and
    its type. It is called as the setting is: `limits.request_seconds` is
    MANYMIND_LIMITS_REQUEST_SECONDS."""
    for table in fields(SettingsFile):
        if isinstance(table.type, type) and issubclass(table.type, Struct):
            for field in fields(table.type):
                if get_origin(field.type) is dict:
                    continue
                setting = f"{table.name}.{field.name}"
                usual = f"MANYMIND_{setting}".replace(".", "_").upper()
                yield SHORT.get(setting, usual), setting, field.type


def in_variables(environment: Mapping[str, str]) -> Content:
    """What the environment says, laid out as a file would."""
    content: Content = {}
    for variable, setting, kind in variables():
        written = environment.get(variable)
        if not written:
            continue
        listed = [each.strip() for each in written.split(",")]
        try:
            value: object = msgspec.convert(
                listed if get_origin(kind) is tuple else written, kind, strict=False
            )
        except msgspec.ValidationError as error:
            raise ConfigError(f"{variable}: {plain(error)}.") from None
        table, _, name = setting.partition(".")
        content = merged(content, {table: {name: value}})
    return content


def outgoing(settings: EgressSettings, environment: Mapping[str, str]) -> EgressSettings:
    """The customary variables stand in where the settings say nothing."""

    def customary(name: str) -> str | None:
        return environment.get(name) or environment.get(name.lower()) or None

    listed = (name.strip() for name in (customary("NO_PROXY") or "").split(","))
    return replace(
        settings,
        ca_file=settings.ca_file or environment.get("SSL_CERT_FILE") or None,
        http_proxy=settings.http_proxy or customary("HTTP_PROXY"),
        https_proxy=settings.https_proxy or customary("HTTPS_PROXY"),
        no_proxy=settings.no_proxy or tuple(name for name in listed if name),
    )
