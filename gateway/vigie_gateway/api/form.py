"""What an HTML form sent: read whole, bounded, each field once; plain, or with a file."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs

from fastapi import Request

from vigie_gateway.api.problems import Problem

MOST_FORM_BYTES = 4_096
"""Of a form with a name and two passwords. Lower refuses a long password; higher lets anybody have us read much."""
FORM_WITHIN_S = 15.0
"""From a form's head to its end. Lower cuts off phones in a lift; higher keeps what answers it busy for nothing."""
SLOWEST_BYTES_PER_S = 30_000
"""A large form has so much longer. Lower lets who sends slowly on purpose hold a connection; higher cuts off a picture
that comes over bad Wi-Fi."""
MOST_FIELDS = 10
"""Of the same. Lower refuses one of ours; higher takes time to take apart."""
MOST_PART_HEADER_BYTES = 1_024
"""Of one part of a form with a file: the field's name, the file's, its type. Higher lets a sender fill memory."""

_DISPOSITION = re.compile(rb'content-disposition:\s*form-data\s*;\s*name="([^"\r\n]{1,100})"', re.IGNORECASE)
_BOUNDARY = re.compile(r"boundary=(?:\"([^\"]{1,70})\"|([^\s;,\"]{1,70}))")


async def read_form(
    request: Request, most_bytes: int = MOST_FORM_BYTES, most_fields: int = MOST_FIELDS
) -> dict[str, str]:
    """The fields of a form, each once.

    Raises:
        Problem: It is too long, too slow, or no form.
    """
    body = await _read_body(request, most_bytes)
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind != "application/x-www-form-urlencoded":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"content-type is {kind[:60]!r}, expected a plain form")
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=most_fields)
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "the form cannot be read") from error
    return {name: values[-1] for name, values in fields.items()}


@dataclass(frozen=True, slots=True)
class Upload:
    """A form with a file: the bytes of each field; what a file was called is not looked at."""

    parts: dict[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A field that holds text; "" when it is not there or holds none."""
        return self.parts.get(name, b"").decode(errors="replace")


async def read_upload(request: Request, most_bytes: int) -> Upload:
    """The parts of a ``multipart/form-data`` form (RFC 7578), each once.

    Raises:
        Problem: It is too long, or no such form.
    """
    content_type = request.headers.get("content-type", "")
    boundary = _BOUNDARY.search(content_type)
    if not content_type.startswith("multipart/form-data") or boundary is None:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"content-type is {content_type[:60]!r}, expected a form")
    body = await _read_body(request, most_bytes)
    found = parts_of(body, (boundary[1] or boundary[2]).encode("latin-1", "replace"))
    if found is None:
        raise Problem(HTTPStatus.BAD_REQUEST, "the form cannot be read")
    return Upload(found)


def parts_of(body: bytes, boundary: bytes) -> dict[str, bytes] | None:
    """The parts of a form with a file, by name; None when it is none (RFC 2046 §5.1.1)."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) < 2 or len(pieces) > MOST_FIELDS + 2 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004 - one boundary
        return None
    found: dict[str, bytes] = {}
    for piece in pieces[1:-1]:
        header, parted, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = _DISPOSITION.search(header)
        if not parted or name is None or len(header) > MOST_PART_HEADER_BYTES:
            return None
        found[name[1].decode(errors="replace")] = content
    return found


async def _read_body(request: Request, most_bytes: int) -> bytes:
    within_s = FORM_WITHIN_S + most_bytes / SLOWEST_BYTES_PER_S
    try:
        async with asyncio.timeout(within_s):
            return await _read(request, most_bytes)
    except TimeoutError as error:
        problem = Problem(HTTPStatus.REQUEST_TIMEOUT, f"the form did not come within {within_s:.0f} s")
        problem.headers = {"connection": "close"}
        raise problem from error


async def _read(request: Request, most_bytes: int) -> bytes:
    too_long = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a form of at most {most_bytes} bytes is expected")
    said = request.headers.get("content-length", "0")
    if not said.isdigit() or int(said) > most_bytes:
        raise too_long
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise too_long
    return bytes(body)
