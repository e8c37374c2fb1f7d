"""Writes line protocol through influxdb-client: the one module that imports it, and only when one is configured.

Through the client's own service of ``/api/v2/write``, which tells the status, on the caller's thread: its ``write_api``
takes any answer below 300 for a success, and its batching mode drops what it cannot send. Retries are the sink's, who
knows what waits. The client takes half a second and 30 MB to import, so that whoever has no InfluxDB must not.
"""

from __future__ import annotations

import json
from typing import Any

import urllib3
from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.service.write_service import WriteService

from vigie_gateway.settings import InfluxdbSettings
from vigie_gateway.store.influxdb import AwayError, MisconfiguredError, RefusedError
from vigie_gateway.store.influxdb.token import read_token

WRITTEN = 204
"""The one answer that says that points are written: a captive portal on the way says 200 to everything."""
REFUSED = frozenset({400, 413, 422})
"""What is said of the content: malformed, too large, a field of another type, a time that the bucket does not keep."""
MISCONFIGURED = frozenset({401, 403, 404, 405})
MOST_TEXT = 300
"""Characters of a reason that are kept. InfluxDB repeats whole lines in it."""


class Writer:
    """One connection to one bucket, for one thread."""

    def __init__(self, settings: InfluxdbSettings) -> None:
        self._settings = settings
        self._client = InfluxDBClient(
            url=settings.url or "",
            token=read_token(settings) or "",
            org=settings.org or "-",
            timeout=round(settings.write_timeout_s * 1000),
            enable_gzip=True,
            retries=False,
            ssl_ca_cert=settings.ca_file,
        )
        self._service: Any = WriteService(self._client.api_client)  # type: ignore[no-untyped-call]  # it has no annotations

    def write(self, lines: list[str]) -> None:
        """Write lines whose times are in milliseconds; when it returns, the server has them.

        Raises:
            AwayError: It does not answer or cannot now.
            MisconfiguredError: It does not let us, or does not know the bucket.
            RefusedError: It will not take something in these lines.
        """
        settings = self._settings
        try:
            _, status, _ = self._service.post_write_with_http_info(
                settings.org or "-",
                settings.bucket,
                "\n".join(lines).encode(),
                precision="ms",
                content_type="text/plain; charset=utf-8",
            )
        except InfluxDBError as error:
            raise _converted(settings, error) from error
        except urllib3.exceptions.SSLError as error:
            raise MisconfiguredError(f"{settings.url}: its certificate is not accepted: {error}") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise AwayError(f"{settings.url} does not answer: {_short(str(error))}") from error
        if status != WRITTEN:
            raise AwayError(f"{settings.url} answers {status} to a write, expected {WRITTEN}: is that InfluxDB?")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()  # type: ignore[no-untyped-call]  # it has no annotations


def _converted(settings: InfluxdbSettings, error: InfluxDBError) -> AwayError | MisconfiguredError | RefusedError:
    response = error.response
    status = None if response is None else int(response.status)
    reason = _reason(getattr(error, "body", None)) or _short(str(getattr(error, "reason", None) or error))
    if status in REFUSED:
        return RefusedError(reason)
    if status in MISCONFIGURED:
        return MisconfiguredError(f"{settings.url} answers {status} for bucket {settings.bucket!r}: {reason}")
    headers = getattr(error, "headers", None) or {}
    return AwayError(f"{settings.url} answers {status}: {reason}", _seconds(headers.get("Retry-After")))


def _seconds(text: str | None) -> float | None:
    # The header's other form, a date, needs the server's clock to be ours: our own waits serve as well.
    return float(text) if text is not None and text.strip().isdecimal() else None


def _reason(body: bytes | str | None) -> str:
    """What the server says: the JSON's ``message`` (2, 3) or ``error`` (1), else its text."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
    try:
        said = json.loads(text)
    except ValueError:
        return _short(text)
    if isinstance(said, dict):
        return _short(str(said.get("message") or said.get("error") or text))
    return _short(text)


def _short(text: str) -> str:
    return " ".join(text.split())[:MOST_TEXT]
