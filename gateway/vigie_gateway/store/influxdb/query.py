"""Asks InfluxDB in InfluxQL over ``/query``: plain HTTP, which 1.x, 2 and 3 answer alike.

Called by ``older`` on the thread of a request and by the doctor. The whole of an answer is had before a deadline, or
an error is: a server that drips is a server that does not answer.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from vigie_gateway.settings import InfluxdbSettings
from vigie_gateway.store.influxdb import AwayError, MisconfiguredError, RefusedError
from vigie_gateway.store.influxdb.token import read_token

MOST_BYTES = 8 * 1024 * 1024
"""Of one answer: 20,000 rows take 1 MB. Higher lets whatever answers there fill the memory."""
PIECE_BYTES = 65_536
_IN_STRINGS = str.maketrans({"'": r"\'", "\\": r"\\", "\n": r"\n"})
_IN_NAMES = str.maketrans({'"': r"\"", "\\": r"\\", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of one statement: the time in milliseconds and the columns asked for; ``date_ts`` is the server's clock."""

    rows: list[list[Any]]
    date_ts: float | None


def string(text: str) -> str:
    """A string of InfluxQL."""
    return f"'{text.translate(_IN_STRINGS)}'"


def name(text: str) -> str:
    """A name of InfluxQL: of a measurement, a tag, a field."""
    return f'"{text.translate(_IN_NAMES)}"'


def ask(
    settings: InfluxdbSettings,
    statement: str,
    limit_s: float,
    monotonic: Callable[[], float] = time.monotonic,
) -> Answer:
    """The rows that one SELECT gives, of all its series.

    Raises:
        AwayError: No whole answer within ``limit_s``.
        MisconfiguredError: It does not let us, or does not know the database.
        RefusedError: It does not take the statement.
    """
    deadline_mono = monotonic() + limit_s
    parts = urlsplit(settings.url or "")
    parameters = {"db": settings.database_name, "epoch": "ms", "q": statement}
    if settings.policy_name is not None:
        parameters["rp"] = settings.policy_name
    token = read_token(settings)
    headers = {"Accept": "application/json"} | ({} if token is None else {"Authorization": f"Token {token}"})
    connection = _connection(settings, limit_s)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/query?{urlencode(parameters)}", headers=headers)
        response = connection.getresponse()
        body = _body(response, connection, lambda: deadline_mono - monotonic())
    except ssl.SSLError as error:
        raise MisconfiguredError(f"{settings.url}: its certificate is not accepted: {error}") from error
    except (OSError, http.client.HTTPException) as error:
        raise AwayError(f"{settings.url} does not answer: {str(error) or type(error).__name__}") from error
    finally:
        connection.close()
    return Answer(_rows(settings, response.status, body), _date_ts(response.headers["Date"]))


def _connection(settings: InfluxdbSettings, limit_s: float) -> http.client.HTTPConnection:
    parts = urlsplit(settings.url or "")
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port or 80, timeout=limit_s)
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise MisconfiguredError(f"[influxdb] ca_file {settings.ca_file} cannot be read: {error}") from error
    return http.client.HTTPSConnection(host, parts.port or 443, timeout=limit_s, context=context)


def _body(
    response: http.client.HTTPResponse, connection: http.client.HTTPConnection, left_s: Callable[[], float]
) -> bytes:
    pieces, size = [], 0
    while True:
        if left_s() <= 0:
            raise TimeoutError("its answer takes too long")
        if connection.sock is not None:
            connection.sock.settimeout(max(0.01, left_s()))
        piece = response.read1(PIECE_BYTES)
        if not piece:
            break
        size += len(piece)
        if size > MOST_BYTES:
            raise http.client.HTTPException(f"its answer is longer than {MOST_BYTES} bytes")
        pieces.append(piece)
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(pieces)


def _rows(settings: InfluxdbSettings, status: int, body: bytes) -> list[list[Any]]:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    document = said if isinstance(said, dict) else {}
    results = document.get("results") or [{}]
    error = document.get("error") or document.get("message") or results[0].get("error")
    where = f"{settings.url} answers {status} for database {settings.database_name!r}"
    if status in {401, 403, 404, 405} or (error and "not found" in str(error)):
        raise MisconfiguredError(f"{where}: {error or 'no InfluxQL is served there'}")
    if status >= http.client.INTERNAL_SERVER_ERROR or status in {408, 429}:
        raise AwayError(f"{where}: {error}")
    if status != http.client.OK or error:
        raise RefusedError(f"{where}: {error}")
    if said is None or "results" not in document:
        raise MisconfiguredError(f"{where} with something that is no answer to InfluxQL")
    every_series = results[0].get("series", ())
    if any(series.get("columns", [None])[0] != "time" for series in every_series):
        # VictoriaMetrics answers every statement with a list of databases.
        raise MisconfiguredError(f"{where} with something else than what was asked: it knows no InfluxQL")
    return [row for series in every_series for row in series["values"]]


def _date_ts(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return None
