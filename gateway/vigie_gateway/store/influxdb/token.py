"""The secret that InfluxDB knows the gateway by: read anew for each connection, so that a new one needs no restart."""

from __future__ import annotations

from pathlib import Path

from vigie_gateway.settings import InfluxdbSettings
from vigie_gateway.store.influxdb import MisconfiguredError


def read_token(settings: InfluxdbSettings) -> str | None:
    """The token; None when none is configured.

    Raises:
        MisconfiguredError: Its file cannot be read.
    """
    if settings.token_file is None:
        return None
    try:
        return Path(settings.token_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise MisconfiguredError(f"[influxdb] token_file {settings.token_file} cannot be read: {reason}") from error
