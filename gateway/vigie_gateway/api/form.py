"""What a plain HTML form sent: read whole, bounded, each field once."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from urllib.parse import parse_qs

from fastapi import Request

from vigie_gateway.api.problems import Problem

MOST_FORM_BYTES = 4_096
"""Of a form with a name and two passwords. Lower refuses a long password; higher lets anybody have us read much."""
FORM_WITHIN_S = 15.0
"""From a form's head to its end. Lower cuts off phones in a lift; higher keeps what answers it busy for nothing."""


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, each once.

    Raises:
        Problem: It is too long, too slow, or no form.
    """
    try:
        async with asyncio.timeout(FORM_WITHIN_S):
            body = await _read(request)
    except TimeoutError as error:
        problem = Problem(HTTPStatus.REQUEST_TIMEOUT, f"the form did not come within {FORM_WITHIN_S:.0f} s")
        problem.headers = {"connection": "close"}
        raise problem from error
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind != "application/x-www-form-urlencoded":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"content-type is {kind[:60]!r}, expected a plain form")
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=10)
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "the form cannot be read") from error
    return {name: values[-1] for name, values in fields.items()}


async def _read(request: Request) -> bytes:
    too_long = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a form of at most {MOST_FORM_BYTES} bytes is expected")
    said = request.headers.get("content-length", "0")
    if not said.isdigit() or int(said) > MOST_FORM_BYTES:
        raise too_long
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            raise too_long
    return body
