"""What a plain HTML form sent: read whole, bounded, each field once."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qs

from fastapi import Request

from vigie_gateway.api.problems import Problem

MOST_FORM_BYTES = 4_096
"""Of a form with a name and two passwords. Lower refuses a long password; higher lets anybody have us read much."""


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, each once.

    Raises:
        Problem: It is too long, or no form.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a form of at most {MOST_FORM_BYTES} bytes is expected")
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind != "application/x-www-form-urlencoded":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"content-type is {kind[:60]!r}, expected a plain form")
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=10)
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "the form cannot be read") from error
    return {name: values[-1] for name, values in fields.items()}
